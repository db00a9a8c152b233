/*
 * run.h - the end of every unit test's main, and how long a test may take before it counts as stuck.
 */
#ifndef JANUS_TESTS_RUN_H
#define JANUS_TESTS_RUN_H
#include <check.h>
#include <stdlib.h>

/* Before main makes its test cases: 60 s where they say nothing (libcheck's 4 are few under sanitizers), and
 * five times what any of them says.  No right test comes near; who wants other times says so. */
__attribute__((constructor)) static void
be_patient(void)
{
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	setenv("CK_TIMEOUT_MULTIPLIER", "5", 0);
}

/** run_suite - run it and free it; what main returns: 0 if all of it passed, else 1. */
static inline int
run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
#endif

/*
 * run.h - the end of every unit test's main.
 */
#ifndef JANUS_TESTS_RUN_H
#define JANUS_TESTS_RUN_H
#include <check.h>

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

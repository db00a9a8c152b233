/*
 * test_upstream.c - which model a list names first.
 */
#include "baseline/agent/upstream.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

START_TEST(test_first_model)
{
	static const struct {
		const char *json, *id;
	} cases[] = {
		{ "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}", "a" },
		{ "{\"data\":[]}", NULL },
		{ "{\"data\":[{}]}", NULL },
		{ "{\"data\":[{\"id\":5}]}", NULL },
		{ "[]", NULL },
		{ "<html>", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *id =
		    baseline_first_model(cases[i].json, strlen(cases[i].json));

		ck_assert_msg(str_eq(id, cases[i].id), "%s", cases[i].json);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upstream");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_first_model);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

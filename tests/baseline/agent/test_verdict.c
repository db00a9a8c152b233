/*
 * test_verdict.c - how an answer ends: each way a run can end, with and without something to show.
 */
#include "baseline/agent/verdict.h"

#include <check.h>
#include <string.h>

#include "baseline/agent/run.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const struct {
	const char *what;
	struct run_result r;
	bool words, files;
	enum wire_code code;
	const char *finish, *text;
} cases[] = {
	{ "an answer", { 0 }, true, false, CODE_NONE, "stop", "" },
	{ "with files", { 0 }, true, true, CODE_NONE, "stop", "" },
	{ "only files", { 0 }, false, true, CODE_NONE, "stop", "only files" },
	{ "nothing", { 0 }, false, false, CODE_UPSTREAM_BAD_RESPONSE, NULL, "without an answer" },
	{ "failed after words", { .failed = true, .text = "no credit" }, true, false, CODE_NONE,
	    "stop", "ended early: no credit" },
	{ "failed after files", { .failed = true, .text = "no credit" }, false, true, CODE_NONE,
	    "stop", "ended early: no credit" },
	{ "failed at once", { .failed = true, .text = "no credit" }, false, false,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL, "failed: no credit" },
	{ "out of time with words", { .failed = true, .timed_out = true }, true, false, CODE_NONE,
	    "length", "limit of 300 s" },
	{ "out of time with files", { .timed_out = true }, false, true, CODE_NONE, "length",
	    "limit of 300 s" },
	{ "out of time with nothing", { .timed_out = true }, false, false,
	    CODE_UPSTREAM_TIMEOUT_TOTAL, NULL, "limit of time" },
	{ "the sandbox died, whatever was said",
	    { .code = CODE_SANDBOX_LOST, .fault = "platform", .failed = true, .text = "lost" },
	    true, true, CODE_SANDBOX_LOST, NULL, "lost" },
};

START_TEST(test_cases)
{
	struct verdict v;

	verdict_of(&cases[_i].r, cases[_i].words, cases[_i].files, 300000, &v);
	ck_assert_msg(v.code == cases[_i].code, "%s: %s", cases[_i].what, v.text);
	ck_assert_msg(str_eq(v.finish_reason, cases[_i].finish), "%s", cases[_i].what);
	ck_assert_msg(str_eq(v.fault, cases[_i].r.fault), "%s", cases[_i].what);
	if (cases[_i].text[0] == '\0')
		ck_assert_str_eq(v.text, "");
	else
		ck_assert_msg(
		    strstr(v.text, cases[_i].text) != NULL, "%s: %s", cases[_i].what, v.text);
}
END_TEST

/* Whatever a run comes to, an answer ends in exactly one way, and an error has words. */
START_TEST(test_all)
{
	for (unsigned bits = 0; bits < 32; bits++) {
		const struct run_result r = {
			.failed = (bits & 1) != 0,
			.timed_out = (bits & 2) != 0,
			.code = (bits & 4) != 0 ? CODE_SANDBOX_LOST : CODE_NONE,
			.text = "why",
		};
		struct verdict v;

		verdict_of(&r, (bits & 8) != 0, (bits & 16) != 0, 1000, &v);
		ck_assert((v.code == CODE_NONE) == (v.finish_reason != NULL));
		ck_assert(v.code == CODE_NONE || v.text[0] != '\0');
		ck_assert(v.code != CODE_NONE || (bits & 24) != 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_cases, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(tc, test_all);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

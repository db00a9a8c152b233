/*
 * test_arithmetic.c - exact answers, and silence where there is nothing to work out.
 */
#include "runtime/openai/arithmetic.h"

#include <check.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct {
	const char *text, *answer; /* NULL: none */
} cases[] = {
	{ "What is 6*7?", "6*7 = 42" },
	{ "0.1 + 0.2", "0.1 + 0.2 = 0.3" },
	{ "2 + 3 * 4 - 1", "2 + 3 * 4 - 1 = 13" },
	{ "10 - 4 - 3", "10 - 4 - 3 = 3" },
	{ "(1+2)*(3-4)", "(1+2)*(3-4) = -3" },
	{ "-3 - -4", "-3 - -4 = 1" },
	{ "-2^2", "-2^2 = -4" },
	{ "2^100", "2^100 = 1267650600228229401496703205376" },
	{ "2^-3", "2^-3 = 0.125" },
	{ "(-1)^1000001", "(-1)^1000001 = -1" },
	{ "1/3", "1/3 = 1/3 (about 0.333333333333)" },
	{ "1/3 + 2/3", "1/3 + 2/3 = 1" },
	{ "10/4 apples", "10/4 = 2.5" },
	{ "3 \xc3\x97 4 \xc3\xb7 8", "3 \xc3\x97 4 \xc3\xb7 8 = 1.5" },
	{ "1/0", "1/0 has no value: it divides by zero." },
	{ "2^200", "2^200 is too big to be said exactly (beyond 37 digits)." },
	{ "6*7 - (see below)", "6*7 = 42" },
	{ "no sums here", NULL },
	{ "42", NULL },
	{ "1 -", NULL },
	{ "x3-4 v1.2-3", NULL },
	{ "on 2031-05-01", NULL },
	{ "4 + 5x", NULL },
	{ "((((((((((", NULL },
	{ "", NULL },
};

START_TEST(test_answers)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		const bool found = arithmetic_answer(cases[i].text, &out);

		ck_assert_msg(
		    found == (cases[i].answer != NULL), "%s -> %s", cases[i].text, buf_str(&out));
		ck_assert_str_eq(buf_str(&out), found ? cases[i].answer : "");
	}
}
END_TEST

/* Nothing a stranger writes may take long. */
START_TEST(test_bounded)
{
	_cleanup_buf_ struct buf text = { 0 }, out = { 0 };

	for (int i = 0; i < 1000000; i++)
		buf_add_str(&text, "1+(");
	arithmetic_answer(buf_str(&text), &out);
	buf_clear(&text);
	for (int i = 0; i < 1000000; i++)
		buf_add_str(&text, "1-1x");
	arithmetic_answer(buf_str(&text), &out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arithmetic");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_answers);
	tcase_add_test(tc, test_bounded);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_etag.c - tags in the lists of If-Match and If-None-Match.
 */
#include "runtime/net/etag.h"

#include <check.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct {
	const char *header;
	bool listed; /* is abc? */
} cases[] = {
	{ "\"abc\"", true },
	{ "abc", true },
	{ "W/\"abc\"", true },
	{ "*", true },
	{ " * ", true },
	{ "\"x\", \"abc\"", true },
	{ "\"x\",W/\"y\",\"abc\"", true },
	{ "x, abc", true },
	{ "\"abc", true },
	{ "", false },
	{ "\"\"", false },
	{ "\"*\"", false },
	{ "\"ab\"", false },
	{ "\"abcd\"", false },
	{ "\"x,abc\"", false },
	{ "\"x\" , ", false },
	{ "ABC", false },
	{ ",,,", false },
	{ "W/", false },
	{ "**", false },
};

START_TEST(test_listed)
{
	ck_assert_msg(
	    etag_listed(cases[_i].header, "abc") == cases[_i].listed, "%s", cases[_i].header);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("etag");
	TCase *tc = tcase_create("etag");

	tcase_add_loop_test(tc, test_listed, 0, (int)ARRAY_LEN(cases));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_accept.c - the weight of one name in what a client says it prefers.
 */
#include "runtime/net/accept.h"

#include <check.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct {
	const char *header;
	int quality; /* of br */
} cases[] = {
	{ "br", 1000 },
	{ "gzip, deflate, br, zstd", 1000 },
	{ "BR", 1000 },
	{ " br ", 1000 },
	{ "gzip,br;q=0.5", 500 },
	{ "br ; q=0.25 , gzip", 250 },
	{ "br;Q=0.001", 1 },
	{ "br;q=1", 1000 },
	{ "br;q=1.000", 1000 },
	{ "br;q=0", 0 },
	{ "br;q=0.000", 0 },
	{ "br;level=3;q=0.5", 500 },
	{ "br;q=0.5;level=3", 500 },
	{ "br;level=3", 1000 },
	{ "br;", 1000 },
	{ "br;q=0.5, br;q=1", 500 },
	{ "", -1 },
	{ ",,, ,", -1 },
	{ "*", -1 },
	{ "gzip", -1 },
	{ "xbr", -1 },
	{ "brx", -1 },
	{ "br x", -1 },
	{ "gzip;x=br", -1 },
	{ "gzip;q=br, deflate", -1 },
	{ "br;q=2", -1 },
	{ "br;q=1.5", -1 },
	{ "br;q=-1", -1 },
	{ "br;q=", -1 },
	{ "br;q=0.1234", -1 },
	{ "br;q=.5", -1 },
	{ "br;q=0x", -1 },
	{ "br;q=0.5x", -1 },
	{ ";q=1", -1 },
};

START_TEST(test_quality)
{
	ck_assert_msg(accept_quality(cases[_i].header, "br") == cases[_i].quality, "%s: %d",
	    cases[_i].header, accept_quality(cases[_i].header, "br"));
}
END_TEST

START_TEST(test_other_names)
{
	const char *browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

	ck_assert_int_eq(accept_quality(browser, "text/html"), 1000);
	ck_assert_int_eq(accept_quality(browser, "application/xml"), 900);
	ck_assert_int_eq(accept_quality(browser, "*/*"), 800);
	ck_assert_int_eq(accept_quality(browser, "text/plain"), -1);
	ck_assert_int_eq(accept_quality("*/*", "text/html"), -1);
	ck_assert_int_eq(accept_quality("gzip, *;q=0.1", "*"), 100);
	ck_assert_int_eq(accept_quality(",", ""), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("accept");
	TCase *tc = tcase_create("accept");

	tcase_add_loop_test(tc, test_quality, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(tc, test_other_names);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

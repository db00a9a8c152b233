/*
 * test_retry_after.c - runtime/net/retry_after.c: whatever was sent, a time that can be waited.
 */
#include "runtime/net/retry_after.h"

#include <check.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "tests/run.h"

static const struct {
	const char *sent;
	int64_t seconds;
} cases[] = {
	{ "", 1 },
	{ "0", 1 },
	{ "7", 7 },
	{ "3600", 3600 },
	{ "3601", 3600 },
	{ "999999999999999999999", 3600 },
	{ "-5", 1 },
	{ "7.5", 1 },
	{ "soon", 1 },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", 3600 },
	{ "Thu, 01 Jan 1970 00:00:00 GMT", 1 },
	{ "Fri, 31 Dec 9999 23:59:59 GMT and more", 1 },
};

START_TEST(test_sent)
{
	ck_assert_msg(retry_after_seconds(cases[_i].sent) == cases[_i].seconds, "%s: %lld",
	    cases[_i].sent, (long long)retry_after_seconds(cases[_i].sent));
}
END_TEST

START_TEST(test_date_soon)
{
	const time_t at = (time_t)(clock_wall_ms() / 1000) + 1000;
	struct tm tm;
	char text[64];

	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
	ck_assert_int_le(retry_after_seconds(text), 1000);
	ck_assert_int_gt(retry_after_seconds(text), 900);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("retry_after");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, test_sent, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(tc, test_date_soon);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

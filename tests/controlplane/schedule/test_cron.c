/*
 * test_cron.c - zones against the C library's, ticks against a scan of every minute.
 */
#include "controlplane/schedule/cron.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controlplane/schedule/days.h"
#include "controlplane/schedule/zone.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "tests/run.h"

static const char *const zones[] = { "UTC", "Europe/Prague", "America/New_York", "Europe/Dublin",
	"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo",
	"Africa/Casablanca", "Asia/Tehran", "America/Havana", "Antarctica/Troll", "Etc/GMT+5" };

static uint64_t seed = 42;
static int64_t
draw(int64_t below) /* splitmix64 */
{
	uint64_t x = seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return (int64_t)((x ^ x >> 31) % (uint64_t)below);
}

static struct zone *
open_zone(const char *name)
{
	struct error err = { 0 };
	struct zone *z = zone_open(name, &err);

	ck_assert_msg(z != NULL, "%s", err.text);
	setenv("TZ", name, 1);
	tzset();
	return z;
}

static int64_t
libc_local(int64_t utc)
{
	const time_t t = (time_t)utc;
	struct tm tm;

	localtime_r(&t, &tm);
	return utc + tm.tm_gmtoff;
}

START_TEST(test_zone_offsets)
{
	struct zone *z = open_zone(zones[_i]);

	for (int i = 0; i < 5000; i++) {
		const int64_t utc = draw(INT64_C(140) * 366 * DAY_SECONDS); /* 1970 to 2110 */

		ck_assert_msg(utc + zone_offset(z, utc) == libc_local(utc), "%s at %lld: %lld",
		    zones[_i], (long long)utc, (long long)zone_offset(z, utc));
	}
	zone_free(z);
}
END_TEST

START_TEST(test_days)
{
	for (int64_t day = -800000; day < 800000; day += 1 + draw(500)) {
		const struct date d = date_of(day);
		const time_t t = (time_t)(day * DAY_SECONDS);
		struct tm tm;

		gmtime_r(&t, &tm);
		ck_assert_int_eq(d.year, tm.tm_year + 1900);
		ck_assert_int_eq(d.month, tm.tm_mon + 1);
		ck_assert_int_eq(d.day, tm.tm_mday);
		ck_assert_int_eq(d.weekday, tm.tm_wday);
		ck_assert_int_eq(days_of(d.year, d.month, d.day), day);
	}
}
END_TEST

/* ---- ticks ---- */

static bool
matches(const struct cron *c, int64_t local)
{
	const int64_t day = floor_div(local, DAY_SECONDS);
	const int minute = (int)((local - day * DAY_SECONDS) / 60);
	const struct date d = date_of(day);
	const bool by_day = (c->days >> d.day & 1) != 0,
		   by_weekday = (c->weekdays >> d.weekday & 1) != 0;

	return (c->minutes >> (minute % 60) & 1) != 0 && (c->hours >> (minute / 60) & 1) != 0 &&
	    (c->months >> d.month & 1) != 0 &&
	    (c->either ? by_day || by_weekday : by_day && by_weekday);
}

/* The rule of cron.h, minute by minute: a tick comes when clocks first show its time, or a later one. */
static void
scan(const struct cron *c, const struct zone *z, int64_t from, int64_t until, const char *what)
{
	int64_t shown = libc_local(from - 2 * DAY_SECONDS), next = cron_next(c, z, from);

	for (int64_t utc = from - 2 * DAY_SECONDS; utc <= until; utc += 60) {
		const int64_t local = libc_local(utc);
		bool due = false;

		for (; shown < local; shown += 60)
			due |= matches(c, shown + 60);
		if (utc <= from)
			continue;
		if (due != (next == utc))
			ck_abort_msg("%s: %s at %lld, next is %lld", what,
			    due ? "a tick" : "no tick", (long long)utc, (long long)next);
		if (due)
			next = cron_next(c, z, utc);
	}
}

static const char *const crons[] = { "*/7 * * * *", "30 2 * * *", "0,30 1-3 * * *", "15 0 * * sun",
	"5 */6 1,15 * *", "0 3 13 * fri", "59 23 28-31 * *", "0 0 * mar,nov 1-5", "30 1 29 2 *",
	"1 1 */3 * */2" };

/* Where offsets change, by bisection between two instants a month apart. */
static int64_t
change_after(const struct zone *z, int64_t utc)
{
	int64_t low = utc, high = utc;

	for (int i = 0; i < 24 && zone_offset(z, high) == zone_offset(z, low); i++)
		high += 30 * DAY_SECONDS;
	while (high - low > 1) {
		const int64_t mid = low + (high - low) / 2;

		if (zone_offset(z, mid) == zone_offset(z, utc))
			low = mid;
		else
			high = mid;
	}
	return high / 60 * 60;
}

START_TEST(test_ticks) /* [J02] gap, overlap and every other minute, against a scan of them all */
{
	struct zone *z = open_zone(zones[_i]);

	for (size_t k = 0; k < ARRAY_LEN(crons); k++) {
		struct cron c;
		struct error err = { 0 };

		ck_assert_msg(cron_parse(crons[k], &c, &err) == 0, "%s", err.text);
		for (int i = 0; i < 4; i++) {
			const int64_t year = 1972 + draw(100);
			const int64_t at =
			    change_after(z, days_of(year, 1 + (int)draw(12), 1) * DAY_SECONDS);

			scan(&c, z, at - 36 * 3600, at + 36 * 3600, crons[k]);
		}
	}
	zone_free(z);
}
END_TEST

static int64_t
next_of(const char *cron, const char *zone, const char *after)
{
	struct zone *z = open_zone(zone);
	struct error err = { 0 };
	struct cron c;

	ck_assert_msg(cron_parse(cron, &c, &err) == 0, "%s", err.text);
	const int64_t at = cron_next(&c, z, clock_parse(after) / 1000);
	zone_free(z);
	return at;
}

static const struct told {
	const char *name, *cron, *zone, *after, *next;
} told[] = {
	{ "a day", "0 3 * * *", "UTC", "2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z" },
	{ "[J02] leapt over: the first instant after", "30 2 * * *", "Europe/Prague",
	    "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z" },
	{ "[J02] and the day after as usual", "30 2 * * *", "Europe/Prague", "2026-03-29T01:00:00Z",
	    "2026-03-30T00:30:00Z" },
	{ "[J02] all of a leap are one", "*/5 2 * * *", "Europe/Prague", "2026-03-29T01:00:00Z",
	    "2026-03-30T00:00:00Z" },
	{ "[J02] shown twice: the first", "30 2 * * *", "Europe/Prague", "2026-10-24T12:00:00Z",
	    "2026-10-25T00:30:00Z" },
	{ "[J02] and not the second", "30 2 * * *", "Europe/Prague", "2026-10-25T00:30:00Z",
	    "2026-10-26T01:30:00Z" },
	{ "[J02] 29 February", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z",
	    "2028-02-29T00:00:00Z" },
	{ "[J02] not in 2100", "0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z",
	    "2104-02-29T00:00:00Z" },
	{ "[J02] a day that was not", "0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z",
	    "2011-12-30T10:00:00Z" },
	{ "[J01] after 2038", "@daily", "Europe/Prague", "2045-07-01T12:00:00Z",
	    "2045-07-01T22:00:00Z" },
	{ "[J02] no leap second", "59 23 31 12 *", "UTC", "2016-12-31T00:00:00Z",
	    "2016-12-31T23:59:00Z" },
	{ "day or weekday", "0 0 13 * fri", "UTC", "2026-11-21T00:00:00Z", "2026-11-27T00:00:00Z" },
	{ "Sunday is 7, too", "0 0 * * 7", "UTC", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z" },
};

START_TEST(test_told)
{
	const struct told *t = &told[_i];

	ck_assert_msg(next_of(t->cron, t->zone, t->after) == clock_parse(t->next) / 1000,
	    "%s: %lld, not %s", t->name, (long long)next_of(t->cron, t->zone, t->after), t->next);
}
END_TEST

static const struct refused {
	const char *cron, *why;
} refused[] = {
	{ "", "five fields" },
	{ "* * * *", "five fields" },
	{ "* * * * * *", "five fields" },
	{ "60 * * * *", "is no minute" },
	{ "* 24 * * *", "is no hour" },
	{ "* * 0 * *", "is no day" },
	{ "* * * 13 *", "is no month" },
	{ "* * * * 8", "is no weekday" },
	{ "5-1 * * * *", "is no minute" },
	{ "*/0 * * * *", "is no minute" },
	{ "*/ * * * *", "is no minute" },
	{ "1,,2 * * * *", "is no minute" },
	{ "1, * * * *", "is no minute" },
	{ "5/10 * * * *", "is no minute" },
	{ "-1 * * * *", "is no minute" },
	{ "99999999999999999999 * * * *", "is no minute" },
	{ "* * * janu *", "is no month" },
	{ "@reboot", "not known" },
	{ "0 0 31 2 *", "never comes" },
	{ "0 0 30,31 feb *", "never comes" },
	{ "0 0 31 4,6,9,11 *", "never comes" },
};

START_TEST(test_refused) /* [J02] what never runs, or is no cron, is an error with its reason */
{
	struct error err = { 0 };
	struct cron c;

	ck_assert_msg(cron_parse(refused[_i].cron, &c, &err) < 0, "%s", refused[_i].cron);
	ck_assert_msg(
	    strstr(err.text, refused[_i].why) != NULL, "%s: %s", refused[_i].cron, err.text);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(test_no_zone) /* [J02] a zone that is none, or whose file is missing or broken */
{
	static const char *const bad[] = { "", "/etc/passwd", "../../etc/passwd", "Europe/..",
		"a b", "Europe/Prague\n" };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_ptr_null(zone_open(bad[i], &err));
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
	ck_assert_ptr_null(zone_open("Europe/Atlantis", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "Europe/Atlantis"));
	setenv("TZDIR", "/nonexistent", 1);
	ck_assert_ptr_null(zone_open("Europe/Prague", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	struct zone *utc = zone_open("UTC", &err);
	ck_assert_ptr_nonnull(utc);
	zone_free(utc);
	unsetenv("TZDIR");
	ck_assert_ptr_null(zone_open("zone.tab", &err)); /* has a name that no zone has */
	ck_assert_ptr_null(zone_open("tzdata.zi", &err));
	ck_assert_ptr_null(zone_parse("TZif2", 5, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cron");
	TCase *t = tcase_create("cron");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_days);
	tcase_add_loop_test(t, test_zone_offsets, 0, (int)ARRAY_LEN(zones));
	tcase_add_loop_test(t, test_ticks, 0, (int)ARRAY_LEN(zones));
	tcase_add_loop_test(t, test_told, 0, (int)ARRAY_LEN(told));
	tcase_add_loop_test(t, test_refused, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(t, test_no_zone);
	suite_add_tcase(s, t);
	return run_suite(s);
}

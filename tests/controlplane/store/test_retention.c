/*
 * test_retention.c - what is old goes, what is not stays, and a clock that jumps deletes nothing.
 */
#include "controlplane/store/retention.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/check.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/look.h"
#include "tests/run.h"

#define DAY INT64_C(86400000)

static const struct tick {
	int64_t wall_ms, now_ms;
	bool may;
} ticks[] = {
	{ 1000 * DAY, 0, true },
	{ 1000 * DAY + 3600000, 3600000, true },
	{ 1000 * DAY + 7200000 + 3500000, 7200000, true }, /* it was set by less than an hour */
	{ 2000 * DAY, 3 * 3600000, false }, /* [J01] years ahead */
	{ 2000 * DAY + DAY, 3 * 3600000 + DAY - 1, false },
	{ 2000 * DAY + DAY, 3 * 3600000 + DAY, true }, /* nobody set it back: it is right */
	{ 0, 4 * 3600000 + DAY, false }, /* [J01] to 1970 */
	{ 3600000, 5 * 3600000 + DAY, false },
};

START_TEST(test_clock)
{
	struct retention_clock c = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(ticks); i++)
		ck_assert_msg(retention_may(&c, ticks[i].wall_ms, ticks[i].now_ms) == ticks[i].may,
		    "tick %zu", i);
}
END_TEST

static struct {
	const char *text; /* until it says so */
	int64_t wanted;
} until;
static struct timer timer;

static void
on_look(struct timer *t, void *arg)
{
	if (number(until.text) == until.wanted)
		loop_stop(loop);
	else
		timer_set(loop, t, 10, on_look, arg);
}

static void
becomes(const char *text, int64_t wanted)
{
	until.text = text;
	until.wanted = wanted;
	timer_set(loop, &timer, 10, on_look, NULL);
	loop_run(loop);
}

static void
on_stored(const struct error *err, void *arg)
{
	(void)arg;
	ck_assert_ptr_null(err);
	loop_stop(loop);
}

static void
add_events(int n)
{
	struct store_batch *b = store_batch_new();

	for (int i = 0; i < n; i++)
		store_add_event(b,
		    &(struct store_event){
			.who = { "test", NULL }, .action = "owl.hatched", .object_id = "cpt_1" });
	store_commit(store, b, on_stored, NULL);
	loop_run(loop);
}

static void
add_usage(int n, int64_t at_ms)
{
	for (int i = 0; i < n; i++) {
		struct usage_row row = { .competitor = "owl", .at_ms = at_ms + i };

		store_add_usage(store, &row);
	}
	reopen();
}

START_TEST(test_sweep)
{
	const int64_t now_ms = clock_wall_ms();

	add_usage(2500, now_ms - 50 * DAY);
	add_usage(70, now_ms - 3 * DAY);
	store_retain(store, 40 * DAY, 0);
	becomes("SELECT COUNT(*) FROM usage", 70); /* more than one sweep takes */
	ck_assert_int_eq(number("SELECT COUNT(*) FROM usage WHERE at_ms < 86400000"), 0);
}
END_TEST

static void
count_faults(const struct check_finding *f, void *arg)
{
	*(int *)arg += f->faults;
}

START_TEST(test_events_stay_a_chain)
{
	sqlite3 *db;

	/* A clock that was wrong once: what seems old stands behind what is not. */
	add_events(30);
	add_usage(1, 1000);
	db = look();
	ck_assert_int_eq(
	    sqlite3_exec(db, "UPDATE events SET at_ms = 5 WHERE rowid = 20", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	store_retain(store, DAY, DAY);
	becomes("SELECT COUNT(*) FROM usage", 0); /* a sweep has been */
	ck_assert_int_eq(number("SELECT COUNT(*) FROM events"), 30);
}
END_TEST

START_TEST(test_old_events_go_but_the_newest)
{
	struct error err = { 0 };
	int64_t schema;
	int faults = 0;

	add_events(30);
	store_retain(store, 0, -DAY); /* as if all were a day old */
	becomes("SELECT COUNT(*) FROM events", 1);
	add_events(3);
	/* What is left begins in the middle of the chain, and is one. */
	ck_assert_int_eq(store_check(store, &schema, count_faults, NULL, &faults, &err), 0);
	ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(test_closed_in_the_middle)
{
	add_usage(1500, 1000);
	store_retain(store, 40 * DAY, 0);
	becomes("SELECT COUNT(*) < 1500 FROM usage", 1);
	store_close(store);
	store = NULL;
	loop_run_posted(loop); /* what comes back finds nobody */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("retention");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_clock);
	tcase_add_test(tc, test_sweep);
	tcase_add_test(tc, test_events_stay_a_chain);
	tcase_add_test(tc, test_old_events_go_but_the_newest);
	tcase_add_test(tc, test_closed_in_the_middle);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

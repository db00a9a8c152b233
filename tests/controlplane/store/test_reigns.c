/*
 * test_reigns.c - reigns come back as they went in; there is one champion at a time.
 */
#include "controlplane/store/reigns.h"

#include <string.h>

#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

static const struct reign one = {
	.id = "rgn_1",
	.competitor_id = "cpt_1",
	.slug = "owl",
	.version_id = "ver_1",
	.state = REIGN_CANARY,
	.cause = REIGN_BY_RULE,
	.actor = "janusd",
	.reason = "'\";--%\xc3\xa9",
	.previous_id = "rgn_0",
	.percent = 10,
	.proof = (char *)"{\"margin\":1}",
	.base = { 1, 2, 3, 4 },
	.trial = { 5, 6, 7, 8 },
	.created_at_ms = 9,
	.updated_at_ms = 10,
};

struct found {
	int rows;
	struct reign last;
};

static void
on_reign(const struct reign *r, void *arg)
{
	struct found *f = arg;

	f->rows++;
	reign_row_done(&f->last);
	f->last = *r;
}

static void
on_put(const struct error *err, void *arg)
{
	*(int *)arg = err == NULL ? 1 : -1;
	loop_stop(loop);
}

static int
put(const struct reign *r)
{
	struct store_batch *b = store_batch_new();
	int said = 0;

	store_put_reign(b, r);
	store_commit(store, b, on_put, &said);
	loop_run(loop);
	return said;
}

START_TEST(test_round_trip)
{
	struct found f = { 0 };
	struct reign now = one;

	ck_assert_int_eq(put(&one), 1);
	reopen();
	ck_assert_int_eq(store_load_reigns(store, on_reign, &f, NULL), 0);
	ck_assert_int_eq(f.rows, 1);
	ck_assert_str_eq(f.last.proof, one.proof);
	ck_assert_str_eq(f.last.reason, one.reason);
	ck_assert_str_eq(f.last.previous_id, "rgn_0");
	ck_assert_int_eq(f.last.state, REIGN_CANARY);
	ck_assert_int_eq(f.last.cause, REIGN_BY_RULE);
	ck_assert_mem_eq(&f.last.base, &one.base, sizeof(one.base));
	ck_assert_mem_eq(&f.last.trial, &one.trial, sizeof(one.trial));

	now.state = REIGN_ROLLED_BACK;
	snprintf(now.end_reason, sizeof(now.end_reason), "live_errors");
	now.crowned_at_ms = 11;
	now.ended_at_ms = 12;
	ck_assert_int_eq(put(&now), 1);
	reopen();
	f.rows = 0;
	ck_assert_int_eq(store_load_reigns(store, on_reign, &f, NULL), 0);
	ck_assert_int_eq(f.rows, 1);
	ck_assert_int_eq(f.last.state, REIGN_ROLLED_BACK);
	ck_assert_str_eq(f.last.end_reason, "live_errors");
	ck_assert_int_eq(f.last.ended_at_ms, 12);
	reign_row_done(&f.last);
}
END_TEST

START_TEST(test_one_at_a_time)
{
	struct reign first = one, second = one;

	snprintf(second.id, sizeof(second.id), "rgn_2");
	first.state = second.state = REIGN_REIGNING;
	ck_assert_int_eq(put(&first), 1);
	ck_assert_int_eq(put(&second), -1);
	first.state = REIGN_ENDED;
	ck_assert_int_eq(put(&first), 1);
	ck_assert_int_eq(put(&second), 1);
}
END_TEST

START_TEST(test_names)
{
	for (int s = 0; s < REIGN_STATE_COUNT; s++)
		ck_assert_int_eq(reign_state_named(reign_state_name((enum reign_state)s)), s);
	for (int c = 0; c < REIGN_CAUSE_COUNT; c++)
		ck_assert_int_eq(reign_cause_named(reign_cause_name((enum reign_cause)c)), c);
	ck_assert_int_eq(reign_state_named("king"), REIGN_STATE_COUNT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reigns");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_one_at_a_time);
	tcase_add_test(tc, test_names);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_runs.c - runs, their items and schedules come back as they went in; nothing is there twice.
 */
#include "controlplane/store/runs.h"

#include <string.h>

#include "controlplane/store/schedules.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

static const struct run one = {
	.id = "run_1",
	.competitor_id = "cpt_1",
	.version_id = "ver_1",
	.slug = "owl",
	.digest = "sha256:ab",
	.suite = "public/dev",
	.suite_digest = "sha256:cd",
	.scoring = "2026-11",
	.params = { INT64_C(9007199254740991), 50, 2, 4 },
	.cause = CAUSE_SCHEDULE,
	.cause_id = "sch_1",
	.tick_ms = 60000,
	.not_before_ms = 61000,
	.state = RUN_RUNNING,
	.reason = "leased",
	.detail = "'\";--%\xc3\xa9",
	.since_ms = 7,
	.lease = 3,
	.worker = "host:1",
	.requeues = 1,
	.cancelling = true,
	.done = 4,
	.total = 90,
	.code = "",
	.fault = "",
	.key_id = "key_1",
	.created_at_ms = 1,
	.updated_at_ms = 2,
	.started_at_ms = 3,
	.finished_at_ms = 0,
};

struct found {
	int runs, items;
	struct run last;
	struct run_item item;
};

static void
on_run(const struct run *r, void *arg)
{
	struct found *f = arg;

	f->runs++;
	run_row_done(&f->last);
	f->last = *r;
}

static void
on_item(const struct run_item *i, void *arg)
{
	struct found *f = arg;

	f->items++;
	run_item_row_done(&f->item);
	f->item = *i;
}

static void
found_done(struct found *f)
{
	run_row_done(&f->last);
	run_item_row_done(&f->item);
}

static struct found
load(void)
{
	struct found f = { 0 };
	struct error err = { 0 };

	ck_assert_msg(store_load_runs(store, &(struct run_rows){ on_run, on_item }, &f, &err) == 0,
	    "%s", err.text);
	return f;
}

static void
put(const struct run *r, const struct run_item *i)
{
	struct store_batch *b = store_batch_new();

	store_put_run(b, r);
	if (i != NULL)
		store_put_run_item(b, i);
	store_commit(store, b, NULL, NULL);
	reopen();
}

START_TEST(test_run_comes_back) /* [I12] */
{
	struct run_item item = { .run_id = "run_1",
		.item = "chat-01",
		.epoch = 1,
		.id = "itm_1",
		.state = "passed",
		.result = str_dup("{\"a\":1}"),
		.lease = 3,
		.at_ms = 9 };
	int64_t count = 0;

	put(&one, &item);
	struct found f = load();
	ck_assert_int_eq(f.runs, 1);
	ck_assert_int_eq(store_run_count(store, &count, NULL), 0);
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(f.items, 1);
	ck_assert_str_eq(f.last.detail, one.detail);
	ck_assert_str_eq(f.last.scoring, one.scoring);
	ck_assert_str_eq(f.last.key_id, one.key_id);
	ck_assert_int_eq(f.last.params.seed, one.params.seed);
	ck_assert_int_eq(f.last.params.concurrency, 4);
	ck_assert_int_eq(f.last.cause, CAUSE_SCHEDULE);
	ck_assert_int_eq(f.last.state, RUN_RUNNING);
	ck_assert_int_eq(f.last.not_before_ms, 61000);
	ck_assert_int_eq(f.last.lease, 3);
	ck_assert_int_eq(f.last.requeues, 1);
	ck_assert_int_eq(f.last.total, 90);
	ck_assert_int_eq(f.last.started_at_ms, 3);
	ck_assert(f.last.cancelling);
	ck_assert_ptr_null(f.last.report);
	ck_assert_str_eq(f.item.item, "chat-01");
	ck_assert_int_eq(f.item.epoch, 1);
	found_done(&f);
	run_item_row_done(&item);
}
END_TEST

static void
count_item(const struct run_item *i, void *arg)
{
	struct found *f = arg;

	f->items++;
	ck_assert_str_eq(i->result, "{\"a\":1}");
}

START_TEST(test_item_is_there_once) /* [J04] whoever comes second changes nothing */
{
	struct run_item item = { .run_id = "run_1", .item = "chat-01", .id = "itm_1" };
	struct found f = { 0 };
	struct error err = { 0 };

	item.result = str_dup("{\"a\":1}");
	put(&one, &item);
	str_replace(&item.result, "{\"a\":2}");
	put(&one, &item);
	ck_assert_int_eq(store_run_items(store, "run_1", count_item, &f, &err), 0);
	ck_assert_int_eq(f.items, 1);
	run_item_row_done(&item);
}
END_TEST

START_TEST(test_tick_makes_one_run) /* [J01] a clock that went back makes no second one */
{
	struct run second = one;

	put(&one, NULL);
	snprintf(second.id, sizeof(second.id), "run_2");
	put(&second, NULL);
	struct found f = load();
	ck_assert_int_eq(f.runs, 1);
	found_done(&f);
}
END_TEST

static void
in_order(const struct run *r, void *arg)
{
	struct found *f = arg;
	struct run own = *r;

	ck_assert_int_eq(r->since_ms, f->runs == 0 ? 0 : 100 + f->runs);
	f->runs++;
	run_row_done(&own);
}

START_TEST(test_newest_runs) /* [J01] hidden by no clock that goes back: as they came */
{
	struct store_batch *b = store_batch_new();
	_cleanup_(run_row_done) struct run r = { 0 };
	struct found f = { 0 };
	struct error err = { 0 };

	for (int i = 0; i <= 1100; i++) {
		struct run each = one;

		snprintf(each.id, sizeof(each.id), "run_%06d", 9999 - i);
		each.tick_ms = each.since_ms = i;
		each.created_at_ms = 1000000 - i;
		each.state = i == 0 ? RUN_QUEUED : RUN_FAILED;
		store_put_run(b, &each);
	}
	store_commit(store, b, NULL, NULL);
	reopen();
	ck_assert_int_eq(
	    store_load_runs(store, &(struct run_rows){ in_order, on_item }, &f, &err), 0);
	ck_assert_int_eq(f.runs, 1001);
	ck_assert_int_eq(store_find_run(store, "run_009998", &r, &err), 1);
	ck_assert_int_eq(r.since_ms, 1);
	ck_assert_int_eq(store_find_run(store, "run_1", &r, &err), 0);
}
END_TEST

static void
count_whole(const struct run *r, void *arg)
{
	struct found *f = arg;

	f->runs++;
	ck_assert_str_eq(r->report, "{\"x\":1}");
}

START_TEST(test_whole_runs)
{
	struct run r = one;
	struct found f = { 0 };
	struct error err = { 0 };

	r.state = RUN_FINISHED;
	r.is_whole = true;
	r.finished_at_ms = 8;
	r.report = str_dup("{\"x\":1}");
	put(&r, NULL);
	run_row_done(&r);
	ck_assert_int_eq(store_whole_runs(store, "public/dev", count_whole, &f, &err), 0);
	ck_assert_int_eq(store_whole_runs(store, NULL, count_whole, &f, &err), 0);
	ck_assert_int_eq(store_whole_runs(store, "public/train", count_whole, &f, &err), 0);
	ck_assert_int_eq(f.runs, 2);
}
END_TEST

static void
on_schedule(const struct schedule *h, void *arg)
{
	*(struct schedule *)arg = *h;
}

START_TEST(test_schedule)
{
	struct schedule h = { .id = "sch_1",
		.cron = "0 3 * * *",
		.zone = "Europe/Prague",
		.suite = "public/dev",
		.missed = MISSED_ALL,
		.jitter_ms = 60000,
		.params = { 42, 100, 1, 1 },
		.looked_at_ms = 5,
		.created_at_ms = 1 };
	struct schedule got = { 0 };
	struct error err = { 0 };

	for (int i = 0; i < 2; i++) { /* then it is removed */
		struct store_batch *b = store_batch_new();

		store_put_schedule(b, &h);
		store_commit(store, b, NULL, NULL);
		reopen();
		ck_assert_int_eq(store_load_schedules(store, on_schedule, &got, &err), 0);
		if (i == 0) {
			ck_assert_str_eq(got.zone, h.zone);
			ck_assert_int_eq(got.missed, MISSED_ALL);
			ck_assert_int_eq(got.looked_at_ms, 5);
			ck_assert_int_eq(got.params.subset_percent, 100);
		} else {
			ck_assert_str_eq(got.id, "");
		}
		h.removed_at_ms = 9;
		got = (struct schedule){ 0 };
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("runs");
	TCase *t = tcase_create("runs");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, test_run_comes_back);
	tcase_add_test(t, test_item_is_there_once);
	tcase_add_test(t, test_tick_makes_one_run);
	tcase_add_test(t, test_newest_runs);
	tcase_add_test(t, test_whole_runs);
	tcase_add_test(t, test_schedule);
	suite_add_tcase(s, t);
	return run_suite(s);
}

/*
 * test_costs.c - what chats cost: reported by competitors, measured by the platform, in whatever order it comes.
 */
#include "controlplane/store/store.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/egress.h"
#include "controlplane/store/keys.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/owls.h"
#include "tests/run.h"

#define CHATS 24
#define CALLS_MAX 3
#define ITEMS_MAX (CHATS * (2 + CALLS_MAX))
#define KEYS 2
#define CHAT_MS 500
#define EVERY_MS 1000
#define NO_KEY KEYS

struct chat {
	struct usage_row row;
	size_t key;
	int64_t measured;
};

static struct {
	struct chat chats[CHATS];
	struct egress_row calls[ITEMS_MAX];
	size_t ncalls;
	int64_t beyond[KEYS + 1], seen_rows;
} t;

static size_t
key_of(const char *id)
{
	return id[0] != '\0' ? (size_t)(id[4] - '0') : NO_KEY;
}

/* Ids come again, at the same instance and at others, but no two chats of one id and instance at once. */
static void
make_chats(void)
{
	memset(&t, 0, sizeof(t));
	for (size_t i = 0; i < CHATS; i++) {
		struct chat *c = &t.chats[i];

		c->key = draw() % (KEYS + 1);
		c->row = (struct usage_row){ .at_ms = (int64_t)(i + 1) * EVERY_MS,
			.duration_ms = CHAT_MS,
			.status = 200,
			.attempts = 1,
			.cost_micro_usd = (int64_t)(draw() % 1000) - 200 };
		if (c->row.cost_micro_usd < 0)
			c->row.cost_micro_usd = -1;
		snprintf(
		    c->row.request_id, sizeof(c->row.request_id), "chat-%d", (int)(draw() % 4));
		snprintf(
		    c->row.instance_id, sizeof(c->row.instance_id), "ins_%d", (int)(draw() % 2));
		str_copy(c->row.competitor, sizeof(c->row.competitor), "cpt_1");
		if (c->key != NO_KEY)
			snprintf(c->row.key_id, sizeof(c->row.key_id), "key_%zu", c->key);
	}
}

static void
make_call(const struct chat *c, int64_t at_ms, int64_t cost)
{
	struct egress_row *e = &t.calls[t.ncalls];

	*e = (struct egress_row){
		.at_ms = at_ms, .calls = 1, .status = 200, .cost_micro_usd = cost
	};
	snprintf(e->id, sizeof(e->id), "egr_%zu", t.ncalls++);
	str_copy(e->request_id, sizeof(e->request_id), c->row.request_id);
	str_copy(e->instance_id, sizeof(e->instance_id), c->row.instance_id);
	str_copy(e->decision, sizeof(e->decision), "allowed");
}

static void
make_calls(void)
{
	for (size_t i = 0; i < CHATS; i++) {
		struct chat *c = &t.chats[i];

		for (uint64_t n = draw() % (CALLS_MAX + 1); n > 0; n--) {
			const int64_t cost = (int64_t)(draw() % 600) - 100;

			make_call(c, c->row.at_ms + (int64_t)(draw() % (CHAT_MS + 1)),
			    cost < 0 ? -1 : cost);
			c->measured += cost > 0 ? cost : 0;
		}
		make_call(c, c->row.at_ms + CHAT_MS + 100, 1000); /* nobody's: no chat ran */
	}
}

static void
on_cost(const struct late_cost *cost, void *arg)
{
	(void)arg;
	ck_assert_int_gt(cost->beyond_micro_usd, 0);
	ck_assert_int_ge(cost->micro_usd, cost->beyond_micro_usd);
	t.beyond[key_of(cost->key_id)] += cost->beyond_micro_usd;
}

static int64_t
dearer(int64_t reported, int64_t measured)
{
	return measured > reported && measured > 0 ? measured : reported;
}

static void
check_row(const struct usage_row *row, void *arg)
{
	const struct chat *c = &t.chats[row->at_ms / EVERY_MS - 1];

	(void)arg;
	t.seen_rows++;
	ck_assert_msg(row->cost_micro_usd == dearer(c->row.cost_micro_usd, c->measured),
	    "reported %lld, measured %lld: %lld", (long long)c->row.cost_micro_usd,
	    (long long)c->measured, (long long)row->cost_micro_usd);
}

/* What keys were charged at the end of their chats, and later, is what the database has them spend. */
static void
check_key(const struct usage_sum *sum, void *arg)
{
	const size_t key = key_of(sum->of);
	int64_t settled = 0;

	(void)arg;
	for (size_t i = 0; i < CHATS; i++)
		if (t.chats[i].key == key && t.chats[i].row.cost_micro_usd > 0)
			settled += t.chats[i].row.cost_micro_usd;
	ck_assert_int_eq(settled + t.beyond[key], sum->cost_micro_usd);
}

static void
on_done(const struct error *err, void *arg)
{
	(void)arg;
	ck_assert_ptr_null(err);
	loop_stop(loop);
}

/* Behind all that was added. */
static void
wait_until_stored(void)
{
	store_commit(store, store_batch_new(), on_done, NULL);
	loop_run(loop);
}

static void
shuffle(size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const size_t at = draw() % (i + 1);

		order[i] = order[at];
		order[at] = i;
	}
}

START_TEST(test_any_order) /* [G12] [L14] what was measured, if it is more than was reported */
{
	const struct request_query all = { .limit = 1000 };
	struct error err = { 0 };
	size_t order[ITEMS_MAX] = { 0 };

	for (int skip = 0; skip < _i; skip++)
		draw();
	make_chats();
	make_calls();
	const size_t n = CHATS + t.ncalls;
	shuffle(order, n);
	store_watch_costs(store, on_cost, NULL);
	for (size_t i = 0; i < n; i++)
		if (order[i] < CHATS)
			store_add_usage(store, &t.chats[order[i]].row);
		else
			store_add_egress(store, &t.calls[order[i] - CHATS]);
	wait_until_stored();
	ck_assert_msg(store_requests(store, &all, check_row, NULL, &err) == 0, "%s", err.text);
	ck_assert_int_eq(t.seen_rows, CHATS);
	ck_assert_int_eq(store_usage(store, USAGE_BY_KEY, 0, check_key, NULL, &err), 0);
}
END_TEST

static void
add_cost(const struct usage_row *row, void *arg)
{
	*(int64_t *)arg += row->cost_micro_usd;
}

START_TEST(test_twins) /* [A20] [G12] of two chats with one id, a call is charged to one */
{
	static const char orders[][4] = { "ABC", "ACB", "CAB", "CBA", "BCA", "BAC" };
	const struct request_query all = { .limit = 1000 };
	struct usage_row a = { .request_id = "chat-1",
		.instance_id = "ins_1",
		.key_id = "key_0",
		.at_ms = 1000,
		.duration_ms = 500,
		.cost_micro_usd = -1 };
	struct usage_row b = a;
	struct egress_row c = { .request_id = "chat-1",
		.instance_id = "ins_1",
		.decision = "allowed",
		.id = "egr_1",
		.at_ms = 1300,
		.cost_micro_usd = 700 };
	struct error err = { 0 };
	int64_t sum = 0;

	str_copy(b.key_id, sizeof(b.key_id), "key_1");
	b.at_ms = 1200;
	store_watch_costs(store, on_cost, NULL);
	for (const char *at = orders[_i]; *at != '\0'; at++) {
		if (*at == 'C')
			store_add_egress(store, &c);
		else
			store_add_usage(store, *at == 'A' ? &a : &b);
		wait_until_stored();
	}
	ck_assert_int_eq(store_requests(store, &all, add_cost, &sum, &err), 0);
	ck_assert_int_eq(sum, 700 - 1);
	ck_assert_int_eq(t.beyond[0] + t.beyond[1], 700);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("costs");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, test_any_order, 0, 30);
	tcase_add_loop_test(tc, test_twins, 0, 6);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

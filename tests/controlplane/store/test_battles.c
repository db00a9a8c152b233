/*
 * test_battles.c - battles: written twice, found again, and what a restart makes of them.
 */
#include "controlplane/store/battles.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/controlplane/store/house.h"
#include "runtime/base/log.h"
#include "tests/run.h"

static struct battle
make(int i)
{
	struct battle b = { .state = BATTLE_RUNNING, .created_at_ms = 1000 + i };

	snprintf(b.id, sizeof(b.id), "btl_%03d", i);
	snprintf(b.owner, sizeof(b.owner), "key_%d", i % 2);
	snprintf(b.client, sizeof(b.client), "127.0.0.1");
	snprintf(b.request_id, sizeof(b.request_id), "odd'\";--%%\xc3\xa9");
	snprintf(b.prompt_sha256, sizeof(b.prompt_sha256), "%064d", i);
	for (int k = 0; k < 2; k++) {
		snprintf(b.sides[k].competitor, NOUN_ID_MAX, "cpt_%d", (i + k) % 3);
		snprintf(b.sides[k].slug, SLUG_MAX, "c%d", (i + k) % 3);
		b.sides[k].ttft_ms = -1;
	}
	return b;
}

static void
put(const struct battle *b)
{
	struct store_batch *batch = store_batch_new();

	store_put_battle(batch, b);
	store_commit(store, batch, NULL, NULL);
}

struct found {
	int n;
	struct battle first, last;
};

static void
on_row(const struct battle *row, void *arg)
{
	struct found *f = arg;

	if (f->n++ == 0)
		f->first = *row;
	f->last = *row;
}

static struct found
find(struct battle_query wanted)
{
	struct found f = { 0 };
	struct error err = { 0 };

	if (wanted.limit == 0)
		wanted.limit = 1000;
	ck_assert_msg(store_battles(store, &wanted, on_row, &f, &err) == 0, "%s", err.text);
	return f;
}

START_TEST(test_rows) /* [I12] */
{
	for (int i = 0; i < 10; i++) {
		struct battle b = make(i);

		put(&b);
	}
	struct battle b = make(4);
	b.state = BATTLE_VOTED;
	b.winner = WINNER_TIE;
	b.ended_at_ms = 2000;
	b.voted_at_ms = 3000;
	snprintf(b.sides[1].code, sizeof(b.sides[1].code), "upstream_died");
	snprintf(b.sides[0].digest, sizeof(b.sides[0].digest), "sha256:aa");
	b.sides[0].ttft_ms = 17;
	put(&b);
	reopen();
	struct found f = find((struct battle_query){ 0 });
	ck_assert_int_eq(f.n, 10);
	ck_assert_str_eq(f.first.id, "btl_009"); /* newest first, however often written */
	f = find((struct battle_query){ .id = "btl_004" });
	ck_assert_int_eq(f.n, 1);
	ck_assert_mem_eq(&f.first, &b, sizeof(b));
	ck_assert_int_eq(find((struct battle_query){ .state = "running" }).n, 9);
	f = find((struct battle_query){ .after = "btl_005", .limit = 2 });
	ck_assert_int_eq(f.n, 2);
	ck_assert_str_eq(f.first.id, "btl_004");
	ck_assert_int_eq(find((struct battle_query){ .id = "btl_999" }).n, 0);
}
END_TEST

struct restored {
	int64_t voted, open;
	struct found recent;
	int lost;
};

static void
on_sum(const struct battle_side sides[2], enum battle_winner w, int64_t n, void *arg)
{
	struct restored *r = arg;

	ck_assert_str_ne(sides[0].slug, "");
	*(w == WINNER_NONE ? &r->open : &r->voted) += n;
}

static void
on_recent(const struct battle *b, void *arg)
{
	struct restored *r = arg;

	r->lost += b->state == BATTLE_LOST;
	on_row(b, &r->recent);
}

START_TEST(test_restart) /* [I01] what ran when the process was killed is lost, and says so */
{
	static const struct battle_rows rows = { on_sum, on_recent };
	struct store_batch *batch;
	struct restored r = { 0 };
	struct error err = { 0 };

	for (int i = 0; i < 10; i++) {
		struct battle b = make(i);

		if (i < 6) {
			b.state = i < 4 ? BATTLE_VOTED : BATTLE_ENDED;
			b.winner = i < 4 ? WINNER_A : WINNER_NONE;
			b.voted_at_ms = i == 0 ? 9000 : b.winner != WINNER_NONE ? 1500 : 0;
		}
		put(&b);
	}
	reopen();
	ck_assert_msg(store_load_battles(store, &rows, 1005, &r, &err) == 0, "%s", err.text);
	ck_assert_int_eq(r.voted, 4);
	ck_assert_int_eq(r.open, 6);
	ck_assert_int_eq(r.recent.n, 9); /* 5 to 9, and those that were voted on since */
	ck_assert_int_eq(r.lost, 4);
	batch = store_batch_new();
	store_sweep_battles(batch, 5000, 1005);
	store_commit(store, batch, NULL, NULL);
	reopen();
	ck_assert_int_eq(find((struct battle_query){ .state = "running" }).n, 0);
	struct found f = find((struct battle_query){ .state = "lost" });
	ck_assert_int_eq(f.n, 4);
	ck_assert_int_eq(f.first.ended_at_ms, 5000);
	ck_assert_int_eq(find((struct battle_query){ .id = "btl_004" }).n, 0); /* forgotten */
	ck_assert_int_eq(find((struct battle_query){ .state = "voted" }).n, 4);
}
END_TEST

START_TEST(test_names)
{
	for (enum battle_state s = 0; s < BATTLE_STATE_COUNT; s++)
		ck_assert_int_eq(battle_state_named(battle_state_name(s)), s);
	for (enum battle_winner w = 0; w < BATTLE_WINNER_COUNT; w++)
		ck_assert_int_eq(battle_winner_named(battle_winner_name(w)), w);
	ck_assert_int_eq(battle_state_named("x"), BATTLE_STATE_COUNT);
	ck_assert_int_eq(battle_winner_named("A"), BATTLE_WINNER_COUNT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("battles");
	TCase *tc = tcase_create("all");

	log_set_levels("error");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_rows);
	tcase_add_test(tc, test_restart);
	tcase_add_test(tc, test_names);
	suite_add_tcase(s, tc);
	return run_suite(s);
}

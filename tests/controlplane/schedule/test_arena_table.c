/*
 * test_arena_table.c - who may vote, once, how often; what votes add up to.
 */
#include "controlplane/schedule/arena_table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

#define HOUR 3600000

static struct arena_table *t;
static const struct arena_rules rules = {
	.window_ms = HOUR, .votes_per_caller = 3, .votes_per_client = 5, .kept = 50
};

static void
set_up(void)
{
	t = arena_table_new(&rules);
}

static void
tear_down(void)
{
	arena_table_free(t);
}

static struct battle
make(int i, int a, int b, const char *owner, int64_t at_ms)
{
	const int who[] = { a, b };
	struct battle row = { .created_at_ms = at_ms };

	snprintf(row.id, sizeof(row.id), "btl_%d", i);
	snprintf(row.owner, sizeof(row.owner), "%s", owner);
	snprintf(row.client, sizeof(row.client), "127.0.0.1");
	for (int k = 0; k < 2; k++) {
		snprintf(row.sides[k].competitor, NOUN_ID_MAX, "cpt_%d", who[k]);
		snprintf(row.sides[k].slug, SLUG_MAX, "c%d", who[k]);
	}
	return row;
}

static struct battle
fight(int i, int a, int b, const char *owner, int64_t at_ms)
{
	struct battle row = make(i, a, b, owner, at_ms);

	arena_table_begin(t, &row);
	row.state = BATTLE_ENDED;
	arena_table_end(t, &row);
	return row;
}

static enum arena_verdict
vote(const struct battle *b, const char *owner, enum battle_winner w, int64_t at_ms)
{
	struct battle row;
	const enum arena_verdict v = arena_table_vote(t, b->id, owner, "127.0.0.1", w, at_ms, &row);

	if (v == ARENA_TAKEN) {
		ck_assert_int_eq(row.state, BATTLE_VOTED);
		ck_assert_int_eq(row.winner, w);
		ck_assert_int_eq(row.voted_at_ms, at_ms);
		arena_table_settle(t, &row, true);
	}
	return v;
}

START_TEST(why_a_vote_is_not_taken)
{
	static const struct {
		enum battle_state state;
		enum arena_verdict verdict;
	} states[] = {
		{ BATTLE_RUNNING, ARENA_RUNNING },
		{ BATTLE_FAILED, ARENA_FAILED },
		{ BATTLE_ABANDONED, ARENA_ABANDONED },
		{ BATTLE_LOST, ARENA_LOST },
		{ BATTLE_VOTED, ARENA_VOTED },
		{ BATTLE_ENDED, ARENA_TAKEN },
	};
	struct battle row;

	for (int i = 0; i < (int)(sizeof(states) / sizeof(states[0])); i++) {
		row = make(i, 1, 2, "key_1", 1000);
		row.state = states[i].state;
		arena_table_restore(t, &row);
		ck_assert_int_eq(vote(&row, "key_2", WINNER_A, 2000), ARENA_UNKNOWN);
		ck_assert_int_eq(vote(&row, "key_1", WINNER_A, 2000), states[i].verdict);
	}
	ck_assert_int_eq(vote(&row, "key_1", WINNER_A, 2000), ARENA_VOTED);
	row = make(99, 1, 2, "key_1", 1000);
	ck_assert_int_eq(vote(&row, "key_1", WINNER_A, 2000), ARENA_UNKNOWN);
	row = fight(100, 1, 2, "key_1", 1000);
	ck_assert_int_eq(vote(&row, "key_1", WINNER_A, 1000 + HOUR), ARENA_EXPIRED);
	ck_assert_int_eq(vote(&row, "key_1", WINNER_A, 999 + HOUR), ARENA_TAKEN);
	ck_assert_int_eq(arena_expires_at_ms(t, 1000), 1000 + HOUR);
}
END_TEST

START_TEST(a_vote_that_is_being_stored)
{
	struct battle row = fight(1, 1, 2, "key_1", 1000), out, other;
	size_t n;

	ck_assert_int_eq(
	    arena_table_vote(t, row.id, "key_1", "x", WINNER_A, 2000, &out), ARENA_TAKEN);
	ck_assert_int_eq(
	    arena_table_vote(t, row.id, "key_1", "x", WINNER_B, 2000, &other), ARENA_VOTED);
	arena_table_standings(t, &n);
	ck_assert_uint_eq(n, 0); /* it counts when it is stored */
	arena_table_settle(t, &out, false);
	arena_table_standings(t, &n);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(vote(&row, "key_1", WINNER_B, 3000), ARENA_TAKEN);
	ck_assert_str_eq(arena_table_standings(t, &n)[0].competitor, "cpt_2");
	ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(votes_of_an_hour)
{
	int i = 0;

	for (; i < 3; i++) {
		const struct battle row = fight(i, 1, 2, "key_1", 1000);
		ck_assert_int_eq(vote(&row, "key_1", WINNER_TIE, 1000 + i), ARENA_TAKEN);
	}
	struct battle late = fight(i++, 1, 2, "key_1", 1000 + HOUR / 2);
	ck_assert_int_eq(vote(&late, "key_1", WINNER_A, HOUR), ARENA_TOO_MANY);
	for (int k = 0; k < 2; k++) { /* another key, the same address: five of it */
		const struct battle row = fight(i++, 1, 2, "key_2", 1000);
		ck_assert_int_eq(vote(&row, "key_2", WINNER_TIE, 2000), ARENA_TAKEN);
	}
	const struct battle one = fight(i++, 1, 2, "key_3", 1000 + HOUR / 2);
	ck_assert_int_eq(vote(&one, "key_3", WINNER_TIE, 2000), ARENA_TOO_MANY);
	ck_assert_int_eq(vote(&one, "key_3", WINNER_TIE, 2000 + HOUR), ARENA_TAKEN);
	ck_assert_int_eq(vote(&late, "key_1", WINNER_A, 1003 + HOUR), ARENA_TAKEN);
}
END_TEST

START_TEST(votes_of_an_hour_over_a_restart) /* [L14] */
{
	for (int i = 0; i < 3; i++) {
		struct battle row = make(i, 1, 2, "key_1", 1000);

		row.state = BATTLE_VOTED;
		row.voted_at_ms = 2000;
		arena_table_restore(t, &row);
	}
	const struct battle row = fight(9, 1, 2, "key_1", 3000);
	ck_assert_int_eq(vote(&row, "key_1", WINNER_A, 4000), ARENA_TOO_MANY);
}
END_TEST

START_TEST(only_so_many_are_kept)
{
	struct battle first = fight(0, 1, 2, "key_1", 1000);

	for (int i = 1; i <= 50; i++)
		fight(i, 1, 2, "key_1", 1000 + i);
	ck_assert_int_eq(vote(&first, "key_1", WINNER_A, 2000), ARENA_UNKNOWN);
	ck_assert_ptr_null(arena_table_find(t, "btl_0"));
	ck_assert_int_eq(arena_table_find(t, "btl_1")->state, BATTLE_ENDED);
	const struct battle second = make(1, 1, 2, "key_1", 0);
	ck_assert_int_eq(vote(&second, "key_1", WINNER_A, 2000), ARENA_TAKEN);
	fight(51, 1, 2, "key_1", 3 * HOUR);
	const struct battle third = make(2, 1, 2, "key_1", 0);
	ck_assert_int_eq(vote(&third, "key_1", WINNER_A, 3 * HOUR), ARENA_UNKNOWN);
}
END_TEST

START_TEST(sums)
{
	static const enum battle_winner said[] = { WINNER_A, WINNER_A, WINNER_B, WINNER_TIE,
		WINNER_BAD };
	struct battle row;
	size_t n;

	for (int i = 0; i < 5; i++) { /* the two change sides */
		row = fight(i, 1 + i % 2, 2 - i % 2, i < 3 ? "key_1" : "key_2", 1000);
		ck_assert_int_eq(vote(&row, row.owner, said[i], 2000), ARENA_TAKEN);
	}
	fight(9, 1, 3, "key_1", 1000); /* without a vote */
	const struct arena_standing *s = arena_table_standings(t, &n);
	ck_assert_uint_eq(n, 2);
	/* A of 1-2, A of 2-1, B of 1-2, tie, bad */
	ck_assert_str_eq(s[0].competitor, "cpt_2");
	ck_assert_int_eq(s[0].wins, 2);
	ck_assert_int_eq(s[0].losses, 1);
	ck_assert_int_eq(s[0].ties, 1);
	ck_assert_int_eq(s[0].bad, 1);
	ck_assert_int_eq(s[0].battles, 5);
	ck_assert_int_eq(s[0].rating.games, 4);
	ck_assert_int_eq(s[1].wins, 1);
	ck_assert_ptr_null(arena_table_standing(t, "cpt_3"));
	ck_assert_ptr_eq(arena_table_standing(t, "cpt_1"), &s[1]);
	ck_assert_uint_eq(arena_table_battles(t, "cpt_1"), 6);
	ck_assert_uint_eq(arena_table_battles(t, "cpt_3"), 1);
	ck_assert_uint_eq(arena_table_battles(t, "cpt_4"), 0);

	/* What the database knows makes the same. */
	struct arena_table *again = arena_table_new(&rules);
	row = make(0, 1, 2, "", 0);
	arena_table_add_sum(again, row.sides, WINNER_A, 1);
	arena_table_add_sum(again, row.sides, WINNER_B, 1);
	arena_table_add_sum(again, row.sides, WINNER_BAD, 1);
	row = make(0, 2, 1, "", 0);
	arena_table_add_sum(again, row.sides, WINNER_A, 1);
	arena_table_add_sum(again, row.sides, WINNER_TIE, 1);
	row = make(0, 1, 3, "", 0);
	arena_table_add_sum(again, row.sides, WINNER_NONE, 1);
	const struct arena_standing *r = arena_table_standings(again, &n);
	ck_assert_uint_eq(n, 2);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(r[i].competitor, s[i].competitor);
		ck_assert_double_eq_tol(r[i].rating.value, s[i].rating.value, 1e-6);
		ck_assert_int_eq(r[i].battles, s[i].battles);
	}
	ck_assert_uint_eq(arena_table_battles(again, "cpt_1"), 6);
	arena_table_free(again);
}
END_TEST

START_TEST(agreement_with_scores)
{
	static const char *const who[] = { "cpt_1", "cpt_2", "cpt_3", "cpt_9" };
	static const double same[] = { 90, 50, 10, 99 }, reverse[] = { 10, 50, 90, 99 };
	struct agreement a;

	for (int i = 0; i < 3; i++) {
		const struct battle row = make(0, 1 + (i == 2), i == 0 ? 2 : 3, "", 0);
		arena_table_add_sum(t, row.sides, WINNER_A, 5); /* 1 beats 2 and 3, 2 beats 3 */
	}
	const struct battle apart = make(0, 8, 9, "", 0);
	arena_table_add_sum(t, apart.sides, WINNER_A, 5); /* a group of its own */
	arena_table_agreement(t, who, same, 4, &a);
	ck_assert(a.known);
	ck_assert_uint_eq(a.n, 3);
	ck_assert_double_eq_tol(a.tau_b, 1, 1e-9);
	arena_table_agreement(t, who, reverse, 4, &a);
	ck_assert_double_eq_tol(a.spearman, -1, 1e-9);
	arena_table_agreement(t, NULL, NULL, 0, &a);
	ck_assert(!a.known);
	ck_assert_uint_eq(a.n, 0);
}
END_TEST

/* However battles and votes come: each vote counts once, and what is counted is what was taken. */
START_TEST(any_order)
{
	uint64_t state = 20261121;
	int64_t taken = 0;
	size_t n;
	const struct arena_rules free_rules = { .window_ms = HOUR, .kept = 1000 };
	struct arena_table *free_table = arena_table_new(&free_rules);

	tear_down();
	t = free_table;
	for (int i = 0; i < 5000; i++) {
		struct battle row = make((int)(state >> 33) % 300, (int)(state >> 20) % 5,
		    5 + (int)(state >> 25) % 5, "key_1", 1000);

		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		const enum battle_winner w = WINNER_A + (state >> 40) % 4;
		if (arena_table_vote(t, row.id, "key_1", "x", w, 2000, &row) == ARENA_TAKEN) {
			taken += (state >> 50) % 4 != 0;
			arena_table_settle(t, &row, (state >> 50) % 4 != 0);
		} else if (arena_table_vote(t, row.id, "key_1", "x", w, 2000, &row) ==
		    ARENA_UNKNOWN) {
			row.state = BATTLE_RUNNING;
			arena_table_begin(t, &row);
			row.state = (state >> 45) % 8 == 0 ? BATTLE_ABANDONED : BATTLE_ENDED;
			arena_table_end(t, &row);
		}
	}
	int64_t battles = 0, wins = 0, losses = 0;
	const struct arena_standing *s = arena_table_standings(t, &n);
	for (size_t i = 0; i < n; i++) {
		battles += s[i].battles;
		wins += s[i].wins;
		losses += s[i].losses;
		ck_assert_int_eq(s[i].battles, s[i].wins + s[i].losses + s[i].ties + s[i].bad);
	}
	ck_assert_int_gt(taken, 100);
	ck_assert_int_eq(battles, 2 * taken);
	ck_assert_int_eq(wins, losses);
}
END_TEST

START_TEST(metrics)
{
	_cleanup_buf_ struct buf out = { 0 };
	const struct battle row = fight(1, 1, 2, "key_1", 1000);

	ck_assert_int_eq(vote(&row, "key_1", WINNER_BAD, 2000), ARENA_TAKEN);
	arena_table_metrics(t, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "janus_arena_battles_total{state=\"ended\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "janus_arena_battles_total{state=\"failed\"} 0\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "janus_arena_votes_total{winner=\"bad\"} 1\n"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arena_table");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, why_a_vote_is_not_taken);
	tcase_add_test(tc, a_vote_that_is_being_stored);
	tcase_add_test(tc, votes_of_an_hour);
	tcase_add_test(tc, votes_of_an_hour_over_a_restart);
	tcase_add_test(tc, only_so_many_are_kept);
	tcase_add_test(tc, sums);
	tcase_add_test(tc, agreement_with_scores);
	tcase_add_test(tc, any_order);
	tcase_add_test(tc, metrics);
	suite_add_tcase(s, tc);
	return run_suite(s);
}

/*
 * test_rating.c - ratings from votes: known cases, and what must hold for any votes.
 */
#include "controlplane/schedule/rating.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/run.h"

#define N 8
#define ROUNDS 300

static uint64_t state;

static uint64_t
next_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545F4914F6CDD1DULL;
}

/* The difference of two players' logarithms, by bisection of what the maximum must satisfy: of the
 * games and the drawn one against an average player as many are won as are expected. */
static double
expected_difference(double wins, double games)
{
	double low = -40, high = 40;

	for (int i = 0; i < 200; i++) {
		const double t = (low + high) / 2; /* of one; the other has -t */
		const double more = wins + 0.5 - games / (1 + exp(-2 * t)) - 1 / (1 + exp(-t));

		*(more > 0 ? &low : &high) = t;
	}
	return low + high;
}

START_TEST(two_players_are_as_the_formula_says)
{
	static const int64_t cases[][3] = { { 1, 0, 0 }, { 3, 1, 0 }, { 30, 10, 4 },
		{ 900, 100, 0 }, { 0, 0, 7 }, { 5, 5, 0 }, { 20, 0, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rating_pair p = { 0, 1, cases[i][0], cases[i][1], cases[i][2] };
		const double games = (double)(p.a_wins + p.b_wins + p.ties);
		const double want =
		    expected_difference((double)p.a_wins + (double)p.ties / 2, games) * 400 /
		    log(10);
		struct rating r[2];

		rating_compute(&p, 1, r, 2);
		ck_assert_double_eq_tol(r[0].value - r[1].value, want, 1e-6);
		ck_assert_double_eq_tol(r[0].value + r[1].value, 2 * RATING_MEAN, 1e-6);
		ck_assert_int_eq(r[0].games, (int64_t)games);
	}
}
END_TEST

START_TEST(many_games_are_as_if_there_were_no_prior)
{
	const struct rating_pair p = { 0, 1, 1000000, 100000, 0 }; /* ten times as strong */
	struct rating r[2];

	rating_compute(&p, 1, r, 2);
	ck_assert_double_eq_tol(r[0].value - r[1].value, 400, 0.1);
	ck_assert_double_lt(r[0].high - r[0].low, 4);
	ck_assert_uint_eq(r[0].rank_first, 1);
	ck_assert_uint_eq(r[0].rank_last, 1);
	ck_assert_uint_eq(r[1].rank_first, 2);
}
END_TEST

/* The formula for two: a game has the variance p q, and half of the difference is either's. */
START_TEST(intervals_are_as_the_formula_says)
{
	const struct rating_pair p = { 0, 1, 5000, 5000, 0 };
	const double deviation = 1 / sqrt(10000 * 0.25) / 2 * 400 / log(10);
	struct rating r[2];

	rating_compute(&p, 1, r, 2);
	ck_assert_double_eq_tol(r[0].high - r[0].value, 1.96 * deviation, 0.01);
	ck_assert_double_eq_tol(r[0].value - r[0].low, 1.96 * deviation, 0.01);
	ck_assert_uint_eq(r[0].rank_first, 1);
	ck_assert_uint_eq(r[0].rank_last, 2);
}
END_TEST

START_TEST(who_was_never_compared_is_told_apart)
{
	const struct rating_pair p[] = { { 1, 2, 3, 1, 0 }, { 2, 3, 2, 2, 0 }, { 4, 5, 1, 0, 0 } };
	struct rating r[7];

	rating_compute(p, 3, r, 7);
	ck_assert_uint_eq(r[1].group, 0);
	ck_assert_uint_eq(r[2].group, 0);
	ck_assert_uint_eq(r[3].group, 0);
	ck_assert_uint_eq(r[1].group_size, 3);
	ck_assert_uint_eq(r[4].group, 1);
	ck_assert_uint_eq(r[5].group, 1);
	ck_assert_uint_eq(r[0].group, 2);
	ck_assert_uint_eq(r[6].group, 3);
	ck_assert_uint_eq(r[0].group_size, 1);
	ck_assert_double_eq_tol(r[0].value, RATING_MEAN, 1e-9);
	ck_assert_double_gt(r[0].high - r[0].low, 1000);
	ck_assert_int_eq(r[0].games, 0);
	ck_assert_double_eq_tol(r[1].value + r[2].value + r[3].value, 3 * RATING_MEAN, 1e-6);
	rating_compute(NULL, 0, NULL, 0);
}
END_TEST

START_TEST(a_game_with_oneself_is_none)
{
	const struct rating_pair p[] = { { 0, 0, 9, 0, 0 }, { 0, 1, 1, 1, 0 } };
	struct rating r[2];

	rating_compute(p, 2, r, 2);
	ck_assert_double_eq_tol(r[0].value, r[1].value, 1e-9);
	ck_assert_int_eq(r[0].games, 2);
}
END_TEST

static size_t
draw(struct rating_pair *p)
{
	const size_t n = 3 + (size_t)(next_random() % 14);

	for (size_t k = 0; k < n; k++) {
		p[k].a = next_random() % N;
		p[k].b = next_random() % N;
		p[k].a_wins = (int64_t)(next_random() % 6);
		p[k].b_wins = (int64_t)(next_random() % 6);
		p[k].ties = (int64_t)(next_random() % 3);
	}
	return n;
}

/* For any votes: the names of players, the order of rows and which side one sat on change nothing;
 * what all won is what the ratings expect. */
START_TEST(any_votes)
{
	struct rating_pair p[20], q[20];
	struct rating r[N], s[N];

	state = 20261121;
	for (int round = 0; round < ROUNDS; round++) {
		const size_t n = draw(p), shift = next_random() % N;
		double expected[N] = { 0 }, won[N] = { 0 };

		rating_compute(p, n, r, N);
		for (size_t k = 0; k < n; k++) {
			const struct rating_pair *o = &p[n - 1 - k];

			q[k] = (struct rating_pair){ (o->b + shift) % N, (o->a + shift) % N,
				o->b_wins, o->a_wins, o->ties };
		}
		rating_compute(q, n, s, N);
		for (size_t i = 0; i < N; i++) {
			const struct rating *t = &s[(i + shift) % N];

			ck_assert_double_eq_tol(r[i].value, t->value, 1e-4);
			ck_assert_double_eq_tol(r[i].low, t->low, 1e-4);
			ck_assert_uint_eq(r[i].group_size, t->group_size);
			ck_assert_uint_le(r[i].rank_first, r[i].rank_last);
			ck_assert_uint_le(r[i].rank_last, r[i].group_size);
			ck_assert(r[i].low <= r[i].value && r[i].value <= r[i].high);
		}
		/* Within the pull of the prior, which is half a game each way. */
		for (size_t k = 0; k < n; k++) {
			const double games = (double)(p[k].a_wins + p[k].b_wins + p[k].ties);
			const double each =
			    1 / (1 + pow(10, (r[p[k].b].value - r[p[k].a].value) / 400));

			if (p[k].a == p[k].b)
				continue;
			won[p[k].a] += (double)p[k].a_wins + (double)p[k].ties / 2;
			won[p[k].b] += (double)p[k].b_wins + (double)p[k].ties / 2;
			expected[p[k].a] += games * each;
			expected[p[k].b] += games * (1 - each);
		}
		for (size_t i = 0; i < N; i++)
			ck_assert_double_le(fabs(won[i] - expected[i]), 0.5 + 1e-6);
	}
}
END_TEST

/* One more win never lowers who won it, nor raises who lost, and more of the same make it surer. */
START_TEST(a_win_never_hurts)
{
	struct rating_pair p[20];
	struct rating before[N], after[N];

	state = 7;
	for (int round = 0; round < ROUNDS; round++) {
		const size_t n = draw(p), k = next_random() % n;

		if (p[k].a == p[k].b)
			continue;
		rating_compute(p, n, before, N);
		p[k].a_wins++;
		rating_compute(p, n, after, N);
		if (before[p[k].a].group != before[p[k].b].group || before[p[k].a].group_size == 1)
			continue; /* with it, others are compared */
		ck_assert_double_ge(after[p[k].a].value - after[p[k].b].value,
		    before[p[k].a].value - before[p[k].b].value - 1e-6);
	}
}
END_TEST

START_TEST(who_wins_more_is_higher)
{
	/* Everybody plays everybody ten times; i wins 5 + (j - i) of those against j. */
	struct rating_pair p[N * N];
	struct rating r[6];
	size_t n = 0;

	for (size_t i = 0; i < 6; i++)
		for (size_t j = i + 1; j < 6; j++)
			p[n++] = (struct rating_pair){ i, j, 5 + (int64_t)(j - i),
				5 - (int64_t)(j - i), 0 };
	rating_compute(p, n, r, 6);
	for (size_t i = 1; i < 6; i++)
		ck_assert_double_gt(r[i - 1].value, r[i].value);
	ck_assert_uint_eq(r[0].rank_first, 1);
	ck_assert_uint_lt(r[0].rank_last, 6);
}
END_TEST

START_TEST(agreement_of_orders)
{
	static const struct {
		const char *name;
		size_t n;
		double one[6], other[6], tau_b, spearman;
		bool known;
	} cases[] = {
		{ "the same", 4, { 1, 2, 3, 4 }, { 10, 20, 30, 90 }, 1, 1, true },
		{ "the reverse", 4, { 1, 2, 3, 4 }, { 9, 8, 7, 1 }, -1, -1, true },
		{ "two swapped", 4, { 1, 2, 3, 4 }, { 1, 3, 2, 4 }, 4.0 / 6, 0.8, true },
		{ "ties on one side", 4, { 1, 1, 2, 3 }, { 1, 2, 3, 4 }, 0.91287092917527690,
		    0.94868329805051377, true },
		{ "nobody told apart", 3, { 5, 5, 5 }, { 1, 2, 3 }, 0, 0, false },
		{ "one alone", 1, { 5 }, { 1 }, 0, 0, false },
		{ "nobody", 0, { 0 }, { 0 }, 0, 0, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agreement a;

		rating_agreement(cases[i].one, cases[i].other, cases[i].n, &a);
		ck_assert_msg(a.known == cases[i].known, "%s", cases[i].name);
		ck_assert_uint_eq(a.n, cases[i].n);
		ck_assert_msg(fabs(a.tau_b - cases[i].tau_b) < 1e-12, "%s", cases[i].name);
		ck_assert_msg(fabs(a.spearman - cases[i].spearman) < 1e-12, "%s", cases[i].name);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rating");
	TCase *tc = tcase_create("rating");

	tcase_add_test(tc, two_players_are_as_the_formula_says);
	tcase_add_test(tc, many_games_are_as_if_there_were_no_prior);
	tcase_add_test(tc, intervals_are_as_the_formula_says);
	tcase_add_test(tc, who_was_never_compared_is_told_apart);
	tcase_add_test(tc, a_game_with_oneself_is_none);
	tcase_add_test(tc, any_votes);
	tcase_add_test(tc, a_win_never_hurts);
	tcase_add_test(tc, who_wins_more_is_higher);
	tcase_add_test(tc, agreement_of_orders);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return run_suite(s);
}

/*
 * test_succession.c - which live chats are too bad, what happens next, and what no sequence may do.
 */
#include "controlplane/schedule/succession.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct bounds_rules bounds = { .error_points = 10, .ttft_percent = 200 };
static const struct succession_rules rules = { .canary_chats = 20, .canary_ms = 600000 };

static const struct judged {
	const char *what;
	struct bounds_sum now, before;
	bool at_end;
	enum bounds_verdict verdict;
} judged[] = {
	{ "nothing seen", { 0 }, { 0 }, true, BOUNDS_FINE },
	{ "all is well", { 20, 0, 20, 100 }, { 20, 0, 20, 90 }, true, BOUNDS_FINE },
	{ "two failures are too few to say", { 4, 2, 2, 9 }, { 0 }, false, BOUNDS_FINE },
	{ "but half of what came is not, at the end", { 4, 2, 2, 9 }, { 0 }, true, BOUNDS_ERRORS },
	{ "one of one, at the end", { 1, 1, 0, 0 }, { 0 }, true, BOUNDS_ERRORS },
	{ "the one before was no better", { 4, 2, 2, 9 }, { 4, 2, 2, 9 }, true, BOUNDS_FINE },
	{ "three of twenty", { 20, 3, 17, 9 }, { 100, 0, 100, 9 }, false, BOUNDS_ERRORS },
	{ "three of forty", { 40, 3, 37, 9 }, { 100, 0, 100, 9 }, false, BOUNDS_FINE },
	{ "10 points above those before", { 20, 6, 14, 9 }, { 10, 2, 8, 9 }, false, BOUNDS_ERRORS },
	{ "less than that", { 20, 5, 15, 9 }, { 10, 2, 8, 9 }, false, BOUNDS_FINE },
	{ "twice as slow", { 20, 0, 20, 2001 }, { 20, 0, 20, 1000 }, false, BOUNDS_LATENCY },
	{ "just not twice", { 20, 0, 20, 2000 }, { 20, 0, 20, 1000 }, false, BOUNDS_FINE },
	{ "ten times as slow, and nobody notices", { 20, 0, 20, 100 }, { 20, 0, 20, 10 }, false,
	    BOUNDS_FINE },
	{ "too few times", { 20, 0, 9, 9000 }, { 20, 0, 20, 10 }, false, BOUNDS_FINE },
	{ "too few before", { 20, 0, 20, 9000 }, { 20, 0, 9, 10 }, false, BOUNDS_FINE },
};

START_TEST(test_bounds)
{
	const struct judged *j = &judged[_i];

	ck_assert_msg(
	    bounds_judge(&bounds, &j->now, &j->before, j->at_end) == j->verdict, "%s", j->what);
}
END_TEST

START_TEST(test_window)
{
	struct bounds_window w = { 0 };
	struct bounds_sum s = bounds_sum(&w);

	ck_assert_int_eq(s.chats, 0);
	for (int i = 1; i <= 20; i++)
		bounds_add(&w, i == 7, i == 7 ? -1 : i);
	s = bounds_sum(&w);
	ck_assert_int_eq(s.chats, 20);
	ck_assert_int_eq(s.bad, 1);
	ck_assert_int_eq(s.timed, 19);
	ck_assert_int_eq(s.ttft_p95_ms, 20); /* the 19th of 19 */
	for (int i = 0; i < BOUNDS_WINDOW; i++) /* what is old is forgotten */
		bounds_add(&w, false, INT64_MAX);
	s = bounds_sum(&w);
	ck_assert_int_eq(s.chats, BOUNDS_WINDOW);
	ck_assert_int_eq(s.bad, 0);
	ck_assert_int_eq(s.ttft_p95_ms, INT32_MAX);
	ck_assert_int_eq(w.total, BOUNDS_WINDOW + 20);
}
END_TEST

static const struct line {
	const char *what;
	struct succession_seen seen;
	enum succession_act act;
	const char *reason;
} lines[] = {
	{ "nobody, and nobody to be", { 0 }, SUCCESSION_NOTHING, "" },
	{ "the first one is tried", { .has_challenger = true }, SUCCESSION_TRY, "better" },
	{ "unless it answers already", { .has_challenger = true, .no_trial = true },
	    SUCCESSION_CROWN_AT_ONCE, "no_trial" },
	{ "a better one is tried", { .has_reign = true, .has_challenger = true }, SUCCESSION_TRY,
	    "better" },
	{ "one trial at a time", { .has_reign = true, .has_canary = true, .has_challenger = true },
	    SUCCESSION_NOTHING, "canary" },
	{ "enough chats", { .has_canary = true, .canary_chats = 20 }, SUCCESSION_CROWN,
	    "canary_passed" },
	{ "its time is over", { .has_canary = true, .canary_age_ms = 600000 }, SUCCESSION_CROWN,
	    "canary_time" },
	{ "it fails", { .has_canary = true, .canary_live = BOUNDS_ERRORS, .canary_chats = 20 },
	    SUCCESSION_REFUSE, "live_errors" },
	{ "it is slow", { .has_canary = true, .canary_live = BOUNDS_LATENCY }, SUCCESSION_REFUSE,
	    "live_latency" },
	{ "it is gone", { .has_canary = true, .canary_gone = true, .canary_chats = 20 },
	    SUCCESSION_REFUSE, "not_ready" },
	{ "the champion is gone", { .has_reign = true, .reign_gone = true, .has_canary = true },
	    SUCCESSION_VACATE, "not_ready" },
	{ "it fails, and there was one before",
	    { .has_reign = true,
		.is_guarded = true,
		.reign_live = BOUNDS_ERRORS,
		.has_previous = true,
		.has_challenger = true },
	    SUCCESSION_ROLL_BACK, "live_errors" },
	{ "or there was none",
	    { .has_reign = true, .is_guarded = true, .reign_live = BOUNDS_LATENCY },
	    SUCCESSION_VACATE, "live_latency" },
	{ "who was put back is not rolled back again",
	    { .has_reign = true, .reign_live = BOUNDS_ERRORS, .has_previous = true },
	    SUCCESSION_NOTHING, "" },
	{ "while another is tried, that decides",
	    { .has_reign = true,
		.is_guarded = true,
		.reign_live = BOUNDS_ERRORS,
		.has_previous = true,
		.has_canary = true },
	    SUCCESSION_NOTHING, "canary" },
};

START_TEST(test_lines)
{
	const struct line *l = &lines[_i];
	const struct succession s = succession_decide(&rules, &l->seen);

	ck_assert_msg(s.act == l->act, "%s: %d", l->what, s.act);
	ck_assert_msg(strcmp(s.reason, l->reason) == 0, "%s: %s", l->what, s.reason);
}
END_TEST

/* ---- any sequence: the acts are done to a model, and what is true of it stays true ---- */

static bool
toss(int of)
{
	return rand() % of == 0;
}

static enum bounds_verdict
some_verdict(void)
{
	return toss(60) ? (enum bounds_verdict)(rand() % 2 + 1) : BOUNDS_FINE;
}

START_TEST(test_any_sequence)
{
	bool reigns = false, guarded = false, canary = false, previous = false;
	int64_t age_ms = 0, chats = 0;
	int seen_acts[SUCCESSION_ACT_COUNT] = { 0 };

	srand(5);
	for (int step = 0; step < 100000; step++) {
		const struct succession_seen seen = {
			.has_reign = reigns,
			.reign_gone = toss(50),
			.is_guarded = guarded,
			.reign_live = some_verdict(),
			.has_previous = previous,
			.has_canary = canary,
			.canary_gone = toss(50),
			.canary_live = some_verdict(),
			.canary_chats = chats,
			.canary_age_ms = age_ms,
			.has_challenger = toss(3),
			.no_trial = toss(2),
		};
		const struct succession s = succession_decide(&rules, &seen);

		seen_acts[s.act]++;
		switch (s.act) {
		case SUCCESSION_NOTHING:
			/* A trial ends: none is waited for beyond its time. */
			ck_assert(!canary || (age_ms < rules.canary_ms && chats < 20));
			break;
		case SUCCESSION_VACATE:
			ck_assert(reigns);
			reigns = false;
			break;
		case SUCCESSION_REFUSE:
			ck_assert(canary);
			canary = false;
			break;
		case SUCCESSION_CROWN:
			/* Never one that is gone or breaks its bounds. */
			ck_assert(canary && !seen.canary_gone && seen.canary_live == BOUNDS_FINE);
			previous = reigns;
			reigns = guarded = true;
			canary = false;
			break;
		case SUCCESSION_CROWN_AT_ONCE:
			ck_assert(!canary && seen.has_challenger);
			previous = reigns;
			reigns = guarded = true;
			break;
		case SUCCESSION_ROLL_BACK:
			ck_assert(reigns && guarded && previous && !canary);
			ck_assert(seen.reign_live != BOUNDS_FINE);
			guarded = previous = false; /* so that two cannot take turns for ever */
			break;
		case SUCCESSION_TRY:
			ck_assert(!canary && seen.has_challenger);
			canary = true;
			age_ms = chats = 0;
			break;
		case SUCCESSION_ACT_COUNT: ck_abort();
		}
		age_ms += rand() % 60000;
		chats += rand() % 3;
	}
	for (int act = 0; act < SUCCESSION_ACT_COUNT; act++)
		ck_assert_msg(seen_acts[act] > 100, "act %d", act);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("succession");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_bounds, 0, ARRAY_LEN(judged));
	tcase_add_test(tc, test_window);
	tcase_add_loop_test(tc, test_lines, 0, ARRAY_LEN(lines));
	tcase_add_test(tc, test_any_sequence);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

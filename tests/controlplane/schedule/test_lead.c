/*
 * test_lead.c - ranks and their ranges, the champion rule line by line, and what holds for any runs.
 */
#include "controlplane/schedule/lead.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

static const struct lead_rules rules = { .margin = 1.0, .quality_percent = 80 };

#define MANY 32

struct world {
	struct lead_entrant entrants[MANY];
	struct lead_run runs[MANY * 4];
	size_t nentrants, nruns;
	struct lead_board board;
};

static struct lead_entrant *
enter(struct world *w, const char *slug)
{
	struct lead_entrant *e = &w->entrants[w->nentrants++];

	snprintf(e->id, sizeof(e->id), "cpt_%s", slug);
	snprintf(e->slug, sizeof(e->slug), "%s", slug);
	e->submitted_at_ms = (int64_t)w->nentrants * 1000;
	e->is_ready = true;
	return e;
}

/* A run of version n, with that composite and half an interval; quality and the rest are the same. */
static struct lead_run *
run(struct world *w, const char *slug, int version, double value, double half)
{
	struct lead_run *r = &w->runs[w->nruns++];

	snprintf(r->id, sizeof(r->id), "run_%04zu", w->nruns);
	snprintf(r->competitor, sizeof(r->competitor), "cpt_%s", slug);
	snprintf(r->version, sizeof(r->version), "ver_%s%d", slug, version);
	snprintf(r->suite_digest, sizeof(r->suite_digest), "sha256:one");
	snprintf(r->scoring, sizeof(r->scoring), "2026-11");
	r->version_at_ms = version;
	r->is_whole = true;
	r->finished_at_ms = 100000 + (int64_t)w->nruns;
	r->expected = 90;
	r->failed = 3;
	r->passed = 87;
	for (int d = 0; d < LEAD_DIMENSION_COUNT; d++)
		r->score[d] = (struct lead_score){ value, value - half, value + half, true };
	return r;
}

static const struct lead_board *
board(struct world *w)
{
	lead_board_done(&w->board);
	lead_board_make(w->entrants, w->nentrants, w->runs, w->nruns, &w->board);
	return &w->board;
}

static const char *
challenger(struct world *w, const char *incumbent)
{
	char id[60];

	snprintf(id, sizeof(id), "cpt_%s", incumbent != NULL ? incumbent : "");
	const struct lead_row *row =
	    lead_challenger(board(w), &rules, incumbent != NULL ? id : NULL);
	return row != NULL ? row->of->slug : "nobody";
}

static const char *
leader(struct world *w, const char *champion, enum lead_dimension d)
{
	const struct lead_row *row = lead_leader(board(w), &rules, champion, d);

	return row != NULL ? row->of->slug : "nobody";
}

static void
world_done(struct world *w)
{
	lead_board_done(&w->board);
}

START_TEST(test_ranks)
{
	_cleanup_(world_done) struct world w = { 0 };

	enter(&w, "owl");
	enter(&w, "bee");
	enter(&w, "cat");
	enter(&w, "dog"); /* no run: it is not there */
	run(&w, "owl", 1, 70, 2);
	run(&w, "bee", 1, 73, 2);
	run(&w, "cat", 1, 60, 1);
	const struct lead_board *b = board(&w);
	ck_assert_uint_eq(b->len, 3);
	ck_assert_str_eq(b->rows[0].of->slug, "bee");
	ck_assert_str_eq(b->rows[1].of->slug, "owl");
	ck_assert_str_eq(b->rows[2].of->slug, "cat");
	ck_assert_uint_eq(b->rows[0].rank_low, 1); /* 71..75 and 68..72 overlap */
	ck_assert_uint_eq(b->rows[0].rank_high, 2);
	ck_assert_uint_eq(b->rows[1].rank_low, 1);
	ck_assert_uint_eq(b->rows[1].rank_high, 2);
	ck_assert_uint_eq(b->rows[2].rank_low, 3);
	ck_assert_uint_eq(b->rows[2].rank_high, 3);
	ck_assert_int_eq(b->rows[0].expected, 90);
	ck_assert_int_eq(b->rows[0].failed, 3);
}
END_TEST

START_TEST(test_which_runs_count)
{
	_cleanup_(world_done) struct world w = { 0 };

	enter(&w, "owl");
	enter(&w, "bee");
	run(&w, "owl", 1, 90, 1); /* an older version: passed over */
	run(&w, "owl", 2, 50, 1);
	run(&w, "owl", 2, 60, 3);
	run(&w, "owl", 3, 99, 1)->is_whole = false; /* not the whole suite */
	run(&w, "owl", 4, 99, 1)->is_void = true; /* retired */
	run(&w, "fox", 1, 99, 1); /* removed */
	run(&w, "bee", 1, 40, 1);
	const struct lead_row *owl = lead_board_find(board(&w), "cpt_owl");
	ck_assert_uint_eq(w.board.len, 2);
	ck_assert_str_eq(owl->runs[0]->version, "ver_owl2");
	ck_assert_uint_eq(owl->nruns, 2);
	ck_assert_double_eq(owl->score[LEAD_COMPOSITE].value, 55); /* the mean of both */
	ck_assert_double_eq(owl->score[LEAD_COMPOSITE].low, 53);
	ck_assert_double_eq(owl->score[LEAD_COMPOSITE].high, 57);
	ck_assert_int_eq(owl->expected, 180);

	/* Of many the newest; earlier luck is forgotten. */
	for (int i = 0; i < LEAD_POOL; i++)
		run(&w, "owl", 2, 70, 2);
	owl = lead_board_find(board(&w), "cpt_owl");
	ck_assert_uint_eq(owl->nruns, LEAD_POOL);
	ck_assert_uint_eq(owl->nall, LEAD_POOL + 2);
	ck_assert_double_eq(owl->score[LEAD_COMPOSITE].value, 70);

	/* Another suite's digest: only who has a run of it is compared. */
	snprintf(run(&w, "bee", 1, 41, 1)->suite_digest, LEAD_DIGEST_MAX, "sha256:two");
	ck_assert_uint_eq(board(&w)->len, 1);
	ck_assert_str_eq(w.board.rows[0].of->slug, "bee");
	ck_assert_str_eq(w.board.suite_digest, "sha256:two");
	ck_assert_str_eq(challenger(&w, "owl"), "nobody"); /* nothing to compare owl with */
}
END_TEST

/* The rule, line by line: an incumbent of 70 and somebody else. */
static const struct line {
	const char *what;
	double value, half, incumbent_half;
	bool replaces;
} lines[] = {
	{ "clearly better", 80, 2, 2, true },
	{ "better, but not by the margin", 70.9, 0.01, 0.01, false },
	{ "by the margin exactly, and surely", 71, 0.5, 0.5, true },
	{ "by the margin, but not significantly", 72, 2, 2, false },
	{ "intervals overlap, their difference does not reach 0", 73, 2, 2, true },
	{ "as good", 70, 0, 0, false },
	{ "worse", 60, 0, 0, false },
	{ "no interval at all", 71, 0, 0, true },
	{ "the difference's interval ends at 0", 75, 3, 4, false },
	{ "and just above it", 75.001, 3, 4, true },
};

START_TEST(test_rule)
{
	const struct line *l = &lines[_i];
	_cleanup_(world_done) struct world w = { 0 };

	enter(&w, "owl");
	enter(&w, "bee");
	run(&w, "owl", 1, 70, l->incumbent_half);
	run(&w, "bee", 1, l->value, l->half);
	ck_assert_msg(strcmp(challenger(&w, "owl"), l->replaces ? "bee" : "nobody") == 0, "%s: %s",
	    l->what, challenger(&w, "owl"));
	const struct lead_difference d = lead_difference(
	    lead_board_find(&w.board, "cpt_bee"), lead_board_find(&w.board, "cpt_owl"));
	ck_assert(d.low <= d.value && d.value <= d.high);
	if (d.is_significant)
		ck_assert(d.low >= 0 || d.high <= 0);
}
END_TEST

START_TEST(test_example) /* the one of docs/champion.md */
{
	_cleanup_(world_done) struct world w = { 0 };

	enter(&w, "owl");
	enter(&w, "bee");
	enter(&w, "cat");
	run(&w, "owl", 1, 70, 2);
	run(&w, "bee", 1, 73, 2);
	run(&w, "cat", 1, 74, 2.5);
	ck_assert_str_eq(challenger(&w, "owl"), "bee");
	for (size_t i = 0; i < 3; i++)
		ck_assert(w.board.rows[i].rank_low == 1 && w.board.rows[i].rank_high == 3);
	const struct lead_difference d = lead_difference(
	    lead_board_find(&w.board, "cpt_cat"), lead_board_find(&w.board, "cpt_owl"));
	ck_assert_double_eq_tol(d.low, 0.8, 0.01);
	ck_assert_double_eq_tol(d.high, 7.2, 0.01);
	w.runs[1].score[LEAD_COMPOSITE] = (struct lead_score){ 71.5, 69.5, 73.5, true };
	ck_assert_str_eq(challenger(&w, "owl"), "cat");
}
END_TEST

START_TEST(test_who_may)
{
	_cleanup_(world_done) struct world w = { 0 };
	struct lead_entrant *bee;

	enter(&w, "owl");
	bee = enter(&w, "bee");
	run(&w, "owl", 1, 70, 1);
	run(&w, "bee", 1, 80, 1);
	ck_assert_str_eq(challenger(&w, "owl"), "bee");
	bee->is_ready = false;
	ck_assert_str_eq(challenger(&w, "owl"), "nobody");
	bee->is_ready = true;
	bee->barred_ms = w.runs[1].finished_at_ms; /* rolled back on these runs */
	ck_assert_str_eq(challenger(&w, "owl"), "nobody");
	run(&w, "bee", 1, 80, 1); /* a new one */
	ck_assert_str_eq(challenger(&w, "owl"), "bee");
	ck_assert_str_eq(challenger(&w, "bee"), "nobody");
}
END_TEST

START_TEST(test_the_first)
{
	_cleanup_(world_done) struct world w = { 0 };

	ck_assert_str_eq(challenger(&w, NULL), "nobody");
	enter(&w, "owl");
	enter(&w, "bee");
	enter(&w, "cat");
	enter(&w, "dog");
	run(&w, "owl", 1, 0, 0); /* who fails everything is nobody's champion */
	ck_assert_str_eq(challenger(&w, NULL), "nobody");
	run(&w, "dog", 1, 80, 3);
	ck_assert_str_eq(challenger(&w, NULL), "dog");
	run(&w, "cat", 1, 79, 3); /* as good, and submitted earlier */
	ck_assert_str_eq(challenger(&w, NULL), "cat");
	run(&w, "bee", 1, 50, 3); /* earlier still, but clearly worse */
	ck_assert_str_eq(challenger(&w, NULL), "cat");
	/* The same for those who beat an incumbent. */
	ck_assert_str_eq(challenger(&w, "bee"), "cat");
}
END_TEST

START_TEST(test_leaders)
{
	_cleanup_(world_done) struct world w = { 0 };
	struct lead_run *r;

	enter(&w, "owl");
	enter(&w, "bee");
	enter(&w, "cat");
	run(&w, "owl", 1, 90, 1)->score[LEAD_SPEED].value = 50;
	r = run(&w, "bee", 1, 72, 1); /* 80 % of 90 */
	r->score[LEAD_SPEED].value = 70;
	r->score[LEAD_COST].value = 10;
	r = run(&w, "cat", 1, 71, 1); /* fast, but not good enough */
	r->score[LEAD_SPEED].value = 99;
	ck_assert_str_eq(leader(&w, "cpt_owl", LEAD_SPEED), "bee");
	ck_assert_str_eq(leader(&w, NULL, LEAD_SPEED), "bee");
	ck_assert_str_eq(leader(&w, "cpt_owl", LEAD_COST), "owl");
	ck_assert_str_eq(leader(&w, "cpt_cat", LEAD_SPEED), "cat"); /* good enough for that one */
	w.entrants[1].is_ready = false;
	ck_assert_str_eq(leader(&w, "cpt_owl", LEAD_SPEED), "owl");
	w.runs[1].score[LEAD_SPEED].value = 50;
	w.entrants[1].is_ready = true;
	ck_assert_str_eq(leader(&w, "cpt_owl", LEAD_SPEED), "owl"); /* a tie: the earlier */
	w.runs[0].score[LEAD_SPEED].has = w.runs[1].score[LEAD_SPEED].has = false;
	ck_assert_str_eq(leader(&w, "cpt_owl", LEAD_SPEED), "nobody");
}
END_TEST

/* ---- any runs ---- */

#define ROUNDS 4000

static double
some(double below)
{
	return (double)(rand() % 1000) / 1000 * below;
}

static void
make_world(struct world *w)
{
	static const char *const slugs[] = { "owl", "bee", "cat", "dog", "elk", "fox", "gnu",
		"hen" };
	const size_t n = (size_t)(rand() % 8) + 1;

	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < n; i++) {
		struct lead_entrant *e = enter(w, slugs[i]);

		e->is_ready = rand() % 5 != 0;
		e->submitted_at_ms = rand() % 4; /* often the same */
		e->barred_ms = rand() % 6 == 0 ? 100010 : 0;
	}
	for (int i = rand() % 24; i > 0; i--) {
		struct lead_run *r = run(w, slugs[rand() % 8], rand() % 3, 0, 0);
		const double value = (double)(rand() % 12) + 50, half = some(3);

		r->finished_at_ms = 100000 + rand() % 20;
		r->is_whole = rand() % 8 != 0;
		for (int d = 0; d < LEAD_DIMENSION_COUNT; d++)
			r->score[d] = (struct lead_score){ value, value - half, value + some(3),
				d == 0 || rand() % 9 != 0 };
	}
}

static void
shuffle(struct world *w)
{
	for (size_t i = w->nruns; i > 1; i--) {
		const size_t k = (size_t)rand() % i;
		const struct lead_run r = w->runs[i - 1];

		w->runs[i - 1] = w->runs[k];
		w->runs[k] = r;
	}
	for (size_t i = w->nentrants; i > 1; i--) {
		const size_t k = (size_t)rand() % i;
		const struct lead_entrant e = w->entrants[i - 1];

		w->entrants[i - 1] = w->entrants[k];
		w->entrants[k] = e;
	}
}

static void
same_boards(const struct lead_board *a, const struct lead_board *b)
{
	ck_assert_uint_eq(a->len, b->len);
	ck_assert_str_eq(a->suite_digest, b->suite_digest);
	for (size_t i = 0; i < a->len; i++) {
		ck_assert_str_eq(a->rows[i].of->id, b->rows[i].of->id);
		ck_assert_uint_eq(a->rows[i].nruns, b->rows[i].nruns);
		ck_assert_str_eq(a->rows[i].runs[0]->id, b->rows[i].runs[0]->id);
		/* bit by bit */
		ck_assert_mem_eq(a->rows[i].score, b->rows[i].score, sizeof(a->rows[i].score));
		ck_assert_uint_eq(a->rows[i].rank_low, b->rows[i].rank_low);
		ck_assert_uint_eq(a->rows[i].rank_high, b->rows[i].rank_high);
	}
}

static void
ordered(const struct lead_board *b)
{
	for (size_t i = 0; i < b->len; i++) {
		const struct lead_row *row = &b->rows[i];

		ck_assert(row->rank_low <= i + 1 && i + 1 <= row->rank_high);
		ck_assert_uint_le(row->rank_high, b->len);
		ck_assert(row->nruns > 0 && row->nruns <= LEAD_POOL && row->nruns <= row->nall);
		if (i > 0)
			ck_assert(b->rows[i - 1].score[0].value > row->score[0].value ||
			    (b->rows[i - 1].score[0].value == row->score[0].value &&
				b->rows[i - 1].of->submitted_at_ms <= row->of->submitted_at_ms));
	}
}

/* Whatever the incumbent: who replaces it may, beats it, and is beaten by no other that does. */
static void
fair(const struct lead_board *b, const char *incumbent)
{
	const struct lead_row *now = incumbent != NULL ? lead_board_find(b, incumbent) : NULL;
	const struct lead_row *next = lead_challenger(b, &rules, incumbent);

	if (incumbent != NULL && now == NULL)
		ck_assert_ptr_null(next);
	if (next == NULL)
		return;
	ck_assert(next->of->is_ready);
	ck_assert_int_gt(next->runs[0]->finished_at_ms, next->of->barred_ms);
	if (now != NULL) {
		const struct lead_difference d = lead_difference(next, now);

		ck_assert(d.value >= rules.margin && d.is_significant);
		ck_assert_ptr_ne(next, now);
		/* Never back and forth on the same runs. */
		ck_assert(!lead_beats(&rules, now, next));
	}
	const struct lead_row *top = NULL;
	for (size_t i = 0; i < b->len; i++) {
		const struct lead_row *other = &b->rows[i];

		if (other == now || !other->of->is_ready ||
		    other->runs[0]->finished_at_ms <= other->of->barred_ms ||
		    (now != NULL && !lead_beats(&rules, other, now)))
			continue;
		if (top == NULL && (other->score[LEAD_COMPOSITE].value > 0))
			top = other;
		/* Who is as good as the best and was earlier goes before. */
		if (other->of->submitted_at_ms < next->of->submitted_at_ms)
			ck_assert(lead_beats(&rules, top, other));
		ck_assert(!lead_beats(&rules, top, next));
	}
}

START_TEST(test_any_runs)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w)), *mixed = malloc(sizeof(*w));
	int promoted = 0;

	srand(11);
	for (int round = 0; round < ROUNDS; round++) {
		make_world(w);
		*mixed = *w;
		shuffle(mixed);
		same_boards(board(w), board(mixed));
		ordered(&w->board);
		fair(&w->board, NULL);
		for (size_t i = 0; i < w->nentrants; i++) {
			const char *id = w->entrants[i].id;
			const struct lead_row *a = lead_challenger(&w->board, &rules, id),
					      *b = lead_challenger(&mixed->board, &rules, id);

			ck_assert_int_eq(a == NULL, b == NULL);
			if (a != NULL)
				ck_assert_str_eq(a->of->id, b->of->id);
			promoted += a != NULL;
			fair(&w->board, id);
		}
		world_done(w);
		world_done(mixed);
	}
	ck_assert_int_gt(promoted, 1000);
}
END_TEST

/* ---- reports ---- */

#define REPORT(scores)                                                                     \
	"{\"suite\":\"public/"                                                             \
	"dev\",\"is_whole\":true,\"items\":{\"expected\":90,\"counted\":88,\"passed\":80," \
	"\"failed\":8,"                                                                    \
	"\"excluded\":2},\"cost_from\":\"metered\",\"scores\":{" scores "}}"

static const struct report {
	const char *text;
	bool fine;
} reports[] = {
	{ REPORT("\"composite\":{\"value\":71.5,\"low\":69,\"high\":73.25},\"modality\":null"),
	    true },
	{ REPORT("\"composite\":{\"value\":0,\"low\":0,\"high\":0}"), true },
	{ REPORT("\"composite\":{\"value\":71.5,\"low\":73,\"high\":72}"), false },
	{ REPORT("\"composite\":{\"value\":71.5,\"low\":72,\"high\":73}"), true },
	{ REPORT("\"composite\":{\"value\":100.00000000000001,\"low\":99,\"high\":100}"), true },
	{ REPORT("\"composite\":{\"value\":101,\"low\":99,\"high\":102}"), false },
	{ REPORT("\"composite\":{\"value\":\"99\"}"), false },
	{ REPORT("\"composite\":null"), false },
	{ REPORT("\"composite\":{\"value\":50},\"speed\":{\"value\":-1}"), false },
	{ "{\"scores\":{\"composite\":{\"value\":50}}}", true }, /* an interval of no width */
	{ "{\"scores\":[]}", false },
	{ "[]", false },
	{ "", false },
};

START_TEST(test_reports)
{
	const struct report *r = &reports[_i];
	struct lead_run out = { .expected = -7 };
	struct error err = { 0 };
	const int rc = lead_run_parse(r->text, strlen(r->text), &out, &err);

	ck_assert_msg(rc == (r->fine ? 0 : -1), "%s: %s", r->text, err.text);
	if (!r->fine) {
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_int_eq(out.expected, -7);
	}
	if (r->fine) {
		const struct lead_score *s = &out.score[LEAD_COMPOSITE];

		ck_assert(s->low >= 0 && s->low <= s->value && s->value <= s->high);
		ck_assert(s->high <= 100);
	}
	if (_i != 0)
		return;
	ck_assert(out.is_whole && out.score[LEAD_COMPOSITE].has && !out.score[LEAD_MODALITY].has);
	ck_assert_double_eq(out.score[LEAD_COMPOSITE].high, 73.25);
	ck_assert_int_eq(out.excluded, 2);
	ck_assert_str_eq(out.cost_from, "metered");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lead");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_ranks);
	tcase_add_test(tc, test_which_runs_count);
	tcase_add_loop_test(tc, test_rule, 0, ARRAY_LEN(lines));
	tcase_add_test(tc, test_example);
	tcase_add_test(tc, test_who_may);
	tcase_add_test(tc, test_the_first);
	tcase_add_test(tc, test_leaders);
	tcase_add_test(tc, test_any_runs);
	tcase_add_loop_test(tc, test_reports, 0, ARRAY_LEN(reports));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

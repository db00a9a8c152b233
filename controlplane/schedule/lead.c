/*
 * lead.c - ranks, differences, and the rule.
 */
#include "controlplane/schedule/lead.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"

static const char *const dimension_names[] = {
#define X(name, word) word,
	LEAD_DIMENSIONS(X)
#undef X
};

const char *
lead_dimension_name(enum lead_dimension d)
{
	return dimension_names[d];
}

/* ---- which runs count ---- */

static bool
counts(const struct lead_run *r)
{
	return r->is_whole && !r->is_void && r->score[LEAD_COMPOSITE].has;
}

static const struct lead_entrant *
entrant_of(const struct lead_entrant *all, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].id, id) == 0)
			return &all[i];
	return NULL;
}

/* Is a newer than b?  Of two that ended at the same time one is, always the same. */
static bool
newer(const struct lead_run *a, const struct lead_run *b)
{
	if (a->finished_at_ms != b->finished_at_ms)
		return a->finished_at_ms > b->finished_at_ms;
	return strcmp(a->id, b->id) > 0;
}

/* Competitor by competitor, the newest version first, and of it the newest run. */
static int
by_version(const void *left, const void *right)
{
	const struct lead_run *a = *(const struct lead_run *const *)left;
	const struct lead_run *b = *(const struct lead_run *const *)right;
	int order = strcmp(a->competitor, b->competitor);

	if (order == 0 && a->version_at_ms != b->version_at_ms)
		return a->version_at_ms > b->version_at_ms ? -1 : 1;
	if (order == 0)
		order = strcmp(b->version, a->version);
	if (order != 0)
		return order;
	return newer(a, b) ? -1 : newer(b, a);
}

/* ---- a row ---- */

static void
add_scores(struct lead_row *row)
{
	for (int d = 0; d < LEAD_DIMENSION_COUNT; d++) {
		struct lead_score *sum = &row->score[d];
		double n = 0;

		for (size_t i = 0; i < row->nruns; i++) {
			const struct lead_score *s = &row->runs[i]->score[d];

			if (!s->has)
				continue;
			sum->value += s->value;
			sum->low += s->low;
			sum->high += s->high;
			n++;
		}
		sum->has = n > 0;
		if (sum->has) {
			sum->value /= n;
			sum->low /= n;
			sum->high /= n;
		}
	}
}

/* The runs of one version, newest first. */
static void
fill_row(struct lead_row *row, const struct lead_run *const *runs, size_t n)
{
	row->nall = n;
	for (size_t i = 0; i < n && i < LEAD_POOL; i++) {
		row->runs[row->nruns++] = runs[i];
		row->expected += runs[i]->expected;
		row->passed += runs[i]->passed;
		row->failed += runs[i]->failed;
		row->excluded += runs[i]->excluded;
	}
	add_scores(row);
}

static bool
earlier(const struct lead_entrant *a, const struct lead_entrant *b)
{
	if (a->submitted_at_ms != b->submitted_at_ms)
		return a->submitted_at_ms < b->submitted_at_ms;
	return strcmp(a->id, b->id) < 0;
}

/* The better one first; of equals the earlier. */
static int
by_rank(const void *left, const void *right)
{
	const struct lead_row *a = left, *b = right;
	const double x = a->score[LEAD_COMPOSITE].value, y = b->score[LEAD_COMPOSITE].value;

	if (x != y)
		return x > y ? -1 : 1;
	return earlier(a->of, b->of) ? -1 : earlier(b->of, a->of);
}

static void
rank_rows(struct lead_board *board)
{
	for (size_t i = 0; i < board->len; i++) {
		const struct lead_score *mine = &board->rows[i].score[LEAD_COMPOSITE];
		size_t above = 0, below = 0;

		for (size_t k = 0; k < board->len; k++) {
			const struct lead_score *other = &board->rows[k].score[LEAD_COMPOSITE];

			above += other->low > mine->high;
			below += other->high < mine->low;
		}
		board->rows[i].rank_low = above + 1;
		board->rows[i].rank_high = board->len - below;
	}
}

void
lead_board_make(const struct lead_entrant *entrants, size_t nentrants, const struct lead_run *runs,
    size_t nruns, struct lead_board *out)
{
	const struct lead_run **kept = mem_zalloc((nruns + 1) * sizeof(*kept)), *newest = NULL;
	size_t n = 0, from, to;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < nruns; i++)
		if (counts(&runs[i]) &&
		    entrant_of(entrants, nentrants, runs[i].competitor) != NULL &&
		    (newest == NULL || newer(&runs[i], newest)))
			newest = &runs[i];
	for (size_t i = 0; newest != NULL && i < nruns; i++)
		if (counts(&runs[i]) && strcmp(runs[i].suite_digest, newest->suite_digest) == 0 &&
		    strcmp(runs[i].scoring, newest->scoring) == 0)
			kept[n++] = &runs[i];
	if (newest != NULL) {
		str_copy(out->suite_digest, sizeof(out->suite_digest), newest->suite_digest);
		str_copy(out->scoring, sizeof(out->scoring), newest->scoring);
		qsort(kept, n, sizeof(const struct lead_run *), by_version);
	}
	out->rows = mem_zalloc((nentrants + 1) * sizeof(*out->rows));
	for (from = 0; from < n; from = to) {
		const struct lead_entrant *of =
		    entrant_of(entrants, nentrants, kept[from]->competitor);
		size_t same = 0;

		for (to = from; to < n && strcmp(kept[to]->competitor, kept[from]->competitor) == 0;
		     to++)
			same += strcmp(kept[to]->version, kept[from]->version) == 0;
		if (of == NULL)
			continue;
		out->rows[out->len].of = of;
		fill_row(&out->rows[out->len++], kept + from, same);
	}
	free(kept);
	if (out->len > 0)
		qsort(out->rows, out->len, sizeof(*out->rows), by_rank);
	rank_rows(out);
}

void
lead_board_done(struct lead_board *board)
{
	free(board->rows);
	memset(board, 0, sizeof(*board));
}

const struct lead_row *
lead_board_find(const struct lead_board *board, const char *competitor)
{
	for (size_t i = 0; i < board->len; i++)
		if (strcmp(board->rows[i].of->id, competitor) == 0)
			return &board->rows[i];
	return NULL;
}

/* ---- the rule ---- */

/* sqrt is exact to the last bit wherever doubles are IEEE 754; what is decided does without. */
struct lead_difference
lead_difference(const struct lead_row *a, const struct lead_row *b)
{
	const struct lead_score *x = &a->score[LEAD_COMPOSITE], *y = &b->score[LEAD_COMPOSITE];
	const double down =
	    (x->value - x->low) * (x->value - x->low) + (y->high - y->value) * (y->high - y->value);
	const double up =
	    (x->high - x->value) * (x->high - x->value) + (y->value - y->low) * (y->value - y->low);
	const double d = x->value - y->value;

	return (struct lead_difference){
		.value = d,
		.low = d - sqrt(down),
		.high = d + sqrt(up),
		.is_significant = d > 0 ? d * d > down : d * d > up,
	};
}

bool
lead_beats(const struct lead_rules *rules, const struct lead_row *a, const struct lead_row *b)
{
	const struct lead_difference d = lead_difference(a, b);

	return d.value > 0 && d.value >= rules->margin && d.is_significant;
}

/* May it be promoted at all?  Somebody who fails everything is nobody's champion. */
static bool
may_lead(const struct lead_row *row)
{
	return row->of->is_ready && row->score[LEAD_COMPOSITE].value > 0 &&
	    row->runs[0]->finished_at_ms > row->of->barred_ms;
}

const struct lead_row *
lead_challenger(
    const struct lead_board *board, const struct lead_rules *rules, const char *incumbent)
{
	const struct lead_row *now = incumbent != NULL ? lead_board_find(board, incumbent) : NULL;
	const struct lead_row *top = NULL, *first = NULL;

	if (incumbent != NULL && now == NULL)
		return NULL;
	for (size_t i = 0; i < board->len; i++) {
		const struct lead_row *row = &board->rows[i];

		if (row == now || !may_lead(row) || (now != NULL && !lead_beats(rules, row, now)))
			continue;
		if (top == NULL) /* rows are in order */
			top = row;
		/* Whom the best does not beat has tied with it: the earlier of them. */
		if (!lead_beats(rules, top, row) && (first == NULL || earlier(row->of, first->of)))
			first = row;
	}
	return first;
}

const struct lead_row *
lead_leader(const struct lead_board *board, const struct lead_rules *rules, const char *champion,
    enum lead_dimension d)
{
	const struct lead_row *now = champion != NULL ? lead_board_find(board, champion) : NULL;
	const struct lead_row *best = NULL;
	double quality = now != NULL ? now->score[LEAD_QUALITY].value : 0;

	for (size_t i = 0; now == NULL && i < board->len; i++)
		if (board->rows[i].of->is_ready &&
		    board->rows[i].score[LEAD_QUALITY].value > quality)
			quality = board->rows[i].score[LEAD_QUALITY].value;
	for (size_t i = 0; i < board->len; i++) {
		const struct lead_row *row = &board->rows[i];

		if (!row->of->is_ready || !row->score[d].has ||
		    row->score[LEAD_COMPOSITE].value <= 0 ||
		    row->score[LEAD_QUALITY].value * 100 < quality * rules->quality_percent)
			continue;
		if (best == NULL || row->score[d].value > best->score[d].value ||
		    (row->score[d].value == best->score[d].value && earlier(row->of, best->of)))
			best = row;
	}
	return best;
}

/*
 * composite.c - items to the numbers of a run, and how far these would move with other items.
 *
 * Everything is summed in one order, that of the ids, so the order in which results come does not
 * matter to the last bit.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/record/resample.h"
#include "bench/score/score.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

enum { COMPOSITE = SCORE_DIMENSION_COUNT, VALUES };

struct tallied { /* one item */
	double weight;
	double score[SCORE_DIMENSION_COUNT]; /* mean of its epochs */
	bool has[SCORE_DIMENSION_COUNT];
};

struct means { /* of a set of items; has: the set has items of it */
	double value[VALUES];
	bool has[VALUES];
};

static int
by_item(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	const int order = strcmp(x->item->id, y->item->id);

	if (order != 0)
		return order;
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		if (x->result->has[d] != y->result->has[d])
			return x->result->has[d] ? 1 : -1;
		if (x->result->score[d] != y->result->score[d])
			return x->result->score[d] > y->result->score[d] ? 1 : -1;
	}
	return 0;
}

static struct tallied
tally(const struct scored *s, size_t n)
{
	struct tallied t = { .weight = s->item->weight };

	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		double sum = 0;
		size_t k = 0;

		for (size_t i = 0; i < n; i++)
			if (s[i].result->has[d]) {
				sum += s[i].result->score[d];
				k++;
			}
		t.has[d] = k > 0;
		t.score[d] = k > 0 ? sum / (double)k : 0;
	}
	return t;
}

/* at: which items, in that order; NULL: all of them. */
static struct means
means_of(const struct tallied *items, size_t n, const size_t *at, const double *weights)
{
	double sum[SCORE_DIMENSION_COUNT] = { 0 }, weight[SCORE_DIMENSION_COUNT] = { 0 }, used = 0;
	struct means out = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct tallied *t = &items[at != NULL ? at[i] : i];

		for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
			if (t->has[d]) {
				sum[d] += t->weight * t->score[d];
				weight[d] += t->weight;
			}
	}
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		out.has[d] = weight[d] > 0;
		if (!out.has[d])
			continue;
		out.value[d] = sum[d] / weight[d];
		out.value[COMPOSITE] += weights[d] * out.value[d];
		used += weights[d];
	}
	out.has[COMPOSITE] = used > 0;
	if (used > 0)
		out.value[COMPOSITE] /= used;
	return out;
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The middle 95 of 100 of the values, widened to hold the value itself. */
static void
set_interval(struct interval *out, double value, double *values, size_t n)
{
	out->value = out->low = out->high = value;
	if (n == 0)
		return;
	qsort(values, n, sizeof(*values), by_value);
	const double low = values[(n - 1) * 25 / 1000], high = values[n - 1 - (n - 1) * 25 / 1000];
	out->low = low < value ? low : value;
	out->high = high > value ? high : value;
}

static void
bootstrap(const struct tallied *items, size_t n, const struct scoring *scoring, uint64_t seed,
    const struct means *all, struct composite *out)
{
	const size_t samples = (size_t)scoring->samples;
	_cleanup_free_ double *values = mem_zalloc(samples * VALUES * sizeof(*values));
	_cleanup_free_ size_t *at = mem_zalloc(n * sizeof(*at));
	size_t got[VALUES] = { 0 };

	for (size_t s = 0; s < samples; s++) {
		for (size_t i = 0; i < n; i++)
			at[i] = (size_t)resample(&seed, n);
		const struct means m = means_of(items, n, at, scoring->weights);
		for (int d = 0; d < VALUES; d++)
			if (m.has[d])
				values[(size_t)d * samples + got[d]++] = m.value[d];
	}
	for (int d = 0; d < VALUES; d++)
		set_interval(d == COMPOSITE ? &out->composite : &out->dimension[d], all->value[d],
		    values + (size_t)d * samples, got[d]);
}

static void
count(const struct scored *s, size_t n, struct composite *out)
{
	for (size_t i = 0; i < n; i++) {
		out->excluded += !s[i].result->counts;
		out->counted += s[i].result->counts;
		out->passed += s[i].result->counts && s[i].result->passed;
		out->failed += s[i].result->counts && !s[i].result->passed;
	}
}

/* Those that count, sorted, and grouped by item; how many items. */
static size_t
gather(const struct scored *s, size_t n, struct tallied *out)
{
	_cleanup_free_ struct scored *sorted = mem_zalloc((n + 1) * sizeof(*sorted));
	size_t counted = 0, items = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].result->counts)
			sorted[counted++] = s[i];
	qsort(sorted, counted, sizeof(*sorted), by_item);
	for (size_t from = 0; from < counted;) {
		size_t to = from + 1;

		while (to < counted && strcmp(sorted[to].item->id, sorted[from].item->id) == 0)
			to++;
		out[items++] = tally(sorted + from, to - from);
		from = to;
	}
	return items;
}

void
composite_of(const struct scored *s, size_t n, const struct scoring *scoring, uint64_t seed,
    struct composite *out)
{
	_cleanup_free_ struct tallied *items = mem_zalloc((n + 1) * sizeof(*items));
	double used = 0;

	*out = (struct composite){ 0 };
	count(s, n, out);
	const size_t len = gather(s, n, items);
	if (len == 0)
		return;
	const struct means all = means_of(items, len, NULL, scoring->weights);
	bootstrap(items, len, scoring, seed, &all, out);
	out->composite.n = len;
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		for (size_t i = 0; i < len; i++)
			out->dimension[d].n += items[i].has[d];
		used += all.has[d] ? scoring->weights[d] : 0;
	}
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		out->weights[d] = all.has[d] && used > 0 ? scoring->weights[d] / used : 0;
}

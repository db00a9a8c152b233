/*
 * plan.c - a sample, its epochs, shuffled.
 */
#include "bench/plan.h"

#include <stdlib.h>
#include <string.h>

#include "bench/record/resample.h"
#include "bench/record/suite.h"
#include "runtime/base/str.h"

/* Another stream than the sample's and the bootstrap's, which have the seed itself. */
#define ORDER_STREAM UINT64_C(0x6f72646572)

static void
shuffle(struct planned *at, size_t len, uint64_t seed)
{
	uint64_t state = seed ^ ORDER_STREAM;

	for (size_t i = len; i > 1; i--) {
		const size_t j = (size_t)resample(&state, i);
		const struct planned swapped = at[i - 1];

		at[i - 1] = at[j];
		at[j] = swapped;
	}
}

void
plan_make(const struct suite *suite, uint64_t seed, int percent, int epochs, struct plan *out)
{
	size_t n;
	size_t *sample = suite_sample(suite, seed, percent, &n);
	struct plan p = { .nitems = n, .whole = n == suite->len };

	p.items = mem_zalloc((n + 1) * sizeof(const struct item *));
	p.at = mem_zalloc((n * (size_t)epochs + 1) * sizeof(*p.at));
	for (size_t i = 0; i < n; i++)
		p.items[i] = &suite->items[sample[i]];
	/* All items once before any is asked again. */
	for (int e = 0; e < epochs; e++) {
		struct planned *const first = p.at + p.len;

		for (size_t i = 0; i < n; i++)
			p.at[p.len++] = (struct planned){ .item = p.items[i], .epoch = e };
		shuffle(first, n, seed + (uint64_t)e);
	}
	free(sample);
	*out = p;
}

void
plan_done(struct plan *p)
{
	free(p->at);
	free(p->items);
	*p = (struct plan){ 0 };
}

struct planned *
plan_next(struct plan *p, int64_t now_ms, int64_t *wait_ms)
{
	*wait_ms = -1;
	for (size_t i = 0; i < p->len; i++) {
		struct planned *at = &p->at[i];

		if (at->state != PLANNED_WAITING)
			continue;
		if (at->not_before_ms <= now_ms)
			return at;
		if (*wait_ms < 0 || at->not_before_ms - now_ms < *wait_ms)
			*wait_ms = at->not_before_ms - now_ms;
	}
	return NULL;
}

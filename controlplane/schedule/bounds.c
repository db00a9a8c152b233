/*
 * bounds.c - shares of failures and the 95th percentile, now and before.
 */
#include "controlplane/schedule/bounds.h"

#include <stdlib.h>

static const char *const verdict_names[] = {
#define X(name, word) word,
	BOUNDS_VERDICTS(X)
#undef X
};

const char *
bounds_verdict_name(enum bounds_verdict v)
{
	return verdict_names[v];
}

void
bounds_add(struct bounds_window *w, bool bad, int64_t ttft_ms)
{
	w->bad[w->next] = bad;
	w->ttft_ms[w->next] =
	    ttft_ms < 0 ? -1 : (int32_t)(ttft_ms < INT32_MAX ? ttft_ms : INT32_MAX);
	w->next = (w->next + 1) % BOUNDS_WINDOW;
	w->len += w->len < BOUNDS_WINDOW;
	w->total++;
}

static int
by_time(const void *left, const void *right)
{
	const int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

	return (a > b) - (a < b);
}

struct bounds_sum
bounds_sum(const struct bounds_window *w)
{
	struct bounds_sum sum = { .chats = (int64_t)w->len };
	int32_t times[BOUNDS_WINDOW];
	size_t n = 0;

	for (size_t i = 0; i < w->len; i++) {
		sum.bad += w->bad[i];
		if (w->ttft_ms[i] >= 0)
			times[n++] = w->ttft_ms[i];
	}
	sum.timed = (int64_t)n;
	if (n > 0) {
		qsort(times, n, sizeof(*times), by_time);
		sum.ttft_p95_ms = times[(n * 95 + 99) / 100 - 1]; /* nearest rank */
	}
	return sum;
}

static bool
too_many_failures(const struct bounds_rules *r, const struct bounds_sum *now,
    const struct bounds_sum *before, bool at_end)
{
	const int64_t chats = before->chats > 0 ? before->chats : 1;
	const int64_t bad = before->chats > 0 ? before->bad : 0;

	if (at_end && now->bad * 2 >= now->chats && now->bad * chats > bad * now->chats)
		return true;
	return now->bad >= BOUNDS_BAD_LEAST &&
	    now->bad * 100 * chats >= (bad * 100 + r->error_points * chats) * now->chats;
}

static bool
too_slow(
    const struct bounds_rules *r, const struct bounds_sum *now, const struct bounds_sum *before)
{
	return now->timed >= BOUNDS_TIMED_LEAST && before->timed >= BOUNDS_TIMED_LEAST &&
	    now->ttft_p95_ms * 100 > before->ttft_p95_ms * r->ttft_percent &&
	    now->ttft_p95_ms > before->ttft_p95_ms + BOUNDS_SLOWER_LEAST_MS;
}

enum bounds_verdict
bounds_judge(const struct bounds_rules *r, const struct bounds_sum *now,
    const struct bounds_sum *before, bool at_end)
{
	return too_many_failures(r, now, before, at_end && now->chats > 0) ? BOUNDS_ERRORS
	    : too_slow(r, now, before)                                     ? BOUNDS_LATENCY
									   : BOUNDS_FINE;
}

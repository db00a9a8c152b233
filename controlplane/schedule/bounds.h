/*
 * bounds.h - do live chats say that a champion, or who is to become one, must go?
 *
 * Pure.  A window keeps the last chats of one competitor; errors and the time to the first content
 * are compared with those of whoever answered before it.
 */
#ifndef JANUS_SCHEDULE_BOUNDS_H
#define JANUS_SCHEDULE_BOUNDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOUNDS_WINDOW 64

struct bounds_window { /* zero-initialised */
	bool bad[BOUNDS_WINDOW];
	int32_t ttft_ms[BOUNDS_WINDOW]; /* -1: no content came */
	size_t next, len;
	int64_t total; /* since it was emptied */
};
/** bounds_add - a chat that says something: it was answered, or failed by its competitor's fault. */
void bounds_add(struct bounds_window *, bool bad, int64_t ttft_ms);

struct bounds_sum { /* of the chats in a window */
	int64_t chats, bad;
	int64_t timed,
	    ttft_p95_ms; /* those that have a time, and the time that 95 % of them keep */
};
struct bounds_sum bounds_sum(const struct bounds_window *);

#define BOUNDS_BAD_LEAST 3 /* failures before a share means anything */
#define BOUNDS_TIMED_LEAST 10 /* the same of times, on both sides */
#define BOUNDS_SLOWER_LEAST_MS 250 /* less than that is nobody's trouble */

struct bounds_rules {
	int64_t error_points; /* percent points of failures above those before */
	int64_t ttft_percent; /* of the P95 before */
};

#define BOUNDS_VERDICTS(X)       \
	X(FINE, "fine")          \
	X(ERRORS, "live_errors") \
	X(LATENCY, "live_latency")

enum bounds_verdict {
#define X(name, word) BOUNDS_##name,
	BOUNDS_VERDICTS(X)
#undef X
};
const char *bounds_verdict_name(enum bounds_verdict);
/** bounds_judge - now against before; at_end: nothing more will be seen, so that few chats, half of
 *  them failures, are enough. */
enum bounds_verdict bounds_judge(const struct bounds_rules *, const struct bounds_sum *now,
    const struct bounds_sum *before, bool at_end);
#endif

/*
 * breaker.h - is a competitor that keeps failing to be left alone for a while?
 *
 * Pure: results and a clock in, a verdict out.  Closed, chats go there and their results count:
 * so many failures in a row, or too large a share of them in a window, open it.  Open, nobody
 * goes there until a back-off has passed; then one chat is let through as a probe (half-open),
 * and its result closes or opens it again, for twice as long.  What began before a change of
 * state says nothing about after it: results carry the round they began in.
 */
#ifndef JANUS_REGISTRY_BREAKER_H
#define JANUS_REGISTRY_BREAKER_H
#include <stdbool.h>
#include <stdint.h>

#define BREAKER_SLICES 10

/* NAME, word; the numbers are those of janus_breaker_state. */
#define BREAKER_STATES(X)         \
	X(CLOSED, "closed")       \
	X(HALF_OPEN, "half_open") \
	X(OPEN, "open")

enum breaker_state {
#define X(name, word) BREAKER_##name,
	BREAKER_STATES(X)
#undef X
};

enum breaker_result {
	BREAKER_NEUTRAL, /* says nothing: the client's fault, or it left */
	BREAKER_GOOD,
	BREAKER_BAD,
};

struct breaker_rules {
	int64_t failures; /* in a row that open it; 0: none do */
	int64_t ratio_percent; /* of the results in the window that open it; 0: none do */
	int64_t ratio_least; /* results before a share means anything */
	int64_t window_ms; /* at least BREAKER_SLICES */
	int64_t open_ms, open_max_ms; /* the first back-off, and the longest */
};

struct breaker { /* see breaker_init */
	enum breaker_state state;
	unsigned round; /* changes with each opening and closing */
	int64_t in_row; /* failures since the last good result */
	int openings; /* since it was last closed */
	int64_t until_ms; /* OPEN: no probe before that */
	int64_t counted_ms; /* when good results were last counted */
	struct breaker_slice {
		int64_t number; /* which slice of time */
		uint64_t good, bad;
	} slices[BREAKER_SLICES];
};

struct breaker_pass { /* what an attempt holds from breaker_enter to breaker_report */
	unsigned round;
	bool probe;
};

void breaker_init(struct breaker *, int64_t now_ms);
/** breaker_admits - would breaker_enter let one through now? */
bool breaker_admits(const struct breaker *, int64_t now_ms);
/** breaker_enter - may an attempt go there?  It may be the probe: then the state is HALF_OPEN. */
bool breaker_enter(struct breaker *, int64_t now_ms, struct breaker_pass *);
/** breaker_good - n good results of attempts that were no probes came since the last call. */
void breaker_good(struct breaker *, const struct breaker_rules *, uint64_t n, int64_t now_ms);
/**
 * breaker_report - how an attempt that was let through ended; once for each.
 *
 * retry_ms: how long the competitor asked to be left alone, 0 if it did not; it is the back-off
 * if this opens the breaker, within open_max_ms.  Returns whether the state changed.
 */
bool breaker_report(struct breaker *, const struct breaker_rules *, const struct breaker_pass *,
    enum breaker_result, int64_t retry_ms, int64_t now_ms);
const char *breaker_state_name(enum breaker_state);
#endif

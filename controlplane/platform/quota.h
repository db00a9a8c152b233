/*
 * quota.h - what may be spent: amounts held before a call and settled after it, and rates.
 *
 * Pure: no clock, no I/O.  Whoever is about to spend holds the most that the call may take; that
 * must fit every meter it is charged to.  Afterwards the hold is given back and what was really
 * used is added.  So a limit is never passed by more than calls use beyond what they held.
 */
#ifndef JANUS_PLATFORM_QUOTA_H
#define JANUS_PLATFORM_QUOTA_H
#include <stdbool.h>
#include <stdint.h>

/* NAME, word in settings and answers, unit inside */
#define QUOTA_KINDS(X)                      \
	X(REQUESTS, "requests")             \
	X(TOKENS, "tokens")                 \
	X(COST, "cost_usd") /* micro-USD */ \
	X(BYTES, "bytes")                   \
	X(SANDBOX, "sandbox_seconds") /* milliseconds */

enum quota_kind {
#define X(name, text) QUOTA_##name,
	QUOTA_KINDS(X)
#undef X
	    QUOTA_COUNT
};
#define QUOTA_UNLIMITED INT64_MAX

struct quota_amounts {
	int64_t of[QUOTA_COUNT];
};
struct quota_meter {
	struct quota_amounts spent, held;
};

/** quota_kind_word - as in settings. */
const char *quota_kind_word(enum quota_kind);
/** quota_kind_scale - how many inner units one told unit is: 1000000 micro-USD, 1000 ms, or 1. */
int64_t quota_kind_scale(enum quota_kind);

/** quota_fits - may `wanted` be held too?  If not, *which is the first kind that does not fit. */
bool quota_fits(const struct quota_meter *, const struct quota_amounts *limits,
    const struct quota_amounts *wanted, enum quota_kind *which);
/** quota_hold - hold it; amounts are never negative, and stop at the largest number. */
void quota_hold(struct quota_meter *, const struct quota_amounts *);
/** quota_settle - give back what was held, add what was used. */
void quota_settle(
    struct quota_meter *, const struct quota_amounts *held, const struct quota_amounts *used);
/** quota_left - what may still be held of a kind; QUOTA_UNLIMITED without a limit. */
int64_t quota_left(const struct quota_meter *, const struct quota_amounts *limits, enum quota_kind);

/* So many a minute: a bucket that holds a minute's worth and fills evenly. Zero-initialised: full. */
struct quota_rate {
	int64_t taken_ms; /* the bucket is `60000 - taken_ms` full, in time */
	int64_t at_ms;
};
/** quota_rate_take - take one of per_minute (0: no limit) at now_ms (monotonic); false: none is
 *  there for *wait_ms. */
bool quota_rate_take(struct quota_rate *, int64_t per_minute, int64_t now_ms, int64_t *wait_ms);
#endif

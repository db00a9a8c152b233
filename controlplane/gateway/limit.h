/*
 * limit.h - may this key do one more, and what did it use?
 *
 * Pure: meter, limits and both clocks in, a verdict out.  A meter is shared by all loops; every
 * change is one atomic step, so that no interleaving admits more than the limit:
 *
 *   requests     at most so many in any 60 seconds, whatever the clock's edge
 *   concurrency  at most so many at once
 *   tokens       known only at the end: refused once the last 60 seconds reached the limit, so it is
 *                passed by no more than what runs at that moment uses
 *   day, month   a call reserves what the dearest call so far cost and settles what it did cost: passed by
 *                no more than one reservation, and what ended costing more than was known (limit_charge)
 */
#ifndef JANUS_GATEWAY_LIMIT_H
#define JANUS_GATEWAY_LIMIT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct key_limits;
struct key_meter;

enum limit_verdict {
	LIMIT_OK,
	LIMIT_REQUESTS,
	LIMIT_CONCURRENCY,
	LIMIT_TOKENS,
	LIMIT_DAY,
	LIMIT_MONTH,
};

struct limit_clock {
	int64_t mono_ms, wall_ms;
};

struct limit_hold { /* what one running request holds; zero-initialised */
	bool held;
	int64_t reserved_micro_usd;
	uint64_t day, month; /* the windows it was reserved in */
};

/** limit_take - one more request; hold is filled if the verdict is OK and must be settled once. */
enum limit_verdict limit_take(
    struct key_meter *, const struct key_limits *, struct limit_clock, struct limit_hold *);
/** limit_settle - the request is over; what it used counts, negative figures as nothing.  Without
 *  effect on a hold that is not held. */
void limit_settle(
    struct key_meter *, struct limit_clock, struct limit_hold *, int64_t tokens, int64_t micro_usd);

/** limit_charge - a call that was settled, and accepted at that time, cost so much beyond what it was settled
 *  for, so that all of it is micro_usd. */
void limit_charge(
    struct key_meter *, int64_t accepted_wall_ms, int64_t beyond_micro_usd, int64_t micro_usd);

/* What the database knows at start. */
void limit_restore_spent(struct key_meter *, int64_t wall_ms, int64_t day_micro_usd,
    int64_t month_micro_usd, int64_t dearest_micro_usd);
void limit_restore_request(struct key_meter *, struct limit_clock now, int64_t at_wall_ms,
    int64_t done_wall_ms, int64_t tokens);

struct limit_left {
	int64_t requests, tokens; /* -1: not limited */
	int64_t requests_reset_ms, tokens_reset_ms; /* until all of it is there again */
	int64_t budget_micro_usd; /* -1: not limited; what the hold reserved is counted as left */
};
void limit_left(struct key_meter *, const struct key_limits *, struct limit_clock,
    const struct limit_hold *, struct limit_left *out);
/** limit_retry_ms - when a request refused with that verdict may be tried again. */
int64_t limit_retry_ms(struct key_meter *, struct limit_clock, enum limit_verdict);
#endif

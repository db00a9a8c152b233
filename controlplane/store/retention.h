/*
 * retention.h - what was stored long ago goes, a little at a time.
 *
 * A sweep deletes at most RETENTION_AT_ONCE rows of a table in the transaction of a batch like others,
 * and comes again soon while there are more, else in an hour.  Events go from the oldest on without a
 * gap, and the newest stays: what is left is still a chain.  After the wall clock has jumped nothing is
 * deleted for a day: who set it wrong has that long to set it right.
 */
#ifndef JANUS_STORE_RETENTION_H
#define JANUS_STORE_RETENTION_H
#include <stdbool.h>
#include <stdint.h>

#include "runtime/loop/loop.h"
struct store;

#define RETENTION_AT_ONCE 1000

struct retention_clock {
	int64_t offset_ms; /* of the wall clock from the monotonic one, as last seen */
	int64_t quiet_until_ms; /* monotonic */
	bool seen;
};
/** retention_may - is the wall clock to be believed? Pure but for what it remembers. */
bool retention_may(struct retention_clock *, int64_t wall_ms, int64_t now_ms);

struct retention {
	struct store *store; /* NULL: it is closed */
	int64_t usage_ms, events_ms; /* 0: for ever */
	struct retention_clock clock;
	struct timer timer;
	bool sweeping;
	int last; /* of the sweep under way: the most of a table; the writer's until it is done */
};
/** store_retain - from now on; 0: that is kept for ever. Once; control loop. */
void store_retain(struct store *, int64_t usage_ms, int64_t events_ms);
/** retention_stop - the store is about to be closed; news of a sweep may come after. NULL is fine. */
void retention_stop(struct retention *);
#endif

/*
 * plan.h - which items are asked how often, and in which order.
 *
 * Pure.  The same suite, seed, percent and epochs give the same plan on every machine.
 */
#ifndef JANUS_BENCH_PLAN_H
#define JANUS_BENCH_PLAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct item;
struct suite;

enum planned_state { PLANNED_WAITING, PLANNED_UNDER_WAY, PLANNED_DONE };
struct planned {
	const struct item *item;
	int epoch; /* from 0 */
	int tries; /* so far */
	int64_t not_before_ms; /* monotonic; after a try that failed for no fault of the target's */
	enum planned_state state;
};
struct plan {
	struct planned *at; /* owned; in the order in which they are begun */
	size_t len;
	const struct item **items; /* owned: the sampled ones, by id */
	size_t nitems;
	bool whole; /* all of the suite */
};
void plan_make(const struct suite *, uint64_t seed, int percent, int epochs, struct plan *out);
void plan_done(struct plan *);
/** plan_next - the first that may begin now; NULL: none. *wait_ms is then how long until the next may,
 *  -1 where none waits. */
struct planned *plan_next(struct plan *, int64_t now_ms, int64_t *wait_ms);
#endif

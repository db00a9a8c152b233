/*
 * schedules.h - when runs are made by themselves, as it is stored.
 */
#ifndef JANUS_STORE_SCHEDULES_H
#define JANUS_STORE_SCHEDULES_H
#include <stdint.h>

#include "controlplane/store/runs.h"

#define CRON_TEXT_MAX 120
#define ZONE_NAME_MAX 64

#define MISSED_POLICIES(X)                                           \
	X(SKIP, "skip") /* what was not done in time is not done */  \
	X(ONCE, "once") /* one run for all ticks that were missed */ \
	X(ALL, "all") /* a run a tick, the newest of them if they are many */
enum missed_policy {
#define X(name, text) MISSED_##name,
	MISSED_POLICIES(X)
#undef X
	    MISSED_COUNT
};
const char *missed_policy_name(enum missed_policy);
enum missed_policy missed_policy_named(const char *); /* MISSED_COUNT if there is none */

struct schedule {
	char id[NOUN_ID_MAX];
	char cron[CRON_TEXT_MAX], zone[ZONE_NAME_MAX], suite[SUITE_NAME_MAX];
	char competitor_id[NOUN_ID_MAX]; /* "": all */
	enum missed_policy missed;
	int64_t jitter_ms;
	struct run_params params;
	int64_t looked_at_ms; /* wall: ticks until then are done with */
	int64_t created_at_ms, updated_at_ms, removed_at_ms;
};
/** store_put_schedule - copies the row as it is now. */
void store_put_schedule(struct store_batch *, const struct schedule *);
typedef void schedule_fn(const struct schedule *, void *arg);
/** store_load_schedules - those that were not removed; at start. fn borrows the row. */
int store_load_schedules(struct store *, schedule_fn *fn, void *arg, struct error *);
#endif

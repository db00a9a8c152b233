/*
 * champion_core.h - the inside of champion.h (internal to schedule/).
 */
#ifndef JANUS_SCHEDULE_CHAMPION_CORE_H
#define JANUS_SCHEDULE_CHAMPION_CORE_H
#include <pthread.h>

#include "controlplane/schedule/champion.h"
#include "controlplane/store/reigns.h"
#include "controlplane/store/store.h"
#include "runtime/base/buf.h"
#include "runtime/loop/loop.h"
struct competitor;

struct champion_watch { /* the last chats of one competitor */
	char slug[SLUG_MAX]; /* "": nobody is watched */
	struct bounds_window window;
};
struct champion {
	struct champion_config c;
	struct timer look;
	struct lead_run *runs; /* of the suite, the earliest first */
	size_t nruns;
	struct lead_entrant *entrants; /* what the board is of, with it */
	size_t nentrants;
	struct lead_board board;
	bool stale; /* there are runs that are not on it */
	struct reign **reigns; /* the earliest first; each is owned */
	size_t nreigns;
	struct reign *reign, *canary; /* of them; NULL: nobody */
	int64_t canary_since_ms, reign_seen_ms, canary_seen_ms; /* monotonic */
	bool storing; /* a change is on its way: no other begins */
	bool stopped;
	pthread_mutex_t lock; /* of all below */
	struct champion_watch on_trial, on_throne;
	struct buf metrics;
};

/* standing.c: what is known, and what it means to the registry */
/** standing_refresh - bring the board up to date. */
void standing_refresh(struct champion *);
/** standing_apply - tell the registry, and watch the chats of those it is about. */
void standing_apply(struct champion *);
/** standing_ready - may that competitor lead now? */
bool standing_ready(const struct champion *, const struct competitor *);
/** standing_present - is the competitor of a reign still there and wanted? */
bool standing_present(const struct champion *, const struct reign *);
/** standing_now - the live chats of one who is watched. */
struct bounds_sum standing_now(struct champion *, const struct champion_watch *, int64_t *total);

/* reigns.c: one change at a time, stored before it is done */
struct reign_change {
	struct champion *ch;
	struct reign rows[3];
	size_t n;
	struct store_batch *batch;
	champion_done_fn *done; /* may be NULL */
	void *arg;
};
struct reign_change *change_new(struct champion *, champion_done_fn *done, void *arg);
/** change_row - a copy of a reign to change; NULL: a new one. Write those that end first. */
struct reign *change_row(struct reign_change *, const struct reign *);
/** change_begin - a new reign of a competitor. */
struct reign *change_begin(struct reign_change *, const char *competitor_id, const char *slug,
    enum reign_state, enum reign_cause, const struct store_actor *, const char *reason);
/** change_end - that reign ends, in a state and for a reason. */
void change_end(struct reign_change *, const struct reign *, enum reign_state, const char *reason,
    const char *detail);
/** change_event - the audit's, in the same transaction. */
void change_event(struct reign_change *, const struct store_actor *, const char *action,
    const char *object_id, const char *reason, const char *before, const char *after);
void change_commit(struct reign_change *);
/** reign_named - by id; NULL. */
struct reign *reign_named(const struct champion *, const char *id);
/** reigns_take - one more, with what it owns; sets reign and canary. */
void reigns_take(struct champion *, const struct reign *);
/** reign_before - the last reign before that one whose competitor may lead now; NULL. */
const struct reign *reign_before(const struct champion *, const struct reign *);
/** proof_of - why a is to follow b (NULL: nobody), as JSON; the caller's. */
char *proof_of(const struct champion *, const struct lead_row *a, const struct lead_row *b);
#endif

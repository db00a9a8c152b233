/*
 * scheduler_core.h - the inside of a scheduler (internal to schedule/).
 */
#ifndef JANUS_SCHEDULE_SCHEDULER_CORE_H
#define JANUS_SCHEDULE_SCHEDULER_CORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/schedule/cron.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/store/store.h"
#include "runtime/base/map.h"
#include "runtime/base/metrics.h"
#include "runtime/loop/loop.h"
struct runner;
struct zone;

#define SUITE_ROWS 16 /* of metrics, then "other" */

struct held { /* a run */
	struct queued q; /* first: runs are told by it */
	struct map items; /* "epoch item" to ITEM_COMING or ITEM_STORED, until the run's end */
	struct runner *runner; /* the process we started for it; NULL */
	bool dirty; /* a change of it could not be stored, and is to be again */
	bool settled; /* what its end brings with it was done */
	int counted; /* its state, in the metrics; -1: in none */
};
extern char item_coming, item_stored; /* addresses that say how far an item is */
#define ITEM_COMING ((void *)&item_coming)
#define ITEM_STORED ((void *)&item_stored)

struct timed { /* a schedule */
	struct schedule row; /* first */
	struct cron cron;
	struct zone *zone; /* NULL: it cannot be read any more; why says so */
	char why[DETAIL_MAX];
	bool removed;
};

struct suite_counts {
	char suite[SUITE_NAME_MAX];
	_Atomic int64_t states[RUN_STATE_COUNT];
	metric_counter items[4]; /* by result */
	struct metric_histogram seconds;
};

struct scheduler {
	struct scheduler_config c;
	struct held **runs; /* in the order they were made */
	struct queued **queued; /* the same, for queue.h */
	size_t len;
	int64_t unloaded; /* older ones, that are only stored */
	struct timed **timed;
	size_t ntimed;
	struct runner *runners; /* all processes, those too whose run is over */
	struct timer tick;
	bool started, stopping;
	struct suite_counts counts[SUITE_ROWS];
	_Atomic size_t ncounts;
	metric_counter expirations;
};

/** scheduler_queue - for queue.h. */
struct queue scheduler_queue(const struct scheduler *);
struct held *held_of(const struct scheduler *, const struct run *);
/** held_add - copies the row, and what it owns is taken over. */
struct held *held_add(struct scheduler *, const struct run *);
/** held_changed - the run is stored with what is in the batch (NULL: nothing else), then told; done
 *  may be NULL.  One that is at its end has no key and no process any more. */
void held_changed(
    struct scheduler *, struct held *, struct store_batch *, scheduler_done_fn *done, void *arg);
/** held_event - what was decided, into a batch. */
void held_event(struct store_batch *, const struct store_actor *who, const char *action,
    const struct held *, const char *reason);
/** scheduler_evaluate - what is due: leases that are over, runs to begin, ticks. */
void scheduler_evaluate(struct scheduler *);

/* create.c */
/** wish_check - may that version be measured? CONFLICT. */
int wish_check(const struct run_wish *, struct error *);
/** run_fill - a new run of that wish. */
void run_fill(struct run *, const struct run_wish *);

/* due.c */
/** due_look - make the runs of all ticks that have come; ms until the next look. */
int64_t due_look(struct scheduler *, int64_t wall_ms);
/** timed_add - a schedule that was checked, or is stored. */
struct timed *timed_add(struct scheduler *, const struct schedule *);
void timed_free(struct timed *);

/* runner.c */
/** runner_start - a worker for a run that is its turn. */
void runner_start(struct scheduler *, struct held *);
/** runner_end - the process we started, if there is one, is given time to learn that it is over, then
 *  asked by a signal, then made to. */
void runner_end(struct held *);
/** runner_kill - at once. */
void runner_kill(struct held *);
/** runner_bound_log - keep its messages within their size. */
void runner_bound_log(const struct scheduler *, const struct held *);
/** runner_forget_key - its key is revoked, with what is in the batch, and the file of it goes. */
void runner_forget_key(struct scheduler *, struct held *, struct store_batch *);
/** runners_stop - all are asked to end, at once, and their runs are nobody's. */
void runners_stop(struct scheduler *);
/** runner_free - a process that still runs goes on alone. */
void runner_free(struct runner *);

/* counts.c */
void count_state(struct scheduler *, const char *suite, int from, int to); /* -1: none */
void count_item(struct scheduler *, const char *suite, const char *state);
void count_seconds(struct scheduler *, const struct run *);
#endif

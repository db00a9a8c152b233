/*
 * scheduler.h - makes runs, has workers carry them out one after another, and keeps schedules.
 *
 * Runs and schedules are the control loop's; queue.h and cron.h decide, this acts.  A change is made
 * in memory, stored, and told when it is stored: what a worker is answered outlives any process.
 */
#ifndef JANUS_SCHEDULE_SCHEDULER_H
#define JANUS_SCHEDULE_SCHEDULER_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/schedule/queue.h"
#include "controlplane/schedule/suites.h"
#include "controlplane/store/runs.h"
#include "controlplane/store/schedules.h"
struct buf;
struct competitor;
struct error;
struct key_ring;
struct keys;
struct loop;
struct registry;
struct scheduler;
struct store;
struct store_actor;
struct submission;
struct version;
struct workers;

#define SEED_MAX ((INT64_C(1) << 53) - 1)
#define EPOCHS_MAX 20
#define RUN_CONCURRENCY_MAX 16
#define JITTER_MAX_MS (60 * 60 * 1000)
#define RESULT_MAX_BYTES (256 << 10) /* of an item */

struct scheduler_config { /* borrowed */
	struct loop *loop;
	struct workers *workers;
	struct store *store;
	struct registry *registry;
	struct key_ring *keys;
	/** Keys changed: what gateways are to use from now on; takes over the reference. */
	void (*on_keys)(struct keys *, void *arg);
	/** Something about a run changed, and is stored. */
	void (*on_run)(const struct run *, void *arg);
	/** An item of a run came for the first time, and is to be stored. */
	void (*on_item)(const struct run *, const struct run_item *, void *arg);
	void *arg;
	const char *state_dir;
	const char *socket; /* the control socket, for workers */
	const char *program; /* janus-bench; NULL: there is none here */
	const char *suites_dir, *private_dir; /* private_dir: NULL: none */
	const char *suite; /* of submissions */
	bool automatic; /* measure what was accepted */
	struct queue_rules rules;
};

/** scheduler_new - what is stored is read; NULL with err. */
struct scheduler *scheduler_new(const struct scheduler_config *, struct error *);
/** scheduler_start - from now on runs are begun. */
void scheduler_start(struct scheduler *);
/** scheduler_stop - begin nothing more, and end our workers: their runs wait for the next start. */
void scheduler_stop(struct scheduler *);
/** scheduler_free - after the workers' threads ended and their messages were run. */
void scheduler_free(struct scheduler *);

/* ---- runs ---- */

/** err is NULL when it is stored; id: of the run or the schedule. */
typedef void scheduler_done_fn(const struct error *err, const char *id, void *arg);

struct run_wish { /* borrowed for the call */
	const struct competitor *competitor;
	const struct version *version;
	const struct suite_info *suite;
	struct run_params params;
	enum run_cause cause;
	const char *cause_id; /* "" without */
	int64_t tick_ms, jitter_ms; /* of a schedule; 0 */
};
/** info is NULL with err: there is no such suite, or it cannot be read. */
typedef void scheduler_suite_fn(const struct suite_info *info, const struct error *err, void *arg);
/** scheduler_suite - look for a suite; fn is called later, and borrows what was found. */
void scheduler_suite(struct scheduler *, const char *name, scheduler_suite_fn *fn, void *arg);
extern const struct run_params run_params_default;
/** run_params_check - INVALID as "field: why". */
int run_params_check(const struct run_params *, struct error *);
/** scheduler_create - make a run; done is called when it is stored.  -1, and done is not called:
 *  CONFLICT for a version that is retired or does not serve, BUSY. */
int scheduler_create(struct scheduler *, const struct run_wish *, const struct store_actor *who,
    scheduler_done_fn *done, void *arg, struct error *);
/** scheduler_may - would scheduler_create take it? */
int scheduler_may(const struct scheduler *, const struct run_wish *, struct error *);
/** scheduler_accepted - a submission was accepted: its version is measured, if that is wanted. */
void scheduler_accepted(struct scheduler *, const struct submission *);

size_t scheduler_runs(const struct scheduler *); /* how many, in the order they were made */
int64_t scheduler_runs_ever(const struct scheduler *); /* with those too old to be held */
const struct run *scheduler_run(const struct scheduler *, size_t i);
/** scheduler_find - by id, unique prefix of one, or a competitor's name (its newest); NULL with err. */
const struct run *scheduler_find(const struct scheduler *, const char *ref, struct error *);
const struct run *scheduler_run_id(const struct scheduler *, const char *id); /* exact; NULL */
/** scheduler_run_of - the newest that a submission or schedule caused; NULL. */
const struct run *scheduler_run_of(const struct scheduler *, const char *cause_id);
/** scheduler_waits - reason and expected seconds of one that is not at its end; -1: not known. */
const char *scheduler_waits(const struct scheduler *, const struct run *, int64_t *eta_seconds);
/** scheduler_dir, scheduler_log - where a run's evidence and its worker's messages are; into out. */
const char *scheduler_dir(const struct scheduler *, const struct run *, char out[512]);
const char *scheduler_log(const struct scheduler *, const struct run *, char out[512]);

void scheduler_cancel(struct scheduler *, const struct run *, const struct store_actor *who,
    scheduler_done_fn *done, void *arg);

/* What workers say; `number` is of their lease.  CONFLICT: it is over. */
/** scheduler_lease - its number is the run's lease when done is called. */
void scheduler_lease(
    struct scheduler *, const struct run *, const char *worker, scheduler_done_fn *done, void *arg);
/** scheduler_done_items - append [["item",epoch],...] of those that are stored. */
void scheduler_done_items(const struct scheduler *, const struct run *, cJSON *array);
struct run_beat {
	int64_t done, total, eta_seconds; /* -1: not said */
	double score; /* -1: not said */
	const char *item; /* NULL: none */
};
/** scheduler_heartbeat - at once: nothing of it is stored. *cancel: it is to end. */
int scheduler_heartbeat(struct scheduler *, const struct run *, int64_t number,
    const struct run_beat *, bool *cancel, struct error *);
/** scheduler_item - what came of an item; *known: it was there already, and nothing changes.
 *  Returns -1 when it is refused at once, and done is not called then. */
int scheduler_item(struct scheduler *, const struct run *, int64_t number, const struct run_item *,
    bool *known, scheduler_done_fn *done, void *arg, struct error *);
struct run_end { /* borrowed for the call */
	enum run_state state;
	const char *code, *fault, *detail; /* of RUN_FAILED; "" */
	const char *report; /* JSON; NULL: none */
	int64_t expected; /* items, by the report; 0: it does not say */
	bool is_whole;
};
void scheduler_finish(struct scheduler *, const struct run *, int64_t number,
    const struct run_end *, scheduler_done_fn *done, void *arg);

/* ---- schedules ---- */

size_t scheduler_schedules(const struct scheduler *);
const struct schedule *scheduler_schedule(const struct scheduler *, size_t i);
const struct schedule *scheduler_find_schedule(
    const struct scheduler *, const char *ref, struct error *);
/** scheduler_next_ms - when its next tick is, before jitter; 0 with why, if its zone is gone. */
int64_t scheduler_next_ms(const struct scheduler *, const struct schedule *, char why[DETAIL_MAX]);
#define SCHEDULE_TIMES 5 /* told to who asks when it would be */
/** schedule_check - cron and zone: when its next ticks are, or INVALID, NOT_FOUND. Reads a small file. */
int schedule_check(const struct schedule *, int64_t next_ms[static SCHEDULE_TIMES], struct error *);
/** scheduler_add - one that schedule_check let pass; its id and times are made here.  -1 with BUSY:
 *  there are too many, and done is not called. */
int scheduler_add(struct scheduler *, const struct schedule *, const struct store_actor *who,
    scheduler_done_fn *done, void *arg, struct error *);
void scheduler_remove(struct scheduler *, const struct schedule *, const struct store_actor *who,
    scheduler_done_fn *done, void *arg);

/** scheduler_metrics - Prometheus text. Any thread. */
void scheduler_metrics(const struct scheduler *, struct buf *out);
const struct scheduler_config *scheduler_config(const struct scheduler *);
#endif

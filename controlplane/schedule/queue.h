/*
 * queue.h - which run goes next, and what leases, items, ends and silence make of it.
 *
 * Pure: it changes nothing but the runs it is given.  Times are monotonic milliseconds, but for those
 * a run is shown with; a clock that is set changes no decision.
 *
 * A run is leased under a number that grows with each lease, and whoever comes with an older one is
 * refused: not because of the time, but of the number.  A lease is over when nothing was heard of its
 * worker for lease_ms; the run waits again then.  Three leases in a row that end by silence without an
 * item in between are the run's end.
 *
 * Runs of people go before those of submissions, and these before schedules'; among equals the earliest.
 */
#ifndef JANUS_SCHEDULE_QUEUE_H
#define JANUS_SCHEDULE_QUEUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/store/runs.h"
struct error;

struct queue_rules {
	int runners; /* runs at once */
	int requeues_max; /* leases in a row that may end by silence */
	int64_t lease_ms;
	int64_t timeout_ms; /* longest wait for a competitor, and longest run */
	bool has_runner; /* janusd starts workers itself */
};

struct queued { /* a run, and what is known of it while this process lives */
	struct run row;
	int64_t lease_until_ms; /* while it runs */
	int64_t retry_at_ms; /* it is not started before; 0: at once */
	int64_t since_mono_ms; /* of its state */
	bool starting; /* a worker was started for it, and has not taken it yet */
};

/* What a queued run waits for. */
#define QUEUE_WAITS(X)                                                                          \
	X(NOTHING, "next") /* it is the next */                                                 \
	X(STARTING, "worker_starting")                                                          \
	X(RETRY, "next_try") /* its worker was lost; a moment passes */                         \
	X(LATER, "jitter") /* of its schedule */                                                \
	X(RUN, "queued_behind_run") /* another one of its competitor, or with a better place */ \
	X(RUNNERS, "runners_busy")                                                              \
	X(COMPETITOR, "competitor_not_ready")                                                   \
	X(NO_RUNNER, "no_runner") /* no janus-bench here; a worker may still come */
enum queue_wait {
#define X(name, word) QUEUE_##name,
	QUEUE_WAITS(X)
#undef X
};
const char *queue_wait_name(enum queue_wait);

/** Is its competitor there to be asked? */
typedef bool queue_ready_fn(const struct run *, void *arg);
struct queue { /* borrowed */
	struct queued *const *at;
	size_t len;
	const struct queue_rules *rules;
	queue_ready_fn *ready;
	void *arg;
};

/** queue_first - the run to start a worker for now, or NULL. */
struct queued *queue_first(const struct queue *, int64_t now_ms);
/** queue_waits - what one that is queued waits for. */
enum queue_wait queue_waits(const struct queue *, const struct queued *, int64_t now_ms);
/** queue_before - would a go before b? */
bool queue_before(const struct queued *a, const struct queued *b);
/** queue_active - does a worker have it, or is one about to? */
bool queue_active(const struct queued *);

/* ---- changes; wall_ms is what it is shown with.  0, or -1 with CONFLICT and nothing changed. ---- */

/** queue_lease - a worker takes it: its number is row.lease then. CONFLICT: it is not queued, or there
 *  is no room, or another run of its competitor is under way. */
int queue_lease(const struct queue *, struct queued *, const char *worker, int64_t now_ms,
    int64_t wall_ms, struct error *);
/** queue_holds - is that number's worker the one who has it? CONFLICT. */
int queue_holds(const struct queued *, int64_t lease, struct error *);
/** queue_alive - that number's worker was heard of. */
int queue_alive(
    const struct queue *, struct queued *, int64_t lease, int64_t now_ms, struct error *);
/** queue_progress - one more item came with that number. */
int queue_progress(
    const struct queue *, struct queued *, int64_t lease, int64_t now_ms, struct error *);
/** queue_finish - that number's worker ended it so.  1: it had been ended so before.  One that was
 *  cancelled before is cancelled, however it says it ended. */
int queue_finish(struct queued *, int64_t lease, enum run_state, const char *code,
    const char *fault, const char *detail, int64_t wall_ms, struct error *);
/** queue_cancel - at once, or through its worker.  1: it was before. */
int queue_cancel(struct queued *, int64_t wall_ms, struct error *);
/** queue_fail - it cannot go on; not if it is at its end. */
void queue_fail(
    struct queued *, const char *code, const char *fault, const char *detail, int64_t wall_ms);
/** queue_lost - its worker is gone: it waits again, or that was once too often. True if that changed
 *  anything. */
bool queue_lost(
    const struct queue *, struct queued *, const char *why, int64_t now_ms, int64_t wall_ms);
/** queue_expire - the same, if its lease is over by now. */
bool queue_expire(const struct queue *, struct queued *, int64_t now_ms, int64_t wall_ms);
/** queue_release - taken from a worker that did no wrong: it waits again, as if nothing had been. */
bool queue_release(struct queued *, int64_t now_ms, int64_t wall_ms);
/** queue_adopt - read from the database: whoever has it keeps it for a whole lease from now. */
void queue_adopt(const struct queue *, struct queued *, int64_t now_ms);
#endif

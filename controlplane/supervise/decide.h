/*
 * decide.h - what becomes of an instance, and of a submission, next.
 *
 * Pure: (what is, what was seen, now) to (state, action, why).  No I/O, no clock, no memory.
 * act.c carries out what is decided here, after it was stored.
 */
#ifndef JANUS_SUPERVISE_DECIDE_H
#define JANUS_SUPERVISE_DECIDE_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "controlplane/supervise/policy.h"
#include "runtime/base/error.h"
#include "runtime/engine/engine.h"

/* ---- instances ---- */

#define FAILURES_TO_QUARANTINE 5
#define FAILURE_WINDOW_MS (10 * 60 * 1000)
#define BACKOFF_MAX_MS (5 * 60 * 1000)
#define PROBE_FAILURES 3
#define PROBE_PASSES 2 /* of one that failed lately; else one is enough */
#define DRAIN_POLL_MS 250
#define SETTLE_MS 250 /* until every gateway has heard that an instance is no more to be asked */

enum action {
	ACT_NONE,
	ACT_PULL, /* bring the image back to the engine */
	ACT_START, /* make and start the pod (a URL: begin to probe) */
	ACT_ANNOUNCE, /* routes changed */
	ACT_FREEZE, /* pause the pod */
	ACT_THAW, /* let it go on */
	ACT_STOP, /* gather evidence, then end and remove the whole pod */
	ACT_FORGET, /* nothing of it is left: out of the registry */
};

/* Times here are monotonic milliseconds. */
struct instance_seen {
	int64_t now_ms, entered_ms; /* when the state was entered */
	bool wanted;
	bool on_trial; /* a submission decides about its failures, not the back-off */
	bool is_url;
	bool may_start; /* engine answers, isolation is proved */
	bool no_room; /* the memory budget has none for it now */
	bool freeze; /* it is to be paused */
	bool paused, pause_failed; /* what the last freeze or thaw came to */
	int64_t idle_due_ms; /* when it will have been silent for long enough; 0: never */
	bool busy; /* a job is under way: only wait */

	/* what the last job brought */
	bool start_done, start_failed, pull_failed, stop_done;
	enum error_kind job_error;

	/* the pod */
	bool phase_known;
	enum pod_phase phase;
	bool link_running;
	int64_t started_ms; /* when the start was done */
	int64_t start_limit_ms, drain_limit_ms;

	/* probes since the state was entered */
	int passes, fails;
	bool ever_connected; /* something listened */

	int in_flight;
	int failures; /* within the window */
	int64_t next_try_ms;
};

struct decision {
	enum instance_state state;
	enum action action;
	const char *reason; /* a word; "" if none */
	bool is_failure; /* counts towards quarantine */
	int64_t wait_until_ms; /* look again then; 0: on news only */
};

/* ---- does it run? ---- */

struct life_seen { /* times are monotonic milliseconds */
	int64_t activation; /* enum activation */
	bool is_url, evicted;
	int64_t now_ms, used_ms; /* used_ms: the last chat began or ended, or asked; 0: never */
	int64_t idle_ms;
	int in_flight;
	bool waited_for; /* chats wait, however long ago they asked */
};
enum life { LIFE_RUN, LIFE_FREEZE, LIFE_STOP };
/** life_decide - of an instance that is wanted at all; *due_ms: when that may change, 0: on news. */
enum life life_decide(const struct life_seen *, int64_t *due_ms);

struct evictable {
	int64_t used_ms, memory_bytes;
	bool busy; /* it may not go */
};
/** evict_pick - which of n goes first, so that need bytes may come free: the one silent for
 *  longest; n if none can go, or all that can would not be enough. */
size_t evict_pick(const struct evictable *, size_t n, int64_t need);

/** instance_decide - the next step of an instance. */
struct decision instance_decide(enum instance_state state, const struct instance_seen *);
/** backoff_ms - wait after the n-th failure in a row (n >= 1): 1 s doubling to 5 min. */
int64_t backoff_ms(int failures);

/* ---- submissions ---- */

#define REGISTRY_TRIES 4 /* once, and three times more */
#define BUSY_TRIES 8 /* of a registry that asks to wait */

enum submission_action {
	SUBMIT_NONE,
	SUBMIT_RESOLVE,
	SUBMIT_PULL,
	SUBMIT_IMPORT, /* what was sent, into the engine */
	SUBMIT_SCAN,
	SUBMIT_START, /* make the version and its trial instance */
	SUBMIT_CONFORM, /* the checks of conform_checks.h */
	SUBMIT_ACCEPT, /* the version becomes the competitor's */
	SUBMIT_DROP, /* end the trial */
};

struct submission_seen {
	int64_t now_ms;
	bool is_url, is_local, is_archive;
	bool check_only;
	bool resolved; /* the digest is known from the start */
	bool busy;
	bool engine_ok;
	/* result of the step's job: none yet, fine, or failed */
	bool done, failed;
	struct error error;
	const char *fail_reason; /* of a failed check */
	int attempts; /* of this step, the last one included */
	int64_t retry_ms; /* when a failed step may be tried again */
	/* the trial instance */
	bool has_instance, evidence_in;
	bool instance_failed; /* by its own fault, not the engine's */
	enum instance_state instance;
	const char *instance_reason, *instance_detail; /* why it failed */
};

struct submission_decision {
	enum submission_state state;
	enum submission_action action;
	const char *reason;
	const char *fault;
	const char *detail; /* borrowed from seen; NULL: keep the step's own */
	int64_t wait_until_ms;
};

/** step_retry_ms - how long to wait after the n-th failure of a step (n >= 1): doubling from base_ms,
 *  ten times that if we are asked to wait, or as long as we are asked; and a quarter of it more, by
 *  chance. */
int64_t step_retry_ms(int64_t base_ms, int n, const struct error *, unsigned random);
/** submission_decide - the next step of a submission. */
struct submission_decision submission_decide(
    enum submission_state state, const struct submission_seen *);
#endif

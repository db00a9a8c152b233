/*
 * decide.h - what becomes of a sandbox, and who may have one. Pure.
 */
#ifndef JANUS_SANDBOX_DECIDE_H
#define JANUS_SANDBOX_DECIDE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_STATES(X)                                                            \
	X(STARTING, "starting") /* its pod is being made, its agent not yet heard */ \
	X(WARM, "warm") /* fresh, waits for a caller */                              \
	X(RUNNING, "running") /* a caller's */                                       \
	X(ENDING, "ending") /* its pod is being removed; it answers nobody */        \
	X(ENDED, "ended") /* nothing of it is left */

enum sandbox_state {
#define X(name, text) SANDBOX_##name,
	SANDBOX_STATES(X)
#undef X
};
const char *sandbox_state_name(enum sandbox_state);

/* Why one ends. */
#define SANDBOX_REASONS(X)                                                      \
	X(NONE, "")                                                             \
	X(TERMINATED, "terminated") /* its caller said so */                    \
	X(EXPIRED, "expired") /* its time is over */                            \
	X(PREEMPTED, "preempted") /* somebody more important needed the room */ \
	X(SPARE, "spare") /* of the warm pool, and not needed */                \
	X(LOST, "lost") /* its pod or its agent ended, or answered nonsense */  \
	X(FAILED, "failed") /* it never came up */                              \
	X(STOPPING, "stopping") /* the service stops */

enum sandbox_reason {
#define X(name, text) REASON_##name,
	SANDBOX_REASONS(X)
#undef X
};
const char *sandbox_reason_name(enum sandbox_reason);

/* What is known of one now. */
struct sandbox_facts {
	enum sandbox_state state;
	bool busy; /* an engine call about it is under way: nothing is begun meanwhile */
	bool started; /* the engine has made its pod */
	bool answered; /* its agent has */
	bool failed; /* the engine could not make it */
	bool claimed; /* a caller waits for it, or has it */
	bool removed; /* the engine says that nothing of it is left */
	enum sandbox_reason wanted; /* somebody wants it to end; the first to say so counts */
	int64_t since_ms; /* in this state */
	int64_t expires_ms; /* of RUNNING */
	int64_t start_limit_ms; /* from STARTING to an answer */
	int64_t retry_ms; /* of ENDING: when the engine may be asked again; 0: at once */
};

enum sandbox_act {
	ACT_NOTHING,
	ACT_HAND_OVER, /* tell its caller */
	ACT_CLOSE, /* whatever is under way in it fails */
	ACT_REMOVE, /* ask the engine */
	ACT_FORGET, /* take it off the list */
};

struct sandbox_decision {
	enum sandbox_state to;
	enum sandbox_act act;
	enum sandbox_reason reason; /* on the way to ENDING */
	int64_t wake_ms; /* look again then; 0: only when something happens */
};

/** sandbox_decide - the next state and what to do for it. */
struct sandbox_decision sandbox_decide(const struct sandbox_facts *, int64_t now_ms);

/* --- who may have one --- */

#define PRIORITY_MAX 3 /* 0 critical, 1 high, 2 normal, 3 low */

struct capacity {
	size_t max;
	int64_t memory_bytes; /* of all */
	int64_t each_bytes;
};
struct tenant {
	enum sandbox_state state;
	bool leaving; /* it will end, though its state does not say so yet */
	bool spare; /* of the warm pool */
	bool preemptable;
	int priority;
	int64_t since_ms; /* it is its caller's */
};

enum admission {
	ADMIT_NOW, /* there is room */
	ADMIT_SOON, /* there will be, when those that end are gone */
	ADMIT_AFTER, /* if *victim ends */
	ADMIT_NEVER, /* as things are */
};
/** capacity_decide - may one more of that priority begin? victim is an index into tenants. */
enum admission capacity_decide(
    const struct capacity *, const struct tenant *tenants, size_t n, int priority, size_t *victim);
/** capacity_fits - is there room for one more without anybody leaving? */
bool capacity_fits(const struct capacity *, const struct tenant *tenants, size_t n);
#endif

/*
 * runs.h - benchmark runs as they are stored, and what came of their items.
 *
 * A run measures one version of one competitor by one suite; both are pinned when it is made.
 * Times ending _at_ms, since_ms, tick_ms and not_before_ms are wall milliseconds.
 */
#ifndef JANUS_STORE_RUNS_H
#define JANUS_STORE_RUNS_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
struct error;
struct store;
struct store_batch;

#define SUITE_NAME_MAX 64
#define ITEM_NAME_MAX 132

#define RUN_STATES(X)                                                               \
	X(QUEUED, "queued") /* it waits; reason says for what */                    \
	X(RUNNING, "running") /* a worker has it */                                 \
	X(FINISHED, "finished") /* all its items were asked; it has a score */      \
	X(FAILED, "failed") /* code and fault say why; what was measured is kept */ \
	X(CANCELLED, "cancelled")

enum run_state {
#define X(name, text) RUN_##name,
	RUN_STATES(X)
#undef X
	    RUN_STATE_COUNT
};
const char *run_state_name(enum run_state);
enum run_state run_state_named(const char *); /* RUN_STATE_COUNT if there is none */
bool run_is_final(enum run_state);

#define RUN_CAUSES(X)           \
	X(MANUAL, "manual")     \
	X(SCHEDULE, "schedule") \
	X(SUBMISSION, "submission")
enum run_cause {
#define X(name, text) CAUSE_##name,
	RUN_CAUSES(X)
#undef X
	    CAUSE_COUNT
};
const char *run_cause_name(enum run_cause);
enum run_cause run_cause_named(const char *); /* CAUSE_COUNT if there is none */

struct run_params { /* of a run, and of those a schedule makes */
	int64_t seed; /* 0 to 2^53 - 1 */
	int subset_percent, epochs, concurrency;
};

struct run {
	char id[NOUN_ID_MAX];
	char competitor_id[NOUN_ID_MAX], version_id[NOUN_ID_MAX], slug[SLUG_MAX];
	char digest[72]; /* of its image; "" for a URL */
	char suite[SUITE_NAME_MAX], suite_digest[72], scoring[32];
	struct run_params params;
	enum run_cause cause;
	char cause_id[NOUN_ID_MAX]; /* the schedule or the submission; "" */
	int64_t tick_ms, not_before_ms; /* of a schedule, and its jitter; 0 */
	enum run_state state;
	char reason[40]; /* a word of docs/api.md */
	char detail[DETAIL_MAX];
	int64_t since_ms;
	int64_t lease; /* number of the last one that was given; 0: none was */
	char worker[96]; /* who has or had it */
	int requeues; /* leases that ended by silence */
	bool cancelling; /* its worker is to end it */
	int64_t done, total; /* items, each as often as there are epochs; 0: not known yet */
	char code[48], fault[16]; /* why it failed; "" */
	bool is_whole; /* it finished, and every item of the suite was asked */
	char *report; /* owned: the manifest of its evidence, JSON; NULL */
	char key_id[NOUN_ID_MAX]; /* that its worker has; "" */
	int64_t created_at_ms, updated_at_ms, started_at_ms, finished_at_ms; /* 0: not yet */
	/* not stored */
	char item[ITEM_NAME_MAX]; /* the one under way */
	double score; /* so far, 0 to 100; -1: not known */
	int64_t eta_seconds; /* as its worker says; -1: not known */
};
void run_row_done(struct run *);

struct run_item {
	char run_id[NOUN_ID_MAX], item[ITEM_NAME_MAX];
	int64_t epoch;
	char id[NOUN_ID_MAX], state[16], fault[16];
	char *result; /* owned: JSON, as its worker sent it */
	int64_t lease, at_ms;
};
void run_item_row_done(struct run_item *);

/* Each copies the row as it is now. */
void store_put_run(struct store_batch *, const struct run *);
/** store_put_run_item - the first of a run, item and epoch stays. */
void store_put_run_item(struct store_batch *, const struct run_item *);

struct run_rows { /* the row (and what it owns) is the receiver's */
	void (*run)(const struct run *, void *arg);
	/** An item of a run that is not at its end; result is "". */
	void (*item)(const struct run_item *, void *arg);
};
/** store_load_runs - the newest thousand, and all that are not at their end, in the order they came;
 *  then items. At start. */
int store_load_runs(struct store *, const struct run_rows *, void *arg, struct error *);
/** store_find_run - any of them: 1 found (what it owns is the caller's), 0 not, -1 with err; on a worker. */
int store_find_run(struct store *, const char *id, struct run *out, struct error *);
/** store_run_count - how many there are, also of those that are not loaded. At start. */
int store_run_count(struct store *, int64_t *n, struct error *);
typedef void run_fn(const struct run *, void *arg);
/** store_whole_runs - all finished ones that cover their suite, the earliest first; suite NULL: of
 *  any. fn borrows the row. At start, or on a worker. */
int store_whole_runs(struct store *, const char *suite, run_fn *fn, void *arg, struct error *);
typedef void run_item_fn(const struct run_item *, void *arg);
/** store_run_items - of one run, in the order they came; on a worker. fn borrows the row. */
int store_run_items(struct store *, const char *run_id, run_item_fn *fn, void *arg, struct error *);
#endif

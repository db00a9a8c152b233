/*
 * store.h - the database: loaded once at start, written by one thread.
 *
 * The registry in memory is what everyone reads; the store makes it last.  A batch is written in
 * one transaction and its `done` comes back on the control loop after the commit: what is decided
 * is stored before it is done.  Usage rows do not wait: they go into a bounded queue, and what
 * does not fit is counted.
 */
#ifndef JANUS_STORE_STORE_H
#define JANUS_STORE_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "runtime/base/audit.h"
struct buf;
struct error;
struct loop;
struct sql;
struct store;

/** store_open - open or make <dir>/janus.db and start the writer. */
struct store *store_open(const char *dir, struct loop *control, struct error *);
/** store_reserve - keep so much of the disk for when it is full (reserve.h), and look at it from now on;
 *  0: nothing. Control loop. */
void store_reserve(struct store *, int64_t bytes);
/** store_is_low - nothing new may be begun: there is too little room left on the disk. Any thread. */
bool store_is_low(const struct store *);
#define STORE_LOW_TEXT                                                                        \
	"There is too little room on the disk where the state is kept. Nothing new is taken " \
	"until "                                                                              \
	"there is more; what runs goes on."
/** store_close - writes what is queued, then closes. */
void store_close(struct store *);

/* ---- when another process becomes the one that decides ---- */

/** store_rehearse - would store_open succeed in that directory?  Beside the process that has it open,
 *  and without changing anything. */
int store_rehearse(const char *dir, struct error *);
/** store_hold - write what is queued, then no more; done comes on the control loop.  Rows wait. */
void store_hold(struct store *, void (*done)(void *arg), void *arg);
/** store_let_go - the other process decides: what waited and what comes is written beside it as far as
 *  it tells what streams did (usage, calls, artifacts, battles); all else fails, CANCELLED.  on_row
 *  is told, on the control loop, of each that the other one should know of: an "artifact" or "battle". */
void store_let_go(
    struct store *, void (*on_row)(const char *noun, const char *id, void *arg), void *arg);
/** store_take_back - while it is held, and the other process has ended: as it was before that one. */
int store_take_back(struct store *, struct error *);

/* Rows at start-up, in the order they came, whatever the clock said: of submissions the newest thousand and
 * all that are not at their end. The row (and what it owns) is the receiver's. */
struct store_rows {
	void (*competitor)(const struct competitor *, void *arg);
	void (*version)(const struct version *, void *arg);
	void (*submission)(const struct submission *, void *arg);
	void (*instance)(const struct instance *, void *arg);
};
int store_load(struct store *, const struct store_rows *, void *arg, struct error *);
/** store_find_submission - any of them: 1 found (what it owns is the caller's), 0 not, -1 with err; on a
 *  worker. */
int store_find_submission(struct store *, const char *id, struct submission *out, struct error *);
/** store_node_id - this installation's id, made at first start; 27 bytes and more into out. */
int store_node_id(struct store *, char out[NOUN_ID_MAX], struct error *);

struct event_row {
	char id[NOUN_ID_MAX];
	int64_t at_ms;
	char actor[48], action[48], object_id[NOUN_ID_MAX], request_id[132], detail[DETAIL_MAX];
	char before[DETAIL_MAX], after[DETAIL_MAX];
	char prev[AUDIT_HASH_MAX], hash[AUDIT_HASH_MAX]; /* filled by the writer */
};

struct store_batch;
struct store_batch *store_batch_new(void);
/* Each copies the row as it is now. */
void store_put_competitor(struct store_batch *, const struct competitor *);
void store_put_version(struct store_batch *, const struct version *);
void store_put_submission(struct store_batch *, const struct submission *);
void store_put_instance(struct store_batch *, const struct instance *);
/* Who decided: borrowed for the call. */
struct store_actor {
	const char *name; /* "janusd", "admin", "anonymous", or the id of a key */
	const char *request_id; /* NULL: nobody asked */
};
struct store_event { /* borrowed for the call */
	struct store_actor who;
	const char *action, *object_id;
	const char *reason; /* NULL: none */
	const char *before, *after; /* what changed, in words; NULL: nothing to compare */
};
/** store_add_event - what was decided; the writer seals it to the one before (audit.h). */
void store_add_event(struct store_batch *, const struct store_event *);
/** done: err is NULL after the commit; on failure nothing of the batch is stored. */
typedef void store_done_fn(const struct error *err, void *arg);
/** store_commit - takes over the batch; done may be NULL. Control loop only. */
void store_commit(struct store *, struct store_batch *, store_done_fn *done, void *arg);

struct usage_row {
	char request_id[132], competitor[SLUG_MAX], version_id[NOUN_ID_MAX],
	    instance_id[NOUN_ID_MAX];
	char key_id[NOUN_ID_MAX]; /* "" without a key */
	char code[48],
	    fault[16]; /* "": answered; fault "" also of rows older than it: as its code says */
	int64_t at_ms, prompt_tokens, completion_tokens, cost_micro_usd, duration_ms, ttft_ms,
	    max_gap_ms, queue_ms;
	int64_t bytes_in, bytes_out;
	int status, attempts;
	bool stream, is_estimated;
};
/** store_add_usage - any thread, never blocks on the disk.  A chat costs what its competitor reported, or what
 *  the platform measured (egress.h) if that is more, whichever is stored first. */
void store_add_usage(struct store *, const struct usage_row *);

/* A chat costs more than its competitor reported. */
struct late_cost {
	char key_id[NOUN_ID_MAX]; /* "" without a key */
	int64_t at_ms; /* when it was accepted */
	int64_t beyond_micro_usd; /* so much more; 0: none of that */
	int64_t micro_usd; /* all of it */
};
typedef void late_cost_fn(const struct late_cost *, void *arg);
/** store_watch_costs - call fn on the control loop for each that is stored. */
void store_watch_costs(struct store *, late_cost_fn *fn, void *arg);

/* Which chats: id alone, or the newest that fit; NULL fits all. */
struct request_query {
	const char *id;
	const char *competitor_id, *code,
	    *after; /* code "": answered; after: older than that request */
	int limit;
};
typedef void request_fn(const struct usage_row *, void *arg);
/** store_requests - the newest first; on a worker. fn borrows the row. */
int store_requests(
    struct store *, const struct request_query *, request_fn *fn, void *arg, struct error *);

struct store_stats {
	uint64_t batches, rows, usage_dropped;
	bool failing; /* the last write failed */
	char why[240]; /* of that failure */
	uint64_t busy; /* how often somebody else held the database */
	int64_t db_bytes, wal_bytes;
	bool low; /* store_is_low */
	uint64_t reserve_used; /* how often the disk was full */
	int64_t chats_today; /* of this day (UTC), as far as they are stored */
};
/** store_stats - any thread. */
void store_stats(struct store *, struct store_stats *out);
struct metric_histogram;
/** store_writes - how long transactions took, in buckets_http. Any thread; borrowed. */
const struct metric_histogram *store_writes(const struct store *);

struct event_query {
	int limit;
	bool oldest_first;
	const char *after; /* the id they come after, in that order; NULL: from the beginning */
	const char *object_id; /* NULL: of any */
};
typedef void event_fn(const struct event_row *, void *arg);
/** store_events - on a worker. fn borrows the row. */
int store_events(
    struct store *, const struct event_query *, event_fn *fn, void *arg, struct error *);
/** store_watch_events - call fn on the control loop whenever more of them are stored. */
void store_watch_events(struct store *, void (*fn)(void *arg), void *arg);
#endif

/*
 * core.h - the inside of a store: its writing connection, and the queue of what is to be written
 * (internal to store/).
 */
#ifndef JANUS_STORE_CORE_H
#define JANUS_STORE_CORE_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/store/costs.h"
#include "controlplane/store/reserve.h"
#include "controlplane/store/retention.h"
#include "controlplane/store/store.h"
#include "runtime/base/metrics.h"
#include "runtime/loop/loop.h"
#include "runtime/sql/sql.h"
struct event_watch;
struct idempotency_row;
struct error;

/* The database and its log, as the kernel knows them: 0 before there is a log. */
struct files {
	uint64_t db, log;
};

/* Stored chats of one day (UTC): the newest that one was of. */
struct tally {
	int64_t day, chats;
};

struct store {
	char path[512];
	struct loop *control;
	struct sql writer;
	const struct idempotency_row *tag; /* control loop; see store_tag */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct store_batch *first, **last; /* under lock, as all below */
	struct store_batch *open; /* the last of the queue, if it takes more usage rows; NULL */
	size_t usage_queued;
	bool urgent; /* something in the queue is waited for */
	bool stopping;
	enum store_hold {
		STORE_OURS,
		STORE_HOLDING, /* what is queued is still written */
		STORE_HELD, /* nothing is */
		STORE_THEIRS, /* what streams did is */
	} hold;
	void (*held)(void *arg); /* on the control loop, once it is */
	void *held_arg;
	void (*on_row)(const char *noun, const char *id, void *arg); /* once it is theirs; NULL */
	void *on_row_arg;
	struct store_stats stats;
	struct tally today;
	struct event_watch *watch; /* a reference */
	struct metric_histogram writes;
	metric_counter busy;
	struct reserve reserve;
	struct retention *retention; /* control loop; NULL: all is kept */
	struct timer look; /* control loop: at the reserve */
	struct costs costs;
	bool full; /* the writer: its last failure was for want of room */
	bool dirty; /* the writer: something is in the log since it was last emptied */
	struct files files; /* the writer: that it began with */
};

/* usage.c */
/** tally_load - what is stored of the day that this time is in. */
int tally_load(struct tally *, struct sql *, int64_t now_wall_ms, struct error *);
/** tally_add - one more chat is stored. */
void tally_add(struct tally *, int64_t at_ms);
/** tally_of - how many of the day that this time is in. */
int64_t tally_of(const struct tally *, int64_t now_wall_ms);

/* store.c */
extern const struct sql_migration store_migrations[];
extern const size_t store_schema; /* how many there are */
/** store_file_look - open it, whatever its schema; the statements are not prepared. */
int store_file_look(const char *path, struct sql *out, int64_t *schema, struct error *);

/* writer.c */
/** writer_init, writer_done - an empty queue, before the thread and after it. */
void writer_init(struct store *);
void writer_done(struct store *);
/** writer_start - from now on the thread has the writing connection, which is open and prepared. */
int writer_start(struct store *, struct error *);
/** writer_stop - writes what is queued; the connection is the caller's again. */
void writer_stop(struct store *);
#endif

/*
 * core.h - the inside of a store: its writing connection, and the queue of what is to be written
 * (internal to store/).
 */
#ifndef JANUS_STORE_CORE_H
#define JANUS_STORE_CORE_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/store/store.h"
#include "runtime/base/metrics.h"
#include "runtime/sql/sql.h"
struct event_watch;
struct idempotency_row;

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
	struct store_stats stats;
	struct event_watch *watch; /* a reference */
	struct metric_histogram writes;
	metric_counter busy;
};

/* writer.c */
/** writer_init, writer_done - an empty queue, before the thread and after it. */
void writer_init(struct store *);
void writer_done(struct store *);
/** writer_start - from now on the thread has the writing connection, which is open and prepared. */
int writer_start(struct store *, struct error *);
/** writer_stop - writes what is queued; the connection is the caller's again. */
void writer_stop(struct store *);
#endif

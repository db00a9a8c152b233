/*
 * writer.c - the queue of batches, and the one thread that writes the database from it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/store/batch.h"
#include "controlplane/store/core.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define USAGE_QUEUE_MAX 8192
#define BATCHES_A_COMMIT 1024
#define USAGE_LINGER_NS 50000000 /* 50 ms */
#define BUSY_TRIES 56 /* some 5 s */

/* Who is told of new events.  Messages to the control loop may outlive the store. */
struct event_watch {
	_Atomic int refs;
	void (*fn)(void *arg); /* control loop only; NULL: nobody */
	void *arg;
};

/* ---- the queue ---- */

void
store_tag(struct store *s, const struct idempotency_row *row)
{
	s->tag = row;
}

static void
enqueue(struct store *s, struct store_batch *b)
{
	const bool was_empty = s->first == NULL;

	*s->last = b;
	s->last = &b->next;
	s->open = b->nusage > 0 ? b : NULL;
	s->urgent |= b->nusage == 0 && !b->is_egress;
	if (was_empty || s->urgent)
		pthread_cond_signal(&s->more);
}

void
store_commit(struct store *s, struct store_batch *b, store_done_fn *done, void *arg)
{
	b->done = done;
	b->arg = arg;
	if (s->tag != NULL && b->object_id[0] != '\0') {
		struct idempotency_row row = *s->tag;

		snprintf(row.object_id, sizeof(row.object_id), "%s", b->object_id);
		store_put_idempotency(b, &row);
		s->tag = NULL;
	}
	pthread_mutex_lock(&s->lock);
	enqueue(s, b);
	pthread_mutex_unlock(&s->lock);
}

/* Rows that nobody waits for: what does not fit the queue is counted.  Under the lock. */
static bool
has_room(struct store *s)
{
	if (s->usage_queued == USAGE_QUEUE_MAX) {
		s->stats.usage_dropped++;
		return false;
	}
	s->usage_queued++;
	return true;
}

void
store_add_usage(struct store *s, const struct usage_row *row)
{
	struct store_batch *b;

	pthread_mutex_lock(&s->lock);
	if (has_room(s)) {
		if (s->open != NULL && s->open->nusage < USAGE_TOGETHER) {
			s->open->usage[s->open->nusage++] = *row;
		} else {
			b = mem_zalloc(sizeof(*b) + USAGE_TOGETHER * sizeof(*row));
			b->last = &b->first;
			b->usage[b->nusage++] = *row;
			enqueue(s, b);
		}
	}
	pthread_mutex_unlock(&s->lock);
}

void
store_add_egress(struct store *s, const struct egress_row *row)
{
	struct store_batch *b = store_batch_new();

	batch_add(b, egress_write, row, sizeof(*row), NULL);
	b->is_egress = true;
	pthread_mutex_lock(&s->lock);
	const bool room = has_room(s);
	if (room)
		enqueue(s, b);
	pthread_mutex_unlock(&s->lock);
	if (!room)
		batch_free(b);
}

/* ---- who is told of events ---- */

void
store_watch_events(struct store *s, void (*fn)(void *arg), void *arg)
{
	s->watch->fn = fn;
	s->watch->arg = arg;
}

static void
watch_unref(struct event_watch *w)
{
	if (--w->refs == 0)
		free(w);
}

static void
tell_events(void *arg)
{
	struct event_watch *w = arg;

	if (w->fn != NULL)
		w->fn(w->arg);
	watch_unref(w);
}

/* ---- the thread ---- */

static int
write_usage(struct sql *q, const struct store_batch *b, struct error *err)
{
	int rc = 0;

	/* A full disk may end the whole transaction: no more of it then. */
	for (size_t i = 0; i < b->nusage && !sqlite3_get_autocommit(q->db); i++)
		if (usage_write(q, &b->usage[i], err) < 0)
			rc = -1;
	return rc;
}

static int
write_batch(struct sql *q, struct store_batch *b, struct error *err)
{
	if (b->nusage > 0)
		return write_usage(q, b, err);
	/* One row is whole or not by itself. */
	if (b->first != NULL && b->first->next == NULL)
		return b->first->write(q, b->first->row, err);
	if (sql_exec(q, "SAVEPOINT batch", err) < 0)
		return -1;
	for (const struct item *i = b->first; i != NULL; i = i->next)
		if (i->write(q, i->row, err) < 0) {
			sql_exec(q, "ROLLBACK TO batch; RELEASE batch", NULL);
			return -1;
		}
	return sql_exec(q, "RELEASE batch", err);
}

/* Write a list of batches in one transaction; each learns its own fate. */
static void
write_list(struct store *s, struct store_batch *list)
{
	struct error err = { 0 };
	bool whole = sql_exec(&s->writer, "BEGIN IMMEDIATE", &err) == 0;

	for (struct store_batch *b = list; b != NULL && whole; b = b->next)
		if (write_batch(&s->writer, b, &b->err) < 0 &&
		    sqlite3_get_autocommit(s->writer.db)) {
			/* A full disk may end the whole transaction, and what came before goes with it. */
			err = b->err;
			whole = false;
		}
	if (whole && sql_exec(&s->writer, "COMMIT", &err) < 0) {
		sql_exec(&s->writer, "ROLLBACK", NULL);
		whole = false;
	}
	for (struct store_batch *b = list; b != NULL && !whole; b = b->next)
		b->err = err;
}

static void
run_done(void *arg)
{
	struct store_batch *b = arg;

	b->done(b->err.kind != ERROR_NONE ? &b->err : NULL, b->arg);
	batch_free(b);
}

static void
settle(struct store *s, struct store_batch *list)
{
	for (struct store_batch *b = list, *next; b != NULL; b = next) {
		const bool failed = b->err.kind != ERROR_NONE;

		next = b->next;
		pthread_mutex_lock(&s->lock);
		const bool first_failure = failed && !s->stats.failing;
		s->stats.batches += b->nusage > 0 ? b->nusage : 1;
		s->stats.failing = failed;
		if (failed)
			snprintf(s->stats.why, sizeof(s->stats.why), "%s", b->err.text);
		s->usage_queued -= b->nusage + b->is_egress;
		pthread_mutex_unlock(&s->lock);
		if (first_failure)
			log_error("store.write_failed", F_STR("error", b->err.text));
		if (b->has_events && !failed) {
			s->watch->refs++;
			loop_post(s->control, tell_events, s->watch);
		}
		if (b->done != NULL)
			loop_post(s->control, run_done, b);
		else
			batch_free(b);
	}
}

/* After a failure nobody may come to write again: find out by ourselves when it is over. */
static void
try_again(struct store *s)
{
	struct error err = { 0 };

	if (sql_exec(&s->writer,
		"BEGIN IMMEDIATE; REPLACE INTO meta (key, value) VALUES ('written', ''); COMMIT",
		&err) < 0) {
		sql_exec(&s->writer, "ROLLBACK", NULL);
		return;
	}
	pthread_mutex_lock(&s->lock);
	s->stats.failing = false;
	pthread_mutex_unlock(&s->lock);
	log_info("store.writes_again");
}

/* Wait for something to write; false: a failure has lasted a second more. */
static bool
wait_for_more(struct store *s)
{
	struct timespec until;

	while (s->first == NULL && !s->stopping) {
		if (!s->stats.failing) {
			pthread_cond_wait(&s->more, &s->lock);
			continue;
		}
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		if (pthread_cond_timedwait(&s->more, &s->lock, &until) == ETIMEDOUT)
			return s->first != NULL || s->stopping;
	}
	return true;
}

/* Nobody waits for usage rows: a moment brings more of them into the same transaction. */
static void
linger(struct store *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += USAGE_LINGER_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (s->first != NULL && !s->urgent && !s->stopping &&
	    pthread_cond_timedwait(&s->more, &s->lock, &until) == 0)
		;
}

static struct store_batch *
take_list(struct store *s)
{
	struct store_batch *list, *b;
	int n = 1;

	list = b = s->first;
	if (list == NULL)
		return NULL;
	for (; b->next != NULL && n < BATCHES_A_COMMIT; n++)
		b = b->next;
	s->first = b->next;
	if (s->first == NULL) {
		s->open = NULL;
		s->last = &s->first;
		s->urgent = false;
	}
	b->next = NULL;
	return list;
}

static void *
writer(void *arg)
{
	struct store *s = arg;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		const bool retry = !wait_for_more(s);
		linger(s);
		struct store_batch *list = take_list(s);
		pthread_mutex_unlock(&s->lock);
		if (retry) {
			try_again(s);
			continue;
		}
		if (list == NULL)
			return NULL;
		const int64_t began_us = clock_now_us();
		write_list(s, list);
		metric_observe_us(&s->writes, &buckets_http, (uint64_t)(clock_now_us() - began_us));
		settle(s, list);
	}
}

/* ---- its beginning and end ---- */

/* Somebody else holds the database: wait for him, as sqlite3_busy_timeout would, and count it. */
static int
on_busy(void *arg, int tries)
{
	struct store *s = arg;
	const unsigned wait_ms = tries < 10 ? 1U << (tries < 6 ? tries : 6) : 100;

	if (tries == 0)
		metric_add(&s->busy, 1);
	if (tries >= BUSY_TRIES)
		return 0;
	usleep(wait_ms * 1000);
	return 1;
}

void
writer_init(struct store *s)
{
	s->last = &s->first;
	s->watch = mem_zalloc(sizeof(*s->watch));
	s->watch->refs = 1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
}

void
writer_done(struct store *s)
{
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	s->watch->fn = NULL; /* who asked may be gone before the last messages are */
	watch_unref(s->watch);
}

int
writer_start(struct store *s, struct error *err)
{
	sigset_t all, old;

	if (sqlite3_busy_handler(s->writer.db, on_busy, s) != SQLITE_OK)
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	const int rc = pthread_create(&s->thread, NULL, writer, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		errno = rc;
		return error_errno(err, "database writer thread");
	}
	return 0;
}

void
writer_stop(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
}

/*
 * writer.c - the queue of batches, and the one thread that writes the database from it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/store/batch.h"
#include "controlplane/store/core.h"
#include "runtime/base/clock.h"
#include "runtime/base/deadline.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define USAGE_QUEUE_MAX 8192
#define BATCHES_A_COMMIT 1024
#define USAGE_LINGER_MS 50
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
	s->open = b->nchats > 0 ? b : NULL;
	s->urgent |= b->nchats == 0 && !b->is_egress;
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
	/* While nothing is written, which is for moments, what comes is kept. */
	if (s->usage_queued >= USAGE_QUEUE_MAX && s->hold != STORE_HELD) {
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
		if (s->open != NULL && s->open->nchats < USAGE_TOGETHER) {
			s->open->chats[s->open->nchats++].row = *row;
		} else {
			b = mem_zalloc(sizeof(*b) + USAGE_TOGETHER * sizeof(b->chats[0]));
			b->last = &b->first;
			b->chats[b->nchats++].row = *row;
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

/* ---- who is told ---- */

void
store_watch_costs(struct store *s, late_cost_fn *fn, void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->costs.fn = fn;
	s->costs.arg = arg;
	pthread_mutex_unlock(&s->lock);
}

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

/* Why did the last call fail?  Before anything else is asked of the connection. */
static int
failed(struct store *s)
{
	s->full |= sql_is_full(&s->writer);
	return -1;
}

static int
write_chat(struct store *s, struct batch_chat *c, bool theirs, struct error *err)
{
	if (costs_of_chat(&s->costs, &s->writer, c, theirs, err) == 0 &&
	    usage_write(&s->writer, &c->row, c->cost_micro_usd, err) == 0)
		return 0;
	c->beyond_micro_usd = 0;
	return failed(s);
}

static int
write_chats(struct store *s, struct store_batch *b, bool theirs, struct error *err)
{
	int rc = 0;

	/* A full disk may end the whole transaction: no more of it then. */
	for (size_t i = 0; i < b->nchats && !sqlite3_get_autocommit(s->writer.db); i++)
		if (write_chat(s, &b->chats[i], theirs, err) < 0)
			rc = -1;
	return rc;
}

static int
write_call(struct store *s, struct store_batch *b, struct error *err)
{
	const struct egress_row *e = b->first->row;

	if (egress_write(&s->writer, e, err) < 0 ||
	    costs_of_call(&s->costs, &s->writer, e, &b->late, err) < 0)
		return failed(s);
	return 0;
}

static int
write_batch(struct store *s, struct store_batch *b, bool theirs, struct error *err)
{
	struct sql *q = &s->writer;

	if (b->nchats > 0)
		return write_chats(s, b, theirs, err);
	if (b->is_egress)
		return write_call(s, b, err);
	/* One row is whole or not by itself. */
	if (b->first != NULL && b->first->next == NULL)
		return b->first->write(q, b->first->row, err) < 0 ? failed(s) : 0;
	if (sql_exec(q, "SAVEPOINT batch", err) < 0)
		return failed(s);
	for (const struct item *i = b->first; i != NULL; i = i->next)
		if (i->write(q, i->row, err) < 0) {
			failed(s);
			sql_exec(q, "ROLLBACK TO batch; RELEASE batch", NULL);
			return -1;
		}
	return sql_exec(q, "RELEASE batch", err) < 0 ? failed(s) : 0;
}

/* Another process decides now: what was decided here came too late. */
static bool
is_late(const struct store_batch *b, bool theirs, struct error *err)
{
	return theirs && !batch_is_of_streams(b) &&
	    error_set(err, ERROR_CANCELLED,
		"another janusd has taken over; ask again, and it answers") < 0;
}

static uint64_t
inode(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* What is written to a file without a name is lost, and nobody would know. */
static int
check_files(struct store *s, struct error *err)
{
	char log[sizeof(s->path) + 8];
	snprintf(log, sizeof(log), "%s-wal", s->path);
	const struct files now = { inode(s->path), inode(log) };

	if (s->files.db == 0)
		s->files = now;
	if (s->files.log == 0)
		s->files.log = now.log;
	if (now.db == s->files.db && now.log == s->files.log)
		return 0;
	return error_set(err, ERROR_IO,
	    "%s%s was removed or replaced while it was in use: stop janusd, and restore a backup",
	    s->path, now.db == s->files.db ? "-wal" : "");
}

/* A list of batches in one transaction; each learns its own fate. */
static void
try_list(struct store *s, struct store_batch *list, bool theirs)
{
	struct error err = { 0 };
	bool whole = check_files(s, &err) == 0;

	s->full = false;
	if (whole && sql_exec(&s->writer, "BEGIN IMMEDIATE", &err) < 0)
		whole = failed(s) == 0;
	for (struct store_batch *b = list; b != NULL && whole; b = b->next)
		if (!is_late(b, theirs, &b->err) && write_batch(s, b, theirs, &b->err) < 0 &&
		    sqlite3_get_autocommit(s->writer.db)) {
			/* A full disk may end the whole transaction, and what came before goes with it. */
			err = b->err;
			whole = false;
		}
	if (whole && sql_exec(&s->writer, "COMMIT", &err) < 0) {
		failed(s);
		sql_exec(&s->writer, "ROLLBACK", NULL);
		whole = false;
	}
	for (struct store_batch *b = list; b != NULL; b = b->next) {
		b->committed = whole;
		if (!whole)
			b->err = err;
	}
	s->dirty |= whole;
}

static void
write_list(struct store *s, struct store_batch *list, bool theirs)
{
	try_list(s, list, theirs);
	if (!s->full || !reserve_release(&s->reserve))
		return;
	log_warn("disk.reserve_used");
	for (struct store_batch *b = list; b != NULL; b = b->next)
		b->err = (struct error){ 0 };
	try_list(s, list, theirs); /* with the room that was kept for this */
}

static void
run_done(void *arg)
{
	struct store_batch *b = arg;

	b->done(b->err.kind != ERROR_NONE ? &b->err : NULL, b->arg);
	batch_free(b);
}

struct row_news { /* may outlive the store */
	void (*fn)(const char *noun, const char *id, void *arg);
	void *arg;
	char noun[12], id[NOUN_ID_MAX];
};

static void
tell_row(void *arg)
{
	struct row_news *n = arg;

	n->fn(n->noun, n->id, n->arg);
	free(n);
}

static void
name_row(const char *noun, const char *id, void *arg)
{
	struct store *s = arg;
	struct row_news *n;

	if (s->on_row == NULL)
		return;
	n = mem_zalloc(sizeof(*n));
	n->fn = s->on_row;
	n->arg = s->on_row_arg;
	str_copy(n->noun, sizeof(n->noun), noun);
	str_copy(n->id, sizeof(n->id), id);
	loop_post(s->control, tell_row, n);
}

static void
settle(struct store *s, struct store_batch *list, bool theirs)
{
	for (struct store_batch *b = list, *next; b != NULL; b = next) {
		const bool failed = b->err.kind != ERROR_NONE;

		next = b->next;
		pthread_mutex_lock(&s->lock);
		const bool late = b->err.kind == ERROR_CANCELLED;
		const bool first_failure = failed && !late && !s->stats.failing;
		s->stats.batches += b->nchats > 0 ? b->nchats : 1;
		if (!late)
			s->stats.failing = failed;
		if (failed)
			snprintf(s->stats.why, sizeof(s->stats.why), "%s", b->err.text);
		s->usage_queued -= b->nchats + b->is_egress;
		s->stats.usage_dropped += failed ? b->nchats + b->is_egress : 0;
		for (size_t i = 0; i < b->nchats && !failed; i++)
			tally_add(&s->today, b->chats[i].row.at_ms);
		pthread_mutex_unlock(&s->lock);
		if (first_failure)
			log_error("store.write_failed", F_STR("error", b->err.text));
		if (b->has_events && !failed) {
			s->watch->refs++;
			loop_post(s->control, tell_events, s->watch);
		}
		if (theirs && !failed)
			batch_names(b, name_row, s);
		if (b->committed && (b->nchats > 0 || !failed))
			costs_tell(&s->costs, b, s->control);
		if (b->done != NULL)
			loop_post(s->control, run_done, b);
		else
			batch_free(b);
	}
}

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

/* After a failure nobody may come to write again: find out by ourselves when it is over. */
static void
try_again(struct store *s)
{
	struct error err = { 0 };

	if (check_files(s, &err) < 0)
		return;
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

struct held {
	void (*fn)(void *arg);
	void *arg;
};

static void
tell_held(void *arg)
{
	struct held *h = arg;

	h->fn(h->arg);
	free(h);
}

/* All that was queued is written: nothing more is, until somebody says who decides. */
static void
hold(struct store *s)
{
	struct held *h = mem_zalloc(sizeof(*h));

	*h = (struct held){ s->held, s->held_arg };
	s->hold = STORE_HELD;
	loop_post(s->control, tell_held, h);
}

/* Nothing is to be written: what the log holds goes into the database, and the log is short again. */
static void
empty_log(struct store *s)
{
	if (sql_checkpoint(&s->writer))
		s->dirty = false;
	sqlite3_busy_handler(s->writer.db, on_busy, s);
}

/* Wait for something to write; false: a second has passed with a failure, or with nothing to do. */
static bool
wait_for_more(struct store *s)
{
	while ((s->first == NULL || s->hold == STORE_HELD) && !s->stopping) {
		if (s->hold == STORE_HELD) {
			pthread_cond_wait(&s->more, &s->lock);
			continue;
		}
		if (s->hold == STORE_HOLDING && s->first == NULL) {
			hold(s);
			continue;
		}
		if (!s->stats.failing && !s->dirty) {
			pthread_cond_wait(&s->more, &s->lock);
			continue;
		}
		if (!deadline_cond(&s->more, &s->lock, clock_now_ms() + 1000))
			return s->first != NULL || s->stopping;
	}
	return true;
}

/* Nobody waits for usage rows: a moment brings more of them into the same transaction. */
static void
linger(struct store *s)
{
	const int64_t until_ms = clock_now_ms() + USAGE_LINGER_MS;

	while (s->first != NULL && !s->urgent && !s->stopping && s->hold != STORE_HOLDING &&
	    deadline_cond(&s->more, &s->lock, until_ms))
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
		const bool theirs = s->hold >= STORE_HELD; /* held to the end: somebody has it */
		pthread_mutex_unlock(&s->lock);
		if (retry) {
			if (s->stats.failing) /* written by this thread alone */
				try_again(s);
			else
				empty_log(s);
			continue;
		}
		if (list == NULL)
			return NULL;
		const int64_t began_us = clock_now_us();
		write_list(s, list, theirs);
		metric_observe_us(&s->writes, &buckets_http, (uint64_t)(clock_now_us() - began_us));
		settle(s, list, theirs);
	}
}

/* ---- another process becomes the one that decides ---- */

void
store_hold(struct store *s, void (*done)(void *arg), void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->held = done;
	s->held_arg = arg;
	s->hold = STORE_HOLDING;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

void
store_let_go(
    struct store *s, void (*on_row)(const char *noun, const char *id, void *arg), void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->on_row = on_row;
	s->on_row_arg = arg;
	s->hold = STORE_THEIRS;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

/* ---- its beginning and end ---- */

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

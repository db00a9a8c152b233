/*
 * store.c - the writer thread and its queue.
 */
#include "controlplane/store/store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/store/tables.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#define SQL_STATEMENTS
#include "sql_queries.h"

#include "sql_migrations.h"

#define USAGE_QUEUE_MAX 8192
#define USAGE_TOGETHER 32 /* rows of one batch: each is written by itself */
#define BATCHES_A_COMMIT 1024
#define USAGE_LINGER_NS 50000000 /* 50 ms */
#define BUSY_TRIES 56 /* some 5 s */

static const struct sql_migration migrations[] = {
#define X(name) { name },
	MIGRATIONS(X)
#undef X
};

struct item {
	struct item *next;
	table_write_fn *write;
	void *row;
	void (*row_done)(void *row); /* what the copy owns; may be NULL */
};

struct store_batch {
	struct store_batch *next;
	struct item *first, **last;
	store_done_fn *done;
	void *arg;
	struct error err; /* of the write */
	bool has_events, is_egress;
	char object_id[NOUN_ID_MAX]; /* of its last event */
	size_t nusage;
	struct usage_row
	    usage[]; /* USAGE_TOGETHER of them, or none: a batch is of the one or the other */
};

/* Who is told of new events.  Messages to the control loop may outlive the store. */
struct event_watch {
	_Atomic int refs;
	void (*fn)(void *arg); /* control loop only; NULL: nobody */
	void *arg;
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
	struct store_stats stats;
	struct event_watch *watch; /* a reference */
	struct metric_histogram writes;
	metric_counter busy;
};

/* ---- batches ---- */

struct store_batch *
store_batch_new(void)
{
	struct store_batch *b = mem_zalloc(sizeof(*b));

	b->last = &b->first;
	return b;
}

static void *
add(struct store_batch *b, table_write_fn *write, const void *row, size_t size,
    void (*row_done)(void *))
{
	struct item *i = mem_zalloc(sizeof(*i));

	i->write = write;
	i->row = mem_zalloc(size);
	memcpy(i->row, row, size);
	i->row_done = row_done;
	*b->last = i;
	b->last = &i->next;
	return i->row;
}

static void
batch_free(struct store_batch *b)
{
	for (struct item *i = b->first, *next; i != NULL; i = next) {
		next = i->next;
		if (i->row_done != NULL)
			i->row_done(i->row);
		free(i->row);
		free(i);
	}
	free(b);
}

static void
version_row_done(void *row)
{
	version_done(row);
}

static void
submission_row_done(void *row)
{
	submission_done(row);
}

static void
instance_row_done(void *row)
{
	instance_done(row);
}

void
store_put_competitor(struct store_batch *b, const struct competitor *c)
{
	add(b, competitors_write, c, sizeof(*c), NULL);
}

void
store_put_version(struct store_batch *b, const struct version *v)
{
	struct version *copy = add(b, versions_write, v, sizeof(*v), version_row_done);

	copy->manifest = str_dup(v->manifest);
}

void
store_put_submission(struct store_batch *b, const struct submission *s)
{
	struct submission *copy = add(b, submissions_write, s, sizeof(*s), submission_row_done);

	copy->manifest = str_dup(s->manifest);
	copy->evidence = str_dup(s->evidence);
}

void
store_put_instance(struct store_batch *b, const struct instance *i)
{
	struct instance *copy = add(b, instances_write, i, sizeof(*i), instance_row_done);

	copy->evidence = str_dup(i->evidence);
}

void
store_put_key(struct store_batch *b, const struct key *k)
{
	add(b, keys_write, k, sizeof(*k), NULL);
}

void
store_put_artifact(struct store_batch *b, const struct artifact *a)
{
	add(b, artifacts_write, a, sizeof(*a), NULL);
}

void
store_delete_artifact(struct store_batch *b, const char *id)
{
	char row[NOUN_ID_MAX];

	snprintf(row, sizeof(row), "%s", id);
	add(b, artifacts_delete, row, sizeof(row), NULL);
}

static void
idempotency_done(void *row)
{
	idempotency_row_done(row);
}

void
store_put_idempotency(struct store_batch *b, const struct idempotency_row *row)
{
	struct idempotency_row *copy =
	    add(b, idempotency_write, row, sizeof(*row), idempotency_done);

	copy->sealed = str_dup(row->sealed);
}

void
store_tag(struct store *s, const struct idempotency_row *row)
{
	s->tag = row;
}

void
store_add_event(struct store_batch *b, const struct store_event *event)
{
	struct event_row e = { .at_ms = clock_wall_ms() };
	const struct {
		char *to;
		size_t cap;
		const char *from;
	} texts[] = {
		{ e.actor, sizeof(e.actor), event->who.name },
		{ e.request_id, sizeof(e.request_id), event->who.request_id },
		{ e.action, sizeof(e.action), event->action },
		{ e.object_id, sizeof(e.object_id), event->object_id },
		{ e.detail, sizeof(e.detail), event->reason },
		{ e.before, sizeof(e.before), event->before },
		{ e.after, sizeof(e.after), event->after },
	};

	id_new("evt", e.id);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].from != NULL)
			snprintf(texts[i].to, texts[i].cap, "%s", texts[i].from);
	snprintf(b->object_id, sizeof(b->object_id), "%s", e.object_id);
	add(b, events_write, &e, sizeof(e), NULL);
	b->has_events = true;
}

/* ---- queue ---- */

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

	add(b, egress_write, row, sizeof(*row), NULL);
	b->is_egress = true;
	pthread_mutex_lock(&s->lock);
	const bool room = has_room(s);
	if (room)
		enqueue(s, b);
	pthread_mutex_unlock(&s->lock);
	if (!room)
		batch_free(b);
}

/* ---- the writer ---- */

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

/* ---- open and close ---- */

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

static int
start_writer(struct store *s, struct error *err)
{
	sigset_t all, old;

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

struct store *
store_open(const char *dir, struct loop *control, struct error *err)
{
	struct store *s = mem_zalloc(sizeof(*s));

	snprintf(s->path, sizeof(s->path), "%s/janus.db", dir);
	s->control = control;
	s->last = &s->first;
	s->watch = mem_zalloc(sizeof(*s->watch));
	s->watch->refs = 1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
	if (sql_open(&s->writer, s->path, true, migrations, ARRAY_LEN(migrations), err) < 0 ||
	    sql_prepare(&s->writer, sql_statements, SQL_COUNT, err) < 0 ||
	    sqlite3_busy_handler(s->writer.db, on_busy, s) != SQLITE_OK ||
	    start_writer(s, err) < 0) {
		sql_close(&s->writer);
		watch_unref(s->watch);
		free(s);
		return NULL;
	}
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	sql_close(&s->writer);
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	s->watch->fn = NULL; /* who asked may be gone before the last messages are */
	watch_unref(s->watch);
	free(s);
}

/* Reads use a connection of their own: the writer's belongs to its thread. */
static int
open_reader(struct store *s, struct sql *out, struct error *err)
{
	if (sql_open(out, s->path, false, migrations, ARRAY_LEN(migrations), err) < 0)
		return -1;
	return sql_prepare(out, sql_statements, SQL_COUNT, err);
}

int
store_load(struct store *s, const struct store_rows *rows, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return competitors_load(&q, rows, arg, err) < 0 || versions_load(&q, rows, arg, err) < 0 ||
		submissions_load(&q, rows, arg, err) < 0 || instances_load(&q, rows, arg, err) < 0
	    ? -1
	    : 0;
}

int
store_events(
    struct store *s, const struct event_query *query, event_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return events_load(&q, query, fn, arg, err);
}

void
store_watch_events(struct store *s, void (*fn)(void *arg), void *arg)
{
	s->watch->fn = fn;
	s->watch->arg = arg;
}

int
store_requests(struct store *s, const struct request_query *wanted, request_fn *fn, void *arg,
    struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return requests_load(&q, wanted, fn, arg, err);
}

int
store_egress(
    struct store *s, const struct egress_query *wanted, egress_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return egress_load(&q, wanted, fn, arg, err);
}

int
store_load_artifacts(struct store *s, artifact_row_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return artifacts_load(&q, fn, arg, err);
}

int
store_load_keys(
    struct store *s, const struct key_rows *rows, int64_t now_wall_ms, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return keys_load(&q, rows, now_wall_ms, arg, err);
}

int
store_usage(struct store *s, enum usage_by by, int64_t since_ms, usage_sum_fn *fn, void *arg,
    struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return usage_load(&q, by, since_ms, fn, arg, err);
}

int
store_find_idempotency(
    struct store *s, const char *id, int64_t now_ms, struct idempotency_row *out, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return idempotency_load(&q, id, now_ms, out, err);
}

static int
node_id(struct sql *q, char out[NOUN_ID_MAX], struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *get = q->stmt[SQL_META_GET];
	_cleanup_reset_ sqlite3_stmt *put = q->stmt[SQL_META_PUT];

	sql_bind_text(get, 1, "node_id");
	const int rc = sql_step(get, err);
	if (rc < 0)
		return -1;
	if (rc == 1) {
		snprintf(out, NOUN_ID_MAX, "%s", sql_text(get, 0));
		return 0;
	}
	id_new("node", out);
	sql_bind_text(put, 1, "node_id");
	sql_bind_text(put, 2, out);
	return sql_step(put, err) < 0 ? -1 : 0;
}

int
store_node_id(struct store *s, char out[NOUN_ID_MAX], struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return node_id(&q, out, err);
}

void
store_stats(struct store *s, struct store_stats *out)
{
	_cleanup_free_ char *wal = str_printf("%s-wal", s->path);
	struct stat st;

	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	pthread_mutex_unlock(&s->lock);
	out->busy = s->busy;
	out->db_bytes = stat(s->path, &st) == 0 ? st.st_size : 0;
	out->wal_bytes = stat(wal, &st) == 0 ? st.st_size : 0;
}

const struct metric_histogram *
store_writes(const struct store *s)
{
	return &s->writes;
}

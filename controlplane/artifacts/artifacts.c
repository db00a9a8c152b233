/*
 * artifacts.c - the index behind its lock, rows through the store, blobs on the disk.
 */
#include "controlplane/artifacts/artifacts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controlplane/artifacts/blobs.h"
#include "controlplane/artifacts/index.h"
#include "controlplane/artifacts/metrics.h"
#include "controlplane/store/store.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define EXPIRE_AT_ONCE 500
#define ORPHANS_EVERY 120 /* sweeps */

const struct artifacts_config artifacts_defaults = {
	.dir = "",
	.base_url = "",
	.max_bytes = INT64_C(100) << 20,
	.inline_bytes = 1000000,
	.competitor_bytes = INT64_C(1) << 30,
	.total_bytes = INT64_C(10) << 30,
	.count = 50000,
	.ttl_ms = 3600000,
	.max_ttl_ms = INT64_C(30) * 86400000,
	.fetch_ms = 30000,
	.per_request = 64,
	.file_bytes = INT64_C(32) << 20,
	.owner_bytes = INT64_C(1) << 30,
	.sweep_ms = 30000,
};

struct artifacts {
	struct artifacts_config config;
	char *blobs; /* owned */
	struct store *store;
	struct loop *control;
	struct workers *workers;
	unsigned char key[SIGN_KEY_LEN];
	atomic_bool stopping;
	atomic_bool shared; /* nothing is cleared away */
	struct timer sweep; /* control loop */
	bool sweeping;
	unsigned sweeps;
	pthread_mutex_t lock;
	struct index index; /* under lock, as all below */
	int64_t due_ms; /* wall: when the first of them expires; INT64_MAX: none */
	struct artifacts_counts counts;
};

/* One change of the table, from any loop over the control loop to the store and back. */
struct change {
	struct artifacts *artifacts;
	struct artifact row;
	bool removal;
	struct loop *loop;
	artifacts_done_fn *done;
	void *arg;
	struct error err;
};

const struct artifacts_config *
artifacts_config(const struct artifacts *a)
{
	return &a->config;
}

struct workers *
artifacts_workers(const struct artifacts *a)
{
	return a->workers;
}

bool
artifacts_stopping(const struct artifacts *a)
{
	return a->stopping;
}

/* ---- blobs that nobody names ---- */

struct collection {
	struct artifacts *artifacts;
	size_t len;
	char sha256[][HASH_HEX_MAX];
};

static void
collect(struct artifacts *a, const char *sha256)
{
	if (a->shared) /* a later start collects it */
		return;
	pthread_mutex_lock(&a->lock);
	const bool gone = index_forget(&a->index, sha256);
	if (gone) {
		blob_set_aside(a->blobs, sha256); /* whoever pins it next writes it anew */
		a->counts.collected++;
	}
	pthread_mutex_unlock(&a->lock);
	if (gone)
		blob_sweep_aside(a->blobs, sha256);
}

static void
collect_all(void *arg)
{
	struct collection *c = arg;

	for (size_t i = 0; i < c->len; i++)
		collect(c->artifacts, c->sha256[i]);
}

static void
collect_later(struct artifacts *a, struct loop *loop, const char sha256[HASH_HEX_MAX])
{
	struct collection *c;

	if (a->stopping) /* the next start collects it */
		return;
	c = mem_zalloc(sizeof(*c) + HASH_HEX_MAX);
	c->artifacts = a;
	c->len = 1;
	memcpy(c->sha256[0], sha256, HASH_HEX_MAX);
	worker_run(a->workers, loop, collect_all, free, c);
}

/* ---- room and pins ---- */

enum artifact_reason
artifacts_reserve(struct artifacts *a, const struct artifact *row)
{
	const bool upload = row->purpose[0] != '\0';
	const int64_t each = upload ? a->config.owner_bytes : a->config.competitor_bytes;
	enum artifact_reason reason = ARTIFACT_NONE;

	if (store_is_low(a->store))
		return ARTIFACT_STORE;
	if (row->size > (upload ? a->config.file_bytes : a->config.max_bytes))
		return ARTIFACT_SIZE_DECLARED;
	pthread_mutex_lock(&a->lock);
	struct tally *t = index_tally(&a->index, row);
	const struct index *x = &a->index;
	if (t->bytes + t->reserved + row->size > each ||
	    x->blob_bytes + x->reserved + row->size > a->config.total_bytes ||
	    x->count + x->nreserved >= a->config.count) {
		reason = ARTIFACT_QUOTA;
	} else {
		t->reserved += row->size;
		a->index.reserved += row->size;
		a->index.nreserved++;
	}
	pthread_mutex_unlock(&a->lock);
	return reason;
}

void
artifacts_unreserve(struct artifacts *a, const struct artifact *row)
{
	pthread_mutex_lock(&a->lock);
	index_tally(&a->index, row)->reserved -= row->size;
	a->index.reserved -= row->size;
	a->index.nreserved--;
	pthread_mutex_unlock(&a->lock);
}

int
artifacts_keep_blob(
    struct artifacts *a, struct blob_writer *w, const struct artifact *row, struct error *err)
{
	pthread_mutex_lock(&a->lock);
	index_pin(&a->index, row->sha256, row->size);
	pthread_mutex_unlock(&a->lock);
	if (blob_keep(w, err) == 0)
		return 0;
	artifacts_unpin(a, row->sha256);
	return -1;
}

void
artifacts_unpin(struct artifacts *a, const char *sha256)
{
	char gone[HASH_HEX_MAX];

	str_copy(gone, sizeof(gone), sha256);
	pthread_mutex_lock(&a->lock);
	const bool unused = index_unpin(&a->index, gone);
	pthread_mutex_unlock(&a->lock);
	if (unused)
		collect_later(a, a->control, gone);
}

/* ---- changes ---- */

static void
tell(void *arg)
{
	struct change *c = arg;

	if (c->done != NULL)
		c->done(c->err.kind != ERROR_NONE ? &c->err : NULL, c->arg);
	free(c);
}

/* Under the lock, or before anybody else has it. */
static void
add_row(const struct artifact *row, void *arg)
{
	struct artifacts *a = arg;

	index_add(&a->index, row);
	if (row->expires_at_ms != 0 && row->expires_at_ms < a->due_ms)
		a->due_ms = row->expires_at_ms;
}

static void
index_change(struct artifacts *a, const struct change *c)
{
	char sha256[HASH_HEX_MAX];
	bool unused = false;

	pthread_mutex_lock(&a->lock);
	if (c->removal)
		unused = index_remove(&a->index, c->row.id, sha256);
	else
		add_row(&c->row, a);
	pthread_mutex_unlock(&a->lock);
	if (unused)
		collect_later(a, a->control, sha256);
}

static void
on_committed(const struct error *err, void *arg)
{
	struct change *c = arg;

	if (err != NULL)
		c->err = *err;
	else
		index_change(c->artifacts, c);
	loop_post(c->loop, tell, c);
}

static void
commit(void *arg)
{
	struct change *c = arg;
	struct store_batch *b;

	if (c->artifacts->stopping) {
		error_set(&c->err, ERROR_CANCELLED, "Janus is stopping");
		loop_post(c->loop, tell, c);
		return;
	}
	b = store_batch_new();
	if (c->removal)
		store_delete_artifact(b, c->row.id);
	else
		store_put_artifact(b, &c->row);
	store_commit(c->artifacts->store, b, on_committed, c);
}

static void
change(struct artifacts *a, const struct artifact *row, bool removal, struct loop *loop,
    artifacts_done_fn *done, void *arg)
{
	struct change *c = mem_zalloc(sizeof(*c));

	c->artifacts = a;
	c->row = *row;
	c->removal = removal;
	c->loop = loop;
	c->done = done;
	c->arg = arg;
	loop_post(a->control, commit, c);
}

void
artifacts_add(struct artifacts *a, const struct artifact *row, struct loop *loop,
    artifacts_done_fn *done, void *arg)
{
	change(a, row, false, loop, done, arg);
}

void
artifacts_remove(
    struct artifacts *a, const char *id, struct loop *loop, artifacts_done_fn *done, void *arg)
{
	struct artifact row = { 0 };

	str_copy(row.id, sizeof(row.id), id);
	change(a, &row, true, loop, done, arg);
}

/* ---- what there is ---- */

static bool
is_over(const struct artifact *row, int64_t now_ms)
{
	return row->expires_at_ms != 0 && row->expires_at_ms <= now_ms;
}

bool
artifacts_get(struct artifacts *a, const char *id, struct artifact *out)
{
	const int64_t now_ms = clock_wall_ms();

	pthread_mutex_lock(&a->lock);
	const struct entry *e = map_get(&a->index.by_id, id);
	const bool found = e != NULL && !is_over(&e->row, now_ms);
	if (found)
		*out = e->row;
	pthread_mutex_unlock(&a->lock);
	return found;
}

static bool
fits(const struct artifact *row, const struct artifact_query *q, int64_t now_ms)
{
	return !is_over(row, now_ms) && (row->purpose[0] != '\0') == q->uploads &&
	    (q->competitor == NULL || strcmp(row->competitor, q->competitor) == 0) &&
	    (q->request_id == NULL || strcmp(row->request_id, q->request_id) == 0) &&
	    (q->owner == NULL || strcmp(row->owner, q->owner) == 0);
}

size_t
artifacts_list(struct artifacts *a, const struct artifact_query *query, struct artifact **out)
{
	const int64_t now_ms = clock_wall_ms();
	size_t n = 0;

	*out = NULL;
	pthread_mutex_lock(&a->lock);
	for (const struct entry *e = a->index.last; e != NULL; e = e->prev)
		n += fits(&e->row, query, now_ms);
	*out = mem_zalloc((n + 1) * sizeof(**out));
	n = 0;
	for (const struct entry *e = a->index.last; e != NULL; e = e->prev)
		if (fits(&e->row, query, now_ms))
			(*out)[n++] = e->row;
	pthread_mutex_unlock(&a->lock);
	return n;
}

void
artifacts_of_request(struct artifacts *a, const char *request_id, artifact_row_fn *fn, void *arg)
{
	const int64_t now_ms = clock_wall_ms();

	pthread_mutex_lock(&a->lock);
	for (const struct entry *e = map_get(&a->index.by_request, request_id); e != NULL;
	     e = e->next_of_request)
		if (!is_over(&e->row, now_ms))
			fn(&e->row, arg);
	pthread_mutex_unlock(&a->lock);
}

/* Was this very file read through before? */
static bool
was_true(struct artifacts *a, const char *sha256, const struct stat *st)
{
	pthread_mutex_lock(&a->lock);
	const struct blob *b = index_blob(&a->index, sha256);
	const bool known = b != NULL && b->inode == st->st_ino &&
	    b->changed.tv_sec == st->st_ctim.tv_sec && b->changed.tv_nsec == st->st_ctim.tv_nsec;
	pthread_mutex_unlock(&a->lock);
	return known;
}

static void
note_true(struct artifacts *a, const char *sha256, const struct stat *st)
{
	pthread_mutex_lock(&a->lock);
	struct blob *b = index_blob(&a->index, sha256);
	if (b != NULL) {
		b->inode = st->st_ino;
		b->changed = st->st_ctim;
	}
	pthread_mutex_unlock(&a->lock);
}

int
artifacts_read(struct artifacts *a, const struct artifact *row, struct error *err)
{
	_cleanup_close_ int fd = blob_open(a->blobs, row->sha256, row->size, err);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "artifact %s", row->id);
	if (was_true(a, row->sha256, &st))
		return TAKE_FD(fd);
	if (!blob_is_true(fd, row->sha256)) {
		log_error("artifact.damaged", F_STR("artifact_id", row->id),
		    F_STR("sha256", row->sha256));
		return error_set(err, ERROR_INTERNAL, "the bytes of %s are damaged", row->id);
	}
	note_true(a, row->sha256, &st);
	return TAKE_FD(fd);
}

/* ---- links ---- */

void
artifacts_url(const struct artifacts *a, const struct artifact *row, struct buf *out)
{
	const int64_t until_ms =
	    row->expires_at_ms != 0 ? row->expires_at_ms : clock_wall_ms() + a->config.ttl_ms;

	sign_url(out, a->key, a->config.base_url, row->id, row->owner, until_ms / 1000);
}

enum sign_verdict
artifacts_check(
    const struct artifacts *a, const char *id, const char *owner, const char *sig, const char *exp)
{
	return sign_check(a->key, id, owner, sig, exp, clock_wall_ms() / 1000);
}

/* ---- counts ---- */

void
artifacts_count(struct artifacts *a, const char *competitor, enum artifact_reason reason)
{
	struct artifact who = { 0 };

	str_copy(who.competitor, sizeof(who.competitor), competitor);
	pthread_mutex_lock(&a->lock);
	index_tally(&a->index, &who)->counts[reason]++;
	pthread_mutex_unlock(&a->lock);
}

void
artifacts_served(struct artifacts *a, int status, uint64_t bytes)
{
	pthread_mutex_lock(&a->lock);
	artifacts_counts_served(&a->counts, status, bytes);
	pthread_mutex_unlock(&a->lock);
}

void
artifacts_metrics(struct artifacts *a, struct buf *out)
{
	pthread_mutex_lock(&a->lock);
	artifacts_counts_text(&a->counts, &a->index, out);
	pthread_mutex_unlock(&a->lock);
}

static void
commit_event(void *arg)
{
	struct change *c = arg;
	const enum artifact_reason reason = (enum artifact_reason)c->row.size;

	if (!c->artifacts->stopping) {
		struct store_batch *b = store_batch_new();

		store_add_event(b,
		    &(struct store_event){ .who = { "janusd", c->row.request_id },
			.action = "artifact.refused",
			.object_id = c->row.competitor,
			.reason = artifact_reason_word(reason) });
		store_commit(c->artifacts->store, b, NULL, NULL);
	}
	free(c);
}

void
artifacts_event(struct artifacts *a, const char *competitor, const char *request_id,
    enum artifact_reason reason)
{
	struct change *c = mem_zalloc(sizeof(*c));

	c->artifacts = a;
	str_copy(c->row.competitor, sizeof(c->row.competitor), competitor);
	str_copy(c->row.request_id, sizeof(c->row.request_id), request_id);
	c->row.size = reason;
	loop_post(a->control, commit_event, c);
}

/* ---- what is over ---- */

struct expiry {
	struct artifacts *artifacts;
	size_t len;
	char id[EXPIRE_AT_ONCE][NOUN_ID_MAX];
};

static void
on_expired(const struct error *err, void *arg)
{
	struct expiry *e = arg;
	struct artifacts *a = e->artifacts;

	for (size_t i = 0; i < e->len && err == NULL; i++) {
		struct change c = { .removal = true };

		memcpy(c.row.id, e->id[i], sizeof(e->id[i]));
		index_change(a, &c);
	}
	if (err == NULL)
		log_info("artifact.expired", F_INT("count", (int64_t)e->len));
	a->sweeping = false;
	free(e);
}

/* Those that are over, and when the next will be. */
static struct expiry *
find_expired(struct artifacts *a, int64_t now_ms)
{
	struct expiry *found = mem_zalloc(sizeof(*found));

	found->artifacts = a;
	pthread_mutex_lock(&a->lock);
	if (a->due_ms <= now_ms) {
		a->due_ms = INT64_MAX;
		for (const struct entry *e = a->index.first; e != NULL; e = e->next) {
			const int64_t at_ms = e->row.expires_at_ms;

			if (at_ms == 0)
				continue;
			if (at_ms <= now_ms && found->len < EXPIRE_AT_ONCE)
				memcpy(found->id[found->len++], e->row.id, sizeof(e->row.id));
			if (at_ms < a->due_ms)
				a->due_ms =
				    at_ms; /* that of one which is to go, until it has gone */
		}
	}
	pthread_mutex_unlock(&a->lock);
	return found;
}

struct orphans {
	struct artifacts *artifacts;
	size_t n;
};

static void
see_blob(const char *sha256, int64_t size, void *arg)
{
	struct orphans *o = arg;
	struct artifacts *a = o->artifacts;

	(void)size;
	pthread_mutex_lock(&a->lock);
	const bool known = index_blob(&a->index, sha256) != NULL;
	if (!known)
		blob_set_aside(a->blobs, sha256);
	pthread_mutex_unlock(&a->lock);
	if (!known) {
		blob_sweep_aside(a->blobs, sha256);
		o->n++;
	}
}

static void
collect_orphans(void *arg)
{
	struct orphans *o = arg;

	if (o->artifacts->shared)
		return;
	blobs_each(o->artifacts->blobs, see_blob, o, NULL);
	if (o->n > 0)
		log_warn("artifact.orphans", F_INT("count", (int64_t)o->n));
}

static void
look_for_orphans(struct artifacts *a)
{
	struct orphans *o = mem_zalloc(sizeof(*o));

	o->artifacts = a;
	worker_run(a->workers, a->control, collect_orphans, free, o);
}

static void
on_sweep(struct timer *t, void *arg)
{
	struct artifacts *a = arg;

	if (!a->sweeping && !a->shared) {
		struct expiry *e = find_expired(a, clock_wall_ms());

		if (e->len > 0) {
			struct store_batch *b = store_batch_new();

			for (size_t i = 0; i < e->len; i++)
				store_delete_artifact(b, e->id[i]);
			a->sweeping = true;
			store_commit(a->store, b, on_expired, e);
		} else {
			free(e);
		}
	}
	if (++a->sweeps % ORPHANS_EVERY == 0)
		look_for_orphans(a);
	timer_set(a->control, t, a->config.sweep_ms, on_sweep, a);
}

/* ---- start and end ---- */

static int
load_key(struct artifacts *a, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/artifact.key", a->config.dir), *text = NULL;
	size_t len = 0;

	if (file_read(path, SIGN_KEY_LEN, &text, &len, NULL) == 0 && len == SIGN_KEY_LEN) {
		memcpy(a->key, text, SIGN_KEY_LEN);
		return 0;
	}
	/* None, or half of one: links that were given out are void then. */
	hash_random(a->key, sizeof(a->key));
	return file_write(path, a->key, sizeof(a->key), 0600, err);
}

static void
note_blob(const char *sha256, int64_t size, void *arg)
{
	struct blob *b = index_blob(arg, sha256);

	if (b != NULL && b->size == size)
		b->pins = 1; /* for drop_lost: it is there */
}

/* Rows whose blob is gone: somebody removed files. */
static void
drop_lost(struct artifacts *a)
{
	struct store_batch *b = store_batch_new();
	char sha256[HASH_HEX_MAX];

	blobs_each(a->blobs, note_blob, &a->index, NULL);
	for (struct entry *e = a->index.first, *next; e != NULL; e = next) {
		next = e->next;
		if (e->blob->pins > 0)
			continue;
		log_warn("artifact.lost", F_STR("artifact_id", e->row.id),
		    F_STR("sha256", e->row.sha256));
		store_delete_artifact(b, e->row.id);
		if (index_remove(&a->index, e->row.id, sha256))
			index_forget(&a->index, sha256);
	}
	for (struct entry *e = a->index.first; e != NULL; e = e->next)
		e->blob->pins = 0;
	store_commit(a->store, b, NULL, NULL);
}

struct artifacts *
artifacts_open(const struct artifacts_config *config, struct store *store, struct loop *control,
    struct workers *workers, struct error *err)
{
	struct artifacts *a = mem_zalloc(sizeof(*a));

	a->config = *config;
	a->shared = config->shared;
	a->blobs = str_printf("%s/blobs", config->dir);
	a->store = store;
	a->control = control;
	a->workers = workers;
	a->due_ms = INT64_MAX;
	pthread_mutex_init(&a->lock, NULL);
	if (blobs_prepare(a->blobs, err) < 0 || load_key(a, err) < 0 ||
	    store_load_artifacts(store, add_row, a, err) < 0) {
		artifacts_free(a);
		return NULL;
	}
	if (!a->shared) /* else the other one still writes there */
		blobs_clear_tmp(a->blobs);
	drop_lost(a);
	collect_orphans(&(struct orphans){ .artifacts = a });
	timer_set(control, &a->sweep, config->sweep_ms, on_sweep, a);
	return a;
}

void
artifacts_share(struct artifacts *a, bool shared)
{
	a->shared = shared;
	if (!shared && !a->stopping)
		look_for_orphans(a);
}

struct learning {
	struct artifacts *artifacts;
	char id[NOUN_ID_MAX];
};

static void
learn_row(const struct artifact *row, void *arg)
{
	struct artifacts *a = arg;

	pthread_mutex_lock(&a->lock);
	add_row(row, a);
	pthread_mutex_unlock(&a->lock);
}

static void
learn(void *arg)
{
	const struct learning *l = arg;

	store_load_artifact(l->artifacts->store, l->id, learn_row, l->artifacts, NULL);
}

void
artifacts_learn(struct artifacts *a, const char *id)
{
	struct learning *l = mem_zalloc(sizeof(*l));

	l->artifacts = a;
	str_copy(l->id, sizeof(l->id), id);
	worker_run(a->workers, a->control, learn, free, l);
}

void
artifacts_stop(struct artifacts *a)
{
	if (a == NULL)
		return;
	a->stopping = true;
	timer_cancel(&a->sweep);
}

void
artifacts_free(struct artifacts *a)
{
	if (a == NULL)
		return;
	index_done(&a->index);
	pthread_mutex_destroy(&a->lock);
	free(a->blobs);
	free(a);
}

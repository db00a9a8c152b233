/*
 * streams.c - the table, its bounds, and messages between loops.
 */
#include "controlplane/gateway/streams.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/nouns.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/sse_id.h"

const struct streams_limits streams_defaults = {
	.stream_bytes = 4 << 20,
	.total_bytes = 256 << 20,
	.high_bytes = 256 << 10,
	.count = 4096,
	.ttl_ms = 15 * 60 * 1000,
	.idle_ms = 5 * 60 * 1000,
};

struct stream {
	struct streams *table;
	char id[ID_MAX], owner[NOUN_ID_MAX];
	char *request_id, *model; /* owned */
	int64_t created_at_ms; /* wall */
	struct loop *loop; /* the writer's */
	/* of the writer's loop */
	const struct stream_events *events; /* NULL once it is closed */
	void *events_arg;
	/* under the table's lock */
	int refs;
	bool listed;
	char slug[48];
	struct event_ring ring;
	enum stream_state state;
	bool stopping; /* it was told to */
	bool waiting; /* the writer, for readers to catch up */
	int64_t ended_ms, ended_at_ms; /* monotonic, wall; 0: it runs */
	int64_t alone_since_ms; /* monotonic; 0 while somebody follows */
	unsigned resumed;
	struct stream_reader *readers;
	struct stream *newer, *older; /* all that are listed */
};

struct streams {
	struct streams_limits limits;
	pthread_mutex_t lock;
	struct map by_id;
	struct stream *newest, *oldest;
	size_t bytes; /* memory of all rings of listed streams */
};

static void
lock(struct streams *t)
{
	pthread_mutex_lock(&t->lock);
}

static void
unlock(struct streams *t)
{
	pthread_mutex_unlock(&t->lock);
}

struct streams *
streams_new(const struct streams_limits *limits)
{
	struct streams *t = mem_zalloc(sizeof(*t));

	t->limits = *limits;
	if (t->limits.high_bytes > limits->stream_bytes / 4)
		t->limits.high_bytes = limits->stream_bytes / 4;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

const struct streams_limits *
streams_limits(const struct streams *t)
{
	return &t->limits;
}

/* ---- under the lock ---- */

static void
put(struct stream *s)
{
	if (--s->refs > 0)
		return;
	event_ring_done(&s->ring);
	free(s->request_id);
	free(s->model);
	free(s);
}

static void wake_readers(struct stream *s);

/* Nobody finds it any more, and its memory is free: whoever still follows has lost it. */
static void
unlist(struct stream *s)
{
	struct streams *t = s->table;

	if (!s->listed)
		return;
	s->listed = false;
	*(s->older != NULL ? &s->older->newer : &t->oldest) = s->newer;
	*(s->newer != NULL ? &s->newer->older : &t->newest) = s->older;
	map_remove(&t->by_id, s->id);
	t->bytes -= s->ring.bytes;
	event_ring_done(&s->ring);
	wake_readers(s);
	put(s);
}

/* Of the ended streams the one that ended first. */
static struct stream *
first_ended(struct streams *t)
{
	struct stream *first = NULL;

	for (struct stream *s = t->oldest; s != NULL; s = s->newer)
		if (s->ended_ms != 0 && (first == NULL || s->ended_ms < first->ended_ms))
			first = s;
	return first;
}

static bool
evict_ended(struct streams *t)
{
	struct stream *s = first_ended(t);

	if (s != NULL)
		unlist(s);
	return s != NULL;
}

/* Of the running streams the largest gives its oldest events. */
static bool
shrink_largest(struct streams *t)
{
	struct stream *largest = t->oldest;

	for (struct stream *s = t->oldest; s != NULL; s = s->newer)
		if (s->ring.bytes > largest->ring.bytes)
			largest = s;
	const size_t freed = largest != NULL ? event_ring_shrink(&largest->ring) : 0;
	t->bytes -= freed;
	return freed > 0;
}

static void
keep_within(struct streams *t)
{
	while (t->bytes > (size_t)t->limits.total_bytes && (evict_ended(t) || shrink_largest(t)))
		;
}

static void
on_wake(void *arg)
{
	struct stream_reader *r = arg;
	struct streams *t = r->stream->table;

	lock(t);
	r->woken = false;
	const bool left = r->left;
	unlock(t);
	if (!left) {
		r->wake(r);
		return;
	}
	stream_unref(r->stream);
	r->freed(r);
}

static void
wake_readers(struct stream *s)
{
	for (struct stream_reader *r = s->readers; r != NULL; r = r->newer)
		if (!r->woken) {
			r->woken = true;
			loop_post(r->loop, on_wake, r);
		}
}

static void
sweep(struct streams *t, int64_t now_ms)
{
	for (struct stream *s = t->oldest, *newer; s != NULL; s = newer) {
		newer = s->newer;
		if (s->ended_ms != 0 && now_ms - s->ended_ms >= t->limits.ttl_ms)
			unlist(s);
	}
}

/* ---- the writing side ---- */

struct stream *
stream_open(struct streams *t, const char *owner, const char *request_id, const char *model,
    struct loop *loop, const struct stream_events *events, void *arg)
{
	struct stream *s = mem_zalloc(sizeof(*s));
	bool room;

	s->table = t;
	id_new("strm", s->id);
	snprintf(s->owner, sizeof(s->owner), "%s", owner);
	s->request_id = str_dup(request_id);
	s->model = str_dup(model);
	s->created_at_ms = clock_wall_ms();
	s->loop = loop;
	s->events = events;
	s->events_arg = arg;
	s->refs = 2; /* the table's and the caller's */
	s->ring.max_bytes = (size_t)t->limits.stream_bytes;
	lock(t);
	sweep(t, clock_now_ms());
	room = (int64_t)t->by_id.len < t->limits.count || evict_ended(t);
	while (room && t->bytes >= (size_t)t->limits.total_bytes)
		room = evict_ended(t);
	if (room) {
		s->listed = true;
		s->older = t->newest;
		*(t->newest != NULL ? &t->newest->newer : &t->oldest) = s;
		t->newest = s;
		map_put(&t->by_id, s->id, s);
	} else {
		s->refs = 1;
		put(s);
	}
	unlock(t);
	return room ? s : NULL;
}

void
stream_set_competitor(struct stream *s, const char *slug)
{
	lock(s->table);
	snprintf(s->slug, sizeof(s->slug), "%s", slug);
	unlock(s->table);
}

void
stream_begin_alone(struct stream *s)
{
	lock(s->table);
	s->alone_since_ms = clock_now_ms();
	unlock(s->table);
}

/* Returns how many bytes the event has with its number. */
static size_t
add_event(struct stream *s, const char *raw, size_t len)
{
	const size_t at = sse_id_place(raw, len);
	char line[32];
	const int line_len =
	    snprintf(line, sizeof(line), "id: %llu\n", (unsigned long long)s->ring.last + 1);
	const struct iovec parts[] = {
		{ (void *)(uintptr_t)raw, at },
		{ line, (size_t)line_len },
		{ (void *)(uintptr_t)(raw + at), len - at },
	};
	const size_t before = s->ring.bytes;

	event_ring_add(&s->ring, parts, 3);
	s->table->bytes += s->ring.bytes - before;
	return len + (size_t)line_len;
}

/* Of those who follow the one that is furthest behind; 0: nobody follows. */
static size_t
furthest_behind(const struct stream *s)
{
	size_t most = 0;

	for (const struct stream_reader *r = s->readers; r != NULL; r = r->newer)
		if (r->behind > most)
			most = r->behind;
	return most;
}

bool
stream_write(struct stream *s, const char *bytes, size_t len)
{
	struct streams *t = s->table;
	size_t added = 0;

	lock(t);
	while (s->listed && len > 0) {
		const char *blank = memmem(bytes, len, "\n\n", 2);
		const size_t n = blank != NULL ? (size_t)(blank + 2 - bytes) : len;

		added += add_event(s, bytes, n);
		bytes += n;
		len -= n;
	}
	keep_within(t);
	for (struct stream_reader *r = s->readers; r != NULL; r = r->newer)
		r->behind += added;
	s->waiting = furthest_behind(s) > (size_t)t->limits.high_bytes;
	const bool go_on = !s->waiting;
	wake_readers(s);
	unlock(t);
	return go_on;
}

void
stream_end(struct stream *s, enum wire_code code)
{
	lock(s->table);
	s->waiting = false;
	s->state = code == CODE_NONE      ? STREAM_DONE
	    : code == CODE_STREAM_STOPPED ? STREAM_STOPPED
					  : STREAM_FAILED;
	s->ended_ms = clock_now_ms();
	s->ended_at_ms = clock_wall_ms();
	wake_readers(s);
	unlock(s->table);
}

unsigned
stream_close(struct stream *s)
{
	struct streams *t = s->table;

	s->events = NULL;
	lock(t);
	s->waiting = false;
	const unsigned resumed = s->resumed;
	if (s->ended_ms == 0)
		unlist(s);
	put(s);
	unlock(t);
	return resumed;
}

int64_t
stream_alone_ms(struct stream *s)
{
	lock(s->table);
	const int64_t since_ms = s->readers == NULL ? s->alone_since_ms : 0;
	unlock(s->table);
	return since_ms == 0 ? -1 : clock_now_ms() - since_ms;
}

int64_t
streams_sweep(struct streams *t)
{
	const int64_t now_ms = clock_now_ms();
	int64_t wait_ms = -1;

	lock(t);
	sweep(t, now_ms);
	const struct stream *s = first_ended(t);
	if (s != NULL)
		wait_ms = s->ended_ms + t->limits.ttl_ms - now_ms;
	unlock(t);
	return wait_ms;
}

/* ---- the reading side ---- */

struct stream *
stream_find(struct streams *t, const char *id, const char *owner)
{
	lock(t);
	sweep(t, clock_now_ms());
	struct stream *s = map_get(&t->by_id, id);
	if (s != NULL && strcmp(s->owner, owner) != 0)
		s = NULL;
	if (s != NULL)
		s->refs++;
	unlock(t);
	return s;
}

struct stream *
stream_ref(struct stream *s)
{
	lock(s->table);
	s->refs++;
	unlock(s->table);
	return s;
}

void
stream_unref(struct stream *s)
{
	if (s == NULL)
		return;
	struct streams *t = s->table;
	lock(t);
	put(s);
	unlock(t);
}

const char *
stream_id(const struct stream *s)
{
	return s->id;
}

void
stream_competitor(struct stream *s, char out[48])
{
	lock(s->table);
	memcpy(out, s->slug, sizeof(s->slug));
	unlock(s->table);
}

void
stream_look(struct stream *s, struct stream_place *out)
{
	lock(s->table);
	out->first = event_ring_first(&s->ring);
	out->last = s->ring.last;
	out->ended = s->ended_ms != 0;
	unlock(s->table);
}

static void
do_stop(void *arg)
{
	struct stream *s = arg;

	if (s->events != NULL)
		s->events->on_stop(s->events_arg);
	stream_unref(s);
}

static void
do_drain(void *arg)
{
	struct stream *s = arg;

	lock(s->table);
	const bool again = s->waiting; /* for more that was written meanwhile */
	unlock(s->table);
	if (!again && s->events != NULL)
		s->events->on_drain(s->events_arg);
	stream_unref(s);
}

/* Under the lock, when a reader has read or left. */
static void
let_writer_go_on(struct stream *s)
{
	if (!s->waiting || furthest_behind(s) > (size_t)s->table->limits.high_bytes / 2)
		return;
	s->waiting = false;
	s->refs++;
	loop_post(s->loop, do_drain, s);
}

void
stream_stop(struct stream *s)
{
	lock(s->table);
	if (s->ended_ms == 0 && s->listed && !s->stopping) {
		s->stopping = true;
		s->refs++;
		loop_post(s->loop, do_stop, s);
	}
	unlock(s->table);
}

void
stream_follow(struct stream *s, struct stream_reader *r, bool resumed)
{
	r->stream = s;
	lock(s->table);
	s->resumed += resumed;
	s->alone_since_ms = 0;
	r->behind = event_ring_behind(&s->ring, r->next);
	r->newer = s->readers;
	r->prev = &s->readers;
	if (r->newer != NULL)
		r->newer->prev = &r->newer;
	s->readers = r;
	unlock(s->table);
}

enum event_read
stream_read(struct stream_reader *r, struct buf *out, size_t max_bytes, bool *ended)
{
	struct stream *s = r->stream;
	const size_t before = out->len;

	lock(s->table);
	enum event_read got = event_ring_read(&s->ring, &r->next, out, max_bytes);
	*ended = s->ended_ms != 0 && r->next > s->ring.last;
	if (got == EVENT_READ_NONE && !s->listed && !*ended)
		got = EVENT_READ_LOST;
	r->behind -= out->len - before;
	let_writer_go_on(s);
	unlock(s->table);
	return got;
}

void
stream_leave(struct stream_reader *r)
{
	struct stream *s = r->stream;
	struct streams *t = s->table;

	lock(t);
	*r->prev = r->newer;
	if (r->newer != NULL)
		r->newer->prev = r->prev;
	if (s->readers == NULL)
		s->alone_since_ms = clock_now_ms();
	let_writer_go_on(s);
	r->left = true;
	const bool woken = r->woken; /* then on_wake sees to the rest */
	if (!woken)
		put(s);
	unlock(t);
	if (!woken)
		r->freed(r);
}

void
streams_free(struct streams *t)
{
	if (t == NULL)
		return;
	lock(t);
	while (t->oldest != NULL)
		unlist(t->oldest);
	unlock(t);
	map_done(&t->by_id);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---- to look at ---- */

static const char *const state_names[] = {
#define X(name, text) [STREAM_##name] = text,
	STREAM_STATES(X)
#undef X
};

static void
add_json(struct buf *out, const struct stream *s)
{
	char text[CLOCK_TEXT_MAX];
	const bool stopping = s->stopping && s->ended_ms == 0;
	unsigned readers = 0;

	for (const struct stream_reader *r = s->readers; r != NULL; r = r->newer)
		readers++;
	buf_printf(out,
	    "{\"id\":\"%s\",\"object\":\"stream\",\"request_id\":\"%s\",\"model\":", s->id,
	    s->request_id);
	json_add_quoted(out, s->model, strlen(s->model));
	if (s->slug[0] != '\0')
		buf_printf(out, ",\"competitor\":\"%s\"", s->slug);
	else
		buf_add_str(out, ",\"competitor\":null");
	buf_printf(out, ",\"state\":\"%s\"", state_names[stopping ? STREAM_STOPPED : s->state]);
	if (s->ring.oldest != NULL)
		buf_printf(out, ",\"first_seq\":%llu,\"last_seq\":%llu",
		    (unsigned long long)event_ring_first(&s->ring),
		    (unsigned long long)s->ring.last);
	else
		buf_add_str(out, ",\"first_seq\":null,\"last_seq\":null");
	buf_printf(out, ",\"readers\":%u,\"resumed\":%u,\"created_at\":\"%s\"", readers, s->resumed,
	    clock_format(s->created_at_ms, text));
	if (s->ended_ms != 0)
		buf_printf(out, ",\"expires_at\":\"%s\"}",
		    clock_format(s->ended_at_ms + s->table->limits.ttl_ms, text));
	else
		buf_add_str(out, ",\"expires_at\":null}");
}

void
stream_json(struct buf *out, struct stream *s)
{
	lock(s->table);
	add_json(out, s);
	unlock(s->table);
}

void
streams_json(struct buf *out, struct streams *t, const char *owner, size_t limit, const char *after)
{
	const struct stream *first = NULL, *last = NULL;
	bool skip = after != NULL, more = false;
	size_t n = 0;

	buf_add_str(out, "{\"object\":\"list\",\"data\":[");
	lock(t);
	sweep(t, clock_now_ms());
	for (const struct stream *s = t->newest; s != NULL && !more; s = s->older) {
		if (skip || strcmp(s->owner, owner) != 0) {
			skip = skip && strcmp(s->id, after) != 0;
			continue;
		}
		more = n == limit;
		if (more)
			break;
		if (n++ > 0)
			buf_add_char(out, ',');
		add_json(out, s);
		first = first != NULL ? first : s;
		last = s;
	}
	buf_add_str(out, "],\"first_id\":");
	buf_printf(out, first != NULL ? "\"%s\"" : "null", first != NULL ? first->id : "");
	buf_add_str(out, ",\"last_id\":");
	buf_printf(out, last != NULL ? "\"%s\"" : "null", last != NULL ? last->id : "");
	unlock(t);
	buf_printf(out, ",\"has_more\":%s}", more ? "true" : "false");
}

/*
 * streams.c - the table and its bounds, and the writing side of a stream.
 */
#include "controlplane/gateway/streams.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/streams_core.h"
#include "runtime/base/clock.h"
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

void
streams_lock(struct streams *t)
{
	pthread_mutex_lock(&t->lock);
}

void
streams_unlock(struct streams *t)
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

void
stream_put(struct stream *s)
{
	if (--s->refs > 0)
		return;
	event_ring_done(&s->ring);
	free(s->request_id);
	free(s->model);
	free(s);
}

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
	stream_wake_readers(s);
	stream_put(s);
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

void
streams_expire(struct streams *t, int64_t now_ms)
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
	streams_lock(t);
	streams_expire(t, clock_now_ms());
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
		stream_put(s);
	}
	streams_unlock(t);
	return room ? s : NULL;
}

void
stream_set_competitor(struct stream *s, const char *slug)
{
	streams_lock(s->table);
	snprintf(s->slug, sizeof(s->slug), "%s", slug);
	streams_unlock(s->table);
}

void
stream_begin_alone(struct stream *s)
{
	streams_lock(s->table);
	s->alone_since_ms = clock_now_ms();
	streams_unlock(s->table);
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

bool
stream_write(struct stream *s, const char *bytes, size_t len)
{
	struct streams *t = s->table;
	size_t added = 0;

	streams_lock(t);
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
	s->waiting = stream_furthest_behind(s) > (size_t)t->limits.high_bytes;
	const bool go_on = !s->waiting;
	stream_wake_readers(s);
	streams_unlock(t);
	return go_on;
}

void
stream_end(struct stream *s, enum wire_code code)
{
	streams_lock(s->table);
	s->waiting = false;
	s->state = code == CODE_NONE      ? STREAM_DONE
	    : code == CODE_STREAM_STOPPED ? STREAM_STOPPED
					  : STREAM_FAILED;
	s->ended_ms = clock_now_ms();
	s->ended_at_ms = clock_wall_ms();
	stream_wake_readers(s);
	streams_unlock(s->table);
}

unsigned
stream_close(struct stream *s)
{
	struct streams *t = s->table;

	s->events = NULL;
	streams_lock(t);
	s->waiting = false;
	const unsigned resumed = s->resumed;
	if (s->ended_ms == 0)
		unlist(s);
	stream_put(s);
	streams_unlock(t);
	return resumed;
}

int64_t
stream_alone_ms(struct stream *s)
{
	streams_lock(s->table);
	const int64_t since_ms = s->readers == NULL ? s->alone_since_ms : 0;
	streams_unlock(s->table);
	return since_ms == 0 ? -1 : clock_now_ms() - since_ms;
}

int64_t
streams_sweep(struct streams *t)
{
	const int64_t now_ms = clock_now_ms();
	int64_t wait_ms = -1;

	streams_lock(t);
	streams_expire(t, now_ms);
	const struct stream *s = first_ended(t);
	if (s != NULL)
		wait_ms = s->ended_ms + t->limits.ttl_ms - now_ms;
	streams_unlock(t);
	return wait_ms;
}

size_t
streams_count(struct streams *t)
{
	streams_lock(t);
	streams_expire(t, clock_now_ms());
	const size_t n = t->by_id.len;
	streams_unlock(t);
	return n;
}

/* ---- for whoever has its id ---- */

struct stream *
stream_find(struct streams *t, const char *id, const char *owner)
{
	streams_lock(t);
	streams_expire(t, clock_now_ms());
	struct stream *s = map_get(&t->by_id, id);
	if (s != NULL && strcmp(s->owner, owner) != 0)
		s = NULL;
	if (s != NULL)
		s->refs++;
	streams_unlock(t);
	return s;
}

struct stream *
stream_ref(struct stream *s)
{
	streams_lock(s->table);
	s->refs++;
	streams_unlock(s->table);
	return s;
}

void
stream_unref(struct stream *s)
{
	if (s == NULL)
		return;
	struct streams *t = s->table;
	streams_lock(t);
	stream_put(s);
	streams_unlock(t);
}

const char *
stream_id(const struct stream *s)
{
	return s->id;
}

void
stream_competitor(struct stream *s, char out[48])
{
	streams_lock(s->table);
	memcpy(out, s->slug, sizeof(s->slug));
	streams_unlock(s->table);
}

void
stream_look(struct stream *s, struct stream_place *out)
{
	streams_lock(s->table);
	out->first = event_ring_first(&s->ring);
	out->last = s->ring.last;
	out->ended = s->ended_ms != 0;
	streams_unlock(s->table);
}

static void
do_stop(void *arg)
{
	struct stream *s = arg;

	if (s->events != NULL)
		s->events->on_stop(s->events_arg);
	stream_unref(s);
}

void
stream_stop(struct stream *s)
{
	streams_lock(s->table);
	if (s->ended_ms == 0 && s->listed && !s->stopping) {
		s->stopping = true;
		s->refs++;
		loop_post(s->loop, do_stop, s);
	}
	streams_unlock(s->table);
}

void
streams_free(struct streams *t)
{
	if (t == NULL)
		return;
	streams_lock(t);
	while (t->oldest != NULL)
		unlist(t->oldest);
	streams_unlock(t);
	map_done(&t->by_id);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

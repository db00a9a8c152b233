/*
 * stream_readers.c - those who follow a stream: they are woken on their loops, and the writer waits for
 * the slowest.
 */
#include "controlplane/gateway/streams.h"

#include "controlplane/gateway/streams_core.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/loop/loop.h"

size_t
stream_furthest_behind(const struct stream *s)
{
	size_t most = 0;

	for (const struct stream_reader *r = s->readers; r != NULL; r = r->newer)
		if (r->behind > most)
			most = r->behind;
	return most;
}

static void
on_wake(void *arg)
{
	struct stream_reader *r = arg;
	struct streams *t = r->stream->table;

	streams_lock(t);
	r->woken = false;
	const bool left = r->left;
	streams_unlock(t);
	if (!left) {
		r->wake(r);
		return;
	}
	stream_unref(r->stream);
	r->freed(r);
}

void
stream_wake_readers(struct stream *s)
{
	for (struct stream_reader *r = s->readers; r != NULL; r = r->newer)
		if (!r->woken) {
			r->woken = true;
			loop_post(r->loop, on_wake, r);
		}
}

static void
do_drain(void *arg)
{
	struct stream *s = arg;

	streams_lock(s->table);
	const bool again = s->waiting; /* for more that was written meanwhile */
	streams_unlock(s->table);
	if (!again && s->events != NULL)
		s->events->on_drain(s->events_arg);
	stream_unref(s);
}

/* Under the lock, when a reader has read or left. */
static void
let_writer_go_on(struct stream *s)
{
	if (!s->waiting || stream_furthest_behind(s) > (size_t)s->table->limits.high_bytes / 2)
		return;
	s->waiting = false;
	s->refs++;
	loop_post(s->loop, do_drain, s);
}

void
stream_follow(struct stream *s, struct stream_reader *r, bool resumed)
{
	r->stream = s;
	streams_lock(s->table);
	s->resumed += resumed;
	s->alone_since_ms = 0;
	r->behind = event_ring_behind(&s->ring, r->next);
	r->newer = s->readers;
	r->prev = &s->readers;
	if (r->newer != NULL)
		r->newer->prev = &r->newer;
	s->readers = r;
	streams_unlock(s->table);
}

enum event_read
stream_read(struct stream_reader *r, struct buf *out, size_t max_bytes, bool *ended)
{
	struct stream *s = r->stream;
	const size_t before = out->len;

	streams_lock(s->table);
	enum event_read got = event_ring_read(&s->ring, &r->next, out, max_bytes);
	*ended = s->ended_ms != 0 && r->next > s->ring.last;
	if (got == EVENT_READ_NONE && !s->listed && !*ended)
		got = EVENT_READ_LOST;
	r->behind -= out->len - before;
	let_writer_go_on(s);
	streams_unlock(s->table);
	return got;
}

void
stream_leave(struct stream_reader *r)
{
	struct stream *s = r->stream;
	struct streams *t = s->table;

	streams_lock(t);
	*r->prev = r->newer;
	if (r->newer != NULL)
		r->newer->prev = r->prev;
	if (s->readers == NULL)
		s->alone_since_ms = clock_now_ms();
	let_writer_go_on(s);
	r->left = true;
	const bool woken = r->woken; /* then on_wake sees to the rest */
	if (!woken)
		stream_put(s);
	streams_unlock(t);
	if (!woken)
		r->freed(r);
}

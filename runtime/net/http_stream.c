/*
 * http_stream.c - the part of an answer that we write to the client's socket ourselves, and the
 * watch for clients that leave.
 *
 * libmicrohttpd sends the head; when it asks for the first body bytes the head is out, and the
 * connection is suspended: from there on the socket is ours.  It gets the connection back to
 * write the last chunk, so that keep-alive goes on.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/metrics.h"
#include "runtime/net/http_server_internal.h"
#include "runtime/net/tls_internal.h"

/* A quiet stream holds no more than this. */
#define KEEP_BYTES 65536 /* of the one that is lent */
/* After a FIN, before the head: how long a client may want to have simply half-closed, undisturbed. */
#define PROBE_MS 300
#define PROBES_MAX 6

static size_t
unsent(const struct exchange *ex)
{
	return ex->out.len - ex->out_at;
}

void
exchange_dirty(struct exchange *ex)
{
	struct http_server *s = ex->pub.server;

	if (ex->dirty_prev != NULL)
		return;
	ex->dirty_next = s->dirty;
	ex->dirty_prev = &s->dirty;
	if (ex->dirty_next != NULL)
		ex->dirty_next->dirty_prev = &ex->dirty_next;
	s->dirty = ex;
	server_tend_soon(s);
}

static void
clean(struct exchange *ex)
{
	if (ex->dirty_prev == NULL)
		return;
	*ex->dirty_prev = ex->dirty_next;
	if (ex->dirty_next != NULL)
		ex->dirty_next->dirty_prev = ex->dirty_prev;
	ex->dirty_prev = NULL;
}

void
exchange_suspend(struct exchange *ex)
{
	MHD_suspend_connection(ex->client->mhd);
	ex->suspended = true;
	client_watch(ex->client);
	/* The FIN may have come with the request. */
	if (ex->client->half_closed && !ex->told_half_closed)
		exchange_dirty(ex);
}

void
exchange_resume(struct exchange *ex)
{
	if (!ex->suspended)
		return;
	if (exchange_is_out(ex)) {
		exchange_dirty(ex);
		return;
	}
	ex->suspended = false;
	timer_cancel(&ex->client->timer);
	MHD_resume_connection(ex->client->mhd);
	server_run_soon(ex->pub.server);
}

void
exchange_gone(struct exchange *ex)
{
	if (ex->dead)
		return;
	ex->dead = true;
	buf_done(&ex->out);
	ex->out_at = 0;
	if (!ex->over) {
		ex->over = true;
		if (ex->events != NULL && ex->events->on_gone != NULL)
			ex->events->on_gone(&ex->pub, ex->events_arg);
	}
	exchange_resume(ex);
}

/* Room for the whole of a probe: a part of it would stand before the answer, or in a record of TLS. */
static bool
has_room(const struct client *c)
{
	struct pollfd out = { .fd = c->fd, .events = POLLOUT };

	return poll(&out, 1, 0) > 0;
}

/*
 * Half-closed, or gone?
 */
static void
on_probe(struct timer *t, void *arg)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct client *c = arg;
	struct exchange *ex = c->exchange;
	const bool room = has_room(c);
	const ssize_t n = room ? client_send(c, interim, sizeof(interim) - 1) : 0;

	/* A closed socket answers with a reset, which the watch reports. */
	if (!room || n == (ssize_t)sizeof(interim) - 1) {
		if (ex->probes++ < PROBES_MAX)
			timer_set(c->server->loop, t, 1000 << ex->probes, on_probe, c);
		return;
	}
	exchange_gone(ex);
}

static void
half_closed(struct exchange *ex)
{
	ex->told_half_closed = true;
	if (ex->over && !ex->streaming) /* its answer is on the way, and finds out */
		return;
	if (ex->streaming) {
		if (!ex->over && ex->events != NULL && ex->events->on_half_closed != NULL)
			ex->events->on_half_closed(&ex->pub, ex->events_arg);
		return;
	}
	/* A unix socket tells the two apart; HTTP/1.0 knows no interim answers. */
	if (!ex->pub.is_unix && !ex->old)
		timer_set(ex->pub.loop, &ex->client->timer, PROBE_MS, on_probe, ex->client);
}

/*
 * Sending
 */
static void
on_stall(struct timer *t, void *arg)
{
	struct client *c = arg;

	(void)t;
	exchange_gone(c->exchange);
}

static void
put_out_back(struct exchange *ex)
{
	struct buf *spare = &ex->pub.server->spare;

	ex->out_at = 0;
	buf_clear(&ex->out);
	if (spare->data != NULL || ex->out.cap > KEEP_BYTES) {
		buf_done(&ex->out);
		return;
	}
	*spare = ex->out;
	ex->out = (struct buf){ 0 };
}

/* Hand the socket what it takes. */
static void
flush(struct exchange *ex)
{
	struct client *c = ex->client;
	bool progress = false;

	while (unsent(ex) > 0) {
		const ssize_t n = client_send(c, ex->out.data + ex->out_at, unsent(ex));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			exchange_gone(ex);
			return;
		}
		if (n < 0)
			break;
		progress = true;
		ex->out_at += (size_t)n;
	}
	if (unsent(ex) == 0) {
		put_out_back(ex);
		timer_cancel(&c->timer);
		/* EPOLLOUT stays once it was asked for: edge-triggered, it comes only after a socket
		 * that was full, and a full one will be full again. */
		return;
	}
	if (ex->out_at > ex->out.len / 2) {
		buf_drop(&ex->out, ex->out_at);
		ex->out_at = 0;
	}
	if (progress || !timer_is_set(&c->timer))
		timer_set(
		    ex->pub.loop, &c->timer, ex->pub.server->limits->stream_stall_ms, on_stall, c);
	loop_rewatch(&c->watch, client_events(c) | EPOLLOUT);
}

void
exchange_tend(struct exchange *ex)
{
	clean(ex);
	if (exchange_is_out(ex) && ex->dead && !ex->leaving) {
		exchange_close(ex);
		return;
	}
	if (ex->dead || ex->client == NULL)
		return;
	if (ex->client->half_closed && !ex->told_half_closed && ex->suspended)
		half_closed(ex);
	if (!ex->head_sent || ex->dead)
		return;
	flush(ex);
	if (ex->delay != NULL)
		metric_observe_us(TAKE(ex->delay), &buckets_overhead,
		    (uint64_t)(clock_now_us() - ex->delay_since_us));
	if (ex->dead)
		return;
	if (ex->above_high && unsent(ex) < ex->pub.server->limits->stream_high_bytes / 2) {
		ex->above_high = false;
		if (!ex->over && ex->events != NULL && ex->events->on_drain != NULL)
			ex->events->on_drain(&ex->pub, ex->events_arg);
	}
	if (!ex->over || ex->dead || unsent(ex) > 0)
		return;
	if (!exchange_is_out(ex))
		exchange_resume(ex);
	else if (ex->leaving)
		return;
	else if (ex->pub.server->draining)
		exchange_close(ex);
	else
		exchange_next(ex);
}

ssize_t
exchange_read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *ex = cls;

	(void)pos;
	(void)buf;
	(void)max;
	if (!ex->head_sent) {
		const int on = 1, off = 0;

		/* Push the head out: libmicrohttpd sent it in the hope of more. */
		ex->head_sent = true;
		if (ex->pub.is_tls)
			setsockopt(ex->client->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
		if (!ex->pub.is_unix)
			setsockopt(ex->client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	if (ex->dead)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (ex->over && unsent(ex) == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (unsent(ex) > 0)
		exchange_dirty(ex);
	exchange_suspend(ex);
	return 0;
}

/*
 * For whoever answers
 */
static void
add_frame(struct buf *out, const void *bytes, size_t len)
{
	char head[2 * sizeof(len) + 2], *at = head + sizeof(head);

	*--at = '\n';
	*--at = '\r';
	for (size_t left = len; left != 0; left >>= 4)
		*--at = "0123456789abcdef"[left & 15];
	buf_reserve(out, sizeof(head) + len + 2);
	buf_add(out, at, (size_t)(head + sizeof(head) - at));
	buf_add(out, bytes, len);
	buf_add(out, "\r\n", 2);
}

bool
http_stream_write(struct http_request *r, const void *bytes, size_t len)
{
	struct exchange *ex = exchange_of(r);

	if (ex->over || ex->bodiless || ex->client == NULL)
		return true;
	if (len > 0) { /* an empty chunk would be the last one */
		if (ex->old || ex->sized)
			buf_add(exchange_out(ex), bytes, len);
		else
			add_frame(exchange_out(ex), bytes, len);
		exchange_dirty(ex);
	}
	if (unsent(ex) <= ex->pub.server->limits->stream_high_bytes)
		return true;
	ex->above_high = true;
	return false;
}

void
http_stream_count_delay(struct http_request *r, int64_t since_us, struct metric_histogram *into)
{
	struct exchange *ex = exchange_of(r);

	if (ex->dirty_prev == NULL || ex->delay != NULL)
		return;
	ex->delay = into;
	ex->delay_since_us = since_us;
}

void
http_stream_warm(const struct http_request *r)
{
	const struct exchange *ex = exchange_of(r);

	__builtin_prefetch(ex);
	__builtin_prefetch(&ex->client);
	__builtin_prefetch(&ex->dirty_next);
}

size_t
http_stream_unsent(const struct http_request *r)
{
	return unsent(exchange_of(r));
}

/* The answering side lets go. */
static void
finish(struct exchange *ex)
{
	ex->over = true;
	if (ex->client == NULL)
		exchange_free(ex);
	else
		exchange_dirty(ex);
}

void
http_stream_end(struct http_request *r)
{
	struct exchange *ex = exchange_of(r);

	if (ex->over)
		return;
	if (exchange_is_out(ex) && !ex->bodiless && !ex->sized)
		buf_add(&ex->out, "0\r\n\r\n", 5); /* the last chunk; else libmicrohttpd sends it */
	finish(ex);
}

void
http_stream_abort(struct http_request *r)
{
	struct exchange *ex = exchange_of(r);

	if (ex->over)
		return;
	ex->over = true;
	/* What was written so far is sent, as far as it can be now. */
	if (ex->client != NULL && ex->head_sent && ex->suspended)
		flush(ex);
	if (ex->client == NULL)
		exchange_free(ex);
	else
		exchange_gone(ex);
}

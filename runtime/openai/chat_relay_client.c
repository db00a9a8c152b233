/*
 * chat_relay_client.c - towards the client: the head, events and pings, errors, the end.
 */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/net/retry_after.h"
#include "runtime/openai/chat_relay_internal.h"
#include "runtime/openai/dialect.h"
#include "runtime/openai/envelope.h"
#include "runtime/openai/relay_tap.h"

#define HEADERS_MAX 24 /* an owner adds up to 16, of them 9 about limits */

static size_t
answer_headers(struct chat_relay *r, struct http_header *h)
{
	size_t n = r->events->on_headers(r, h, HEADERS_MAX - 4, r->arg);

	h[n] = (struct http_header){ 0 };
	return n;
}

static void on_ping(struct timer *, void *);

static void
commit(struct chat_relay *r)
{
	struct http_header h[HEADERS_MAX];
	size_t n;

	if (r->result.committed)
		return;
	r->result.committed = true;
	r->result.committed_us = clock_now_us() - r->accepted_us;
	timer_set_about(r->loop, &r->ping, r->limits->ping_ms, on_ping, r);
	n = answer_headers(r, h);
	h[n++] = (struct http_header){ "content-type", "text/event-stream; charset=utf-8" };
	h[n++] = (struct http_header){ "cache-control", "no-cache, no-transform" };
	h[n++] = (struct http_header){ "x-accel-buffering", "no" };
	h[n] = (struct http_header){ 0 };
	if (r->sink != NULL)
		r->sink->begin(r->sink, TAKE(r->client), h);
	else
		http_stream_begin(r->client, 200, h);
}

void
relay_send(struct chat_relay *r, const char *bytes, size_t len)
{
	commit(r);
	r->result.bytes_out += len;
	r->last_sent_ms = loop_now_ms(r->loop);
	const bool more = r->sink != NULL ? r->sink->write(r->sink, bytes, len)
					  : http_stream_write(r->client, bytes, len);
	if (!more && r->exchange != NULL)
		relay_pause(r);
}

void
relay_send_ours(struct chat_relay *r, const char *bytes, size_t len)
{
	relay_tap_show(r->tap, RELAY_OURS, bytes, len);
	relay_send(r, bytes, len);
}

/* What the owner adds; comments not to a sink, whose readers have each their own. */
static void
send_told(struct chat_relay *r, enum relay_frame as, const struct buf *told)
{
	if (told->len == 0 || (r->sink != NULL && told->data[0] == ':'))
		return;
	relay_tap_show(r->tap, as, told->data, told->len);
	relay_send(r, told->data, told->len);
}

static void
ping(struct chat_relay *r)
{
	struct buf told = { 0 };

	relay_pass_rest(r);
	r->result.pings++;
	if (r->events->on_ping != NULL)
		r->events->on_ping(r, &told, r->arg);
	if (told.len == 0)
		buf_add_str(&told, ": ping\n\n");
	send_told(r, RELAY_PING, &told);
	buf_done(&told);
}

/* A sink's readers have each their own pings, but an event in the place of one is theirs too. */
static void
ping_sink(struct chat_relay *r)
{
	struct buf told = { 0 };

	commit(r);
	relay_pass_rest(r);
	if (r->events->on_ping != NULL)
		r->events->on_ping(r, &told, r->arg);
	send_told(r, RELAY_PING, &told);
	buf_done(&told);
}

static void
on_ping(struct timer *t, void *arg)
{
	struct chat_relay *r = arg;
	const int64_t left_ms = r->last_sent_ms + r->limits->ping_ms - loop_now_ms(r->loop);

	if (r->result.committed && left_ms > 0) {
		timer_set_about(r->loop, t, left_ms, on_ping, r);
		return;
	}
	if (r->sink != NULL)
		ping_sink(r);
	else
		ping(r);
	timer_set_about(r->loop, t, r->limits->ping_ms, on_ping, r);
}

static void
client_gone(struct http_request *req, void *arg)
{
	struct chat_relay *r = arg;

	(void)req;
	r->client = NULL;
	if (r->sink != NULL) {
		commit(r); /* it goes on: somebody may come for it */
		return;
	}
	relay_enter(r);
	relay_finish(r, CODE_CLIENT_CLOSED, "the client closed the connection", NULL);
	relay_leave(r);
}

static void
client_drained(struct http_request *req, void *arg)
{
	(void)req;
	chat_relay_drained(arg);
}

/* The client sent FIN: it may only have finished sending, or be gone.  A write finds out. */
static void
client_half_closed(struct http_request *req, void *arg)
{
	struct chat_relay *r = arg;

	(void)req;
	if (r->result.committed)
		ping(r);
}

static const struct http_request_events client_events = {
	.on_gone = client_gone,
	.on_drain = client_drained,
	.on_half_closed = client_half_closed,
};

void
relay_client_begin(struct chat_relay *r)
{
	if (r->client != NULL)
		http_request_watch(r->client, &client_events, r);
	if (r->stream)
		timer_set(r->loop, &r->ping, r->limits->hold_ms, on_ping, r);
}

void
relay_reply_error(struct chat_relay *r, enum wire_code code, const char *text, const char *details)
{
	struct http_header h[HEADERS_MAX];
	const int status = wire_code_info(code)->status;
	struct buf body = { 0 };
	char seconds[24];
	size_t n = answer_headers(r, h);

	snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)retry_after_seconds(r->result.retry_after));
	h[n++] = (struct http_header){ "content-type", "application/json" };
	if (status == 503 || status == 429)
		h[n++] = (struct http_header){ "retry-after", seconds };
	h[n] = (struct http_header){ 0 };
	envelope_add_as(&body, code, r->result.fault, text, NULL, r->client->id, details);
	r->result.bytes_out += body.len;
	relay_tap_show(r->tap, RELAY_OURS, body.data, body.len);
	http_reply(r->client, status, h, body.data, body.len);
	buf_done(&body);
}

void
relay_reply_whole(struct chat_relay *r)
{
	struct http_header h[HEADERS_MAX];
	size_t n = answer_headers(r, h);

	h[n++] = (struct http_header){ "content-type", "application/json" };
	h[n] = (struct http_header){ 0 };
	r->result.committed = true;
	r->result.bytes_out += r->body.len;
	relay_tap_show(r->tap, RELAY_CLIENT, r->body.data, r->body.len);
	http_reply(r->client, 200, h, r->body.data, r->body.len);
	r->client = NULL;
}

void
relay_end_stream(struct chat_relay *r, enum wire_code code, const char *text)
{
	struct buf told = { 0 }, tail = { 0 };

	if (r->events->on_end != NULL)
		r->events->on_end(r, &told, r->arg);
	send_told(r, RELAY_OURS, &told);
	buf_done(&told);
	relay_pass_event(r, r->usage.data, r->usage.len);
	if (code != CODE_NONE && !r->told)
		dialect_add_error(r->dialect, &tail, code, r->result.fault, text,
		    r->sink != NULL ? r->sink->request_id : r->client->id, r->watch.sequence + 1);
	if (r->dialect->done != NULL)
		buf_add_str(&tail, r->dialect->done);
	if (tail.len > 0)
		relay_send_ours(r, tail.data, tail.len);
	if (r->sink != NULL)
		r->sink->end(r->sink, code);
	else
		http_stream_end(r->client);
	buf_done(&tail);
}

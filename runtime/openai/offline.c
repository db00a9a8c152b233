/*
 * offline.c - responder steps onto a connection.
 */
#include "runtime/openai/offline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_stream.h"
#include "runtime/openai/responder.h"

#define PING_MS 1500
#define TURN_BYTES 65536 /* then other clients have their turn */
#define FLUSH_MS 20

static const struct http_header stream_headers[] = {
	{ "content-type", "text/event-stream; charset=utf-8" },
	{ "cache-control", "no-cache, no-transform" },
	{ "x-accel-buffering", "no" },
	{ NULL, NULL },
};
static const struct http_header json_headers[] = {
	{ "content-type", "application/json" },
	{ NULL, NULL },
};

struct offline {
	struct http_request *req;
	cJSON *json; /* owned */
	struct responder *responder;
	bool stream;
	offline_crash_fn *crash;
	bool begun; /* a stream's head is out */
	bool waiting; /* for a timer, or for the client to take bytes */
	bool flushed; /* time was given for what was written to be sent, before a cut */
	struct timer step, ping;
	offline_fn *fn;
	void *arg;
};

static void
release(struct offline *o)
{
	timer_cancel(&o->step);
	timer_cancel(&o->ping);
	responder_free(o->responder);
	cJSON_Delete(o->json);
	free(o);
}

static void
over(struct offline *o, int status)
{
	struct chat_usage usage = { .reported = true, .cost_micro_usd = -1, .sandbox_seconds = -1 };

	responder_usage(o->responder, &usage.prompt_tokens, &usage.completion_tokens);
	usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
	o->fn(status, &usage, o->arg);
	release(o);
}

static void on_ping(struct timer *, void *);

static bool
send_bytes(struct offline *o, const char *bytes, size_t len)
{
	if (!o->begun)
		http_stream_begin(o->req, 200, stream_headers);
	o->begun = true;
	timer_set(o->req->loop, &o->ping, PING_MS, on_ping, o);
	return http_stream_write(o->req, bytes, len);
}

static void
on_ping(struct timer *t, void *arg)
{
	(void)t;
	send_bytes(arg, ": ping\n\n", 8);
}

static void
fail(struct offline *o, int status, const struct buf *body)
{
	struct buf event = { 0 };

	if (!o->begun) {
		http_reply(o->req, status, json_headers, body->data, body->len);
	} else { /* a ping has gone out: too late for a status */
		buf_printf(&event, "data: %s\n\ndata: [DONE]\n\n", body->data);
		http_stream_write(o->req, event.data, event.len);
		http_stream_end(o->req);
		buf_done(&event);
	}
	over(o, status);
}

static void
end(struct offline *o)
{
	http_stream_end(o->req);
	over(o, 200);
}

static void
cut(struct offline *o)
{
	http_stream_abort(o->req);
	over(o, 200);
}

static void play(struct offline *);

static void
on_step(struct timer *t, void *arg)
{
	struct offline *o = arg;

	(void)t;
	o->waiting = false;
	play(o);
}

static void
wait_ms(struct offline *o, int64_t ms)
{
	o->waiting = true;
	timer_set(o->req->loop, &o->step, ms, on_step, o);
}

static void
play(struct offline *o)
{
	struct buf out = { 0 };
	size_t sent = 0;
	int64_t delay_ms;
	int status;

	while (!o->waiting) {
		buf_clear(&out);
		const enum responder_step step =
		    responder_next(o->responder, &out, &delay_ms, &status);

		switch (step) {
		case RESPONDER_BYTES:
			if (!o->stream) {
				http_reply(o->req, 200, json_headers, out.data, out.len);
				buf_done(&out);
				over(o, 200);
				return;
			}
			if (!send_bytes(o, buf_str(&out), out.len))
				o->waiting = true; /* until on_drain */
			else if ((sent += out.len) > TURN_BYTES)
				wait_ms(o, 0);
			continue;
		case RESPONDER_WAIT: wait_ms(o, delay_ms); continue;
		case RESPONDER_HANG:
			timer_cancel(&o->ping);
			o->waiting = true;
			continue;
		case RESPONDER_STATUS: fail(o, status, &out); break;
		case RESPONDER_END: end(o); break;
		case RESPONDER_CUT:
		case RESPONDER_EXIT:
			if (o->begun && !o->flushed) {
				o->flushed = true;
				wait_ms(o, FLUSH_MS);
				continue;
			}
			if (step == RESPONDER_EXIT && o->crash != NULL)
				o->crash();
			cut(o);
			break;
		}
		break;
	}
	buf_done(&out);
}

static void
on_gone(struct http_request *req, void *arg)
{
	(void)req;
	over(arg, 499);
}

static void
on_drain(struct http_request *req, void *arg)
{
	struct offline *o = arg;

	(void)req;
	if (!timer_is_set(&o->step)) {
		o->waiting = false;
		play(o);
	}
}

/* Gone, or only done with sending?  A write finds out. */
static void
on_half_closed(struct http_request *req, void *arg)
{
	struct offline *o = arg;

	(void)req;
	if (o->begun)
		send_bytes(o, ": ping\n\n", 8);
}

struct offline *
offline_answer(struct http_request *req, bool stream, const char *preface, offline_crash_fn *crash,
    offline_fn *fn, void *arg)
{
	static const struct http_request_events events = {
		.on_gone = on_gone,
		.on_drain = on_drain,
		.on_half_closed = on_half_closed,
	};
	struct offline *o = mem_zalloc(sizeof(*o));
	char token[25], id[48];

	json_parse(req->body.data, req->body.len, &o->json, NULL);
	snprintf(id, sizeof(id), "chatcmpl-%s", id_random_base62(token, sizeof(token) - 1));
	o->req = req;
	o->stream = stream;
	o->crash = crash;
	o->fn = fn;
	o->arg = arg;
	o->responder = responder_new(o->json, id, clock_wall_ms() / 1000, stream);
	if (preface != NULL)
		responder_preface(o->responder, preface);
	http_request_watch(req, &events, o);
	if (stream)
		timer_set(req->loop, &o->ping, PING_MS, on_ping, o);
	wait_ms(o, 0); /* the caller has its pointer before anything ends */
	return o;
}

void
offline_abandon(struct offline *o)
{
	http_stream_abort(o->req);
	release(o);
}

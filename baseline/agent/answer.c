/*
 * answer.c - chunks, pings, one completion.
 */
#include "baseline/agent/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_stream.h"
#include "runtime/openai/envelope.h"

#define PING_MS 1500

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

static void
release(struct answer *a)
{
	timer_cancel(&a->ping);
	buf_done(&a->early);
	buf_done(&a->content);
	buf_done(&a->reasoning);
	buf_done(&a->artifacts);
	free(TAKE(a->model));
	a->req = NULL;
}

/* ---- towards the client ---- */

static void
send_bytes(struct answer *a, const char *bytes, size_t len)
{
	if (!a->begun) {
		buf_add(&a->early, bytes, len);
		return;
	}
	a->last_ms = loop_now_ms(a->req->loop);
	http_stream_write(a->req, bytes, len);
}

static void
on_ping(struct timer *t, void *arg)
{
	struct answer *a = arg;
	const int64_t left_ms = a->last_ms + PING_MS - loop_now_ms(a->req->loop);

	if (left_ms <= 0)
		send_bytes(a, ": ping\n\n", 8);
	timer_set(a->req->loop, t, left_ms > 0 ? left_ms : PING_MS, on_ping, a);
}

void
answer_begin(struct answer *a)
{
	if (a->begun || !a->stream || a->req == NULL)
		return;
	a->begun = true;
	a->first_us = clock_now_us(); /* what waits has words in it */
	http_stream_begin(a->req, 200, stream_headers);
	send_bytes(a, buf_str(&a->early), a->early.len);
	buf_done(&a->early);
	timer_set(a->req->loop, &a->ping, PING_MS, on_ping, a);
}

static void
on_gone(struct http_request *req, void *arg)
{
	struct answer *a = arg;

	(void)req;
	release(a);
	a->gone(a->arg);
}

/* Gone, or only done with sending?  A write finds out. */
static void
on_half_closed(struct http_request *req, void *arg)
{
	struct answer *a = arg;

	(void)req;
	if (a->begun)
		send_bytes(a, ": ping\n\n", 8);
}

/* What we say is bounded where it comes from, so that nobody need wait for a slow client. */
static void
on_drain(struct http_request *req, void *arg)
{
	(void)req;
	(void)arg;
}

void
answer_init(struct answer *a, struct http_request *req, bool stream, bool want_usage,
    const char *model, answer_gone_fn *gone, void *arg)
{
	static const struct http_request_events events = {
		.on_gone = on_gone,
		.on_drain = on_drain,
		.on_half_closed = on_half_closed,
	};
	char token[25];

	*a = (struct answer){ .req = req,
		.stream = stream,
		.want_usage = want_usage,
		.gone = gone,
		.arg = arg,
		.model = str_dup(model) };
	snprintf(a->id, sizeof(a->id), "chatcmpl-%s", id_random_base62(token, sizeof(token) - 1));
	a->ids =
	    (struct chat_ids){ .id = a->id, .model = a->model, .created = clock_wall_ms() / 1000 };
	if (stream)
		chunk_role(&a->early, &a->ids);
	http_request_watch(req, &events, a);
}

/* ---- what is said ---- */

static void
said(struct answer *a, struct buf *event)
{
	if (a->first_us == 0 && a->begun)
		a->first_us = clock_now_us();
	send_bytes(a, buf_str(event), event->len);
	buf_done(event);
}

void
answer_content(struct answer *a, const char *text)
{
	struct buf event = { 0 };

	if (a->req == NULL || *text == '\0')
		return;
	a->has_content = true;
	if (!a->stream) {
		buf_add_str(&a->content, text);
		return;
	}
	chunk_content(&event, &a->ids, text, strlen(text));
	said(a, &event);
}

void
answer_reason(struct answer *a, const char *text)
{
	struct buf event = { 0 };

	if (a->req == NULL || *text == '\0')
		return;
	if (!a->stream) {
		buf_add_str(&a->reasoning, text);
		return;
	}
	chunk_reasoning(&event, &a->ids, text, strlen(text));
	said(a, &event);
}

void
answer_event(struct answer *a, const char *name, const char *payload_json)
{
	struct buf event = { 0 };

	if (a->req == NULL || !a->stream)
		return;
	chunk_janus(&event, &a->ids, name, payload_json);
	send_bytes(a, buf_str(&event), event.len);
	buf_done(&event);
}

void
answer_artifact(struct answer *a, const char *descriptor_json)
{
	if (a->req == NULL)
		return;
	if (a->stream) {
		answer_event(a, "artifact", descriptor_json);
		return;
	}
	buf_add_char(&a->artifacts, a->artifacts.len == 0 ? '[' : ',');
	buf_add_str(&a->artifacts, descriptor_json);
}

/* ---- the end ---- */

void
answer_end(struct answer *a, const char *finish_reason, const struct chat_usage *usage)
{
	_cleanup_buf_ struct buf out = { 0 };

	if (a->req == NULL)
		return;
	if (a->stream) {
		answer_begin(a);
		chunk_finish(&out, &a->ids, finish_reason);
		if (a->want_usage)
			chunk_usage(&out, &a->ids, usage);
		chunk_done(&out);
		send_bytes(a, buf_str(&out), out.len);
		http_stream_end(a->req);
	} else {
		if (a->artifacts.len > 0)
			buf_add_char(&a->artifacts, ']');
		completion_add(&out, &a->ids,
		    &(struct completion){ .content = buf_str(&a->content),
			.reasoning = buf_str(&a->reasoning),
			.artifacts = a->artifacts.len > 0 ? buf_str(&a->artifacts) : NULL,
			.finish_reason = finish_reason,
			.usage = *usage });
		http_reply(a->req, 200, json_headers, out.data, out.len);
	}
	release(a);
}

void
answer_fail(struct answer *a, enum wire_code code, const char *fault, const char *text)
{
	_cleanup_buf_ struct buf out = { 0 };
	const int status = wire_code_info(code)->status;
	const struct http_header headers[] = {
		json_headers[0],
		{ status == 429 || status == 503 ? "retry-after" : NULL, "5" },
		{ NULL, NULL },
	};

	if (a->req == NULL)
		return;
	if (a->begun) {
		envelope_add_event_as(&out, code, fault, text, a->req->id);
		chunk_done(&out);
		send_bytes(a, buf_str(&out), out.len);
		http_stream_end(a->req);
	} else {
		envelope_add_as(&out, code, fault, text, NULL, a->req->id, NULL);
		http_reply(a->req, status, headers, out.data, out.len);
	}
	release(a);
}

struct http_request *
answer_hand_over(struct answer *a)
{
	struct http_request *req = a->req;

	release(a);
	return req;
}

void
answer_done(struct answer *a)
{
	if (a->req != NULL && a->begun)
		http_stream_abort(a->req);
	else if (a->req != NULL)
		answer_fail(a, CODE_DRAINING, NULL, "The baseline is stopping.");
	release(a);
}

/*
 * follow.c - from the ring to a client.
 */
#include "controlplane/gateway/follow.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/elsewhere.h"
#include "controlplane/gateway/streams.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

#define READ_BYTES 65536 /* at once: the lock of all streams is held meanwhile */
#define FIRST_PING_MS 100 /* a head came; is there something to go with it? */
#define LIST_MAX 500
#define LIST_USUAL 50
#define DONE_EVENT "data: [DONE]\n\n"

struct follower {
	struct stream_reader reader; /* first: the two are cast into each other */
	struct gateway *gw;
	struct http_request *req; /* NULL once it is over */
	struct auth *auth; /* a reference; NULL */
	bool is_call; /* a call of its own, to be counted and logged */
	bool full; /* its client has enough to take for now */
	bool last_call; /* the loop turns no more: what is written goes out at once or never */
	int64_t last_sent_ms;
	uint64_t from, bytes_out;
	char slug[48];
	struct timer ping;
	struct follower *next, **prev; /* gw->followers */
};

static void on_ping(struct timer *, void *);

/* ---- the end ---- */

static void
settle(struct follower *f, int status, enum wire_code code)
{
	const struct wire_code_info *info = wire_code_info(code);
	const struct http_request *req = f->req;
	const int64_t duration_us = clock_now_us() - req->accepted_us;

	counters_http(&f->gw->counters, GATEWAY_STREAM, req->method, status, duration_us);
	log_info("request.done", F_STR("request_id", req->id), F_STR("client", req->client),
	    F_STR("method", req->method), F_STR("route", "/v1/streams/{id}"),
	    F_INT("status", status), F_STR("stream_id", stream_id(f->reader.stream)),
	    F_STR("key_id", f->auth->key_id[0] != '\0' ? f->auth->key_id : NULL),
	    F_STR("code", code != CODE_NONE ? info->code : NULL),
	    F_STR("fault", code != CODE_NONE ? info->fault : NULL),
	    F_INT("from_seq", (int64_t)f->from),
	    F_INT("events", (int64_t)(f->reader.next - f->from)),
	    F_NUM("duration_ms", (double)duration_us / 1000),
	    F_INT("bytes_out", (int64_t)f->bytes_out));
}

static void
freed(struct stream_reader *r)
{
	free(r);
}

/* Nothing of the request is touched after this. */
static void
let_go(struct follower *f, int status, enum wire_code code)
{
	if (f->is_call)
		settle(f, status, code);
	f->req = NULL;
	timer_cancel(&f->ping);
	auth_unref(f->auth);
	*f->prev = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	stream_leave(&f->reader);
}

static bool
write_out(struct follower *f, const char *bytes, size_t len)
{
	f->last_sent_ms = loop_now_ms(f->gw->loop);
	f->bytes_out += len;
	return http_stream_write(f->req, bytes, len);
}

static void
write_failure(struct follower *f, enum wire_code code, const char *text)
{
	_cleanup_buf_ struct buf out = { 0 };

	envelope_add_event(&out, code, text, f->req->id);
	buf_add_str(&out, DONE_EVENT);
	write_out(f, out.data, out.len);
}

static void
end(struct follower *f, enum wire_code code)
{
	struct http_request *req = f->req;

	const bool last_call = f->last_call;

	let_go(f, 200, code);
	if (last_call)
		http_stream_abort(req);
	else
		http_stream_end(req);
}

/* ---- what has come ---- */

/* Returns false when the follower is gone. */
static bool
pump(struct follower *f)
{
	_cleanup_buf_ struct buf out = { 0 };
	bool ended = false;

	while (!f->full) {
		buf_clear(&out);
		switch (stream_read(&f->reader, &out, READ_BYTES, &ended)) {
		case EVENT_READ_SOME: f->full = !write_out(f, out.data, out.len); break;
		case EVENT_READ_NONE:
			if (!ended)
				return true;
			break;
		case EVENT_READ_LOST:
			write_failure(f, CODE_STREAM_EXPIRED,
			    "What comes next in this stream is not kept any more; it was read too "
			    "slowly, or too much is kept of others.");
			end(f, CODE_STREAM_EXPIRED);
			return false;
		}
		if (ended) {
			end(f, CODE_NONE);
			return false;
		}
	}
	return true;
}

static void
on_wake(struct stream_reader *r)
{
	pump((struct follower *)r);
}

static void
on_ping(struct timer *t, void *arg)
{
	struct follower *f = arg;
	const int64_t ping_ms = f->gw->config.relay.ping_ms;
	int64_t left_ms = f->last_sent_ms + ping_ms - loop_now_ms(f->gw->loop);

	if (f->bytes_out == 0 || left_ms <= 0) {
		write_out(f, ": ping\n\n", 8);
		metric_add(&counters_competitor(&f->gw->counters, f->slug)->pings, 1);
		left_ms = ping_ms;
	}
	timer_set_about(f->gw->loop, t, left_ms, on_ping, f);
}

static void
client_gone(struct http_request *req, void *arg)
{
	struct follower *f = arg;

	(void)req;
	let_go(f, wire_code_info(CODE_CLIENT_CLOSED)->status, CODE_CLIENT_CLOSED);
}

static void
client_drained(struct http_request *req, void *arg)
{
	struct follower *f = arg;

	(void)req;
	f->full = false;
	pump(f);
}

static void
client_half_closed(struct http_request *req, void *arg)
{
	(void)req;
	write_out(arg, ": ping\n\n", 8);
}

static const struct http_request_events client_events = {
	.on_gone = client_gone,
	.on_drain = client_drained,
	.on_half_closed = client_half_closed,
};

/* Takes the reference to the stream over. */
static void
start(struct gateway *gw, struct http_request *req, struct stream *s, struct auth *auth,
    uint64_t from, bool is_call, const struct http_header *headers)
{
	struct follower *f = mem_zalloc(sizeof(*f));

	f->reader.loop = gw->loop;
	f->reader.wake = on_wake;
	f->reader.freed = freed;
	f->reader.next = f->from = from;
	f->gw = gw;
	f->req = req;
	f->auth = auth_ref(auth);
	f->is_call = is_call;
	stream_competitor(s, f->slug);
	f->next = gw->followers;
	f->prev = &gw->followers;
	if (f->next != NULL)
		f->next->prev = &f->next;
	gw->followers = f;
	http_request_watch(req, &client_events, f);
	stream_follow(s, &f->reader, is_call);
	http_stream_begin(req, 200, headers);
	timer_set(gw->loop, &f->ping, FIRST_PING_MS, on_ping, f);
	pump(f);
}

void
follow_begin(struct gateway *gw, struct http_request *req, struct stream *s, struct auth *auth,
    const struct http_header *headers)
{
	start(gw, req, s, auth, 1, false, headers);
}

/* ---- calls ---- */

const char *
follow_owner(const struct http_request *req)
{
	const struct auth *a = req->user;

	return a->key_id[0] != '\0' ? a->key_id : req->is_unix ? "socket" : "";
}

/* Where it wants to go on: 0 after a 400.  A client that reconnects by itself repeats its query, so
 * the header counts. */
static uint64_t
wanted(struct gateway *gw, struct http_request *req)
{
	const char *last = http_header_get(req, "last-event-id");
	_cleanup_free_ char *from = last == NULL ? http_query_get(req, "from") : NULL;
	int64_t n = 1;

	if (last != NULL ? str_parse_int(last, 0, INT64_MAX - 1, &n, NULL) < 0
			 : from != NULL && str_parse_int(from, 1, INT64_MAX - 1, &n, NULL) < 0) {
		answer_error(gw, req, GATEWAY_STREAM, CODE_INVALID_VALUE, NULL,
		    last != NULL ? "last-event-id" : "from",
		    "The place to go on from is the number of an event, as in its 'id:' line.");
		return 0;
	}
	return (uint64_t)n + (last != NULL);
}

static void
get_stream(struct gateway *gw, struct http_request *req, struct stream *s)
{
	const uint64_t from = wanted(gw, req);
	char slug[48];
	struct stream_place at;
	struct http_header headers[] = {
		{ "x-janus-stream-id", stream_id(s) },
		{ "content-type", "text/event-stream; charset=utf-8" },
		{ "cache-control", "no-cache, no-transform" },
		{ "x-accel-buffering", "no" },
		{ "x-janus-competitor", slug },
		{ 0 },
	};

	stream_look(s, &at);
	stream_competitor(s, slug);
	if (slug[0] == '\0')
		headers[4].name = NULL;
	if (from != 0 && from < at.first)
		answer_error(gw, req, GATEWAY_STREAM, CODE_STREAM_EXPIRED, NULL, NULL,
		    "Event %llu of this stream is not kept any more; the first that is has the "
		    "number %llu.",
		    (unsigned long long)from, (unsigned long long)at.first);
	else if (from > at.last + 1)
		answer_error(gw, req, GATEWAY_STREAM, CODE_INVALID_VALUE, NULL, "from",
		    "This stream has no event %llu yet; its last has the number %llu.",
		    (unsigned long long)from, (unsigned long long)at.last);
	else if (from != 0 && at.ended && from == at.last + 1)
		answer(gw, req, GATEWAY_STREAM, 204, NULL, &headers[0], NULL, 0);
	else if (from != 0 && str_eq(req->method, "HEAD"))
		answer(gw, req, GATEWAY_STREAM, 200, headers[1].value, &headers[0], NULL, 0);
	else if (from != 0) {
		if (slug[0] != '\0')
			metric_add(&counters_competitor(&gw->counters, slug)->resumed, 1);
		start(gw, req, TAKE(s), req->user, from, true, headers);
	}
	stream_unref(s);
}

static void
delete_stream(struct gateway *gw, struct http_request *req, struct stream *s)
{
	_cleanup_buf_ struct buf out = { 0 };

	stream_stop(s);
	stream_json(&out, s);
	stream_unref(s);
	answer(gw, req, GATEWAY_STREAM, 200, "application/json", NULL, out.data, out.len);
}

void
follow_one(struct gateway *gw, struct http_request *req)
{
	const char *id = req->path + strlen(STREAMS_PATH "/");
	struct stream *s = gw->config.streams != NULL
	    ? stream_find(gw->config.streams, id, follow_owner(req))
	    : NULL;

	if (s == NULL && elsewhere_ask(gw, req))
		return;
	if (s == NULL)
		answer_error(gw, req, GATEWAY_STREAM, CODE_RESOURCE_NOT_FOUND, NULL, NULL,
		    "You have no stream '%.60s'; an ended one is forgotten after a while. "
		    "GET " STREAMS_PATH " lists those there are.",
		    id);
	else if (str_eq(req->method, "DELETE"))
		delete_stream(gw, req, s);
	else
		get_stream(gw, req, s);
}

void
follow_list(struct gateway *gw, struct http_request *req)
{
	_cleanup_free_ char *limit = http_query_get(req, "limit");
	_cleanup_free_ char *after = http_query_get(req, "after");
	_cleanup_buf_ struct buf out = { 0 };
	int64_t n = LIST_USUAL;

	if (gw->config.streams == NULL) {
		answer_error(gw, req, GATEWAY_STREAMS, CODE_RESOURCE_NOT_FOUND, NULL, NULL,
		    "Streams cannot be resumed here.");
		return;
	}
	if (limit != NULL && str_parse_int(limit, 1, LIST_MAX, &n, NULL) < 0) {
		answer_error(gw, req, GATEWAY_STREAMS, CODE_INVALID_VALUE, NULL, "limit",
		    "limit is a number from 1 to %d.", LIST_MAX);
		return;
	}
	streams_json(&out, gw->config.streams, follow_owner(req), (size_t)n, after);
	answer(gw, req, GATEWAY_STREAMS, 200, "application/json", NULL, out.data, out.len);
}

/* ---- for all of a gateway ---- */

void
follow_end_revoked(struct gateway *gw)
{
	for (struct follower *f = gw->followers, *next; f != NULL; f = next) {
		next = f->next;
		if (!auth_revoked(f->auth))
			continue;
		write_failure(f, CODE_INVALID_API_KEY, "The API key was revoked.");
		end(f, CODE_INVALID_API_KEY);
	}
}

void
follow_abandon_all(struct gateway *gw)
{
	while (gw->followers != NULL) {
		struct follower *f = gw->followers;

		f->full = false;
		f->last_call = true;
		if (!pump(f))
			continue;
		write_failure(f, CODE_DRAINING, "Janus is stopping.");
		end(f, CODE_DRAINING);
	}
}

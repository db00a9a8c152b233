/*
 * arena.c - two chats, one client.
 */
#include "controlplane/gateway/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/arena_body.h"
#include "controlplane/gateway/arena_core.h"
#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/chat.h"
#include "controlplane/gateway/chat_head.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_request.h"

#define READY_MAX 1024 /* competitors to draw from */

/* ---- the end ---- */

static void
arena_free(struct arena *a)
{
	timer_cancel(&a->ping);
	for (int i = 0; i < 2; i++) {
		sse_done(&a->sides[i].sse);
		arena_voice_done(&a->sides[i].voice);
	}
	*a->prev = a->next;
	if (a->next != NULL)
		a->next->prev = a->prev;
	free(a);
}

/* A side that fails has lost, if it is its own fault; two of them say nothing of one another. */
static enum battle_state
state_of(const struct arena *a)
{
	int failed = 0;

	for (int i = 0; i < 2; i++) {
		if (a->sides[i].code == CODE_NONE)
			continue;
		failed++;
		if (!str_eq(a->sides[i].fault, "miner"))
			return a->req == NULL ? BATTLE_ABANDONED : BATTLE_FAILED;
	}
	return a->req == NULL ? BATTLE_ABANDONED : failed == 2 ? BATTLE_FAILED : BATTLE_ENDED;
}

/* Both are over: it is known to those who take votes before its caller knows. */
static void
conclude(struct arena *a)
{
	a->row.state = state_of(a);
	a->row.ended_at_ms = clock_wall_ms();
	if (a->gw->hooks->on_battle != NULL)
		a->gw->hooks->on_battle(&a->row, a->gw->arg);
}

static void
on_over(const struct chat_over *o, void *arg)
{
	struct arena_side *s = arg;
	struct arena *a = s->arena;
	const int i = s == &a->sides[1];
	struct battle_side *row = &a->row.sides[i];
	const bool both = a->sides[1 - i].over;

	s->relay = NULL;
	s->over = true;
	s->code = o->code;
	s->fault = o->fault;
	str_copy(row->version, sizeof(row->version), o->version);
	str_copy(row->digest, sizeof(row->digest), o->digest);
	str_copy(row->code, sizeof(row->code), wire_code_info(o->code)->code);
	row->ttft_ms = o->ttft_us >= 0 ? o->ttft_us / 1000 : -1;
	row->duration_ms = o->duration_us / 1000;
	if (both)
		conclude(a);
	arena_tell_end(a, i);
	if (both) {
		arena_tell_over(a);
		arena_free(a);
	}
}

/* ---- what a side says ---- */

static void
sink_begin(struct chat_sink *sink, struct http_request *client, const struct http_header *headers)
{
	(void)sink;
	(void)client;
	(void)headers; /* who it is: for nobody */
}

static void
hear(const struct sse_event *e, void *arg)
{
	struct arena_side *s = arg;
	_cleanup_buf_ struct buf out = { 0 };

	if (!e->has_data)
		return;
	arena_voice_hear(&s->voice, e->data, e->data_len, &out);
	arena_tell(s->arena, out.data, out.len);
}

static bool
sink_write(struct chat_sink *sink, const char *bytes, size_t len)
{
	struct arena_side *s = (struct arena_side *)sink;
	struct arena *a = s->arena;

	if (a->req == NULL)
		return true;
	sse_feed(&s->sse, bytes, len, hear, s, NULL);
	return !a->full;
}

static void
sink_end(struct chat_sink *sink, enum wire_code code)
{
	(void)sink;
	(void)code; /* on_over tells more */
}

/* ---- the client ---- */

static void
client_gone(struct http_request *req, void *arg)
{
	struct arena *a = arg;
	struct chat_relay *const relays[] = { a->sides[0].relay, a->sides[1].relay };

	(void)req;
	a->req = NULL;
	timer_cancel(&a->ping);
	/* With the last of them the battle is over, and gone. */
	for (int i = 0; i < 2; i++)
		if (relays[i] != NULL)
			chat_relay_fail(relays[i], CODE_CLIENT_CLOSED,
			    "the client closed the connection", NULL);
}

static void
client_drained(struct http_request *req, void *arg)
{
	struct arena *a = arg;

	(void)req;
	a->full = false;
	for (int i = 0; i < 2; i++)
		if (a->sides[i].relay != NULL)
			chat_relay_drained(a->sides[i].relay);
}

static void
client_half_closed(struct http_request *req, void *arg)
{
	(void)req;
	arena_tell_ping(arg); /* nothing, where no stream was begun */
}

static const struct http_request_events client_events = {
	.on_gone = client_gone,
	.on_drain = client_drained,
	.on_half_closed = client_half_closed,
};

/* ---- the beginning ---- */

static bool
is_ready(const struct gateway *gw, const struct route *r)
{
	int64_t wait_ms;

	return r->ntargets > 0 && !traffic_shut(route_traffic(r), loop_now_ms(gw->loop), &wait_ms);
}

/* False after an answer. */
static bool
draw(struct gateway *gw, struct http_request *req, const struct route *out[2])
{
	const struct routes *routes = gw->routes;
	const size_t max = routes->len < READY_MAX ? routes->len : READY_MAX;
	_cleanup_free_ const struct route **ready = mem_zalloc((max + 1) * sizeof(*ready));
	_cleanup_free_ uint64_t *battles = mem_zalloc((max + 1) * sizeof(*battles));
	uint64_t random[2];
	size_t n = 0, drawn[2];

	for (size_t i = 0; i < routes->len && n < max; i++) {
		if (!is_ready(gw, &routes->at[i]))
			continue;
		ready[n] = &routes->at[i];
		if (gw->hooks->battles != NULL)
			battles[n] = gw->hooks->battles(ready[n]->competitor, gw->arg);
		n++;
	}
	if (n < 2) {
		answer_error(gw, req, GATEWAY_ARENA, CODE_NO_READY_COMPETITOR, NULL, NULL,
		    "A battle needs two competitors that are ready; there %s.",
		    n == 0 ? "is none" : "is one");
		return false;
	}
	hash_random(random, sizeof(random));
	arena_draw(battles, n, random, drawn);
	out[0] = ready[drawn[0]];
	out[1] = ready[drawn[1]];
	return true;
}

static void
init_row(struct battle *b, const struct http_request *req, const struct route *const drawn[2])
{
	const struct auth *auth = req->user;

	id_new("btl", b->id);
	b->state = BATTLE_RUNNING;
	str_copy(b->client, sizeof(b->client), req->client);
	str_copy(b->owner, sizeof(b->owner), auth->key_id[0] != '\0' ? auth->key_id : req->client);
	str_copy(b->request_id, sizeof(b->request_id), req->id);
	hash_sha256_hex(buf_str(&req->body), req->body.len, b->prompt_sha256);
	b->created_at_ms = clock_wall_ms();
	for (int i = 0; i < 2; i++) {
		struct battle_side *s = &b->sides[i];

		str_copy(s->competitor, sizeof(s->competitor), drawn[i]->competitor);
		str_copy(s->slug, sizeof(s->slug), drawn[i]->slug);
		id_new("req", s->request_id);
		s->ttft_ms = -1;
	}
}

static struct arena *
arena_new(
    struct gateway *gw, struct http_request *req, bool stream, const struct route *const drawn[2])
{
	struct arena *a = mem_zalloc(sizeof(*a));

	a->gw = gw;
	a->req = req;
	a->stream = stream;
	a->accepted_us = req->accepted_us;
	str_copy(a->key_id, sizeof(a->key_id), ((struct auth *)req->user)->key_id);
	init_row(&a->row, req, drawn);
	for (int i = 0; i < 2; i++) {
		struct arena_side *s = &a->sides[i];

		s->arena = a;
		s->sink = (struct chat_sink){ a->row.sides[i].request_id, sink_begin, sink_write,
			sink_end };
		s->sse.max_bytes = gw->config.relay.event_bytes;
		s->voice.side = (char)('a' + i);
		s->voice.battle = a->row.id;
		s->voice.whole = !stream;
		s->voice.artifacts = gw->config.artifacts != NULL;
	}
	a->next = gw->arenas;
	a->prev = &gw->arenas;
	if (a->next != NULL)
		a->next->prev = &a->next;
	gw->arenas = a;
	http_request_watch(req, &client_events, a);
	return a;
}

static bool
read_body(struct gateway *gw, struct http_request *req, struct buf *body,
    struct chat_request *request, bool *stream)
{
	struct chat_fault fault = { 0 };

	if (http_header_get(req, "x-janus-competitor") != NULL) {
		answer_error(gw, req, GATEWAY_ARENA, CODE_UNSUPPORTED_PARAMETER, NULL,
		    "x-janus-competitor", "Who answers in a battle is drawn by lot.");
		return false;
	}
	if (arena_body(body, buf_str(&req->body), req->body.len, stream, &fault) == 0 &&
	    chat_request_scan(buf_str(body), body->len, request, &fault) == 0)
		return true;
	answer_fault(gw, req, GATEWAY_ARENA, &fault);
	return false;
}

static void
begin_sides(struct arena *a, const struct chat_request *request, const struct buf *body,
    struct auth *const auth[2])
{
	struct gateway *gw = a->gw;
	struct http_request *req = a->req;
	const char *trace = http_header_get(req, "traceparent");
	char traceparent[TRACEPARENT_LEN + 1];

	if (traceparent_valid(trace))
		str_copy(traceparent, sizeof(traceparent), trace);
	else
		traceparent_new(traceparent); /* one for both */
	for (int i = 0; i < 2; i++) /* with the second it may all be over, and gone */
		chat_begin_apart(gw, req,
		    &(struct chat_apart){ .id = a->row.sides[i].request_id,
			.competitor = a->row.sides[i].slug,
			.traceparent = traceparent,
			.request = request,
			.body = body,
			.auth = auth[i],
			.sink = &a->sides[i].sink,
			.relay = &a->sides[i].relay,
			.on_over = on_over,
			.arg = &a->sides[i] });
}

void
arena_begin(struct gateway *gw, struct http_request *req)
{
	_cleanup_buf_ struct buf body = { 0 };
	const struct route *drawn[2];
	struct chat_request request;
	struct auth *auth[2];
	bool stream;

	if (!read_body(gw, req, &body, &request, &stream) || !draw(gw, req, drawn))
		return;
	auth[1] = auth_take_another(gw, req, GATEWAY_ARENA);
	if (auth[1] == NULL)
		return;
	auth[0] = auth_ref(req->user);
	struct arena *a = arena_new(gw, req, stream, drawn);
	if (gw->hooks->on_battle != NULL)
		gw->hooks->on_battle(&a->row, gw->arg);
	if (stream)
		arena_tell_begin(a);
	begin_sides(a, &request, &body, auth);
}

void
arena_abandon_all(struct gateway *gw)
{
	while (gw->arenas != NULL) {
		struct arena *a = gw->arenas;

		if (a->req != NULL && a->stream)
			http_stream_abort(a->req);
		else if (a->req != NULL)
			answer_error(gw, a->req, GATEWAY_ARENA, CODE_DRAINING, NULL, NULL,
			    "Janus is stopping.");
		arena_free(a);
	}
}

/*
 * arena_tell.c - what the client of a battle is told: events of a stream, or one object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/arena_core.h"
#include "controlplane/gateway/auth.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

#define WINDOW_MS INT64_C(3600000)

/* ---- a stream ---- */

void
arena_tell(struct arena *a, const char *bytes, size_t len)
{
	if (a->req == NULL || !a->stream || len == 0)
		return;
	a->last_sent_ms = loop_now_ms(a->gw->loop);
	a->bytes_out += len;
	a->full = !http_stream_write(a->req, bytes, len);
}

static void
write_json(struct arena *a, cJSON *json)
{
	_cleanup_free_ char *text = json_print(json);
	_cleanup_buf_ struct buf out = { 0 };

	cJSON_Delete(json);
	buf_printf(&out, "data: %s\n\n", text);
	arena_tell(a, out.data, out.len);
}

void
arena_tell_ping(struct arena *a)
{
	a->pings++;
	arena_tell(a, ": ping\n\n", 8);
}

static void
on_ping(struct timer *t, void *arg)
{
	struct arena *a = arg;
	const int64_t ping_ms = a->gw->config.relay.ping_ms;
	int64_t left_ms = a->last_sent_ms + ping_ms - loop_now_ms(a->gw->loop);

	if (left_ms <= 0) {
		arena_tell_ping(a);
		left_ms = ping_ms;
	}
	timer_set(a->gw->loop, t, left_ms, on_ping, a);
}

static cJSON *
battle_json(const struct arena *a)
{
	const int64_t window_ms =
	    a->gw->config.arena_window_ms > 0 ? a->gw->config.arena_window_ms : WINDOW_MS;
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "object", "arena.battle");
	json_add_str(json, "id", a->row.id);
	json_add_time(json, "created_at", a->row.created_at_ms);
	json_add_time(json, "expires_at", a->row.created_at_ms + window_ms);
	return json;
}

/* The envelope's inside, in words that are the same for all competitors. */
static void
add_error(const struct arena *a, cJSON *to, const struct arena_side *s)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_json_ cJSON *envelope = NULL;
	char message[120];

	if (s->code == CODE_NONE) {
		cJSON_AddNullToObject(to, "error");
		return;
	}
	snprintf(message, sizeof(message), "Side %c did not answer to the end: %s.", s->voice.side,
	    wire_code_info(s->code)->code);
	envelope_add_as(&text, s->code, s->fault, message, NULL, a->row.request_id, NULL);
	if (json_parse(buf_str(&text), text.len, &envelope, NULL) == 0)
		cJSON_AddItemToObject(
		    to, "error", cJSON_DetachItemFromObjectCaseSensitive(envelope, "error"));
}

static void
add_end(const struct arena *a, cJSON *to, int i)
{
	const struct arena_side *s = &a->sides[i];
	const struct battle_side *row = &a->row.sides[i];

	json_add_str(to, "finish_reason", s->code == CODE_NONE ? s->voice.finish_reason : NULL);
	add_error(a, to, s);
	if (row->ttft_ms >= 0)
		json_add_int(to, "ttft_ms", row->ttft_ms);
	else
		cJSON_AddNullToObject(to, "ttft_ms");
	json_add_int(to, "duration_ms", row->duration_ms);
}

void
arena_tell_begin(struct arena *a)
{
	struct http_header h[AUTH_HEADERS_MAX + 4];
	size_t n = auth_headers(a->req->user, h, AUTH_HEADERS_MAX);

	h[n++] = (struct http_header){ "content-type", "text/event-stream; charset=utf-8" };
	h[n++] = (struct http_header){ "cache-control", "no-cache, no-transform" };
	h[n++] = (struct http_header){ "x-accel-buffering", "no" };
	h[n] = (struct http_header){ 0 };
	http_stream_begin(a->req, 200, h);
	write_json(a, battle_json(a));
	timer_set(a->gw->loop, &a->ping, a->gw->config.relay.ping_ms, on_ping, a);
}

/* The body as it goes to both; false after an answer. */
void
arena_tell_end(struct arena *a, int side)
{
	cJSON *json;

	if (!a->stream || a->req == NULL)
		return;
	json = cJSON_CreateObject();
	json_add_str(json, "object", "arena.end");
	json_add_str(json, "battle", a->row.id);
	json_add_str(json, "side", side == 0 ? "a" : "b");
	add_end(a, json, side);
	write_json(a, json);
}

/* ---- the end ---- */

static void
log_done(const struct arena *a, enum wire_code code, int status)
{
	const struct wire_code_info *info = wire_code_info(code);
	const struct battle *b = &a->row;
	const int64_t duration_us = clock_now_us() - a->accepted_us;

	counters_http(&a->gw->counters, GATEWAY_ARENA, "POST", status, duration_us);
	log_info("request.done", F_STR("request_id", b->request_id), F_STR("client", b->client),
	    F_STR("method", "POST"), F_STR("route", ARENA_PATH), F_INT("status", status),
	    F_STR("key_id", a->key_id[0] != '\0' ? a->key_id : NULL),
	    F_STR("code", code != CODE_NONE ? info->code : NULL),
	    F_STR("fault", code != CODE_NONE ? info->fault : NULL), F_STR("battle", b->id),
	    F_STR("state", battle_state_name(b->state)), F_STR("a", b->sides[0].request_id),
	    F_STR("b", b->sides[1].request_id), F_BOOL("stream", a->stream),
	    F_INT("pings", (int64_t)a->pings), F_INT("bytes_out", (int64_t)a->bytes_out),
	    F_NUM("duration_ms", (double)duration_us / 1000));
}

static void
reply_whole(struct arena *a)
{
	static const char *const names[] = { "a", "b" };
	const struct http_header headers[] = {
		{ "content-type", "application/json" },
		{ "cache-control", "no-store" },
		{ 0 },
	};
	_cleanup_json_ cJSON *json = battle_json(a);
	struct http_request *req = TAKE(a->req);

	if (a->row.state == BATTLE_FAILED && a->sides[0].code != CODE_NONE &&
	    a->sides[1].code != CODE_NONE) {
		answer_error(a->gw, req, GATEWAY_ARENA, a->sides[0].code, NULL, NULL,
		    "Neither side of battle %s answered.", a->row.id);
		return;
	}
	for (int i = 0; i < 2; i++) {
		cJSON *side = json_add_obj(json, names[i]);

		if (a->sides[i].code == CODE_NONE)
			cJSON_AddItemToObject(
			    side, "message", arena_voice_message(&a->sides[i].voice));
		else
			cJSON_AddNullToObject(side, "message");
		add_end(a, side, i);
	}
	_cleanup_free_ char *text = json_print(json);
	a->bytes_out = strlen(text);
	log_done(a, CODE_NONE, 200);
	http_reply(req, 200, headers, text, strlen(text));
}

void
arena_tell_over(struct arena *a)
{
	struct http_request *req = a->req;

	if (req == NULL) {
		log_done(a, CODE_CLIENT_CLOSED, wire_code_info(CODE_CLIENT_CLOSED)->status);
	} else if (!a->stream) {
		reply_whole(a);
	} else {
		arena_tell(a, "data: [DONE]\n\n", 14);
		log_done(a, CODE_NONE, 200);
		http_stream_end(req);
	}
}

/*
 * chat.c - the owner of a relay: how a chat begins, and what is written down at its end.
 */
#include "controlplane/gateway/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/chat_artifacts.h"
#include "controlplane/gateway/chat_core.h"
#include "controlplane/gateway/chat_files.h"
#include "controlplane/gateway/chat_head.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/judge.h"
#include "controlplane/gateway/pick.h"
#include "controlplane/gateway/resume.h"
#include "controlplane/gateway/wait.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/spare.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/chunk.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/dialect.h"

static _Thread_local struct spare spares; /* of struct chat */

static enum gateway_route
route_of(const struct dialect *d)
{
	return GATEWAY_CHAT + (unsigned)d->at;
}

bool
chat_head_accepted(struct gateway *gw, struct http_request *req, enum gateway_route route)
{
	const char *encoding = http_header_get(req, "content-encoding");

	if (gw->draining) {
		answer_error(gw, req, route, CODE_DRAINING, NULL, NULL, "Janus is stopping.");
		return false;
	}
	if (gw->hooks->is_low != NULL && gw->hooks->is_low(gw->arg)) {
		answer_error(gw, req, route, CODE_LOW_DISK, NULL, NULL,
		    "There is too little room on the disk to write new chats down. Chats that run "
		    "go on; try again later.");
		return false;
	}
	if (!content_type_accepted(http_header_get(req, "content-type"))) {
		answer_error(gw, req, route, CODE_UNSUPPORTED_MEDIA_TYPE, NULL, NULL,
		    "The body is sent as 'content-type: application/json' in UTF-8.");
		return false;
	}
	if (encoding != NULL && !str_eq(encoding, "identity")) {
		answer_error(gw, req, route, CODE_UNSUPPORTED_MEDIA_TYPE, NULL, NULL,
		    "A compressed request body is not accepted.");
		return false;
	}
	if (http_header_count(req, "x-janus-competitor") > 1) {
		answer_error(gw, req, route, CODE_INVALID_VALUE, NULL, "x-janus-competitor",
		    "The header x-janus-competitor may be sent once.");
		return false;
	}
	return true;
}

/* ---- the end ---- */

static void
chat_free(struct chat *c)
{
	struct gateway *gw = c->gw;

	wait_end(&c->wait);
	chat_artifacts_free(c->artifacts);
	attempt_end(c);
	auth_unref(c->auth);
	for (size_t i = 0; i < c->ntried; i++)
		route_target_unref(c->tried[i]);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	gw->nchats--;
	gw->counters.http_in_flight--;
	if (c->request.stream && c->counted != NULL)
		c->counted->streams_active--;
	if (c->resume != NULL)
		resume_close(c->resume);
	buf_done(&c->kept);
	gateway_busy_update(gw);
	buf_done(&c->head);
	free(c->user_agent);
	free(c->wish);
	free(c->tracestate);
	free(c->details);
	spare_give(&spares, c);
}

static void
log_done(
    const struct chat *c, const struct chat_result *r, int status, int64_t duration_us, int resumed)
{
	const struct wire_code_info *info = wire_code_info(r->code);
	const bool bad = r->code != CODE_NONE;
	char trace_id[33], words[CHAT_WORDS_MAX];

	str_copy(trace_id, sizeof(trace_id), c->traceparent + 3);
	log_info("request.done", F_STR("request_id", c->id), F_STR("trace_id", trace_id),
	    F_STR("client", c->client), F_STR("method", "POST"), F_STR("route", c->dialect->path),
	    F_INT("status", status), F_STR("competitor", c->slug[0] != '\0' ? c->slug : NULL),
	    F_STR("competitor_id", c->competitor[0] != '\0' ? c->competitor : NULL),
	    F_STR("version_digest", c->digest[0] != '\0' ? c->digest : NULL),
	    F_STR("key_id", c->auth != NULL && c->auth->key_id[0] != '\0' ? c->auth->key_id : NULL),
	    F_STR("instance_id", c->ntried > 0 ? c->tried[c->ntried - 1]->instance : NULL),
	    F_STR("code", bad ? info->code : NULL), F_STR("fault", bad ? r->fault : NULL),
	    F_STR("error", chat_result_words(r, words)), F_BOOL("stream", c->request.stream),
	    F_NUM("duration_ms", (double)duration_us / 1000),
	    r->ttft_us >= 0 ? F_NUM("ttft_ms", (double)r->ttft_us / 1000) : F_STR("ttft_ms", NULL),
	    F_INT("max_gap_ms", r->max_gap_ms), F_INT("queue_ms", wait_us(&c->wait) / 1000),
	    F_INT("attempt", (int64_t)c->ntried),
	    resumed >= 0 ? F_INT("resumed", resumed) : F_STR("resumed", NULL),
	    F_INT("chunks", (int64_t)r->chunks), F_INT("pings", (int64_t)r->pings),
	    F_INT("bytes_in", (int64_t)r->bytes_in), F_INT("bytes_out", (int64_t)r->bytes_out));
}

/* Of an answer whose usage nobody reported, the relay has counted what was said; what was asked is
 * counted here. */
static const struct chat_result *
with_question(const struct chat *c, const struct chat_result *r, struct chat_result *guessed)
{
	if (r->usage.reported || r->ttft_us < 0)
		return r;
	*guessed = *r;
	guessed->usage.prompt_tokens = chat_usage_tokens(c->request.text_bytes);
	guessed->usage.total_tokens =
	    guessed->usage.prompt_tokens + guessed->usage.completion_tokens;
	return guessed;
}

static void
on_done(struct chat_relay *relay, const struct chat_result *told, void *arg)
{
	struct chat *c = arg;
	struct chat_result guessed;
	const struct chat_result *const r = with_question(c, told, &guessed);
	struct gateway *gw = c->gw;
	const int64_t duration_us = clock_now_us() - c->accepted_us;
	queue_leave(c);
	const int status =
	    r->code == CODE_CLIENT_CLOSED || !r->committed ? wire_code_info(r->code)->status : 200;
	const int resumed = c->resume != NULL ? (int)resume_close(TAKE(c->resume)) : -1;
	const struct gateway_usage usage = {
		.request_id = c->id,
		.competitor = c->competitor,
		.version = c->version,
		.digest = c->digest,
		.key_id = c->auth != NULL ? c->auth->key_id : "",
		.instance = c->ntried > 0 ? c->tried[c->ntried - 1]->instance : "",
		.result = r,
		.dialect = c->dialect,
		.accepted_at_ms = c->accepted_at_ms,
		.duration_us = duration_us,
		.stream = c->request.stream,
		.resumed = resumed,
		.status = status,
		.slug = c->slug,
		.model = c->request.model,
		.client = c->client,
		.traceparent = c->traceparent,
		.user_agent = c->user_agent,
		.span = c->span,
		.parent = c->parent,
		.attempts = c->life,
		.nattempts = c->ntried,
		.queued_us = wait_us(&c->wait),
		.queued_at_us = c->wait.first_us > 0 ? c->wait.first_us - c->accepted_us : 0,
		.params = c->details != NULL ? &c->details->params : NULL,
		.answer = c->details != NULL ? &c->details->answer : NULL,
		.tap = c->tap,
	};

	(void)relay;
	attempt_note_end(c, r->code, r);
	attempt_tell_breaker(c, judge_attempt(r->code, r->upstream_status), r->retry_after);
	if (c->on_over == NULL)
		counters_http(&gw->counters, route_of(c->dialect), "POST", status, duration_us);
	if (c->counted != NULL) {
		counters_chat(c->counted, r, c->request.stream, duration_us);
		if (r->code == CODE_NONE)
			metric_add(&c->counted->attempts_ok, 1);
		else if (c->target != NULL && wire_code_info(r->code)->status >= 500)
			metric_add(&c->counted->attempts_response, 1);
	}
	log_done(c, r, status, duration_us, resumed);
	auth_settle(c->auth, r);
	if (gw->hooks->on_usage != NULL)
		gw->hooks->on_usage(&usage, gw->arg);
	if (c->on_over != NULL)
		c->on_over(&(struct chat_over){ r->code, r->fault, r->ttft_us, duration_us,
			       c->version, c->digest },
		    c->over_arg);
	chat_free(c);
}

/* With three decimals. */
static const char *
ms_text(int64_t us, char out[STR_INT_MAX + 4])
{
	const char *whole = str_int(us / 1000, out);
	char *at = &out[STR_INT_MAX - 1];

	*at++ = '.';
	for (int unit = 100; unit > 0; unit /= 10)
		*at++ = (char)('0' + us / unit % 10);
	*at = '\0';
	return whole;
}

static size_t
on_headers(struct chat_relay *relay, struct http_header *h, size_t max, void *arg)
{
	struct chat *c = arg;
	size_t n = 0;

	c->head_early = !chat_relay_answering(relay);
	if (c->slug[0] != '\0')
		h[n++] = (struct http_header){ "x-janus-competitor", c->slug };
	if (c->digest[0] != '\0')
		h[n++] = (struct http_header){ "x-janus-version-digest", c->digest };
	h[n++] = (struct http_header){ "x-janus-attempts",
		str_int((int64_t)c->ntried, c->attempts_text) };
	if (c->ours_us > 0)
		h[n++] = (struct http_header){ "x-janus-overhead-ms",
			ms_text(c->ours_us, c->overhead_text) };
	if (c->resume != NULL)
		n += resume_header(c->resume, &h[n]);
	if (c->wait.ticket == NULL)
		h[n++] = (struct http_header){ "x-janus-queue-ms",
			str_int(c->wait.total_us / 1000, c->queue_text) };
	h[n++] = (struct http_header){ "openai-processing-ms",
		str_int((clock_now_us() - c->accepted_us) / 1000, c->processing_text) };
	return n + auth_headers(c->auth, h + n, max - n);
}

struct chat_ids
chat_ids(const struct chat *c, char id[CHAT_ID_MAX])
{
	snprintf(id, CHAT_ID_MAX, "chatcmpl-%s", c->id);
	return (struct chat_ids){ id, c->request.model, c->accepted_at_ms / 1000 };
}

void
chat_tell(const struct chat *c, const char *event, const char *payload, struct buf *out)
{
	char id[CHAT_ID_MAX];
	const struct chat_ids ids = chat_ids(c, id);

	chunk_janus(out, &ids, event, payload);
}

/* What the head could not say, for those who want events, or whose head went before. */
static void
on_end(struct chat_relay *relay, struct buf *out, void *arg)
{
	struct chat *c = arg;

	(void)relay;
	if (!c->progress && !c->head_early)
		return;
	const int64_t queue_ms = wait_us(&c->wait) / 1000;
	const int64_t processing_ms = (clock_now_us() - c->accepted_us) / 1000;
	if (c->progress) {
		_cleanup_json_ cJSON *payload = cJSON_CreateObject();
		_cleanup_free_ char *text = NULL;

		json_add_text(payload, "competitor", c->slug);
		json_add_text(payload, "version_digest", c->digest);
		json_add_int(payload, "attempts", (int64_t)c->ntried);
		json_add_int(payload, "queue_ms", queue_ms);
		cJSON_AddNumberToObject(payload, "overhead_ms", (double)c->ours_us / 1000);
		json_add_int(payload, "processing_ms", processing_ms);
		text = json_print(payload);
		chat_tell(c, "done", text, out);
	} else {
		buf_printf(out,
		    ": done attempts=%zu queue_ms=%lld overhead_ms=%s processing_ms=%lld\n\n",
		    c->ntried, (long long)queue_ms, ms_text(c->ours_us, c->overhead_text),
		    (long long)processing_ms);
	}
}

static const struct chat_relay_events relay_events = {
	.on_attempt_failed = attempt_failed,
	.on_headers = on_headers,
	.on_answering = attempt_answering,
	.on_passing = chat_artifacts_passing,
	.on_rest = chat_artifacts_rest,
	.on_ping = queue_ping,
	.on_end = on_end,
	.on_done = on_done,
};

/* ---- the beginning ---- */

/* Before anything passes: is it to be recorded, and do spans want to know more of it? */
static void
chat_observe(struct chat *c, const struct http_request *req, const char *competitor)
{
	const struct gateway_hooks *hooks = c->gw->hooks;

	if (c->details != NULL)
		chat_relay_learn(c->relay, &c->details->answer);
	if (hooks->on_capture == NULL)
		return;
	const char *ask = http_header_get(req, "x-janus-capture");
	const struct gateway_capture about = {
		.request_id = c->id,
		.competitor = competitor,
		.model = c->request.model,
		.key_id = c->auth != NULL ? c->auth->key_id : "",
		.accepted_us = c->accepted_us,
		.accepted_at_ms = c->accepted_at_ms,
		.random = gateway_random(c->gw),
		.stream = c->request.stream,
		.asked =
		    str_eq(ask, "1") && c->auth != NULL && (c->auth->scopes & SCOPE(ADMIN)) != 0,
	};
	c->tap = hooks->on_capture(&about, c->gw->arg);
	chat_relay_tap(c->relay, c->tap);
}

static struct chat *
chat_new(struct gateway *gw, struct http_request *req, const struct dialect *dialect,
    const struct chat_request *request)
{
	struct chat *c = spare_take(&spares, sizeof(*c));
	const char *trace = http_header_get(req, "traceparent");
	const char *fallback = http_header_get(req, "x-janus-fallback");
	const char *wish = http_header_get(req, "x-janus-competitor");

	c->gw = gw;
	c->dialect = dialect;
	c->body = &req->body;
	c->request = *request;
	c->auth = auth_ref(req->user);
	c->wish = wish != NULL ? str_dup(wish) : NULL;
	c->may_fall_back = !str_eq(fallback, "none");
	c->mid = c->may_fall_back && str_eq(http_header_get(req, "x-janus-failover"), "mid");
	c->progress =
	    dialect->at == DIALECT_CHAT && str_eq(http_header_get(req, "x-janus-progress"), "1");
	str_copy(c->id, sizeof(c->id), req->id);
	str_copy(c->client, sizeof(c->client), req->client);
	if (traceparent_valid(trace))
		strcpy(c->traceparent, trace);
	else
		traceparent_new(c->traceparent);
	if (traceparent_valid(trace) && http_header_count(req, "tracestate") == 1 &&
	    tracestate_valid(http_header_get(req, "tracestate")))
		c->tracestate = str_dup(http_header_get(req, "tracestate"));
	if (gw->config.traces) {
		const char *agent = http_header_get(req, "user-agent");

		c->parent = traceparent_valid(trace) ? strtoull(trace + 36, NULL, 16) : 0;
		c->span = gateway_random(gw) | 1;
		c->user_agent = agent != NULL ? str_ndup(agent, strnlen(agent, 200)) : NULL;
	}
	c->accepted_us = req->accepted_us;
	c->accepted_at_ms = clock_wall_ms() - (clock_now_us() - req->accepted_us) / 1000;
	c->next = gw->chats;
	c->prev = &gw->chats;
	if (c->next != NULL)
		c->next->prev = &c->next;
	gw->chats = c;
	gw->nchats++;
	gw->counters.http_in_flight++;
	gateway_busy_update(gw);
	return c;
}

static void
make_resumable(struct chat *c, struct http_request *req)
{
	c->resume = resume_open(c->gw, req, c->relay, c->id, c->request.model, c->auth);
	if (c->resume == NULL)
		return;
	c->kept = req->body;
	req->body = (struct buf){ 0 };
	c->body = &c->kept;
}

void
chat_begin(struct gateway *gw, struct http_request *req)
{
	const int64_t began_us = clock_now_us();
	const struct dialect *dialect = dialect_of_path(req->path);
	struct chat_request request;
	struct chat_fault fault;
	_cleanup_free_ struct chat_details *details =
	    gw->config.traces ? mem_zalloc(sizeof(*details)) : NULL;
	struct chat *c;

	if (chat_files_take(gw, req))
		return;
	if (dialect_request_scan(dialect, buf_str(&req->body), req->body.len, &request,
		details != NULL ? &details->params : NULL, &fault) < 0) {
		answer_fault(gw, req, route_of(dialect), &fault);
		return;
	}
	c = chat_new(gw, req, dialect, &request);
	c->details = TAKE(details);
	c->mark_us = began_us;
	const struct picked p = queue_pick(c);
	if (p.code == CODE_MISSING_PARAMETER || p.code == CODE_INVALID_VALUE) {
		chat_free(c);
		answer_error(gw, req, route_of(dialect), p.code, NULL, p.param,
		    p.code == CODE_INVALID_VALUE
			? "The header x-janus-competitor does not hold a name."
			: "'model' is missing.");
		return;
	}
	c->relay = chat_relay_new(
	    req, request.stream, request.include_usage, &gw->config.relay, &relay_events, c);
	chat_relay_speak(c->relay, dialect);
	chat_observe(c, req, p.route != NULL ? p.route->slug : "");
	if (request.stream && resume_wanted(gw, req))
		make_resumable(c, req);
	if (c->mid && request.stream && dialect->at == DIALECT_CHAT)
		chat_relay_go_on(c->relay);
	queue_go_on(c, p, NULL);
}

void
chat_begin_apart(struct gateway *gw, struct http_request *req, const struct chat_apart *a)
{
	const int64_t began_us = clock_now_us();
	struct chat *c = chat_new(gw, req, &dialects[DIALECT_CHAT], a->request);

	if (gw->config.traces) {
		struct chat_request again;
		struct chat_fault none;

		c->details = mem_zalloc(sizeof(*c->details));
		dialect_request_scan(c->dialect, buf_str(a->body), a->body->len, &again,
		    &c->details->params, &none); /* for spans alone */
	}
	c->mark_us = began_us;
	c->may_fall_back = true; /* to another instance of the same */
	c->mid = c->progress = false;
	str_copy(c->id, sizeof(c->id), a->id);
	str_copy(c->traceparent, sizeof(c->traceparent), a->traceparent);
	str_replace(&c->wish, a->competitor);
	auth_unref(c->auth);
	c->auth = a->auth;
	buf_add(&c->kept, a->body->data, a->body->len);
	c->body = &c->kept;
	c->on_over = a->on_over;
	c->over_arg = a->arg;
	c->relay = *a->relay = chat_relay_new_into(
	    gw->loop, req->accepted_us, a->sink, &gw->config.relay, &relay_events, c);
	chat_observe(c, req, a->competitor);
	queue_go_on(c, queue_pick(c), NULL);
}

void
chat_routes_changed(struct gateway *gw)
{
	for (size_t i = 0; i < gw->routes->len; i++)
		for (size_t k = 0; k < gw->routes->at[i].ntargets; k++)
			traffic_offer(gw->routes->at[i].targets[k]);
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		if (c->wait.ticket == NULL || queue_route(c) != NULL)
			continue;
		/* Nobody is left to wait for. */
		queue_leave(c);
		queue_go_on(c, queue_pick(c), NULL);
	}
}

void
chat_end_queued(struct gateway *gw)
{
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		if (c->wait.ticket != NULL)
			chat_relay_fail(c->relay, CODE_DRAINING, "Janus is stopping.", NULL);
	}
}

void
chat_end_revoked(struct gateway *gw)
{
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		if (auth_revoked(c->auth))
			chat_relay_fail(
			    c->relay, CODE_INVALID_API_KEY, "The API key was revoked.", NULL);
	}
}

bool
chat_runs(const struct gateway *gw, const char *instance, const char *id)
{
	for (const struct chat *c = gw->chats; c != NULL; c = c->next)
		if (c->target != NULL && strcmp(c->id, id) == 0 &&
		    strcmp(c->target->instance, instance) == 0)
			return true;
	return false;
}

void
chat_end_all(struct gateway *gw)
{
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		chat_relay_fail(c->relay, CODE_DRAINING, "Janus is stopping.", NULL);
	}
}

void
chat_abandon_all(struct gateway *gw)
{
	while (gw->chats != NULL) {
		struct chat *c = gw->chats;

		chat_relay_abandon(c->relay);
		chat_free(c);
	}
}

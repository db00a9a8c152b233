/*
 * server.c - health, models, chat, metrics.
 */
#include "baseline/agent/server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline/agent/config.h"
#include "baseline/agent/upstream.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/envelope.h"
#include "runtime/openai/offline.h"
#include "runtime/openai/responder.h"

#define CRASH_CODE 70

struct chat { /* one answer under way, in the server's list */
	struct baseline_server *server;
	struct chat *next, *prev;
	struct provider_chat *relayed; /* one of the two */
	struct offline *offline;
	char *model; /* owned: the one that was asked; NULL offline */
	char *literal; /* owned: the same as JSON, spliced into the request */
	char id[132];
	int64_t accepted_us;
};
struct baseline_server {
	struct loop *loop;
	const struct baseline_config *config;
	struct http_server *http;
	struct baseline_upstream upstream;
	struct chat *chats;
	int64_t started_ms;
	uint64_t requests, failures, active;
};
struct route {
	const char *method, *path;
	void (*answer)(struct baseline_server *, struct http_request *);
};

static const struct http_header json_headers[] = {
	{ "content-type", "application/json" },
	{ NULL, NULL },
};

static void
reply_text(struct http_request *req, const struct http_header *headers, struct buf *body)
{
	http_reply(req, 200, headers, body->data, body->len);
	buf_done(body);
}

static void
refuse(struct http_request *req, enum wire_code code, const char *text, const char *param)
{
	struct buf body = { 0 };

	envelope_add(&body, code, text, param, req->id, NULL);
	http_reply(req, wire_code_info(code)->status, json_headers, body.data, body.len);
	buf_done(&body);
}

static const char *
model_name(const struct baseline_server *s)
{
	return s->upstream.ready ? s->upstream.model : RESPONDER_MODEL;
}

static void
answer_health(struct baseline_server *s, struct http_request *req)
{
	struct buf body = { 0 };

	buf_printf(&body,
	    "{\"status\":\"ok\",\"version\":\"" JANUS_VERSION "\",\"uptime_seconds\":%" PRId64
	    ",\"answers\":\"%s\",\"model\":",
	    (clock_now_ms() - s->started_ms) / 1000, s->upstream.ready ? "model" : "offline");
	json_add_quoted(&body, model_name(s), strlen(model_name(s)));
	buf_add_str(&body, ",\"detail\":");
	if (s->upstream.why != NULL)
		json_add_quoted(&body, s->upstream.why, strlen(s->upstream.why));
	else
		buf_add_str(&body, "null");
	buf_add_str(&body, ",\"features\":{\"chat\":true,\"agent_sandbox\":false}}");
	reply_text(req, json_headers, &body);
}

static void
answer_models(struct baseline_server *s, struct http_request *req)
{
	struct buf body = { 0 };

	buf_add_str(&body, "{\"object\":\"list\",\"data\":[{\"id\":");
	json_add_quoted(&body, model_name(s), strlen(model_name(s)));
	buf_printf(&body, ",\"object\":\"model\",\"created\":0,\"owned_by\":\"%s\"%s}]}",
	    s->upstream.ready ? "upstream" : "janus",
	    s->upstream.ready
		? ""
		: ",\"description\":\"Not a model: the offline responder, which answers "
		  "by fixed rules.\"");
	reply_text(req, json_headers, &body);
}

static void
answer_metrics(struct baseline_server *s, struct http_request *req)
{
	static const struct http_header headers[] = {
		{ "content-type", "text/plain; version=0.0.4; charset=utf-8" },
		{ NULL, NULL },
	};
	struct buf body = { 0 };

	buf_printf(&body,
	    "# HELP janus_build_info The version that runs.\n# TYPE janus_build_info gauge\n"
	    "janus_build_info{version=\"" JANUS_VERSION "\"} 1\n"
	    "# HELP janus_chat_requests_total Chats answered or failed.\n"
	    "# TYPE janus_chat_requests_total counter\n"
	    "janus_chat_requests_total{outcome=\"ok\"} %" PRIu64 "\n"
	    "janus_chat_requests_total{outcome=\"failed\"} %" PRIu64 "\n"
	    "# HELP janus_streams_active Chats under way.\n# TYPE janus_streams_active gauge\n"
	    "janus_streams_active %" PRIu64 "\n",
	    s->requests - s->failures, s->failures, s->active);
	reply_text(req, headers, &body);
}

/* ---- a chat ---- */

static void
chat_over(struct chat *c, int status, const char *code, const struct chat_result *r)
{
	struct baseline_server *s = c->server;

	s->requests++;
	s->failures += status >= 400;
	s->active--;
	log_info("request.done", F_STR("request_id", c->id), F_STR("route", "/v1/chat/completions"),
	    F_INT("status", status), F_STR("code", code),
	    F_STR("error", code != NULL ? r->text : NULL),
	    F_STR("model", c->model != NULL ? c->model : RESPONDER_MODEL),
	    r != NULL && r->ttft_us >= 0 ? F_INT("ttft_ms", r->ttft_us / 1000)
					 : F_STR("ttft_ms", NULL),
	    F_INT("duration_ms", (clock_now_us() - c->accepted_us) / 1000));
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->chats = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c->model);
	free(c->literal);
	free(c);
}

static void
relay_over(const struct chat_result *r, void *arg)
{
	const struct wire_code_info *info = wire_code_info(r->code);

	chat_over(arg, info->status, r->code != CODE_NONE ? info->code : NULL, r);
}

static void
offline_over(int status, const struct chat_usage *usage, void *arg)
{
	(void)usage;
	chat_over(arg, status, NULL, NULL);
}

static void
crash(void)
{
	log_error("baseline.crash", F_STR("reason", "the prompt asked for it"));
	_exit(CRASH_CODE);
}

static void
answer_chat(struct baseline_server *s, struct http_request *req)
{
	struct chat_request request;
	struct chat_fault fault = { 0 };
	struct buf literal = { 0 };

	if (chat_request_scan(buf_str(&req->body), req->body.len, &request, &fault) < 0) {
		refuse(req, fault.code, fault.text, fault.param[0] != '\0' ? fault.param : NULL);
		return;
	}
	struct chat *c = mem_zalloc(sizeof(*c));
	c->server = s;
	c->accepted_us = req->accepted_us;
	memcpy(c->id, req->id, sizeof(c->id));
	c->next = s->chats;
	if (c->next != NULL)
		c->next->prev = c;
	s->chats = c;
	s->active++;
	if (!s->upstream.ready) {
		c->offline = offline_answer(
		    req, request.stream, s->config->in_pod ? crash : NULL, offline_over, c);
		return;
	}
	json_add_quoted(&literal, s->upstream.model, strlen(s->upstream.model));
	c->model = str_dup(s->upstream.model);
	c->literal = buf_take(&literal);
	chat_request_set_model(&request, c->literal);
	c->relayed = provider_chat(
	    &s->upstream.provider, req, &request, &chat_relay_defaults, NULL, relay_over, c);
}

/* ---- routes ---- */

static const struct route routes[] = {
	{ "GET", "/health", answer_health },
	{ "GET", "/v1/models", answer_models },
	{ "GET", "/metrics", answer_metrics },
	{ "POST", "/v1/chat/completions", answer_chat },
};

static const struct route *
find_route(const struct http_request *req, bool *path_known)
{
	const bool head = strcmp(req->method, "HEAD") == 0;

	*path_known = false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, req->path) != 0)
			continue;
		*path_known = true;
		if (strcmp(routes[i].method, head ? "GET" : req->method) == 0)
			return &routes[i];
	}
	return NULL;
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	struct baseline_server *s = arg;
	bool path_known;

	if (find_route(req, &path_known) != NULL)
		return strcmp(req->method, "POST") == 0 ? s->config->body_max_bytes : 0;
	if (path_known)
		refuse(req, CODE_METHOD_NOT_ALLOWED, "That method is not served here.", NULL);
	else
		refuse(req, CODE_RESOURCE_NOT_FOUND,
		    "There is no such path; try POST /v1/chat/completions.", NULL);
	return -1;
}

static void
on_request(struct http_request *req, void *arg)
{
	bool path_known;

	find_route(req, &path_known)->answer(arg, req);
}

static void
on_refused(struct http_request *req, int status, const char *code, struct buf *body, void *arg)
{
	(void)status;
	(void)arg;
	envelope_add(body, wire_code_named(code), "The request was refused.", NULL, req->id, NULL);
}

struct baseline_server *
baseline_server_new(struct loop *loop, const struct baseline_config *config, struct error *err)
{
	static const struct http_server_handlers handlers = { on_head, on_request, on_refused };
	struct baseline_server *s = mem_zalloc(sizeof(*s));
	const int fd = http_listen_tcp(config->host, config->port, false, err);

	s->loop = loop;
	s->config = config;
	s->started_ms = clock_now_ms();
	if (fd >= 0)
		s->http = http_server_new(loop, fd, &http_server_defaults, &handlers, s, err);
	if (s->http == NULL) {
		free(s);
		return NULL;
	}
	if (baseline_upstream_init(&s->upstream, loop, config, err) < 0) {
		http_server_free(s->http);
		free(s);
		return NULL;
	}
	return s;
}

void
baseline_server_drain(struct baseline_server *s)
{
	http_server_drain(s->http);
}

bool
baseline_server_busy(const struct baseline_server *s)
{
	return http_server_busy(s->http) > 0;
}

void
baseline_server_free(struct baseline_server *s)
{
	if (s == NULL)
		return;
	while (s->chats != NULL) {
		struct chat *c = s->chats;

		s->chats = c->next;
		if (c->relayed != NULL)
			provider_chat_abandon(c->relayed);
		else
			offline_abandon(c->offline);
		free(c->model);
		free(c->literal);
		free(c);
	}
	http_server_free(s->http);
	baseline_upstream_done(&s->upstream);
	free(s);
}

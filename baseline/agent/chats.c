/*
 * chats.c - one chat: what path it takes, and what became of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline/agent/agents.h"
#include "baseline/agent/config.h"
#include "baseline/agent/core.h"
#include "baseline/agent/vision.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/envelope.h"
#include "runtime/openai/offline.h"

#define CRASH_CODE 70

static const struct http_header json_headers[] = {
	{ "content-type", "application/json" },
	{ NULL, NULL },
};

void
refuse(struct http_request *req, enum wire_code code, const char *text, const char *param)
{
	struct buf body = { 0 };

	envelope_add(&body, code, text, param, req->id, NULL);
	http_reply(req, wire_code_info(code)->status, json_headers, body.data, body.len);
	buf_done(&body);
}

/* ---- the list ---- */

static struct chat *
chat_new(struct baseline_server *s, const struct http_request *req)
{
	struct chat *c = mem_zalloc(sizeof(*c));

	c->server = s;
	c->accepted_us = req->accepted_us;
	memcpy(c->id, req->id, sizeof(c->id));
	c->next = s->chats;
	if (c->next != NULL)
		c->next->prev = c;
	s->chats = c;
	return c;
}

static void
chat_free(struct chat *c)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->server->chats = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c->model);
	free(c->literal);
	free(c->why);
	free(c);
}

static void
take_path(struct chat *c, enum path_taken path)
{
	c->path = path;
	c->server->paths[path].active++;
}

void
chat_over(struct chat *c, const struct chat_outcome *o)
{
	struct baseline_server *s = c->server;
	struct path_counts *counts = &s->paths[c->path];
	const int64_t took_us = clock_now_us() - c->accepted_us;

	counts->active--;
	if (o->code != NULL || o->status >= 400)
		counts->failed++;
	else
		counts->ok++;
	metric_observe_us(&counts->duration, &buckets_chat, (uint64_t)took_us);
	if (c->path != TOOK_OFFLINE) { /* whose tokens are no model's */
		s->prompt_tokens += (uint64_t)o->usage.prompt_tokens;
		s->completion_tokens += (uint64_t)o->usage.completion_tokens;
	}
	log_info("request.done", F_STR("request_id", c->id), F_STR("route", "/v1/chat/completions"),
	    F_INT("status", o->status), F_STR("code", o->code),
	    F_STR("error", o->code != NULL ? o->text : NULL), F_STR("path", path_name(c->path)),
	    F_STR("rule", c->triage.rule), F_STR("model", c->model),
	    F_INT("prompt_tokens", o->usage.prompt_tokens),
	    F_INT("completion_tokens", o->usage.completion_tokens),
	    o->usage.sandbox_seconds > 0 ? F_NUM("sandbox_seconds", o->usage.sandbox_seconds)
					 : F_STR("sandbox_seconds", NULL),
	    o->ttft_us >= 0 ? F_INT("ttft_ms", o->ttft_us / 1000) : F_STR("ttft_ms", NULL),
	    F_INT("duration_ms", took_us / 1000));
	chat_free(c);
}

void
chats_free(struct baseline_server *s)
{
	while (s->chats != NULL) {
		struct chat *c = s->chats;

		if (c->relayed != NULL)
			provider_chat_abandon(c->relayed);
		if (c->offline != NULL)
			offline_abandon(c->offline);
		if (c->agent != NULL)
			agent_chat_abandon(c->agent);
		chat_free(c);
	}
}

/* ---- fast ---- */

static void
relay_over(const struct chat_result *r, void *arg)
{
	const struct wire_code_info *info = wire_code_info(r->code);

	chat_over(arg,
	    &(struct chat_outcome){ .status = info->status,
		.code = r->code != CODE_NONE ? info->code : NULL,
		.text = r->text,
		.usage = r->usage,
		.ttft_us = r->ttft_us });
}

static void
offline_over(int status, const struct chat_usage *usage, void *arg)
{
	chat_over(arg, &(struct chat_outcome){ .status = status, .usage = *usage, .ttft_us = -1 });
}

static void
crash(void)
{
	log_error("baseline.crash", F_STR("reason", "the prompt asked for it"));
	_exit(CRASH_CODE);
}

static bool
no_sandbox(const struct chat_usage *usage, char value[32], void *arg)
{
	(void)usage;
	(void)arg;
	str_copy(value, 32, "0");
	return true;
}

static void
ask_model(struct chat *c, struct http_request *req, struct chat_request *request, const char *model)
{
	struct buf literal = { 0 };

	json_add_quoted(&literal, model, strlen(model));
	str_replace(&c->model, model);
	c->literal = buf_take(&literal);
	chat_request_set_model(request, c->literal);
	take_path(c, TOOK_MODEL);
	c->relayed = provider_chat(
	    &c->server->upstream.provider, req, request, &chat_relay_defaults, NULL, relay_over, c);
	c->additions = (struct provider_additions){
		.preface = c->why, .usage_key = "sandbox_seconds", .usage_value = no_sandbox
	};
	provider_chat_add(c->relayed, &c->additions);
}

/* model NULL: no model is there. */
static void
answer_fast(struct chat *c, struct http_request *req, struct chat_request *request,
    const char *model, const char *why)
{
	str_replace(&c->why, why);
	if (model != NULL) {
		ask_model(c, req, request, model);
		return;
	}
	take_path(c, TOOK_OFFLINE);
	c->offline = offline_answer(req, request->stream, c->why,
	    c->server->config->in_pod ? crash : NULL, offline_over, c);
}

void
chat_go_fast(struct chat *c, struct http_request *req, const char *why)
{
	struct chat_request request;
	struct chat_fault fault;
	_cleanup_free_ char *model = c->model != NULL ? str_dup(c->model) : NULL;

	c->agent = NULL;
	c->server->paths[c->path].active--;
	chat_request_scan(buf_str(&req->body), req->body.len, &request, &fault); /* as before */
	answer_fast(c, req, &request, model, why);
}

/* ---- triage ---- */

/* Why no agent can be had, though one would be right; NULL: it can. */
static const char *
no_agent(const struct baseline_server *s)
{
	if (!s->sandboxes.ready)
		return s->sandboxes.why;
	if (!s->upstream.ready && !s->config->agent->offline)
		return s->upstream.why;
	return NULL;
}

/* The model for this chat; false: refused, it holds pictures and nobody sees. */
static bool
choose_model(const struct baseline_server *s, const cJSON *json, const char **model)
{
	*model = s->upstream.ready ? s->upstream.model : NULL;
	if (*model == NULL || !vision_wanted(json))
		return true;
	*model = s->upstream.vision;
	return *model != NULL;
}

void
answer_chat(struct baseline_server *s, struct http_request *req)
{
	struct chat_request request;
	struct chat_fault fault = { 0 };
	struct triage_facts facts;
	_cleanup_json_ cJSON *json = NULL;
	const char *model;

	if (chat_request_scan(buf_str(&req->body), req->body.len, &request, &fault) < 0 ||
	    json_parse(buf_str(&req->body), req->body.len, &json, NULL) < 0) {
		refuse(req, fault.code, fault.text, fault.param[0] != '\0' ? fault.param : NULL);
		return;
	}
	if (!choose_model(s, json, &model)) {
		refuse(req, CODE_UNSUPPORTED_PARAMETER,
		    "The request holds pictures, and no model here is known to see: name one in "
		    "BASELINE_AGENT_CLI_VISION_MODEL.",
		    "messages");
		return;
	}
	struct chat *c = chat_new(s, req);
	triage_look(json, &facts);
	triage_decide(&facts, &c->triage);
	if (c->triage.path == TRIAGE_FAST) {
		answer_fast(c, req, &request, model, c->triage.why);
		return;
	}
	const char *missing = no_agent(s);
	if (missing != NULL && !c->triage.asked) {
		_cleanup_free_ char *why =
		    str_printf("%s But there is no agent, so this is answered directly: %s",
			c->triage.why, missing);

		answer_fast(c, req, &request, model, why);
		return;
	}
	str_replace(&c->model, model);
	str_replace(&c->why, c->triage.why);
	take_path(c, TOOK_AGENT);
	agent_chat_begin(c, req, json, request.stream, request.include_usage);
}

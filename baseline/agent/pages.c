/*
 * pages.c - health, models, metrics, artifacts.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/agents.h"
#include "baseline/agent/config.h"
#include "baseline/agent/core.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/codes.h"
#include "runtime/openai/responder.h"

static const struct http_header json_headers[] = {
	{ "content-type", "application/json" },
	{ NULL, NULL },
};

const char *
path_name(enum path_taken path)
{
	static const char *const names[PATHS_TAKEN] = { "model", "offline", "agent" };

	return names[path];
}

static void
reply_json(struct http_request *req, const cJSON *json)
{
	_cleanup_free_ char *text = json_print(json);

	http_reply(req, 200, json_headers, text, strlen(text));
}

static const char *
model_name(const struct baseline_server *s)
{
	return s->upstream.ready ? s->upstream.model : RESPONDER_MODEL;
}

static void
add_check(cJSON *checks, const char *name, bool works, const char *detail)
{
	cJSON *check = json_add_obj(checks, name);

	json_add_str(check, "status", works ? "ok" : "unavailable");
	json_add_str(check, "detail", detail);
}

/* It can answer in any case; what does not work is said beside it. */
void
answer_health(struct baseline_server *s, struct http_request *req)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *part;

	json_add_str(json, "status", "ok");
	json_add_str(json, "version", JANUS_VERSION);
	json_add_int(json, "uptime_seconds", (clock_now_ms() - s->started_ms) / 1000);
	json_add_str(json, "answers", s->upstream.ready ? "model" : "offline");
	json_add_str(json, "model", model_name(s));
	json_add_str(json, "detail", s->upstream.why);
	json_add_bool(json, "sandbox_available", s->sandboxes.ready);
	part = json_add_obj(json, "features");
	json_add_bool(part, "chat", true);
	json_add_bool(part, "agent_sandbox", s->sandboxes.ready);
	json_add_bool(part, "vision", s->upstream.ready && s->upstream.vision != NULL);
	part = json_add_obj(json, "checks");
	add_check(part, "model", s->upstream.ready, s->upstream.why);
	add_check(part, "sandboxes", s->sandboxes.ready, s->sandboxes.why);
	part = json_add_obj(json, "agent");
	json_add_str(part, "name", s->config->agent->name);
	json_add_int(part, "running", (int64_t)s->paths[TOOK_AGENT].active);
	json_add_int(part, "timeout_seconds", s->config->timeout_ms / 1000);
	json_add_str(part, "vision_model", s->upstream.vision);
	reply_json(req, json);
}

void
answer_models(struct baseline_server *s, struct http_request *req)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *model = cJSON_CreateObject();

	json_add_str(json, "object", "list");
	cJSON_AddItemToArray(json_add_arr(json, "data"), model);
	json_add_str(model, "id", model_name(s));
	json_add_str(model, "object", "model");
	json_add_int(model, "created", 0);
	json_add_str(model, "owned_by", s->upstream.ready ? "upstream" : "janus");
	if (!s->upstream.ready)
		json_add_str(model, "description",
		    "Not a model: the offline responder, which answers by fixed rules.");
	reply_json(req, json);
}

/* ---- metrics ---- */

static void
count(struct buf *out, const char *name, const char *type, const char *help, double value)
{
	metrics_head(out, name, type, help);
	metrics_value(out, name, "", value);
}

static void
add_path_metrics(struct buf *out, const struct baseline_server *s)
{
	metrics_head(out, "janus_chat_requests_total", "counter", "Chats answered or failed.");
	for (int i = 0; i < PATHS_TAKEN; i++) {
		_cleanup_free_ char *ok =
		    str_printf("path=\"%s\",outcome=\"ok\"", path_name((enum path_taken)i));
		_cleanup_free_ char *failed =
		    str_printf("path=\"%s\",outcome=\"failed\"", path_name((enum path_taken)i));

		metrics_value(out, "janus_chat_requests_total", ok, (double)s->paths[i].ok);
		metrics_value(out, "janus_chat_requests_total", failed, (double)s->paths[i].failed);
	}
	metrics_head(out, "janus_streams_active", "gauge", "Chats under way.");
	for (int i = 0; i < PATHS_TAKEN; i++) {
		_cleanup_free_ char *label =
		    str_printf("path=\"%s\"", path_name((enum path_taken)i));

		metrics_value(out, "janus_streams_active", label, (double)s->paths[i].active);
	}
	metrics_head(out, "janus_chat_duration_seconds", "histogram", "From accepted to answered.");
	for (int i = 0; i < PATHS_TAKEN; i++) {
		_cleanup_free_ char *label =
		    str_printf("path=\"%s\"", path_name((enum path_taken)i));

		metrics_histogram(out, "janus_chat_duration_seconds", label, &buckets_chat,
		    &s->paths[i].duration);
	}
}

void
answer_metrics(struct baseline_server *s, struct http_request *req)
{
	static const struct http_header headers[] = {
		{ "content-type", "text/plain; version=0.0.4; charset=utf-8" },
		{ NULL, NULL },
	};
	_cleanup_buf_ struct buf out = { 0 };

	metrics_head(&out, "janus_build_info", "gauge", "The version that runs.");
	metrics_value(&out, "janus_build_info", "version=\"" JANUS_VERSION "\"", 1);
	add_path_metrics(&out, s);
	metrics_head(&out, "janus_chat_tokens_total", "counter", "Tokens of models, as measured.");
	metrics_value(&out, "janus_chat_tokens_total", "type=\"prompt\"", (double)s->prompt_tokens);
	metrics_value(
	    &out, "janus_chat_tokens_total", "type=\"completion\"", (double)s->completion_tokens);
	metrics_head(&out, "janus_sandboxes_total", "counter", "Sandboxes asked for.");
	metrics_value(&out, "janus_sandboxes_total", "result=\"made\"", (double)s->sandboxes_made);
	metrics_value(
	    &out, "janus_sandboxes_total", "result=\"failed\"", (double)s->sandboxes_failed);
	count(&out, "janus_sandbox_seconds_total", "counter", "How long they lived.",
	    (double)s->sandbox_ms / 1000);
	count(&out, "janus_artifacts_total", "counter", "Files that agents made.",
	    (double)s->artifacts.kept);
	count(&out, "janus_artifact_bytes", "gauge", "Of the files that are kept.",
	    (double)s->artifacts.bytes);
	http_reply(req, 200, headers, out.data, out.len);
}

/* ---- artifacts ---- */

void
answer_artifact_get(struct baseline_server *s, struct http_request *req)
{
	const struct artifact *a = artifacts_find(&s->artifacts, req->path, clock_wall_ms());
	const struct http_header headers[] = {
		{ "content-type", a != NULL ? artifact_mime(a->name) : "" },
		{ "content-disposition", "attachment" },
		{ "x-content-type-options", "nosniff" },
		{ "content-security-policy", "sandbox" },
		{ "cache-control", "no-store" },
		{ NULL, NULL },
	};

	if (a == NULL)
		refuse(req, CODE_RESOURCE_NOT_FOUND,
		    "There is no such artifact: its time may be over.", NULL);
	else
		http_reply(req, 200, headers, a->bytes, a->len);
}

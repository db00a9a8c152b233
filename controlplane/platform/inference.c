/*
 * inference.c - calls to the provider on behalf of a pod.
 */
#include "controlplane/platform/inference.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/openai/chat_request.h"

#define MODELS_TIMEOUT_MS 10000
#define NO_PROVIDER                                                         \
	"No model provider is configured; set JANUS_PROVIDER_BASE_URL and " \
	"JANUS_PROVIDER_API_KEY_FILE for janus-platform."

struct call { /* in its caller's list while under way */
	struct caller *caller;
	struct call *next, *prev;
	const char *route;
	struct http_request *req; /* of a model list */
	struct provider_get *models; /* one of the two */
	struct provider_chat *chat;
	char id[132];
	int64_t accepted_us;
};

static struct call *
call_begin(struct caller *c, struct http_request *req, const char *route)
{
	struct call *call = mem_zalloc(sizeof(*call));

	call->caller = c;
	call->route = route;
	call->req = req;
	call->accepted_us = req->accepted_us;
	memcpy(call->id, req->id, sizeof(call->id));
	call->next = c->calls;
	if (call->next != NULL)
		call->next->prev = call;
	c->calls = call;
	c->use.requests++;
	return call;
}

static void
call_end(struct call *call, int status, const char *code, const struct chat_usage *usage)
{
	struct caller *c = call->caller;

	if (usage != NULL) {
		c->use.prompt_tokens += usage->prompt_tokens;
		c->use.completion_tokens += usage->completion_tokens;
	}
	log_info("request.done", F_STR("instance_id", c->instance),
	    F_STR("competitor", c->competitor), F_STR("request_id", call->id),
	    F_STR("route", call->route), F_INT("status", status), F_STR("code", code),
	    F_INT("prompt_tokens", usage != NULL ? usage->prompt_tokens : 0),
	    F_INT("completion_tokens", usage != NULL ? usage->completion_tokens : 0),
	    F_BOOL("usage_estimated", usage != NULL && !usage->reported),
	    F_INT("duration_ms", (clock_now_us() - call->accepted_us) / 1000));
	if (call->prev != NULL)
		call->prev->next = call->next;
	else
		c->calls = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
	free(call);
}

/* ---- models ---- */

static void
models_gone(struct http_request *req, void *arg)
{
	struct call *call = arg;

	(void)req;
	provider_get_cancel(call->models);
	call_end(call, 499, wire_code_info(CODE_CLIENT_CLOSED)->code, NULL);
}

/* The provider's list with the preferred model first; NULL if it is no list. The caller's. */
static char *
model_list(const char *body, size_t len, const char *first)
{
	_cleanup_json_ cJSON *json = NULL;
	int at = 0;

	if (json_parse(body, len, &json, NULL) < 0 || !cJSON_IsArray(json_get(json, "data")))
		return NULL;
	cJSON *data = cJSON_GetObjectItemCaseSensitive(json, "data"), *item;
	if (first == NULL)
		return str_ndup(body, len);
	json_for_each(item, data) {
		if (str_eq(json_str(item, "id"), first))
			break;
		at++;
	}
	item = cJSON_DetachItemFromArray(data, at);
	if (item == NULL) {
		item = cJSON_CreateObject();
		json_add_str(item, "id", first);
		json_add_str(item, "object", "model");
	}
	if (!cJSON_InsertItemInArray(data, 0, item))
		cJSON_AddItemToArray(data, item);
	return json_print(json);
}

static void
models_came(int status, const char *body, size_t len, const struct error *err, void *arg)
{
	struct call *call = arg;
	struct caller *c = call->caller;
	struct http_request *req = call->req;
	_cleanup_free_ char *text = NULL, *list = NULL;
	enum wire_code code = CODE_UPSTREAM_BAD_RESPONSE;

	if (status == 200)
		list = model_list(body, len, c->platform->model);
	if (list != NULL) {
		http_reply(req, 200, platform_json, list, strlen(list));
		call_end(call, 200, NULL, NULL);
		return;
	}
	if (status == 0) {
		code = CODE_UPSTREAM_CONNECT_FAILED;
		text = str_printf("The model provider could not be reached: %s.", err->text);
	} else {
		text = str_printf(
		    "The model provider answered with status %d and no model list.", status);
	}
	call_end(call, wire_code_info(code)->status, wire_code_info(code)->code, NULL);
	platform_refuse(c, req, code, text, NULL);
}

void
inference_models(struct caller *c, struct http_request *req)
{
	static const struct http_request_events events = { .on_gone = models_gone };

	if (!c->platform->has_provider) {
		platform_refuse(c, req, CODE_NO_PROVIDER, NO_PROVIDER, NULL);
		return;
	}
	struct call *call = call_begin(c, req, "/v1/models");
	http_request_watch(req, &events, call);
	call->models =
	    provider_get(&c->platform->provider, "/models", MODELS_TIMEOUT_MS, models_came, call);
}

/* ---- chat ---- */

static void
chat_over(const struct chat_result *r, void *arg)
{
	const struct wire_code_info *info = wire_code_info(r->code);

	call_end(arg, info->status, r->code != CODE_NONE ? info->code : NULL, &r->usage);
}

void
inference_chat(struct caller *c, struct http_request *req)
{
	struct chat_request request;
	struct chat_fault fault = { 0 };

	if (!c->platform->has_provider) {
		platform_refuse(c, req, CODE_NO_PROVIDER, NO_PROVIDER, NULL);
		return;
	}
	if (chat_request_scan(buf_str(&req->body), req->body.len, &request, &fault) < 0) {
		platform_refuse(
		    c, req, fault.code, fault.text, fault.param[0] != '\0' ? fault.param : NULL);
		return;
	}
	struct call *call = call_begin(c, req, "/v1/chat/completions");
	call->chat = provider_chat(
	    &c->platform->provider, req, &request, &chat_relay_defaults, NULL, chat_over, call);
}

void
inference_abandon(struct caller *c)
{
	while (c->calls != NULL) {
		struct call *call = c->calls;

		if (call->chat != NULL)
			provider_chat_abandon(call->chat);
		else {
			provider_get_cancel(call->models);
			http_stream_abort(call->req);
		}
		call_end(call, 499, "caller_gone", NULL);
	}
}

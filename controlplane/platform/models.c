/*
 * models.c - GET /v1/models: the provider's list, cut to what the competitor may ask.
 */
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/inference.h"
#include "controlplane/platform/offline_embedding.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/responder.h"

#define TIMEOUT_MS 10000

struct models {
	struct call call; /* first */
	struct provider_get *get;
};

static void
add_model(cJSON *list, const char *id, const char *description)
{
	cJSON *model = cJSON_CreateObject();

	json_add_str(model, "id", id);
	json_add_str(model, "object", "model");
	json_add_int(model, "created", 0);
	json_add_str(model, "owned_by", "janus");
	if (description != NULL)
		json_add_str(model, "description", description);
	cJSON_AddItemToArray(list, model);
}

/* The preferred one comes first, whether the provider lists it or not. */
static void
put_first(cJSON *data, const char *first)
{
	cJSON *item = NULL;

	json_for_each(item, data)
		if (str_eq(json_str(item, "id"), first))
			break;
	if (item == NULL)
		add_model(data, first, NULL);
	item = item == NULL ? data->child->prev : item;
	cJSON_DetachItemViaPointer(data, item);
	if (!cJSON_InsertItemInArray(data, 0, item))
		cJSON_AddItemToArray(data, item);
}

static void
answer_list(struct call *call, cJSON *json)
{
	const struct policy_rules *rules = call_rules(call);
	cJSON *data = cJSON_GetObjectItemCaseSensitive(json, "data"), *next;

	for (cJSON *item = data->child; item != NULL; item = next) {
		const char *id = json_str(item, "id");

		next = item->next;
		if (id == NULL || !policy_allows_model(rules, id))
			cJSON_Delete(cJSON_DetachItemViaPointer(data, item));
	}
	_cleanup_free_ char *text = json_print(json);
	call_answer(call, 200, platform_json, text, strlen(text));
}

static void
came(int status, const char *body, size_t len, const struct error *err, void *arg)
{
	struct call *call = arg;
	const char *first = call->caller->platform->model;
	_cleanup_json_ cJSON *json = NULL;

	((struct models *)arg)->get = NULL;
	if (status != 200 || json_parse(body, len, &json, NULL) < 0 ||
	    !cJSON_IsArray(json_get(json, "data"))) {
		inference_failed(call, status, body, err);
		return;
	}
	if (first != NULL)
		put_first(cJSON_GetObjectItemCaseSensitive(json, "data"), first);
	answer_list(call, json);
}

static void
start(struct call *call)
{
	struct platform *p = call->caller->platform;

	if (p->has_provider) {
		((struct models *)call)->get =
		    provider_get(&p->provider, "/models", TIMEOUT_MS, came, call);
		return;
	}
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	json_add_str(json, "object", "list");
	cJSON *data = json_add_arr(json, "data");
	add_model(data, RESPONDER_MODEL,
	    "Not a model: the offline responder, which answers by fixed rules.");
	add_model(data, OFFLINE_EMBEDDING_MODEL,
	    "Not a model: words hashed into a vector, so that texts with the same words are near.");
	answer_list(call, json);
}

static void
stop(struct call *call)
{
	provider_get_cancel(((struct models *)call)->get);
}

const struct call_kind inference_models = {
	.service = SERVICE_INFERENCE,
	.operation = "models",
	.size = sizeof(struct models),
	.is_quiet = true,
	.start = start,
	.stop = stop,
};

/*
 * usage.c - meters as JSON.
 */
#include "controlplane/platform/usage.h"

#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/net/http_server.h"

static void
add_amounts(cJSON *json, const char *key, const struct quota_amounts *amounts)
{
	cJSON *object = json_add_obj(json, key);

	for (int i = 0; i < QUOTA_COUNT; i++) {
		const enum quota_kind kind = (enum quota_kind)i;

		if (amounts->of[i] == QUOTA_UNLIMITED)
			json_add_str(object, quota_kind_word(kind), NULL);
		else
			cJSON_AddNumberToObject(object, quota_kind_word(kind),
			    (double)amounts->of[i] / (double)quota_kind_scale(kind));
	}
}

static cJSON *
add_meter(
    cJSON *json, const char *key, const struct quota_meter *m, const struct quota_amounts *limits)
{
	cJSON *object = json_add_obj(json, key);
	struct quota_amounts left;

	add_amounts(object, "spent", &m->spent);
	add_amounts(object, "held", &m->held);
	if (limits == NULL)
		return object;
	for (int i = 0; i < QUOTA_COUNT; i++)
		left.of[i] = quota_left(m, limits, (enum quota_kind)i);
	add_amounts(object, "limit", limits);
	add_amounts(object, "left", &left);
	return object;
}

void
usage_answer(struct caller *c, struct http_request *req)
{
	struct platform *p = c->platform;
	const struct policy_rules *rules = policy_of(&p->policy, c->competitor);
	const int64_t wall_ms = clock_wall_ms();
	const char *id = http_header_get(req, "x-request-id");
	const struct claim *chat = id != NULL ? claim_find(c, id) : NULL;
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *part;

	json_add_str(json, "object", "usage");
	json_add_str(json, "competitor", c->competitor);
	json_add_str(json, "instance_id", c->instance);
	part = add_meter(json, "token", &c->spent, NULL);
	json_add_int(part, "calls_of_no_chat", (int64_t)c->unclaimed);
	json_add_int(part, "calls_of_unknown_price", (int64_t)c->unpriced);
	part = add_meter(
	    json, "day", &account_of(&p->accounts, c->competitor, wall_ms)->day, &rules->day);
	json_add_time(part, "resets_at", (wall_ms / DAY_MS + 1) * DAY_MS);
	if (chat != NULL) {
		part = add_meter(json, "chat", &chat->meter, &rules->request);
		json_add_str(part, "request_id", chat->id);
	} else {
		json_add_str(json, "chat", NULL);
	}
	_cleanup_free_ char *text = json_print(json);
	http_reply(req, 200, platform_json, text, strlen(text));
}

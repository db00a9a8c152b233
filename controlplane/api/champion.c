/*
 * champion.c - who answers model janus, why, and to say otherwise.
 */
#include "controlplane/schedule/champion.h"

#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/store/reigns.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define HISTORY_MAX 50
#define REASON_MAX 200

static void
add_live(cJSON *to, const char *key, const struct reign_live *l)
{
	cJSON *json = json_add_obj(to, key);

	json_add_int(json, "chats", l->chats);
	json_add_int(json, "failed", l->bad);
	if (l->timed > 0)
		json_add_int(json, "ttft_p95_ms", l->ttft_p95_ms);
	else
		json_add_str(json, "ttft_p95_ms", NULL);
}

static cJSON *
render_reign(const struct reign *r)
{
	cJSON *json = cJSON_CreateObject(), *proof = NULL, *live;

	json_add_str(json, "id", r->id);
	json_add_str(json, "object", "reign");
	json_add_str(json, "competitor", r->slug);
	json_add_str(json, "competitor_id", r->competitor_id);
	json_add_text(json, "version_id", r->version_id);
	json_add_str(json, "state", reign_state_name(r->state));
	json_add_str(json, "cause", reign_cause_name(r->cause));
	json_add_str(json, "actor", r->actor);
	json_add_text(json, "reason", r->reason);
	json_add_text(json, "end_reason", r->end_reason);
	json_add_text(json, "detail", r->detail);
	json_add_text(json, "previous_id", r->previous_id);
	json_add_int(json, "share", r->state == REIGN_CANARY ? r->percent : 0);
	if (r->proof != NULL && json_parse(r->proof, strlen(r->proof), &proof, NULL) == 0)
		cJSON_AddItemToObject(json, "proof", proof);
	else
		json_add_str(json, "proof", NULL);
	live = json_add_obj(json, "live");
	add_live(live, "before", &r->base);
	add_live(live, "trial", &r->trial);
	json_add_time(json, "created_at", r->created_at_ms);
	json_add_time(json, "crowned_at", r->crowned_at_ms);
	json_add_time(json, "ended_at", r->ended_at_ms);
	return json;
}

static void
add_reign(cJSON *to, const char *key, const struct reign *r, const struct bounds_sum *now)
{
	cJSON *json;

	if (r == NULL) {
		json_add_str(to, key, NULL);
		return;
	}
	json = render_reign(r);
	add_live(json, "now",
	    &(struct reign_live){ now->chats, now->bad, now->timed, now->ttft_p95_ms });
	cJSON_AddItemToObject(to, key, json);
}

static void
add_leader(cJSON *to, const struct api_call *c, const char *key, const char *id)
{
	const struct competitor *of = id != NULL ? registry_competitor(REGISTRY(c), id) : NULL;

	json_add_str(to, key, of != NULL ? of->slug : NULL);
}

static void
add_rules(cJSON *to, const struct champion_config *rules)
{
	cJSON *json = json_add_obj(to, "rules");

	cJSON_AddNumberToObject(json, "margin", rules->lead.margin);
	json_add_int(json, "quality_percent", (int64_t)rules->lead.quality_percent);
	json_add_int(json, "canary_percent", rules->canary_percent);
	json_add_int(json, "canary_requests", rules->succession.canary_chats);
	json_add_int(json, "canary_ms", rules->succession.canary_ms);
	json_add_int(json, "max_error_points", rules->bounds.error_points);
	json_add_int(json, "max_ttft_percent", rules->bounds.ttft_percent);
}

static cJSON *
render(struct api_call *c)
{
	struct champion *ch = DEPS(c)->champion;
	const struct competitor *serving = registry_default(REGISTRY(c));
	cJSON *json = cJSON_CreateObject(), *history;
	struct bounds_sum canary, reign;
	const struct reign *const *all;
	int64_t canary_chats;
	size_t n;

	champion_live(ch, &canary, &reign, &canary_chats);
	json_add_str(json, "object", "champion");
	json_add_str(json, "suite", champion_rules(ch)->suite);
	json_add_str(
	    json, "competitor", champion_reigning(ch) != NULL ? champion_reigning(ch)->slug : NULL);
	json_add_str(json, "serving", serving != NULL ? serving->slug : NULL);
	add_leader(json, c, "fast", champion_leader(ch, LEAD_SPEED));
	add_leader(json, c, "cheap", champion_leader(ch, LEAD_COST));
	add_rules(json, champion_rules(ch));
	add_reign(json, "champion", champion_reigning(ch), &reign);
	add_reign(json, "canary", champion_canary(ch), &canary);
	history = json_add_arr(json, "history");
	all = champion_reigns(ch, &n);
	for (size_t i = n; i-- > 0 && cJSON_GetArraySize(history) < HISTORY_MAX;)
		cJSON_AddItemToArray(history, render_reign(all[i]));
	return json;
}

void
champion_get(struct api_call *c)
{
	champion_board(DEPS(c)->champion); /* leaders are of it as it is now */
	reply_json(c, 200, render(c));
}

/* ---- wishes ---- */

static void
changed(const struct error *err, void *arg)
{
	struct api_call *c = arg;

	if (err != NULL)
		reply_error(c, err);
	else
		reply_json(c, 200, render(c));
}

/* What the body says, or that it was asked for; NULL and answered. */
static const char *
reason_of(struct api_call *c)
{
	const cJSON *item = json_get(c->json, "reason");
	const char *reason = cJSON_GetStringValue(item);

	if (item == NULL || cJSON_IsNull(item))
		return "it was asked for";
	if (reason != NULL && reason[0] != '\0' && strlen(reason) <= REASON_MAX)
		return reason;
	reply_code(c, CODE_INVALID_VALUE, "reason", "'reason' is a sentence of at most %d bytes.",
	    REASON_MAX);
	return NULL;
}

/* Only asked what would be: as it is, and who would be champion. */
static bool
is_trial(struct api_call *c, const char *would_be)
{
	cJSON *json;

	if (!c->dry_run)
		return false;
	json = render(c);
	json_add_bool(json, "dry_run", true);
	json_add_str(json, "would_be", would_be);
	reply_json(c, 200, json);
	return true;
}

void
champion_promote_post(struct api_call *c)
{
	const char *ref = json_str(c->json, "competitor"), *reason = reason_of(c);
	struct champion *ch = DEPS(c)->champion;
	struct error err = { 0 };
	struct competitor *to;

	if (reason == NULL)
		return;
	if (ref == NULL) {
		reply_code(c, CODE_MISSING_PARAMETER, "competitor",
		    "'competitor' is required: who is to be champion.");
		return;
	}
	to = registry_find_competitor(REGISTRY(c), ref, &err);
	if (to == NULL || champion_promote_check(ch, to, &err) < 0)
		reply_error(c, &err);
	else if (!is_trial(c, to->slug))
		champion_promote(ch, to, reason, WHO(c), changed, c);
}

void
champion_rollback_post(struct api_call *c)
{
	const char *reason = reason_of(c);
	struct champion *ch = DEPS(c)->champion;
	const struct reign *to = NULL;
	struct error err = { 0 };

	if (reason == NULL)
		return;
	if (champion_rollback_check(ch, &to, &err) < 0)
		reply_error(c, &err);
	else if (!is_trial(c, to != NULL ? to->slug : NULL))
		champion_rollback(ch, reason, WHO(c), changed, c);
}

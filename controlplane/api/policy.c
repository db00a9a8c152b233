/*
 * policy.c - what instances may have and when they run, and what the operator says of one competitor.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "controlplane/supervise/policy.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static const char *
origin_of(const char *field, void *arg)
{
	const struct api_deps *d = arg;
	char name[64];

	if (str_eq(field, "replicas") || str_eq(field, "promotion")) /* no settings */
		return "default";
	snprintf(name, sizeof(name), "policy.%s", field);
	return d->origin(name, d->origin_arg);
}

/* Of one competitor, or, NULL, of all that nothing else was said of. */
static cJSON *
render(const struct api_call *c, const struct competitor *of, const char *text)
{
	const struct version *v = of != NULL ? registry_version(REGISTRY(c), of->version_id) : NULL;
	struct manifest manifest = { 0 };
	cJSON *json = cJSON_CreateObject();

	if (v != NULL && manifest_parse(v->manifest, &manifest, NULL) < 0)
		v = NULL;
	json_add_str(json, "object", "policy");
	json_add_str(json, "competitor", of != NULL ? of->slug : NULL);
	cJSON_AddItemToObject(json, "policy",
	    policy_describe(supervisor_rules(DEPS(c)->supervisor), origin_of, DEPS(c), text,
		v != NULL ? &manifest : NULL));
	if (v != NULL)
		manifest_done(&manifest);
	etag_add(json);
	return json;
}

void
policy_get(struct api_call *c)
{
	reply_json(c, 200, render(c, NULL, ""));
}

void
competitor_policy_get(struct api_call *c)
{
	const struct competitor *found = competitor_find(c);

	if (found != NULL)
		reply_json(c, 200, render(c, found, found->policy));
}

static void
changed(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;
	const struct competitor *now = registry_competitor(REGISTRY(c), id);
	struct error gone = { 0 };

	if (err == NULL && now == NULL) {
		error_set(&gone, ERROR_NOT_FOUND, "The competitor was removed meanwhile.");
		err = &gone;
	}
	if (err != NULL)
		reply_error(c, err);
	else
		reply_json(c, 200, render(c, now, now->policy));
}

void
competitor_policy_update(struct api_call *c)
{
	struct competitor *found = competitor_find(c);
	char text[POLICY_MAX];
	struct error err = { 0 };
	cJSON *json;

	if (found == NULL || !call_matches(c, true, render(c, found, found->policy)))
		return;
	if (policy_merge(found->policy, json_get(c->json, "policy"), text, &err) < 0) {
		reply_code(c, CODE_INVALID_VALUE, "policy", "%s.", err.text);
	} else if (c->dry_run) {
		json = render(c, found, text);
		json_add_bool(json, "dry_run", true);
		reply_json(c, 200, json);
	} else {
		supervisor_set_policy(DEPS(c)->supervisor, found, text, WHO(c), changed, c);
	}
}

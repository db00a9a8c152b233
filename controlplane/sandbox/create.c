/*
 * create.c - read a wish.
 */
#include "controlplane/sandbox/create.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/exec.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"

#define PRIORITY_USUAL 2

/* What a sandbox here cannot be, so that nobody believes it is. */
static const struct {
	const char *key, *words;
} refused[] = {
	{ "enableVnc", "sandboxes here have no screen" },
	{ "enableBrowser", "sandboxes here have no browser" },
};

static int
check_refused(const cJSON *json, bool hosting, const char **param, struct error *err)
{
	*param = "enableDockerSocket";
	if (!hosting && json_bool(json, *param, false))
		return error_set(err, ERROR_TOO_BIG,
		    "enableDockerSocket: no container engine is ever reachable from a sandbox");
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		*param = refused[i].key;
		if (json_bool(json, refused[i].key, false))
			return error_set(
			    err, ERROR_TOO_BIG, "%s: %s", refused[i].key, refused[i].words);
	}
	return 0;
}

static int
take_flavor(const cJSON *json, struct wish *w, struct error *err)
{
	static const char *const flavors[] = { "basic", "base", "agent-ready" };
	const cJSON *given = json_get(json, "flavor");
	const char *flavor = json_str(json, "flavor");

	if (given == NULL || cJSON_IsNull(given))
		flavor = flavors[0];
	for (size_t i = 0; flavor != NULL && i < ARRAY_LEN(flavors); i++)
		if (strcmp(flavor, flavors[i]) == 0) {
			snprintf(w->flavor, sizeof(w->flavor), "%s", flavor);
			return 0;
		}
	return error_set(err, ERROR_INVALID, "flavor is basic or agent-ready");
}

/* A number within bounds, or what is usual where there is none. */
static int
take_number(const cJSON *json, const char *key, int64_t usual, int64_t min, int64_t max,
    int64_t *out, struct error *err)
{
	const cJSON *given = json_get(json, key);

	*out = given == NULL || cJSON_IsNull(given) ? usual : json_int(json, key, min - 1);
	if (*out < min || *out > max)
		return error_set(err, ERROR_INVALID, "%s is a number from %lld to %lld", key,
		    (long long)min, (long long)max);
	return 0;
}

int
wish_parse(const char *body, size_t len, const struct sandbox_config *c, struct wish *out,
    const char **param, struct error *err)
{
	_cleanup_(wish_done) struct wish w = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *preemptable;
	int64_t priority, minutes;

	*param = NULL;
	if (len > 0 && json_parse(body, len, &json, err) < 0)
		return -1;
	if (json != NULL && !cJSON_IsObject(json))
		return error_set(err, ERROR_INVALID, "the body is a JSON object");
	if (check_refused(json, c->nkeys > c->hosting_from, param, err) < 0)
		return -1;
	w.hosted = json_bool(json, "enableDockerSocket", false);
	*param = "priority";
	if (take_number(json, "priority", PRIORITY_USUAL, 0, PRIORITY_MAX, &priority, err) < 0)
		return -1;
	w.priority = (int)priority;
	*param = "preemptable";
	preemptable = json_get(json, "preemptable");
	if (preemptable != NULL && !cJSON_IsBool(preemptable))
		return error_set(err, ERROR_INVALID, "preemptable is true or false");
	w.preemptable = cJSON_IsTrue(preemptable);
	*param = "flavor";
	if (take_flavor(json, &w, err) < 0)
		return -1;
	*param = "timeoutMinutes";
	if (take_number(json, "timeoutMinutes", 0, 0, c->ttl_max_ms / 60000, &minutes, err) < 0)
		return -1;
	w.ttl_ms = minutes > 0 ? minutes * 60000 : c->ttl_ms;
	*param = "env";
	if (env_take(json_get(json, "env"), &w.env, &w.nenv, err) < 0)
		return -1;
	*out = w;
	w = (struct wish){ 0 };
	return 0;
}

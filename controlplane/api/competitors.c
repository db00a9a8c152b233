/*
 * competitors.c - look at competitors and their versions, and steer them.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"

static const char *
id_at(const struct api_call *c, size_t i)
{
	return REGISTRY(c)->competitors[i]->id;
}

/* A name whose first submission was never accepted is not a competitor yet. */
static bool
keep(const struct api_call *c, size_t i, void *filter)
{
	(void)filter;
	return REGISTRY(c)->competitors[i]->version_id[0] != '\0';
}

static cJSON *
render(const struct api_call *c, size_t i)
{
	return render_competitor(DEPS(c), REGISTRY(c)->competitors[i]);
}

void
competitor_list(struct api_call *c)
{
	list_reply(
	    c, &(struct list_source){ REGISTRY(c)->ncompetitors, id_at, keep, render, NULL });
}

struct competitor *
competitor_find(struct api_call *c)
{
	struct error err = { 0 };
	struct competitor *found =
	    registry_find_competitor(REGISTRY(c), route_param(&c->params, "ref"), &err);

	if (found == NULL)
		reply_error(c, &err);
	return found;
}

int
competitor_wanted(struct api_call *c, const struct competitor **out)
{
	_cleanup_free_ char *ref = call_query(c, "competitor");
	struct error err = { 0 };

	*out = NULL;
	if (ref == NULL || (*out = registry_find_competitor(REGISTRY(c), ref, &err)) != NULL)
		return 0;
	reply_error(c, &err);
	return -1;
}

void
competitor_get(struct api_call *c)
{
	const struct competitor *found = competitor_find(c);

	if (found != NULL)
		reply_json(c, 200, render_competitor(DEPS(c), found));
}

static void
changed(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;
	const struct competitor *now = registry_competitor(REGISTRY(c), id);

	if (err != NULL) {
		reply_error(c, err);
	} else if (now == NULL) { /* removed */
		cJSON *json = cJSON_CreateObject();

		json_add_str(json, "id", id);
		json_add_str(json, "object", "competitor");
		json_add_bool(json, "deleted", true);
		reply_json(c, 202, json);
	} else {
		reply_json(c, 202, render_competitor(DEPS(c), now));
	}
}

/* Only asked what would be: it is found and may be done, and stays as it is.  Takes the tree. */
static bool
is_trial(struct api_call *c, cJSON *as_is)
{
	if (!c->dry_run) {
		cJSON_Delete(as_is);
		return false;
	}
	json_add_bool(as_is, "dry_run", true);
	reply_json(c, 200, as_is);
	return true;
}

/* The competitor to steer, or NULL and answered. */
static struct competitor *
find_to_steer(struct api_call *c)
{
	struct competitor *found = competitor_find(c);

	if (found == NULL || !call_matches(c, false, render_competitor(DEPS(c), found)) ||
	    is_trial(c, render_competitor(DEPS(c), found)))
		return NULL;
	return found;
}

void
competitor_start(struct api_call *c)
{
	struct competitor *found = find_to_steer(c);

	if (found != NULL)
		supervisor_want(DEPS(c)->supervisor, found, true, WHO(c), changed, c);
}

void
competitor_stop(struct api_call *c)
{
	struct competitor *found = find_to_steer(c);

	if (found != NULL)
		supervisor_want(DEPS(c)->supervisor, found, false, WHO(c), changed, c);
}

void
competitor_restart(struct api_call *c)
{
	struct competitor *found = find_to_steer(c);

	if (found != NULL)
		supervisor_restart(DEPS(c)->supervisor, found, WHO(c), changed, c);
}

/* The accepted version that the body names, or the one before; NULL and answered. */
static const struct version *
read_version(struct api_call *c, struct competitor *found)
{
	const cJSON *item = json_get(c->json, "version");
	const char *ref = cJSON_GetStringValue(item);
	const struct version *v = NULL;
	struct error err = { 0 };

	if (item != NULL && ref == NULL && !cJSON_IsNull(item)) {
		reply_code(c, CODE_INVALID_VALUE, "version",
		    "'version' is the id of a version, as a string.");
		return NULL;
	}
	if (!call_matches(c, false, render_competitor(DEPS(c), found)))
		return NULL;
	if (ref != NULL && (v = registry_find_version(REGISTRY(c), ref, &err)) == NULL) {
		reply_error(c, &err);
		return NULL;
	}
	v = supervisor_rollback_target(DEPS(c)->supervisor, found, v, &err);
	if (v == NULL)
		reply_error(c, &err);
	return v;
}

void
competitor_rollback(struct api_call *c)
{
	struct competitor *found = competitor_find(c);
	const struct version *v = found != NULL ? read_version(c, found) : NULL;

	if (v != NULL && !is_trial(c, render_competitor(DEPS(c), found)))
		supervisor_rollback(DEPS(c)->supervisor, found, v, WHO(c), changed, c);
}

void
competitor_promote(struct api_call *c)
{
	struct competitor *found = competitor_find(c);
	const cJSON *share = json_get(c->json, "share");
	const double percent = share != NULL ? cJSON_GetNumberValue(share) : 100;
	const struct version *v;

	if (found == NULL)
		return;
	if (json_str(c->json, "version") == NULL)
		reply_code(c, CODE_MISSING_PARAMETER, "version",
		    "'version' is required: the id of an accepted version.");
	else if (!(percent >= 0 && percent <= 100) || percent != (int)percent)
		reply_code(c, CODE_INVALID_VALUE, "share",
		    "'share' is the percent of chats it is to answer, a whole number up to 100.");
	else if ((v = read_version(c, found)) != NULL &&
	    !is_trial(c, render_competitor(DEPS(c), found)))
		supervisor_promote(DEPS(c)->supervisor, found, v, (int)percent, WHO(c), changed, c);
}

/* One that is always there neither sleeps nor is woken. */
static struct competitor *
find_sleeper(struct api_call *c)
{
	struct competitor *found = find_to_steer(c);

	if (found == NULL || found->activation != ACTIVATION_ALWAYS)
		return found;
	reply_code(c, CODE_INVALID_STATE, NULL,
	    "'%s' is always there; say otherwise first: janusctl update competitor %s --set "
	    "activation=frozen.",
	    found->slug, found->slug);
	return NULL;
}

void
competitor_freeze(struct api_call *c)
{
	struct competitor *found = find_sleeper(c);

	if (found == NULL)
		return;
	supervisor_sleep(DEPS(c)->supervisor, found);
	reply_json(c, 202, render_competitor(DEPS(c), found));
}

void
competitor_thaw(struct api_call *c)
{
	struct competitor *found = find_sleeper(c);

	if (found == NULL)
		return;
	supervisor_demand(DEPS(c)->supervisor, found->id);
	reply_json(c, 202, render_competitor(DEPS(c), found));
}

void
competitor_remove(struct api_call *c)
{
	struct competitor *found = find_to_steer(c);

	if (found != NULL)
		supervisor_remove(DEPS(c)->supervisor, found, WHO(c), changed, c);
}

/* ---- versions ---- */

static const char *
version_id_at(const struct api_call *c, size_t i)
{
	return REGISTRY(c)->versions[i]->id;
}

static bool
version_keep(const struct api_call *c, size_t i, void *arg)
{
	const struct version *v = REGISTRY(c)->versions[i];
	const char *wanted = arg;
	const struct competitor *owner = registry_competitor(REGISTRY(c), v->competitor_id);

	return owner != NULL &&
	    (wanted == NULL || strcmp(wanted, owner->slug) == 0 || strcmp(wanted, owner->id) == 0);
}

static cJSON *
version_render(const struct api_call *c, size_t i)
{
	return render_version(DEPS(c), REGISTRY(c)->versions[i]);
}

void
version_list(struct api_call *c)
{
	_cleanup_free_ char *wanted = call_query(c, "competitor");

	list_reply(c,
	    &(struct list_source){
		REGISTRY(c)->nversions, version_id_at, version_keep, version_render, wanted });
}

static struct version *
version_find(struct api_call *c)
{
	struct error err = { 0 };
	struct version *v =
	    registry_find_version(REGISTRY(c), route_param(&c->params, "ref"), &err);

	if (v == NULL)
		reply_error(c, &err);
	return v;
}

void
version_get(struct api_call *c)
{
	const struct version *v = version_find(c);

	if (v != NULL)
		reply_json(c, 200, render_version(DEPS(c), v));
}

static void
retired(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;
	const struct version *v = registry_version(REGISTRY(c), id);

	if (err != NULL)
		reply_error(c, err);
	else
		reply_json(c, 202, render_version(DEPS(c), v));
}

void
version_retire(struct api_call *c)
{
	struct version *v = version_find(c);
	struct error err = { 0 };

	if (v == NULL || !call_matches(c, false, render_version(DEPS(c), v)))
		return;
	if (supervisor_retire_check(DEPS(c)->supervisor, v, &err) < 0)
		reply_error(c, &err);
	else if (is_trial(c, render_version(DEPS(c), v)))
		return;
	else if (v->retired_at_ms != 0) /* asked again */
		reply_json(c, 202, render_version(DEPS(c), v));
	else
		supervisor_retire(DEPS(c)->supervisor, v, WHO(c), retired, c);
}

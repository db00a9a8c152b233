/*
 * render.c - nouns as the JSON of docs/api.md.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "controlplane/registry/traffic.h"
#include "controlplane/schedule/scheduler.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* Stored JSON text goes in as what it is. */
static void
add_json(cJSON *json, const char *key, const char *text)
{
	cJSON *item = NULL;

	if (text != NULL && text[0] != '\0')
		json_parse(text, strlen(text), &item, NULL);
	cJSON_AddItemToObject(json, key, item != NULL ? item : cJSON_CreateNull());
}

static cJSON *
object(const char *id, const char *noun)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", id);
	json_add_str(json, "object", noun);
	return json;
}

/* The end of each object: its times, and what this state of it is known by. */
static void
add_times(cJSON *json, int64_t created_at_ms, int64_t updated_at_ms)
{
	json_add_time(json, "created_at", created_at_ms);
	json_add_time(json, "updated_at", updated_at_ms);
	etag_add(json);
}

/* The run that measures what was accepted, and its score once there is one. */
static void
add_run(cJSON *json, const struct api_deps *d, const char *submission)
{
	const struct run *r = scheduler_run_of(d->scheduler, submission);
	_cleanup_json_ cJSON *report = NULL;

	if (r != NULL && r->report != NULL)
		json_parse(r->report, strlen(r->report), &report, NULL);
	const cJSON *score = json_path(report, "scores.composite.value");
	json_add_text(json, "run_id", r != NULL ? r->id : "");
	json_add_text(json, "run_state", r != NULL ? run_state_name(r->state) : "");
	if (r != NULL && r->state == RUN_FINISHED && cJSON_IsNumber(score))
		cJSON_AddNumberToObject(json, "score", score->valuedouble);
	else
		json_add_str(json, "score", NULL);
}

cJSON *
render_submission(const struct api_deps *d, const struct submission *s)
{
	cJSON *json = object(s->id, "submission");

	json_add_str(json, "name", s->slug);
	json_add_str(json, "kind", s->is_url ? "url" : s->archive[0] != '\0' ? "bundle" : "image");
	json_add_bool(json, "check_only", s->check_only);
	json_add_str(json, "bundle", s->archive[0] != '\0' ? s->archive : NULL);
	json_add_str(json, "image", s->is_url ? NULL : s->reference);
	json_add_str(json, "url", s->is_url ? s->reference : NULL);
	json_add_str(
	    json, "state", submission_state_name(supervisor_shown_state(d->supervisor, s)));
	json_add_text(json, "state_reason", s->reason);
	json_add_text(json, "state_detail", s->detail);
	json_add_time(json, "state_since", s->since_ms);
	json_add_str(json, "eta_seconds", NULL);
	json_add_time(json, "retry_at", s->retry_at_ms);
	if (s->total_bytes != 0 || s->bytes != 0) {
		cJSON *progress = json_add_obj(json, "progress");

		json_add_int(progress, "bytes", s->bytes);
		json_add_int(progress, "total_bytes", s->total_bytes);
	} else {
		json_add_str(json, "progress", NULL);
	}
	json_add_text(json, "digest", s->digest);
	json_add_text(json, "version_id", s->version_id);
	json_add_text(json, "competitor_id", s->competitor_id);
	json_add_text(json, "instance_id", s->instance_id);
	json_add_text(json, "fault", s->fault);
	add_json(json, "evidence", s->evidence);
	json_add_int(json, "attempts", s->attempts);
	add_run(json, d, s->id);
	add_times(json, s->created_at_ms, s->updated_at_ms);
	return json;
}

/* What happened, and what happens next. */
static void
add_detail(cJSON *json, const struct instance *in)
{
	const int64_t left_ms = in->next_try_ms - clock_wall_ms();
	char text[DETAIL_MAX + 64], wait[24];

	if (in->state == INSTANCE_BACKOFF && left_ms > 0)
		snprintf(text, sizeof(text), "%s; next try in %s", in->detail,
		    str_format_duration((left_ms + 999) / 1000 * 1000, wait, sizeof(wait)));
	else if (in->state == INSTANCE_FAILED)
		snprintf(text, sizeof(text),
		    "%s; it failed %d times: start it again once that is mended", in->detail,
		    in->failures);
	else
		snprintf(text, sizeof(text), "%s", in->detail);
	json_add_text(json, "state_detail", text);
}

/* How many it takes at once, who waits, and whether it is left alone. */
static void
add_traffic(cJSON *json, const struct api_deps *d, const struct competitor *c)
{
	struct traffic_view v;
	const int limit = supervisor_traffic(d->supervisor, c, &v);
	cJSON *queue, *breaker;

	if (limit > 0)
		json_add_int(json, "concurrency", limit);
	else
		json_add_str(json, "concurrency", NULL);
	queue = json_add_obj(json, "queue");
	for (unsigned i = 0; i < FAIR_CLASS_COUNT; i++)
		json_add_int(queue, fair_class_name(i), (int64_t)v.depth[i]);
	breaker = json_add_obj(json, "breaker");
	json_add_str(breaker, "state", breaker_state_name(v.breaker));
	json_add_int(breaker, "failures", v.failures);
	json_add_time(breaker, "retry_at", v.wait_ms > 0 ? clock_wall_ms() + v.wait_ms : 0);
}

cJSON *
render_competitor(const struct api_deps *d, const struct competitor *c)
{
	const struct version *v = registry_version(d->registry, c->version_id);
	const struct instance *in = registry_serving(d->registry, c);
	cJSON *json = object(c->id, "competitor");
	int64_t ready = 0;

	for (size_t i = 0; i < d->registry->ninstances; i++)
		ready += strcmp(d->registry->instances[i]->competitor_id, c->id) == 0 &&
		    d->registry->instances[i]->state == INSTANCE_READY;
	json_add_str(json, "name", c->slug);
	json_add_str(json, "kind", v != NULL && v->is_url ? "url" : "image");
	json_add_str(json, "state",
	    !c->wanted && in == NULL ? "stopped"
		: in != NULL         ? instance_state_name(in->state)
				     : "absent");
	json_add_text(json, "state_reason", in != NULL ? in->reason : "");
	if (in != NULL)
		add_detail(json, in);
	else
		json_add_str(json, "state_detail", NULL);
	json_add_str(json, "wanted", c->wanted ? "running" : "stopped");
	json_add_text(json, "version_id", c->version_id);
	json_add_text(json, "candidate_id", c->candidate_id);
	json_add_int(json, "candidate_percent", c->candidate_percent);
	json_add_text(json, "digest", v != NULL ? v->digest : "");
	json_add_str(json, "image", v != NULL && !v->is_url ? v->reference : NULL);
	json_add_str(json, "url", v != NULL && v->is_url ? v->reference : NULL);
	json_add_bool(json, "is_default", registry_default(d->registry) == c);
	json_add_int(json, "instances", ready);
	add_times(json, c->created_at_ms, c->updated_at_ms);
	add_traffic(json, d, c); /* after its etag: a chat that waits changes nothing of it */
	return json;
}

cJSON *
render_version(const struct api_deps *d, const struct version *v)
{
	const struct competitor *c = registry_competitor(d->registry, v->competitor_id);
	cJSON *json = object(v->id, "version");

	json_add_str(json, "competitor_id", v->competitor_id);
	json_add_str(json, "competitor", c != NULL ? c->slug : NULL);
	json_add_str(json, "kind", v->is_url ? "url" : "image");
	json_add_str(json, "image", v->is_url ? NULL : v->reference);
	json_add_str(json, "url", v->is_url ? v->reference : NULL);
	json_add_text(json, "digest", v->digest);
	json_add_text(json, "image_id", v->image_id);
	add_json(json, "manifest", v->manifest);
	json_add_bool(json, "is_current", c != NULL && strcmp(c->version_id, v->id) == 0);
	json_add_time(json, "accepted_at", v->accepted_at_ms);
	json_add_time(json, "retired_at", v->retired_at_ms);
	add_times(json, v->created_at_ms, v->updated_at_ms);
	return json;
}

cJSON *
render_instance(const struct api_deps *d, const struct instance *in)
{
	const struct competitor *c = registry_competitor(d->registry, in->competitor_id);
	const struct version *v = registry_version(d->registry, in->version_id);
	struct health_seen health;
	cJSON *json = object(in->id, "instance");

	json_add_str(json, "competitor_id", in->competitor_id);
	json_add_str(json, "competitor", c != NULL ? c->slug : NULL);
	json_add_str(json, "version_id", in->version_id);
	json_add_text(json, "digest", v != NULL ? v->digest : "");
	json_add_str(json, "state", instance_state_name(in->state));
	json_add_text(json, "state_reason", in->reason);
	add_detail(json, in);
	json_add_time(json, "state_since", in->since_ms);
	json_add_time(json, "next_try_at", in->next_try_ms);
	json_add_int(json, "restarts", in->restarts);
	json_add_int(json, "failures", in->failures);
	json_add_int(json, "in_flight", supervisor_in_flight(d->supervisor, in));
	json_add_int(json, "uid", in->uid);
	supervisor_health(d->supervisor, in, &health);
	if (health.at_ms != 0) {
		cJSON *h = json_add_obj(json, "health");

		json_add_int(h, "status", health.status);
		json_add_time(h, "at", health.at_ms);
		json_add_text(h, "error", health.error);
	} else {
		json_add_str(json, "health", NULL);
	}
	add_json(json, "evidence", in->evidence);
	add_times(json, in->created_at_ms, in->updated_at_ms);
	return json;
}

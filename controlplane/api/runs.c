/*
 * runs.c - measure a competitor by a suite: make a run, look, follow, cancel.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/followers.h"
#include "controlplane/api/handlers.h"
#include "controlplane/api/idempotency.h"
#include "controlplane/api/key_fields.h"
#include "controlplane/api/recall.h"
#include "controlplane/schedule/scheduler.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* ---- as JSON ---- */

static void
add_seconds(cJSON *json, const char *key, int64_t seconds)
{
	if (seconds >= 0)
		json_add_int(json, key, seconds);
	else
		json_add_str(json, key, NULL);
}

static void
add_progress(cJSON *json, const struct run *r)
{
	cJSON *progress = json_add_obj(json, "progress");

	json_add_int(progress, "done", r->done);
	if (r->total > 0)
		json_add_int(progress, "total", r->total);
	else
		json_add_str(progress, "total", NULL);
	json_add_text(progress, "item", r->item);
	if (r->score >= 0)
		cJSON_AddNumberToObject(progress, "score", r->score);
	else
		json_add_str(progress, "score", NULL);
}

/* What the evidence's manifest says of the whole run. */
static void
add_scores(cJSON *json, const struct run *r)
{
	static const char *const kept[] = { "scores", "weights", "items", "cost_from", NULL };
	_cleanup_json_ cJSON *report = NULL;

	if (r->report != NULL)
		json_parse(r->report, strlen(r->report), &report, NULL);
	for (size_t i = 0; kept[i] != NULL; i++) {
		cJSON *item = cJSON_Duplicate(json_get(report, kept[i]), true);

		cJSON_AddItemToObject(json, kept[i], item != NULL ? item : cJSON_CreateNull());
	}
	json_add_bool(json, "is_whole", r->is_whole);
}

void
run_render_params(cJSON *json, const struct run_params *p)
{
	json_add_int(json, "seed", p->seed);
	json_add_int(json, "subset_percent", p->subset_percent);
	json_add_int(json, "epochs", p->epochs);
	json_add_int(json, "concurrency", p->concurrency);
}

static void
add_cause(cJSON *json, const struct run *r)
{
	json_add_str(json, "reason", run_cause_name(r->cause));
	json_add_text(json, "schedule_id", r->cause == CAUSE_SCHEDULE ? r->cause_id : "");
	json_add_text(json, "submission_id", r->cause == CAUSE_SUBMISSION ? r->cause_id : "");
	json_add_time(json, "tick_at", r->tick_ms);
	json_add_time(json, "not_before", r->not_before_ms);
}

cJSON *
render_run(const struct api_deps *d, const struct run *r)
{
	cJSON *json = cJSON_CreateObject();
	int64_t eta_seconds;
	const char *reason = scheduler_waits(d->scheduler, r, &eta_seconds);

	json_add_str(json, "id", r->id);
	json_add_str(json, "object", "run");
	json_add_str(json, "competitor", r->slug);
	json_add_str(json, "competitor_id", r->competitor_id);
	json_add_str(json, "version_id", r->version_id);
	json_add_text(json, "digest", r->digest);
	json_add_str(json, "suite", r->suite);
	json_add_str(json, "suite_digest", r->suite_digest);
	json_add_text(json, "scoring", r->scoring);
	run_render_params(json, &r->params);
	add_cause(json, r);
	json_add_str(json, "state", run_state_name(r->state));
	json_add_text(json, "state_reason", reason);
	json_add_text(json, "state_detail", r->detail);
	json_add_time(json, "state_since", r->since_ms);
	add_seconds(json, "eta_seconds", eta_seconds);
	json_add_bool(json, "cancelling", r->cancelling);
	add_progress(json, r);
	json_add_int(json, "lease", r->lease);
	json_add_text(json, "worker", r->worker);
	json_add_int(json, "requeues", r->requeues);
	json_add_text(json, "code", r->code);
	json_add_text(json, "fault", r->fault);
	add_scores(json, r);
	json_add_time(json, "started_at", r->started_at_ms);
	json_add_time(json, "finished_at", r->finished_at_ms);
	json_add_time(json, "created_at", r->created_at_ms);
	json_add_time(json, "updated_at", r->updated_at_ms);
	etag_add(json);
	return json;
}

/* ---- make one ---- */

static bool
read_whole(struct api_call *c, const char *key, int64_t *out)
{
	const cJSON *item = json_get(c->json, key);

	if (item == NULL || cJSON_IsNull(item))
		return true;
	if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) ||
	    fabs(item->valuedouble) > (double)SEED_MAX)
		return call_wrong(c, key, "It is a whole number.");
	*out = (int64_t)item->valuedouble;
	return true;
}

bool
run_read_params(struct api_call *c, struct run_params *out)
{
	const struct run_params *preset = &run_params_default;
	int64_t seed = preset->seed, subset = preset->subset_percent, epochs = preset->epochs,
		concurrency = preset->concurrency;
	struct error err = { 0 };

	if (!read_whole(c, "seed", &seed) || !read_whole(c, "subset_percent", &subset) ||
	    !read_whole(c, "epochs", &epochs) || !read_whole(c, "concurrency", &concurrency))
		return false;
	*out = (struct run_params){ .seed = seed,
		.subset_percent = subset == (int)subset ? (int)subset : -1,
		.epochs = epochs == (int)epochs ? (int)epochs : -1,
		.concurrency = concurrency == (int)concurrency ? (int)concurrency : -1 };
	if (run_params_check(out, &err) == 0)
		return true;
	_cleanup_free_ char *field = str_ndup(err.text, strcspn(err.text, ":"));
	return call_wrong(c, field, err.text);
}

struct competitor *
run_find_competitor(struct api_call *c)
{
	const char *ref = json_str(c->json, "competitor");
	struct error err = { 0 };
	struct competitor *found;

	if (ref == NULL) {
		reply_code(c, CODE_MISSING_PARAMETER, "competitor",
		    "'competitor' is required: the name of a competitor.");
		return NULL;
	}
	found = registry_find_competitor(REGISTRY(c), ref, &err);
	if (found == NULL)
		reply_error(c, &err);
	return found;
}

void
run_changed(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;

	if (err != NULL)
		reply_error(c, err);
	else
		reply_json(c, 202, render_run(DEPS(c), scheduler_run_id(DEPS(c)->scheduler, id)));
}

struct wish { /* while its suite is looked for */
	struct api_call *call;
	const struct suite_info *suite;
};

/* The competitor and its version, as they are now; false and answered. */
static bool
read_wish(struct api_call *c, struct run_wish *w)
{
	const cJSON *item = json_get(c->json, "version");
	const char *ref = cJSON_GetStringValue(item);
	struct error err = { 0 };

	w->competitor = run_find_competitor(c);
	if (w->competitor == NULL)
		return false;
	if (item != NULL && ref == NULL && !cJSON_IsNull(item))
		return call_wrong(c, "version", "'version' is the id of a version, as a string.");
	w->version = ref != NULL ? registry_find_version(REGISTRY(c), ref, &err)
				 : registry_version(REGISTRY(c), w->competitor->version_id);
	if (ref != NULL && w->version == NULL) {
		reply_error(c, &err);
		return false;
	}
	w->cause_id = "";
	return run_read_params(c, &w->params);
}

static void
decide(struct api_call *c)
{
	struct scheduler *s = DEPS(c)->scheduler;
	struct run_wish w = { .suite = ((struct wish *)c->arg)->suite };
	struct error err = { 0 };

	if (!read_wish(c, &w))
		return;
	if (c->dry_run && scheduler_may(s, &w, &err) == 0) {
		cJSON *json = cJSON_CreateObject();

		json_add_str(json, "object", "run");
		json_add_str(json, "competitor", w.competitor->slug);
		json_add_str(json, "version_id", w.version->id);
		json_add_str(json, "suite", w.suite->name);
		json_add_str(json, "suite_digest", w.suite->digest);
		json_add_bool(json, "dry_run", true);
		reply_json(c, 200, json);
	} else if (c->dry_run || scheduler_create(s, &w, WHO(c), run_changed, c, &err) < 0) {
		reply_error(c, &err);
	}
}

static void
suite_found(const struct suite_info *suite, const struct error *err, void *arg)
{
	struct wish *w = arg;
	struct api_call *c = w->call;

	w->suite = suite;
	c->arg = w;
	if (err != NULL)
		reply_error(c, err);
	else
		once_resume(c, decide);
	free(w);
}

void
run_create(struct api_call *c)
{
	const char *suite = json_str(c->json, "suite");
	struct run_wish w = { 0 };
	struct wish *waiting;
	struct error err = { 0 };

	if (json_get(c->json, "suite") != NULL && suite == NULL) {
		call_wrong(c, "suite", "'suite' is the name of a suite, as a string.");
		return;
	}
	if (!read_wish(c, &w))
		return;
	if (scheduler_may(DEPS(c)->scheduler, &w, &err) < 0) {
		reply_error(c, &err);
		return;
	}
	waiting = mem_zalloc(sizeof(*waiting));
	waiting->call = c;
	scheduler_suite(DEPS(c)->scheduler,
	    suite != NULL ? suite : scheduler_config(DEPS(c)->scheduler)->suite, suite_found,
	    waiting);
}

/* ---- look ---- */

struct filter {
	char *competitor, *suite, *state;
};

static void
filter_done(struct filter *f)
{
	free(f->competitor);
	free(f->suite);
	free(f->state);
}

static const char *
id_at(const struct api_call *c, size_t i)
{
	return scheduler_run(DEPS(c)->scheduler, i)->id;
}

static bool
keep(const struct api_call *c, size_t i, void *arg)
{
	const struct run *r = scheduler_run(DEPS(c)->scheduler, i);
	const struct filter *f = arg;

	return (f->competitor == NULL || str_eq(f->competitor, r->slug) ||
		   str_eq(f->competitor, r->competitor_id)) &&
	    (f->suite == NULL || str_eq(f->suite, r->suite)) &&
	    (f->state == NULL || str_eq(f->state, run_state_name(r->state)));
}

static cJSON *
render_at(const struct api_call *c, size_t i)
{
	return render_run(DEPS(c), scheduler_run(DEPS(c)->scheduler, i));
}

void
run_list(struct api_call *c)
{
	_cleanup_(filter_done) struct filter f = { call_query(c, "competitor"),
		call_query(c, "suite"), call_query(c, "state") };

	list_reply(c,
	    &(struct list_source){
		scheduler_runs(DEPS(c)->scheduler), id_at, keep, render_at, &f });
}

static int
find_older(struct store *store, const char *id, void *row, struct error *err)
{
	return store_find_run(store, id, row, err);
}

static void
older_done(void *row)
{
	run_row_done(row);
}

static const struct recalled_kind older = { "run", sizeof(struct run), find_older, older_done };

const struct run *
run_find(struct api_call *c)
{
	const char *ref = route_param(&c->params, "ref");
	struct error err = { 0 };
	const struct run *r = scheduler_find(DEPS(c)->scheduler, ref, &err);

	return r != NULL ? r : recall(c, &older, ref, &err);
}

void
run_get(struct api_call *c)
{
	const struct run *r = run_find(c);

	if (r != NULL)
		reply_json(c, 200, render_run(DEPS(c), r));
}

void
run_cancel(struct api_call *c)
{
	const struct run *r = run_find(c);

	if (r != NULL)
		scheduler_cancel(DEPS(c)->scheduler, r, WHO(c), run_changed, c);
}

/* ---- follow ---- */

static cJSON *
render_followed(const struct api_call *c, const void *row)
{
	return render_run(DEPS(c), row);
}

static bool
is_final(const struct api_call *c, const void *row)
{
	(void)c;
	return run_is_final(((const struct run *)row)->state);
}

void
run_events(struct api_call *c)
{
	static const struct followed_kind kind = { render_followed, is_final };
	const struct run *r = run_find(c);

	if (r != NULL)
		follow(c, r, &kind);
}

void
api_run_changed(struct api *api, const struct run *r)
{
	followers_tell(api, r);
}

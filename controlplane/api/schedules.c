/*
 * schedules.c - when runs are made by themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "controlplane/api/idempotency.h"
#include "controlplane/api/key_fields.h"
#include "controlplane/schedule/scheduler.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define JITTER_MS 60000 /* where none is said */

/* ---- as JSON ---- */

static cJSON *
render_with(const struct api_deps *d, const struct schedule *h, int64_t next_ms, const char *why)
{
	const struct competitor *c = registry_competitor(d->registry, h->competitor_id);
	const struct run *last = h->id[0] != '\0' ? scheduler_run_of(d->scheduler, h->id) : NULL;
	cJSON *json = cJSON_CreateObject();

	json_add_text(json, "id", h->id);
	json_add_str(json, "object", "schedule");
	json_add_str(json, "cron", h->cron);
	json_add_str(json, "tz", h->zone);
	json_add_str(json, "suite", h->suite);
	json_add_str(json, "competitor",
	    h->competitor_id[0] == '\0' ? "all"
		: c != NULL             ? c->slug
					: h->competitor_id);
	json_add_text(json, "competitor_id", h->competitor_id);
	json_add_str(json, "missed", missed_policy_name(h->missed));
	json_add_int(json, "jitter_ms", h->jitter_ms);
	run_render_params(json, &h->params);
	json_add_str(json, "state", why[0] == '\0' ? "active" : "broken");
	json_add_text(json, "state_detail", why);
	json_add_time(json, "next_at", next_ms);
	json_add_text(json, "last_run_id", last != NULL ? last->id : "");
	json_add_time(json, "last_tick_at", last != NULL ? last->tick_ms : 0);
	json_add_time(json, "created_at", h->created_at_ms);
	json_add_time(json, "updated_at", h->updated_at_ms);
	etag_add(json);
	return json;
}

cJSON *
render_schedule(const struct api_deps *d, const struct schedule *h)
{
	char why[DETAIL_MAX];
	const int64_t next_ms = scheduler_next_ms(d->scheduler, h, why);

	return render_with(d, h, next_ms, why);
}

/* ---- make one ---- */

static bool
read_missed(struct api_call *c, struct schedule *h)
{
	const cJSON *item = json_get(c->json, "missed");
	const char *word = cJSON_GetStringValue(item);

	h->missed = MISSED_ONCE;
	if (item == NULL || cJSON_IsNull(item))
		return true;
	h->missed = word != NULL ? missed_policy_named(word) : MISSED_COUNT;
	return h->missed != MISSED_COUNT ||
	    call_wrong(c, "missed", "'missed' is skip, once or all.");
}

static bool
read_text(struct api_call *c, const char *key, const char *preset, char *out, size_t cap)
{
	const cJSON *item = json_get(c->json, key);
	const char *text = cJSON_GetStringValue(item);

	if ((item == NULL || cJSON_IsNull(item)) && preset != NULL)
		text = preset;
	if (text == NULL || text[0] == '\0' || strlen(text) >= cap) {
		reply_code(c,
		    text == NULL && item == NULL ? CODE_MISSING_PARAMETER : CODE_INVALID_VALUE, key,
		    "'%s' is required, as a string below %zu bytes.", key, cap);
		return false;
	}
	str_copy(out, cap, text);
	return true;
}

static bool
read_competitor(struct api_call *c, struct schedule *h)
{
	const struct competitor *found;

	if (str_eq(json_str(c->json, "competitor"), "all"))
		return true;
	found = run_find_competitor(c);
	if (found == NULL)
		return false;
	str_copy(h->competitor_id, sizeof(h->competitor_id), found->id);
	return true;
}

/* What the body says, checked but for its suite; false and answered. */
static bool
read_schedule(struct api_call *c, struct schedule *h, int64_t next_ms[static SCHEDULE_TIMES])
{
	const char *suite = scheduler_config(DEPS(c)->scheduler)->suite;
	struct error err = { 0 };

	*h = (struct schedule){ 0 };
	if (!read_text(c, "cron", NULL, h->cron, sizeof(h->cron)) ||
	    !read_text(c, "tz", "UTC", h->zone, sizeof(h->zone)) ||
	    !read_text(c, "suite", suite, h->suite, sizeof(h->suite)) || !read_competitor(c, h) ||
	    !read_missed(c, h) || !run_read_params(c, &h->params))
		return false;
	h->jitter_ms = key_read_span(c, "jitter", JITTER_MS, 0);
	if (h->jitter_ms < 0)
		return false;
	if (h->jitter_ms > JITTER_MAX_MS)
		return call_wrong(c, "jitter", "'jitter' is at most an hour: 60m.");
	if (schedule_check(h, next_ms, &err) < 0)
		return call_wrong(c, str_starts(err.text, "tz") ? "tz" : "cron", err.text);
	return true;
}

static void
added(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;
	const struct schedule *h =
	    err == NULL ? scheduler_find_schedule(DEPS(c)->scheduler, id, NULL) : NULL;

	if (err != NULL)
		reply_error(c, err);
	else
		reply_json(c, 201, render_schedule(DEPS(c), h));
}

static void
add_times(cJSON *json, const int64_t next_ms[static SCHEDULE_TIMES])
{
	cJSON *times = json_add_arr(json, "next_times");
	char text[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < SCHEDULE_TIMES; i++)
		cJSON_AddItemToArray(times, cJSON_CreateString(clock_format(next_ms[i], text)));
}

static void
decide(struct api_call *c)
{
	struct schedule h;
	struct error err = { 0 };
	int64_t next_ms[SCHEDULE_TIMES] = { 0 };

	if (!read_schedule(c, &h, next_ms))
		return;
	if (c->dry_run) {
		cJSON *json = render_with(DEPS(c), &h, next_ms[0], "");

		add_times(json, next_ms);
		json_add_bool(json, "dry_run", true);
		reply_json(c, 200, json);
	} else if (scheduler_add(DEPS(c)->scheduler, &h, WHO(c), added, c, &err) < 0) {
		reply_error(c, &err);
	}
}

static void
suite_found(const struct suite_info *suite, const struct error *err, void *arg)
{
	(void)suite;
	if (err != NULL)
		reply_error(arg, err);
	else
		once_resume(arg, decide);
}

void
schedule_create(struct api_call *c)
{
	struct schedule h;
	int64_t next_ms[SCHEDULE_TIMES] = { 0 };

	if (read_schedule(c, &h, next_ms))
		scheduler_suite(DEPS(c)->scheduler, h.suite, suite_found, c);
}

/* ---- look ---- */

static const char *
id_at(const struct api_call *c, size_t i)
{
	return scheduler_schedule(DEPS(c)->scheduler, i)->id;
}

static bool
keep(const struct api_call *c, size_t i, void *arg)
{
	(void)arg;
	return scheduler_schedule(DEPS(c)->scheduler, i)->removed_at_ms == 0;
}

static cJSON *
render_at(const struct api_call *c, size_t i)
{
	return render_schedule(DEPS(c), scheduler_schedule(DEPS(c)->scheduler, i));
}

void
schedule_list(struct api_call *c)
{
	list_reply(c,
	    &(struct list_source){
		scheduler_schedules(DEPS(c)->scheduler), id_at, keep, render_at, NULL });
}

static const struct schedule *
find(struct api_call *c)
{
	struct error err = { 0 };
	const struct schedule *h =
	    scheduler_find_schedule(DEPS(c)->scheduler, route_param(&c->params, "ref"), &err);

	if (h == NULL)
		reply_error(c, &err);
	return h;
}

void
schedule_get(struct api_call *c)
{
	const struct schedule *h = find(c);

	if (h != NULL)
		reply_json(c, 200, render_schedule(DEPS(c), h));
}

/* ---- remove ---- */

static void
removed(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;
	cJSON *json;

	if (err != NULL) {
		reply_error(c, err);
		return;
	}
	json = cJSON_CreateObject();
	json_add_str(json, "id", id);
	json_add_str(json, "object", "schedule");
	json_add_bool(json, "deleted", true);
	reply_json(c, 200, json);
}

void
schedule_remove(struct api_call *c)
{
	const struct schedule *h = find(c);

	if (h == NULL || !call_matches(c, true, render_schedule(DEPS(c), h)))
		return;
	if (c->dry_run) {
		cJSON *json = render_schedule(DEPS(c), h);

		json_add_bool(json, "dry_run", true);
		reply_json(c, 200, json);
		return;
	}
	scheduler_remove(DEPS(c)->scheduler, h, WHO(c), removed, c);
}

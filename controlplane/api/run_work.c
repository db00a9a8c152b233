/*
 * run_work.c - what workers say of a run: they take it, live, send items, end it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/api/key_fields.h"
#include "controlplane/schedule/scheduler.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* A lease that is over has a code of its own: its worker ends itself. */
static void
refuse(struct api_call *c, const struct error *err)
{
	if (err->kind == ERROR_CONFLICT)
		reply_code(c, CODE_LEASE_LOST, NULL, "%s", err->text);
	else
		reply_error(c, err);
}

/* ---- take it ---- */

static void
leased(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;
	const struct run *r = scheduler_run_id(DEPS(c)->scheduler, id);
	const int64_t lease_ms = scheduler_config(DEPS(c)->scheduler)->rules.lease_ms;
	cJSON *json;

	if (err != NULL) {
		reply_error(c, err);
		return;
	}
	json = cJSON_CreateObject();
	json_add_str(json, "object", "lease");
	json_add_int(json, "lease", r->lease);
	cJSON_AddNumberToObject(json, "heartbeat_seconds", (double)lease_ms / 4000);
	cJSON_AddItemToObject(json, "run", render_run(DEPS(c), r));
	scheduler_done_items(DEPS(c)->scheduler, r, json_add_arr(json, "done"));
	reply_json(c, 200, json);
}

void
run_lease(struct api_call *c)
{
	const struct run *r = run_find(c);
	const char *worker = json_str(c->json, "worker");

	if (r == NULL)
		return;
	if (worker == NULL || worker[0] == '\0' || strlen(worker) >= sizeof(r->worker))
		call_wrong(c, "worker", "'worker' is required: who takes it, as host:pid.");
	else
		scheduler_lease(DEPS(c)->scheduler, r, worker, leased, c);
}

/* ---- live ---- */

/* The run and the number of the lease; NULL and answered. */
static const struct run *
find_leased(struct api_call *c, int64_t *lease)
{
	const struct run *r = run_find(c);

	*lease = json_int(c->json, "lease", 0);
	if (r == NULL || *lease > 0)
		return r;
	reply_code(
	    c, CODE_MISSING_PARAMETER, "lease", "'lease' is required: the number of the lease.");
	return NULL;
}

void
run_heartbeat(struct api_call *c)
{
	int64_t lease;
	const struct run *r = find_leased(c, &lease);
	const double score = json_num(c->json, "score", -1);
	const struct run_beat beat = {
		.done = json_int(c->json, "done", -1),
		.total = json_int(c->json, "total", -1),
		.eta_seconds = (int64_t)fmax(-1, fmin(json_num(c->json, "eta_seconds", -1), 1e9)),
		.score = score >= 0 && score <= 100 ? score : -1,
		.item = json_str(c->json, "item"),
	};
	struct error err = { 0 };
	bool cancel = false;
	cJSON *json;

	if (r == NULL)
		return;
	if (scheduler_heartbeat(DEPS(c)->scheduler, r, lease, &beat, &cancel, &err) < 0) {
		refuse(c, &err);
		return;
	}
	json = cJSON_CreateObject();
	json_add_str(json, "object", "heartbeat");
	json_add_bool(json, "cancel", cancel);
	reply_json(c, 200, json);
}

/* ---- items ---- */

struct arrival {
	struct api_call *call;
	bool known;
	char id[NOUN_ID_MAX];
};

static void
arrived(const struct error *err, const char *id, void *arg)
{
	struct arrival *a = arg;
	cJSON *json;

	(void)id;
	if (err != NULL) {
		reply_error(a->call, err);
	} else {
		json = cJSON_CreateObject();
		json_add_str(json, "object", "item");
		json_add_text(json, "item_id", a->id);
		json_add_bool(json, "known", a->known);
		reply_json(a->call, a->known ? 200 : 201, json);
	}
	free(a);
}

static bool
read_item(struct api_call *c, struct run_item *i)
{
	static const char *const states[] = { "passed", "failed", "error", "skipped" };
	const cJSON *result = json_get(c->json, "result");
	const char *item = json_str(result, "item"), *state = json_str(result, "state");
	size_t k = 0;

	while (k < ARRAY_LEN(states) && !str_eq(states[k], state))
		k++;
	if (item == NULL || item[0] == '\0' || strlen(item) >= ITEM_NAME_MAX ||
	    k == ARRAY_LEN(states) || json_int(result, "epoch", 0) < 0)
		return call_wrong(c, "result",
		    "'result' is required: a line of items.jsonl, with item, epoch, and a state of "
		    "passed, failed, error or skipped.");
	i->epoch = json_int(result, "epoch", 0);
	i->result = json_print(result);
	str_copy(i->item, sizeof(i->item), item);
	str_copy(i->state, sizeof(i->state), state);
	str_copy(i->id, sizeof(i->id), json_str(result, "id"));
	str_copy(i->fault, sizeof(i->fault), json_str(result, "fault"));
	i->at_ms = clock_wall_ms();
	if (strlen(i->result) <= RESULT_MAX_BYTES)
		return true;
	reply_code(c, CODE_PAYLOAD_TOO_LARGE, "result", "'result' is longer than %d bytes.",
	    RESULT_MAX_BYTES);
	return false;
}

void
run_item(struct api_call *c)
{
	int64_t lease;
	const struct run *r = find_leased(c, &lease);
	_cleanup_(run_item_row_done) struct run_item item = { 0 };
	struct arrival *a;
	struct error err = { 0 };

	if (r == NULL || !read_item(c, &item))
		return;
	str_copy(item.run_id, sizeof(item.run_id), r->id);
	item.lease = lease;
	a = mem_zalloc(sizeof(*a));
	a->call = c;
	str_copy(a->id, sizeof(a->id), item.id);
	if (scheduler_item(DEPS(c)->scheduler, r, lease, &item, &a->known, arrived, a, &err) == 0)
		return;
	free(a);
	refuse(c, &err);
}

/* ---- the end ---- */

static void
ended(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;

	if (err != NULL)
		refuse(c, err);
	else
		reply_json(c, 200, render_run(DEPS(c), scheduler_run_id(DEPS(c)->scheduler, id)));
}

void
run_finish(struct api_call *c)
{
	int64_t lease;
	const struct run *r = find_leased(c, &lease);
	const char *state = json_str(c->json, "state"), *fault = json_str(c->json, "fault");
	const char *code = json_str(c->json, "code"), *detail = json_str(c->json, "error");
	const cJSON *report = json_get(c->json, "report");
	_cleanup_free_ char *text = cJSON_IsObject(report) ? json_print(report) : NULL;
	const struct run_end end = {
		.state = state != NULL ? run_state_named(state) : RUN_STATE_COUNT,
		.code = code != NULL ? code : "failed",
		.fault = fault != NULL ? fault : "platform",
		.detail = detail != NULL ? detail : "",
		.report = text,
		.expected = json_int(json_get(report, "items"), "expected", 0),
		.is_whole = json_bool(report, "is_whole", false),
	};

	if (r == NULL)
		return;
	if (end.state == RUN_STATE_COUNT || !run_is_final(end.state))
		call_wrong(c, "state", "'state' is required: finished, failed or cancelled.");
	else if (end.state == RUN_FINISHED && text == NULL)
		call_wrong(c, "report", "A run that finished has a 'report', an object.");
	else
		scheduler_finish(DEPS(c)->scheduler, r, lease, &end, ended, c);
}

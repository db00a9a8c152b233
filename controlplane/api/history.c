/*
 * history.c - what a competitor did: here, as this daemon knows it; elsewhere, as those tell who
 * exported it there.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/store/histories.h"
#include "controlplane/supervise/history.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

/* ---- taken with a submission ---- */

bool
history_take(struct api_call *c, const struct submit_wish *wish, struct histories *out)
{
	const cJSON *json = json_get(c->json, "history");
	struct error err = { 0 };

	if (json == NULL || cJSON_IsNull(json))
		return true;
	if (wish->archive == NULL || wish->check_only) {
		reply_code(c, CODE_INVALID_VALUE, "history",
		    "'history' is of a 'bundle' that is to serve: what was exported elsewhere.");
		return false;
	}
	if (histories_read(json, wish->archive, out, &err) == 0)
		return true;
	reply_code(c, err.kind == ERROR_CONFLICT ? CODE_UNPROCESSABLE : wire_code_of(err.kind),
	    "history", "history: %s", err.text);
	return false;
}

/* ---- shown ---- */

void
history_here(const struct api_call *c, const struct competitor *k, cJSON *json)
{
	const struct registry *reg = REGISTRY(c);
	cJSON *list = json_add_arr(json, "versions");

	for (size_t i = 0; i < reg->nversions; i++)
		if (strcmp(reg->versions[i]->competitor_id, k->id) == 0)
			cJSON_AddItemToArray(list, render_version(DEPS(c), reg->versions[i]));
	list = json_add_arr(json, "submissions");
	for (size_t i = 0; i < reg->nsubmissions; i++)
		if (strcmp(reg->submissions[i]->competitor_id, k->id) == 0)
			cJSON_AddItemToArray(list, render_submission(DEPS(c), reg->submissions[i]));
}

struct reading {
	struct api_call *call;
	char competitor_id[NOUN_ID_MAX];
	cJSON *json, *elsewhere; /* owned; in it */
	struct error err;
};

/* A list of its signer's, as it stands there. */
static void
add_list(cJSON *json, const char *key, cJSON *story)
{
	cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(story, key);

	cJSON_AddItemToObject(json, key, list != NULL ? list : cJSON_CreateArray());
}

static void
on_history(const struct history *h, void *arg)
{
	struct reading *r = arg;
	_cleanup_json_ cJSON *manifest = NULL, *story = NULL;
	cJSON *json = cJSON_CreateObject();

	json_parse(h->manifest, strlen(h->manifest), &manifest, NULL);
	json_parse(h->story, strlen(h->story), &story, NULL);
	json_add_str(json, "signer", h->signer);
	json_add_time(json, "exported_at", h->exported_at_ms);
	json_add_time(json, "imported_at", h->imported_at_ms);
	json_add_str(json, "submission_id", h->submission_id);
	json_add_str(json, "competitor", json_str(manifest, "competitor"));
	json_add_str(json, "competitor_id", json_str(json_get(story, "competitor"), "id"));
	json_add_str(json, "version_id", json_str(manifest, "version_id"));
	json_add_str(json, "digest", json_str(manifest, "digest"));
	add_list(json, "versions", story);
	add_list(json, "submissions", story);
	cJSON_AddItemToArray(r->elsewhere, json);
}

static void
read_rows(void *arg)
{
	struct reading *r = arg;

	if (store_histories(DEPS(r->call)->store, r->competitor_id, on_history, r, &r->err) == 0)
		r->err.kind = ERROR_NONE;
}

static void
rows_read(void *arg)
{
	struct reading *r = arg;

	if (r->err.kind != ERROR_NONE)
		reply_error(r->call, &r->err);
	else
		reply_json(r->call, 200, TAKE(r->json));
	cJSON_Delete(r->json);
	free(r);
}

void
competitor_history(struct api_call *c)
{
	const struct competitor *k = competitor_find(c);
	struct reading *r;

	if (k == NULL)
		return;
	r = mem_zalloc(sizeof(*r));
	r->call = c;
	str_copy(r->competitor_id, sizeof(r->competitor_id), k->id);
	r->json = cJSON_CreateObject();
	json_add_str(r->json, "object", "history");
	json_add_str(r->json, "competitor", k->slug);
	json_add_str(r->json, "competitor_id", k->id);
	history_here(c, k, json_add_obj(r->json, "here"));
	r->elsewhere = json_add_arr(r->json, "elsewhere");
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_rows, rows_read, r);
}

/*
 * submissions.c - submit, look, follow, cancel.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/followers.h"
#include "controlplane/api/handlers.h"
#include "controlplane/api/recall.h"
#include "controlplane/supervise/history.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

/* ---- create ---- */

static void
created(const struct error *err, const char *id, void *arg)
{
	struct api_call *c = arg;

	if (err != NULL)
		reply_error(c, err);
	else
		reply_json(
		    c, 202, render_submission(DEPS(c), registry_submission(REGISTRY(c), id)));
}

static bool
is_other_than_text(const struct api_call *c, const char *key)
{
	const cJSON *item = json_get(c->json, key);

	return item != NULL && !cJSON_IsString(item) && !cJSON_IsNull(item);
}

/* A refusal begins with the field it is about. */
static const char *
field_of(const char *text)
{
	static const char *const fields[] = { "name", "image", "url", "bundle", "manifest" };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (str_starts(text, fields[i]))
			return fields[i];
	return NULL;
}

static size_t
texts_given(const struct api_call *c, const char *const *keys, size_t n)
{
	size_t given = 0;

	for (size_t i = 0; i < n; i++)
		given += json_str(c->json, keys[i]) != NULL;
	return given;
}

/* What is to be submitted; false when the refusal has been sent. */
static bool
read_source(struct api_call *c, struct submit_wish *wish)
{
	static const char *const sources[] = { "image", "url", "bundle", "competitor" };
	const char *name = json_str(c->json, "competitor");
	const struct competitor *competitor;
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (is_other_than_text(c, sources[i])) {
			reply_code(c, CODE_INVALID_VALUE, sources[i], "'%s' must be a string.",
			    sources[i]);
			return false;
		}
	if (texts_given(c, sources, ARRAY_LEN(sources)) != 1 ||
	    (name != NULL && !wish->check_only)) {
		reply_code(c, CODE_MISSING_PARAMETER, "image",
		    "Exactly one of 'image', 'url' and 'bundle' is required, as a string%s.",
		    wish->check_only ? ", or a 'competitor' to check" : "");
		return false;
	}
	wish->is_url = json_str(c->json, "url") != NULL;
	wish->archive = json_str(c->json, "bundle");
	wish->reference = json_str(c->json, wish->is_url ? "url" : "image");
	if (name == NULL)
		return true;
	competitor = registry_find_competitor(REGISTRY(c), name, &err);
	wish->version =
	    competitor != NULL ? registry_version(REGISTRY(c), competitor->version_id) : NULL;
	wish->slug = competitor != NULL ? competitor->slug : NULL;
	if (competitor == NULL)
		reply_error(c, &err);
	else if (wish->version == NULL)
		reply_code(c, CODE_INVALID_STATE, "competitor",
		    "Competitor '%s' has no accepted version to check.", competitor->slug);
	return wish->version != NULL;
}

/* Would it be taken? What it would be has no id yet. */
static void
try_only(struct api_call *c, const struct submit_wish *wish)
{
	struct error err = { 0 };
	cJSON *json;

	if (supervisor_check(DEPS(c)->supervisor, wish, &err) < 0) {
		reply_code(c, wire_code_of(err.kind), field_of(err.text), "%s", err.text);
		return;
	}
	json = cJSON_CreateObject();
	json_add_str(json, "object", "submission");
	json_add_str(json, "name", wish->slug);
	json_add_str(json, "kind",
	    wish->is_url                ? "url"
		: wish->archive != NULL ? "bundle"
					: "image");
	json_add_str(json, "bundle", wish->archive);
	json_add_str(json, "image", wish->is_url ? NULL : wish->reference);
	json_add_str(json, "url", wish->is_url ? wish->reference : NULL);
	json_add_bool(json, "check_only", wish->check_only);
	json_add_bool(json, "dry_run", true);
	reply_json(c, 200, json);
}

void
submission_create(struct api_call *c)
{
	const cJSON *manifest = json_get(c->json, "manifest");
	const cJSON *check_only = json_get(c->json, "check_only");
	_cleanup_free_ char *text =
	    manifest != NULL && !cJSON_IsNull(manifest) ? json_print(manifest) : NULL;
	_cleanup_(histories_done) struct histories histories = { 0 };
	struct submit_wish wish = {
		.slug = json_str(c->json, "name"),
		.check_only = cJSON_IsTrue(check_only),
		.manifest = text,
		.origin = json_str(c->json, "origin"),
		.histories = &histories,
	};
	struct error err = { 0 };

	if (check_only != NULL && !cJSON_IsBool(check_only))
		reply_code(c, CODE_INVALID_VALUE, "check_only", "'check_only' must be a boolean.");
	else if (is_other_than_text(c, "origin") ||
	    (wish.origin != NULL && strlen(wish.origin) >= DETAIL_MAX))
		reply_code(c, CODE_INVALID_VALUE, "origin",
		    "'origin' must be a string below %d bytes.", DETAIL_MAX);
	else if (wish.slug == NULL && !wish.check_only)
		reply_code(c, CODE_MISSING_PARAMETER, "name",
		    "'name' is required: a slug of your choice.");
	else if (!read_source(c, &wish) || !history_take(c, &wish, &histories))
		return;
	else if (c->dry_run)
		try_only(c, &wish);
	else if (supervisor_submit(DEPS(c)->supervisor, &wish, WHO(c), created, c, &err) < 0)
		reply_code(c, wire_code_of(err.kind), field_of(err.text), "%s", err.text);
}

/* ---- look ---- */

struct filter {
	char *competitor, *state;
};

static void
filter_done(struct filter *f)
{
	free(f->competitor);
	free(f->state);
}

static const char *
id_at(const struct api_call *c, size_t i)
{
	return REGISTRY(c)->submissions[i]->id;
}

static bool
keep(const struct api_call *c, size_t i, void *arg)
{
	const struct submission *s = REGISTRY(c)->submissions[i];
	const struct filter *f = arg;
	const enum submission_state state = supervisor_shown_state(DEPS(c)->supervisor, s);

	return (f->competitor == NULL || strcmp(f->competitor, s->slug) == 0 ||
		   strcmp(f->competitor, s->competitor_id) == 0) &&
	    (f->state == NULL || strcmp(f->state, submission_state_name(state)) == 0);
}

static cJSON *
render(const struct api_call *c, size_t i)
{
	return render_submission(DEPS(c), REGISTRY(c)->submissions[i]);
}

void
submission_list(struct api_call *c)
{
	_cleanup_(
	    filter_done) struct filter f = { call_query(c, "competitor"), call_query(c, "state") };

	list_reply(c, &(struct list_source){ REGISTRY(c)->nsubmissions, id_at, keep, render, &f });
}

static int
find_older(struct store *store, const char *id, void *row, struct error *err)
{
	return store_find_submission(store, id, row, err);
}

static void
older_done(void *row)
{
	submission_done(row);
}

static const struct recalled_kind older = { "sub", sizeof(struct submission), find_older,
	older_done };

static struct submission *
find(struct api_call *c)
{
	const char *ref = route_param(&c->params, "ref");
	struct error err = { 0 };
	struct submission *s = registry_find_submission(REGISTRY(c), ref, &err);

	return s != NULL ? s : recall(c, &older, ref, &err);
}

void
submission_get(struct api_call *c)
{
	const struct submission *s = find(c);

	if (s != NULL)
		reply_json(c, 200, render_submission(DEPS(c), s));
}

void
submission_cancel(struct api_call *c)
{
	struct submission *s = find(c);
	struct error err = { 0 };

	if (s == NULL)
		return;
	/* Asked again after a restart in between: it was done. */
	if (c->idempotency_key != NULL && s->state == SUBMISSION_CANCELLED)
		reply_json(c, 202, render_submission(DEPS(c), s));
	else if (supervisor_cancel(DEPS(c)->supervisor, s, WHO(c), created, c, &err) < 0)
		reply_error(c, &err);
}

/* ---- follow ---- */

static cJSON *
render_followed(const struct api_call *c, const void *row)
{
	return render_submission(DEPS(c), row);
}

static bool
is_final(const struct api_call *c, const void *row)
{
	return submission_is_final(supervisor_shown_state(DEPS(c)->supervisor, row));
}

void
submission_events(struct api_call *c)
{
	static const struct followed_kind kind = { render_followed, is_final };
	const struct submission *s = find(c);

	if (s != NULL)
		follow(c, s, &kind);
}

void
api_submission_changed(struct api *api, const struct submission *s)
{
	followers_tell(api, s);
}

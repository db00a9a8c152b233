/*
 * artifacts.c - what competitors' answers announced: list, one, a link to it, remove.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/artifacts/artifacts.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LINK_MS 300000

static cJSON *
render(const struct artifact *a)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", a->id);
	json_add_str(json, "object", "artifact");
	json_add_str(json, "request_id", a->request_id);
	json_add_str(json, "competitor", a->competitor);
	json_add_str(json, "declared_id", a->declared_id[0] != '\0' ? a->declared_id : NULL);
	json_add_str(json, "owner", a->owner[0] != '\0' ? a->owner : NULL);
	json_add_str(json, "type", a->kind);
	json_add_str(json, "mime_type", a->type);
	json_add_str(json, "display_name", a->name);
	json_add_int(json, "size_bytes", a->size);
	json_add_str(json, "sha256", a->sha256);
	json_add_time(json, "created_at", a->created_at_ms);
	json_add_time(json, "expires_at", a->expires_at_ms);
	return json;
}

static void
add_one(const struct artifact *a, void *arg)
{
	cJSON_AddItemToArray(arg, render(a));
}

void
artifacts_render(const struct api_call *c, cJSON *request, const char *request_id)
{
	artifacts_of_request(
	    DEPS(c)->artifacts, request_id, add_one, json_add_arr(request, "artifacts"));
}

/* ---- list ---- */

static const char *
row_id(const struct api_call *c, size_t i)
{
	return ((const struct artifact *)c->arg)[i].id;
}

static cJSON *
row_render(const struct api_call *c, size_t i)
{
	return render(&((const struct artifact *)c->arg)[i]);
}

void
artifact_list(struct api_call *c)
{
	_cleanup_free_ char *competitor = call_query(c, "competitor"),
			    *request = call_query(c, "request");
	const struct artifact_query query = { .competitor = competitor, .request_id = request };
	_cleanup_free_ struct artifact *newest = NULL, *rows = NULL;
	const size_t n = artifacts_list(DEPS(c)->artifacts, &query, &newest);
	const struct list_source src = { n, row_id, NULL, row_render, NULL };

	rows = mem_zalloc((n + 1) * sizeof(*rows)); /* as list_reply wants them: oldest first */
	for (size_t i = 0; i < n; i++)
		rows[i] = newest[n - 1 - i];
	c->arg = rows;
	list_reply(c, &src);
}

/* ---- one ---- */

/* False after an answer. */
static bool
find(struct api_call *c, struct artifact *out)
{
	const char *id = route_param(&c->params, "ref");

	if (artifacts_get(DEPS(c)->artifacts, id, out) && out->purpose[0] == '\0')
		return true;
	reply_code(c, CODE_RESOURCE_NOT_FOUND, NULL,
	    "There is no artifact '%.60s'; what has expired is forgotten.", id);
	return false;
}

void
artifact_get(struct api_call *c)
{
	struct artifact a;

	if (find(c, &a))
		reply_json(c, 200, render(&a));
}

/* For whoever asks, whose it is does not matter: administrators may see what passes. */
void
artifact_link(struct api_call *c)
{
	const int64_t until_ms = clock_wall_ms() + LINK_MS;
	_cleanup_buf_ struct buf url = { 0 };
	struct artifact a;
	cJSON *json;

	if (!find(c, &a))
		return;
	str_copy(a.owner, sizeof(a.owner), str_eq(c->actor, "admin") ? "socket" : c->actor);
	if (a.expires_at_ms == 0 || a.expires_at_ms > until_ms)
		a.expires_at_ms = until_ms;
	artifacts_url(DEPS(c)->artifacts, &a, &url);
	json = cJSON_CreateObject();
	json_add_str(json, "object", "artifact_link");
	json_add_str(json, "artifact_id", a.id);
	json_add_str(json, "url", buf_str(&url));
	json_add_time(json, "expires_at", a.expires_at_ms);
	reply_json(c, 200, json);
}

struct removal {
	struct api_call *call;
	char id[NOUN_ID_MAX];
};

static void
removed(const struct error *err, void *arg)
{
	struct removal *r = arg;
	cJSON *json;

	if (err != NULL) {
		reply_error(r->call, err);
	} else {
		json = cJSON_CreateObject();
		json_add_str(json, "id", r->id);
		json_add_str(json, "object", "artifact");
		json_add_bool(json, "deleted", true);
		reply_json(r->call, 200, json);
	}
	free(r);
}

void
artifact_remove(struct api_call *c)
{
	struct removal *r;
	struct artifact a;

	if (!find(c, &a))
		return;
	r = mem_zalloc(sizeof(*r));
	r->call = c;
	memcpy(r->id, a.id, sizeof(r->id));
	artifacts_remove(DEPS(c)->artifacts, a.id, DEPS(c)->control, removed, r);
}

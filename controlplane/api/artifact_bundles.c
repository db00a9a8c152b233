/*
 * artifact_bundles.c - GET /v1/bundles/{request}.tar.gz and .zip: all artifacts of an answer, signed.
 *
 * The gateway has let the caller in; what is his by owner is decided here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/api/send_bundle.h"
#include "controlplane/artifacts/artifacts.h"
#include "controlplane/observe/requests.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/name.h"
#include "runtime/bundle/signed.h"
#include "runtime/bundle/signed_stream.h"
#include "runtime/loop/loop.h"

struct gathering {
	struct api_call *call;
	enum bundle_format format;
	char request_id[132];
	struct artifact *rows; /* owned */
	size_t nrows;
	const char *owner; /* NULL: anybody's, for an administrator */
	/* of the chat; "" and 0 where it is not known any more */
	char version_id[NOUN_ID_MAX], digest[72];
	int64_t accepted_at_ms, duration_ms;
	struct error err;
};

static void
gathering_free(void *arg)
{
	struct gathering *g = arg;

	free(g->rows);
	free(g);
}

static void
keep(const struct artifact *row, void *arg)
{
	struct gathering *g = arg;

	if (g->owner != NULL && strcmp(g->owner, row->owner) != 0)
		return;
	g->rows = mem_realloc(g->rows, (g->nrows + 1) * sizeof(*g->rows));
	g->rows[g->nrows++] = *row;
}

/* The name it was announced by, where an archive can have it. */
static char *
file_name(const struct artifact *row, size_t i)
{
	char *name = str_printf("files/%zu-%s", i + 1, row->name);

	if (name_check(name, bundle_limits_default.name_bytes, 2, NULL) == 0)
		return name;
	free(name);
	return str_printf("files/%zu-%s", i + 1, row->id);
}

static cJSON *
manifest_of(const struct gathering *g)
{
	cJSON *json = signed_manifest("artifacts", clock_wall_ms());

	json_add_str(json, "request_id", g->request_id);
	json_add_str(json, "competitor", g->rows[0].competitor);
	json_add_str(json, "version_id", g->version_id[0] != '\0' ? g->version_id : NULL);
	json_add_str(json, "image_digest", g->digest[0] != '\0' ? g->digest : NULL);
	json_add_time(json, "answered_at", g->accepted_at_ms);
	json_add_int(json, "duration_ms", g->duration_ms);
	for (size_t i = 0; i < g->nrows; i++) {
		const struct artifact *row = &g->rows[i];
		_cleanup_free_ char *name = file_name(row, i);
		cJSON *file = signed_add(json, name, row->size, row->sha256);

		json_add_str(file, "id", row->id);
		json_add_str(file, "display_name", row->name);
		json_add_str(file, "type", row->kind);
		json_add_str(file, "mime_type", row->type);
		json_add_time(file, "created_at", row->created_at_ms);
	}
	return json;
}

static int
open_artifact(size_t i, void *arg, struct error *err)
{
	struct gathering *g = arg;

	return artifacts_read(DEPS(g->call)->artifacts, &g->rows[i], err);
}

static void
send(struct gathering *g)
{
	struct api_call *c = g->call;

	if (c->gone || strcmp(c->method, "HEAD") == 0) {
		reply_begin(c, g->format == BUNDLE_ZIP ? "application/zip" : "application/gzip");
		reply_end(c);
		gathering_free(g);
		return;
	}
	send_bundle(c, g->format,
	    signed_stream_new(g->format, manifest_of(g), DEPS(c)->signing_key, open_artifact, g),
	    gathering_free, g);
}

/* ---- the chat it was, if it is not among the last any more ---- */

static void
on_row(const struct usage_row *u, void *arg)
{
	struct gathering *g = arg;

	str_copy(g->version_id, sizeof(g->version_id), u->version_id);
	g->accepted_at_ms = u->at_ms;
	g->duration_ms = u->duration_ms;
}

static void
read_work(void *arg)
{
	struct gathering *g = arg;
	const struct request_query wanted = { .id = g->request_id };

	store_requests(DEPS(g->call)->store, &wanted, on_row, g, &g->err);
}

static void
read_done(void *arg)
{
	struct gathering *g = arg;
	const struct version *v = registry_version(REGISTRY(g->call), g->version_id);

	if (v != NULL)
		str_copy(g->digest, sizeof(g->digest), v->digest);
	send(g);
}

static void
find_chat(struct gathering *g)
{
	const struct requests *last = DEPS(g->call)->requests;
	const struct request_record *r = last != NULL ? requests_find(last, g->request_id) : NULL;

	if (r == NULL) {
		worker_run(DEPS(g->call)->workers, DEPS(g->call)->control, read_work, read_done, g);
		return;
	}
	str_copy(g->version_id, sizeof(g->version_id), r->version_id);
	str_copy(g->digest, sizeof(g->digest), r->digest);
	g->accepted_at_ms = r->accepted_at_ms;
	g->duration_ms = r->duration_us / 1000;
	send(g);
}

/* "req_....tar.gz" */
static bool
parse(const char *file, struct gathering *g)
{
	static const struct {
		const char *ending;
		enum bundle_format format;
	} formats[] = { { ".tar.gz", BUNDLE_TAR_GZ }, { ".zip", BUNDLE_ZIP } };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const size_t len = strlen(file), n = strlen(formats[i].ending);

		if (!str_ends(file, formats[i].ending) || len - n >= sizeof(g->request_id))
			continue;
		snprintf(g->request_id, sizeof(g->request_id), "%.*s", (int)(len - n), file);
		g->format = formats[i].format;
		return id_request_valid(g->request_id);
	}
	return false;
}

void
artifact_bundle_get(struct api_call *c)
{
	struct gathering *g = mem_zalloc(sizeof(*g));

	g->call = c;
	/* As the gateway calls those who have no key. */
	g->owner = strcmp(c->actor, "admin") == 0 ? NULL
	    : strcmp(c->actor, "anonymous") == 0  ? ""
						  : c->actor;
	if (DEPS(c)->artifacts != NULL && parse(route_param(&c->params, "file"), g))
		artifacts_of_request(DEPS(c)->artifacts, g->request_id, keep, g);
	if (g->nrows > 0) {
		find_chat(g);
		return;
	}
	gathering_free(g);
	reply_code(c, CODE_RESOURCE_NOT_FOUND, NULL,
	    "A bundle is asked for as /v1/bundles/{request id}.tar.gz or .zip, by who asked for "
	    "the "
	    "answer; no artifacts of this one are kept.");
}

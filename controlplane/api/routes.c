/*
 * routes.c - the table of the control API, who may call what, and the way to a handler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/followers.h"
#include "controlplane/api/handlers.h"
#include "controlplane/api/idempotency.h"
#include "controlplane/api/send_bundle.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/store/keys.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

enum who {
	CHAT = SCOPE_AT_CHAT,
	READ = SCOPE_AT_READ,
	SUBMIT = SCOPE_AT_SUBMIT,
	BENCH = SCOPE_AT_BENCH,
	ADMIN = SCOPE_AT_ADMIN
};

struct api_route {
	const char *method, *path;
	void (*handle)(struct api_call *);
	enum who who;
	int64_t body_max; /* 0: none is taken */
	const char *query, *body; /* the keys it knows, apart by spaces; NULL: none */
};

#define UPLOAD (-1) /* a file, as large as an image may be */

#define SMALL (1 << 20)
#define HISTORY (10 << 20) /* SIGNED_TEXTS_MAX, quoted twice */
#define PAGE "limit after before order"
#define DRY "dry_run"

static const struct api_route routes[] = {
	/* method, path, handler, who, largest body, query keys, body keys */
	{ "POST", "/api/v1/submissions", submission_create, SUBMIT, HISTORY, DRY,
	    "name image url bundle competitor check_only manifest origin history" },
	{ "GET", "/api/v1/submissions", submission_list, READ, 0, PAGE " competitor state", NULL },
	{ "GET", "/api/v1/submissions/:ref", submission_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/submissions/:ref/events", submission_events, READ, 0, NULL, NULL },
	{ "POST", "/api/v1/submissions/:ref/cancel", submission_cancel, SUBMIT, SMALL, NULL, NULL },
	{ "PUT", "/api/v1/bundles/:digest", bundle_put, SUBMIT, UPLOAD, NULL, NULL },
	{ "GET", "/v1/bundles/:file", artifact_bundle_get, CHAT, 0, NULL, NULL },
	{ "POST", "/v1/arena/:ref/vote", battle_vote, CHAT, SMALL, NULL, "winner" },
	{ "GET", "/api/v1/arena/leaderboard", arena_leaderboard, READ, 0, "limit", NULL },
	{ "GET", "/api/v1/battles", battle_list, ADMIN, 0, "limit after state", NULL },
	{ "GET", "/api/v1/battles/:ref", battle_get, ADMIN, 0, NULL, NULL },
	{ "GET", "/api/v1/competitors", competitor_list, READ, 0, PAGE, NULL },
	{ "GET", "/api/v1/competitors/:ref", competitor_get, READ, 0, NULL, NULL },
	{ "DELETE", "/api/v1/competitors/:ref", competitor_remove, ADMIN, 0, DRY, NULL },
	{ "POST", "/api/v1/competitors/:ref/start", competitor_start, ADMIN, SMALL, DRY, NULL },
	{ "POST", "/api/v1/competitors/:ref/stop", competitor_stop, ADMIN, SMALL, DRY, NULL },
	{ "POST", "/api/v1/competitors/:ref/restart", competitor_restart, ADMIN, SMALL, DRY, NULL },
	{ "POST", "/api/v1/competitors/:ref/freeze", competitor_freeze, ADMIN, SMALL, DRY, NULL },
	{ "POST", "/api/v1/competitors/:ref/thaw", competitor_thaw, ADMIN, SMALL, DRY, NULL },
	{ "POST", "/api/v1/competitors/:ref/promote", competitor_promote, ADMIN, SMALL, DRY,
	    "version share" },
	{ "POST", "/api/v1/competitors/:ref/rollback", competitor_rollback, ADMIN, SMALL, DRY,
	    "version" },
	{ "GET", "/api/v1/policy", policy_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/competitors/:ref/policy", competitor_policy_get, READ, 0, NULL, NULL },
	{ "PATCH", "/api/v1/competitors/:ref/policy", competitor_policy_update, ADMIN, SMALL, DRY,
	    "policy" },
	{ "GET", "/api/v1/competitors/:ref/export", competitor_export, ADMIN, 0, NULL, NULL },
	{ "GET", "/api/v1/competitors/:ref/history", competitor_history, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/competitors/:ref/logs", competitor_logs, ADMIN, 0, "tail follow", NULL },
	{ "GET", "/api/v1/versions", version_list, READ, 0, PAGE " competitor", NULL },
	{ "GET", "/api/v1/versions/:ref", version_get, READ, 0, NULL, NULL },
	{ "POST", "/api/v1/versions/:ref/retire", version_retire, ADMIN, SMALL, DRY, NULL },
	{ "GET", "/api/v1/instances", instance_list, READ, 0, PAGE " competitor state", NULL },
	{ "GET", "/api/v1/instances/:ref", instance_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/instances/:ref/logs", instance_logs, ADMIN, 0, "tail follow", NULL },
	{ "GET", "/api/v1/status", status_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/doctor", doctor_get, ADMIN, 0, NULL, NULL },
	{ "GET", "/api/v1/config", config_get, ADMIN, 0, NULL, NULL },
	{ "GET", "/api/v1/logs", own_logs_get, ADMIN, 0, "level", NULL },
	{ "GET", "/api/v1/requests", request_list, READ, 0, "limit after competitor code", NULL },
	{ "GET", "/api/v1/requests/:ref", request_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/egress", egress_list, READ, 0,
	    "limit after competitor request decision service", NULL },
	{ "GET", "/api/v1/artifacts", artifact_list, READ, 0, PAGE " competitor request", NULL },
	{ "GET", "/api/v1/artifacts/:ref", artifact_get, READ, 0, NULL, NULL },
	{ "POST", "/api/v1/artifacts/:ref/link", artifact_link, ADMIN, SMALL, NULL, NULL },
	{ "DELETE", "/api/v1/artifacts/:ref", artifact_remove, ADMIN, 0, NULL, NULL },
	{ "POST", "/api/v1/components", component_create, SUBMIT, SMALL, DRY,
	    "id version name description category entrypoint contract inputs outputs resources "
	    "tags "
	    "integration" },
	{ "GET", "/api/v1/components", component_list, READ, 0,
	    "limit after before category state q mine sort", NULL },
	{ "GET", "/api/v1/components/:ref", component_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/components/:ref/versions", component_versions, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/components/:ref/contract", component_contract, READ, 0, NULL, NULL },
	{ "POST", "/api/v1/components/:ref/approve", component_approve, ADMIN, SMALL, DRY,
	    "reason" },
	{ "POST", "/api/v1/components/:ref/reject", component_reject, ADMIN, SMALL, DRY, "reason" },
	{ "POST", "/api/v1/components/:ref/deprecate", component_deprecate, SUBMIT, SMALL, DRY,
	    "reason" },
	{ "DELETE", "/api/v1/components/:ref", component_retire, SUBMIT, 0, DRY, NULL },
	{ "POST", "/api/v1/backups", backup_create, ADMIN, SMALL, NULL, NULL },
	{ "GET", "/api/v1/backups", backup_list_all, ADMIN, 0, PAGE, NULL },
	{ "GET", "/api/v1/backups/:ref", backup_get, ADMIN, 0, NULL, NULL },
	{ "POST", "/api/v1/backups/:ref/check", backup_verify, ADMIN, SMALL, NULL, NULL },
	{ "POST", "/api/v1/backups/:ref/restore", backup_restore, ADMIN, SMALL, NULL, NULL },
	{ "POST", "/api/v1/backups/:ref/cancel", backup_cancel, ADMIN, SMALL, NULL, NULL },
	{ "DELETE", "/api/v1/backups/:ref", backup_delete, ADMIN, 0, NULL, NULL },
	{ "POST", "/api/v1/db/check", db_check, ADMIN, SMALL, NULL, NULL },
	{ "GET", "/api/v1/captures", capture_list, ADMIN, 0, PAGE " competitor", NULL },
	{ "GET", "/api/v1/captures/:ref", capture_get, ADMIN, 0, NULL, NULL },
	{ "DELETE", "/api/v1/captures/:ref", capture_remove, ADMIN, 0, NULL, NULL },
	{ "GET", "/api/v1/leaderboard", leaderboard_get, READ, 0, "suite limit after", NULL },
	{ "GET", "/api/v1/champion", champion_get, READ, 0, NULL, NULL },
	{ "POST", "/api/v1/champion/promote", champion_promote_post, ADMIN, SMALL, DRY,
	    "competitor reason" },
	{ "POST", "/api/v1/champion/rollback", champion_rollback_post, ADMIN, SMALL, DRY,
	    "reason" },
	{ "GET", "/api/v1/top", top_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/events", event_list, READ, 0, "limit after order object_id follow",
	    NULL },
	{ "POST", "/api/v1/keys", key_create, ADMIN, SMALL, DRY,
	    "name kind scopes expires_at expires_in limits" },
	{ "GET", "/api/v1/keys", key_list, ADMIN, 0, PAGE " state", NULL },
	{ "GET", "/api/v1/keys/:ref", key_get, ADMIN, 0, NULL, NULL },
	{ "PATCH", "/api/v1/keys/:ref", key_update, ADMIN, SMALL, DRY,
	    "name scopes limits expires_at expires_in" },
	{ "DELETE", "/api/v1/keys/:ref", key_revoke, ADMIN, 0, DRY, NULL },
	{ "POST", "/api/v1/keys/:ref/rotate", key_rotate, ADMIN, SMALL, DRY, "grace" },
	{ "POST", "/api/v1/runs", run_create, BENCH, SMALL, DRY,
	    "competitor version suite seed subset_percent epochs concurrency" },
	{ "GET", "/api/v1/runs", run_list, READ, 0, PAGE " competitor suite state", NULL },
	{ "GET", "/api/v1/runs/:ref", run_get, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/runs/:ref/events", run_events, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/runs/:ref/items", run_items, READ, 0, "limit after", NULL },
	{ "GET", "/api/v1/runs/:ref/items/:item/frames", run_item_frames, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/runs/:ref/report", run_report, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/runs/:ref/evidence.tar.gz", run_evidence, READ, 0, NULL, NULL },
	{ "GET", "/api/v1/runs/:ref/logs", run_logs, ADMIN, 0, "tail", NULL },
	{ "POST", "/api/v1/runs/:ref/cancel", run_cancel, BENCH, SMALL, NULL, NULL },
	{ "POST", "/api/v1/runs/:ref/lease", run_lease, ADMIN, SMALL, NULL, "worker" },
	{ "POST", "/api/v1/runs/:ref/heartbeat", run_heartbeat, ADMIN, SMALL, NULL,
	    "lease done total item eta_seconds score" },
	{ "POST", "/api/v1/runs/:ref/items", run_item, ADMIN, SMALL, NULL, "lease result" },
	{ "POST", "/api/v1/runs/:ref/finish", run_finish, ADMIN, SMALL, NULL,
	    "lease state code fault error report" },
	{ "POST", "/api/v1/schedules", schedule_create, BENCH, SMALL, DRY,
	    "cron tz suite competitor missed jitter seed subset_percent epochs concurrency" },
	{ "GET", "/api/v1/schedules", schedule_list, READ, 0, PAGE, NULL },
	{ "GET", "/api/v1/schedules/:ref", schedule_get, READ, 0, NULL, NULL },
	{ "DELETE", "/api/v1/schedules/:ref", schedule_remove, BENCH, 0, DRY, NULL },
	{ "GET", "/api/v1/suites", suite_list, READ, 0, "limit", NULL },
	{ "GET", "/api/v1/usage", usage_get, ADMIN, 0, "by since", NULL },
};

struct api *
api_new(const struct api_deps *deps)
{
	struct api *api = mem_zalloc(sizeof(*api));

	api->d = *deps;
	api->started = clock_pair_now();
	return api;
}

void
api_close(struct api *api)
{
	api->closing = true;
	followers_close(api);
	event_followers_close(api);
	log_streams_close(api);
	exports_close(api);
	sendings_close(api);
}

void
api_free(struct api *api)
{
	free(api);
}

static void
refuse(struct api *api, struct http_request *req, enum wire_code code, const char *allow,
    const char *text)
{
	const struct http_header headers[] = {
		{ "content-type", "application/json" },
		{ "cache-control", "no-store" },
		{ allow != NULL                               ? "allow"
			: wire_code_info(code)->status == 401 ? "www-authenticate"
							      : NULL,
		    allow != NULL ? allow : "Bearer" },
		{ 0 },
	};
	struct buf b = { 0 };

	envelope_add(&b, code, text, NULL, req->id, NULL);
	api_count_of(api, req->method, req->path, wire_code_info(code)->status, req->accepted_us);
	http_reply(req, wire_code_info(code)->status, headers, b.data, b.len);
	buf_done(&b);
}

/* The route, or NULL with the methods that the path does know. */
static const struct api_route *
find_route(const char *method, const char *path, struct route_params *params, struct buf *allow)
{
	const bool head = strcmp(method, "HEAD") == 0;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!route_match(routes[i].path, path, params))
			continue;
		if (strcmp(routes[i].method, head ? "GET" : method) == 0)
			return &routes[i];
		buf_printf(allow, "%s%s", routes[i].method,
		    strcmp(routes[i].method, "GET") == 0 ? ", HEAD, " : ", ");
	}
	if (allow->len != 0)
		buf_add_str(allow, "OPTIONS");
	return NULL;
}

/* Does it make something new?  Not when there is no room left on the disk. */
static bool
grows(const struct api_route *r)
{
	static void (*const all[])(struct api_call *) = { submission_create, bundle_put,
		component_create, key_create, run_create, schedule_create, backup_create,
		backup_restore };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (r->handle == all[i])
			return true;
	return false;
}

static void
refuse_caller(struct api *api, struct http_request *req, enum scope_at scope)
{
	const bool unknown = gateway_key(req)[0] == '\0' && !api->d.anonymous;
	char text[200];

	snprintf(text, sizeof(text),
	    unknown ? "This listener needs an API key, given as 'authorization: Bearer ...'."
		    : "This needs a key with the scope '%s', or administrator rights: janusctl has "
		      "them "
		      "on the same machine, where it speaks over the control socket.",
	    scope_name(scope));
	refuse(api, req, unknown ? CODE_INVALID_API_KEY : CODE_MISSING_SCOPE, NULL, text);
}

/* What a path knows is no secret, and a browser asks before it has shown its key. */
static void
answer_options(struct api *api, struct http_request *req, const char *allow)
{
	const struct http_header headers[] = { { "allow", allow }, { 0 } };

	api_count_of(api, req->method, req->path, 204, req->accepted_us);
	http_reply(req, 204, headers, NULL, 0);
}

static int64_t
upload_head(struct api *api, struct http_request *req, const struct route_params *params)
{
	struct error err = { 0 };
	enum wire_code code;

	if (bundle_begin(api, req, params, &code, &err))
		return api->d.image_bytes;
	refuse(api, req, code, NULL, err.text);
	return -1;
}

int64_t
api_head(struct api *api, struct http_request *req)
{
	_cleanup_buf_ struct buf allow = { 0 };
	struct route_params params = { 0 };
	const struct api_route *r = find_route(req->method, req->path, &params, &allow);

	if (r == NULL && allow.len == 0)
		refuse(api, req, CODE_RESOURCE_NOT_FOUND, NULL,
		    "There is nothing at this path. The API is described in docs/api.md.");
	else if (r == NULL && strcmp(req->method, "OPTIONS") == 0)
		answer_options(api, req, buf_str(&allow));
	else if (r == NULL)
		refuse(api, req, CODE_METHOD_NOT_ALLOWED, buf_str(&allow),
		    "This path does not know this method.");
	else if ((gateway_scopes(req) >> r->who & 1) == 0)
		refuse_caller(api, req, (enum scope_at)r->who);
	else if (grows(r) && store_is_low(api->d.store))
		refuse(api, req, CODE_LOW_DISK, NULL, STORE_LOW_TEXT);
	else
		return r->body_max == UPLOAD ? upload_head(api, req, &params) : r->body_max;
	return -1;
}

_Static_assert(ARRAY_LEN(routes) < API_ROUTES_MAX, "a row of counters each");

void
api_count_of(struct api *api, const char *method, const char *path, int status, int64_t accepted_us)
{
	_cleanup_buf_ struct buf allow = { 0 };
	struct route_params params = { 0 };
	const struct api_route *r = find_route(method, path, &params, &allow);

	api_count(api, r != NULL ? (size_t)(r - routes) : API_ROUTES_MAX - 1, status,
	    clock_now_us() - accepted_us);
}

void
api_metrics(const struct api *api, struct buf *out, enum gateway_metric which)
{
	if (which == GATEWAY_HTTP_IN_FLIGHT) {
		metrics_value(out, "janus_http_requests_in_flight", "surface=\"api\"",
		    (double)api->in_flight);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		api_counts_text(api, i, routes[i].path, routes[i].method, which, out);
	api_counts_text(api, API_ROUTES_MAX - 1, NULL, "other", which, out);
}

static bool
take_dry_run(struct api_call *c)
{
	_cleanup_free_ char *text = call_query(c, "dry_run");

	if (text == NULL || str_parse_bool(text, &c->dry_run, NULL) == 0)
		return true;
	reply_code(c, CODE_INVALID_VALUE, "dry_run", "dry_run is true or false.");
	return false;
}

/* On the control loop. */
static void
handle(struct api_call *c)
{
	_cleanup_buf_ struct buf allow = { 0 };
	const struct api_route *r = find_route(c->method, c->path, &c->params, &allow);
	struct error err = { 0 };

	if (r == NULL || c->api->closing) {
		reply_code(c, CODE_DRAINING, NULL, "Janus is stopping.");
		return;
	}
	if (c->body_len != 0 && json_parse(c->body, c->body_len, &c->json, &err) < 0) {
		reply_code(c, CODE_INVALID_JSON, NULL, "The body is not valid JSON: %s", err.text);
		return;
	}
	if (c->json != NULL && !cJSON_IsObject(c->json)) {
		reply_code(c, CODE_INVALID_VALUE, NULL, "The body must be a JSON object.");
		return;
	}
	if (!call_known_keys(c, r->query != NULL ? r->query : "", r->body != NULL ? r->body : "") ||
	    !take_dry_run(c))
		return;
	c->handle = r->handle;
	if (c->idempotency_key != NULL && strcmp(r->method, "POST") == 0)
		once_begin(c, r->handle);
	else
		r->handle(c);
}

void
api_request(struct api *api, struct http_request *req)
{
	const char *type = http_header_get(req, "content-type");

	if (req->body.len != 0 &&
	    (type == NULL || strncasecmp(type, "application/json", 16) != 0)) {
		refuse(api, req, CODE_UNSUPPORTED_MEDIA_TYPE, NULL,
		    "The body must be application/json.");
		return;
	}
	const char *key = gateway_key(req);
	call_start(api, api->d.control, req,
	    key[0] != '\0'     ? key
		: req->is_unix ? "admin"
			       : "anonymous",
	    handle);
}

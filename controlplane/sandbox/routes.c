/*
 * routes.c - the table, who may, and the answers that need no more.
 */
#include "controlplane/sandbox/routes.h"

#include <string.h>
#include <strings.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/create.h"
#include "controlplane/sandbox/host.h"
#include "controlplane/sandbox/service.h"
#include "controlplane/sandbox/upstream.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/router.h"
#include "runtime/openai/envelope.h"

#define RETRY_AFTER_SECONDS "5"
#define SMALL_BODY (64 << 10)
#define COMMAND_BODY (2 << 20)
#define UPSTREAM_BODY (32 << 20)
#define FILE_BODY (-2) /* as the settings say */

struct asked {
	struct service *service;
	struct http_request *request;
	size_t caller;
	const struct route_params *params;
	struct sandbox *sandbox; /* where the path names one */
};

/* ---- handlers ---- */

static void
create(const struct asked *a)
{
	struct http_request *req = a->request;
	struct wish wish = { 0 };
	struct error err = { 0 };
	const char *param;

	if (a->service->stopping) {
		refuse(req, CODE_DRAINING, "The service is stopping.");
		return;
	}
	if (wish_parse(
		buf_str(&req->body), req->body.len, a->service->config, &wish, &param, &err) < 0) {
		refuse_param(req,
		    param == NULL                   ? CODE_INVALID_JSON
			: err.kind == ERROR_TOO_BIG ? CODE_UNSUPPORTED_PARAMETER
						    : CODE_INVALID_VALUE,
		    err.text, param);
		return;
	}
	if (wish.hosted && a->caller < a->service->config->hosting_from) {
		refuse_param(req, CODE_MISSING_SCOPE,
		    "This key is for sandboxes; competitors are run with another.",
		    "enableDockerSocket");
		wish_done(&wish);
		return;
	}
	wish.caller = a->caller;
	pool_ask(a->service, req, &wish);
}

static void
status(const struct asked *a)
{
	_cleanup_free_ char *body = sandbox_print(a->sandbox);

	reply_json(a->request, 200, body, strlen(body));
}

static void
refresh(const struct asked *a)
{
	sandbox_refresh(a->sandbox);
	status(a);
}

static void
terminate(const struct asked *a)
{
	sandbox_end(a->sandbox, REASON_TERMINATED, NULL);
	reply_json(a->request, 200, "{\"ok\":true}", 11);
}

static void
exec(const struct asked *a)
{
	exec_run(a->sandbox, a->request);
}
static void
file_read_(const struct asked *a)
{
	file_read_asked(a->sandbox, a->request);
}
static void
file_write_(const struct asked *a)
{
	file_write_asked(a->sandbox, a->request);
}
static void
file_list(const struct asked *a)
{
	file_list_asked(a->sandbox, a->request);
}
static void
file_remove(const struct asked *a)
{
	file_remove_asked(a->sandbox, a->request);
}
static void
run(const struct asked *a)
{
	agent_run(a->sandbox, a->request);
}
static void
cancel(const struct asked *a)
{
	agent_cancel(a->sandbox, a->request);
}

static void
artifact(const struct asked *a)
{
	artifact_asked(a->sandbox, a->request, route_param(a->params, "name"));
}

static void
no_screen(const struct asked *a)
{
	refuse(a->request, CODE_UNPROCESSABLE,
	    "Sandboxes here have neither a screen nor a way in but this one.");
}

static void
health(const struct asked *a)
{
	report_health(a->service, a->request);
}
static void
metrics(const struct asked *a)
{
	report_metrics(a->service, a->request);
}
static void
resources(const struct asked *a)
{
	report_resources(a->service, a->request);
}
static void
history(const struct asked *a)
{
	report_history(a->service, a->request);
}
static void
stats(const struct asked *a)
{
	report_stats(a->service, a->request, a->caller);
}

static void
alive(const struct asked *a)
{
	reply_json(a->request, 200, "{\"status\":\"ok\"}", 15);
}

static const struct route {
	const char *method, *path;
	void (*answer)(const struct asked *);
	int64_t body_max_bytes;
	bool open; /* without a key */
	bool hosted; /* of a sandbox with a competitor in it too */
} routes[] = {
	{ "POST", "/api/sandboxes", create, SMALL_BODY, false, false },
	{ "GET", "/api/sandboxes/stats", stats, 0, false, false },
	{ "GET", "/api/sandboxes/:id", status, 0, false, true },
	{ "POST", "/api/sandboxes/:id/exec", exec, COMMAND_BODY, false, true },
	{ "POST", "/api/sandboxes/:id/files/write", file_write_, FILE_BODY, false, false },
	{ "GET", "/api/sandboxes/:id/files/read", file_read_, 0, false, false },
	{ "GET", "/api/sandboxes/:id/files/list", file_list, 0, false, false },
	{ "POST", "/api/sandboxes/:id/files/remove", file_remove, SMALL_BODY, false, false },
	{ "POST", "/api/sandboxes/:id/agent/run", run, COMMAND_BODY, false, false },
	{ "POST", "/api/sandboxes/:id/agent/cancel", cancel, SMALL_BODY, false, false },
	{ "POST", "/api/sandboxes/:id/refresh", refresh, SMALL_BODY, false, true },
	{ "POST", "/api/sandboxes/:id/terminate", terminate, SMALL_BODY, false, true },
	{ "POST", "/api/sandboxes/:id/preview", no_screen, SMALL_BODY, false, false },
	{ "GET", "/api/sandboxes/:id/vnc", no_screen, 0, false, false },
	{ "GET", "/sandbox/:id/artifacts/:name", artifact, 0, false, false },
	{ "GET", "/api/resources", resources, 0, false, false },
	{ "GET", "/api/metrics/timeseries", history, 0, false, false },
	{ "GET", "/api/health", health, 0, true, false },
	{ "GET", "/health", health, 0, true, false },
	{ "GET", "/readyz", health, 0, true, false },
	{ "GET", "/livez", alive, 0, true, false },
	{ "GET", "/metrics", metrics, 0, true, false },
};

/* What a hosted competitor is asked, and answers, itself: any method, path and key. */
static const struct route upstream_route = { "", UPSTREAM_PATH ":at", NULL, UPSTREAM_BODY, true,
	true };

/* ---- answers ---- */

void
log_request(const struct http_request *req, int status_, const char *code)
{
	const struct route *r = req->user;

	log_info("request.done", F_STR("request_id", req->id), F_STR("method", req->method),
	    F_STR("route", r != NULL ? r->path : "none"),
	    F_STR("path", r == &upstream_route ? NULL : req->path), /* a key is in that */
	    F_INT("status", status_), F_STR("code", code),
	    F_INT("duration_ms", (clock_now_us() - req->accepted_us) / 1000));
}

void
reply_json(struct http_request *req, int status_, const char *body, size_t len)
{
	static const struct http_header headers[] = {
		{ "content-type", "application/json" },
		{ "cache-control", "no-store" },
		{ NULL, NULL },
	};

	log_request(req, status_, NULL);
	http_reply(req, status_, headers, body, len);
}

void
reply_bytes(struct http_request *req, const char *content_type, const void *body, size_t len)
{
	const struct http_header headers[] = {
		{ "content-type", content_type },
		{ "cache-control", "no-store" },
		{ "content-disposition", "attachment" },
		{ "x-content-type-options", "nosniff" },
		{ "content-security-policy", "sandbox" },
		{ NULL, NULL },
	};

	log_request(req, 200, NULL);
	http_reply(req, 200, headers, body, len);
}

void
refuse_param(struct http_request *req, enum wire_code code, const char *text, const char *param)
{
	const struct wire_code_info *info = wire_code_info(code);
	struct http_header headers[3] = { { "content-type", "application/json" } };
	_cleanup_buf_ struct buf body = { 0 };

	if (info->status == 401)
		headers[1] = (struct http_header){ "www-authenticate", "Bearer" };
	else if (info->status == 503 || info->status == 429)
		headers[1] = (struct http_header){ "retry-after", RETRY_AFTER_SECONDS };
	log_request(req, info->status, info->code);
	envelope_add(&body, code, text, param, req->id, NULL);
	http_reply(req, info->status, headers, body.data, body.len);
}

void
refuse(struct http_request *req, enum wire_code code, const char *text)
{
	refuse_param(req, code, text, NULL);
}

/* ---- who and what ---- */

/* Which key came with the request; false: none of ours. Looks at all of them, always. */
static bool
find_caller(const struct service *v, const struct http_request *req, size_t *caller)
{
	static const char scheme[] = "Bearer ";
	const char *header = http_header_get(req, "authorization");
	char hash[HASH_HEX_MAX];
	bool found = false;

	if (header == NULL || http_header_count(req, "authorization") != 1 ||
	    strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
		return false;
	header += sizeof(scheme) - 1;
	hash_sha256_hex(header, strlen(header), hash);
	for (size_t i = 0; i < v->config->nkeys; i++)
		if (hash_equal(hash, v->config->key_sha256[i], HASH_HEX_MAX - 1)) {
			*caller = i;
			found = true;
		}
	return found;
}

static const struct route *
find_route(const struct http_request *req, struct route_params *params, bool *other_method)
{
	*other_method = false;
	if (str_starts(req->path, UPSTREAM_PATH))
		return &upstream_route;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!route_match(routes[i].path, req->path, params))
			continue;
		if (strcmp(routes[i].method, req->method) == 0)
			return &routes[i];
		*other_method = true;
	}
	return NULL;
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	struct service *v = arg;
	struct route_params params;
	bool other_method;
	size_t caller;
	const struct route *r = find_route(req, &params, &other_method);

	req->user = (void *)r;
	if (r == NULL) {
		refuse(req, other_method ? CODE_METHOD_NOT_ALLOWED : CODE_RESOURCE_NOT_FOUND,
		    other_method ? "This is not asked for with that method."
				 : "There is nothing here.");
		return -1;
	}
	if (!r->open && !find_caller(v, req, &caller)) {
		refuse(req, CODE_INVALID_API_KEY,
		    "Send the service's key: authorization: Bearer $SANDY_API_KEY.");
		return -1;
	}
	if (r == &upstream_route && upstream_find(v, req->path) == NULL) {
		refuse(req, CODE_RESOURCE_NOT_FOUND, "There is nothing here.");
		return -1;
	}
	/* A file may be in JSON: quoted or in base64. */
	return r->body_max_bytes == FILE_BODY ? v->config->file_bytes * 2 + SMALL_BODY
					      : r->body_max_bytes;
}

static void
on_request(struct http_request *req, void *arg)
{
	const struct route *r = req->user;
	struct route_params params = { 0 };
	struct asked a = { .service = arg, .request = req, .params = &params };

	if (r == &upstream_route) {
		upstream_asked(arg, req);
		return;
	}
	if (!route_match(r->path, req->path, &params) ||
	    (!r->open && !find_caller(a.service, req, &a.caller))) {
		refuse(req, CODE_INTERNAL, "The request changed under way.");
		return;
	}
	if (route_param(&params, "id") != NULL) {
		a.sandbox = sandbox_find(a.service, a.caller, route_param(&params, "id"));
		if (a.sandbox == NULL) {
			refuse(req, CODE_RESOURCE_NOT_FOUND,
			    "There is no such sandbox: its time may be over.");
			return;
		}
	}
	if (a.sandbox != NULL && a.sandbox->host != NULL && !r->hosted) {
		refuse(req, CODE_UNPROCESSABLE,
		    "A competitor is in this sandbox, and nothing else: only exec is here.");
		return;
	}
	r->answer(&a);
}

static void
on_refused(struct http_request *req, int status_, const char *code, struct buf *body, void *arg)
{
	(void)arg;
	log_request(req, status_, code);
	envelope_add(body, wire_code_named(code), "The request was refused.", NULL, req->id, NULL);
}

const struct http_server_handlers sandbox_handlers = { on_head, on_request, on_refused };

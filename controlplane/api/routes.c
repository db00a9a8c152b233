/*
 * routes.c - the table of the control API, who may call what, and the way to a handler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

enum who { READ, ADMIN };

struct api_route {
	const char *method, *path;
	void (*handle)(struct api_call *);
	enum who who;
	int64_t body_max; /* 0: none is taken */
};

#define SMALL (1 << 20)

static const struct api_route routes[] = {
	/* method, path, handler, who, largest body */
	{ "POST", "/api/v1/submissions", submission_create, ADMIN, SMALL },
	{ "GET", "/api/v1/submissions", submission_list, READ, 0 },
	{ "GET", "/api/v1/submissions/:ref", submission_get, READ, 0 },
	{ "GET", "/api/v1/submissions/:ref/events", submission_events, READ, 0 },
	{ "POST", "/api/v1/submissions/:ref/cancel", submission_cancel, ADMIN, SMALL },
	{ "GET", "/api/v1/competitors", competitor_list, READ, 0 },
	{ "GET", "/api/v1/competitors/:ref", competitor_get, READ, 0 },
	{ "DELETE", "/api/v1/competitors/:ref", competitor_remove, ADMIN, 0 },
	{ "POST", "/api/v1/competitors/:ref/start", competitor_start, ADMIN, SMALL },
	{ "POST", "/api/v1/competitors/:ref/stop", competitor_stop, ADMIN, SMALL },
	{ "POST", "/api/v1/competitors/:ref/restart", competitor_restart, ADMIN, SMALL },
	{ "POST", "/api/v1/competitors/:ref/rollback", competitor_rollback, ADMIN, SMALL },
	{ "GET", "/api/v1/competitors/:ref/logs", competitor_logs, ADMIN, 0 },
	{ "GET", "/api/v1/versions", version_list, READ, 0 },
	{ "GET", "/api/v1/versions/:ref", version_get, READ, 0 },
	{ "GET", "/api/v1/instances", instance_list, READ, 0 },
	{ "GET", "/api/v1/instances/:ref", instance_get, READ, 0 },
	{ "GET", "/api/v1/instances/:ref/logs", instance_logs, ADMIN, 0 },
	{ "GET", "/api/v1/status", status_get, READ, 0 },
	{ "GET", "/api/v1/doctor", doctor_get, ADMIN, 0 },
	{ "GET", "/api/v1/events", event_list, READ, 0 },
};

struct api *
api_new(const struct api_deps *deps)
{
	struct api *api = mem_zalloc(sizeof(*api));

	api->d = *deps;
	return api;
}

void
api_close(struct api *api)
{
	api->closing = true;
	followers_close(api);
	log_streams_close(api);
}

void
api_free(struct api *api)
{
	free(api);
}

static bool
is_admin(const struct http_request *req)
{
	/* The control socket's directory lets in its own user and root (and the group it is given). */
	return req->is_unix;
}

static void
refuse(struct http_request *req, enum wire_code code, const char *allow, const char *text)
{
	const struct http_header headers[] = {
		{ "content-type", "application/json" },
		{ allow != NULL ? "allow" : NULL, allow },
		{ 0 },
	};
	struct buf b = { 0 };

	envelope_add(&b, code, text, NULL, req->id, NULL);
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
		buf_printf(allow, "%s%s", allow->len != 0 ? ", " : "", routes[i].method);
	}
	return NULL;
}

int64_t
api_head(struct api *api, struct http_request *req)
{
	_cleanup_buf_ struct buf allow = { 0 };
	struct route_params params = { 0 };
	const struct api_route *r = find_route(req->method, req->path, &params, &allow);

	if (r == NULL && allow.len == 0)
		refuse(req, CODE_RESOURCE_NOT_FOUND, NULL, "There is nothing at this path. The API is described in docs/api.md.");
	else if (r == NULL)
		refuse(req, CODE_METHOD_NOT_ALLOWED, buf_str(&allow), "This path does not know this method.");
	else if (r->who == ADMIN && !is_admin(req))
		refuse(req, api->d.anonymous_read ? CODE_MISSING_SCOPE : CODE_INVALID_API_KEY, NULL,
		    "This needs administrator rights: use janusctl on the same machine, which speaks over the control socket.");
	else if (r->who == READ && !is_admin(req) && !api->d.anonymous_read)
		refuse(req, CODE_INVALID_API_KEY, NULL, "This needs a key.");
	else
		return r->body_max;
	return -1;
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
	r->handle(c);
}

void
api_request(struct api *api, struct http_request *req)
{
	const char *type = http_header_get(req, "content-type");

	if (req->body.len != 0 && (type == NULL || strncasecmp(type, "application/json", 16) != 0)) {
		refuse(req, CODE_UNSUPPORTED_MEDIA_TYPE, NULL, "The body must be application/json.");
		return;
	}
	call_start(api, api->d.control, req, is_admin(req), handle);
}

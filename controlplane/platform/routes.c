/*
 * routes.c - the table of what a pod may ask for; everything else is denied, and logged.
 */
#include "controlplane/platform/routes.h"

#include <inttypes.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/inference.h"
#include "controlplane/platform/platform.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/openai/envelope.h"

#define CHAT_MAX_BYTES (10 << 20)

const struct http_header platform_json[] = {
	{ "content-type", "application/json" },
	{ NULL, NULL },
};

void
platform_refuse(struct caller *c, struct http_request *req, enum wire_code code, const char *text,
    const char *param)
{
	static const struct http_header unauthorized[] = {
		{ "content-type", "application/json" },
		{ "www-authenticate", "Bearer" },
		{ NULL, NULL },
	};
	const struct wire_code_info *info = wire_code_info(code);
	_cleanup_buf_ struct buf body = { 0 };

	log_info("request.done", F_STR("instance_id", c->instance),
	    F_STR("competitor", c->competitor), F_STR("request_id", req->id),
	    F_STR("method", req->method), F_STR("path", req->path), F_INT("status", info->status),
	    F_STR("code", info->code));
	envelope_add(&body, code, text, param, req->id, NULL);
	http_reply(req, info->status, info->status == 401 ? unauthorized : platform_json, body.data,
	    body.len);
}

static void
answer_health(struct caller *c, struct http_request *req)
{
	_cleanup_buf_ struct buf body = { 0 };

	buf_printf(&body, "{\"status\":\"ok\",\"version\":\"" JANUS_VERSION "\",\"provider\":%s}",
	    c->platform->has_provider ? "true" : "false");
	http_reply(req, 200, platform_json, body.data, body.len);
}

static void
answer_usage(struct caller *c, struct http_request *req)
{
	_cleanup_buf_ struct buf body = { 0 };

	buf_printf(&body,
	    "{\"requests\":%" PRIu64 ",\"prompt_tokens\":%" PRId64 ",\"completion_tokens\":%" PRId64
	    "}",
	    c->use.requests, c->use.prompt_tokens, c->use.completion_tokens);
	http_reply(req, 200, platform_json, body.data, body.len);
}

static const struct route {
	const char *method, *path;
	void (*answer)(struct caller *, struct http_request *);
	bool open; /* without the run token */
	int64_t body_max_bytes;
} routes[] = {
	{ "GET", "/health", answer_health, true, 0 },
	{ "GET", "/usage", answer_usage, false, 0 },
	{ "GET", "/v1/models", inference_models, false, 0 },
	{ "POST", "/v1/chat/completions", inference_chat, false, CHAT_MAX_BYTES },
};

static const struct route *
find_route(const struct http_request *req)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].path, req->path) == 0 &&
		    strcmp(routes[i].method, req->method) == 0)
			return &routes[i];
	return NULL;
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	struct caller *c = arg;
	const struct route *route = find_route(req);

	if (route == NULL) {
		platform_refuse(c, req, CODE_EGRESS_DENIED,
		    "A competitor can reach the platform's services and nothing else: POST "
		    "/v1/chat/completions, GET /v1/models, GET /usage.",
		    NULL);
		return -1;
	}
	if (!route->open &&
	    (http_header_count(req, "authorization") != 1 ||
		!caller_allows(c, http_header_get(req, "authorization")))) {
		platform_refuse(c, req, CODE_INVALID_API_KEY,
		    "Send the run token: authorization: Bearer $JANUS_RUN_TOKEN.", NULL);
		return -1;
	}
	return route->body_max_bytes;
}

static void
on_request(struct http_request *req, void *arg)
{
	find_route(req)->answer(arg, req);
}

static void
on_refused(struct http_request *req, int status, const char *code, struct buf *body, void *arg)
{
	struct caller *c = arg;

	log_info("request.done", F_STR("instance_id", c->instance),
	    F_STR("competitor", c->competitor), F_STR("request_id", req->id),
	    F_STR("path", req->path), F_INT("status", status), F_STR("code", code));
	envelope_add(body, wire_code_named(code), "The request was refused.", NULL, req->id, NULL);
}

const struct http_server_handlers platform_handlers = { on_head, on_request, on_refused };

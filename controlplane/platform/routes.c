/*
 * routes.c - the table of what a pod may ask for; everything else is denied, and logged.
 */
#include "controlplane/platform/routes.h"

#include <string.h>

#include "controlplane/platform/call.h"
#include "controlplane/platform/caller.h"
#include "controlplane/platform/inference.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/sandboxes.h"
#include "controlplane/platform/search.h"
#include "controlplane/platform/usage.h"
#include "controlplane/platform/vector.h"
#include "controlplane/platform/web.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/net/router.h"
#include "runtime/openai/envelope.h"

#define CHAT_MAX_BYTES (10 << 20)
#define UPSERT_MAX_BYTES (8 << 20)
#define QUERY_MAX_BYTES (256 << 10)
#define SMALL (64 << 10)
#define COMMAND_MAX_BYTES (2 << 20)
#define FILE_MAX_BYTES (34 << 20)
#define EMBED_MAX_BYTES (2 << 20)

const struct http_header platform_json[] = {
	{ "content-type", "application/json" },
	{ NULL, NULL },
};

static void
answer_health(struct caller *c, struct http_request *req)
{
	_cleanup_buf_ struct buf body = { 0 };

	buf_printf(&body, "{\"status\":\"ok\",\"version\":\"" JANUS_VERSION "\",\"provider\":%s}",
	    c->platform->has_provider ? "true" : "false");
	http_reply(req, 200, platform_json, body.data, body.len);
}

static const struct route {
	const char *method, *path;
	const struct call_kind *kind; /* or */
	void (*answer)(struct caller *, struct http_request *); /* what costs nothing */
	int64_t body_max_bytes;
} routes[] = {
	{ "GET", "/health", NULL, answer_health, 0 },
	{ "GET", "/usage", NULL, usage_answer, 0 },
	{ "GET", "/v1/models", &inference_models, NULL, 0 },
	{ "POST", "/v1/chat/completions", &inference_chat, NULL, CHAT_MAX_BYTES },
	{ "POST", "/v1/embeddings", &inference_embeddings, NULL, EMBED_MAX_BYTES },
	{ "POST", "/search", &search_web, NULL, SMALL },
	{ "GET", "/fetch", &web_fetch, NULL, 0 },
	{ "POST", "/vector/upsert", &vector_upsert, NULL, UPSERT_MAX_BYTES },
	{ "POST", "/vector/query", &vector_query, NULL, QUERY_MAX_BYTES },
	{ "POST", "/vector/delete", &vector_delete, NULL, SMALL },
	{ "POST", "/api/sandboxes", &sandbox_create, NULL, SMALL },
	{ "GET", "/api/sandboxes/:id", &sandbox_use, NULL, 0 },
	{ "POST", "/api/sandboxes/:id/exec", &sandbox_use, NULL, COMMAND_MAX_BYTES },
	{ "POST", "/api/sandboxes/:id/files/write", &sandbox_use, NULL, FILE_MAX_BYTES },
	{ "GET", "/api/sandboxes/:id/files/read", &sandbox_use, NULL, 0 },
	{ "GET", "/api/sandboxes/:id/files/list", &sandbox_use, NULL, 0 },
	{ "POST", "/api/sandboxes/:id/files/remove", &sandbox_use, NULL, SMALL },
	{ "POST", "/api/sandboxes/:id/agent/run", &sandbox_use, NULL, COMMAND_MAX_BYTES },
	{ "POST", "/api/sandboxes/:id/agent/cancel", &sandbox_use, NULL, SMALL },
	{ "POST", "/api/sandboxes/:id/refresh", &sandbox_use, NULL, SMALL },
	{ "POST", "/api/sandboxes/:id/terminate", &sandbox_use, NULL, SMALL },
	{ "GET", "/sandbox/:id/artifacts/:name", &sandbox_use, NULL, 0 },
	{ "GET", "/api/resources", &sandbox_resources, NULL, 0 },
};

static const struct route *
find_route(const struct http_request *req)
{
	struct route_params params;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].method, req->method) == 0 &&
		    route_match(routes[i].path, req->path, &params))
			return &routes[i];
	return NULL;
}

/* The listener tells who calls.  A token is not needed, but a wrong one is somebody else's. */
static bool
token_is_wrong(const struct caller *c, const struct http_request *req)
{
	const int n = http_header_count(req, "authorization");

	return n > 1 || (n == 1 && !caller_allows(c, http_header_get(req, "authorization")));
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	struct caller *c = arg;
	const struct route *route = find_route(req);

	if (c->is_sandbox && c->owner == NULL) {
		call_refuse_request(c, req, CODE_EGRESS_DENIED, "This sandbox is no competitor's.");
		return -1;
	}
	if (route == NULL) {
		call_refuse_request(c, req, CODE_EGRESS_DENIED,
		    "A competitor can reach the platform's services and nothing else; see "
		    "docs/platform.md.");
		return -1;
	}
	if (token_is_wrong(c, req)) {
		call_refuse_request(c, req, CODE_INVALID_API_KEY,
		    "That is not this pod's run token; send $JANUS_RUN_TOKEN, or none.");
		return -1;
	}
	return route->body_max_bytes;
}

static void
on_request(struct http_request *req, void *arg)
{
	const struct route *route = find_route(req);

	if (route->kind != NULL)
		call_begin(arg, req, route->kind);
	else
		route->answer(arg, req);
}

static void
on_refused(struct http_request *req, int status, const char *code, struct buf *body, void *arg)
{
	call_note_refused(arg, req, status, wire_code_named(code));
	envelope_add(body, wire_code_named(code), "The request was refused.", NULL, req->id, NULL);
}

const struct http_server_handlers platform_handlers = { on_head, on_request, on_refused };

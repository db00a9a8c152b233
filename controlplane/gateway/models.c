/*
 * models.c - the snapshot as OpenAI model objects.
 */
#include "controlplane/gateway/models.h"

#include <string.h>

#include "controlplane/gateway/core.h"
#include "controlplane/gateway/pick.h"
#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/capability.h"
#include "runtime/net/http_server.h"
#include "runtime/net/url.h"

static void
add_score(struct buf *out, const struct route *r)
{
	if (r == NULL || !r->has_score)
		buf_add_str(out, ",\"score\":null,\"rank\":null}}");
	else
		buf_printf(out, ",\"score\":%.1f,\"rank\":{\"low\":%d,\"high\":%d}}}", r->score,
		    r->rank_low, r->rank_high);
}

/* r is NULL for a virtual model while there is no competitor at all. */
static void
add_model(struct buf *out, const char *id, const struct route *r, const struct route *first)
{
	const char *pinned = r != NULL ? pick_version(r, id) : "";
	const char *digest = r != NULL ? route_digest(r, pinned) : "";

	buf_add_str(out, "{\"id\":");
	json_add_quoted(out, id, strlen(id));
	buf_printf(out, ",\"object\":\"model\",\"created\":%lld,\"owned_by\":\"janus\",\"janus\":{",
	    r != NULL ? (long long)(r->created_at_ms / 1000) : 0LL);
	buf_printf(out, "\"competitor\":%s%s%s,", r != NULL ? "\"" : "",
	    r != NULL ? r->slug : "null", r != NULL ? "\"" : "");
	buf_printf(out, "\"version\":%s%s%s,", r != NULL ? "\"" : "",
	    r == NULL               ? "null"
		: pinned[0] != '\0' ? pinned
				    : r->version,
	    r != NULL ? "\"" : "");
	if (digest[0] != '\0')
		buf_printf(out, "\"digest\":\"%s\",", digest);
	else
		buf_add_str(out, "\"digest\":null,");
	buf_printf(out, "\"state\":\"%s\",\"default\":%s,\"capabilities\":",
	    r == NULL                    ? "not_ready"
		: route_ready(r, pinned) ? "ready"
		: r->wakes               ? "asleep"
					 : "not_ready",
	    r != NULL && r == first ? "true" : "false");
	capabilities_add(out, r != NULL ? route_capabilities(r, pinned) | CAPABILITY(CHAT) : 0);
	add_score(out, r);
}

void
models_list(struct gateway *gw, struct http_request *req)
{
	static const char *const leading[] = { PICK_DEFAULT_MODEL, PICK_FAST_MODEL,
		PICK_CHEAP_MODEL };
	const struct routes *routes = gw->routes;
	const struct route *first = pick_route(routes, PICK_DEFAULT_MODEL);
	_cleanup_buf_ struct buf out = { 0 };

	buf_add_str(&out, "{\"object\":\"list\",\"data\":[");
	for (size_t i = 0; i < ARRAY_LEN(leading); i++) {
		if (i > 0)
			buf_add_char(&out, ',');
		add_model(&out, leading[i], pick_route(routes, leading[i]), first);
	}
	for (size_t i = 0; i < routes->len; i++) {
		char id[sizeof(routes->at[i].slug) + sizeof(PICK_DEFAULT_MODEL "/")];

		strcpy(id, PICK_DEFAULT_MODEL "/");
		strcat(id, routes->at[i].slug);
		buf_add_char(&out, ',');
		add_model(&out, id, &routes->at[i], first);
	}
	buf_add_str(&out, "]}");
	answer(gw, req, GATEWAY_MODELS, 200, "application/json", NULL, out.data, out.len);
}

void
models_get(struct gateway *gw, struct http_request *req)
{
	const char *rest = req->path + strlen(MODELS_PATH "/");
	_cleanup_free_ char *id = NULL;
	_cleanup_buf_ struct buf out = { 0 };
	const struct route *r = NULL;

	/* Compared with names only, so nothing in it can lead anywhere else. */
	if (url_decode(rest, strlen(rest), &id) == 0 && str_utf8_valid(id, strlen(id)))
		r = pick_route(gw->routes, id);
	if (r == NULL && !pick_is_virtual(id)) {
		answer_error(gw, req, GATEWAY_MODEL, CODE_MODEL_NOT_FOUND, NULL, "model",
		    "There is no model '%.100s'; GET /v1/models lists those there are.",
		    id != NULL ? id : "");
		return;
	}
	add_model(&out, id, r, pick_route(gw->routes, PICK_DEFAULT_MODEL));
	answer(gw, req, GATEWAY_MODEL, 200, "application/json", NULL, out.data, out.len);
}

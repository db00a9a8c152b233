/*
 * static.c - the web UI: which file, in which coding, and what browsers are told of it.
 */
#include "controlplane/gateway/static.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/gateway/core.h"
#include "controlplane/gateway/static_files.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/accept.h"
#include "runtime/net/etag.h"
#include "runtime/net/http_server.h"

#define HEADERS_MAX 16
#define ETAG_MAX 80
#define PAGE_CSP                                                                                \
	"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " \
	"media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "      \
	"frame-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "      \
	"frame-ancestors 'none'"

/* Where files stand, and what goes with all of them there; the first that fits. */
static const struct shelf {
	const char *below;
	const char *csp, *framed, *opener;
	const char *origins; /* that may load them; NULL: our own.  A sandboxed frame has none. */
} shelves[] = {
	/* Documents for hostile content, shown by our pages: each in an origin of nobody's. */
	{ "/frame/",
	    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
	    "img-src data: blob:; media-src data: blob:; font-src 'self' data:; base-uri 'none'; "
	    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts",
	    "SAMEORIGIN", NULL, "*" },
	{ "/assets/", PAGE_CSP, "DENY", NULL, "*" },
	{ "/", PAGE_CSP, "DENY", "same-origin", NULL },
};

static const struct shelf *
shelf_of(const char *path)
{
	const struct shelf *s = shelves;

	while (!str_starts(path, s->below))
		s++;
	return s;
}

static bool
is_below(const char *path, const char *root)
{
	return str_starts(path, root) && (path[strlen(root)] == '\0' || path[strlen(root)] == '/');
}

static bool
looks_for_a_page(const struct http_request *req)
{
	const char *accept = http_header_get(req, "accept");

	return (str_eq(req->method, "GET") || str_eq(req->method, "HEAD")) && accept != NULL &&
	    accept_quality(accept, "text/html") > 0;
}

bool
static_serves(const struct http_request *req)
{
	if (static_find(req->path) != NULL || static_is_page(req->path))
		return true;
	return looks_for_a_page(req) && !is_below(req->path, "/v1") && !is_below(req->path, "/api");
}

/* A page that is not there is told of by the document of all pages, which is not to be kept then. */
struct serving {
	const struct static_file *file;
	const struct shelf *shelf;
	enum static_coding coding;
	char etag[ETAG_MAX], quoted[ETAG_MAX + 2]; /* "" for what is not to be kept */
	int status;
};

static struct serving
find(const struct http_request *req)
{
	const struct static_file *file = static_find(req->path);
	const bool is_there = file != NULL || static_is_page(req->path);
	struct serving s = { .file = file != NULL ? file : static_index(),
		.status = is_there ? 200 : 404 };
	const char *has = http_header_get(req, "if-none-match");

	s.shelf = shelf_of(s.file->path);
	s.coding = static_choose(s.file, http_header_get(req, "accept-encoding"));
	if (is_there) {
		const char *coding = static_coding_name(s.coding);

		snprintf(s.etag, sizeof(s.etag), "%s%s%s", s.file->etag, coding != NULL ? "-" : "",
		    coding != NULL ? coding : "");
		snprintf(s.quoted, sizeof(s.quoted), "\"%s\"", s.etag);
		if (has != NULL && etag_listed(has, s.etag))
			s.status = 304;
	}
	return s;
}

static void
fill_headers(const struct serving *s, struct http_header headers[HEADERS_MAX])
{
	const char *coding = static_coding_name(s->coding);
	const struct http_header all[] = {
		{ "content-type", s->status == 304 ? NULL : s->file->type },
		{ "content-encoding", s->status == 304 ? NULL : coding },
		{ "etag", s->quoted[0] != '\0' ? s->quoted : NULL },
		{ "cache-control",
		    s->status == 404         ? "no-store"
			: s->file->immutable ? "public, max-age=31536000, immutable"
					     : "no-cache" },
		{ "vary", s->status == 404 ? "accept, accept-encoding" : "accept-encoding" },
		{ "content-security-policy", s->shelf->csp },
		{ "x-frame-options", s->shelf->framed },
		{ "x-content-type-options", "nosniff" },
		{ "referrer-policy", "no-referrer" },
		{ "cross-origin-opener-policy", s->shelf->opener },
		{ "cross-origin-resource-policy",
		    s->shelf->origins != NULL ? "cross-origin" : "same-origin" },
		{ "access-control-allow-origin", s->shelf->origins },
		{ "permissions-policy",
		    "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
	};
	unsigned n = 0;

	_Static_assert(ARRAY_LEN(all) < HEADERS_MAX, "and the end of the list");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].value != NULL)
			headers[n++] = all[i];
}

void
static_get(struct gateway *gw, struct http_request *req)
{
	struct http_header headers[HEADERS_MAX] = { 0 };
	_cleanup_buf_ struct buf unpacked = { 0 };
	const struct serving s = find(req);
	struct error err = { 0 };
	const char *bytes = NULL;
	size_t len = 0;

	if (s.status != 304) {
		bytes = static_bytes(s.file, s.coding, &unpacked, &len, &err);
		if (bytes == NULL) {
			answer_error(
			    gw, req, GATEWAY_STATIC, CODE_INTERNAL, NULL, NULL, "%s.", err.text);
			return;
		}
	}
	fill_headers(&s, headers);
	answer_whole(gw, req, GATEWAY_STATIC, s.status, headers, bytes, len);
}

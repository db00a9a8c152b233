/*
 * answer.c - whole replies: the body, its headers, one count and one log line.
 */
#include <stdarg.h>
#include <stdio.h>

#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/chat_head.h"
#include "controlplane/gateway/core.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/etag.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/envelope.h"

#define REFUSAL_HEADERS_MAX 16
#define PATH_LOGGED_MAX 256 /* those of ours are shorter */

/* For a field that is left out where there is nothing to say. */
static const char *
known(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* A path as it may be logged: one that leads nowhere is whatever the caller put there. */
static const char *
path_for_log(const struct http_request *req, enum gateway_route route, int status)
{
	if (route == GATEWAY_MODEL && status >= 400)
		return "/v1/models/:model";
	if (route != GATEWAY_NONE && (route != GATEWAY_STATIC || status != 404) &&
	    strnlen(req->path, PATH_LOGGED_MAX) < PATH_LOGGED_MAX)
		return req->path;
	return str_starts(req->path, "/v1/") ? "/v1/..."
	    : str_starts(req->path, "/api/") ? "/api/..."
					     : "/...";
}

void
answer_settle(struct gateway *gw, const struct http_request *req, enum gateway_route route,
    int status, const struct wire_code_info *code, const char *error, size_t bytes_out)
{
	/* Refused inside its head, a request was never accepted. */
	const int64_t duration_us = req->accepted_us > 0 ? clock_now_us() - req->accepted_us : 0;
	const bool is_often = (route >= GATEWAY_LIVEZ && route <= GATEWAY_METRICS) ||
	    (route == GATEWAY_STATIC && str_starts(req->path, "/assets/"));
	const enum log_level level = is_often ? LOG_DEBUG : LOG_INFO;

	counters_http(&gw->counters, route, req->method, status, duration_us);
	if (!log_wants(level))
		return;
	const struct auth *caller = gw->asking == req ? req->user : NULL;
	const char *trace = http_header_get(req, "traceparent");
	char trace_id[33] = "";

	if (traceparent_valid(trace))
		str_copy(trace_id, sizeof(trace_id), trace + 3);
	LOG_AT(level, "request.done", F_STR("request_id", req->id),
	    F_STR("trace_id", known(trace_id)), F_STR("client", known(req->client)),
	    F_STR("method", known(req->method)), F_STR("route", path_for_log(req, route, status)),
	    F_INT("status", status), F_STR("key_id", caller != NULL ? known(caller->key_id) : NULL),
	    F_STR("code", code != NULL ? code->code : NULL),
	    F_STR("fault", code != NULL ? code->fault : NULL), F_STR("error", error),
	    F_NUM("duration_ms", (double)duration_us / 1000),
	    F_INT("bytes_out", (int64_t)bytes_out));
}

void
answer(struct gateway *gw, struct http_request *req, enum gateway_route route, int status,
    const char *content_type, const struct http_header *extra, const char *body, size_t len)
{
	struct http_header headers[4] = { 0 };
	unsigned n = 0;

	if (extra != NULL)
		headers[n++] = *extra;
	if (content_type != NULL)
		headers[n++] = (struct http_header){ "content-type", content_type };
	headers[n] = (struct http_header){ "cache-control", "no-store" };
	answer_settle(gw, req, route, status, NULL, NULL, len);
	http_reply(req, status, headers, body, len);
}

void
answer_whole(struct gateway *gw, struct http_request *req, enum gateway_route route, int status,
    const struct http_header *headers, const char *body, size_t len)
{
	answer_settle(gw, req, route, status, NULL, NULL, len);
	http_reply(req, status, headers, body, len);
}

void
answer_tagged(struct gateway *gw, struct http_request *req, enum gateway_route route,
    const char *content_type, const char *etag, const char *body, size_t len)
{
	const char *has = http_header_get(req, "if-none-match");
	const bool same = has != NULL && etag_listed(has, etag);
	char quoted[80];
	const struct http_header headers[] = {
		{ "etag", quoted },
		{ "cache-control", "no-cache" },
		{ same ? NULL : "content-type", content_type },
		{ 0 },
	};

	snprintf(quoted, sizeof(quoted), "\"%s\"", etag);
	answer_settle(gw, req, route, same ? 304 : 200, NULL, NULL, same ? 0 : len);
	http_reply(req, same ? 304 : 200, headers, same ? NULL : body, same ? 0 : len);
}

/* error: what the log says of it, NULL: nothing. */
static void
refuse(struct gateway *gw, struct http_request *req, enum gateway_route route, enum wire_code code,
    const struct http_header *extra, const char *param, const char *text, const char *error)
{
	const struct wire_code_info *info = wire_code_info(code);
	struct http_header headers[4] = { 0 };
	_cleanup_buf_ struct buf body = { 0 };
	unsigned n = 0;

	envelope_add(&body, code, text, param, req->id, NULL);
	if (extra != NULL)
		headers[n++] = *extra;
	headers[n++] = (struct http_header){ "content-type", "application/json" };
	headers[n] = (struct http_header){ "cache-control", "no-store" };
	answer_settle(gw, req, route, info->status, info, error, body.len);
	http_reply(req, info->status, headers, body.data, body.len);
}

void
answer_error(struct gateway *gw, struct http_request *req, enum gateway_route route,
    enum wire_code code, const struct http_header *extra, const char *param, const char *fmt, ...)
{
	/* Of a chat these are our own words; elsewhere a path or a name may be in them, which is the
	 * caller's. */
	const bool is_chat = route <= GATEWAY_EMBEDDINGS || route == GATEWAY_ARENA;
	_cleanup_buf_ struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	refuse(gw, req, route, code, extra, param, buf_str(&text), is_chat ? buf_str(&text) : NULL);
}

void
answer_fault(struct gateway *gw, struct http_request *req, enum gateway_route route,
    const struct chat_fault *f)
{
	refuse(gw, req, route, f->code, NULL, f->param[0] != '\0' ? f->param : NULL, f->text,
	    f->quotes ? NULL : f->text);
}

void
answer_refusal(struct gateway *gw, struct http_request *req, enum gateway_route route,
    enum wire_code code, const struct http_header *extra, const char *text)
{
	const struct wire_code_info *info = wire_code_info(code);
	struct http_header headers[REFUSAL_HEADERS_MAX + 3] = { 0 };
	_cleanup_buf_ struct buf body = { 0 };
	unsigned n = 0;

	envelope_add(&body, code, text, NULL, req->id, NULL);
	for (; n < REFUSAL_HEADERS_MAX && extra[n].name != NULL; n++)
		headers[n] = extra[n];
	headers[n++] = (struct http_header){ "content-type", "application/json" };
	headers[n] = (struct http_header){ "cache-control", "no-store" };
	answer_settle(gw, req, route, info->status, info, text, body.len);
	http_reply(req, info->status, headers, body.data, body.len);
}

/*
 * answer.c - whole replies: the body, its headers, one count and one log line.
 */
#include <stdarg.h>
#include <stdio.h>

#include "controlplane/gateway/core.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/etag.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

#define REFUSAL_HEADERS_MAX 16

/* A path as it may be logged: one that leads nowhere is whatever the caller put there. */
static const char *
path_for_log(const struct http_request *req, enum gateway_route route, int status)
{
	if (route == GATEWAY_MODEL && status >= 400)
		return "/v1/models/:model";
	if (route != GATEWAY_NONE && (route != GATEWAY_STATIC || status != 404))
		return req->path;
	return str_starts(req->path, "/v1/") ? "/v1/..."
	    : str_starts(req->path, "/api/") ? "/api/..."
					     : "/...";
}

static void
settle(struct gateway *gw, const struct http_request *req, enum gateway_route route, int status,
    const struct wire_code_info *code, size_t bytes_out)
{
	const int64_t duration_us = clock_now_us() - req->accepted_us;
	const bool is_often = (route >= GATEWAY_LIVEZ && route <= GATEWAY_METRICS) ||
	    (route == GATEWAY_STATIC && str_starts(req->path, "/assets/"));
	const enum log_level level = is_often ? LOG_DEBUG : LOG_INFO;

	counters_http(&gw->counters, route, req->method, status, duration_us);
	LOG_AT(level, "request.done", F_STR("request_id", req->id), F_STR("client", req->client),
	    F_STR("method", req->method), F_STR("route", path_for_log(req, route, status)),
	    F_INT("status", status), F_STR("code", code != NULL ? code->code : NULL),
	    F_STR("fault", code != NULL ? code->fault : NULL),
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
	settle(gw, req, route, status, NULL, len);
	http_reply(req, status, headers, body, len);
}

void
answer_whole(struct gateway *gw, struct http_request *req, enum gateway_route route, int status,
    const struct http_header *headers, const char *body, size_t len)
{
	settle(gw, req, route, status, NULL, len);
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
	settle(gw, req, route, same ? 304 : 200, NULL, same ? 0 : len);
	http_reply(req, same ? 304 : 200, headers, same ? NULL : body, same ? 0 : len);
}

void
answer_error(struct gateway *gw, struct http_request *req, enum gateway_route route,
    enum wire_code code, const struct http_header *extra, const char *param, const char *fmt, ...)
{
	const struct wire_code_info *info = wire_code_info(code);
	struct http_header headers[5] = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_buf_ struct buf body = { 0 };
	unsigned n = 0;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	envelope_add(&body, code, buf_str(&text), param, req->id, NULL);
	if (extra != NULL)
		headers[n++] = *extra;
	headers[n++] = (struct http_header){ "content-type", "application/json" };
	headers[n++] = (struct http_header){ "cache-control", "no-store" };
	if (info->status == 429 || info->status == 503)
		headers[n] = (struct http_header){ "retry-after", "1" };
	settle(gw, req, route, info->status, info, body.len);
	http_reply(req, info->status, headers, body.data, body.len);
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
	settle(gw, req, route, info->status, info, body.len);
	http_reply(req, info->status, headers, body.data, body.len);
}

/*
 * upstream.c - descriptor, connection, request, answer.
 */
#include "controlplane/sandbox/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/host.h"
#include "controlplane/sandbox/op.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/http_server.h"

#define CONNECT_MS 5000

struct visit {
	struct op op; /* first */
	struct link_request *asking; /* one of these three at a time */
	struct dial *dial;
	struct http_exchange *exchange;
	struct buf head; /* of the request */
	int status;
	bool is_begun; /* the client has a head */
};

static struct visit *
visit_of(struct op *o)
{
	return (struct visit *)o;
}

static void
visit_free(struct op *o)
{
	struct visit *u = visit_of(o);

	if (u->asking != NULL)
		link_cancel(u->asking);
	dial_cancel(u->dial);
	if (u->exchange != NULL)
		http_exchange_close(u->exchange);
	buf_done(&u->head);
	free(u);
}

/* As from any server between: an answer before the head, a cut after it. */
static void
visit_failed(struct op *o, const struct error *err)
{
	if (visit_of(o)->is_begun)
		op_cut(o, CODE_UPSTREAM_DIED);
	else
		op_refuse(o, CODE_UPSTREAM_CONNECT_FAILED, err->text);
}

static void
visit_drained(struct op *o)
{
	if (visit_of(o)->exchange != NULL)
		http_exchange_pause(visit_of(o)->exchange, false);
}

/* Whoever asks here reads to the end or leaves; the competitor hears of it as of a client of its own. */
static void
visit_half_closed(struct op *o)
{
	op_cut(o, CODE_CLIENT_CLOSED);
}

/* ---- the answer ---- */

static int
on_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct visit *u = arg;
	const struct http_header headers[] = {
		{ "content-type",
		    head->content_type[0] != '\0' ? head->content_type
						  : "application/octet-stream" },
		{ head->retry_after[0] != '\0' ? "retry-after" : NULL, head->retry_after },
		{ NULL, NULL },
	};

	(void)x;
	if (head->encoded || head->status == 204 || head->status == 304) {
		u->exchange = NULL;
		op_refuse(&u->op, CODE_UPSTREAM_BAD_RESPONSE,
		    "The competitor's answer is encoded, or none.");
		return -1;
	}
	u->status = head->status;
	u->is_begun = true;
	http_stream_begin(u->op.request, head->status, headers);
	return 0;
}

static void
on_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct visit *u = arg;

	if (!http_stream_write(u->op.request, bytes, len))
		http_exchange_pause(x, true);
}

static void
on_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct visit *u = arg;

	(void)x;
	u->exchange = NULL;
	if (end == EXCHANGE_COMPLETE || end == EXCHANGE_CLOSED)
		op_over(&u->op, u->status, NULL);
	else
		visit_failed(&u->op, err);
}

/* ---- the question ---- */

static void
on_dialed(struct transport *t, const struct error *err, void *arg)
{
	static const struct http_exchange_events events = { on_head, on_body, on_end };
	struct visit *u = arg;

	u->dial = NULL;
	if (t == NULL) {
		visit_failed(&u->op, err);
		return;
	}
	const struct buf *body = &u->op.request->body;
	const struct iovec parts[] = { { u->head.data, u->head.len }, { body->data, body->len } };
	u->exchange = http_exchange_open(u->op.sandbox->service->loop, t, u->op.request->method,
	    parts, body->len > 0 ? 2 : 1, &events, u);
}

static void
on_socket(int fd, const struct error *err, void *arg)
{
	struct visit *u = arg;
	struct sandbox *s = u->op.sandbox;

	u->asking = NULL;
	if (fd < 0)
		visit_failed(&u->op, err);
	else
		u->dial = dial_fd(s->service->loop, fd, s->host->port, CONNECT_MS, on_dialed, u);
}

/* What is between the secret and the end of the path; the path itself where there is none. */
static const char *
rest_of(const char *path)
{
	return path + strlen(UPSTREAM_PATH) + HOST_TOKEN_LEN;
}

static void
write_head(struct buf *out, const struct http_request *req, int port)
{
	static const char *const passed[] = { "content-type", "accept", "accept-encoding",
		"x-request-id", "traceparent", "tracestate", "user-agent", "range" };
	const char *rest = rest_of(req->path);

	buf_printf(out, "%s %s%s%s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nconnection: close\r\n",
	    req->method, *rest != '\0' ? rest : "/", *req->query != '\0' ? "?" : "", req->query,
	    port);
	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		const char *value = http_header_get(req, passed[i]);

		if (value != NULL)
			buf_printf(out, "%s: %s\r\n", passed[i], value);
	}
	if (req->body.len > 0 || strcmp(req->method, "POST") == 0)
		buf_printf(out, "content-length: %zu\r\n", req->body.len);
	buf_add_str(out, "\r\n");
}

struct sandbox *
upstream_find(struct service *v, const char *path)
{
	const char *token = path + strlen(UPSTREAM_PATH);
	struct sandbox *found = NULL;
	size_t at = 0;
	const char *id;
	void *value;

	if (strnlen(token, HOST_TOKEN_LEN) < HOST_TOKEN_LEN ||
	    (*rest_of(path) != '\0' && *rest_of(path) != '/'))
		return NULL;
	while (map_next(&v->sandboxes, &at, &id, &value)) {
		struct sandbox *s = value;

		if (s->host != NULL && hash_equal(s->host->at, token, HOST_TOKEN_LEN))
			found = s;
	}
	return found;
}

void
upstream_asked(struct service *v, struct http_request *req)
{
	static const struct op_kind kind = {
		.failed = visit_failed,
		.drained = visit_drained,
		.half_closed = visit_half_closed,
		.free = visit_free,
		.uncounted = true,
	};
	struct sandbox *s = upstream_find(v, req->path);
	struct visit *u;

	if (strcmp(req->method, "GET") != 0 && strcmp(req->method, "POST") != 0) {
		refuse(req, CODE_METHOD_NOT_ALLOWED, "This is not asked for with that method.");
		return;
	}
	if (s == NULL || s->facts.state != SANDBOX_RUNNING) {
		refuse(req, CODE_RESOURCE_NOT_FOUND, "There is nothing here.");
		return;
	}
	if (s->link == NULL) {
		refuse(req, CODE_UPSTREAM_CONNECT_FAILED, "No competitor runs here.");
		return;
	}
	u = mem_zalloc(sizeof(*u));
	write_head(&u->head, req, s->host->port);
	if (op_begin(&u->op, &kind, s, req))
		u->asking = link_socket(s->link, on_socket, u);
}

/*
 * elsewhere.c - one request there, one answer back.
 */
#include "controlplane/gateway/elsewhere.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/gateway/core.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

#define HEADERS_MAX 12

struct elsewhere {
	struct gateway *gw;
	struct http_request *req;
	struct http_exchange *exchange;
	struct buf head; /* of the request */
	struct iovec part;
	struct buf lines; /* of the answer: names and values, each with its NUL */
	struct buf body; /* of one that is answered whole: a janusd's, so a small document */
	struct http_header headers[HEADERS_MAX + 1]; /* into lines */
	int status;
	bool streams;
	struct elsewhere *next, **prev; /* gw->elsewheres */
};

/* ---- the request ---- */

/* Who calls, and what for; all else is between the client and us. */
static const char *const forwarded[] = { "host", "authorization", "x-api-key", "accept",
	"last-event-id" };

static void
write_head(struct elsewhere *e)
{
	const struct http_request *req = e->req;

	buf_printf(&e->head, "%s %s%s%s HTTP/1.1\r\n", req->method, req->path,
	    req->query[0] != '\0' ? "?" : "", req->query);
	for (size_t i = 0; i < ARRAY_LEN(forwarded); i++) {
		const char *value = http_header_get(req, forwarded[i]);

		if (value != NULL)
			buf_printf(&e->head, "%s: %s\r\n", forwarded[i], value);
	}
	buf_printf(&e->head, "x-request-id: %s\r\nconnection: close\r\n\r\n", req->id);
	e->part = (struct iovec){ e->head.data, e->head.len };
}

/* ---- the end ---- */

static void
leave(struct elsewhere *e)
{
	*e->prev = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	buf_done(&e->head);
	buf_done(&e->lines);
	buf_done(&e->body);
	free(e);
}

static void
settle(struct elsewhere *e, int status)
{
	const struct http_request *req = e->req;
	const int64_t duration_us = clock_now_us() - req->accepted_us;

	counters_http(&e->gw->counters, GATEWAY_STREAM, req->method, status, duration_us);
	log_info("request.done", F_STR("request_id", req->id), F_STR("client", req->client),
	    F_STR("method", req->method), F_STR("route", "/v1/streams/{id}"),
	    F_INT("status", status), F_STR("answered_by", "the janusd before this one"),
	    F_NUM("duration_ms", (double)duration_us / 1000));
}

/* It went away in the middle: nobody has the rest. */
static void
fail(struct elsewhere *e)
{
	static const char text[] = "The process that kept this stream has ended.";
	_cleanup_buf_ struct buf out = { 0 };

	if (!e->streams) {
		answer_error(e->gw, TAKE(e->req), GATEWAY_STREAM, CODE_STREAM_EXPIRED, NULL, NULL,
		    "%s", text);
		return;
	}
	settle(e, e->status);
	envelope_add_event(&out, CODE_STREAM_EXPIRED, text, e->req->id);
	buf_add_str(&out, "data: [DONE]\n\n");
	http_stream_write(e->req, out.data, out.len);
	http_stream_end(TAKE(e->req));
}

static void
on_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct elsewhere *e = arg;

	(void)x;
	(void)err;
	if (end != EXCHANGE_COMPLETE && end != EXCHANGE_CLOSED) {
		fail(e);
	} else {
		settle(e, e->status);
		if (e->streams)
			http_stream_end(TAKE(e->req));
		else
			http_reply(TAKE(e->req), e->status, e->headers, e->body.data, e->body.len);
	}
	leave(e);
}

static void
client_gone(struct http_request *req, void *arg)
{
	struct elsewhere *e = arg;

	settle(e, wire_code_info(CODE_CLIENT_CLOSED)->status);
	(void)req;
	http_exchange_close(e->exchange);
	leave(e);
}

static void
client_drained(struct http_request *req, void *arg)
{
	(void)req;
	http_exchange_pause(((struct elsewhere *)arg)->exchange, false);
}

static const struct http_request_events client_events = {
	.on_gone = client_gone,
	.on_drain = client_drained,
};

/* ---- the answer ---- */

static bool
is_kept(const char *line, size_t name)
{
	static const char *const ours[] = { "content-length", "transfer-encoding", "connection",
		"date", "x-request-id", "keep-alive" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strlen(ours[i]) == name && strncasecmp(line, ours[i], name) == 0)
			return false;
	return true;
}

/* The head was parsed: each line after the first has a name, a colon and a value. */
static void
keep_headers(struct elsewhere *e, const struct http_head *head)
{
	size_t at[2 * HEADERS_MAX], n = 0;
	const char *p = memchr(head->bytes, '\n', head->len);
	const char *end = head->bytes + head->len;

	for (p = p != NULL ? p + 1 : end; p < end && n < HEADERS_MAX;) {
		const char *stop = memchr(p, '\r', (size_t)(end - p));
		const char *colon = memchr(p, ':', (size_t)(end - p));

		if (stop == NULL || colon == NULL || colon > stop)
			break;
		if (is_kept(p, (size_t)(colon - p))) {
			const char *value = colon + 1;

			while (value < stop && *value == ' ')
				value++;
			at[2 * n] = e->lines.len;
			for (const char *c = p; c < colon; c++)
				buf_add_char(
				    &e->lines, (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c));
			buf_add_char(&e->lines, '\0');
			at[2 * n++ + 1] = e->lines.len;
			buf_add(&e->lines, value, (size_t)(stop - value));
			buf_add_char(&e->lines, '\0');
		}
		p = stop + 2;
	}
	for (size_t i = 0; i < n; i++)
		e->headers[i] = (struct http_header){ e->lines.data + at[2 * i],
			e->lines.data + at[2 * i + 1] };
}

static int
on_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct elsewhere *e = arg;

	(void)x;
	e->status = head->status;
	keep_headers(e, head);
	e->streams = head->chunked;
	if (e->streams)
		http_stream_begin(e->req, e->status, e->headers);
	return 0;
}

static void
on_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct elsewhere *e = arg;

	if (!e->streams)
		buf_add(&e->body, bytes, len);
	else if (!http_stream_write(e->req, bytes, len))
		http_exchange_pause(x, true);
}

static const struct http_exchange_events exchange_events = { on_head, on_body, on_end };

bool
elsewhere_ask(struct gateway *gw, struct http_request *req)
{
	/* What is told to the control socket is told to whoever may use it, not to us. */
	const int fd =
	    gw->hooks->elsewhere != NULL && !req->is_unix ? gw->hooks->elsewhere(gw->arg) : -1;
	struct elsewhere *e;

	if (fd < 0)
		return false;
	e = mem_zalloc(sizeof(*e));
	e->gw = gw;
	e->req = req;
	e->next = gw->elsewheres;
	e->prev = &gw->elsewheres;
	if (e->next != NULL)
		e->next->prev = &e->next;
	gw->elsewheres = e;
	write_head(e);
	http_request_watch(req, &client_events, e);
	e->exchange = http_exchange_open(gw->loop, &(struct transport){ .fd = fd }, req->method,
	    &e->part, 1, &exchange_events, e);
	return true;
}

void
elsewhere_abandon_all(struct gateway *gw)
{
	while (gw->elsewheres != NULL) {
		struct elsewhere *e = gw->elsewheres;

		http_exchange_close(e->exchange);
		fail(e);
		leave(e);
	}
}

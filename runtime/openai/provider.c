/*
 * provider.c - dial, send, relay.
 */
#include "runtime/openai/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "runtime/openai/chat_splice.h"
#include "runtime/openai/chunk.h"

#define CONNECT_MS 5000
#define GET_MAX_BYTES (1 << 20)

int
provider_init(
    struct provider *p, struct loop *loop, const char *base_url, const char *key, struct error *err)
{
	struct url url;

	if (url_parse(base_url, &url, err) < 0)
		return error_add(err, "provider");
	struct dialer *dialer = dialer_new(loop, err);
	if (dialer == NULL)
		return -1;
	*p = (struct provider){
		.loop = loop, .dialer = dialer, .url = url, .key = str_dup(key != NULL ? key : "")
	};
	return 0;
}

void
provider_done(struct provider *p)
{
	dialer_free(p->dialer);
	free(p->key);
	*p = (struct provider){ 0 };
}

static void
add_head(const struct provider *p, struct buf *out, const char *method, const char *path)
{
	const char *base = strcmp(p->url.path, "/") == 0 ? "" : p->url.path;
	const bool v6 = strchr(p->url.host, ':') != NULL;

	buf_printf(out, "%s %s%s HTTP/1.1\r\nhost: %s%s%s:%d\r\n", method, base, path,
	    v6 ? "[" : "", p->url.host, v6 ? "]" : "", p->url.port);
	if (*p->key != '\0')
		buf_printf(out, "authorization: Bearer %s\r\n", p->key);
	buf_add_str(out, "accept-encoding: identity\r\nconnection: close\r\n");
}

/* ---- GET ---- */

struct provider_get {
	struct provider *provider;
	struct dial *dial;
	struct http_exchange *exchange;
	struct timer late;
	struct buf head, body;
	const char *method, *sent; /* the body to send, borrowed */
	size_t sent_len, max_bytes;
	int status;
	bool too_big;
	provider_get_fn *fn;
	void *arg;
};

void
provider_get_cancel(struct provider_get *g)
{
	if (g == NULL)
		return;
	timer_cancel(&g->late);
	if (g->dial != NULL)
		dial_cancel(g->dial);
	if (g->exchange != NULL)
		http_exchange_close(g->exchange);
	buf_done(&g->head);
	buf_done(&g->body);
	free(g);
}

static void
get_over(struct provider_get *g, int status, const struct error *err)
{
	g->fn(status, buf_str(&g->body), g->body.len, err, g->arg);
	provider_get_cancel(g);
}

static int
get_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct provider_get *g = arg;

	(void)x;
	g->status = head->status;
	return 0;
}

static void
get_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct provider_get *g = arg;

	(void)x;
	g->too_big |= g->body.len + len > g->max_bytes;
	if (!g->too_big)
		buf_add(&g->body, bytes, len);
}

static void
get_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct provider_get *g = arg;
	struct error lost = { 0 };

	(void)x;
	g->exchange = NULL;
	if (g->too_big) {
		error_set(&lost, ERROR_TOO_BIG, "its answer is over %zu bytes", g->max_bytes);
		get_over(g, 0, &lost);
		return;
	}
	if (end == EXCHANGE_COMPLETE || end == EXCHANGE_CLOSED) {
		get_over(g, g->status, NULL);
		return;
	}
	error_set(&lost, ERROR_UPSTREAM, "the provider's answer was not complete");
	get_over(g, 0, err != NULL ? err : &lost);
}

static void
get_dialled(struct transport *t, const struct error *err, void *arg)
{
	static const struct http_exchange_events events = { get_head, get_body, get_end };
	struct provider_get *g = arg;

	g->dial = NULL;
	if (t == NULL) {
		get_over(g, 0, err);
		return;
	}
	const struct iovec parts[] = {
		{ g->head.data, g->head.len },
		{ (void *)(uintptr_t)g->sent, g->sent_len },
	};
	g->exchange = http_exchange_open(
	    g->provider->loop, t, g->method, parts, g->sent_len > 0 ? 2 : 1, &events, g);
}

static void
get_late(struct timer *t, void *arg)
{
	struct error err = { 0 };

	(void)t;
	error_set(&err, ERROR_TIMEOUT, "the provider did not answer in time");
	get_over(arg, 0, &err);
}

static struct provider_get *
ask(struct provider *p, const char *method, const char *path, int64_t timeout_ms,
    provider_get_fn *fn, void *arg)
{
	struct provider_get *g = mem_zalloc(sizeof(*g));

	g->provider = p;
	g->method = method;
	g->max_bytes = GET_MAX_BYTES;
	g->fn = fn;
	g->arg = arg;
	add_head(p, &g->head, method, path);
	buf_add_str(&g->head, "accept: application/json\r\n");
	timer_set(p->loop, &g->late, timeout_ms, get_late, g);
	g->dial = dial_url(p->dialer, &p->url, timeout_ms, get_dialled, g);
	return g;
}

struct provider_get *
provider_get(
    struct provider *p, const char *path, int64_t timeout_ms, provider_get_fn *fn, void *arg)
{
	struct provider_get *g = ask(p, "GET", path, timeout_ms, fn, arg);

	buf_add_str(&g->head, "\r\n");
	return g;
}

struct provider_get *
provider_post(struct provider *p, const char *path, const char *request_id, const char *body,
    size_t len, size_t max_bytes, int64_t timeout_ms, provider_get_fn *fn, void *arg)
{
	struct provider_get *g = ask(p, "POST", path, timeout_ms, fn, arg);

	g->sent = body;
	g->sent_len = len;
	g->max_bytes = max_bytes;
	buf_printf(&g->head,
	    "content-type: application/json\r\nx-request-id: %s\r\ncontent-length: %zu\r\n\r\n",
	    request_id, len);
	return g;
}

/* ---- a chat ---- */

struct provider_chat {
	struct provider *provider;
	struct chat_relay *relay;
	struct dial *dial;
	struct chat_request request;
	const struct provider_additions *additions; /* NULL: none */
	struct buf head;
	struct iovec parts[CHAT_PARTS_MAX + 3];
	size_t nparts;
	bool answered; /* something of the answer has passed */
	provider_chat_fn *fn;
	void *arg;
};

static void
chat_free(struct provider_chat *c)
{
	if (c->dial != NULL)
		dial_cancel(c->dial);
	buf_done(&c->head);
	free(c);
}

/* What a provider's refusal means to the one who asked. */
static enum wire_code
code_of_status(int status, const char *body)
{
	if (status == 503 && strstr(body, wire_code_info(CODE_NO_PROVIDER)->code) != NULL)
		return CODE_NO_PROVIDER; /* the broker's word for having none */
	switch (status) {
	case 400: return CODE_BAD_REQUEST;
	case 404: return CODE_MODEL_NOT_FOUND;
	case 413: return CODE_PAYLOAD_TOO_LARGE;
	case 422: return CODE_UNPROCESSABLE;
	case 429: return CODE_RATE_LIMIT;
	default: return CODE_UPSTREAM_BAD_RESPONSE; /* also 401 and 403: the key is ours */
	}
}

static void
chat_attempt_failed(struct chat_relay *relay, const struct chat_result *r, void *arg)
{
	struct buf details = { 0 };
	char text[320];

	(void)arg;
	if (r->upstream_status == 0 || r->upstream_status == 200) {
		snprintf(text, sizeof(text), "%s", r->text); /* the relay writes over its own */
		chat_relay_fail(relay, r->code, text, NULL);
		return;
	}
	snprintf(
	    text, sizeof(text), "The model provider answered with status %d.", r->upstream_status);
	/* The words of a provider that refuses our own key may show part of it. */
	if (r->upstream_status != 401 && r->upstream_status != 403 && r->upstream_body[0] != '\0') {
		buf_add_char(&details, '[');
		json_add_quoted(&details, r->upstream_body, strlen(r->upstream_body));
		buf_add_char(&details, ']');
	}
	chat_relay_fail(
	    relay, code_of_status(r->upstream_status, r->upstream_body), text, details.data);
	buf_done(&details);
}

static size_t
chat_headers(struct chat_relay *relay, struct http_header *headers, size_t max, void *arg)
{
	(void)relay;
	(void)headers;
	(void)max;
	(void)arg;
	return 0;
}

/* With a member more in its usage. */
static bool
add_usage(const struct provider_additions *a, const struct chat_usage *known, const char *json,
    size_t len, struct buf *out)
{
	struct chat_usage usage = *known;
	char value[32];

	return a->usage_key != NULL && (known->reported || chat_usage_parse(json, len, &usage)) &&
	    a->usage_value(&usage, value, a->arg) &&
	    chat_splice_usage(json, len, a->usage_key, value, out);
}

/* Behind the first event, in a chunk of the same answer's. */
static void
add_preface(const char *text, const char *json, size_t len, struct buf *out)
{
	_cleanup_json_ cJSON *chunk = NULL;

	if (json_parse(json, len, &chunk, NULL) < 0)
		return;
	const char *id = json_str(chunk, "id"), *model = json_str(chunk, "model");
	const struct chat_ids ids = { .id = id != NULL ? id : "chatcmpl",
		.model = model != NULL ? model : "",
		.created = json_int(chunk, "created", 0) };

	buf_printf(out, "data: %.*s\n\n", (int)len, json);
	chunk_reasoning(out, &ids, text, strlen(text));
}

/* An event, or a whole answer, with what is added; false where nothing is. */
static bool
chat_passing(struct chat_relay *relay, const char *raw, size_t raw_len, const char *json,
    size_t len, void *arg)
{
	struct provider_chat *c = arg;
	const struct provider_additions *a = c->additions;
	const struct chat_usage *usage = &chat_relay_result(relay)->usage;
	const bool whole = json == raw, first = !c->answered;
	_cleanup_buf_ struct buf changed = { 0 }, out = { 0 };

	(void)raw_len;
	c->answered = true;
	if (a == NULL)
		return false;
	if (whole) {
		if (a->preface != NULL && chat_splice_reasoning(json, len, a->preface, &changed)) {
			json = buf_str(&changed);
			len = changed.len;
		}
		if (!add_usage(a, usage, json, len, &out))
			buf_add(&out, changed.data, changed.len);
	} else if (memchr(json, '\n', len) != NULL) {
		return false;
	} else if (first && a->preface != NULL) {
		add_preface(a->preface, json, len, &out);
	} else if (usage->reported && add_usage(a, usage, json, len, &changed)) {
		buf_printf(&out, "data: %s\n\n", buf_str(&changed));
	}
	if (out.len == 0)
		return false;
	chat_relay_pass(relay, out.data, out.len);
	return true;
}

static void
chat_done(struct chat_relay *relay, const struct chat_result *result, void *arg)
{
	struct provider_chat *c = arg;

	(void)relay;
	c->fn(result, c->arg);
	chat_free(c);
}

static const struct chat_relay_events chat_events = {
	.subject = "The model provider",
	.fault = "upstream",
	.on_attempt_failed = chat_attempt_failed,
	.on_headers = chat_headers,
	.on_passing = chat_passing,
	.on_done = chat_done,
};

static void
chat_dialled(struct transport *t, const struct error *err, void *arg)
{
	struct provider_chat *c = arg;
	char text[320];

	c->dial = NULL;
	if (t != NULL) {
		chat_relay_attempt(c->relay, t, c->parts, c->nparts);
		return;
	}
	snprintf(text, sizeof(text), "The model provider could not be reached: %s.", err->text);
	chat_relay_fail(c->relay,
	    err->kind == ERROR_TIMEOUT ? CODE_UPSTREAM_TIMEOUT_CONNECT
				       : CODE_UPSTREAM_CONNECT_FAILED,
	    text, NULL);
}

struct provider_chat *
provider_chat(struct provider *p, struct http_request *client, const struct chat_request *request,
    const struct chat_relay_limits *limits, const char *extra, provider_chat_fn *fn, void *arg)
{
	struct provider_chat *c = mem_zalloc(sizeof(*c));
	size_t total;

	c->provider = p;
	c->request = *request;
	c->fn = fn;
	c->arg = arg;
	c->nparts = 1 +
	    chat_request_parts(
		&c->request, client->body.data, client->body.len, c->parts + 1, &total);
	add_head(p, &c->head, "POST", "/chat/completions");
	buf_printf(&c->head,
	    "content-type: application/json\r\naccept: %s\r\nx-request-id: %s\r\n%s"
	    "content-length: %zu\r\n\r\n",
	    request->stream ? "text/event-stream" : "application/json", client->id,
	    extra != NULL ? extra : "", total);
	c->parts[0] = (struct iovec){ c->head.data, c->head.len };
	c->relay = chat_relay_new(
	    client, request->stream, request->include_usage, limits, &chat_events, c);
	c->dial = dial_url(p->dialer, &p->url, CONNECT_MS, chat_dialled, c);
	return c;
}

void
provider_chat_add(struct provider_chat *c, const struct provider_additions *additions)
{
	c->additions = additions;
}

void
provider_chat_abandon(struct provider_chat *c)
{
	chat_relay_abandon(c->relay);
	chat_free(c);
}

/*
 * call.c - messages between a request's loop and the control loop.
 */
#include "controlplane/api/call.h"
#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "controlplane/api/idempotency.h"
#include "controlplane/api/recall.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"
#include "runtime/net/url.h"
#include "runtime/openai/envelope.h"

/* ---- life ---- */

#define BEHIND_BYTES (1 << 20)

void
call_hold(struct api_call *c)
{
	__atomic_add_fetch(&c->sides, 1, __ATOMIC_ACQ_REL);
}

/* Each side lets go once, on its own thread. */
void
call_let_go(struct api_call *c)
{
	if (__atomic_sub_fetch(&c->sides, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	cJSON_Delete(c->json);
	free(c->path);
	free(c->query);
	free(c->body);
	if (c->body_fd >= 0)
		close(c->body_fd);
	free(c->idempotency_key);
	free(c->if_match);
	free(c->if_none_match);
	recalled_free(c);
	free(c);
}

void
call_handle(struct api_call *c, void (*handle)(struct api_call *))
{
	call_hold(c);
	handle(c);
	call_let_go(c);
}

/* ---- control loop to owner ---- */

enum answer_kind { ANSWER_WHOLE, ANSWER_BEGIN, ANSWER_WRITE, ANSWER_END, ANSWER_CUT };

struct answer {
	struct api_call *call;
	enum answer_kind kind;
	int status;
	char content_type[64];
	char etag[32], location[96];
	bool replayed;
	struct buf bytes;
};

#define HEADERS_MAX 8

static void
fill_headers(const struct answer *a, struct http_header headers[HEADERS_MAX])
{
	size_t n = 0;

	if (a->content_type[0] != '\0')
		headers[n++] = (struct http_header){ "content-type", a->content_type };
	/* What has a tag may be kept and asked about; it is nobody else's either way. */
	headers[n++] = (struct http_header){ "cache-control",
		a->etag[0] != '\0' ? "private, no-cache" : "no-store" };
	if (a->etag[0] != '\0')
		headers[n++] = (struct http_header){ "etag", a->etag };
	if (a->location[0] != '\0')
		headers[n++] = (struct http_header){ "location", a->location };
	if (a->replayed)
		headers[n] = (struct http_header){ "idempotent-replayed", "true" };
}

static bool
is_last(enum answer_kind kind)
{
	return kind == ANSWER_WHOLE || kind == ANSWER_END || kind == ANSWER_CUT;
}

static void
deliver(void *arg)
{
	struct answer *a = arg;
	struct api_call *c = a->call;
	struct http_header headers[HEADERS_MAX] = { 0 };
	const bool last = is_last(a->kind);

	fill_headers(a, headers);
	if (c->request != NULL) {
		switch (a->kind) {
		case ANSWER_WHOLE:
			http_reply(c->request, a->status, headers, a->bytes.data, a->bytes.len);
			break;
		case ANSWER_BEGIN: http_stream_begin(c->request, a->status, headers); break;
		case ANSWER_WRITE:
			if (!http_stream_write(c->request, a->bytes.data, a->bytes.len))
				atomic_store(&c->full, true);
			break;
		case ANSWER_END: http_stream_end(c->request); break;
		case ANSWER_CUT: http_stream_abort(c->request); break;
		}
	}
	if (a->kind == ANSWER_WRITE)
		atomic_fetch_sub(&c->queued, a->bytes.len);
	if (last)
		api_count_of(c->api, c->method, c->path, a->status, c->accepted_us);
	buf_done(&a->bytes);
	free(a);
	if (last) {
		c->api->in_flight--;
		c->request = NULL;
		call_let_go(c);
	}
}

static void
send_answer(
    struct api_call *c, enum answer_kind kind, int status, const char *type, struct buf *bytes)
{
	struct answer *a;

	if (c->ended) {
		if (bytes != NULL)
			buf_done(bytes);
		return;
	}
	a = mem_zalloc(sizeof(*a));
	a->call = c;
	a->kind = kind;
	a->status = status;
	snprintf(a->content_type, sizeof(a->content_type), "%s", type);
	if (c->etag[0] != '\0')
		snprintf(a->etag, sizeof(a->etag), "\"%s\"", c->etag);
	snprintf(a->location, sizeof(a->location), "%s", c->location);
	a->replayed = c->replayed;
	if (bytes != NULL)
		a->bytes = *bytes;
	if (kind == ANSWER_WRITE)
		atomic_fetch_add(&c->queued, a->bytes.len);
	c->ended = is_last(kind);
	loop_post(c->owner, deliver, a);
	if (c->ended)
		call_let_go(c);
}

void
reply_bytes(struct api_call *c, int status, struct buf *bytes)
{
	if (!c->ended && once_keeps(c, status, bytes))
		return; /* and comes back with it */
	send_answer(c, ANSWER_WHOLE, status, "application/json", bytes);
}

void
reply_json(struct api_call *c, int status, cJSON *json)
{
	struct buf b = { 0 };
	_cleanup_free_ char *text = json_print(json);

	call_describe(c, status, json);
	cJSON_Delete(json);
	if (status == 200 && call_has_it(c)) {
		send_answer(c, ANSWER_WHOLE, 304, "", NULL);
		return;
	}
	buf_add_str(&b, text);
	buf_add_char(&b, '\n');
	reply_bytes(c, status, &b);
}

static void
reply_text(struct api_call *c, enum wire_code code, const char *param, const char *text)
{
	struct buf b = { 0 };

	envelope_add(&b, code, text, param, c->request_id, NULL);
	reply_bytes(c, wire_code_info(code)->status, &b);
}

void
reply_error(struct api_call *c, const struct error *err)
{
	/* The one place of the control API that can fail so is the database. */
	reply_text(
	    c, err->kind == ERROR_IO ? CODE_LOW_DISK : wire_code_of(err->kind), NULL, err->text);
}

void
reply_code(struct api_call *c, enum wire_code code, const char *param, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply_text(c, code, param, text);
}

void
reply_made(struct api_call *c, int status, const char *content_type, struct buf *body)
{
	send_answer(c, ANSWER_WHOLE, status, content_type, body);
	*body = (struct buf){ 0 };
}

void
reply_empty(struct api_call *c, int status)
{
	send_answer(c, ANSWER_WHOLE, status, "text/plain", NULL);
}

void
reply_begin(struct api_call *c, const char *content_type)
{
	once_drop(c); /* a stream is not kept */
	send_answer(c, ANSWER_BEGIN, 200, content_type, NULL);
}

void
reply_write(struct api_call *c, const char *bytes, size_t len)
{
	struct buf b = { 0 };

	buf_add(&b, bytes, len);
	send_answer(c, ANSWER_WRITE, 200, "", &b);
}

void
reply_end(struct api_call *c)
{
	send_answer(c, ANSWER_END, 200, "", NULL);
}

void
reply_cut(struct api_call *c)
{
	send_answer(c, ANSWER_CUT, 200, "", NULL);
}

bool
call_reads(const struct api_call *c)
{
	return strcmp(c->method, "GET") == 0 || strcmp(c->method, "HEAD") == 0;
}

bool
call_is_behind(const struct api_call *c)
{
	return atomic_load(&c->full) || atomic_load(&c->queued) > BEHIND_BYTES;
}

/* ---- owner to control loop ---- */

static void
tell_gone(void *arg)
{
	struct api_call *c = arg;

	c->gone = true;
	if (!c->ended && c->on_gone != NULL)
		c->on_gone(c, c->arg);
	call_let_go(c);
}

static void
client_gone(struct http_request *req, void *arg)
{
	struct api_call *c = arg;

	(void)req;
	c->request = NULL;
	/* The message is a third holder: the handler may let go before it arrives. */
	call_hold(c);
	loop_post(c->control, tell_gone, c);
}

static void
client_drained(struct http_request *req, void *arg)
{
	struct api_call *c = arg;

	(void)req;
	atomic_store(&c->full, false);
}

struct start {
	struct api_call *call;
	void (*handle)(struct api_call *);
};

static void
run_handler(void *arg)
{
	struct start *s = arg;

	call_handle(s->call, s->handle);
	free(s);
}

void
call_start(struct api *api, struct loop *control, struct http_request *req, const char *actor,
    void (*handle)(struct api_call *))
{
	static const struct http_request_events events = { .on_gone = client_gone,
		.on_drain = client_drained };
	struct api_call *c = mem_zalloc(sizeof(*c));
	struct start *s = mem_zalloc(sizeof(*s));

	c->api = api;
	api->in_flight++;
	c->accepted_us = req->accepted_us;
	c->owner = req->loop;
	c->control = control;
	c->request = req;
	c->sides = 2;
	snprintf(c->method, sizeof(c->method), "%s", req->method);
	snprintf(c->request_id, sizeof(c->request_id), "%s", req->id);
	snprintf(c->actor, sizeof(c->actor), "%s", actor);
	snprintf(c->client, sizeof(c->client), "%s", req->client);
	c->path = str_dup(req->path);
	c->query = str_dup(req->query);
	c->idempotency_key = str_dup(http_header_get(req, "idempotency-key"));
	if (http_header_count(req, "idempotency-key") > 1)
		str_replace(&c->idempotency_key, ""); /* none that could be meant */
	c->if_match = str_dup(http_header_get(req, "if-match"));
	c->if_none_match = str_dup(http_header_get(req, "if-none-match"));
	c->body_fd = TAKE_FD(req->body_fd);
	c->body_bytes = req->body_bytes;
	c->body_len = req->body.len;
	c->body = str_ndup(buf_str(&req->body), req->body.len);
	http_request_watch(req, &events, c);
	s->call = c;
	s->handle = handle;
	loop_post(control, run_handler, s);
}

/* ---- queries ---- */

char *
call_query(const struct api_call *c, const char *key)
{
	const size_t n = strlen(key);
	char *value = NULL;

	for (const char *at = c->query; *at != '\0'; at += strcspn(at, "&"), at += *at == '&') {
		const size_t len = strcspn(at, "&");

		if (len > n && strncmp(at, key, n) == 0 && at[n] == '=') {
			url_decode(at + n + 1, len - n - 1, &value);
			return value;
		}
	}
	return NULL;
}

/* Is it one of the words? */
static bool
is_among(const char *words, const char *key, size_t len)
{
	for (; *words != '\0'; words += strcspn(words, " "), words += *words == ' ')
		if (strcspn(words, " ") == len && strncmp(words, key, len) == 0)
			return true;
	return false;
}

bool
call_known_keys(struct api_call *c, const char *query, const char *body)
{
	const cJSON *item;

	for (const char *at = c->query; *at != '\0'; at += strcspn(at, "&"), at += *at == '&') {
		const size_t len = strcspn(at, "=&"), value = len + (at[len] == '=');
		_cleanup_free_ char *decoded = NULL;

		if (!is_among(query, at, len)) {
			reply_code(c, CODE_UNKNOWN_PARAMETER, NULL,
			    "Unknown query parameter '%.*s'.", (int)(len < 64 ? len : 64), at);
			return false;
		}
		if (url_decode(at + value, strcspn(at, "&") - value, &decoded) < 0) {
			reply_code(c, CODE_INVALID_VALUE, NULL,
			    "The value of query parameter '%.*s' is not well encoded.", (int)len,
			    at);
			return false;
		}
	}
	json_for_each(item, c->json)
		if (!is_among(body, item->string, strlen(item->string))) {
			reply_code(c, CODE_UNKNOWN_PARAMETER, item->string,
			    "Unknown field '%.64s'.", item->string);
			return false;
		}
	return true;
}

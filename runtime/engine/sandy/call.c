/*
 * call.c - one HTTP call to the service, and the wait before the next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"
#include "runtime/net/http_client.h"

#define CONNECT_MS 10000
#define CALL_MS 30000
#define REPLY_MAX_BYTES (16u << 20)
#define PAUSE_FIRST_MS 500
#define PAUSE_MAX_MS 15000
#define SLICE_MS 100

char *
sandy_path(const char *id, const char *what, struct error *err)
{
	const size_t len = strlen(id);

	if (len == 0 || len >= SANDY_ID_MAX || id[0] == '.' ||
	    strspn(id,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != len) {
		error_set(err, ERROR_INVALID, "'%.40s' is not the id of a sandbox", id);
		return NULL;
	}
	return str_printf("/api/sandboxes/%s%s", id, what);
}

int
sandy_call(const struct sandy *s, const char *method, const char *path, const char *json,
    struct http_call *call, struct error *err)
{
	const size_t len = strlen(s->base_url);
	_cleanup_free_ char *url = str_printf("%.*s%s",
	    (int)(len > 0 && s->base_url[len - 1] == '/' ? len - 1 : len), s->base_url, path);
	_cleanup_free_ char *key =
	    str_printf("Authorization: Bearer %s", s->key != NULL ? s->key : "");
	_cleanup_free_ char *id =
	    s->request_id != NULL ? str_printf("X-Request-Id: %s", s->request_id) : NULL;
	const char *headers[5] = { "Accept: application/json, text/event-stream, */*" };
	size_t n = 1;
	int status;

	if (s->key != NULL && s->key[0] != '\0')
		headers[n++] = key;
	if (id != NULL)
		headers[n++] = id;
	if (json != NULL)
		headers[n++] = "Content-Type: application/json";
	call->method = method;
	call->url = url;
	call->headers = headers;
	call->body = json != NULL ? json : "";
	call->body_len = json != NULL ? strlen(json) : 0;
	if (call->connect_ms == 0)
		call->connect_ms = CONNECT_MS;
	if (call->total_ms == 0 && call->stall_ms == 0)
		call->total_ms = CALL_MS;
	if (call->max_body == 0)
		call->max_body = REPLY_MAX_BYTES;
	call->use_proxy_env = true;
	buf_clear(&call->reply);
	status = http_call(call, err);
	call->url = NULL;
	call->headers = NULL;
	call->body = NULL;
	explicit_bzero(key, strlen(key));
	return status;
}

int
sandy_call_ok(const struct sandy *s, const char *method, const char *path, const char *json,
    struct http_call *call, const char *what, struct error *err)
{
	if (sandy_call(s, method, path, json, call, err) < 0)
		return error_add(err, "Sandy: %s", what);
	if (call->status < 200 || call->status >= 300)
		return sandy_refusal(
		    err, call->status, buf_str(&call->reply), call->reply.len, what);
	return 0;
}

int
sandy_pause(const struct sandy *s, int tried, int retry_after_s, const atomic_bool *cancel,
    struct error *err)
{
	int64_t ms = s->retry_first_ms > 0 ? s->retry_first_ms : PAUSE_FIRST_MS;

	for (int i = 1; i < tried && ms < PAUSE_MAX_MS; i++)
		ms *= 2;
	ms += clock_now_us() % (ms / 4 + 1); /* not all at the same moment */
	if (retry_after_s > 0 && ms < (int64_t)retry_after_s * 1000)
		ms = (int64_t)retry_after_s * 1000;
	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	for (const int64_t until_ms = clock_now_ms() + ms;;) {
		const int64_t left_ms = until_ms - clock_now_ms();
		const int64_t slice_ms = left_ms < SLICE_MS ? left_ms : SLICE_MS;
		const struct timespec slice = { 0, slice_ms * 1000000 };

		if (cancel != NULL && atomic_load(cancel))
			return error_set(err, ERROR_CANCELLED, "Sandy: no longer wanted");
		if (left_ms <= 0)
			return 0;
		nanosleep(&slice, NULL);
	}
}

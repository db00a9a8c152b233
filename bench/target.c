/*
 * target.c - its address, its heads, and what it says beside chats.
 */
#include "bench/target.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"

#define CALL_MS 10000
#define MODELS_MAX_BYTES (4 << 20)
#define RECORD_MAX_BYTES (4 << 20)
#define RECORD_WAIT_MS 5000
#define RECORD_AGAIN_MS 50
#define CHAT_PATH "/chat/completions"

/* What stands behind OpenAI's own client; it is in every request that one sends. */
#define USER_AGENT "OpenAI/Python 1.109.1"

int
target_init(struct target *t, const char *text, const char *key, struct error *err)
{
	struct target made = { 0 };
	const char *path;

	if (key != NULL && strpbrk(key, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "the API key holds a line break");
	if (str_starts(text, "unix://")) {
		path = text + strlen("unix://");
		if (path[0] != '/')
			return error_set(err, ERROR_INVALID, "target '%.80s': unix:///path", text);
		if (url_parse("http://localhost", &made.url, err) < 0)
			return -1;
		made.socket = str_dup(path);
	} else if (url_parse(text, &made.url, err) < 0) {
		return error_add(err, "target");
	}
	path = str_eq(made.url.path, "/") ? "" : made.url.path;
	size_t len = strlen(path);
	if (str_ends(path, CHAT_PATH))
		len -= strlen(CHAT_PATH);
	const bool has_v1 = len >= 3 && strncmp(path + len - 3, "/v1", 3) == 0;
	snprintf(made.base, sizeof(made.base), "%.*s%s", (int)len, path, has_v1 ? "" : "/v1");
	made.text = str_dup(text);
	made.key = key == NULL || key[0] == '\0' ? NULL : str_dup(key);
	*t = made;
	return 0;
}

void
target_done(struct target *t)
{
	free(t->text);
	free(t->socket);
	free(t->key);
	*t = (struct target){ 0 };
}

static void
add_host(const struct target *t, struct buf *out)
{
	const bool v6 = strchr(t->url.host, ':') != NULL;

	buf_printf(out, "%s%s%s", v6 ? "[" : "", t->url.host, v6 ? "]" : "");
	if (t->url.port != (t->url.tls ? 443 : 80))
		buf_printf(out, ":%d", t->url.port);
}

void
target_head(const struct target *t, const char *path, size_t len, struct buf *out)
{
	buf_printf(out, "POST %s%s HTTP/1.1\r\nhost: ", t->base, path);
	add_host(t, out);
	buf_add_str(out,
	    "\r\nconnection: keep-alive\r\naccept: application/json\r\n"
	    "content-type: application/json\r\nuser-agent: " USER_AGENT "\r\n");
	if (t->key != NULL)
		buf_printf(out, "authorization: Bearer %s\r\n", t->key);
	buf_printf(out, "accept-encoding: identity\r\ncontent-length: %zu\r\n\r\n", len);
}

int
target_call(const struct target *t, const char *method, const char *path, const char *json,
    struct http_call *call, struct error *err)
{
	_cleanup_buf_ struct buf url = { 0 };
	_cleanup_free_ char *auth =
	    t->key == NULL ? NULL : str_printf("authorization: Bearer %s", t->key);
	const char *headers[5] = { "accept: */*", "user-agent: " USER_AGENT };
	size_t n = 2;

	if (auth != NULL)
		headers[n++] = auth;
	if (json != NULL)
		headers[n] = "content-type: application/json";
	buf_printf(&url, "%s://", t->url.tls ? "https" : "http");
	add_host(t, &url);
	buf_add_str(&url, path);
	call->method = method;
	call->url = buf_str(&url);
	call->unix_socket = t->socket;
	call->headers = headers;
	call->body = json;
	call->body_len = json == NULL ? 0 : strlen(json);
	if (call->total_ms == 0)
		call->total_ms = CALL_MS;
	const int rc = http_call(call, err);
	call->url = NULL;
	call->headers = NULL;
	return rc;
}

bool
target_models_parse(const char *json, size_t len, char model[TARGET_MODEL_MAX], bool *is_janus)
{
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *m;
	const char *first = NULL;
	bool has_janus = false;

	*is_janus = false;
	if (json_parse(json, len, &tree, NULL) < 0)
		return false;
	json_for_each(m, json_get(tree, "data")) {
		const char *id = json_str(m, "id");

		if (id == NULL)
			continue;
		first = first == NULL ? id : first;
		has_janus |= str_eq(id, "janus");
		*is_janus |= cJSON_IsObject(json_get(m, "janus"));
	}
	str_copy(model, TARGET_MODEL_MAX, has_janus ? "janus" : first);
	return first != NULL;
}

/* May what became of a chat be read?  A request that cannot be there is not found, or not allowed. */
static bool
keeps_records(const struct target *t)
{
	struct http_call call = { 0 };
	const int rc = target_call(
	    t, "GET", "/api/v1/requests/req_00000000000000000000000000", NULL, &call, NULL);

	buf_done(&call.reply);
	return rc == 0 && call.status == 404;
}

int
target_meet(struct target *t, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/models", t->base);
	struct http_call call = { .max_body = MODELS_MAX_BYTES };
	char first[TARGET_MODEL_MAX] = "";
	bool listed = false;
	int rc = target_call(t, "GET", path, NULL, &call, err);

	if (rc == 0 && call.status == 200)
		listed =
		    target_models_parse(buf_str(&call.reply), call.reply.len, first, &t->is_janus);
	buf_done(&call.reply);
	if (rc < 0 && err->kind == ERROR_UPSTREAM)
		rc = 0; /* odd there; the chats will tell */
	if (rc < 0)
		return error_set(
		    err, ERROR_UNAVAILABLE, "target_down: nobody answers at %.100s", t->text);
	if (call.status == 401)
		return error_set(err, ERROR_DENIED, "%s does not take the key%s", t->text,
		    t->key == NULL ? ": none was given" : "");
	if (t->model[0] == '\0') {
		if (!listed)
			return error_set(err, ERROR_INVALID,
			    "%.100s lists no model: say which with --model", t->text);
		str_copy(t->model, sizeof(t->model), first);
	}
	t->has_records = t->is_janus && keeps_records(t);
	return 0;
}

void
target_record_parse(const char *json, size_t len, struct target_record *out)
{
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *measured;

	*out = (struct target_record){ .cost_micro_usd = -1 };
	if (json_parse(json, len, &tree, NULL) < 0 || json_str(tree, "id") == NULL)
		return;
	out->found = true;
	str_copy(out->fault, sizeof(out->fault), json_str(tree, "fault"));
	str_copy(out->code, sizeof(out->code), json_str(tree, "code"));
	out->queue_ms = json_int(tree, "queue_ms", 0);
	measured = json_get(tree, "measured");
	/* A call of unknown price makes the sum less than the truth: it is no sum then. */
	if (json_int(measured, "calls_of_unknown_price", 1) == 0) {
		const double usd = json_num(measured, "cost_usd", -1);

		if (usd >= 0)
			out->cost_micro_usd = (int64_t)(usd * 1e6 + 0.5);
	}
}

void
target_record_of(const struct target *t, const char *request_id, struct target_record *out)
{
	_cleanup_free_ char *path = NULL;
	const int64_t until_ms = clock_now_ms() + RECORD_WAIT_MS;

	*out = (struct target_record){ .cost_micro_usd = -1 };
	if (!t->has_records || !id_request_valid(request_id))
		return;
	path = str_printf("/api/v1/requests/%s", request_id);
	for (;;) {
		struct http_call call = { .max_body = RECORD_MAX_BYTES };
		const int rc = target_call(t, "GET", path, NULL, &call, NULL);

		if (rc == 0 && call.status == 200)
			target_record_parse(buf_str(&call.reply), call.reply.len, out);
		buf_done(&call.reply);
		/* It is written when the chat is over, which may be after its last byte; and who died meanwhile
		 * may be back at once. */
		if ((rc == 0 && call.status != 404) || clock_now_ms() >= until_ms)
			return;
		poll(NULL, 0, RECORD_AGAIN_MS);
	}
}

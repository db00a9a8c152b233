/*
 * words.c - what the service answers, understood: keys in two spellings, JSON or not.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"

/* The first of two or three spellings that is a string. */
static const char *
either(const cJSON *json, const char *a, const char *b, const char *c)
{
	const char *text = json_str(json, a);

	if (text == NULL && b != NULL)
		text = json_str(json, b);
	return text == NULL && c != NULL ? json_str(json, c) : text;
}

/* ISO-8601 that may lack its zone, which is then UTC. 0: none. */
static int64_t
read_time(const char *text)
{
	char with_zone[64];
	int64_t ms;

	if (text == NULL || strlen(text) > 48)
		return 0;
	ms = clock_parse(text);
	if (ms >= 0)
		return ms;
	snprintf(with_zone, sizeof(with_zone), "%sZ", text);
	ms = clock_parse(with_zone);
	return ms > 0 ? ms : 0;
}

int
sandy_box_parse(const char *body, size_t len, struct sandy_box *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	struct sandy_box box = { .status = "running" };
	const char *id, *url, *status;
	int64_t left_s;

	if (json_parse(body, len, &json, NULL) < 0 || !cJSON_IsObject(json))
		return error_set(
		    err, ERROR_UPSTREAM, "Sandy: what it says of a sandbox is no JSON");
	id = either(json, "sandboxId", "sandbox_id", "id");
	_cleanup_free_ char *path = id != NULL ? sandy_path(id, "", NULL) : NULL;
	if (path == NULL)
		return error_set(err, ERROR_UPSTREAM, "Sandy: a sandbox without an id");
	snprintf(box.id, sizeof(box.id), "%s", id);
	url = either(json, "url", "public_url", "sandbox_url");
	if (url != NULL && strlen(url) < sizeof(box.url))
		snprintf(box.url, sizeof(box.url), "%s", url);
	status = json_str(json, "status");
	if (status != NULL)
		snprintf(box.status, sizeof(box.status), "%s", status);
	box.timeout_at_ms = read_time(either(json, "timeoutAt", "timeout_at", NULL));
	left_s = json_int(json, "ttlRemaining", json_int(json, "ttl_remaining", 0));
	if (box.timeout_at_ms == 0 && left_s > 0 && left_s < 31536000)
		box.timeout_at_ms = clock_wall_ms() + left_s * 1000;
	*out = box;
	return 0;
}

int
sandy_result_parse(const char *body, size_t len, struct sandy_result *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *code;
	const char *text;

	if (json_parse(body, len, &json, NULL) < 0 || !cJSON_IsObject(json))
		return error_set(err, ERROR_UPSTREAM, "Sandy: the answer to a command is no JSON");
	code = json_get(json, "exitCode");
	if (!cJSON_IsNumber(code))
		code = json_get(json, "exit_code");
	if (!cJSON_IsNumber(code) || code->valuedouble != code->valueint)
		return error_set(
		    err, ERROR_UPSTREAM, "Sandy: the answer to a command has no exit code");
	out->exit_code = code->valueint;
	if ((text = json_str(json, "stdout")) != NULL)
		buf_add_str(&out->out, text);
	if ((text = json_str(json, "stderr")) != NULL)
		buf_add_str(&out->err, text);
	return 0;
}

bool
sandy_result_warming(const struct sandy_result *r)
{
	return r->exit_code != 0 &&
	    (strstr(buf_str(&r->err), "vsock handshake failed") != NULL ||
		strstr(buf_str(&r->err), "agent not ready") != NULL);
}

static int
add_base64(struct buf *out, const char *text, struct error *err)
{
	_cleanup_buf_ struct buf plain = { 0 };
	size_t pad;
	int n;

	for (; *text != '\0'; text++)
		if (*text != '\n' && *text != '\r')
			buf_add_char(&plain, *text);
	pad = str_ends(buf_str(&plain), "==") ? 2 : str_ends(buf_str(&plain), "=") ? 1 : 0;
	if (plain.len % 4 != 0 || plain.len > INT32_MAX)
		return error_set(err, ERROR_UPSTREAM, "Sandy: a file in base64 that is none");
	if (plain.len == 0)
		return 0;
	_cleanup_free_ unsigned char *bytes = mem_zalloc(plain.len);
	n = EVP_DecodeBlock(bytes, (const unsigned char *)plain.data, (int)plain.len);
	if (n < 0 || (size_t)n < pad)
		return error_set(err, ERROR_UPSTREAM, "Sandy: a file in base64 that is none");
	buf_add(out, bytes, (size_t)n - pad);
	return 0;
}

int
sandy_file_parse(
    const char *content_type, const char *body, size_t len, struct buf *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const char *content;

	if (!str_starts(content_type, "application/json")) {
		buf_add(out, body, len);
		return 0;
	}
	if (json_parse(body, len, &json, NULL) < 0 || (content = json_str(json, "content")) == NULL)
		return error_set(err, ERROR_UPSTREAM, "Sandy: a file without content");
	if (str_eq(json_str(json, "encoding"), "base64"))
		return add_base64(out, content, err);
	buf_add_str(out, content);
	return 0;
}

int
sandy_stats_parse(
    const char *body, size_t len, const char *id, struct pod_use *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *list, *item;

	if (json_parse(body, len, &json, NULL) < 0)
		return error_set(err, ERROR_UPSTREAM, "Sandy: its statistics are no JSON");
	list = json;
	if (cJSON_IsObject(json)) /* under a name, or by id */
		list = json_get(json, "stats") != NULL    ? json_get(json, "stats")
		    : json_get(json, "sandboxes") != NULL ? json_get(json, "sandboxes")
							  : json;
	json_for_each(item, list) {
		if (!str_eq(either(item, "sandbox_id", "sandboxId", "id"), id))
			continue;
		*out = (struct pod_use){
			.memory_bytes = json_int(item, "memory_usage_bytes", 0),
			.memory_limit_bytes = json_int(item, "memory_limit_bytes", 0),
			.cpu_cores = json_num(item, "cpu_cores_used", 0),
		};
		return 0;
	}
	return error_set(err, ERROR_NOT_FOUND, "Sandy: no statistics of sandbox %.60s", id);
}

int
sandy_refusal(struct error *err, int status, const char *body, size_t len, const char *what)
{
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_buf_ struct buf plain = { 0 };
	const char *words = NULL;
	const enum error_kind kind = status == 404 || status == 410 ? ERROR_NOT_FOUND
	    : status == 401 || status == 403                        ? ERROR_DENIED
	    : status == 408 || status == 504                        ? ERROR_TIMEOUT
	    : status == 413                                         ? ERROR_TOO_BIG
	    : status == 409                                         ? ERROR_CONFLICT
	    : status == 429 || status == 503                        ? ERROR_BUSY
	    : status >= 500                                         ? ERROR_UNAVAILABLE
	    : status >= 400                                         ? ERROR_INVALID
								    : ERROR_UPSTREAM;

	if (json_parse(body, len, &json, NULL) == 0) {
		const cJSON *error = json_get(json, "error");

		words = cJSON_IsString(error) ? error->valuestring : json_str(error, "message");
		if (words == NULL)
			words = either(json, "message", "detail", NULL);
	}
	if (words != NULL)
		str_add_escaped(&plain, words, strnlen(words, 160));
	else
		str_add_escaped(&plain, body, len < 80 ? len : 80);
	return error_set(err, kind, "Sandy: %s: status %d%s%s", what, status,
	    plain.len > 0 ? ": " : "", buf_str(&plain));
}

/* ---- an agent's stream ---- */

static void
read_complete(const cJSON *json, struct sandy_outcome *out)
{
	const int64_t code = json_int(json, "exitCode", json_int(json, "exit_code", -1));

	out->success = json_bool(json, "success", code == 0);
	out->exit_code = code >= -1 && code <= 255 ? (int)code : -1;
	out->cancelled = json_bool(json, "cancelled", false);
	out->duration_s = json_num(json, "duration", 0);
}

int
sandy_event_take(
    const char *data, size_t len, sandy_event_fn *fn, void *arg, struct sandy_outcome *out)
{
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_free_ char *plain = NULL;
	struct sandy_event e = { .type = "", .text = "" };

	if (json_parse(data, len, &json, NULL) < 0 || !cJSON_IsObject(json) ||
	    json_str(json, "type") == NULL) {
		plain = str_ndup(data, len); /* text of the agent's, as it is */
		e.text = plain;
	} else {
		const char *text;

		e.json = json;
		e.type = json_str(json, "type");
		text = either(json, "text", "error", "message");
		e.text = text != NULL ? text : "";
	}
	if (strcmp(e.type, "error") == 0)
		snprintf(out->error, sizeof(out->error), "%s", e.text);
	if (fn != NULL && fn(&e, arg) < 0)
		return -1;
	if (strcmp(e.type, "complete") != 0)
		return 0;
	read_complete(json, out);
	return 1;
}

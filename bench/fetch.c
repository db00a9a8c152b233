/*
 * fetch.c - look for descriptors, get their bytes.
 */
#include "bench/fetch.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/record/attempt.h"
#include "bench/session.h"
#include "bench/verdict.h"
#include "bench/wire.h"
#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/data_url.h"
#include "runtime/net/http_client.h"
#include "runtime/net/sse.h"

#define ALL_FILES_MAX (64 << 20)
#define FETCH_MS 30000
#define ANSWER_JSON_MAX (WIRE_ANSWER_MAX)

/* ---- descriptors ---- */

static bool
is_known(const cJSON *list, const char *url)
{
	const cJSON *d;

	json_for_each(d, list) {
		if (str_eq(json_str(d, "url"), url))
			return true;
	}
	return false;
}

static void
take_one(const cJSON *d, cJSON *out)
{
	const char *url = json_str(d, "url");

	if (url != NULL && !is_known(out, url) && cJSON_GetArraySize(out) < FETCH_FILES_MAX)
		cJSON_AddItemToArray(out, cJSON_Duplicate(d, true));
}

static void
take_list(const cJSON *list, cJSON *out)
{
	const cJSON *d;

	if (!cJSON_IsArray(list))
		return;
	json_for_each(d, list) {
		take_one(d, out);
	}
}

static void
take_event(const cJSON *janus, cJSON *out)
{
	const char *event = json_str(janus, "event");
	const cJSON *payload = json_get(janus, "payload");

	if (str_eq(event, "artifact") || str_eq(event, "artifacts")) {
		take_one(payload, out);
		take_list(payload, out);
		take_list(json_get(payload, "items"), out);
	}
	take_one(json_get(payload, "artifact"), out);
	take_list(json_get(payload, "artifacts"), out);
}

static void
take_answer(const char *json, size_t len, cJSON *out)
{
	static const char *const places[] = { "delta", "message" };
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *choice;

	if (memmem(json, len, "artifact", 8) == NULL || json_parse(json, len, &tree, NULL) < 0)
		return;
	json_for_each(choice, json_get(tree, "choices")) {
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			const cJSON *place = json_get(choice, places[i]);

			take_list(json_get(place, "artifacts"), out);
			take_event(json_get(place, "janus"), out);
		}
	}
}

static void
on_event(const struct sse_event *e, void *arg)
{
	take_answer(e->data, e->data_len, arg);
}

/* The body of one turn: events, or one JSON object. */
static void
take_turn(const struct attempt *a, size_t from, size_t to, cJSON *out)
{
	struct sse_parser events = { .max_bytes = ANSWER_JSON_MAX };
	_cleanup_buf_ struct buf whole = { 0 };
	bool is_stream = false;

	for (size_t i = from; i < to; i++) {
		const struct frame *f = &a->frames[i];
		char type[64];

		if (f->kind == FRAME_HEAD) {
			wire_header(
			    f->bytes.data, f->bytes.len, "content-type", type, sizeof(type));
			is_stream = str_starts(type, "text/event-stream");
		} else if (f->kind == FRAME_BODY && is_stream) {
			sse_feed(&events, f->bytes.data, f->bytes.len, on_event, out, NULL);
		} else if (f->kind == FRAME_BODY) {
			buf_add(&whole, f->bytes.data, f->bytes.len);
		}
	}
	sse_done(&events);
	if (whole.len > 0)
		take_answer(whole.data, whole.len, out);
}

cJSON *
fetch_descriptors(const struct attempt *a)
{
	cJSON *out = cJSON_CreateArray();

	for (size_t from = 0, to; from < a->nframes; from = to) {
		for (to = from; to < a->nframes && a->frames[to].turn == a->frames[from].turn; to++)
			;
		take_turn(a, from, to, out);
	}
	return out;
}

/* ---- bytes ---- */

char *
fetch_path(const struct target *t, const char *url)
{
	char *origin;
	const char *path = url;

	for (const char *c = url; *c != '\0'; c++)
		if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
			return NULL;
	if (str_starts(url, "http://") || str_starts(url, "https://")) {
		const bool v6 = strchr(t->url.host, ':') != NULL;
		const bool plain = t->url.port == (t->url.tls ? 443 : 80);
		char port[16] = "";
		size_t len;

		if (t->socket != NULL)
			return NULL;
		if (!plain)
			snprintf(port, sizeof(port), ":%d", t->url.port);
		origin = str_printf("%s://%s%s%s%s", t->url.tls ? "https" : "http", v6 ? "[" : "",
		    t->url.host, v6 ? "]" : "", port);
		len = strlen(origin);
		path = strncmp(url, origin, len) == 0 && url[len] == '/' ? url + len : NULL;
		free(origin);
	}
	/* "//host/x" would be another host's. */
	return path == NULL || path[0] != '/' || path[1] == '/' ? NULL : str_dup(path);
}

static int
unescape(const char *text, size_t max, struct buf *out)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (out->len == max)
			return -1;
		if (*c == '%') {
			const int high = str_hex_digit(c[1]);
			const int low = high < 0 ? -1 : str_hex_digit(c[2]);

			if (low < 0)
				return -1;
			buf_add_char(out, (char)(high * 16 + low));
			c += 2;
		} else {
			buf_add_char(out, *c);
		}
	}
	return 0;
}

int
fetch_data_url(const char *url, size_t max, struct buf *out)
{
	static const char marker[] = ";base64";
	const size_t len = strlen(url), n = sizeof(marker) - 1;
	_cleanup_buf_ struct buf text = { 0 };

	if (!data_url_is(url, len) || data_url_wrong(url, len, max) != NULL)
		return -1;
	const char *comma = strchr(url, ',');
	const bool is_base64 = (size_t)(comma - url) > n && strncasecmp(comma - n, marker, n) == 0;
	if (unescape(comma + 1, is_base64 ? len : max, &text) < 0)
		return -1;
	if (is_base64)
		return base64_decode(out, buf_str(&text), text.len);
	buf_add(out, text.data, text.len);
	return 0;
}

/* 1: it came; 0: it cannot be had; -1 with err: it may be there, and Janus did not give it. */
static int
get(const struct session *s, const char *url, struct buf *out, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	struct http_call call = {
		.total_ms = FETCH_MS, .max_body = FETCH_FILE_MAX, .cancel = &s->stop
	};
	struct error why = { 0 };

	if (data_url_is(url, strlen(url)))
		return fetch_data_url(url, FETCH_FILE_MAX, out) == 0;
	path = fetch_path(s->target, url);
	if (path == NULL)
		return 0;
	const int rc = target_call(s->target, "GET", path, NULL, &call, &why);
	if (rc == 0 && call.status == 200) {
		buf_add(out, call.reply.data, call.reply.len);
		buf_done(&call.reply);
		return 1;
	}
	buf_done(&call.reply);
	if (!s->target->is_janus || (rc < 0 && why.kind == ERROR_TOO_BIG) ||
	    (rc == 0 && call.status < 500))
		return 0;
	return rc < 0 ? error_set(err, why.kind, "%s", why.text)
		      : error_set(err, ERROR_UPSTREAM, "status %d", call.status);
}

static void
keep(struct attempt *a, const cJSON *d, struct buf *bytes)
{
	const char *said = json_str(d, "sha256"), *name = json_str(d, "display_name");
	struct attempt_file *f;

	a->files = mem_realloc(a->files, (a->nfiles + 1) * sizeof(*a->files));
	f = &a->files[a->nfiles++];
	*f = (struct attempt_file){ .size = (int64_t)bytes->len,
		.said_size = json_int(d, "size_bytes", -1) };
	hash_sha256_hex(bytes->data != NULL ? bytes->data : "", bytes->len, f->sha256);
	if (said != NULL && str_starts(said, "sha256:"))
		said += strlen("sha256:");
	str_copy(f->said_sha256, sizeof(f->said_sha256), said);
	str_copy(f->name, sizeof(f->name), name != NULL ? name : json_str(d, "name"));
	str_copy(f->mime_type, sizeof(f->mime_type), json_str(d, "mime_type"));
	f->bytes = *bytes;
	*bytes = (struct buf){ 0 };
}

void
fetch_files(const struct session *s, int try, struct attempt *a, struct verdict *v)
{
	_cleanup_json_ cJSON *list = fetch_descriptors(a);
	const cJSON *d;
	size_t all = 0;

	json_for_each(d, list) {
		_cleanup_buf_ struct buf bytes = { 0 };
		struct error err = { 0 };
		const int rc = get(s, json_str(d, "url"), &bytes, &err);

		if (rc < 0 && err.kind == ERROR_CANCELLED) {
			*v = (struct verdict){ .what = VERDICT_SKIPPED };
			return;
		}
		if (rc < 0) {
			verdict_of_platform("platform", "artifact_unavailable", err.text, try, v);
			return;
		}
		all += bytes.len;
		if (rc > 0 && all <= ALL_FILES_MAX)
			keep(a, d, &bytes);
	}
}

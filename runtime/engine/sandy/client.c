/*
 * client.c - sandboxes, commands and files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"
#include "runtime/net/http_client.h"
#include "runtime/net/url.h"

#define CREATE_TRIES 5
#define CREATE_MS 120000 /* a cold microVM takes a minute and more */
#define EXEC_TRIES 5
#define EXEC_GRACE_MS 15000 /* beyond the command's own limit */
#define FILE_TRIES 3

static bool
passes(int status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* One call, again while what stands in its way may pass. Only for what may be done twice. */
static int
call_again(const struct sandy *s, const char *method, const char *path, const char *json,
    int64_t total_ms, int tries, const atomic_bool *cancel, const char *what,
    struct http_call *call, struct error *err)
{
	for (int tried = 1;; tried++) {
		struct error why = { 0 };

		call->total_ms = total_ms;
		call->cancel = cancel;
		const int rc = sandy_call_ok(s, method, path, json, call, what, &why);
		if (rc == 0)
			return 0;
		const bool again = call->status != 0
		    ? passes(call->status)
		    : why.kind == ERROR_UNAVAILABLE || why.kind == ERROR_UPSTREAM;
		if (!again || tried == tries)
			return error_set(err, why.kind, "%s", why.text);
		if (sandy_pause(s, tried, call->retry_after_s, cancel, err) < 0)
			return -1;
	}
}

/* ---- sandboxes ---- */

static char *
wish_json(const struct sandy_wish *w)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	json_add_int(json, "priority", w->priority);
	json_add_bool(json, "preemptable", w->preemptable);
	if (w->timeout_minutes > 0)
		json_add_int(json, "timeoutMinutes", w->timeout_minutes);
	if (w->docker)
		json_add_bool(json, "enableDockerSocket", true);
	if (w->no_cache)
		json_add_bool(json, "enableSharedCache", false);
	if (w->flavor != NULL && w->flavor[0] != '\0')
		json_add_str(json, "flavor", w->flavor);
	if (w->upstream != NULL && w->upstream[0] != '\0')
		json_add_str(json, "upstream", w->upstream);
	return json_print(json);
}

int
sandy_create(const struct sandy *s, const struct sandy_wish *w, const atomic_bool *cancel,
    struct sandy_box *out, struct error *err)
{
	_cleanup_free_ char *json = wish_json(w);
	struct http_call call = { 0 };
	int rc = call_again(s, "POST", "/api/sandboxes", json, CREATE_MS,
	    w->tries > 0 ? w->tries : CREATE_TRIES, cancel, "create a sandbox", &call, err);

	if (rc == 0)
		rc = sandy_box_parse(buf_str(&call.reply), call.reply.len, out, err);
	buf_done(&call.reply);
	return rc;
}

int
sandy_get(const struct sandy *s, const char *id, struct sandy_box *out, struct error *err)
{
	_cleanup_free_ char *path = sandy_path(id, "", err);
	struct http_call call = { 0 };
	int rc = path == NULL
	    ? -1
	    : call_again(s, "GET", path, NULL, 10000, 2, NULL, "look at a sandbox", &call, err);

	if (rc == 0)
		rc = sandy_box_parse(buf_str(&call.reply), call.reply.len, out, err);
	buf_done(&call.reply);
	return rc;
}

static int
post_plain(const struct sandy *s, const char *id, const char *to, const char *what, int tries,
    struct error *err)
{
	_cleanup_free_ char *path = sandy_path(id, to, err);
	struct http_call call = { 0 };
	const int rc = path == NULL
	    ? -1
	    : call_again(s, "POST", path, NULL, 30000, tries, NULL, what, &call, err);

	buf_done(&call.reply);
	return rc;
}

int
sandy_refresh(const struct sandy *s, const char *id, struct error *err)
{
	return post_plain(s, id, "/refresh", "refresh a sandbox", 3, err);
}

int
sandy_terminate(const struct sandy *s, const char *id, struct error *err)
{
	struct error why = { 0 };

	if (post_plain(s, id, "/terminate", "terminate a sandbox", 2, &why) == 0 ||
	    why.kind == ERROR_NOT_FOUND)
		return 0;
	return error_set(err, why.kind, "%s", why.text);
}

/* Not every build has a health route; a list of resources needs the key besides. */
static void
read_about(const cJSON *json, struct sandy_about *out)
{
	const char *name = json_str(json, "service"), *version = json_str(json, "version");
	const cJSON *wall;
	size_t at = 0;

	str_copy(out->name, sizeof(out->name), name != NULL ? name : "sandy");
	str_copy(out->version, sizeof(out->version), version != NULL ? version : "");
	out->enforced[0] = '\0';
	json_for_each(wall, json_get(json_get(json, "hosting"), "enforced"))
		if (cJSON_IsString(wall) && at < sizeof(out->enforced))
			at += (size_t)snprintf(out->enforced + at, sizeof(out->enforced) - at,
			    "%s%s", at > 0 ? ", " : "", wall->valuestring);
}

int
sandy_health(const struct sandy *s, struct sandy_about *out, struct error *err)
{
	struct http_call call = { .total_ms = 5000, .connect_ms = 2000 };
	_cleanup_json_ cJSON *json = NULL;
	int rc = sandy_call(s, "GET", "/api/resources", NULL, &call, err);

	if (rc < 0)
		error_add(err, "Sandy");
	else if (call.status != 404 && (call.status < 200 || call.status >= 300))
		rc = sandy_refusal(err, call.status, buf_str(&call.reply), call.reply.len,
		    "ask for its resources");
	if (rc == 0 && call.status != 404)
		json_parse(buf_str(&call.reply), call.reply.len, &json, NULL);
	if (rc == 0)
		read_about(json, out);
	buf_done(&call.reply);
	return rc;
}

/* ---- commands ---- */

void
sandy_result_done(struct sandy_result *r)
{
	buf_done(&r->out);
	buf_done(&r->err);
	r->exit_code = 0;
}

void
sandy_quote(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

static int
exec_once(const struct sandy *s, const char *path, const char *json, int64_t total_ms,
    const atomic_bool *cancel, int *status, struct sandy_result *out, struct error *err)
{
	struct http_call call = { .total_ms = total_ms, .cancel = cancel };
	int rc = sandy_call_ok(s, "POST", path, json, &call, "run a command", err);

	*status = call.status;
	if (rc == 0)
		rc = sandy_result_parse(buf_str(&call.reply), call.reply.len, out, err);
	buf_done(&call.reply);
	return rc;
}

int
sandy_exec(const struct sandy *s, const char *id, const char *command, int64_t timeout_ms,
    const atomic_bool *cancel, struct sandy_result *out, struct error *err)
{
	_cleanup_free_ char *path = sandy_path(id, "/exec", err), *json = NULL;
	_cleanup_json_ cJSON *body = cJSON_CreateObject();

	if (path == NULL)
		return -1;
	json_add_str(body, "command", command);
	json_add_int(body, "timeoutMs", timeout_ms);
	json = json_print(body);
	for (int tried = 1;; tried++) {
		struct sandy_result r = { 0 };
		struct error why = { 0 };
		int status = 0;
		const int rc =
		    exec_once(s, path, json, timeout_ms + EXEC_GRACE_MS, cancel, &status, &r, &why);

		/* 502 and 503 come from before the sandbox, 429 too: it has not run. */
		const bool again = rc == 0 ? sandy_result_warming(&r)
					   : status == 502 || status == 503 || status == 429;

		if (rc == 0 && !again) {
			*out = r;
			return 0;
		}
		sandy_result_done(&r);
		if (rc < 0 && (!again || tried == EXEC_TRIES))
			return error_set(err, why.kind, "%s", why.text);
		if (tried == EXEC_TRIES)
			return error_set(err, ERROR_UNAVAILABLE,
			    "Sandy: the sandbox did not become ready for commands");
		if (sandy_pause(s, tried, 0, cancel, err) < 0)
			return -1;
	}
}

/* ---- files ---- */

int
sandy_write(
    const struct sandy *s, const char *id, const char *path, const char *text, struct error *err)
{
	_cleanup_free_ char *to = sandy_path(id, "/files/write", err), *json = NULL;
	_cleanup_json_ cJSON *body = cJSON_CreateObject();
	struct http_call call = { 0 };

	if (to == NULL)
		return -1;
	if (!str_utf8_valid(text, strlen(text)))
		return error_set(err, ERROR_INVALID, "Sandy: a file is written as UTF-8 text");
	json_add_str(body, "path", path);
	json_add_str(body, "content", text);
	json = json_print(body);
	const int rc =
	    call_again(s, "POST", to, json, 30000, FILE_TRIES, NULL, "write a file", &call, err);
	buf_done(&call.reply);
	return rc;
}

static char *
with_path(const char *id, const char *what, const char *path, struct error *err)
{
	_cleanup_free_ char *to = sandy_path(id, what, err);
	struct buf out = { 0 };

	if (to == NULL)
		return NULL;
	buf_add_str(&out, to);
	if (path != NULL) {
		buf_add_str(&out, "?path=");
		url_encode(&out, path);
	}
	return buf_take(&out);
}

int
sandy_read(const struct sandy *s, const char *id, const char *path, size_t max, struct buf *out,
    struct error *err)
{
	_cleanup_free_ char *from = with_path(id, "/files/read", path, err);
	/* As JSON it may be quoted or in base64. */
	struct http_call call = { .max_body = max * 6 + 4096 };
	_cleanup_buf_ struct buf bytes = { 0 };
	int rc = from == NULL
	    ? -1
	    : call_again(s, "GET", from, NULL, 60000, FILE_TRIES, NULL, "read a file", &call, err);

	if (rc == 0)
		rc = sandy_file_parse(
		    call.content_type, buf_str(&call.reply), call.reply.len, &bytes, err);
	if (rc == 0 && bytes.len > max)
		rc = error_set(err, ERROR_TOO_BIG, "Sandy: a file is over %zu bytes", max);
	if (rc == 0)
		buf_add(out, bytes.data, bytes.len);
	buf_done(&call.reply);
	return rc;
}

int
sandy_list(
    const struct sandy *s, const char *id, const char *path, struct buf *out, struct error *err)
{
	_cleanup_free_ char *from = with_path(id, "/files/list", path, err);
	_cleanup_json_ cJSON *json = NULL;
	struct http_call call = { 0 };
	const cJSON *item;
	int rc = from == NULL
	    ? -1
	    : call_again(s, "GET", from, NULL, 30000, FILE_TRIES, NULL, "list files", &call, err);

	if (rc == 0 &&
	    (json_parse(buf_str(&call.reply), call.reply.len, &json, NULL) < 0 ||
		!cJSON_IsArray(json_get(json, "files"))))
		rc = error_set(err, ERROR_UPSTREAM, "Sandy: its list of files is none");
	json_for_each(item, json_get(json, "files"))
		if (cJSON_IsString(item))
			buf_printf(out, "%s\n", item->valuestring);
	buf_done(&call.reply);
	return rc;
}

int
sandy_stats(const struct sandy *s, const char *id, struct pod_use *out, struct error *err)
{
	_cleanup_free_ char *check = sandy_path(id, "", err), *path = NULL;
	struct http_call call = { 0 };
	int rc = -1;

	if (check == NULL)
		return -1;
	path = str_printf("/api/sandboxes/stats?ids=%s", id);
	rc = sandy_call_ok(s, "GET", path, NULL, &call, "ask what a sandbox uses", err);
	if (rc == 0)
		rc = sandy_stats_parse(buf_str(&call.reply), call.reply.len, id, out, err);
	buf_done(&call.reply);
	return rc;
}

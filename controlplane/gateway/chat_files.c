/*
 * chat_files.c - find the ids, read the files on a worker, splice them in.
 */
#include "controlplane/gateway/chat_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/artifacts/splice.h"
#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/chat.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/follow.h"
#include "runtime/base/base64.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/dialect.h"

#define FILES_MAX 64 /* in one request */

/* {messages:[{content:[{file:{file_id}}]}]} */
enum { DEPTH_MESSAGES = 1, DEPTH_CONTENT = 3, DEPTH_FILE = 5, DEPTH_ID = 6 };

struct wanted {
	struct spot member, id;
	bool has_name, has_data;
	size_t message, part;
	struct artifact row;
};
struct filing {
	struct gateway *gw;
	struct http_request *req; /* NULL: the client has gone */
	struct auth *auth; /* a reference */
	struct wanted at[FILES_MAX];
	size_t len;
	struct buf kept; /* the request's body: a worker reads it, even when the client has gone */
	const char *body;
	size_t body_len;
	struct wanted open; /* of the object that is being read */
	bool too_many;
	struct buf out; /* the worker's */
	struct error err;
};

static void
release(struct filing *f)
{
	auth_unref(f->auth);
	buf_done(&f->out);
	buf_done(&f->kept);
	free(f);
}

/* ---- what is asked for ---- */

static bool
is_file(const struct filing *f, const struct json_value *v)
{
	const struct json_value *content = v->depth == DEPTH_FILE ? v->parent->parent : NULL;

	return content != NULL && v->key_len > 0 && json_key_is(f->body, v, "file") &&
	    v->parent->key_len == 0 && content->key_len > 0 &&
	    json_key_is(f->body, content, "content") && content->parent->parent->key_len > 0 &&
	    json_key_is(f->body, content->parent->parent, "messages");
}

static int
on_value(const struct json_value *v, void *arg)
{
	struct filing *f = arg;

	if (v->depth == DEPTH_ID && v->key_len > 0 && is_file(f, v->parent)) {
		if (v->type == JSON_STRING && json_key_is(f->body, v, "file_id")) {
			f->open.id = (struct spot){ v->at, v->len };
			f->open.member =
			    (struct spot){ v->member_at, v->at + v->len - v->member_at };
		}
		f->open.has_name |= json_key_is(f->body, v, "filename") != 0;
		f->open.has_data |= json_key_is(f->body, v, "file_data") != 0;
	} else if (is_file(f, v)) {
		f->open.part = v->parent->index;
		f->open.message = v->parent->parent->parent->index;
		if (f->open.id.len > 0 && f->len < FILES_MAX)
			f->at[f->len++] = f->open;
		else if (f->open.id.len > 0)
			f->too_many = true;
		f->open = (struct wanted){ 0 };
	}
	return 0;
}

static void
refuse(const struct filing *f, const struct wanted *w, enum wire_code code, const char *text)
{
	char param[80];

	snprintf(
	    param, sizeof(param), "messages[%zu].content[%zu].file.file_id", w->message, w->part);
	answer_error(f->gw, f->req, GATEWAY_CHAT, code, NULL, param, "%s", text);
}

/* Are they the caller's, and will it all be small enough? False after an answer. */
static bool
find_all(struct filing *f)
{
	int64_t total = (int64_t)f->body_len;

	if (f->too_many) {
		refuse(f, &f->at[FILES_MAX - 1], CODE_INVALID_VALUE,
		    "A request has at most 64 uploaded files.");
		return false;
	}
	for (size_t i = 0; i < f->len; i++) {
		struct wanted *w = &f->at[i];
		_cleanup_free_ char *id = json_unquote(f->body + w->id.at, w->id.len);

		if (w->has_data) {
			refuse(f, w, CODE_INVALID_VALUE,
			    "A file is given by 'file_id' or by 'file_data', not by both.");
			return false;
		}
		if (!artifacts_get(f->gw->config.artifacts, id, &w->row) ||
		    w->row.purpose[0] == '\0' || strcmp(w->row.owner, follow_owner(f->req)) != 0) {
			refuse(f, w, CODE_RESOURCE_NOT_FOUND,
			    "You have no such file; POST /v1/files uploads one.");
			return false;
		}
		total += (w->row.size + 2) / 3 * 4 + 256;
		if (total > f->gw->config.body_bytes) {
			refuse(f, w, CODE_PAYLOAD_TOO_LARGE,
			    "With its files in it the request is larger than a chat may be.");
			return false;
		}
	}
	return true;
}

/* ---- their bytes ---- */

static int
read_all(int fd, const struct artifact *row, struct buf *out, struct error *err)
{
	_cleanup_buf_ struct buf bytes = { 0 };
	char *at = buf_reserve(&bytes, (size_t)row->size);
	int64_t have = 0;

	while (have < row->size) {
		const ssize_t n = pread(fd, at + have, (size_t)(row->size - have), have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, ERROR_IO, "file %s cannot be read", row->id);
		have += n;
	}
	base64_add(out, at, (size_t)row->size);
	return 0;
}

static void
work(void *arg)
{
	struct filing *f = arg;
	struct splices splices = { 0 };

	for (size_t i = 0; i < f->len; i++) {
		const struct wanted *w = &f->at[i];
		_cleanup_close_ int fd = artifacts_read(f->gw->config.artifacts, &w->row, &f->err);
		struct buf text = { 0 };

		if (fd < 0)
			break;
		if (!w->has_name) {
			buf_add_str(&text, "\"filename\":");
			json_add_quoted(&text, w->row.name, strlen(w->row.name));
			buf_add_char(&text, ',');
		}
		buf_printf(&text, "\"file_data\":\"data:%s;base64,", w->row.type);
		if (read_all(fd, &w->row, &text, &f->err) < 0) {
			buf_done(&text);
			break;
		}
		buf_add_char(&text, '"');
		splices_add(&splices, w->member, buf_take(&text));
	}
	if (splices.len == f->len)
		splices_write(&splices, f->body, f->body_len, &f->out);
	splices_done(&splices);
}

static void
done(void *arg)
{
	struct filing *f = arg;
	struct http_request *req = f->req;

	if (req == NULL) {
		release(f);
		return;
	}
	http_request_watch(req, NULL, NULL);
	f->gw->asking = req;
	if (f->out.len == 0) {
		answer_error(f->gw, req, GATEWAY_CHAT, CODE_INTERNAL, NULL, NULL,
		    "An uploaded file cannot be read any more; upload it again.");
	} else {
		req->body = f->out;
		f->out = (struct buf){ 0 };
		chat_begin(f->gw, req);
	}
	f->gw->asking = NULL;
	release(f);
}

static void
on_gone(struct http_request *req, void *arg)
{
	(void)req;
	((struct filing *)arg)->req = NULL;
}

static const struct http_request_events events = { .on_gone = on_gone };

bool
chat_files_take(struct gateway *gw, struct http_request *req)
{
	const struct buf *body = &req->body;
	struct filing *f;

	if (gw->config.artifacts == NULL || body->len == 0 ||
	    memmem(body->data, body->len, "file_id", 7) == NULL ||
	    dialect_of_path(req->path)->at != DIALECT_CHAT)
		return false;
	f = mem_zalloc(sizeof(*f));
	f->gw = gw;
	f->req = req;
	f->body = body->data;
	f->body_len = body->len;
	if (json_scan(f->body, f->body_len, on_value, f, NULL) < 0 || f->len == 0) {
		release(f);
		return false; /* whoever checks it says what is wrong */
	}
	f->auth = auth_ref(req->user);
	if (!find_all(f)) {
		release(f);
		return true;
	}
	f->kept = req->body;
	req->body = (struct buf){ 0 };
	http_request_watch(req, &events, f);
	worker_run(artifacts_workers(gw->config.artifacts), gw->loop, work, done, f);
	return true;
}

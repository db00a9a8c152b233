/*
 * files.c - upload, list, look, fetch, delete.
 */
#include "controlplane/gateway/files.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/artifacts/intake.h"
#include "controlplane/artifacts/label.h"
#include "controlplane/artifacts/multipart.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/follow.h"
#include "controlplane/gateway/send_blob.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"

#define FORM_BYTES 65536 /* of an upload, beside the file */
#define SLICE_BYTES 65536
#define LIST_MAX 10000
#define EXPIRES_MIN_SECONDS 3600
#define EXPIRES_MAX_SECONDS 2592000

struct upload {
	struct gateway *gw;
	struct http_request *req;
	struct intake *intake;
	const char *bytes; /* of the file, in the request's body */
	size_t len, at;
};

static bool
is_here(struct gateway *gw, struct http_request *req, enum gateway_route route)
{
	if (gw->config.artifacts == NULL)
		answer_error(gw, req, route, CODE_RESOURCE_NOT_FOUND, NULL, NULL,
		    "This server keeps no files.");
	return gw->config.artifacts != NULL;
}

int64_t
files_body_max(const struct gateway *gw)
{
	return gw->config.artifacts != NULL
	    ? artifacts_config(gw->config.artifacts)->file_bytes + FORM_BYTES
	    : 0;
}

static void
add_file(struct buf *out, const struct artifact *row)
{
	buf_printf(out,
	    "{\"id\":\"%s\",\"object\":\"file\",\"bytes\":%lld,\"created_at\":%lld,"
	    "\"expires_at\":",
	    row->id, (long long)row->size, (long long)row->created_at_ms / 1000);
	if (row->expires_at_ms != 0)
		buf_printf(out, "%lld", (long long)row->expires_at_ms / 1000);
	else
		buf_add_str(out, "null");
	buf_add_str(out, ",\"filename\":");
	json_add_quoted(out, row->name, strlen(row->name));
	buf_printf(out, ",\"purpose\":\"%s\",\"status\":\"processed\"}", row->purpose);
}

/* ---- upload ---- */

static void
client_gone(struct http_request *req, void *arg)
{
	struct upload *u = arg;

	(void)req;
	intake_cancel(u->intake);
	free(u);
}

static const struct http_request_events client_events = { .on_gone = client_gone };

static void
feed(struct upload *u)
{
	while (u->at < u->len) {
		const size_t left = u->len - u->at;
		const size_t n = left < SLICE_BYTES ? left : SLICE_BYTES;

		u->at += n;
		if (!intake_feed(u->intake, u->bytes + u->at - n, n) && u->at < u->len)
			return; /* on_room */
	}
	intake_end(u->intake);
}

static void
on_room(void *arg)
{
	struct upload *u = arg;

	if (u->at < u->len)
		feed(u);
}

static void
refuse_store(struct gateway *gw, struct http_request *req, enum artifact_reason reason)
{
	if (reason == ARTIFACT_QUOTA)
		answer_error(gw, req, GATEWAY_FILES, CODE_STORAGE_QUOTA, NULL, NULL,
		    "The space for files is used up; delete some of them.");
	else if (reason == ARTIFACT_SIZE_DECLARED)
		answer_error(gw, req, GATEWAY_FILES, CODE_PAYLOAD_TOO_LARGE, NULL, "file",
		    "The file is larger than one may be.");
	else
		answer_error(gw, req, GATEWAY_FILES, CODE_LOW_DISK, NULL, NULL,
		    "The file could not be stored; try again later.");
}

static void
on_stored(const struct artifact *row, enum artifact_reason reason, void *arg)
{
	struct upload *u = arg;
	struct gateway *gw = u->gw;
	struct http_request *req = u->req;
	_cleanup_buf_ struct buf out = { 0 };

	http_request_watch(req, NULL, NULL);
	free(u);
	if (row == NULL) {
		refuse_store(gw, req, reason);
		return;
	}
	add_file(&out, row);
	answer(gw, req, GATEWAY_FILES, 200, "application/json", NULL, out.data, out.len);
}

static const struct intake_events intake_events = { on_room, on_stored };

/* What the form says; false after an answer. */
static bool
read_form(struct gateway *gw, struct http_request *req, const struct multipart *form,
    struct artifact *row)
{
	static const char *const purposes[] = { "user_data", "assistants", "vision" };
	const struct multipart_part *file = multipart_find(form, "file");
	const struct multipart_part *purpose = multipart_find(form, "purpose");
	const struct multipart_part *seconds = multipart_find(form, "expires_after[seconds]");
	_cleanup_free_ char *text = NULL;
	int64_t after = 0;

	if (file == NULL || !file->is_file || purpose == NULL) {
		answer_error(gw, req, GATEWAY_FILES, CODE_MISSING_PARAMETER, NULL,
		    file == NULL || !file->is_file ? "file" : "purpose",
		    "An upload has a part 'file' with a filename, and a part 'purpose'.");
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
		if (purpose->len == strlen(purposes[i]) &&
		    memcmp(purpose->bytes, purposes[i], purpose->len) == 0)
			str_copy(row->purpose, sizeof(row->purpose), purposes[i]);
	if (row->purpose[0] == '\0') {
		answer_error(gw, req, GATEWAY_FILES, CODE_INVALID_VALUE, NULL, "purpose",
		    "'purpose' is user_data, assistants or vision.");
		return false;
	}
	if (seconds != NULL) {
		text = str_ndup(seconds->bytes, seconds->len);
		if (str_parse_int(text, EXPIRES_MIN_SECONDS, EXPIRES_MAX_SECONDS, &after, NULL) <
		    0) {
			answer_error(gw, req, GATEWAY_FILES, CODE_INVALID_VALUE, NULL,
			    "expires_after[seconds]",
			    "'expires_after[seconds]' is from 3600 to 2592000.");
			return false;
		}
	}
	label_name(file->filename, row->name);
	if (!label_type(file->type, row->type))
		str_copy(row->type, sizeof(row->type), "application/octet-stream");
	str_copy(row->kind, sizeof(row->kind), "file");
	str_copy(row->owner, sizeof(row->owner), follow_owner(req));
	row->size = (int64_t)file->len;
	row->created_at_ms = clock_wall_ms();
	row->expires_at_ms = after > 0 ? row->created_at_ms + after * 1000 : 0;
	return true;
}

static void
create(struct gateway *gw, struct http_request *req)
{
	struct multipart *form = mem_zalloc(sizeof(*form));
	_cleanup_free_ void *owned = form;
	struct artifact row = { 0 };
	enum artifact_reason reason;
	char boundary[72];

	if (!multipart_boundary(http_header_get(req, "content-type"), boundary)) {
		answer_error(gw, req, GATEWAY_FILES, CODE_UNSUPPORTED_MEDIA_TYPE, NULL, NULL,
		    "An upload is sent as 'content-type: multipart/form-data; boundary=...'.");
		return;
	}
	if (multipart_parse(buf_str(&req->body), req->body.len, boundary, form) < 0) {
		answer_error(gw, req, GATEWAY_FILES, CODE_BAD_REQUEST, NULL, NULL,
		    "The body is not well-formed multipart/form-data.");
		return;
	}
	if (!read_form(gw, req, form, &row))
		return;
	struct upload *u = mem_zalloc(sizeof(*u));
	u->gw = gw;
	u->req = req;
	u->bytes = multipart_find(form, "file")->bytes;
	u->len = (size_t)row.size;
	u->intake = intake_begin(gw->config.artifacts, gw->loop, &row, &intake_events, u, &reason);
	if (u->intake == NULL) {
		free(u);
		refuse_store(gw, req, reason);
		return;
	}
	http_request_watch(req, &client_events, u);
	feed(u);
}

/* ---- list ---- */

/* The rows are newest first; so is the list, unless order is "asc". */
static void
list(struct gateway *gw, struct http_request *req)
{
	const struct artifact_query query = { .owner = follow_owner(req), .uploads = true };
	_cleanup_free_ char *limit = http_query_get(req, "limit"),
			    *after = http_query_get(req, "after"),
			    *order = http_query_get(req, "order"),
			    *purpose = http_query_get(req, "purpose");
	_cleanup_free_ struct artifact *rows = NULL;
	const bool asc = str_eq(order, "asc");
	_cleanup_buf_ struct buf out = { 0 };
	const char *first = NULL, *last = NULL;
	int64_t max = LIST_MAX;
	bool begun = after == NULL, more = false;

	if ((limit != NULL && str_parse_int(limit, 1, LIST_MAX, &max, NULL) < 0) ||
	    (order != NULL && !asc && !str_eq(order, "desc"))) {
		answer_error(gw, req, GATEWAY_FILES, CODE_INVALID_VALUE, NULL,
		    order != NULL && !asc && !str_eq(order, "desc") ? "order" : "limit",
		    "'limit' is from 1 to 10000, 'order' is asc or desc.");
		return;
	}
	const size_t n = artifacts_list(gw->config.artifacts, &query, &rows);
	buf_add_str(&out, "{\"object\":\"list\",\"data\":[");
	for (size_t i = 0; i < n; i++) {
		const struct artifact *row = &rows[asc ? n - 1 - i : i];

		if (!begun) {
			begun = strcmp(row->id, after) == 0;
			continue;
		}
		if (purpose != NULL && strcmp(row->purpose, purpose) != 0)
			continue;
		if (max-- == 0) {
			more = true;
			break;
		}
		if (first == NULL)
			first = row->id;
		else
			buf_add_char(&out, ',');
		last = row->id;
		add_file(&out, row);
	}
	buf_add_str(&out, "],\"first_id\":");
	buf_printf(&out, first != NULL ? "\"%s\"" : "null", first);
	buf_add_str(&out, ",\"last_id\":");
	buf_printf(&out, last != NULL ? "\"%s\"" : "null", last);
	buf_printf(&out, ",\"has_more\":%s}", more ? "true" : "false");
	answer(gw, req, GATEWAY_FILES, 200, "application/json", NULL, out.data, out.len);
}

void
files_all(struct gateway *gw, struct http_request *req)
{
	if (!is_here(gw, req, GATEWAY_FILES))
		return;
	if (str_eq(req->method, "POST"))
		create(gw, req);
	else
		list(gw, req);
}

/* ---- one ---- */

struct removal {
	struct gateway *gw;
	struct http_request *req; /* NULL: the client has gone */
	char id[NOUN_ID_MAX];
};

static void
removal_gone(struct http_request *req, void *arg)
{
	(void)req;
	((struct removal *)arg)->req = NULL;
}

static const struct http_request_events removal_events = { .on_gone = removal_gone };

static void
on_removed(const struct error *err, void *arg)
{
	struct removal *r = arg;
	_cleanup_free_ void *owned = r;
	_cleanup_buf_ struct buf out = { 0 };

	if (r->req == NULL)
		return;
	http_request_watch(r->req, NULL, NULL);
	if (err != NULL) {
		answer_error(r->gw, r->req, GATEWAY_FILE, CODE_LOW_DISK, NULL, NULL,
		    "The file could not be deleted; try again later.");
		return;
	}
	buf_printf(&out, "{\"id\":\"%s\",\"object\":\"file\",\"deleted\":true}", r->id);
	answer(r->gw, r->req, GATEWAY_FILE, 200, "application/json", NULL, out.data, out.len);
}

static void
remove_file(struct gateway *gw, struct http_request *req, const struct artifact *row)
{
	struct removal *r = mem_zalloc(sizeof(*r));

	r->gw = gw;
	r->req = req;
	memcpy(r->id, row->id, sizeof(r->id));
	http_request_watch(req, &removal_events, r);
	artifacts_remove(gw->config.artifacts, row->id, gw->loop, on_removed, r);
}

/* The caller's file that the path names, or NULL after an answer. */
static const struct artifact *
find(struct gateway *gw, struct http_request *req, enum gateway_route route, struct artifact *row)
{
	const char *id = req->path + strlen(FILES_PATH "/");
	_cleanup_free_ char *name = str_ndup(
	    id, route == GATEWAY_FILE_CONTENT ? strlen(id) - strlen("/content") : strlen(id));

	if (!is_here(gw, req, route))
		return NULL;
	if (artifacts_get(gw->config.artifacts, name, row) && row->purpose[0] != '\0' &&
	    strcmp(row->owner, follow_owner(req)) == 0)
		return row;
	answer_error(
	    gw, req, route, CODE_RESOURCE_NOT_FOUND, NULL, "id", "You have no file '%.60s'.", name);
	return NULL;
}

void
files_one(struct gateway *gw, struct http_request *req)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct artifact row;

	if (find(gw, req, GATEWAY_FILE, &row) == NULL)
		return;
	if (str_eq(req->method, "DELETE")) {
		remove_file(gw, req, &row);
		return;
	}
	add_file(&out, &row);
	answer(gw, req, GATEWAY_FILE, 200, "application/json", NULL, out.data, out.len);
}

void
files_content(struct gateway *gw, struct http_request *req)
{
	struct artifact row;

	if (find(gw, req, GATEWAY_FILE_CONTENT, &row) != NULL)
		send_blob(gw, req, GATEWAY_FILE_CONTENT, &row);
}

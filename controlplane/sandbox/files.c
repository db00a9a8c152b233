/*
 * files.c - files of a sandbox: read, write, list, remove.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/base64.h"
#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/inside/protocol.h"
#include "controlplane/sandbox/op.h"
#include "controlplane/sandbox/paths.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define FILE_MS 60000
#define ENTRIES_MAX 10000
#define ENTRY_BYTES_MAX (ENTRIES_MAX * 256LL)

struct file {
	struct op op;
	struct buf bytes; /* of a file */
	struct buf names, entries; /* of a list, JSON */
	char path[PATH_TEXT_MAX];
	size_t written;
	const char *content_type; /* answer with bytes of that kind; NULL: with JSON */
};

static void
file_free(struct op *o)
{
	struct file *f = (struct file *)o;

	buf_done(&f->bytes);
	buf_done(&f->names);
	buf_done(&f->entries);
	free(f);
}

/* The path that was asked for, plain and allowed; or answers. NULL then. */
static struct file *
file_new(struct http_request *req, const char *path)
{
	struct file *f = mem_zalloc(sizeof(*f));
	struct error err = { 0 };

	if (path == NULL)
		refuse_param(req, CODE_MISSING_PARAMETER, "path is needed.", "path");
	else if (path_plain(path, f->path, &err) < 0)
		refuse_param(req, CODE_INVALID_VALUE, err.text, "path");
	else if (!path_open_to_callers(f->path))
		refuse_param(req, CODE_INVALID_VALUE,
		    "Files are read and written below /workspace and /tmp.", "path");
	else
		return f;
	free(f);
	return NULL;
}

static int
no_frames(struct op *o, const struct inside_frame *f, struct error *err)
{
	(void)o;
	(void)f;
	return error_set(err, ERROR_UPSTREAM, "the sandbox's agent sent data where there is none");
}

static void
ask(struct file *f, char type, struct buf *payload, uint64_t max_bytes)
{
	struct buf request = { 0 };

	inside_add_frame(&request, type, payload->data, payload->len);
	op_ask(&f->op, &request, FILE_MS, max_bytes);
}

/* ---- read ---- */

static int
read_frame(struct op *o, const struct inside_frame *frame, struct error *err)
{
	struct file *f = (struct file *)o;

	if (frame->type != INSIDE_DATA)
		return no_frames(o, frame, err);
	buf_add(&f->bytes, frame->payload, frame->len);
	return 0;
}

static void
read_ended(struct op *o, const struct inside_end *end)
{
	struct file *f = (struct file *)o;
	const char *bytes = buf_str(&f->bytes);
	_cleanup_buf_ struct buf body = { 0 };

	if (end->error != 0) {
		op_refuse_errno(o, end->error, "read", f->path);
		return;
	}
	if (f->content_type != NULL) {
		op_reply_bytes(o, f->content_type, bytes, f->bytes.len);
		return;
	}
	const bool is_text =
	    str_utf8_valid(bytes, f->bytes.len) && memchr(bytes, '\0', f->bytes.len) == NULL;
	buf_add_str(&body, "{\"path\":");
	json_add_quoted(&body, f->path, strlen(f->path));
	buf_printf(&body, ",\"size\":%zu,\"encoding\":\"%s\",\"content\":", f->bytes.len,
	    is_text ? "utf-8" : "base64");
	if (is_text) {
		json_add_quoted(&body, bytes, f->bytes.len);
	} else {
		buf_add_char(&body, '"');
		base64_add(&body, bytes, f->bytes.len);
		buf_add_char(&body, '"');
	}
	buf_add_char(&body, '}');
	op_reply(o, body.data, body.len);
}

static void
read_begin(struct sandbox *s, struct file *f, struct http_request *req)
{
	static const struct op_kind kind = {
		.frame = read_frame, .ended = read_ended, .free = file_free
	};
	const int64_t max = s->service->config->file_bytes;
	_cleanup_buf_ struct buf payload = { 0 };

	if (!op_begin(&f->op, &kind, s, req))
		return;
	inside_add_text(&payload, f->path);
	inside_add_number(&payload, (uint64_t)max);
	ask(f, INSIDE_READ, &payload, (uint64_t)max);
}

void
file_read_asked(struct sandbox *s, struct http_request *req)
{
	_cleanup_free_ char *path = http_query_get(req, "path");
	const char *accept = http_header_get(req, "accept");
	struct file *f = file_new(req, path);

	if (f == NULL)
		return;
	if (accept != NULL && strncasecmp(accept, "application/octet-stream", 24) == 0)
		f->content_type = "application/octet-stream";
	read_begin(s, f, req);
}

/* What an agent made, for whoever follows its link; never run by a browser. */
static const char *
type_of(const char *name)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
		{ ".jpeg", "image/jpeg" },
		{ ".gif", "image/gif" },
		{ ".webp", "image/webp" },
		{ ".json", "application/json" },
		{ ".csv", "text/csv" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".md", "text/markdown; charset=utf-8" },
		{ ".pdf", "application/pdf" },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_ends(name, types[i].end))
			return types[i].type;
	return "application/octet-stream";
}

void
artifact_asked(struct sandbox *s, struct http_request *req, const char *name)
{
	_cleanup_free_ char *path = str_printf(INSIDE_ROOT "/artifacts/%s", name);
	struct file *f = file_new(req, path);

	if (f == NULL)
		return;
	f->content_type = type_of(f->path);
	read_begin(s, f, req);
}

/* ---- write ---- */

static void
write_ended(struct op *o, const struct inside_end *end)
{
	struct file *f = (struct file *)o;
	_cleanup_buf_ struct buf body = { 0 };

	if (end->error != 0) {
		op_refuse_errno(o, end->error, "write", f->path);
		return;
	}
	buf_add_str(&body, "{\"ok\":true,\"path\":");
	json_add_quoted(&body, f->path, strlen(f->path));
	buf_printf(&body, ",\"size\":%zu}", f->written);
	op_reply(o, body.data, body.len);
}

/* The bytes to write from a body; or answers. */
static int
take_content(const cJSON *json, struct http_request *req, struct buf *out)
{
	const char *content = json_str(json, "content"), *encoding = json_str(json, "encoding");

	if (content == NULL) {
		refuse_param(
		    req, CODE_MISSING_PARAMETER, "content is needed: a string.", "content");
		return -1;
	}
	if (encoding == NULL || strcmp(encoding, "utf-8") == 0 || strcmp(encoding, "utf8") == 0) {
		buf_add_str(out, content);
		return 0;
	}
	if (strcmp(encoding, "base64") != 0) {
		refuse_param(req, CODE_INVALID_VALUE, "encoding is utf-8 or base64.", "encoding");
		return -1;
	}
	if (base64_decode(out, content, strlen(content)) < 0) {
		refuse_param(req, CODE_INVALID_VALUE, "content is not base64.", "content");
		return -1;
	}
	return 0;
}

void
file_write_asked(struct sandbox *s, struct http_request *req)
{
	static const struct op_kind kind = {
		.frame = no_frames, .ended = write_ended, .free = file_free
	};
	_cleanup_buf_ struct buf content = { 0 }, payload = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct buf request = { 0 };
	struct error err = { 0 };
	struct file *f;

	if (json_parse(buf_str(&req->body), req->body.len, &json, &err) < 0) {
		refuse(req, CODE_INVALID_JSON, err.text);
		return;
	}
	if (take_content(json, req, &content) < 0)
		return;
	if ((int64_t)content.len > s->service->config->file_bytes) {
		refuse_param(req, CODE_PAYLOAD_TOO_LARGE,
		    "The file is larger than may be written at once.", "content");
		return;
	}
	f = file_new(req, json_str(json, "path"));
	if (f == NULL)
		return;
	f->written = content.len;
	if (!op_begin(&f->op, &kind, s, req))
		return;
	inside_add_text(&payload, f->path);
	inside_add_frame(&request, INSIDE_WRITE, payload.data, payload.len);
	if (content.len > 0)
		inside_add_frame(&request, INSIDE_DATA, content.data, content.len);
	inside_add_frame(&request, INSIDE_DONE, "", 0);
	op_ask(&f->op, &request, FILE_MS, 0);
}

/* ---- list ---- */

static const char *
kind_name(char kind)
{
	switch (kind) {
	case 'f': return "file";
	case 'd': return "directory";
	case 'l': return "link";
	default: return "other";
	}
}

static int
list_frame(struct op *o, const struct inside_frame *frame, struct error *err)
{
	struct file *f = (struct file *)o;
	struct inside_entry e;

	if (inside_entry_parse(frame, &e, err) < 0)
		return -1;
	if (e.kind == 'f') {
		if (f->names.len > 0)
			buf_add_char(&f->names, ',');
		json_add_quoted(&f->names, e.name, strlen(e.name));
	}
	buf_add_str(&f->entries, f->entries.len > 0 ? ",{\"name\":" : "{\"name\":");
	json_add_quoted(&f->entries, e.name, strlen(e.name));
	buf_printf(&f->entries, ",\"type\":\"%s\",\"size\":%lld,\"modifiedMs\":%lld}",
	    kind_name(e.kind), (long long)e.size, (long long)e.changed_at_ms);
	return 0;
}

static void
list_ended(struct op *o, const struct inside_end *end)
{
	struct file *f = (struct file *)o;
	_cleanup_buf_ struct buf body = { 0 };

	if (end->error != 0) {
		op_refuse_errno(o, end->error, "list", f->path);
		return;
	}
	buf_add_str(&body, "{\"path\":");
	json_add_quoted(&body, f->path, strlen(f->path));
	buf_printf(&body, ",\"files\":[%s],\"entries\":[%s],\"truncated\":%s}", buf_str(&f->names),
	    buf_str(&f->entries), end->cut ? "true" : "false");
	op_reply(o, body.data, body.len);
}

void
file_list_asked(struct sandbox *s, struct http_request *req)
{
	static const struct op_kind kind = {
		.frame = list_frame, .ended = list_ended, .free = file_free
	};
	_cleanup_free_ char *path = http_query_get(req, "path");
	_cleanup_buf_ struct buf payload = { 0 };
	struct file *f = file_new(req, path != NULL ? path : INSIDE_ROOT);

	if (f == NULL || !op_begin(&f->op, &kind, s, req))
		return;
	inside_add_text(&payload, f->path);
	inside_add_number(&payload, ENTRIES_MAX);
	inside_add_number(&payload, 1);
	ask(f, INSIDE_LIST, &payload, ENTRY_BYTES_MAX + ENTRIES_MAX * INSIDE_ENTRY_HEAD_BYTES);
}

/* ---- remove ---- */

static void
remove_ended(struct op *o, const struct inside_end *end)
{
	struct file *f = (struct file *)o;

	if (end->error != 0)
		op_refuse_errno(o, end->error, "remove", f->path);
	else
		op_reply(o, "{\"ok\":true}", 11);
}

void
file_remove_asked(struct sandbox *s, struct http_request *req)
{
	static const struct op_kind kind = {
		.frame = no_frames, .ended = remove_ended, .free = file_free
	};
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_buf_ struct buf payload = { 0 };
	struct error err = { 0 };
	struct file *f;

	if (json_parse(buf_str(&req->body), req->body.len, &json, &err) < 0) {
		refuse(req, CODE_INVALID_JSON, err.text);
		return;
	}
	f = file_new(req, json_str(json, "path"));
	if (f == NULL || !op_begin(&f->op, &kind, s, req))
		return;
	inside_add_text(&payload, f->path);
	ask(f, INSIDE_REMOVE, &payload, 0);
}

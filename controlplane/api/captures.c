/*
 * captures.c - what the flight recorder kept: list, one with its frames, remove.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/observe/recorder.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define FILE_MAX ((size_t)256 << 20)

static void
add_ms(cJSON *json, const char *key, int64_t us)
{
	if (us >= 0)
		cJSON_AddNumberToObject(json, key, (double)us / 1000);
	else
		json_add_str(json, key, NULL);
}

static cJSON *
render(const struct capture_head *h, int64_t file_bytes)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", h->id);
	json_add_str(json, "object", "capture");
	json_add_text(json, "request_id", h->request_id);
	json_add_text(json, "competitor", h->competitor);
	json_add_text(json, "competitor_id", h->competitor_id);
	json_add_text(json, "instance_id", h->instance_id);
	json_add_text(json, "digest", h->digest);
	json_add_text(json, "model", h->model);
	json_add_text(json, "key_id", h->key_id);
	if (h->status != 0)
		json_add_int(json, "status", h->status);
	else
		json_add_str(json, "status", NULL);
	json_add_text(json, "code", h->code);
	json_add_bool(json, "stream", h->stream);
	json_add_bool(json, "content", h->content);
	json_add_bool(json, "complete", h->complete);
	add_ms(json, "duration_ms", h->duration_us);
	add_ms(json, "ttft_ms", h->ttft_us);
	json_add_int(json, "frames", (int64_t)h->frames);
	json_add_int(json, "bytes", (int64_t)h->bytes);
	json_add_int(json, "skipped", (int64_t)h->skipped);
	json_add_int(json, "file_bytes", file_bytes);
	json_add_time(json, "created_at", h->accepted_at_ms);
	return json;
}

/* ---- list ---- */

struct rows {
	struct capture_file *at;
	char *competitor; /* NULL: all */
};

static const char *
row_id(const struct api_call *c, size_t i)
{
	return ((const struct rows *)c->arg)->at[i].head.id;
}

static bool
row_keep(const struct api_call *c, size_t i, void *filter)
{
	const struct rows *rows = c->arg;

	(void)filter;
	return rows->competitor == NULL || str_eq(rows->at[i].head.competitor, rows->competitor);
}

static cJSON *
row_render(const struct api_call *c, size_t i)
{
	const struct capture_file *f = &((const struct rows *)c->arg)->at[i];

	return render(&f->head, f->file_bytes);
}

void
capture_list(struct api_call *c)
{
	_cleanup_free_ struct capture_file *files = NULL;
	const size_t n = recorder_list(DEPS(c)->recorder, &files);
	_cleanup_free_ char *competitor = call_query(c, "competitor");
	_cleanup_free_ struct rows *rows = mem_zalloc(sizeof(*rows));
	const struct list_source src = { n, row_id, row_keep, row_render, NULL };

	*rows = (struct rows){ files, competitor };
	c->arg = rows;
	list_reply(c, &src);
}

/* ---- one ---- */

struct reading {
	struct api_call *call;
	struct capture_file file;
	struct buf text; /* of the answer */
	struct buf frames;
	bool any;
	uint64_t last_us[2]; /* from upstream, to the client */
	struct error err;
};

static void
reading_free(struct reading *r)
{
	buf_done(&r->text);
	buf_done(&r->frames);
	free(r);
}

/* Bytes that are text as text; others, and those cut inside a character, as hex. */
static void
add_bytes(struct buf *out, const char *bytes, size_t len)
{
	if (str_utf8_valid(bytes, len) && memchr(bytes, '\0', len) == NULL) {
		buf_add_str(out, "\"text\":");
		json_add_quoted(out, bytes, len);
		return;
	}
	buf_add_str(out, "\"hex\":\"");
	for (size_t i = 0; i < len; i++)
		buf_printf(out, "%02x", (unsigned char)bytes[i]);
	buf_add_char(out, '"');
}

static void
on_frame(const struct capture_frame *f, void *arg)
{
	struct reading *r = arg;
	uint64_t *last = &r->last_us[f->kind != CAPTURE_UPSTREAM];
	const uint64_t gap_us = f->kind == CAPTURE_REQUEST ? 0 : f->t_us - *last;

	if (f->kind != CAPTURE_REQUEST)
		*last = f->t_us;
	buf_printf(&r->frames, "%s{\"t_ms\":%.3f,\"gap_ms\":%.3f,\"kind\":\"%s\",\"bytes\":%zu,",
	    r->any ? "," : "", (double)f->t_us / 1000, (double)gap_us / 1000,
	    capture_kind_name(f->kind), f->len);
	add_bytes(&r->frames, f->bytes, f->len);
	buf_add_char(&r->frames, '}');
	r->any = true;
}

static void
read_work(void *arg)
{
	struct reading *r = arg;
	_cleanup_free_ char *file = NULL, *head = NULL;
	struct capture_head found;
	char path[512], cut[120];
	size_t len = 0;

	if (file_read(recorder_path(DEPS(r->call)->recorder, r->file.head.id, path), FILE_MAX,
		&file, &len, &r->err) < 0 ||
	    capture_read(file, len, &found, on_frame, r, cut, &r->err) < 0)
		return;
	_cleanup_json_ cJSON *json = render(&r->file.head, (int64_t)len);
	json_add_text(json, "cut", cut);
	head = json_print(json);
	buf_add(&r->text, head, strlen(head) - 1);
	buf_printf(&r->text, ",\"data\":[%s]}\n", buf_str(&r->frames));
	r->err.kind = ERROR_NONE;
}

static void
read_done(void *arg)
{
	struct reading *r = arg;

	if (r->err.kind == ERROR_NONE)
		reply_made(r->call, 200, "application/json", &r->text);
	else if (r->err.kind == ERROR_NOT_FOUND || r->err.kind == ERROR_INVALID)
		reply_code(r->call, CODE_RESOURCE_NOT_FOUND, NULL,
		    "The file of capture %.40s is not there, or is no capture.", r->file.head.id);
	else
		reply_error(r->call, &r->err);
	reading_free(r);
}

static bool
find(struct api_call *c, struct capture_file *out)
{
	const char *ref = route_param(&c->params, "ref");

	if (recorder_find(DEPS(c)->recorder, ref, out))
		return true;
	reply_code(c, CODE_RESOURCE_NOT_FOUND, NULL,
	    recorder_enabled(DEPS(c)->recorder)
		? "There is no capture of %.132s."
		: "There is no capture of %.132s, and nothing is captured: see capture.enabled.",
	    ref);
	return false;
}

void
capture_get(struct api_call *c)
{
	struct reading *r = mem_zalloc(sizeof(*r));

	r->call = c;
	if (!find(c, &r->file)) {
		reading_free(r);
		return;
	}
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_work, read_done, r);
}

/* ---- remove ---- */

struct removal {
	struct api_call *call;
	struct recorder *recorder;
	char id[40];
	struct error err;
};

static void
remove_work(void *arg)
{
	struct removal *r = arg;

	if (recorder_remove(r->recorder, r->id, &r->err) == 0)
		r->err.kind = ERROR_NONE;
}

static void
remove_done(void *arg)
{
	struct removal *r = arg;
	cJSON *json;

	if (r->err.kind != ERROR_NONE) {
		reply_error(r->call, &r->err);
	} else {
		json = cJSON_CreateObject();
		json_add_str(json, "id", r->id);
		json_add_str(json, "object", "capture");
		json_add_bool(json, "deleted", true);
		reply_json(r->call, 200, json);
	}
	free(r);
}

void
capture_remove(struct api_call *c)
{
	struct removal *r = mem_zalloc(sizeof(*r));
	struct capture_file file;

	if (!find(c, &file)) {
		free(r);
		return;
	}
	r->call = c;
	r->recorder = DEPS(c)->recorder;
	snprintf(r->id, sizeof(r->id), "%s", file.head.id);
	worker_run(DEPS(c)->workers, DEPS(c)->control, remove_work, remove_done, r);
}

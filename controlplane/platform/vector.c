/*
 * vector.c - the calls, read and answered on the worker that has the vectors.
 */
#include "controlplane/platform/vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/offline_embedding.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "controlplane/platform/vectors.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"

#define ITEMS_MAX 256
#define ID_MAX_BYTES 128
#define TEXT_MAX_BYTES 65536
#define TOP_DEFAULT 5
#define ANSWER_BYTES 65536 /* held for an answer */

struct vector_service {
	struct loop *loop;
	struct workers *one; /* one thread has the vectors */
	struct vectors vectors; /* that thread's */
	char *path, *extension; /* owned; the latter may be NULL */
};

struct task { /* outlives the call if the client leaves */
	struct vector_service *service;
	struct call *call; /* NULL: nobody waits any more */
	int (*run)(struct task *, const cJSON *, const char *space, struct error *);
	char competitor[CALLER_NAME_MAX];
	struct buf body, out;
	enum wire_code code; /* NONE: out is the answer */
	char param[32]; /* at fault */
	struct error err;
};
struct vector_call {
	struct call call; /* first */
	struct task *task;
};

/* ---- reading, on the worker ---- */

static int
wrong(struct task *t, enum wire_code code, const char *param, struct error *err, const char *text)
{
	t->code = code;
	snprintf(t->param, sizeof(t->param), "%s", param);
	return error_set(err, ERROR_INVALID, "%s", text);
}

static bool
name_is_good(const char *name, size_t max)
{
	return name != NULL && *name != '\0' && strlen(name) <= max;
}

/* A list of numbers into out; how many, or -1. */
static int
read_numbers(const cJSON *list, float out[VECTOR_DIMENSIONS_MAX])
{
	const cJSON *item;
	int n = 0;

	if (!cJSON_IsArray(list))
		return -1;
	json_for_each(item, list) {
		if (!cJSON_IsNumber(item) || n == VECTOR_DIMENSIONS_MAX)
			return -1;
		out[n++] = (float)item->valuedouble;
	}
	return n > 0 ? n : -1;
}

/* "vector", or else the text under key as the offline embedding makes one. */
static int
read_vector(struct task *t, const cJSON *json, const char *key, float *out, struct error *err)
{
	const char *text = json_str(json, key);
	int n;

	if (json_get(json, "vector") != NULL) {
		n = read_numbers(json_get(json, "vector"), out);
		if (n < 0)
			return wrong(t, CODE_UNPROCESSABLE, "vector", err,
			    "'vector' is a list of 1 to 4096 numbers.");
		return n;
	}
	if (text == NULL || strlen(text) > TEXT_MAX_BYTES)
		return wrong(t, CODE_UNPROCESSABLE, "vector", err,
		    "Either 'vector' or a text of at most 64 KiB is needed.");
	offline_embedding(text, strlen(text), out);
	return OFFLINE_EMBEDDING_DIMENSIONS;
}

struct items {
	struct vector_item at[ITEMS_MAX];
	float *vectors[ITEMS_MAX];
	char *metadata[ITEMS_MAX];
	size_t n;
};

static void
items_free(struct items **all)
{
	struct items *items = *all;

	for (size_t i = 0; i < items->n; i++) {
		free(items->vectors[i]);
		free(items->metadata[i]);
	}
	free(items);
}

static const char *
text_or_none(const cJSON *json, const char *key)
{
	const char *text = json_str(json, key);

	return text != NULL ? text : "";
}

static int
read_item(struct task *t, const cJSON *json, struct items *all, struct error *err)
{
	struct vector_item *it = &all->at[all->n];
	const cJSON *metadata = json_get(json, "metadata");
	float vector[VECTOR_DIMENSIONS_MAX];

	if (!name_is_good(json_str(json, "id"), ID_MAX_BYTES))
		return wrong(t, CODE_UNPROCESSABLE, "items", err,
		    "Each item has an 'id' of 1 to 128 bytes.");
	it->dimensions = read_vector(t, json, "content", vector, err);
	if (it->dimensions < 0)
		return -1;
	it->id = json_str(json, "id");
	it->content = text_or_none(json, "content");
	it->source = text_or_none(json, "source");
	const size_t size = (size_t)it->dimensions * sizeof(*vector);
	it->at = all->vectors[all->n] = mem_zalloc(size);
	memcpy(all->vectors[all->n], vector, size);
	it->metadata = all->metadata[all->n] =
	    metadata != NULL ? json_print(metadata) : str_dup("");
	all->n++;
	if (strlen(it->content) > TEXT_MAX_BYTES || strlen(it->source) > TEXT_MAX_BYTES ||
	    strlen(it->metadata) > TEXT_MAX_BYTES)
		return wrong(t, CODE_UNPROCESSABLE, "items", err,
		    "'content', 'source' and 'metadata' take at most 64 KiB each.");
	return 0;
}

static int
run_upsert(struct task *t, const cJSON *json, const char *space, struct error *err)
{
	_cleanup_(items_free) struct items *all = mem_zalloc(sizeof(*all));
	const cJSON *items = json_get(json, "items"), *item;
	const int n = cJSON_GetArraySize(items);

	if (!cJSON_IsArray(items) || n < 1 || n > ITEMS_MAX)
		return wrong(
		    t, CODE_UNPROCESSABLE, "items", err, "'items' is a list of 1 to 256 items.");
	json_for_each(item, items) {
		if (read_item(t, item, all, err) < 0)
			return -1;
	}
	struct vectors *v = &t->service->vectors;
	if (vectors_put(v, t->competitor, space, all->at, all->n, err) < 0)
		return -1;
	buf_printf(&t->out, "{\"upserted\":%zu,\"count\":%lld}", all->n,
	    (long long)vectors_count(v, t->competitor, space, NULL));
	return 0;
}

static void
add_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "\"%s\":", key);
	if (*text != '\0')
		json_add_quoted(out, text, strlen(text));
	else
		buf_add_str(out, "null");
	buf_add_char(out, ',');
}

static void
on_hit(const struct vector_hit *hit, void *arg)
{
	struct task *t = arg;

	buf_add_str(&t->out, t->out.data[t->out.len - 1] == '}' ? ",{" : "{");
	add_text(&t->out, "id", hit->id);
	add_text(&t->out, "content", hit->content);
	add_text(&t->out, "source", hit->source);
	buf_printf(&t->out, "\"metadata\":%s,\"score\":%.6f}",
	    *hit->metadata != '\0' ? hit->metadata : "null", hit->score);
}

static int
run_query(struct task *t, const cJSON *json, const char *space, struct error *err)
{
	const cJSON *top = json_get(json, "top_k");
	float vector[VECTOR_DIMENSIONS_MAX];

	if (top != NULL &&
	    (!cJSON_IsNumber(top) || top->valuedouble < 1 || top->valuedouble > VECTOR_TOP_MAX))
		return wrong(
		    t, CODE_UNPROCESSABLE, "top_k", err, "'top_k' is a number from 1 to 100.");
	const int n = read_vector(t, json, "query", vector, err);
	if (n < 0)
		return -1;
	buf_add_str(&t->out, "{\"chunks\":[");
	if (vectors_find(&t->service->vectors, t->competitor, space, vector, n,
		top != NULL ? (int)top->valuedouble : TOP_DEFAULT, on_hit, t, err) < 0)
		return -1;
	buf_add_str(&t->out, "]}");
	return 0;
}

static int
run_delete(struct task *t, const cJSON *json, const char *space, struct error *err)
{
	const cJSON *ids = json_get(json, "ids"), *item;
	const bool all = json_bool(json, "all", false);
	const char *names[ITEMS_MAX];
	size_t n = 0;

	if (all ? ids != NULL : !cJSON_IsArray(ids))
		return wrong(t, CODE_UNPROCESSABLE, "ids", err, "Either 'ids' or '\"all\":true'.");
	json_for_each(item, ids) {
		if (!cJSON_IsString(item) || n == ITEMS_MAX)
			return wrong(t, CODE_UNPROCESSABLE, "ids", err,
			    "'ids' is a list of at most 256 texts.");
		names[n++] = item->valuestring;
	}
	const int64_t gone =
	    vectors_drop(&t->service->vectors, t->competitor, space, all ? NULL : names, n, err);
	if (gone < 0)
		return -1;
	buf_printf(&t->out, "{\"deleted\":%lld}", (long long)gone);
	return 0;
}

/* ---- a task ---- */

static enum wire_code
code_of(const struct error *err)
{
	switch (err->kind) {
	case ERROR_INVALID: return CODE_UNPROCESSABLE;
	case ERROR_TOO_BIG: return CODE_BUDGET_EXCEEDED;
	case ERROR_IO: return CODE_LOW_DISK;
	default: return CODE_INTERNAL;
	}
}

static void
work(void *arg)
{
	static const char *const known[] = { "namespace", "items", "vector", "query", "top_k",
		"ids", "all", NULL };
	struct task *t = arg;
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(buf_str(&t->body), t->body.len, &json, &t->err) < 0) {
		t->code = CODE_INVALID_JSON;
		return;
	}
	const char *unknown = json_unknown_key(json, known);
	const char *space =
	    json_get(json, "namespace") != NULL ? json_str(json, "namespace") : "default";
	if (unknown != NULL || !cJSON_IsObject(json)) {
		wrong(t, CODE_UNKNOWN_PARAMETER, unknown != NULL ? unknown : "", &t->err,
		    "The body holds what this call does not know.");
		return;
	}
	if (!name_is_good(space, ID_MAX_BYTES)) {
		wrong(t, CODE_UNPROCESSABLE, "namespace", &t->err,
		    "'namespace' is a text of 1 to 128 bytes.");
		return;
	}
	struct vectors *v = &t->service->vectors;
	if ((v->is_open ||
		vectors_open(v, t->service->path, t->service->extension, &t->err) == 0) &&
	    t->run(t, json, space, &t->err) == 0)
		t->code = CODE_NONE;
	else if (t->code == CODE_NONE)
		t->code = code_of(&t->err);
}

static void
worked(void *arg)
{
	struct task *t = arg;
	struct call *call = t->call;

	if (call != NULL) {
		((struct vector_call *)call)->task = NULL;
		if (t->code == CODE_NONE) {
			call_answer(call, 200, platform_json, t->out.data, t->out.len);
		} else if (wire_code_info(t->code)->status >= 500) {
			log_error("vector.failed", F_STR("error", t->err.text));
			call_refuse(call, t->code, NULL, "The vectors cannot be reached now.");
		} else {
			call_refuse(call, t->code, t->param[0] != '\0' ? t->param : NULL, "%s",
			    t->err.text);
		}
	}
	buf_done(&t->body);
	buf_done(&t->out);
	free(t);
}

/* ---- a call ---- */

static bool
prepare(struct call *call)
{
	call->bytes_out = (int64_t)call->req->body.len;
	call->wanted.of[QUOTA_BYTES] = call->bytes_out + ANSWER_BYTES;
	return true;
}

static void
begin(
    struct call *call, int (*run)(struct task *, const cJSON *, const char *space, struct error *))
{
	struct vector_service *s = call->caller->platform->vectors;
	struct task *t = mem_zalloc(sizeof(*t));

	t->service = s;
	t->call = call;
	t->run = run;
	snprintf(t->competitor, sizeof(t->competitor), "%s", call->caller->competitor);
	buf_add(&t->body, buf_str(&call->req->body), call->req->body.len);
	((struct vector_call *)call)->task = t;
	worker_run(s->one, s->loop, work, worked, t);
}

static void
start_upsert(struct call *call)
{
	begin(call, run_upsert);
}

static void
start_query(struct call *call)
{
	begin(call, run_query);
}

static void
start_delete(struct call *call)
{
	begin(call, run_delete);
}

static void
stop(struct call *call)
{
	((struct vector_call *)call)->task->call = NULL;
}

#define KIND(operation_, start_)                                                         \
	{                                                                                \
		.service = SERVICE_VECTOR, .operation = operation_,                      \
		.size = sizeof(struct vector_call), .prepare = prepare, .start = start_, \
		.stop = stop,                                                            \
	}
const struct call_kind vector_upsert = KIND("upsert", start_upsert);
const struct call_kind vector_query = KIND("query", start_query);
const struct call_kind vector_delete = KIND("delete", start_delete);

struct vector_service *
vector_service_new(struct loop *loop, const char *path, const char *extension)
{
	struct vector_service *s = mem_zalloc(sizeof(*s));

	s->loop = loop;
	s->one = workers_new(1);
	s->path = str_dup(path);
	s->extension = str_dup(extension);
	return s;
}

void
vector_service_free(struct vector_service *s)
{
	if (s == NULL)
		return;
	workers_free(s->one);
	loop_run_posted(s->loop);
	vectors_close(&s->vectors);
	free(s->path);
	free(s->extension);
	free(s);
}

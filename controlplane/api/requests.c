/*
 * requests.c - chats that are over: the usage table's rows, and the timelines still in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/observe/recorder.h"
#include "controlplane/observe/requests.h"
#include "controlplane/store/egress.h"
#include "controlplane/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

struct query {
	struct api_call *call;
	struct request_query wanted;
	char *id, *code, *after; /* owned */
	char competitor_id[NOUN_ID_MAX];
	cJSON *data; /* rows as they come, on the worker */
	int seen;
	char instance_id[NOUN_ID_MAX]; /* that answered the one; "" while not known */
	struct measure measure; /* what the one called */
	struct error err;
};

#define CALLS_SHOWN 200

static void
query_free(struct query *q)
{
	cJSON_Delete(q->data);
	measure_done(&q->measure);
	free(q->id);
	free(q->code);
	free(q->after);
	free(q);
}

/* A number, or null where there is none. */
static void
add_known(cJSON *json, const char *key, bool known, double value)
{
	if (known)
		cJSON_AddNumberToObject(json, key, value);
	else
		json_add_str(json, key, NULL);
}

static cJSON *
render_row(const struct usage_row *u)
{
	const struct wire_code_info *info =
	    wire_code_info(u->code[0] != '\0' ? wire_code_named(u->code) : CODE_NONE);
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", u->request_id);
	json_add_str(json, "object", "request");
	json_add_str(json, "competitor", NULL); /* named on the control loop */
	json_add_text(json, "competitor_id", u->competitor);
	json_add_text(json, "version_id", u->version_id);
	json_add_text(json, "instance_id", u->instance_id);
	json_add_int(json, "status", u->status);
	json_add_text(json, "code", u->code);
	json_add_text(json, "fault", u->fault[0] != '\0' ? u->fault : info->fault);
	json_add_bool(json, "stream", u->stream);
	json_add_int(json, "attempts", u->attempts);
	json_add_int(json, "prompt_tokens", u->prompt_tokens);
	json_add_int(json, "completion_tokens", u->completion_tokens);
	json_add_bool(json, "is_estimated", u->is_estimated);
	add_known(json, "cost_usd", u->cost_micro_usd >= 0, (double)u->cost_micro_usd / 1e6);
	json_add_int(json, "duration_ms", u->duration_ms);
	add_known(json, "ttft_ms", u->ttft_ms >= 0, (double)u->ttft_ms);
	json_add_int(json, "max_gap_ms", u->max_gap_ms);
	add_known(json, "queue_ms", u->queue_ms >= 0, (double)u->queue_ms);
	json_add_int(json, "bytes_in", u->bytes_in);
	json_add_int(json, "bytes_out", u->bytes_out);
	json_add_time(json, "created_at", u->at_ms);
	json_add_time(json, "ended_at", u->at_ms + u->duration_ms);
	return json;
}

static void
name_competitor(const struct api_call *c, cJSON *row)
{
	const char *id = json_str(row, "competitor_id");
	const struct competitor *found = id != NULL ? registry_competitor(REGISTRY(c), id) : NULL;

	if (found != NULL)
		cJSON_ReplaceItemInObjectCaseSensitive(
		    row, "competitor", cJSON_CreateString(found->slug));
}

static void
add_capture(const struct api_call *c, cJSON *json, const char *id)
{
	struct capture_file file;

	json_add_str(
	    json, "capture", recorder_find(DEPS(c)->recorder, id, &file) ? file.head.id : NULL);
}

static void
add_timeline(cJSON *json, const struct request_record *r)
{
	struct request_moment moments[REQUEST_MOMENTS_MAX];
	const size_t n = request_timeline(r, moments);
	cJSON *list = json_add_arr(json, "timeline");

	for (size_t i = 0; i < n; i++) {
		cJSON *m = cJSON_CreateObject();

		json_add_time(m, "at", r->accepted_at_ms + moments[i].at_us / 1000);
		cJSON_AddNumberToObject(m, "ms", (double)moments[i].at_us / 1000);
		json_add_str(m, "what", moments[i].what);
		if (moments[i].attempt > 0)
			json_add_int(m, "attempt", moments[i].attempt);
		else
			json_add_str(m, "attempt", NULL);
		json_add_text(m, "detail", moments[i].detail);
		cJSON_AddItemToArray(list, m);
	}
}

/* All of a request that is still in memory. */
static cJSON *
render_record(const struct request_record *r)
{
	struct usage_row u = {
		.at_ms = r->accepted_at_ms,
		.prompt_tokens = r->prompt_tokens,
		.completion_tokens = r->completion_tokens,
		.cost_micro_usd = r->cost_micro_usd,
		.duration_ms = r->duration_us / 1000,
		.ttft_ms = r->ttft_us >= 0 ? r->ttft_us / 1000 : -1,
		.max_gap_ms = r->max_gap_ms,
		.queue_ms = r->queued_us / 1000,
		.bytes_in = r->bytes_in,
		.bytes_out = r->bytes_out,
		.status = r->status,
		.attempts = (int)r->nattempts,
		.stream = r->stream,
		.is_estimated = r->is_estimated,
	};
	char trace[33];
	cJSON *json;

	snprintf(u.request_id, sizeof(u.request_id), "%s", r->id);
	snprintf(u.competitor, sizeof(u.competitor), "%s", r->competitor_id);
	snprintf(u.version_id, sizeof(u.version_id), "%s", r->version_id);
	snprintf(u.instance_id, sizeof(u.instance_id), "%s", r->instance_id);
	snprintf(u.code, sizeof(u.code), "%s", wire_code_info(r->code)->code);
	str_copy(u.fault, sizeof(u.fault), r->fault);
	snprintf(trace, sizeof(trace), "%.32s", r->traceparent + 3);
	json = render_row(&u);
	if (r->slug[0] != '\0')
		cJSON_ReplaceItemInObjectCaseSensitive(
		    json, "competitor", cJSON_CreateString(r->slug));
	json_add_text(json, "route", r->dialect->path);
	json_add_text(json, "model", r->model);
	json_add_text(json, "digest", r->digest);
	json_add_text(json, "client", r->client);
	json_add_text(json, "trace_id", trace);
	json_add_text(json, "error", r->text);
	json_add_int(json, "chunks", r->chunks);
	json_add_int(json, "pings", r->pings);
	add_known(json, "resumed", r->resumed >= 0, r->resumed);
	add_timeline(json, r);
	return json;
}

/* ---- the worker's part ---- */

static void
on_row(const struct usage_row *u, void *arg)
{
	struct query *q = arg;

	if (++q->seen < q->wanted.limit)
		cJSON_AddItemToArray(q->data, render_row(u));
	if (q->id != NULL && q->instance_id[0] == '\0')
		snprintf(q->instance_id, sizeof(q->instance_id), "%s", u->instance_id);
}

static void
on_platform_call(const struct egress_row *e, void *arg)
{
	measure_add(arg, e);
}

static void
read_rows(void *arg)
{
	struct query *q = arg;

	if (store_requests(DEPS(q->call)->store, &q->wanted, on_row, q, &q->err) == 0)
		q->err.kind = ERROR_NONE;
}

static void
read_one(void *arg)
{
	struct query *q = arg;

	read_rows(q);
	const struct egress_query calls = {
		.request_id = q->id, .instance_id = q->instance_id, .limit = CALLS_SHOWN
	};
	if (q->err.kind == ERROR_NONE && q->instance_id[0] != '\0' &&
	    store_egress(DEPS(q->call)->store, &calls, on_platform_call, &q->measure, &q->err) == 0)
		q->err.kind = ERROR_NONE;
}

/* ---- list ---- */

static void
list_read(void *arg)
{
	struct query *q = arg;
	cJSON *row;

	json_for_each(row, q->data)
		name_competitor(q->call, row);
	if (q->err.kind != ERROR_NONE)
		reply_error(q->call, &q->err);
	else
		list_reply_rows(q->call, TAKE(q->data), q->seen >= q->wanted.limit);
	query_free(q);
}

/* The query's words; false after an answer. */
static bool
parse(struct api_call *c, struct query *q)
{
	const struct competitor *competitor;

	if ((q->wanted.limit = list_limit(c)) == 0 || competitor_wanted(c, &competitor) < 0)
		return false;
	if (competitor != NULL) {
		str_copy(q->competitor_id, sizeof(q->competitor_id), competitor->id);
		q->wanted.competitor_id = q->competitor_id;
	}
	q->code = call_query(c, "code");
	if (q->code != NULL && strcmp(q->code, "ok") != 0 &&
	    strcmp(wire_code_info(wire_code_named(q->code))->code, q->code) != 0) {
		reply_code(
		    c, CODE_INVALID_VALUE, "code", "code: 'ok' or a code of docs/errors.md.");
		return false;
	}
	q->after = call_query(c, "after");
	q->wanted.code = q->code != NULL && strcmp(q->code, "ok") == 0 ? "" : q->code;
	q->wanted.after = q->after;
	return true;
}

void
request_list(struct api_call *c)
{
	struct query *q = mem_zalloc(sizeof(*q));

	q->call = c;
	q->data = cJSON_CreateArray();
	if (!parse(c, q)) {
		query_free(q);
		return;
	}
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_rows, list_read, q);
}

/* ---- one ---- */

static void
one_read(void *arg)
{
	struct query *q = arg;
	const struct request_record *kept = requests_find(DEPS(q->call)->requests, q->id);
	cJSON *row = q->data->child;

	if (q->err.kind != ERROR_NONE) {
		reply_error(q->call, &q->err);
	} else if (kept != NULL) {
		cJSON *json = render_record(kept);

		/* The platform may have measured more since. */
		if (row != NULL &&
		    str_eq(json_str(row, "created_at"), json_str(json, "created_at")))
			cJSON_ReplaceItemInObjectCaseSensitive(json, "cost_usd",
			    cJSON_DetachItemFromObjectCaseSensitive(row, "cost_usd"));
		measure_render(&q->measure, json);
		add_capture(q->call, json, q->id);
		artifacts_render(q->call, json, q->id);
		reply_json(q->call, 200, json);
	} else if (row == NULL) {
		reply_code(q->call, CODE_RESOURCE_NOT_FOUND, NULL,
		    "There was no chat with the id %.132s.", q->id);
	} else {
		cJSON_DetachItemViaPointer(q->data, row);
		name_competitor(q->call, row);
		json_add_str(row, "timeline", NULL);
		measure_render(&q->measure, row);
		add_capture(q->call, row, q->id);
		artifacts_render(q->call, row, q->id);
		reply_json(q->call, 200, row);
	}
	query_free(q);
}

void
request_get(struct api_call *c)
{
	const char *id = route_param(&c->params, "ref");
	const struct request_record *kept = requests_find(DEPS(c)->requests, id);
	struct query *q = mem_zalloc(sizeof(*q));

	q->call = c;
	q->data = cJSON_CreateArray();
	q->id = str_dup(id);
	q->wanted.id = q->id;
	q->wanted.limit = 2;
	if (kept != NULL)
		snprintf(q->instance_id, sizeof(q->instance_id), "%s", kept->instance_id);
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_one, one_read, q);
}

/*
 * egress.c - what competitors called at the platform: the list, and the part of one chat.
 */
#include "controlplane/store/egress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define SCALE 1e6

static cJSON *
render_call(const struct egress_row *e)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", e->id);
	json_add_str(json, "object", "egress");
	json_add_time(json, "at", e->at_ms);
	json_add_str(json, "competitor", e->competitor);
	json_add_str(json, "instance_id", e->instance_id);
	json_add_text(json, "request_id", e->request_id);
	json_add_str(json, "service", e->service);
	json_add_text(json, "operation", e->operation);
	json_add_text(json, "target", e->target);
	json_add_str(json, "decision", e->decision);
	json_add_text(json, "code", e->code);
	json_add_int(json, "status", e->status);
	json_add_int(json, "calls", e->calls);
	json_add_int(json, "duration_ms", e->duration_ms);
	json_add_int(json, "bytes_in", e->bytes_in);
	json_add_int(json, "bytes_out", e->bytes_out);
	json_add_int(json, "prompt_tokens", e->prompt_tokens);
	json_add_int(json, "completion_tokens", e->completion_tokens);
	cJSON_AddNumberToObject(json, "sandbox_seconds", (double)e->sandbox_ms / 1000);
	if (e->cost_micro_usd >= 0)
		cJSON_AddNumberToObject(json, "cost_usd", (double)e->cost_micro_usd / SCALE);
	else
		json_add_str(json, "cost_usd", NULL);
	return json;
}

/* ---- the part of one chat ---- */

void
measure_add(struct measure *m, const struct egress_row *e)
{
	if (m->calls == NULL)
		m->calls = cJSON_CreateArray();
	cJSON_AddItemToArray(m->calls, render_call(e));
	m->count += e->calls;
	m->prompt_tokens += e->prompt_tokens;
	m->completion_tokens += e->completion_tokens;
	m->sandbox_ms += e->sandbox_ms;
	m->bytes += e->bytes_in + e->bytes_out;
	if (e->cost_micro_usd >= 0)
		m->cost_micro_usd += e->cost_micro_usd;
	else
		m->unpriced += e->calls;
}

void
measure_render(struct measure *m, cJSON *request)
{
	cJSON *json = json_add_obj(request, "measured");

	json_add_int(json, "calls", m->count);
	json_add_int(json, "prompt_tokens", m->prompt_tokens);
	json_add_int(json, "completion_tokens", m->completion_tokens);
	cJSON_AddNumberToObject(json, "cost_usd", (double)m->cost_micro_usd / SCALE);
	json_add_int(json, "calls_of_unknown_price", m->unpriced);
	cJSON_AddNumberToObject(json, "sandbox_seconds", (double)m->sandbox_ms / 1000);
	json_add_int(json, "egress_bytes", m->bytes);
	cJSON_AddItemToObject(
	    request, "platform_calls", m->calls != NULL ? TAKE(m->calls) : cJSON_CreateArray());
}

void
measure_done(struct measure *m)
{
	cJSON_Delete(TAKE(m->calls));
}

/* ---- list ---- */

struct query {
	struct api_call *call;
	struct egress_query wanted;
	char competitor[SLUG_MAX];
	char *request, *decision, *service, *after; /* owned */
	cJSON *data; /* rows as they come, on the worker */
	int seen;
	struct error err;
};

static void
query_free(struct query *q)
{
	cJSON_Delete(q->data);
	free(q->request);
	free(q->decision);
	free(q->service);
	free(q->after);
	free(q);
}

static void
on_row(const struct egress_row *e, void *arg)
{
	struct query *q = arg;

	if (++q->seen < q->wanted.limit)
		cJSON_AddItemToArray(q->data, render_call(e));
}

static void
read_rows(void *arg)
{
	struct query *q = arg;

	if (store_egress(DEPS(q->call)->store, &q->wanted, on_row, q, &q->err) == 0)
		q->err.kind = ERROR_NONE;
}

static void
rows_read(void *arg)
{
	struct query *q = arg;

	if (q->err.kind != ERROR_NONE)
		reply_error(q->call, &q->err);
	else
		list_reply_rows(q->call, TAKE(q->data), q->seen >= q->wanted.limit);
	query_free(q);
}

/* Is the word (NULL: none was given) one of these?  Else the call is answered. */
static bool
word_is_known(struct api_call *c, const char *param, const char *word, const char *const *words)
{
	if (word == NULL)
		return true;
	for (const char *const *each = words; *each != NULL; each++)
		if (str_eq(*each, word))
			return true;
	reply_code(c, CODE_INVALID_VALUE, param, "%s: there is no '%.40s'.", param, word);
	return false;
}

static bool
parse(struct api_call *c, struct query *q)
{
	static const char *const decisions[] = { "allowed", "denied", "limited", "invalid",
		"failed", NULL };
	static const char *const services[] = { "inference", "web", "search", "vector", "sandbox",
		NULL };
	const struct competitor *competitor;

	if ((q->wanted.limit = list_limit(c)) == 0 || competitor_wanted(c, &competitor) < 0)
		return false;
	if (competitor != NULL) {
		str_copy(q->competitor, sizeof(q->competitor), competitor->slug);
		q->wanted.competitor = q->competitor;
	}
	q->wanted.request_id = q->request = call_query(c, "request");
	q->wanted.decision = q->decision = call_query(c, "decision");
	q->wanted.service = q->service = call_query(c, "service");
	q->wanted.after = q->after = call_query(c, "after");
	return word_is_known(c, "decision", q->decision, decisions) &&
	    word_is_known(c, "service", q->service, services);
}

void
egress_list(struct api_call *c)
{
	struct query *q = mem_zalloc(sizeof(*q));

	q->call = c;
	q->data = cJSON_CreateArray();
	if (!parse(c, q)) {
		query_free(q);
		return;
	}
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_rows, rows_read, q);
}

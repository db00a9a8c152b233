/*
 * model.c - the request, its stream, and the patience with it.
 */
#include "baseline/cli/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "runtime/net/sse.h"

#define TRIES 3
#define PAUSE_MS 500
#define PAUSE_MAX_S 10
#define TOTAL_MS 600000
#define EVENT_MAX_BYTES (1u << 20)
#define TEXT_MAX_BYTES (4u << 20)
#define ARGUMENTS_MAX_BYTES (1u << 20)

struct asking {
	struct sse_parser parser;
	struct model_answer *answer;
	model_piece_fn *fn;
	void *arg;
	size_t odd; /* events that are none */
	bool done;
	struct error error;
};

/* ---- what it says ---- */

static void
add_some(struct buf *out, const char *text, size_t max)
{
	if (out->len < max)
		buf_add_str(out, text);
}

static void
take_call(struct model_answer *a, const cJSON *delta)
{
	const int64_t index = json_int(delta, "index", 0);
	const cJSON *f = json_get(delta, "function");
	const char *id = json_str(delta, "id"), *name = json_str(f, "name");
	const char *arguments = json_str(f, "arguments");

	if (index < 0 || index >= MODEL_CALLS_MAX)
		return;
	if ((size_t)index >= a->ncalls)
		a->ncalls = (size_t)index + 1;
	struct model_call *call = &a->calls[index];
	if (id != NULL && *id != '\0')
		snprintf(call->id, sizeof(call->id), "%s", id);
	if (name != NULL && *name != '\0')
		snprintf(call->name, sizeof(call->name), "%s", name);
	if (arguments != NULL)
		add_some(&call->arguments, arguments, ARGUMENTS_MAX_BYTES);
}

int
model_take(struct model_answer *a, const char *data, size_t len, model_piece_fn *fn, void *arg)
{
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(data, len, &json, NULL) < 0 || !cJSON_IsObject(json))
		return -1;
	const cJSON *error = json_get(json, "error"), *usage = json_get(json, "usage"), *call;
	const cJSON *choice = cJSON_GetArrayItem(json_get(json, "choices"), 0);
	const cJSON *delta = json_get(choice, "delta");

	if (error != NULL && !cJSON_IsNull(error)) {
		const char *text = json_str(error, "message");

		snprintf(
		    a->error, sizeof(a->error), "%s", text != NULL ? text : "it does not say what");
		return 0;
	}
	if (usage == NULL && choice == NULL)
		return -1;
	if (delta == NULL) /* not streamed though that was asked for */
		delta = json_get(choice, "message");
	const char *text = json_str(delta, "content");
	const char *thought = json_str(delta, "reasoning_content");
	if (text != NULL)
		add_some(&a->text, text, TEXT_MAX_BYTES);
	if (thought != NULL)
		add_some(&a->thought, thought, TEXT_MAX_BYTES);
	if (fn != NULL &&
	    ((text != NULL && *text != '\0') || (thought != NULL && *thought != '\0')))
		fn(text, thought, arg);
	json_for_each(call, json_get(delta, "tool_calls"))
		take_call(a, call);
	a->finished |= json_str(choice, "finish_reason") != NULL;
	if (cJSON_IsObject(usage)) {
		a->prompt_tokens = json_int(usage, "prompt_tokens", 0);
		a->completion_tokens = json_int(usage, "completion_tokens", 0);
	}
	return 0;
}

void
model_answer_done(struct model_answer *a)
{
	buf_done(&a->text);
	buf_done(&a->thought);
	for (size_t i = 0; i < MODEL_CALLS_MAX; i++)
		buf_done(&a->calls[i].arguments);
	*a = (struct model_answer){ 0 };
}

static void
on_event(const struct sse_event *e, void *arg)
{
	struct asking *q = arg;

	if (!e->has_data || q->done)
		return;
	if (strcmp(e->data, "[DONE]") == 0)
		q->done = true;
	else if (model_take(q->answer, e->data, e->data_len, q->fn, q->arg) < 0)
		q->odd++;
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct asking *q = arg;

	return sse_feed(&q->parser, bytes, len, on_event, q, &q->error);
}

/* ---- the request ---- */

static char *
request_json(const struct model *m, const cJSON *messages, const cJSON *tools)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	json_add_str(json, "model", m->name);
	cJSON_AddItemToObject(json, "messages", cJSON_Duplicate(messages, true));
	if (cJSON_GetArraySize(tools) > 0)
		cJSON_AddItemToObject(json, "tools", cJSON_Duplicate(tools, true));
	json_add_bool(json, "stream", true);
	json_add_bool(json_add_obj(json, "stream_options"), "include_usage", true);
	return json_print(json);
}

static int
refused(const struct http_call *call, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const char *text = NULL;
	const int status = call->status;

	if (json_parse(buf_str(&call->reply), call->reply.len, &json, NULL) == 0)
		text = json_str(json_get(json, "error"), "message");
	return error_set(err,
	    status == 401 || status == 403       ? ERROR_DENIED
		: status == 429 || status == 503 ? ERROR_BUSY
		: status >= 500                  ? ERROR_UPSTREAM
						 : ERROR_INVALID,
	    "the model API answered with status %d%s%.150s", status, text != NULL ? ": " : "",
	    text != NULL ? text : "");
}

static bool
has_said(const struct model_answer *a)
{
	return a->text.len > 0 || a->thought.len > 0 || a->ncalls > 0;
}

static int
ask_once(const struct model *m, const char *json, struct asking *q, int *retry_s, struct error *err)
{
	const size_t len = strlen(m->base_url);
	_cleanup_free_ char *url = str_printf("%.*s/chat/completions",
	    (int)(len > 0 && m->base_url[len - 1] == '/' ? len - 1 : len), m->base_url);
	_cleanup_free_ char *key = str_printf("Authorization: Bearer %s", m->key);
	_cleanup_free_ char *id =
	    str_printf("X-Request-Id: %s", m->request_id != NULL ? m->request_id : "");
	const char *headers[] = { "Content-Type: application/json", "Accept: text/event-stream",
		*m->key != '\0' ? key : "X-Janus-Agent: 1", m->request_id != NULL ? id : NULL,
		NULL };
	struct http_call call = { .method = "POST",
		.url = url,
		.headers = headers,
		.body = json,
		.body_len = strlen(json),
		.on_data = on_data,
		.arg = q,
		.stall_ms = m->stall_ms,
		.total_ms = TOTAL_MS };
	int rc = http_call(&call, err);

	if (rc < 0)
		error_add(err, "the model");
	*retry_s = call.retry_after_s;
	if (q->error.kind != ERROR_NONE)
		rc = error_set(err, ERROR_UPSTREAM, "the model's stream: %s", q->error.text);
	else if (rc == 0 && (call.status < 200 || call.status >= 300))
		rc = refused(&call, err);
	else if (rc == 0 &&
	    sse_pending(&q->parser) > 0) /* cut after its last line, or plain JSON */
		on_data("\n\n", 2, q);
	buf_done(&call.reply);
	if (rc == 0 && q->answer->error[0] != '\0')
		rc = error_set(err, ERROR_UPSTREAM, "the model API reported: %s", q->answer->error);
	if (rc == 0 && !has_said(q->answer) && !q->answer->finished)
		rc = error_set(err, ERROR_UPSTREAM,
		    q->odd > 0 ? "the model's answer is no chat completion"
			       : "the model's stream ended without an answer");
	return rc;
}

static bool
may_pass(const struct error *err)
{
	return err->kind == ERROR_BUSY || err->kind == ERROR_UNAVAILABLE ||
	    err->kind == ERROR_UPSTREAM;
}

int
model_ask(const struct model *m, const cJSON *messages, const cJSON *tools, model_piece_fn *fn,
    void *arg, struct model_answer *answer, struct error *err)
{
	_cleanup_free_ char *json = request_json(m, messages, tools);

	for (int tried = 1;; tried++) {
		struct asking q = { .parser = { .max_bytes = EVENT_MAX_BYTES },
			.answer = answer,
			.fn = fn,
			.arg = arg };
		int retry_s = 0;

		model_answer_done(answer);
		const int rc = ask_once(m, json, &q, &retry_s, err);
		sse_done(&q.parser);
		if (rc == 0 || tried == TRIES || has_said(answer) || !may_pass(err))
			return rc;
		const int64_t wait_ms = retry_s > 0
		    ? (retry_s < PAUSE_MAX_S ? retry_s : PAUSE_MAX_S) * 1000
		    : PAUSE_MS * tried;
		const struct timespec pause = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
		nanosleep(&pause, NULL);
	}
}

/*
 * conform_stream.c - event by event through a recorded answer.
 */
#include "controlplane/supervise/conform_stream.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"

#define EVENT_MAX_BYTES ((size_t)1 << 20)

static void
complain(struct conform_stream *s, const char *what)
{
	if (s->bad[0] == '\0')
		snprintf(s->bad, sizeof(s->bad), "event %zu: %s", s->events, what);
}

static void
add_text(struct buf *out, const cJSON *object, const char *key)
{
	const char *text = json_str(object, key);

	if (text != NULL)
		buf_add_str(out, text);
}

static void
read_artifact(struct conform_stream *s, const cJSON *item)
{
	const char *url = json_str(item, "url"), *sha256 = json_str(item, "sha256");

	if (!cJSON_IsObject(item) || s->nartifacts == CONFORM_ARTIFACTS_MAX)
		return;
	struct conform_artifact *a = &s->artifacts[s->nartifacts++];
	snprintf(a->url, sizeof(a->url), "%s", url != NULL ? url : "");
	snprintf(a->sha256, sizeof(a->sha256), "%s", sha256 != NULL ? sha256 : "");
	a->size_bytes = json_int(item, "size_bytes", -1);
}

/* {"event":"artifact","payload":{...}}, or the older "artifacts" with a list under either name. */
static void
read_janus(struct conform_stream *s, const cJSON *janus)
{
	const char *event = json_str(janus, "event");
	const cJSON *payload = json_get(janus, "payload"), *item;
	const cJSON *list = json_get(payload, "items");

	if (list == NULL)
		list = cJSON_IsArray(payload) ? payload : json_get(payload, "artifacts");
	if (str_eq(event, "artifact"))
		read_artifact(s, payload);
	else if (str_eq(event, "artifacts"))
		json_for_each(item, list)
			read_artifact(s, item);
}

static void
read_tool_call(struct conform_stream *s, const cJSON *delta)
{
	const cJSON *call = json_path(delta, "tool_calls.0"), *f = json_get(call, "function");
	const char *name = json_str(f, "name");

	if (!cJSON_IsObject(call) || json_int(call, "index", 0) != 0)
		return;
	if (name != NULL && s->tool_name[0] == '\0')
		snprintf(s->tool_name, sizeof(s->tool_name), "%s", name);
	add_text(&s->arguments, f, "arguments");
}

static void
read_choice(struct conform_stream *s, const cJSON *choice)
{
	const cJSON *delta = json_get(choice, "delta");

	if (!cJSON_IsObject(delta)) {
		complain(s, "a choice without a delta");
		return;
	}
	if (str_eq(json_str(delta, "role"), "assistant") && s->text.len == 0)
		s->role = true;
	add_text(&s->text, delta, "content");
	add_text(&s->reasoning, delta, "reasoning_content");
	read_tool_call(s, delta);
	read_janus(s, json_get(delta, "janus"));
	if (json_str(choice, "finish_reason") != NULL)
		s->finishes++;
}

static void
read_chunk(struct conform_stream *s, const cJSON *json)
{
	const cJSON *choices = json_get(json, "choices");
	const char *id = json_str(json, "id"), *object = json_str(json, "object");

	if (cJSON_IsObject(json_get(json, "error"))) {
		const char *message = json_str(json_get(json, "error"), "message");

		if (s->errors++ == 0)
			snprintf(s->error, sizeof(s->error), "%s", message != NULL ? message : "");
		return;
	}
	if (id == NULL)
		complain(s, "a chunk without an id");
	else if (s->id[0] == '\0')
		snprintf(s->id, sizeof(s->id), "%s", id);
	else if (strncmp(s->id, id, sizeof(s->id) - 1) != 0)
		s->ids++;
	if (!str_eq(object, "chat.completion.chunk"))
		complain(s, "object is not \"chat.completion.chunk\"");
	if (!cJSON_IsArray(choices))
		complain(s, "no list of choices");
	else if (cJSON_GetArraySize(choices) > 0)
		read_choice(s, cJSON_GetArrayItem(choices, 0));
	if (cJSON_IsObject(json_get(json, "usage")))
		s->usages++;
}

static void
on_event(const struct sse_event *event, void *arg)
{
	struct conform_stream *s = arg;
	_cleanup_json_ cJSON *json = NULL;

	if (!event->has_data)
		return;
	if (strcmp(event->data, "[DONE]") == 0) {
		s->dones++;
		return;
	}
	s->events++;
	s->after_done += s->dones > 0;
	if (json_parse(event->data, event->data_len, &json, NULL) < 0 || !cJSON_IsObject(json))
		complain(s, "its data are not a JSON object");
	else
		read_chunk(s, json);
}

void
conform_stream_read(const char *body, size_t len, struct conform_stream *out)
{
	struct sse_parser parser = { .max_bytes = EVENT_MAX_BYTES };
	struct error err = { 0 };

	memset(out, 0, sizeof(*out));
	if (sse_feed(&parser, body, len, on_event, out, &err) < 0)
		complain(out, err.text);
	else if (sse_pending(&parser) > 0)
		complain(out, "the last one has no end");
	sse_done(&parser);
}

void
conform_stream_done(struct conform_stream *s)
{
	buf_done(&s->text);
	buf_done(&s->reasoning);
	buf_done(&s->arguments);
}

/*
 * turn.c - deltas and messages to text and calls.
 */
#include "bench/score/turn.h"

#include <stdio.h>
#include <string.h>

#include "bench/score/text.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

void
turn_odd(struct turn *t, const char *what)
{
	const size_t at = strlen(t->odd);

	if (strstr(t->odd, what) == NULL)
		snprintf(t->odd + at, sizeof(t->odd) - at, "%s%s", at > 0 ? "; " : "", what);
}

static bool
keep(struct turn *t, struct buf *into, const char *text)
{
	const size_t len = strlen(text);

	t->bytes += (int64_t)len;
	if (into->len + len > TURN_TEXT_MAX)
		turn_odd(t, "more than 16 MiB of text");
	else
		buf_add(into, text, len);
	return text_tells(text, len);
}

/* A text, or parts of which those with a text are kept. */
static bool
take_text(struct turn *t, struct buf *into, const cJSON *value)
{
	const cJSON *part;
	bool tells = false;

	if (cJSON_IsString(value))
		return keep(t, into, value->valuestring);
	json_for_each(part, value) {
		const char *text = json_str(part, "text");

		if (text != NULL)
			tells |= keep(t, into, text);
		else
			tells |= json_get(part, "image_url") != NULL;
	}
	return tells;
}

/* The call that a piece belongs to: by its number, else by a new id, else the last. */
static struct turn_call *
call_of(struct turn *t, const cJSON *piece)
{
	const int64_t index = json_int(piece, "index", -1);
	const char *id = json_str(piece, "id");

	for (size_t i = 0; index >= 0 && i < t->ncalls; i++)
		if (t->calls[i].index == index)
			return &t->calls[i];
	if (index < 0 && (id == NULL || *id == '\0') && t->ncalls > 0 &&
	    json_get(json_get(piece, "function"), "name") == NULL)
		return &t->calls[t->ncalls - 1];
	if (t->ncalls == TURN_CALLS_MAX) {
		turn_odd(t, "more than 128 calls in a turn");
		return NULL;
	}
	struct turn_call *c = &t->calls[t->ncalls++];
	c->index = index;
	return c;
}

static bool
take_calls(struct turn *t, const cJSON *calls)
{
	const cJSON *piece;
	bool tells = false;

	if (!cJSON_IsArray(calls))
		return false;
	json_for_each(piece, calls) {
		const cJSON *function = json_get(piece, "function");
		const char *id = json_str(piece, "id"), *name = json_str(function, "name"),
			   *arguments = json_str(function, "arguments");
		struct turn_call *c = cJSON_IsObject(piece) ? call_of(t, piece) : NULL;

		if (c == NULL)
			continue;
		if (id != NULL && c->id.len == 0)
			buf_add_str(&c->id, id);
		if (name != NULL && c->name.len == 0)
			tells |= keep(t, &c->name, name);
		if (arguments != NULL)
			tells |= keep(t, &c->arguments, arguments);
	}
	return tells;
}

/* Descriptors of artifacts: at the message, or as an event of Janus. */
static bool
has_artifact(const cJSON *said)
{
	const cJSON *janus = json_get(said, "janus"), *payload = json_get(janus, "payload");
	const char *event = json_str(janus, "event");

	if (cJSON_GetArraySize(json_get(said, "artifacts")) > 0)
		return true;
	if (str_eq(event, "artifact"))
		return json_str(payload, "url") != NULL;
	return str_eq(event, "artifacts") &&
	    (cJSON_GetArraySize(json_get(payload, "items")) > 0 ||
		cJSON_GetArraySize(json_get(payload, "artifacts")) > 0);
}

static bool
take_said(struct turn *t, const cJSON *said)
{
	bool tells = false;

	if (t->finished &&
	    (json_get(said, "content") != NULL || json_get(said, "tool_calls") != NULL)) {
		struct buf ignored = { 0 };

		if (take_text(t, &ignored, json_get(said, "content")) ||
		    cJSON_GetArraySize(json_get(said, "tool_calls")) > 0)
			turn_odd(t, "content after the end of the answer");
		buf_done(&ignored);
		return false;
	}
	const cJSON *reasoning = json_get(said, "reasoning_content");
	if (!cJSON_IsString(reasoning))
		reasoning = json_get(said, "reasoning");
	tells |= take_text(t, &t->reasoning, reasoning);
	tells |= take_text(t, &t->text, json_get(said, "content"));
	tells |= take_text(t, &t->text, json_get(said, "refusal"));
	tells |= take_calls(t, json_get(said, "tool_calls"));
	return tells | has_artifact(said);
}

static bool
take_choice(struct turn *t, const cJSON *choice)
{
	const cJSON *delta = json_get(choice, "delta");
	const char *finish = json_str(choice, "finish_reason");

	if (json_int(choice, "index", 0) != 0) {
		turn_odd(t, "more than one answer");
		return false;
	}
	const bool tells = take_said(t, delta != NULL ? delta : json_get(choice, "message"));
	if (finish != NULL) {
		t->finished = true;
		str_copy(t->finish, sizeof(t->finish), finish);
	}
	return tells;
}

static void
take_names(struct turn *t, const cJSON *json)
{
	const char *id = json_str(json, "id"), *model = json_str(json, "model");

	if (id != NULL && t->id[0] != '\0' && strncmp(id, t->id, sizeof(t->id) - 1) != 0)
		turn_odd(t, "chunks of two ids");
	if (id != NULL && t->id[0] == '\0')
		str_copy(t->id, sizeof(t->id), id);
	if (model != NULL && t->model[0] == '\0')
		str_copy(t->model, sizeof(t->model), model);
}

bool
turn_take(struct turn *t, const char *text, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *choice;
	bool tells = false;

	if (json_parse(text, len, &json, NULL) < 0 || !cJSON_IsObject(json)) {
		turn_odd(t, "something that is no JSON object");
		return false;
	}
	const cJSON *error = json_get(json, "error");
	if (error != NULL && !cJSON_IsNull(error)) {
		char said[100], note[120];

		chat_error_text(text, len, said, sizeof(said));
		snprintf(note, sizeof(note), "error: %s", said);
		turn_odd(t, note);
		t->failed = true;
		return false;
	}
	take_names(t, json);
	if (cJSON_IsObject(json_get(json, "usage")) && !chat_usage_parse(text, len, &t->usage))
		turn_odd(t, "usage that cannot be");
	json_for_each(choice, json_get(json, "choices")) {
		tells |= take_choice(t, choice);
	}
	return tells;
}

void
turn_done(struct turn *t)
{
	for (size_t i = 0; i < t->ncalls; i++) {
		buf_done(&t->calls[i].id);
		buf_done(&t->calls[i].name);
		buf_done(&t->calls[i].arguments);
	}
	buf_done(&t->text);
	buf_done(&t->reasoning);
	*t = (struct turn){ 0 };
}

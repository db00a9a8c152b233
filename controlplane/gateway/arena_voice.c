/*
 * arena_voice.c - from a competitor's chunk to what may be heard of it.
 */
#include "controlplane/gateway/arena_voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/artifacts/sign.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define CALLS_MAX 128
#define FILES_MAX 256

void
arena_voice_done(struct arena_voice *v)
{
	buf_done(&v->content);
	buf_done(&v->reasoning);
	buf_done(&v->refusal);
	for (size_t i = 0; i < v->ncalls; i++) {
		buf_done(&v->calls[i].name);
		buf_done(&v->calls[i].arguments);
	}
	free(v->calls);
	cJSON_Delete(v->files);
	v->calls = NULL;
	v->ncalls = 0;
	v->files = NULL;
}

/* ---- texts ---- */

static void
say(struct arena_voice *v, cJSON *delta, const char *key, const char *text, struct buf *kept)
{
	if (text == NULL || text[0] == '\0')
		return;
	if (v->whole)
		buf_add_str(kept, text);
	else
		json_add_str(delta, key, text);
}

/* ---- tool calls: ids are ours, for the form of an id is somebody's own ---- */

static struct arena_call *
kept_call(struct arena_voice *v, int64_t index)
{
	if (v->calls == NULL)
		v->calls = mem_zalloc(CALLS_MAX * sizeof(*v->calls));
	for (size_t i = 0; i < v->ncalls; i++)
		if (v->calls[i].index == index)
			return &v->calls[i];
	v->calls[v->ncalls].index = index; /* of which there are no more than CALLS_MAX */
	return &v->calls[v->ncalls++];
}

static void
keep_call(struct arena_voice *v, int64_t index, const char *name, const char *arguments)
{
	struct arena_call *call = kept_call(v, index);

	if (name != NULL)
		buf_add_str(&call->name, name);
	if (arguments != NULL)
		buf_add_str(&call->arguments, arguments);
}

static void
say_call(
    const struct arena_voice *v, cJSON *to, int64_t index, const char *name, const char *arguments)
{
	cJSON *call = cJSON_CreateObject(), *function;
	char id[40];

	json_add_int(call, "index", index);
	if (name != NULL) {
		snprintf(id, sizeof(id), "call_%c_%lld", v->side, (long long)index);
		json_add_str(call, "id", id);
		json_add_str(call, "type", "function");
	}
	function = json_add_obj(call, "function");
	if (name != NULL)
		json_add_str(function, "name", name);
	if (arguments != NULL)
		json_add_str(function, "arguments", arguments);
	cJSON_AddItemToArray(to, call);
}

static void
hear_calls(struct arena_voice *v, cJSON *delta, const cJSON *calls)
{
	const cJSON *call;
	cJSON *to = NULL;

	json_for_each(call, calls) {
		const cJSON *function = json_get(call, "function");
		const int64_t index = json_int(call, "index", 0);
		const char *name = json_str(function, "name");
		const char *arguments = json_str(function, "arguments");

		if (index < 0 || index >= CALLS_MAX || (name == NULL && arguments == NULL))
			continue;
		if (v->whole) {
			keep_call(v, index, name, arguments);
			continue;
		}
		if (to == NULL)
			to = json_add_arr(delta, "tool_calls");
		say_call(v, to, index, name, arguments);
	}
}

/* ---- artifacts: by now with links of ours ---- */

static cJSON *
bare_artifact(const cJSON *from)
{
	static const char *const texts[] = { "type", "mime_type", "display_name", "sha256" };
	const char *url = json_str(from, "url"),
		   *reason = json_str(json_get(from, "error"), "reason");
	cJSON *to;

	if ((url == NULL || strstr(url, ARTIFACTS_PATH "/") == NULL) && reason == NULL)
		return NULL;
	to = cJSON_CreateObject();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (json_str(from, texts[i]) != NULL)
			json_add_str(to, texts[i], json_str(from, texts[i]));
	if (json_get(from, "size_bytes") != NULL)
		json_add_int(to, "size_bytes", json_int(from, "size_bytes", 0));
	if (reason != NULL)
		json_add_str(json_add_obj(to, "error"), "reason", reason);
	else
		json_add_str(to, "url", url);
	return to;
}

static void
hear_artifact(struct arena_voice *v, cJSON *delta, const cJSON *from)
{
	cJSON *bare = cJSON_IsObject(from) ? bare_artifact(from) : NULL, *to;

	if (bare == NULL)
		return;
	if (v->whole) {
		if (v->files == NULL)
			v->files = cJSON_CreateArray();
		to = v->files;
	} else {
		to = cJSON_GetObjectItemCaseSensitive(delta, "artifacts");
		if (to == NULL)
			to = json_add_arr(delta, "artifacts");
	}
	if (cJSON_GetArraySize(to) < FILES_MAX)
		cJSON_AddItemToArray(to, bare);
	else
		cJSON_Delete(bare);
}

static void
hear_list(struct arena_voice *v, cJSON *delta, const cJSON *list)
{
	const cJSON *one;

	if (cJSON_IsArray(list))
		json_for_each(one, list)
			hear_artifact(v, delta, one);
	else
		hear_artifact(v, delta, list);
}

/* As descriptor.h says where they may stand. */
static void
hear_artifacts(struct arena_voice *v, cJSON *delta, const cJSON *from)
{
	const cJSON *janus = json_get(from, "janus"), *payload = json_get(janus, "payload");
	const char *event = json_str(janus, "event");

	if (!v->artifacts)
		return;
	hear_list(v, delta, json_get(from, "artifacts"));
	hear_list(v, delta, json_get(payload, "artifact"));
	hear_list(v, delta, json_get(payload, "artifacts"));
	if (event == NULL || (strcmp(event, "artifact") != 0 && strcmp(event, "artifacts") != 0))
		return;
	hear_list(v, delta, payload);
	hear_list(v, delta, json_get(payload, "items"));
}

/* ---- a chunk ---- */

static const char *
known_finish(const char *reason)
{
	static const char *const known[] = { "stop", "length", "tool_calls", "content_filter",
		"function_call" };

	for (size_t i = 0; reason != NULL && i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], reason) == 0)
			return known[i];
	return NULL;
}

static void
write_chunk(const struct arena_voice *v, cJSON *delta, struct buf *out)
{
	_cleanup_json_ cJSON *event = cJSON_CreateObject();
	const char side[] = { v->side, '\0' };

	json_add_str(event, "object", "arena.chunk");
	json_add_str(event, "battle", v->battle);
	json_add_str(event, "side", side);
	cJSON_AddItemToObject(event, "delta", delta);
	_cleanup_free_ char *text = json_print(event);
	buf_printf(out, "data: %s\n\n", text);
}

void
arena_voice_hear(struct arena_voice *v, const char *data, size_t len, struct buf *out)
{
	_cleanup_json_ cJSON *json = NULL, *delta = NULL;

	if (json_parse(data, len, &json, NULL) < 0)
		return; /* [DONE], or nothing that could be heard */
	const cJSON *choice = cJSON_GetArrayItem(json_get(json, "choices"), 0);
	const cJSON *from = json_get(choice, "delta");
	const char *finish = known_finish(json_str(choice, "finish_reason"));
	if (finish != NULL)
		v->finish_reason = finish;
	if (!cJSON_IsObject(from) || json_int(choice, "index", 0) != 0)
		return;
	delta = cJSON_CreateObject();
	say(v, delta, "content", json_str(from, "content"), &v->content);
	const char *reasoning = json_str(from, "reasoning_content");
	say(v, delta, "reasoning_content",
	    reasoning != NULL ? reasoning : json_str(from, "reasoning"), &v->reasoning);
	say(v, delta, "refusal", json_str(from, "refusal"), &v->refusal);
	hear_calls(v, delta, json_get(from, "tool_calls"));
	hear_artifacts(v, delta, from);
	if (delta->child != NULL)
		write_chunk(v, TAKE(delta), out);
}

cJSON *
arena_voice_message(struct arena_voice *v)
{
	cJSON *message = cJSON_CreateObject(), *to = NULL;

	json_add_str(message, "role", "assistant");
	json_add_str(message, "content", v->content.len > 0 ? buf_str(&v->content) : NULL);
	if (v->reasoning.len > 0)
		json_add_str(message, "reasoning_content", buf_str(&v->reasoning));
	if (v->refusal.len > 0)
		json_add_str(message, "refusal", buf_str(&v->refusal));
	for (size_t i = 0; i < v->ncalls; i++) {
		if (to == NULL)
			to = json_add_arr(message, "tool_calls");
		say_call(v, to, v->calls[i].index, buf_str(&v->calls[i].name),
		    buf_str(&v->calls[i].arguments));
	}
	if (v->files != NULL)
		cJSON_AddItemToObject(message, "artifacts", TAKE(v->files));
	return message;
}

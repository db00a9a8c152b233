/*
 * say.c - chunks, or one completion.
 */
#include "bench/opponents/say.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/openai/chunk.h"

#define CHUNK_BYTES 64
#define BYTES_PER_TOKEN 4
#define CALLS_MAX 64
#define TTL_SECONDS 3600
#define IMAGE_BYTES 3000 /* what a picture of the prompt counts as */

struct saying {
	const struct opponent_answer *answer;
	struct chat_ids ids;
	struct chat_tool_call calls[CALLS_MAX];
	size_t ncalls;
	char id[ID_MAX];
	char call_ids[CALLS_MAX][ID_MAX];
	char *arguments[CALLS_MAX]; /* owned */
	struct chat_usage usage;
};

static cJSON *
describe(const struct opponent_file *f)
{
	cJSON *json = cJSON_CreateObject();
	_cleanup_free_ char *url = str_printf(OPPONENT_ARTIFACTS "%s/%s", f->sha256, f->name);
	char id[ID_MAX];

	json_add_str(json, "id", id_new("artf", id));
	json_add_str(json, "type", str_starts(f->mime_type, "image/") ? "image" : "file");
	json_add_str(json, "mime_type", f->mime_type);
	json_add_str(json, "display_name", f->name);
	json_add_int(json, "size_bytes", (int64_t)f->len);
	json_add_str(json, "sha256", f->sha256);
	json_add_time(json, "created_at", clock_wall_ms());
	json_add_int(json, "ttl_seconds", TTL_SECONDS);
	json_add_str(json, "url", url);
	return json;
}

static int64_t
tokens(size_t bytes)
{
	return (int64_t)((bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
}

static void
prepare(struct saying *s, size_t prompt_bytes)
{
	const cJSON *call;
	size_t said = strlen(s->answer->text);

	s->ids = (struct chat_ids){ .id = id_new("chatcmpl", s->id),
		.model = "opponent",
		.created = clock_wall_ms() / 1000 };
	json_for_each(call, s->answer->calls) {
		const size_t n = s->ncalls;

		if (n == CALLS_MAX)
			break;
		s->arguments[n] = json_print(json_get(call, "arguments"));
		s->calls[n] = (struct chat_tool_call){ .id = id_new("call", s->call_ids[n]),
			.name = json_str(call, "name"),
			.arguments = s->arguments[n] };
		said += strlen(s->calls[n].name) + strlen(s->arguments[n]);
		s->ncalls++;
	}
	s->usage = (struct chat_usage){ .reported = true,
		.prompt_tokens = tokens(prompt_bytes),
		.completion_tokens = tokens(said),
		.cost_micro_usd = -1,
		.sandbox_seconds = -1 };
	s->usage.total_tokens = s->usage.prompt_tokens + s->usage.completion_tokens;
}

static void
saying_done(struct saying *s)
{
	for (size_t i = 0; i < s->ncalls; i++)
		free(s->arguments[i]);
}

static const char *
finish_of(const struct saying *s)
{
	return s->ncalls > 0 ? "tool_calls" : "stop";
}

/* Whole characters of at most CHUNK_BYTES, and more only if one is longer. */
static size_t
piece(const char *text)
{
	size_t n = strnlen(text, CHUNK_BYTES);

	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void
stream(struct buf *out, const struct saying *s, bool want_usage)
{
	chunk_role(out, &s->ids);
	for (const char *at = s->answer->text; *at != '\0';) {
		const size_t n = piece(at);

		chunk_content(out, &s->ids, at, n);
		at += n;
	}
	for (size_t i = 0; i < s->ncalls; i++)
		chunk_tool_call(out, &s->ids, (int)i, &s->calls[i]);
	for (size_t i = 0; i < s->answer->nfiles; i++) {
		_cleanup_json_ cJSON *json = describe(s->answer->files[i]);
		_cleanup_free_ char *text = json_print(json);

		chunk_janus(out, &s->ids, "artifact", text);
	}
	chunk_finish(out, &s->ids, finish_of(s));
	if (want_usage)
		chunk_usage(out, &s->ids, &s->usage);
	chunk_done(out);
}

static void
whole(struct buf *out, const struct saying *s)
{
	_cleanup_json_ cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < s->answer->nfiles; i++)
		cJSON_AddItemToArray(list, describe(s->answer->files[i]));
	_cleanup_free_ char *artifacts = json_print(list);
	completion_add(out, &s->ids,
	    &(struct completion){
		.content = s->answer->text,
		.calls = s->calls,
		.ncalls = s->ncalls,
		.artifacts = s->answer->nfiles > 0 ? artifacts : NULL,
		.finish_reason = finish_of(s),
		.usage = s->usage,
	    });
}

/* The bytes of all texts in a value. */
static size_t
text_bytes(const cJSON *json)
{
	const cJSON *item;
	size_t bytes = 0;

	if (cJSON_IsString(json))
		return str_starts(json->valuestring, "data:") ? IMAGE_BYTES
							      : strlen(json->valuestring);
	json_for_each(item, json)
		bytes += text_bytes(item);
	return bytes;
}

void
opponent_say(struct buf *out, const struct opponent_answer *answer, const cJSON *request)
{
	struct saying s = { .answer = answer };

	prepare(
	    &s, text_bytes(json_get(request, "messages")) + text_bytes(json_get(request, "tools")));
	if (json_bool(request, "stream", false))
		stream(out, &s,
		    json_bool(json_get(request, "stream_options"), "include_usage", false));
	else
		whole(out, &s);
	saying_done(&s);
}

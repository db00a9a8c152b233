/*
 * fuzz_arena.c - a battle's request and a competitor's chunks: what goes on is JSON, and holds nothing
 * that was not meant to pass.
 *
 * The first byte says which of the two the rest is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/arena_body.h"
#include "controlplane/gateway/arena_voice.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/openai/chat_request.h"

static void
one_body(const char *text, size_t len)
{
	_cleanup_json_ cJSON *before = NULL, *after = NULL;
	_cleanup_buf_ struct buf out = { 0 };
	struct chat_fault fault = { 0 };
	bool stream;

	if (arena_body(&out, text, len, &stream, &fault) < 0) {
		if (fault.code == CODE_NONE || fault.text[0] == '\0')
			abort();
		return;
	}
	if (json_parse(text, len, &before, NULL) < 0 || !cJSON_IsObject(before) ||
	    before->child == NULL)
		return;
	/* Valid it stays, a stream of the default model, and all else as it was. */
	if (json_parse(buf_str(&out), out.len, &after, NULL) < 0 ||
	    !json_bool(after, "stream", false) || json_str(after, "model") == NULL ||
	    strcmp(json_str(after, "model"), "janus") != 0)
		abort();
	const cJSON *member;
	json_for_each(member, before)
		if (json_get(after, member->string) == NULL)
			abort();
}

/* Keys that may stand in what is heard. */
static void
check_keys(const cJSON *json)
{
	static const char *const known[] = { "object", "battle", "side", "delta", "content",
		"reasoning_content", "refusal", "tool_calls", "index", "id", "type", "function",
		"name", "arguments", "artifacts", "mime_type", "display_name", "sha256", "url",
		"size_bytes", "error", "reason", "role", NULL };
	const cJSON *item;

	if (cJSON_IsObject(json) && json_unknown_key(json, known) != NULL)
		abort();
	json_for_each(item, json)
		check_keys(item);
}

static void
one_chunk(const char *text, size_t len, bool whole)
{
	struct arena_voice v = {
		.side = 'a', .battle = "btl_1", .whole = whole, .artifacts = true
	};
	_cleanup_buf_ struct buf out = { 0 };

	arena_voice_hear(&v, text, len, &out);
	arena_voice_hear(&v, text, len, &out);
	if (out.len > 0) {
		_cleanup_json_ cJSON *json = NULL;
		const char *end = strstr(out.data, "\n\n");

		if (whole || strncmp(out.data, "data: ", 6) != 0 || end == NULL ||
		    json_parse(out.data + 6, (size_t)(end - out.data) - 6, &json, NULL) < 0)
			abort();
		check_keys(json);
	}
	_cleanup_json_ cJSON *message = arena_voice_message(&v);
	check_keys(message);
	arena_voice_done(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	if (size == 0)
		return 0;
	_cleanup_free_ char *text = mem_zalloc(size);
	memcpy(text, input + 1, size - 1);
	if (input[0] % 3 == 0)
		one_body(text, size - 1);
	else
		one_chunk(text, size - 1, input[0] % 3 == 1);
	return 0;
}

/*
 * chat_unfold.c - one completion as role, reasoning, artifacts, content, calls, finish and usage.
 */
#include "runtime/openai/chat_unfold.h"

#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/openai/chat_stream.h"
#include "runtime/openai/chunk.h"

/* A member that may be absent or null, but is nothing else than a string. */
static int
text_of(const cJSON *object, const char *key, const char **out)
{
	const cJSON *item = json_get(object, key);

	*out = json_str(object, key);
	return item == NULL || cJSON_IsNull(item) || *out != NULL ? 0 : -1;
}

static int
add_calls(struct buf *out, const struct chat_ids *ids, const cJSON *message)
{
	const cJSON *item;
	int index = 0;

	json_for_each(item, json_get(message, "tool_calls")) {
		const struct chat_tool_call call = {
			.id = json_str(item, "id"),
			.name = json_str(json_get(item, "function"), "name"),
			.arguments = json_str(json_get(item, "function"), "arguments"),
		};

		if (call.id == NULL || call.name == NULL || call.arguments == NULL)
			return -1;
		chunk_tool_call(out, ids, index++, &call);
	}
	return 0;
}

/* A stream has them in an event. */
static void
add_artifacts(struct buf *out, const struct chat_ids *ids, const cJSON *message)
{
	const cJSON *artifacts = json_get(message, "artifacts");
	_cleanup_free_ char *items = NULL;
	_cleanup_buf_ struct buf payload = { 0 };

	if (!cJSON_IsArray(artifacts) || artifacts->child == NULL)
		return;
	items = json_print(artifacts);
	buf_printf(&payload, "{\"items\":%s}", items);
	chunk_janus(out, ids, "artifacts", buf_str(&payload));
}

static int
add_answer(struct buf *out, const struct chat_ids *ids, const cJSON *choice)
{
	const cJSON *message = json_get(choice, "message");
	const char *reasoning, *content, *finish = json_str(choice, "finish_reason");

	if (text_of(message, "reasoning_content", &reasoning) < 0 ||
	    text_of(message, "content", &content) < 0)
		return -1;
	chunk_role(out, ids);
	if (reasoning != NULL && reasoning[0] != '\0')
		chunk_reasoning(out, ids, reasoning, strlen(reasoning));
	add_artifacts(out, ids, message);
	if (content != NULL && content[0] != '\0')
		chunk_content(out, ids, content, strlen(content));
	if (add_calls(out, ids, message) < 0)
		return -1;
	chunk_finish(out, ids, finish != NULL ? finish : "stop");
	return 0;
}

int
chat_unfold(struct buf *out, const char *json, size_t len, bool usage)
{
	_cleanup_json_ cJSON *tree = NULL;
	_cleanup_buf_ struct buf events = { 0 };
	struct chat_usage used;

	if (json_parse(json, len, &tree, NULL) < 0)
		return -1;
	const cJSON *choice = json_path(tree, "choices.0");
	const struct chat_ids ids = {
		.id = json_str(tree, "id") != NULL ? json_str(tree, "id") : "chatcmpl-unfolded",
		.model = json_str(tree, "model") != NULL ? json_str(tree, "model") : "",
		.created = json_int(tree, "created", 0),
	};
	if (choice == NULL || choice->next != NULL || add_answer(&events, &ids, choice) < 0)
		return -1;
	if (usage && chat_usage_parse(json, len, &used))
		chunk_usage(&events, &ids, &used);
	buf_add(out, events.data, events.len);
	return 0;
}

/*
 * chunk.c - write completions, whole and in chunks.
 */
#include "runtime/openai/chunk.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/json.h"

static void
add_text(struct buf *out, const char *text)
{
	json_add_quoted(out, text, strlen(text));
}

static void
add_ids(struct buf *out, const struct chat_ids *ids, const char *object)
{
	buf_add_str(out, "{\"id\":");
	add_text(out, ids->id);
	buf_printf(
	    out, ",\"object\":\"%s\",\"created\":%" PRId64 ",\"model\":", object, ids->created);
	add_text(out, ids->model);
}

static void
begin(struct buf *out, const struct chat_ids *ids)
{
	buf_add_str(out, "data: ");
	add_ids(out, ids, "chat.completion.chunk");
	buf_add_str(out, ",\"choices\":[");
}

static void
begin_delta(struct buf *out, const struct chat_ids *ids)
{
	begin(out, ids);
	buf_add_str(out, "{\"index\":0,\"delta\":{");
}

static void
end_delta(struct buf *out)
{
	buf_add_str(out, "},\"finish_reason\":null}]}\n\n");
}

static void
add_call(struct buf *out, const struct chat_tool_call *call)
{
	buf_add_str(out, "\"id\":");
	add_text(out, call->id);
	buf_add_str(out, ",\"type\":\"function\",\"function\":{\"name\":");
	add_text(out, call->name);
	buf_add_str(out, ",\"arguments\":");
	add_text(out, call->arguments);
	buf_add_char(out, '}');
}

static void
add_usage(struct buf *out, int64_t prompt_tokens, int64_t completion_tokens)
{
	buf_printf(out,
	    ",\"usage\":{\"prompt_tokens\":%" PRId64 ",\"completion_tokens\":%" PRId64
	    ",\"total_tokens\":%" PRId64 "}",
	    prompt_tokens, completion_tokens, prompt_tokens + completion_tokens);
}

void
chunk_role(struct buf *out, const struct chat_ids *ids)
{
	begin_delta(out, ids);
	buf_add_str(out, "\"role\":\"assistant\"");
	end_delta(out);
}

void
chunk_content(struct buf *out, const struct chat_ids *ids, const char *text, size_t len)
{
	begin_delta(out, ids);
	buf_add_str(out, "\"content\":");
	json_add_quoted(out, text, len);
	end_delta(out);
}

void
chunk_reasoning(struct buf *out, const struct chat_ids *ids, const char *text, size_t len)
{
	begin_delta(out, ids);
	buf_add_str(out, "\"reasoning_content\":");
	json_add_quoted(out, text, len);
	end_delta(out);
}

void
chunk_tool_call(
    struct buf *out, const struct chat_ids *ids, int index, const struct chat_tool_call *call)
{
	begin_delta(out, ids);
	buf_printf(out, "\"tool_calls\":[{\"index\":%d,", index);
	add_call(out, call);
	buf_add_str(out, "}]");
	end_delta(out);
}

void
chunk_janus(
    struct buf *out, const struct chat_ids *ids, const char *event, const char *payload_json)
{
	begin_delta(out, ids);
	buf_add_str(out, "\"janus\":{\"event\":");
	add_text(out, event);
	buf_printf(out, ",\"payload\":%s}", payload_json);
	end_delta(out);
}

void
chunk_finish(struct buf *out, const struct chat_ids *ids, const char *reason)
{
	begin_delta(out, ids);
	buf_add_str(out, "},\"finish_reason\":");
	add_text(out, reason);
	buf_add_str(out, "}]}\n\n");
}

void
chunk_usage(
    struct buf *out, const struct chat_ids *ids, int64_t prompt_tokens, int64_t completion_tokens)
{
	begin(out, ids);
	buf_add_char(out, ']');
	add_usage(out, prompt_tokens, completion_tokens);
	buf_add_str(out, "}\n\n");
}

void
chunk_done(struct buf *out)
{
	buf_add_str(out, "data: [DONE]\n\n");
}

void
completion_add(struct buf *out, const struct chat_ids *ids, const char *content,
    const char *reasoning, const struct chat_tool_call *calls, size_t ncalls,
    const char *finish_reason, int64_t prompt_tokens, int64_t completion_tokens)
{
	add_ids(out, ids, "chat.completion");
	buf_add_str(
	    out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
	if (content != NULL)
		add_text(out, content);
	else
		buf_add_str(out, "null");
	if (reasoning != NULL) {
		buf_add_str(out, ",\"reasoning_content\":");
		add_text(out, reasoning);
	}
	for (size_t i = 0; i < ncalls; i++) {
		buf_add_str(out, i == 0 ? ",\"tool_calls\":[{" : ",{");
		add_call(out, &calls[i]);
		buf_add_str(out, i + 1 < ncalls ? "}" : "}]");
	}
	buf_add_str(out, "},\"finish_reason\":");
	add_text(out, finish_reason);
	buf_add_str(out, "}]");
	add_usage(out, prompt_tokens, completion_tokens);
	buf_add_char(out, '}');
}

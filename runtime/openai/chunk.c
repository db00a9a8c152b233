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
add_usage(struct buf *out, const struct chat_usage *u)
{
	buf_printf(out,
	    ",\"usage\":{\"prompt_tokens\":%" PRId64 ",\"completion_tokens\":%" PRId64
	    ",\"total_tokens\":%" PRId64,
	    u->prompt_tokens, u->completion_tokens, u->prompt_tokens + u->completion_tokens);
	if (u->cost_micro_usd >= 0)
		buf_printf(out, ",\"cost_usd\":%.6f", (double)u->cost_micro_usd / 1e6);
	if (u->sandbox_seconds >= 0)
		buf_printf(out, ",\"sandbox_seconds\":%.3f", u->sandbox_seconds);
	buf_add_char(out, '}');
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
chunk_usage(struct buf *out, const struct chat_ids *ids, const struct chat_usage *usage)
{
	begin(out, ids);
	buf_add_char(out, ']');
	add_usage(out, usage);
	buf_add_str(out, "}\n\n");
}

void
chunk_done(struct buf *out)
{
	buf_add_str(out, "data: [DONE]\n\n");
}

void
completion_add(struct buf *out, const struct chat_ids *ids, const struct completion *c)
{
	add_ids(out, ids, "chat.completion");
	buf_add_str(
	    out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
	if (c->content != NULL)
		add_text(out, c->content);
	else
		buf_add_str(out, "null");
	if (c->reasoning != NULL) {
		buf_add_str(out, ",\"reasoning_content\":");
		add_text(out, c->reasoning);
	}
	for (size_t i = 0; i < c->ncalls; i++) {
		buf_add_str(out, i == 0 ? ",\"tool_calls\":[{" : ",{");
		add_call(out, &c->calls[i]);
		buf_add_str(out, i + 1 < c->ncalls ? "}" : "}]");
	}
	if (c->artifacts != NULL)
		buf_printf(out, ",\"artifacts\":%s", c->artifacts);
	buf_add_str(out, "},\"finish_reason\":");
	add_text(out, c->finish_reason);
	buf_add_str(out, "}]");
	add_usage(out, &c->usage);
	buf_add_char(out, '}');
}

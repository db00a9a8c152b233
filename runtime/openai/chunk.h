/*
 * chunk.h - write chat completions: chunks of a stream, and whole ones.
 *
 * For whoever answers chats itself (baselines, the offline responder, test fakes).
 */
#ifndef JANUS_OPENAI_CHUNK_H
#define JANUS_OPENAI_CHUNK_H
#include <stddef.h>
#include <stdint.h>
struct buf;

struct chat_ids { /* of one answer, borrowed by every call */
	const char *id; /* "chatcmpl-..." */
	const char *model;
	int64_t created; /* unix seconds */
};
struct chat_tool_call {
	const char *id, *name, *arguments; /* arguments: JSON text */
};

/* Each appends one whole event ("data: {...}\n\n"). */
void chunk_role(struct buf *, const struct chat_ids *);
void chunk_content(struct buf *, const struct chat_ids *, const char *text, size_t len);
void chunk_reasoning(struct buf *, const struct chat_ids *, const char *text, size_t len);
void chunk_tool_call(
    struct buf *, const struct chat_ids *, int index, const struct chat_tool_call *);
/** chunk_janus - delta.janus = {"event":event,"payload":payload_json}. */
void chunk_janus(
    struct buf *, const struct chat_ids *, const char *event, const char *payload_json);
void chunk_finish(struct buf *, const struct chat_ids *, const char *reason);
void chunk_usage(
    struct buf *, const struct chat_ids *, int64_t prompt_tokens, int64_t completion_tokens);
void chunk_done(struct buf *);
/** completion_add - a whole non-stream answer; reasoning and calls may be NULL/0. */
void completion_add(struct buf *, const struct chat_ids *, const char *content,
    const char *reasoning, const struct chat_tool_call *, size_t ncalls, const char *finish_reason,
    int64_t prompt_tokens, int64_t completion_tokens);
#endif

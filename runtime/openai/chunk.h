/*
 * chunk.h - write chat completions: chunks of a stream, and whole ones.
 *
 * For whoever answers chats itself (baselines, the offline responder, test fakes).
 */
#ifndef JANUS_OPENAI_CHUNK_H
#define JANUS_OPENAI_CHUNK_H
#include <stddef.h>
#include <stdint.h>

#include "runtime/openai/chat_stream.h"
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
/** chunk_usage - with cost_usd and sandbox_seconds where they are known (not -1). */
void chunk_usage(struct buf *, const struct chat_ids *, const struct chat_usage *);
void chunk_done(struct buf *);

/* All that a whole, non-stream answer may hold. */
struct completion {
	const char *content, *reasoning; /* NULL: null, none */
	const struct chat_tool_call *calls;
	size_t ncalls;
	const char *artifacts; /* text of a JSON array of descriptors; NULL: none */
	const char *finish_reason;
	struct chat_usage usage; /* as chunk_usage */
};
void completion_add(struct buf *, const struct chat_ids *, const struct completion *);
#endif

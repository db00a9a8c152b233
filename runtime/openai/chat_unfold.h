/*
 * chat_unfold.h - turn a whole chat completion into the events of a stream.
 *
 * For upstreams that answer with JSON though a stream was asked for.  Pure.
 */
#ifndef JANUS_OPENAI_CHAT_UNFOLD_H
#define JANUS_OPENAI_CHAT_UNFOLD_H
#include <stdbool.h>
#include <stddef.h>
struct buf;

/**
 * chat_unfold - append the events of a completion that chat_completion_valid accepted, without
 * the [DONE]; with usage as a last chunk if usage is wanted and there is one.
 *
 * Returns 0, or -1 with nothing added when the answer does not fit: several choices, or parts in
 * it that are not text and tool calls.
 */
int chat_unfold(struct buf *out, const char *json, size_t len, bool usage);
#endif

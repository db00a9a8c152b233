/*
 * chat_splice.h - put something into an answer that somebody else wrote, and leave the rest of its
 * bytes as they are.  Pure.
 */
#ifndef JANUS_OPENAI_CHAT_SPLICE_H
#define JANUS_OPENAI_CHAT_SPLICE_H
#include <stdbool.h>
#include <stddef.h>
struct buf;

/** chat_splice_usage - json with key: value (JSON text) in its usage; added to out.  False, and
 *  nothing added: it has no usage, or that key is in it already. */
bool chat_splice_usage(
    const char *json, size_t len, const char *key, const char *value, struct buf *out);
/** chat_splice_reasoning - a whole completion with text before the reasoning of its first choice;
 *  added to out.  False, and nothing added: it has no such message. */
bool chat_splice_reasoning(const char *json, size_t len, const char *text, struct buf *out);
#endif

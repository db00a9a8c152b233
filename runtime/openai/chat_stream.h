/*
 * chat_stream.h - watch the events of a chat stream pass: what goes through, what was used, how
 * it ended.
 *
 * Pure.  Looks only at a few bytes of each event and parses none but those that need it.
 */
#ifndef JANUS_OPENAI_CHAT_STREAM_H
#define JANUS_OPENAI_CHAT_STREAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/openai/chat_usage.h"

struct dialect;
struct sse_event;
struct buf;

/* What an answer says of itself, for those who ask for it; zero-initialised. */
struct chat_answer {
	char id[96], model[96];
	char finish_reasons[96]; /* of the choices, as they came, apart by commas */
};

enum chat_verdict {
	CHAT_PASS, /* hand the raw bytes to the client */
	CHAT_DROP, /* not for the client (usage nobody asked for, anything after the end) */
	CHAT_USAGE, /* usage and nothing else, asked for: the last one goes to the client at the end */
	CHAT_PING, /* comment only: passes, counts as keep-alive, not as content */
	CHAT_DONE, /* the [DONE] event: the stream is complete */
	CHAT_ERROR, /* an error object: error_text says what */
	CHAT_LAST, /* hand it on: with it the stream is complete */
	CHAT_FAILED, /* hand it on: with it the stream is over, and error_text says why */
};

/* What is the same in chunk after chunk: all before and all after the text of the content. */
struct chat_mould {
	size_t head_len, tail_len; /* 0: none is known */
	char head[256], tail[128];
};

struct chat_stream { /* embedded; zero-initialised but for want_usage and dialect */
	const struct dialect *dialect; /* NULL: chat */
	bool want_usage; /* the client asked for usage: do not strip it */
	struct chat_answer *answer; /* borrowed; NULL: nobody asks */
	bool finish_seen; /* some choice had a finish_reason */
	bool done_seen;
	bool content_seen; /* content, reasoning or a tool call has come */
	uint64_t chunks; /* events with content */
	uint64_t odd; /* events that are not JSON objects */
	int64_t sequence; /* number of the last event, where they have one */
	uint64_t content_bytes; /* of text in deltas, as quoted: what estimates rest on */
	struct chat_mould mould;
	struct chat_usage usage;
	char error_text[240];
};

/** chat_stream_event - what to do with the next event; *content tells if it carries content,
 *  reasoning, a tool call or a janus event (progress in the sense of the gap timer). */
enum chat_verdict chat_stream_event(struct chat_stream *, const struct sse_event *, bool *content);
/** chat_answer_read - both of these in one pass, of any dialect's whole answer: is it one, and the
 *  usage, of its text if it reports none; what else it says of itself unless answer is NULL.
 *  error_text (240 bytes) says what is missing. */
bool chat_answer_read(const struct dialect *, const char *json, size_t len, struct chat_usage *out,
    struct chat_answer *answer, char *error_text);
/** chat_completion_valid - is a non-stream answer a chat completion with at least one choice?
 *  error_text (240 bytes) says what is missing. */
bool chat_completion_valid(const char *json, size_t len, char *error_text);

/* For the streams of other dialects. */
/** chat_error_text - a competitor's words in an error object, fit for one line. */
void chat_error_text(const char *data, size_t len, char *out, size_t cap);
/** chat_stream_content - count content of so many bytes (has: there was some). */
void chat_stream_content(struct chat_stream *, bool has, size_t bytes);
/** chat_stream_usage - what was reported, else an estimate from the content so far; the stream's. */
const struct chat_usage *chat_stream_usage(struct chat_stream *);
/** responses_event - chat_stream_event for the named events of /v1/responses. */
enum chat_verdict responses_event(struct chat_stream *, const struct sse_event *, bool *content);
#endif

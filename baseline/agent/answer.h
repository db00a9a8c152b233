/*
 * answer.h - an answer of our own on its way to the client: a stream, or one completion at its end.
 *
 * The head of a stream is held until answer_begin, so that an early failure has its true status;
 * from then on no silence is longer than 1.5 s: pings fill it.
 */
#ifndef BASELINE_AGENT_ANSWER_H
#define BASELINE_AGENT_ANSWER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/loop/loop.h"
#include "runtime/openai/chunk.h"
#include "runtime/openai/codes.h"
struct chat_usage;
struct http_request;

typedef void answer_gone_fn(void *arg); /* the client left: nothing more may be said */

struct answer { /* embedded */
	struct http_request *req; /* NULL once it is over */
	bool stream, want_usage;
	bool begun; /* the head of a stream is out */
	char id[48]; /* "chatcmpl-..." */
	char *model; /* owned */
	struct chat_ids ids;
	struct buf early; /* events before the head */
	struct buf content, reasoning, artifacts; /* of a whole completion */
	bool has_content;
	int64_t first_us; /* clock_now_us of the first words; 0: none */
	int64_t last_ms; /* when the client was last sent something */
	struct timer ping;
	answer_gone_fn *gone;
	void *arg;
};
/** answer_init - to a request that was checked. */
void answer_init(struct answer *, struct http_request *, bool stream, bool want_usage,
    const char *model, answer_gone_fn *, void *arg);
/** answer_begin - let the head of a stream and all that waits go; again: nothing. */
void answer_begin(struct answer *);
void answer_content(struct answer *, const char *text);
void answer_reason(struct answer *, const char *text);
/** answer_event - delta.janus; of streams only. */
void answer_event(struct answer *, const char *name, const char *payload_json);
/** answer_artifact - announce one: the text of its descriptor. */
void answer_artifact(struct answer *, const char *descriptor_json);
/** answer_end - finish_reason, usage (cost and sandbox seconds where they are known), the end. */
void answer_end(struct answer *, const char *finish_reason, const struct chat_usage *);
/** answer_fail - a status with the error, or an error event once the head is out. */
void answer_fail(struct answer *, enum wire_code, const char *fault, const char *text);
/** answer_hand_over - nothing was sent yet: give the request back to whoever answers instead. */
struct http_request *answer_hand_over(struct answer *);
/** answer_done - cuts what is not over. */
void answer_done(struct answer *);
#endif

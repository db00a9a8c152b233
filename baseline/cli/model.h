/*
 * model.h - ask a model over the OpenAI API, streamed, and put together what it says.
 */
#ifndef BASELINE_CLI_MODEL_H
#define BASELINE_CLI_MODEL_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
struct error;

#define MODEL_CALLS_MAX 16

struct model { /* strings borrowed */
	const char *base_url; /* of the API, without /chat/completions */
	const char *key, *name;
	const char *request_id; /* what the calls are for; NULL */
	int64_t stall_ms; /* without a byte */
};
struct model_call {
	char id[96], name[96];
	struct buf arguments; /* JSON text, as it said it */
};
struct model_answer { /* zero-initialised */
	struct buf text, thought;
	struct model_call calls[MODEL_CALLS_MAX];
	size_t ncalls;
	int64_t prompt_tokens, completion_tokens;
	bool finished; /* it gave a reason for its end */
	char error[200]; /* it reported one; "" */
};
/** model_piece_fn - a piece of text or of thought as it comes; either may be NULL. */
typedef void model_piece_fn(const char *text, const char *thought, void *arg);
/**
 * model_ask - one completion; blocks.
 *
 * Tries again while nothing of an answer has come and what stands in its way may pass.  UPSTREAM:
 * what came is no answer; BUSY, DENIED, INVALID: it refuses; TIMEOUT, UNAVAILABLE.
 */
int model_ask(const struct model *, const cJSON *messages, const cJSON *tools, model_piece_fn *,
    void *arg, struct model_answer *, struct error *);
/** model_take - one data payload of its stream.  Pure.  -1: it is no chunk. */
int model_take(struct model_answer *, const char *data, size_t len, model_piece_fn *, void *arg);
void model_answer_done(struct model_answer *);
#endif

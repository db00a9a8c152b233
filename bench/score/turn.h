/*
 * turn.h - what a target said in one turn: put together from the chunks of a stream, or from one
 * whole completion.
 *
 * Pure.  What tells a reader nothing (an empty delta, white space, zero width, a row of dots) is kept as
 * text, but is no content: whoever takes times asks whether something was told.
 */
#ifndef JANUS_BENCH_TURN_H
#define JANUS_BENCH_TURN_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/openai/chat_stream.h"

#define TURN_CALLS_MAX 128
#define TURN_TEXT_MAX (16U << 20) /* more of an answer is counted, not kept */

struct turn_call {
	int64_t index; /* as the target numbers them; -1: not */
	struct buf id, name, arguments; /* owned */
};
struct turn { /* zero-initialised */
	struct buf text, reasoning; /* owned */
	struct turn_call calls[TURN_CALLS_MAX];
	size_t ncalls;
	int64_t bytes; /* of content, reasoning and calls, kept or not */
	char id[96], model[96], finish[32];
	bool finished, failed; /* a finish_reason; an error in place of an answer */
	struct chat_usage usage; /* the last; .reported: there was a sane one */
	char odd[160]; /* what was wrong, apart by "; "; "" */
};

/** turn_take - the next event of a stream (data) or a whole answer; true: it tells something. */
bool turn_take(struct turn *, const char *json, size_t len);
/** turn_odd - note something that was wrong, once. */
void turn_odd(struct turn *, const char *what);
void turn_done(struct turn *);
#endif

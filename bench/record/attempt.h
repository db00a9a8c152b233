/*
 * attempt.h - all that was seen of one try at an item: bytes with their times, and what was measured
 * apart from them.  Scores are made of nothing else.
 *
 * Plain data; evidence.h writes and reads it.
 */
#ifndef JANUS_BENCH_ATTEMPT_H
#define JANUS_BENCH_ATTEMPT_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/record/item.h"
#include "runtime/base/buf.h"

#define ATTEMPT_ID_MAX 40

#define ATTEMPT_STATES(X)                                                          \
	X(PASSED, "passed")                                                        \
	X(FAILED, "failed") /* the target's answer, or its fault: 0 */             \
	X(ERROR, "error") /* not the target's fault: tried again, then left out */ \
	X(SKIPPED, "skipped") /* never asked: the run was cancelled */

enum attempt_state {
#define X(name, word) ATTEMPT_##name,
	ATTEMPT_STATES(X)
#undef X
	    ATTEMPT_STATE_COUNT
};
const char *attempt_state_name(enum attempt_state);

#define FRAME_KINDS(X)                                                        \
	X(REQUEST, "request") /* the request's body, when it was sent */      \
	X(HEAD, "head") /* status line and headers, as they came */           \
	X(BODY, "body") /* body bytes of one read; heartbeats are in there */ \
	X(END, "end") /* "complete", or how it broke */

enum frame_kind {
#define X(name, word) FRAME_##name,
	FRAME_KINDS(X)
#undef X
	    FRAME_KIND_COUNT
};
const char *frame_kind_name(enum frame_kind);

struct frame {
	int turn; /* of the conversation, from 0 */
	enum frame_kind kind;
	int64_t t_us; /* monotonic, since the first request was sent */
	struct buf bytes; /* owned */
};

/* A file that came with the answer, fetched from where its descriptor pointed. */
struct attempt_file {
	char sha256[72]; /* of what came: hex */
	char said_sha256[72]; /* of the descriptor; "" if it said none */
	char name[128], mime_type[96];
	int64_t size, said_size; /* -1: not said */
	struct buf bytes; /* owned; in a directory of evidence artifacts/<sha256> */
};

struct attempt {
	char id[ATTEMPT_ID_MAX]; /* itm_... */
	char item[ITEM_ID_MAX];
	int epoch, attempt; /* from 0; from 1 */
	int64_t started_at_ms; /* wall */
	enum attempt_state
	    state; /* ERROR or SKIPPED as it ran; PASSED and FAILED are the score's to say */
	char fault[16], code[48], error[240]; /* whose and which; "" if none */
	struct frame *frames; /* owned */
	size_t nframes;
	struct attempt_file *files; /* owned */
	size_t nfiles;
	cJSON *
	    executions; /* owned array: {"case","exit","stdout","stderr","ms","timed_out"} of each run of its
			    * code, in the order of the scorer's cases; NULL if nothing was run */
	cJSON *judge; /* owned: what a judge was asked and said; NULL */
	int64_t metered_micro_usd; /* by the platform, over all turns; -1: it does not say */
	int64_t
	    platform_us; /* queue, pull and start, told by the platform: not the target's time */
};

void attempt_done(struct attempt *);
#endif

/*
 * wire.h - one chat at the socket, every byte with its time.
 *
 * BLOCKS, on a loop of its own; any number of threads may do so at once.
 */
#ifndef JANUS_BENCH_WIRE_H
#define JANUS_BENCH_WIRE_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct attempt;
struct target;

#define WIRE_ANSWER_MAX (16 << 20)
#define WIRE_ID_MAX 132

/* How it ended; the word is what the frame END says, with ": why" where there is more to say. */
#define WIRE_ENDS(X)                                                                    \
	X(COMPLETE, "complete") /* as HTTP or [DONE] ends it, with whatever status */   \
	X(CUT, "cut") /* the connection ended before the answer did */                  \
	X(MALFORMED, "malformed") /* not HTTP */                                        \
	X(UNREACHABLE, "unreachable") /* no connection, or closed before the request */ \
	X(TIMEOUT, "timeout") /* the item's time is over */                             \
	X(TOO_LARGE, "answer_too_large")                                                \
	X(STOPPED, "stopped") /* by us */

enum wire_end {
#define X(name, word) WIRE_##name,
	WIRE_ENDS(X)
#undef X
};
const char *wire_end_name(enum wire_end);

struct wire_ask {
	const char *body; /* JSON, borrowed */
	size_t len;
	int turn;
	int64_t until_us; /* monotonic */
	const atomic_bool *stop; /* looked at ten times a second; NULL: never */
	size_t answer_max; /* 0: WIRE_ANSWER_MAX */
};
struct wire_seen {
	enum wire_end end;
	int status; /* 0: none came */
	bool is_stream;
	char request_id[WIRE_ID_MAX]; /* x-request-id of the answer; "" */
	int retry_after_s; /* 0: not said */
	int64_t queue_ms; /* x-janus-queue-ms; 0: not said */
	char why[160];
};
/**
 * wire_chat - send the request, read the answer; frames are added to the attempt.
 *
 * *t0_us is the monotonic time of the attempt's first request, from which frames count; 0: this is
 * the first, and it is set when it goes out.
 */
void wire_chat(const struct target *, const struct wire_ask *, struct attempt *, int64_t *t0_us,
    struct wire_seen *out);

/** wire_header - the value of a header in a recorded head, into out ("" if it is not there). Pure. */
void wire_header(const char *head, size_t len, const char *name, char *out, size_t cap);
#endif

/*
 * dialect.h - the kinds of request that are relayed, and all that differs between them.
 *
 * Pure: one row each.  Whoever checks a request, relays a stream or judges an answer looks here
 * instead of asking which endpoint it is.
 */
#ifndef JANUS_OPENAI_DIALECT_H
#define JANUS_OPENAI_DIALECT_H
#include <stdbool.h>
#include <stdint.h>

#include "runtime/openai/codes.h"
struct buf;

enum dialect_at {
	DIALECT_CHAT,
	DIALECT_COMPLETIONS,
	DIALECT_RESPONSES,
	DIALECT_EMBEDDINGS,
	DIALECT_COUNT
};

struct dialect {
	enum dialect_at at;
	const char *path; /* here and at the competitor */
	const char *operation; /* as spans name it: gen_ai.operation.name */

	/* the request */
	const char *required; /* besides model */
	bool streams; /* may "stream" be true? */
	bool asks_usage; /* a stream's usage comes if stream_options.include_usage asks for it */

	/* a whole answer */
	const char *answer; /* what it is called */
	const char *list, *item; /* it holds this array, whose first value has this member */
	bool may_be_empty; /* the array; then item is NULL */
	bool unfolds; /* can one be turned into the stream that was asked for? */

	/* a stream */
	bool named; /* its events have names, and the last one is known by its own */
	const char *done; /* what ends it; NULL: its last event does */
	const char *ending; /* what one that broke off lacks */
};
extern const struct dialect dialects[DIALECT_COUNT];

/** dialect_of_path - the one of an endpoint, NULL if there is none. */
const struct dialect *dialect_of_path(const char *path);
/** dialect_add_error - an error as an event of a stream; sequence: the event's number, where
 *  events are numbered; fault as in envelope_add_as. */
void dialect_add_error(const struct dialect *, struct buf *out, enum wire_code, const char *fault,
    const char *message, const char *request_id, int64_t sequence);
#endif

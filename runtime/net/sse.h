/*
 * sse.h - cut a byte stream into whole server-sent events, unchanged.
 *
 * Pure: no I/O, no clock.  One parser per response.  Every legal framing: LF, CRLF, CR and mixes,
 * a BOM, comments, multi-line data, events split at any byte.
 */
#ifndef JANUS_NET_SSE_H
#define JANUS_NET_SSE_H
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/buf.h"
struct error;

struct sse_event {
	const char *raw; /* the bytes as they came, with the blank line that ended them; borrowed */
	size_t raw_len;
	const char *data; /* data lines joined by LF, NUL-terminated; borrowed */
	size_t data_len;
	bool has_data; /* false: only comments or other fields */
	const char *name; /* the event field, "" if none; borrowed */
};

struct sse_parser { /* plain: embedded; zero-initialised but for max_bytes */
	size_t max_bytes; /* largest event, raw */
	struct buf raw; /* the event so far, if the last bytes ended inside one */
	struct buf data; /* joined data of its finished lines */
	struct buf name;
	size_t line_at; /* where the current line starts in raw */
	bool has_data;
	bool cr; /* the last byte was CR: an LF right after belongs to it */
	bool started; /* past the place where a BOM may stand */
};

typedef void sse_event_fn(const struct sse_event *, void *arg);

/**
 * sse_feed - give the parser the next bytes of a response body.
 *
 * on_event is called once per whole event, in order; the parser must outlive the call.  A CR at
 * the end of the bytes already ends its line: an event is never held back to see whether an LF
 * follows; that LF then belongs to the raw bytes of the next event, or is dropped at the end of
 * the stream.  An event without a line (a second blank line) is handed out like any other.
 * Returns 0, or -1 with err TOO_BIG when one event passes max_bytes (the stream is then over).
 */
int sse_feed(struct sse_parser *, const char *bytes, size_t len, sse_event_fn *on_event, void *arg,
    struct error *);
/** sse_pending - bytes of an event that was begun and not ended. */
size_t sse_pending(const struct sse_parser *);
void sse_done(struct sse_parser *);
#endif

/*
 * inside_frames.h - the frames of janus-sandbox-agent, written and cut.
 *
 * Pure.  What comes is the guest's: whoever is in the sandbox may have killed the agent and taken
 * its place.  Every length is bounded before a byte is kept.
 */
#ifndef JANUS_SANDBOX_INSIDE_FRAMES_H
#define JANUS_SANDBOX_INSIDE_FRAMES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
struct error;

/* --- to the agent --- */

/** inside_add_text, inside_add_number - append to a request's payload. */
void inside_add_text(struct buf *payload, const char *text);
void inside_add_number(struct buf *payload, uint64_t number);
/** inside_add_frame - append a frame; data longer than a frame may be becomes several. */
void inside_add_frame(struct buf *out, char type, const void *payload, size_t len);

/* --- from the agent --- */

struct inside_frame {
	char type; /* INSIDE_STDOUT, INSIDE_STDERR, INSIDE_DATA or INSIDE_END */
	const char *payload; /* borrowed */
	size_t len;
};
typedef int inside_frame_fn(const struct inside_frame *, void *arg); /* -1 stops */

struct inside_reader { /* embedded, zero-initialised */
	struct buf in; /* a frame that is not whole yet */
	bool ended; /* INSIDE_END has come: nothing may follow */
};
/**
 * inside_feed - the next bytes of an answer, cut anywhere; fn is called for each whole frame.
 *
 * Returns 0, or -1: err UPSTREAM where it is no answer of the agent's, or fn stopped it (err is
 * then what fn left there).
 */
int inside_feed(struct inside_reader *, const char *bytes, size_t len, inside_frame_fn *, void *arg,
    struct error *);
void inside_reader_done(struct inside_reader *);

struct inside_end {
	int error; /* an errno of the agent's system, 0: it was done */
	int exit_code, signal;
	bool timed_out, cut;
	uint64_t total[2]; /* bytes of standard output and standard error, sent or not */
};
/** inside_end_parse - UPSTREAM where it makes no sense. */
int inside_end_parse(const struct inside_frame *, struct inside_end *out, struct error *);

struct inside_entry {
	char kind; /* f d l o */
	int64_t size, changed_at_ms;
	char name[4097];
};
/** inside_entry_parse - one entry of a list; UPSTREAM where it is none. */
int inside_entry_parse(const struct inside_frame *, struct inside_entry *out, struct error *);
#endif

/*
 * intake.h - bytes that come in on a loop become an artifact: written, verified, stored, named.
 *
 * What blocks is done by workers, a quarter of a MiB at a time, so memory is flat and the loop goes
 * on.  One at a time may be waited for; cancelled, it leaves nothing, unless its row was already
 * on the way to the store: then it is an artifact like others.
 */
#ifndef JANUS_ARTIFACTS_INTAKE_H
#define JANUS_ARTIFACTS_INTAKE_H
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/artifacts/artifacts.h"
struct intake;
struct loop;

struct intake_events { /* never from inside a call */
	/** There is room again after intake_feed returned false; may be NULL. */
	void (*on_room)(void *arg);
	/** Once, unless cancelled: the row as it was stored (borrowed), or why it was not.  The intake
	 *  is over. */
	void (*on_done)(const struct artifact *, enum artifact_reason, void *arg);
};

/**
 * intake_begin - room for it is reserved; NULL with *reason if there is none.
 *
 * row: what is known of it, copied; size is what it must have, sha256 too unless it is "".  Its id
 * is made here, created and expires times are the caller's.
 */
struct intake *intake_begin(struct artifacts *, struct loop *, const struct artifact *row,
    const struct intake_events *, void *arg, enum artifact_reason *reason);
/** intake_feed - the next bytes, copied. False: no more for now (on_room), though these were taken. */
bool intake_feed(struct intake *, const void *bytes, size_t len);
/** intake_end - that was all: verify, and store it. */
void intake_end(struct intake *);
/** intake_cancel - no callback comes any more. NULL is fine. */
void intake_cancel(struct intake *);
#endif

/*
 * inside_call.h - ask a sandbox's agent for one thing, on a loop.
 *
 * A connection of its own, by a descriptor that the pod's link passes out; a deadline and a limit
 * of bytes kept here, whatever the other side does.
 */
#ifndef JANUS_SANDBOX_INSIDE_CALL_H
#define JANUS_SANDBOX_INSIDE_CALL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/sandbox/inside_frames.h"
struct error;
struct inside_call;
struct link;
struct loop;

struct inside_events {
	/** A frame other than the end; -1 with err set gives up (on_end then gets that error). */
	int (*on_frame)(const struct inside_frame *, void *arg, struct error *);
	/**
	 * Once and last; the call is freed already.  end, or NULL and err: UNAVAILABLE nobody
	 * listens, TIMEOUT the deadline, TOO_BIG more than max_bytes, UPSTREAM it is no answer.
	 */
	void (*on_end)(const struct inside_end *end, const struct error *err, void *arg);
};

/**
 * inside_call_open - send request (taken over) to port of the pod and read the answer.
 *
 * max_bytes bounds the payload of all frames but the end.  Callbacks never come from inside.
 */
struct inside_call *inside_call_open(struct loop *, struct link *, int port, struct buf *request,
    int64_t deadline_ms, uint64_t max_bytes, const struct inside_events *, void *arg);
/** inside_call_pause - stop or go on reading; the deadline goes on. */
void inside_call_pause(struct inside_call *, bool pause);
/** inside_call_close - give up: no callback; the agent ends what it does. Safe in on_frame. */
void inside_call_close(struct inside_call *);
#endif

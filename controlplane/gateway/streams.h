/*
 * streams.h - the streams of this process that may be resumed, shared by all gateway loops.
 *
 * A chat that asked for it writes its events into the ring of a stream; whoever follows the stream,
 * the client that began it included, reads from there at a pace of his own, on whatever loop his
 * connection is.  So the one thing two loops share is this table.  One lock guards it and all its
 * streams: it is held for as long as one event or one read is copied, nothing is called under it
 * but loop_post, and chats that are not resumable never come near it.  A lock each would gain
 * little and need an order; handing connections from loop to loop would need a protocol.
 *
 * Writers and readers belong each to one loop.  A writer wakes readers with a message to theirs; a
 * reader that wants a stream stopped sends one to the writer's, and so does the last of those for
 * whom a writer waits.
 */
#ifndef JANUS_GATEWAY_STREAMS_H
#define JANUS_GATEWAY_STREAMS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/id.h"
#include "runtime/net/event_ring.h"
#include "runtime/openai/codes.h"
struct buf;
struct loop;
struct streams;
struct stream;

struct streams_limits {
	int64_t stream_bytes; /* ring of one stream */
	int64_t total_bytes; /* of all */
	int64_t high_bytes; /* how far a follower may be behind; at most a quarter of the ring */
	int64_t count; /* streams at once, ended ones included */
	int64_t ttl_ms; /* kept after the end */
	int64_t idle_ms; /* a running stream that nobody follows for so long is cancelled */
};
extern const struct streams_limits streams_defaults;

struct streams *streams_new(const struct streams_limits *); /* copied */
/** streams_free - after all gateways and their loops. NULL is fine. */
void streams_free(struct streams *);
const struct streams_limits *streams_limits(const struct streams *);

#define STREAM_STATES(X)      \
	X(RUNNING, "running") \
	X(DONE, "done")       \
	X(FAILED, "failed")   \
	X(STOPPED, "stopped")
enum stream_state {
#define X(name, text) STREAM_##name,
	STREAM_STATES(X)
#undef X
};

/* ---- the writing side: one chat on one loop ---- */

/* On the writer's loop, not after stream_close; borrowed until then. */
struct stream_events {
	/** Somebody asked for the end. */
	void (*on_stop)(void *arg);
	/** After a stream_write that said false: all who follow have caught up, or are gone. */
	void (*on_drain)(void *arg);
};
/**
 * stream_open - a new stream of an owner; a reference, the caller's.
 *
 * NULL when there is no room that an ended stream could give.
 */
struct stream *stream_open(struct streams *, const char *owner, const char *request_id,
    const char *model, struct loop *, const struct stream_events *, void *arg);
/** stream_set_competitor - who answers now. */
void stream_set_competitor(struct stream *, const char *slug);
/** stream_begin_alone - it begins, and the client who asked for it has gone. */
void stream_begin_alone(struct stream *);
/** stream_write - number whole events as chat_sink does, keep them, wake readers.  Returns false
 *  when one of these is more than high_bytes behind: pause until on_drain. */
bool stream_write(struct stream *, const char *bytes, size_t len);
/** stream_end - the last event was written. */
void stream_end(struct stream *, enum wire_code);
/** stream_close - the chat is over and gives its reference back.  What never ended is forgotten.
 *  Returns how often the stream was resumed. */
unsigned stream_close(struct stream *);
/** stream_alone_ms - for how long has nobody followed it? -1 while somebody does. */
int64_t stream_alone_ms(struct stream *);
/** streams_sweep - forget what has expired; returns in how many ms to look again, -1: no need. */
int64_t streams_sweep(struct streams *);

/* ---- the reading side ---- */

/** stream_find - the owner's stream of that id; a reference, the caller's.  NULL: there is none. */
struct stream *stream_find(struct streams *, const char *id, const char *owner);
struct stream *stream_ref(struct stream *);
void stream_unref(struct stream *); /* NULL is fine */
/** stream_id - for the stream's life. */
const char *stream_id(const struct stream *);
/** stream_competitor - into out of 48 bytes; "" while it is not known. */
void stream_competitor(struct stream *, char out[48]);

struct stream_place { /* what a reader may begin with */
	uint64_t first, last; /* numbers of the events that are kept */
	bool ended;
};
void stream_look(struct stream *, struct stream_place *);
/** stream_stop - tell the writer to stop; fine when it has ended. */
void stream_stop(struct stream *);

/* A follower: embedded by its owner on the heap; freed by `freed` after stream_leave. */
struct stream_reader {
	struct stream *stream; /* a reference */
	struct loop *loop;
	void (*wake)(struct stream_reader *); /* there is more, on the reader's loop */
	void (*freed)(struct stream_reader *); /* no message is on its way to it any more */
	uint64_t next; /* number of the event it wants */
	/* under the lock */
	size_t behind; /* bytes of events that it has yet to read */
	bool woken, left;
	struct stream_reader *newer, **prev;
};
/** stream_follow - a zeroed reader with loop, wake, freed and next set.  resumed: not the client
 *  that began it.  Takes the reference over. */
void stream_follow(struct stream *, struct stream_reader *, bool resumed);
/** stream_read - as event_ring_read; *ended: there will be no more after what was read. */
enum event_read stream_read(struct stream_reader *, struct buf *out, size_t max_bytes, bool *ended);
/** stream_leave - follows no more. */
void stream_leave(struct stream_reader *);

/* ---- to look at ---- */

/** streams_count - those that run, and those that are still kept. */
size_t streams_count(struct streams *);

/** stream_json - append one as an object. */
void stream_json(struct buf *out, struct stream *);
/** streams_json - append the owner's as a list object, newest first: up to limit after that id. */
void streams_json(
    struct buf *out, struct streams *, const char *owner, size_t limit, const char *after);
#endif

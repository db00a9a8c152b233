/*
 * event_ring.h - the last events of a stream, numbered, in bounded memory.
 *
 * Pure: no lock, no clock.  Events are numbered from 1 in the order they came.  They are kept whole
 * in blocks; where there is no room the oldest block goes.  Any number of readers may follow, each
 * with a number of its own: the ring knows none of them.
 */
#ifndef JANUS_NET_EVENT_RING_H
#define JANUS_NET_EVENT_RING_H
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
struct buf;
struct event_block;

struct event_ring { /* plain: embedded; zero-initialised but for max_bytes */
	size_t max_bytes; /* of memory; only the newest block alone may be larger */
	size_t bytes; /* of memory that is used */
	uint64_t last; /* number of the newest event; 0: none came */
	struct event_block *oldest, *newest;
};

/** event_ring_first - the number of the oldest event that is kept; last + 1 if none is. */
uint64_t event_ring_first(const struct event_ring *);
/** event_ring_add - the parts are copied as one event; returns its number. */
uint64_t event_ring_add(struct event_ring *, const struct iovec *parts, size_t nparts);

enum event_read {
	EVENT_READ_SOME, /* at least one event was appended */
	EVENT_READ_NONE, /* the next has not come yet */
	EVENT_READ_LOST, /* the next is not kept any more */
};
/**
 * event_ring_read - append whole events from number *next on, and move *next past them.
 *
 * Stops before max_bytes would be passed, but not before the first event.
 */
enum event_read event_ring_read(
    const struct event_ring *, uint64_t *next, struct buf *out, size_t max_bytes);
/** event_ring_behind - the bytes of the events from number next on, as far as they are kept. */
size_t event_ring_behind(const struct event_ring *, uint64_t next);
/** event_ring_shrink - forget the oldest block; 0 if that would be the newest, else bytes freed. */
size_t event_ring_shrink(struct event_ring *);
/** event_ring_done - forget everything but the numbers. */
void event_ring_done(struct event_ring *);
#endif

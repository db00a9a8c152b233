/*
 * calls.h - calls at the platform on their way into the traces of their chats.
 *
 * A call is told when it is over, which is mostly before its chat is: until then it waits here.  Control loop.
 */
#ifndef JANUS_OBSERVE_CALLS_H
#define JANUS_OBSERVE_CALLS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/store/egress.h"
struct request_record;

#define CALLS_KEPT 256
#define CALL_HOST_MAX 164

/* One with its place in a trace. Plain: copied as it is. */
struct call_record {
	char trace[33];
	uint64_t parent; /* the span of the attempt that made it */
	struct egress_row row;
};
/** call_record_fill - false: it is no call of that chat. Pure. */
bool call_record_fill(
    struct call_record *, const struct request_record *, const struct egress_row *);
/** call_host - to where: the host of a call into the web, else the service. Pure. */
void call_host(const struct egress_row *, char out[CALL_HOST_MAX]);

struct calls { /* zero-initialised */
	struct egress_row *at[CALLS_KEPT]; /* owned; the oldest first */
	size_t len;
};
/** calls_keep - a copy of a call whose chat runs; false: the oldest had to go for it. */
bool calls_keep(struct calls *, const struct egress_row *);
/** calls_take - a chat is over: fn (or NULL) of each of its calls, which are forgotten. */
void calls_take(struct calls *, const struct request_record *,
    void (*fn)(const struct call_record *, void *arg), void *arg);
void calls_done(struct calls *);
#endif

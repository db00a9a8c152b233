/*
 * wait.h - one chat's time in the queue of a competitor: its place, its deadline, what the client
 * is told meanwhile.
 *
 * Belongs to the chat's loop; the queue itself is controlplane/registry/traffic.h's.
 */
#ifndef JANUS_GATEWAY_WAIT_H
#define JANUS_GATEWAY_WAIT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/registry/traffic.h"
#include "runtime/loop/loop.h"
struct buf;
struct chat_ids;
struct http_request;
struct auth;
struct route;

#define WAIT_KEY_MAX 64

struct wait_events {
	/** Its turn came; it waits no more. As turn_fn of traffic.h. */
	void (*on_turn)(enum turn, struct route_target *, void *arg);
	/** It waited as long as it may; it waits no more. */
	void (*on_late)(void *arg);
};

struct wait { /* embedded; zero-initialised */
	struct ticket *ticket; /* NULL while it does not wait */
	struct timer late;
	const struct wait_events *events;
	void *arg;
	enum fair_class class;
	bool starts; /* it waits for an instance, not only for a slot */
	char competitor[40]; /* for whom it waits, or waited last */
	char version[40]; /* the only one of theirs that will do; "": any */
	int64_t first_us; /* when it first began, on the clock; 0: it never waited */
	int64_t began_us, last_us,
	    total_us; /* the last time, all of them: of those that are over */
};

/** wait_class, wait_key - a caller's place in a queue: benchmarks have the scope `bench` but not
 *  `chat`; callers without a key are told apart by their address. */
enum fair_class wait_class(const struct auth *); /* NULL: no key */
void wait_key(const struct auth *, const char *client, char out[WAIT_KEY_MAX]);

/** wait_begin - join the queue of a route that has targets of the version ("": any) or wakes; false if it
 *  is full.  limit_ms is for all of a chat's waiting together. */
bool wait_begin(struct wait *, struct loop *, const struct route *, const char *version,
    enum fair_class, const char *key, int64_t limit_ms, const struct wait_events *, void *arg);
/** wait_end - leave; fine when it does not wait. */
void wait_end(struct wait *);
/** wait_us - all its waiting so far. */
int64_t wait_us(const struct wait *);
/** wait_tell - add what a waiting client is told: a comment, or, progress, a delta.janus event. */
void wait_tell(const struct wait *, bool progress, const struct chat_ids *, struct buf *out);
#endif

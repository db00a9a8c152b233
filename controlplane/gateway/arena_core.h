/*
 * arena_core.h - one battle, for the files that own it: arena.c begins and ends it, arena_tell.c speaks
 * to its client.
 */
#ifndef JANUS_GATEWAY_ARENA_CORE_H
#define JANUS_GATEWAY_ARENA_CORE_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/gateway/arena.h"
#include "controlplane/gateway/arena_voice.h"
#include "controlplane/gateway/core.h"
#include "controlplane/store/battles.h"
#include "runtime/net/sse.h"
#include "runtime/openai/chat_relay.h"

struct arena_side {
	struct chat_sink sink; /* first: the two are cast into each other */
	struct arena *arena;
	struct chat_relay *relay; /* NULL before and after its chat */
	bool over;
	enum wire_code code;
	const char *fault; /* static */
	struct sse_parser sse;
	struct arena_voice voice;
};

struct arena {
	struct gateway *gw;
	struct http_request *req; /* NULL: its client is gone */
	bool stream;
	bool full; /* its client has enough to take for now: both sides wait */
	struct battle row;
	struct arena_side sides[2];
	char key_id[NOUN_ID_MAX];
	int64_t accepted_us, last_sent_ms;
	uint64_t bytes_out, pings;
	struct timer ping;
	struct arena *next, **prev; /* gw->arenas */
};

/* arena_tell.c: to the client, if there still is one */
/** arena_tell_begin - of a stream: its head and first event, and heartbeats from now on. */
void arena_tell_begin(struct arena *);
/** arena_tell - whole events; nothing where no stream was asked for. */
void arena_tell(struct arena *, const char *bytes, size_t len);
void arena_tell_ping(struct arena *);
/** arena_tell_end - of a stream: that side (0 or 1) has ended. */
void arena_tell_end(struct arena *, int side);
/** arena_tell_over - the rest of the answer, or all of it; counts and logs the call. */
void arena_tell_over(struct arena *);
#endif

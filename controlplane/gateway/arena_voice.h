/*
 * arena_voice.h - one side of a battle as its caller hears it: what it says, and nothing of who it is.
 *
 * Pure.  What may pass is listed, all else stays here: no model, id, fingerprint or name.  The texts
 * themselves are the competitor's; one that introduces itself in them is heard.
 */
#ifndef JANUS_GATEWAY_ARENA_VOICE_H
#define JANUS_GATEWAY_ARENA_VOICE_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"

struct arena_call { /* a tool call, put together from its pieces */
	int64_t index;
	struct buf name, arguments;
};
struct arena_voice { /* zero-initialised but for side, battle, whole and artifacts */
	char side; /* 'a' or 'b' */
	const char *battle; /* its id; borrowed */
	bool whole; /* nobody hears chunks: all is kept for the end */
	bool artifacts; /* links in the answer are ours, and may pass */
	struct buf content, reasoning, refusal;
	struct arena_call *calls; /* owned; NULL */
	size_t ncalls;
	cJSON *files; /* owned array; NULL */
	const char *finish_reason; /* "stop" ...; NULL: it gave none, or one that is not known */
};
void arena_voice_done(struct arena_voice *);

/** arena_voice_hear - the data of one event of its stream; unless all is kept an event
 *  "arena.chunk" is appended for what there was to hear. */
void arena_voice_hear(struct arena_voice *, const char *data, size_t len, struct buf *out);
/** arena_voice_message - what was kept, as the message of a whole answer; the caller's. */
cJSON *arena_voice_message(struct arena_voice *);
#endif

/*
 * conform_stream.h - a recorded chat stream, taken apart for judging. Pure.
 */
#ifndef JANUS_SUPERVISE_CONFORM_STREAM_H
#define JANUS_SUPERVISE_CONFORM_STREAM_H
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/buf.h"

#define CONFORM_ARTIFACTS_MAX 4

struct conform_artifact { /* as announced; "" or -1 where it was not said */
	char url[1024], sha256[68];
	long long size_bytes;
};

struct conform_stream { /* conform_stream_done */
	size_t events; /* with data, [DONE] not counted */
	size_t dones, after_done, finishes, usages, errors;
	size_t ids; /* chunks whose id is not the first one's */
	bool role; /* the first choice began with an assistant's role */
	char bad[160]; /* the first thing that is no chunk; "" */
	char error[160]; /* the first error event's message */
	char tool_name[64]; /* of the first tool call */
	struct buf text, reasoning; /* joined */
	struct buf arguments; /* of the first tool call, joined */
	struct conform_artifact artifacts[CONFORM_ARTIFACTS_MAX];
	size_t nartifacts;
	char id[128];
};
/** conform_stream_read - an SSE body of len bytes; out is zeroed first. */
void conform_stream_read(const char *body, size_t len, struct conform_stream *out);
void conform_stream_done(struct conform_stream *);
#endif

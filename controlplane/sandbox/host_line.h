/*
 * host_line.h - the few `docker` lines that a sandbox for a competitor understands. Pure.
 *
 * Nothing is run: no shell and no docker program is there.  A line is cut into words as a shell would
 * cut them if it had neither variables nor operators, and each option is known or refused.
 */
#ifndef JANUS_SANDBOX_HOST_LINE_H
#define JANUS_SANDBOX_HOST_LINE_H
#include <stdint.h>

#include "runtime/engine/engine.h"
struct error;

#define HOST_PORT 5173 /* what a line publishes: the one port of a sandbox (runtime/engine/sandy) */
#define HOST_NAME_MAX 64

#define HOST_VERBS(X)                                                             \
	X(PULL, "pull") /* [-q] IMAGE */                                          \
	X(RUN, "run") /* -d --name NAME LIMITS IMAGE */                           \
	X(INSPECT, "inspect") /* NAME */                                          \
	X(LOGS, "logs") /* --timestamps [--tail LINES] NAME */                    \
	X(STOP, "stop") /* [-t SECONDS] NAME: it ends, and nothing of it stays */ \
	X(PAUSE, "pause") /* NAME */                                              \
	X(UNPAUSE, "unpause") /* NAME */

enum host_verb {
#define X(name, word) HOST_##name,
	HOST_VERBS(X)
#undef X
};

struct host_command {
	enum host_verb verb;
	char image[640]; /* of pull and run: names a digest, or is an image's id */
	char name[HOST_NAME_MAX]; /* of the container, for all but pull */
	int tail; /* of logs; 0: all */
	int64_t grace_ms; /* of stop */
	struct pod_spec
	    pod; /* of run: limits, port, env and command; whose it is, is not in the line */
};
/** host_command_parse - out is the caller's (host_command_done).  INVALID: it is none of these lines,
 *  or asks for more or less than a competitor's container has. */
int host_command_parse(const char *line, struct host_command *out, struct error *);
void host_command_done(struct host_command *);
#define _cleanup_host_command_ __attribute__((cleanup(host_command_done)))
#endif

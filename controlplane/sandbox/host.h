/*
 * host.h - a sandbox with a competitor in it, and no agent: `docker` lines become calls of ours.
 *
 * The engine is never reachable from a pod.  A caller that may (its key is in
 * JANUS_SANDBOX_HOSTING_KEY_FILE) asks with enableDockerSocket for a sandbox that begins empty; what it
 * sends to exec is read by host_line.h, and carried out here, on the one pod of that sandbox, with
 * the walls of every other.
 */
#ifndef JANUS_SANDBOX_HOST_H
#define JANUS_SANDBOX_HOST_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/sandbox/host_line.h"
struct http_request;
struct sandbox;

#define HOST_TOKEN_LEN 43

struct host {
	char at[HOST_TOKEN_LEN + 1]; /* end of its url: who knows it may ask the competitor */
	char name[HOST_NAME_MAX]; /* its container's, as its caller says; "": none was begun */
	bool has_pod; /* which should be running, and can be reached */
	int64_t since_ms; /* it has */
	int port;
	int64_t memory_bytes, nano_cpus;
};
/** host_new - the caller's (free). */
struct host *host_new(void);
/** host_exec - carry out a line, answer as exec does.  command NULL: it was none. */
void host_exec(
    struct sandbox *, struct http_request *, const char *command, int64_t timeout_ms, bool base64);
#endif

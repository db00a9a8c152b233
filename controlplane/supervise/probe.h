/*
 * probe.h - one small HTTP call to a competitor from the control loop: health, and the one chat
 * of conformance.
 */
#ifndef JANUS_SUPERVISE_PROBE_H
#define JANUS_SUPERVISE_PROBE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct dialer;
struct error;
struct link;
struct loop;
struct probe;
struct route_target;

struct probe_result {
	bool connected; /* something listens there */
	int status; /* 0: no answer */
	const char *body; /* at most the asked-for bytes, NUL-terminated; borrowed */
	size_t len;
	bool cut; /* the body was longer */
	char error[240]; /* "" if a complete answer came */
};
typedef void probe_fn(const struct probe_result *, void *arg);

/**
 * probe_start - GET path, or POST body (copied) to it, and read at most max_body bytes.
 *
 * link is the pod's (NULL for a URL).  Ends in one callback, never from inside this call.
 */
struct probe *probe_start(struct loop *, struct dialer *, struct link *,
    const struct route_target *, const char *path, const char *body, size_t max_body,
    int64_t timeout_ms, probe_fn *, void *arg);
/** probe_cancel - no callback comes; NULL is fine. */
void probe_cancel(struct probe *);
#endif

/*
 * probe.h - one small HTTP call to a competitor from the control loop: health, and the questions
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

struct probe_ask {
	const char *path;
	const char *body; /* POST this; NULL: GET */
	size_t max_body; /* of the answer: what is longer is cut */
	int64_t timeout_ms; /* for all of it */
	bool hang_up; /* leave when the first bytes of a body have come */
};

struct probe_result {
	bool connected; /* something listens there */
	bool hung_up; /* we left, as asked */
	bool
	    not_asked; /* for want of descriptors or memory here: it says nothing of the competitor */
	int status; /* 0: no answer */
	char content_type[128]; /* lower case, without parameters; "" if absent */
	const char *body; /* at most the asked-for bytes, NUL-terminated; borrowed */
	size_t len;
	bool cut; /* the body was longer */
	int64_t duration_ms; /* from the call to its end */
	int64_t longest_gap_ms; /* silence between two reads of the body, or head and body */
	char error[240]; /* "" if a complete answer came, or we left */
};
typedef void probe_fn(const struct probe_result *, void *arg);

/**
 * probe_start - ask (copied), and read the answer.
 *
 * link is the pod's (NULL for a URL).  Ends in one callback, never from inside this call.
 */
struct probe *probe_start(struct loop *, struct dialer *, struct link *,
    const struct route_target *, const struct probe_ask *, probe_fn *, void *arg);
/** probe_cancel - no callback comes; NULL is fine. */
void probe_cancel(struct probe *);
#endif

/*
 * fetch.h - GET something from where a competitor runs: through its pod's link, or at its origin.
 *
 * Redirects are not followed, and nothing compressed is taken.  No time limit inside.
 */
#ifndef JANUS_GATEWAY_FETCH_H
#define JANUS_GATEWAY_FETCH_H
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/artifacts/reason.h"
struct fetch;
struct gateway;
struct http_head;
struct route_target;
struct source;

struct fetch_events { /* never from inside a call */
	/** Its head, with status 200. Other than NONE: do not go on, and on_end says so. */
	enum artifact_reason (*on_head)(const struct http_head *, void *arg);
	/** Bytes, borrowed. False: no more until fetch_go_on; though what was read still comes. */
	bool (*on_body)(const char *bytes, size_t len, void *arg);
	/** Once, last, unless cancelled; the fetch is over. NONE: it came whole. */
	void (*on_end)(enum artifact_reason, void *arg);
};
/** fetch_begin - from that target (its reference is the fetch's own). */
struct fetch *fetch_begin(struct gateway *, struct route_target *, const struct source *,
    const char *request_id, const struct fetch_events *, void *arg);
void fetch_go_on(struct fetch *);
/** fetch_cancel - no callback comes any more. NULL is fine; also from inside on_body. */
void fetch_cancel(struct fetch *);
#endif

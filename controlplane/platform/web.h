/*
 * web.h - the web, as far as the policy lets a competitor: GET /fetch, and a forward proxy.
 */
#ifndef JANUS_PLATFORM_WEB_H
#define JANUS_PLATFORM_WEB_H
#include <stdint.h>

#include "controlplane/platform/call.h"
#include "controlplane/platform/egress.h"
struct dialer;
struct error;
struct loop;
struct workers;

#define WEB_FETCHES_MAX 4 /* of a pod at once: each has a thread for as long as it takes */
#define WEB_TUNNELS_MAX 32 /* of a pod at once */

struct web {
	struct egress egress;
	struct workers *workers; /* names and fetches */
	struct dialer *dialer;
	/* tests make these shorter */
	int64_t fetch_ms; /* a whole fetch, redirects and all */
	int64_t fetch_max_bytes; /* of a page, decompressed */
	int64_t connect_ms, head_ms, idle_ms, tunnel_ms; /* of a tunnel */
};

/** web_new - test: what JANUS_PLATFORM_TEST_LOOPBACK says (egress_allow_test), or NULL. */
struct web *web_new(struct loop *, const char *test, struct error *);
/** web_stop - waits for its workers; then web_free, after the loop has run what they posted. */
void web_stop(struct web *);
void web_free(struct web *);

extern const struct call_kind web_fetch;
/** proxy_begin - a connection whose first bytes are proxy_is_asked; the socket is taken over. */
void proxy_begin(struct caller *, int fd);
#endif

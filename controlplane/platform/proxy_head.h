/*
 * proxy_head.h - a request that is meant for somebody else: CONNECT, or with a whole URL.
 *
 * Pure.  What two readers could take for two different requests is none.  What is sent on is built
 * anew: one request in origin form, to the host that is asked for, that ends the connection.
 */
#ifndef JANUS_PLATFORM_PROXY_HEAD_H
#define JANUS_PLATFORM_PROXY_HEAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/net/url.h"
struct error;

#define PROXY_HEAD_MAX 16384

struct proxy_head {
	bool is_connect;
	char method[16];
	struct url at; /* host and port; of http, whatever the tunnel then carries */
	char request_id[132]; /* the x-request-id that was sent; "" without one, or with several */
	int64_t body; /* bytes that follow */
	struct buf out; /* owned: the head for the server; empty for CONNECT */
};

/** proxy_is_asked - do the bytes so far begin such a request? 1 yes, 0 no, -1 not known yet. */
int proxy_is_asked(const char *bytes, size_t len);
/**
 * proxy_head_parse - a head from the bytes so far.
 *
 * Returns how many bytes it takes, 0 if more are needed, -1 with err INVALID.  is_ours says of an
 * authorization that it is the pod's run token, which is not sent on.  Owned, also on failure
 * (proxy_head_done).
 */
long proxy_head_parse(const char *bytes, size_t len,
    bool (*is_ours)(const char *authorization, const void *arg), const void *arg,
    struct proxy_head *, struct error *);
void proxy_head_done(struct proxy_head *);
#endif

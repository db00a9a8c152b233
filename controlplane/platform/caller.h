/*
 * caller.h - one pod that may call us: its listener, its run token, what it has used.
 */
#ifndef JANUS_PLATFORM_CALLER_H
#define JANUS_PLATFORM_CALLER_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "controlplane/platform/claim.h"
#include "controlplane/platform/quota.h"
#include "runtime/base/hash.h"
struct call;
struct error;
struct front;
struct http_request;
struct http_server;
struct platform;

#define CALLER_NAME_MAX 64

struct caller {
	struct platform *platform;
	char instance[CALLER_NAME_MAX], competitor[CALLER_NAME_MAX];
	char token_sha256[HASH_HEX_MAX];
	bool is_sandbox; /* and not a competitor's pod: */
	struct caller *owner; /* whose pod has made it; NULL: nobody's, which may call nothing */
	ino_t socket_ino; /* of the listener: two descriptors of one socket share it */
	struct front *front; /* the listener */
	struct http_server *http; /* what the front takes for it */
	struct quota_meter spent; /* by this run token */
	uint64_t unclaimed; /* calls that were no chat's */
	uint64_t unpriced; /* calls whose price is not known */
	struct claims claims;
	struct call *calls; /* under way */
};

/** caller_put - a pod announced itself: serve its listener (taken over, also on failure).  A pod
 *  that is announced again with the same socket goes on undisturbed. */
int caller_put(struct platform *, const char *instance, const char *competitor,
    const char *token_sha256, int listener, struct error *);
/** caller_put_sandbox - as caller_put, of a sandbox: it calls for whoever has made it. */
int caller_put_sandbox(struct platform *, const char *instance, const char *token_sha256,
    int listener, struct error *);
/** caller_own - the sandbox of that id, if it has announced itself, is the owner's. */
void caller_own(struct caller *owner, const char *instance);
/** caller_disown - it is nobody's any more: what it has under way is cut. */
void caller_disown(struct caller *);
/** caller_drop - the pod is gone: cut its calls. False if it was not known. */
bool caller_drop(struct platform *, const char *instance);
void caller_drop_all(struct platform *);
/** caller_drain - accept nothing more; what was accepted is served. */
void caller_drain(struct caller *);
/** caller_allows - is authorization (a header's value, or NULL) "Bearer <its run token>"? */
bool caller_allows(const struct caller *, const char *authorization);
#endif

/*
 * claim.h - which chat a call is for: what the competitor claims, and what janusd says of it.
 *
 * A competitor sends the x-request-id of a chat back with its calls.  Whether that chat runs at
 * that pod now is janusd's to say, and it is asked at each call: it knows, and nobody has to tell
 * who runs to somebody who may never ask.  Without an answer in time the call is nobody's but the
 * competitor's.
 */
#ifndef JANUS_PLATFORM_CLAIM_H
#define JANUS_PLATFORM_CLAIM_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/platform/quota.h"
#include "runtime/base/map.h"
#include "runtime/loop/loop.h"
struct call;
struct caller;
struct platform;

#define CLAIMS_MAX 4096 /* of a pod, at once */

struct claim {
	struct caller *caller;
	char id[132];
	bool runs; /* janusd said so last */
	bool asking;
	int users; /* calls under way that are charged to it */
	struct quota_meter meter; /* what the chat has spent */
	struct call *waiting; /* for the answer */
	struct timer late;
};
struct claims { /* in a caller; zero-initialised */
	struct map by_id; /* owned */
	struct timer sweep;
};

/** claim_check - find out whose the call is, then go on with call_claimed, now or later. */
void claim_check(struct call *, const char *id);
/** claim_leave - the call waits no more. */
void claim_leave(struct call *);
/** claim_answer - what janusd says of a chat. */
void claim_answer(struct platform *, const char *instance, const char *id, bool runs);
/** claim_find - a chat that is known to run; NULL. */
struct claim *claim_find(struct caller *, const char *id);
/** claims_done - the pod is gone, and its calls are over. */
void claims_done(struct claims *);
#endif

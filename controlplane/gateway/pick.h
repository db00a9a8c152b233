/*
 * pick.h - which competitor, and which of its instances, answers a chat.
 *
 * The snapshot, what the client asked for, what was tried, and a random number in; one target
 * out.  Whoever is tried as the next champion gets its share of the default route's chats by lot.  Asked again with what failed, it gives the next candidate.  Competitors whose breaker is
 * open are passed over.  A wish for one version is answered by that version alone.  Nothing is
 * changed: a target's slot is the caller's to take, and may be gone by then.
 */
#ifndef JANUS_GATEWAY_PICK_H
#define JANUS_GATEWAY_PICK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/openai/codes.h"
struct route;
struct route_target;
struct routes;

#define PICK_DEFAULT_MODEL "janus" /* the default route; "janus/<slug>" is one competitor's */
#define PICK_FAST_MODEL "janus-fast" /* the leader in speed; without one the default route */
#define PICK_CHEAP_MODEL "janus-cheap" /* the same in cost */

/* What a client asked for: the first of its names that is not empty counts.  Borrowed. */
struct pick_wish {
	const char *header; /* x-janus-competitor */
	const char *competitor_id; /* of the body */
	const char *model;
	unsigned needs; /* capability bits; a route without them cannot answer */
	int64_t now_ms; /* for breakers */
};
struct picked {
	const struct route *route; /* NULL: none of that name */
	const char *version; /* of the route: only its targets will do; "": any */
	struct route_target *target; /* had a free slot a moment ago; NULL: none, or wait for one */
	bool full; /* no target, code NONE: it is ready, but without a free slot or others wait */
	bool asleep; /* the same, but none of its instances runs: the chat that waits wakes one */
	bool shut; /* NO_READY_COMPETITOR because its breaker is open */
	int64_t wait_ms; /* until that lets a chat through, 0 if not known */
	enum wire_code code; /* NONE, MISSING_PARAMETER, INVALID_VALUE, MODEL_NOT_FOUND,
		 UNSUPPORTED_ENDPOINT, NO_READY_COMPETITOR */
	const char *param; /* where the wish came from: "model", "competitor_id", header name */
	const char *name; /* the wish itself, "" if there was none; borrowed from it */
};

/**
 * pick - choose a target that is not among the tried ones (compared as pointers, never followed).
 *
 * others: may another competitor answer for the default route? (failover is allowed)
 * random: any number; decides between targets of one route.
 */
struct picked pick(const struct routes *, const struct pick_wish *,
    struct route_target *const *tried, size_t ntried, bool others, uint64_t random);

/** pick_is_virtual - is it a model that is whoever leads? */
bool pick_is_virtual(const char *model);
/** pick_route - the competitor that a virtual model, "janus/<slug>" or "<slug>" (with @version) means;
 *  NULL if there is none. For a virtual model the one a chat would go to first. */
const struct route *pick_route(const struct routes *, const char *name);
/** pick_version - the version of that route that a name means; "" any; NULL: none of its. */
const char *pick_version(const struct route *, const char *name);
#endif

/*
 * routes.h - the immutable snapshot that gateway loops route by.
 *
 * The control loop builds a new snapshot whenever something ready changes and hands each gateway
 * loop a reference; a snapshot never changes after that.  Targets are shared between snapshots so
 * that the number of chats in flight survives a swap.
 */
#ifndef JANUS_REGISTRY_ROUTES_H
#define JANUS_REGISTRY_ROUTES_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/net/url.h"
struct traffic;

/* One place that answers chats: a pod, or a URL that somebody else runs. */
struct route_target {
	_Atomic int refs;
	_Atomic int in_flight; /* chats running there, over all loops */
	_Atomic int limit; /* most of them at once; 0: any number */
	_Atomic bool closed; /* in no snapshot now: its slots are nobody's */
	struct traffic *traffic; /* of its competitor: a reference, set before it is shared; NULL */
	_Atomic int64_t used_ms; /* monotonic: when the last of them began or ended; 0: never */
	char instance[40];
	char version[40], digest[72]; /* what runs there; "" in a snapshot of one version */
	bool is_pod;
	char link_path[108]; /* of a pod's link socket */
	int port; /* of a pod's competitor */
	struct url url; /* of an endpoint; path is the base under which /v1/... is found */
};

struct route {
	char slug[48], competitor[40], version[40];
	char digest[72]; /* "" for a URL */
	int64_t created_at_ms;
	unsigned capabilities; /* CAPABILITY() bits of its version's manifest */
	char other_version[40], other_digest[72]; /* a second one that is meant to answer; "" */
	unsigned other_capabilities;
	bool is_default;
	bool is_fast, is_cheap; /* who janus-fast and janus-cheap are */
	int canary_percent; /* of the chats of the default route, while it is tried as the next one */
	bool has_score;
	double score; /* on the leaderboard: 0 to 100 */
	int rank_low, rank_high; /* there; a range where intervals overlap */
	int candidate_percent; /* of chats for a target of the other version; 0: there is none */
	bool wakes; /* without a target: a chat that waits brings one */
	struct traffic *traffic; /* a reference; may be NULL while there is a target */
	struct route_target **targets; /* ready ones only */
	size_t ntargets;
};

struct routes {
	_Atomic int refs;
	uint64_t generation;
	struct route *at; /* every competitor that is wanted, ready or not, earliest first */
	size_t len;
};

struct route_target *route_target_new(void); /* one reference, the caller's */
struct route_target *route_target_ref(struct route_target *);
void route_target_unref(struct route_target *);
/** route_target_take - one slot, if one is free; never more than the limit are out. Any thread. */
bool route_target_take(struct route_target *);
/** route_target_give - it is free again: whoever waits for one gets it. Any thread. */
void route_target_give(struct route_target *);
/** route_target_full - has it no free slot now? */
bool route_target_full(const struct route_target *);
/** route_target_runs - may it answer what is for that version? "": for any. */
bool route_target_runs(const struct route_target *, const char *version);

/** route_traffic - of its competitor; borrowed; NULL if nobody can wait for it. */
struct traffic *route_traffic(const struct route *);
/** route_ready - has it a target of that version? */
bool route_ready(const struct route *, const char *version);
/** route_digest - of one of its two versions. */
const char *route_digest(const struct route *, const char *version);
/** route_capabilities - of one of its two versions. */
unsigned route_capabilities(const struct route *, const char *version);
struct routes *routes_new(size_t len); /* one reference; rows zeroed for the caller to fill */
struct routes *routes_ref(struct routes *);
void routes_unref(struct routes *); /* NULL is fine */
#endif

/*
 * traffic.h - what all loops share of one competitor beside its instances: who waits for a free
 * slot, and whether it is to be left alone.
 *
 * One object a competitor, held by its targets and so by every snapshot they are in.  While
 * nobody waits and the breaker is closed, a chat costs it a few atomic loads and one count;
 * everything else is under its lock.  What is decided, fair_queue.h and breaker.h decide.
 *
 * A waiter is called on its own loop, by message: with a slot that was taken for it, or to look
 * again.  Nobody overtakes: a newcomer that sees somebody wait joins the queue, and a slot that
 * comes free is taken for whoever's turn it is, of those whom its version may answer.
 */
#ifndef JANUS_REGISTRY_TRAFFIC_H
#define JANUS_REGISTRY_TRAFFIC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/registry/breaker.h"
#include "controlplane/registry/fair_queue.h"
struct loop;
struct route_target;
struct traffic;

struct traffic_rules {
	size_t queue_max; /* entries; 0: no queue */
	struct breaker_rules breaker;
};
extern const struct traffic_rules traffic_defaults;

struct traffic *traffic_new(const struct traffic_rules *); /* one reference, the caller's */
struct traffic *traffic_ref(struct traffic *); /* NULL is fine for this and all below */
void traffic_unref(struct traffic *);

/* ---- waiting; any loop ---- */

enum turn {
	TURN_SLOT, /* a slot of target was taken for the waiter, who must give it back */
	TURN_AGAIN, /* things changed: look again who may answer */
	TURN_DISPLACED, /* the queue is full and another key has its place now */
};
typedef void turn_fn(enum turn, struct route_target *target, void *arg);
struct ticket;

/** traffic_crowded - does anybody wait? */
bool traffic_crowded(const struct traffic *);
/**
 * traffic_wait - join the queue, as one of those of `key`; NULL if it is full.
 *
 * Only slots of targets that run the version are taken for it (route_target_runs; "": of any).
 * turn is called once, on loop, unless traffic_leave is called before; the ticket is gone then.
 * Offer the targets there are (traffic_offer) after it: one may have become free meanwhile.
 */
struct ticket *traffic_wait(struct traffic *, enum fair_class, const char *key, const char *version,
    struct loop *, turn_fn *turn, void *arg);
/** traffic_leave - wait no more; a slot already on its way goes to the next. */
void traffic_leave(struct ticket *);
/** traffic_offer - give the free slots of a target to those whose turn it is. */
void traffic_offer(struct route_target *);

struct traffic_place {
	size_t position; /* from 1; 0: its turn has come */
	int64_t eta_ms; /* -1: not known */
};
struct traffic_place traffic_place_of(const struct ticket *);

/* ---- the breaker; any loop ---- */

struct traffic_change { /* of the breaker's state */
	enum breaker_state from, to;
	int64_t open_ms; /* how long it stays open */
	int64_t failures; /* in a row */
};
/** traffic_shut - is the breaker open, or its probe under way? wait_ms: until the next probe. */
bool traffic_shut(struct traffic *, int64_t now_ms, int64_t *wait_ms);
/** traffic_enter - may an attempt go there? True: traffic_report must be called once.  Where that
 *  began a probe, change (zeroed before) says so. */
bool traffic_enter(
    struct traffic *, int64_t now_ms, struct breaker_pass *, struct traffic_change *change);
/** traffic_report - how the attempt ended.  When that opens the breaker, all who wait are called
 *  to look again. Returns whether the state changed. */
bool traffic_report(struct traffic *, const struct breaker_pass *, enum breaker_result,
    int64_t retry_ms, int64_t now_ms, struct traffic_change *change);

/* ---- for those who show it ---- */

struct traffic_view {
	size_t depth[FAIR_CLASS_COUNT], max;
	enum breaker_state breaker;
	int64_t failures, wait_ms; /* in a row; until the next probe, 0 unless open */
	int64_t clear_ms; /* until all who wait have had their turn, at the present pace; -1 */
};
void traffic_look(struct traffic *, int64_t now_ms, struct traffic_view *);
#endif

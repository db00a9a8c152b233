/*
 * traffic.c - the lock around the queue and the breaker, and messages to those who wait.
 */
#include "controlplane/registry/traffic.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

const struct traffic_rules traffic_defaults = {
	.queue_max = 256,
	.breaker = {
		.failures = 5,
		.ratio_percent = 50,
		.ratio_least = 20,
		.window_ms = 30000,
		.open_ms = 5000,
		.open_max_ms = 60000,
	},
};

struct traffic {
	_Atomic int refs;
	struct traffic_rules rules;
	/* what is read without the lock, and written under it */
	_Atomic size_t waiting;
	_Atomic int state; /* of the breaker */
	_Atomic unsigned round;
	/* good results since the breaker was last told of them: counted without the lock */
	_Atomic uint64_t good;

	pthread_mutex_t lock;
	struct fair_queue queue;
	struct breaker breaker;
};

struct ticket {
	struct fair_entry entry; /* first: found by it */
	struct traffic *traffic; /* a reference */
	struct loop *loop;
	turn_fn *turn;
	void *arg;
	char version[40]; /* that alone may answer; "": any */
	/* under the lock */
	enum { TICKET_WAITS, TICKET_CALLED, TICKET_LEFT } state;
	enum turn why;
	struct route_target *target; /* a reference; with a slot */
};

struct traffic *
traffic_new(const struct traffic_rules *rules)
{
	struct traffic *t = mem_zalloc(sizeof(*t));

	t->refs = 1;
	t->rules = *rules;
	t->queue.max = rules->queue_max;
	breaker_init(&t->breaker, clock_now_ms());
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

struct traffic *
traffic_ref(struct traffic *t)
{
	if (t != NULL)
		t->refs++;
	return t;
}

void
traffic_unref(struct traffic *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---- waiting ---- */

static void
ticket_free(struct ticket *k)
{
	route_target_unref(k->target);
	traffic_unref(k->traffic);
	free(k);
}

/* On the waiter's loop. */
static void
on_call(void *arg)
{
	struct ticket *k = arg;

	pthread_mutex_lock(&k->traffic->lock);
	const bool left = k->state == TICKET_LEFT;
	pthread_mutex_unlock(&k->traffic->lock);
	if (!left)
		k->turn(k->why, k->target, k->arg);
	else if (k->target != NULL)
		route_target_give(k->target);
	ticket_free(k);
}

/* Out of the queue already; under the lock. */
static void
call(struct fair_entry *e, enum turn why, struct route_target *target)
{
	struct ticket *k = (struct ticket *)(void *)e;

	k->state = TICKET_CALLED;
	k->why = why;
	k->target = target != NULL ? route_target_ref(target) : NULL;
	loop_post(k->loop, on_call, k);
}

static void
count_waiting(struct traffic *t)
{
	t->waiting = t->queue.len;
}

bool
traffic_crowded(const struct traffic *t)
{
	return t != NULL && t->waiting > 0;
}

struct ticket *
traffic_wait(struct traffic *t, enum fair_class class, const char *key, const char *version,
    struct loop *loop, turn_fn *turn, void *arg)
{
	struct fair_entry *displaced = NULL;
	struct ticket *k;

	if (t == NULL)
		return NULL;
	k = mem_zalloc(sizeof(*k));
	k->traffic = traffic_ref(t);
	k->loop = loop;
	k->turn = turn;
	k->arg = arg;
	str_copy(k->version, sizeof(k->version), version);
	pthread_mutex_lock(&t->lock);
	const bool room = fair_push(&t->queue, class, key, &k->entry, clock_now_ms(), &displaced);
	if (displaced != NULL)
		call(displaced, TURN_DISPLACED, NULL);
	count_waiting(t);
	pthread_mutex_unlock(&t->lock);
	if (room)
		return k;
	ticket_free(k);
	return NULL;
}

void
traffic_leave(struct ticket *k)
{
	struct traffic *t;

	if (k == NULL)
		return;
	t = k->traffic;
	pthread_mutex_lock(&t->lock);
	const bool waits = k->state == TICKET_WAITS;
	if (waits) {
		fair_remove(&t->queue, &k->entry);
		count_waiting(t);
	} else {
		k->state = TICKET_LEFT; /* on_call frees it */
	}
	pthread_mutex_unlock(&t->lock);
	if (waits)
		ticket_free(k);
}

static bool
may_have(const struct fair_entry *e, const void *target)
{
	return route_target_runs(target, ((const struct ticket *)(const void *)e)->version);
}

void
traffic_offer(struct route_target *target)
{
	struct traffic *t = target->traffic;
	struct fair_entry *e;

	if (!traffic_crowded(t))
		return;
	pthread_mutex_lock(&t->lock);
	while ((e = fair_next(&t->queue, may_have, target)) != NULL && !target->closed &&
	    route_target_take(target)) {
		fair_turn(&t->queue, e, clock_now_ms());
		call(e, TURN_SLOT, target);
	}
	count_waiting(t);
	pthread_mutex_unlock(&t->lock);
}

struct traffic_place
traffic_place_of(const struct ticket *k)
{
	struct traffic_place p = { 0, -1 };
	struct traffic *t = k->traffic;

	pthread_mutex_lock(&t->lock);
	if (k->state == TICKET_WAITS) {
		p.position = fair_ahead(&t->queue, &k->entry) + 1;
		p.eta_ms = fair_eta_ms(&t->queue, &k->entry);
	}
	pthread_mutex_unlock(&t->lock);
	return p;
}

/* ---- the breaker ---- */

static void
publish_state(struct traffic *t)
{
	t->round = t->breaker.round;
	t->state = t->breaker.state;
}

bool
traffic_shut(struct traffic *t, int64_t now_ms, int64_t *wait_ms)
{
	*wait_ms = 0;
	if (t == NULL || t->state == BREAKER_CLOSED)
		return false;
	pthread_mutex_lock(&t->lock);
	const bool shut = !breaker_admits(&t->breaker, now_ms);
	if (t->breaker.state == BREAKER_OPEN && t->breaker.until_ms > now_ms)
		*wait_ms = t->breaker.until_ms - now_ms;
	pthread_mutex_unlock(&t->lock);
	return shut;
}

bool
traffic_enter(
    struct traffic *t, int64_t now_ms, struct breaker_pass *pass, struct traffic_change *change)
{
	bool may;

	*pass = (struct breaker_pass){ 0 };
	if (t == NULL)
		return true;
	pass->round = t->round;
	if (t->state == BREAKER_CLOSED)
		return true;
	pthread_mutex_lock(&t->lock);
	change->from = t->breaker.state;
	may = breaker_enter(&t->breaker, now_ms, pass);
	change->to = t->breaker.state;
	publish_state(t);
	pthread_mutex_unlock(&t->lock);
	return may;
}

/* Under the lock. */
static void
call_all(struct traffic *t)
{
	struct fair_entry *e;

	while ((e = fair_next(&t->queue, NULL, NULL)) != NULL) {
		fair_remove(&t->queue, e);
		call(e, TURN_AGAIN, NULL);
	}
	count_waiting(t);
}

bool
traffic_report(struct traffic *t, const struct breaker_pass *pass, enum breaker_result result,
    int64_t retry_ms, int64_t now_ms, struct traffic_change *change)
{
	bool changed;

	if (t == NULL || (result == BREAKER_NEUTRAL && !pass->probe))
		return false;
	if (result == BREAKER_GOOD && !pass->probe) {
		if (t->state == BREAKER_CLOSED && pass->round == t->round)
			atomic_fetch_add_explicit(&t->good, 1, memory_order_relaxed);
		return false;
	}
	pthread_mutex_lock(&t->lock);
	const uint64_t good = atomic_exchange(&t->good, 0);
	change->from = t->breaker.state;
	breaker_good(&t->breaker, &t->rules.breaker, good, now_ms);
	changed = breaker_report(&t->breaker, &t->rules.breaker, pass, result, retry_ms, now_ms);
	change->to = t->breaker.state;
	change->failures = t->breaker.in_row;
	change->open_ms = change->to == BREAKER_OPEN ? t->breaker.until_ms - now_ms : 0;
	publish_state(t);
	if (changed && change->to == BREAKER_OPEN)
		call_all(t);
	pthread_mutex_unlock(&t->lock);
	return changed;
}

void
traffic_look(struct traffic *t, int64_t now_ms, struct traffic_view *out)
{
	*out = (struct traffic_view){ .clear_ms = -1 };
	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < FAIR_CLASS_COUNT; i++)
		out->depth[i] = t->queue.depth[i];
	out->max = t->queue.max;
	if (t->queue.paced)
		out->clear_ms = (int64_t)t->queue.len * t->queue.pace_us / 1000;
	out->breaker = t->breaker.state;
	out->failures = t->good > 0 ? 0 : t->breaker.in_row;
	if (t->breaker.state == BREAKER_OPEN && t->breaker.until_ms > now_ms)
		out->wait_ms = t->breaker.until_ms - now_ms;
	pthread_mutex_unlock(&t->lock);
}

/*
 * pool.c - who gets a sandbox, whose goes for it, and the spare ones.
 *
 * A spare one was never anybody's: what has been used is removed, not given on.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"

#define REFILL_FIRST_MS 1000 /* after a start that failed; doubling */
#define REFILL_LAST_MS 60000
#define SLOW_START_MS 3000 /* the engine may not answer: who asks gets a new one */

static bool
is_spare(const struct sandbox *s)
{
	return (s->facts.state == SANDBOX_WARM || s->facts.state == SANDBOX_STARTING) &&
	    !s->facts.claimed && s->facts.wanted == REASON_NONE;
}

struct capacity
pool_capacity(const struct service *v)
{
	return (struct capacity){ (size_t)v->config->max, v->config->total_memory_bytes,
		v->config->memory_bytes };
}

struct tenant *
pool_tenants(struct service *v, struct sandbox ***who, size_t *n)
{
	struct tenant *list = mem_zalloc((v->sandboxes.len + 1) * sizeof(*list));
	size_t at = 0;
	const char *id;
	void *value;

	*n = 0;
	*who = mem_zalloc((v->sandboxes.len + 1) * sizeof(**who));
	while (map_next(&v->sandboxes, &at, &id, &value)) {
		struct sandbox *s = value;

		if (s->host != NULL) /* they have places of their own */
			continue;
		const struct wish *w = s->waiter != NULL ? &s->waiter->wish : &s->wish;

		(*who)[*n] = s;
		list[(*n)++] = (struct tenant){
			.state = s->facts.state,
			.leaving = s->facts.wanted != REASON_NONE,
			.spare = is_spare(s),
			/* Nothing is taken from somebody who does not have it yet. */
			.preemptable = w->preemptable && s->facts.state == SANDBOX_RUNNING,
			.priority = w->priority,
			.since_ms = s->facts.since_ms,
		};
	}
	return list;
}

/* ---- waiters ---- */

static void
waiter_free(struct waiter *w)
{
	struct service *v = w->service;

	for (struct waiter **at = &v->waiters; *at != NULL; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			if (v->last_waiter == &w->next)
				v->last_waiter = at;
			break;
		}
	timer_cancel(&w->timer);
	wish_done(&w->wish);
	free(w);
}

/* What was begun for it is as fresh as any spare one. */
static void
leave(struct waiter *w)
{
	if (w->sandbox != NULL) {
		w->sandbox->waiter = NULL;
		w->sandbox->facts.claimed = false;
	}
	pool_turn(w->service);
}

static void
on_gone(struct http_request *req, void *arg)
{
	struct waiter *w = arg;

	log_request(req, 499, wire_code_info(CODE_CLIENT_CLOSED)->code);
	leave(w);
	waiter_free(w);
}

static void
on_patience(struct timer *t, void *arg)
{
	struct waiter *w = arg;

	(void)t;
	leave(w);
	pool_failed(w, CODE_SANDBOX_CAPACITY, "No sandbox came free in time; try again later.");
}

void
pool_handed(struct waiter *w)
{
	struct service *v = w->service;
	_cleanup_free_ char *body = sandbox_print(w->sandbox);

	metric_add(&v->created, 1);
	metric_observe_us(&v->create_seconds, &buckets_http,
	    (uint64_t)(loop_now_ms(v->loop) - w->since_ms) * 1000);
	reply_json(w->request, 200, body, strlen(body));
	waiter_free(w);
}

void
pool_failed(struct waiter *w, enum wire_code code, const char *text)
{
	metric_add(&w->service->refused, 1);
	refuse(w->request, code, text);
	waiter_free(w);
}

void
pool_ask(struct service *v, struct http_request *req, struct wish *wish)
{
	static const struct http_request_events events = { .on_gone = on_gone };
	struct waiter *w = mem_zalloc(sizeof(*w));

	w->service = v;
	w->request = req;
	w->wish = *wish;
	*wish = (struct wish){ 0 };
	w->since_ms = loop_now_ms(v->loop);
	*v->last_waiter = w;
	v->last_waiter = &w->next;
	http_request_watch(req, &events, w);
	timer_set(v->loop, &w->timer, v->config->create_ms, on_patience, w);
	pool_turn(v);
}

/* ---- a turn ---- */

static bool
is_slow(const struct sandbox *s)
{
	return s->facts.state == SANDBOX_STARTING &&
	    loop_now_ms(s->service->loop) - s->facts.since_ms >= SLOW_START_MS;
}

/* Is a the better one to have? WARM is after STARTING. */
static bool
is_better(const struct sandbox *a, const struct sandbox *b)
{
	return is_slow(a) != is_slow(b) ? is_slow(b) : a->facts.state > b->facts.state;
}

static struct sandbox *
find_spare(struct service *v)
{
	struct sandbox *found = NULL;
	size_t at = 0;
	const char *id;
	void *value;

	while (map_next(&v->sandboxes, &at, &id, &value)) {
		struct sandbox *s = value;

		if (is_spare(s) && (found == NULL || is_better(s, found)))
			found = s;
	}
	return found;
}

static size_t
count_spare(struct service *v)
{
	size_t at = 0, n = 0;
	const char *id;
	void *value;

	while (map_next(&v->sandboxes, &at, &id, &value))
		n += is_spare(value);
	return n;
}

/* The most important that has nothing yet; among equals the first. */
static struct waiter *
next_waiter(struct service *v, int priority)
{
	for (struct waiter *w = v->waiters; w != NULL; w = w->next)
		if (w->sandbox == NULL && w->wish.priority == priority)
			return w;
	return NULL;
}

static void
preempt(struct sandbox *s)
{
	metric_add(&s->service->preempted, s->facts.state == SANDBOX_RUNNING);
	sandbox_end(s, s->facts.state == SANDBOX_RUNNING ? REASON_PREEMPTED : REASON_SPARE, NULL);
}

size_t
pool_hosted(const struct service *v)
{
	size_t at = 0, n = 0;
	const char *id;
	void *value;

	while (map_next(&v->sandboxes, &at, &id, &value))
		n += ((struct sandbox *)value)->host != NULL;
	return n;
}

/* Does what can be done for one; false: it, and who is less important, must wait. */
static bool
serve(struct service *v, struct waiter *w)
{
	_cleanup_free_ struct sandbox **who = NULL;
	struct sandbox *spare = find_spare(v);
	const struct capacity capacity = pool_capacity(v);
	size_t n, victim = 0;

	if (w->wish.hosted) {
		if (pool_hosted(v) < (size_t)v->config->hosted_max)
			sandbox_start(v, w);
		else
			pool_failed(w, CODE_SANDBOX_CAPACITY,
			    "As many competitors run here as may already.");
		return true;
	}
	_cleanup_free_ struct tenant *tenants = pool_tenants(v, &who, &n);
	const enum admission admission =
	    capacity_decide(&capacity, tenants, n, w->wish.priority, &victim);
	if (spare != NULL && (!is_slow(spare) || admission != ADMIT_NOW)) {
		metric_add(&v->from_pool, spare->facts.state == SANDBOX_WARM);
		sandbox_claim(spare, w);
		return true;
	}
	switch (admission) {
	case ADMIT_NOW: sandbox_start(v, w); return true;
	case ADMIT_AFTER: preempt(who[victim]); return false;
	case ADMIT_SOON: return false;
	case ADMIT_NEVER: break;
	}
	pool_failed(w, CODE_SANDBOX_CAPACITY,
	    "All sandboxes are in use, and none of them may be taken for this one.");
	return true;
}

static void
on_refill(struct timer *t, void *arg)
{
	(void)t;
	pool_turn(arg);
}

void
pool_start_failed(struct service *v, const struct error *err)
{
	int64_t wait_ms = REFILL_FIRST_MS;

	for (int i = 0; i < v->starts_failed && wait_ms < REFILL_LAST_MS; i++)
		wait_ms *= 2;
	v->starts_failed++;
	v->last_failure = *err;
	if (!v->stopping)
		timer_set(v->loop, &v->refill_timer, wait_ms, on_refill, v);
}

static void
refill(struct service *v)
{
	const struct capacity capacity = pool_capacity(v);
	size_t spare = count_spare(v);

	while (spare > (size_t)v->config->warm) {
		sandbox_end(find_spare(v), REASON_SPARE, NULL);
		spare = count_spare(v);
	}
	while (spare < (size_t)v->config->warm && !timer_is_set(&v->refill_timer)) {
		_cleanup_free_ struct sandbox **who = NULL;
		size_t n;
		_cleanup_free_ struct tenant *tenants = pool_tenants(v, &who, &n);

		if (!capacity_fits(&capacity, tenants, n))
			return;
		sandbox_start(v, NULL);
		spare++;
	}
}

static void
on_turn(struct timer *t, void *arg)
{
	struct service *v = arg;
	struct waiter *w;

	(void)t;
	if (v->stopping)
		return;
	for (int priority = 0; priority <= PRIORITY_MAX; priority++)
		while ((w = next_waiter(v, priority)) != NULL)
			if (!serve(v, w))
				return;
	refill(v);
}

/* Never at once: whoever calls is in the middle of something. */
void
pool_turn(struct service *v)
{
	if (!v->stopping)
		timer_set(v->loop, &v->pool_timer, 0, on_turn, v);
}

void
pool_stop(struct service *v)
{
	v->stopping = true;
	timer_cancel(&v->pool_timer);
	timer_cancel(&v->refill_timer);
	while (v->waiters != NULL) {
		struct waiter *w = v->waiters;

		if (w->sandbox != NULL) {
			w->sandbox->waiter = NULL;
			w->sandbox->facts.claimed = false;
		}
		pool_failed(w, CODE_DRAINING, "The service is stopping.");
	}
}

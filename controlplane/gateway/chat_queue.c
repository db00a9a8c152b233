/*
 * chat_queue.c - who answers: what is picked, or waited for until it can be.
 */
#include "controlplane/gateway/chat_core.h"

#include <stdio.h>
#include <stdlib.h>

#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/pick.h"
#include "controlplane/gateway/wait.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/capability.h"
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/chunk.h"
#include "runtime/openai/dialect.h"

#define NAMES_MAX 20 /* models named in "there is no such model" */

/* What a competitor must have said that it offers. */
static const unsigned needs[DIALECT_COUNT] = {
	[DIALECT_COMPLETIONS] = CAPABILITY(COMPLETIONS),
	[DIALECT_RESPONSES] = CAPABILITY(RESPONSES),
	[DIALECT_EMBEDDINGS] = CAPABILITY(EMBEDDINGS),
};

/* Is it a version that the route may have targets of? */
static bool
is_for(const struct route *r, const char *version)
{
	return version[0] == '\0' || str_eq(r->version, version) ||
	    str_eq(r->other_version, version);
}

const struct route *
queue_route(const struct chat *c)
{
	const struct routes *routes = c->gw->routes;
	const char *version = c->wait.version;

	for (size_t i = 0; i < routes->len; i++) {
		const struct route *r = &routes->at[i];

		if (str_eq(r->competitor, c->wait.competitor) && is_for(r, version) &&
		    (route_ready(r, version) || r->wakes))
			return r;
	}
	return NULL;
}

/* Its waiting is over: by now c->wait knows how long it was. */
static void
note_waited(struct chat *c)
{
	const struct route *r = queue_route(c);

	if (r != NULL)
		metric_observe_us(
		    &counters_competitor(&c->gw->counters, r->slug)->queue_wait[c->wait.class],
		    &buckets_chat, (uint64_t)c->wait.last_us);
}

void
queue_leave(struct chat *c)
{
	if (c->wait.ticket == NULL)
		return;
	wait_end(&c->wait);
	note_waited(c);
}

struct picked
queue_pick(struct chat *c)
{
	const struct pick_wish wish = {
		.header = c->wish,
		.competitor_id = c->request.competitor_id,
		.model = c->request.model,
		.needs = needs[c->dialect->at],
		.now_ms = loop_now_ms(c->gw->loop),
	};

	return pick(
	    c->gw->routes, &wish, c->tried, c->ntried, c->may_fall_back, gateway_random(c->gw));
}

static const struct wait_events wait_events;

static void
fail_full(struct chat *c, const struct route *route)
{
	struct traffic_view view;
	char text[240];

	metric_add(&counters_competitor(&c->gw->counters, route->slug)
			->queue_rejected[wait_class(c->auth)],
	    1);
	traffic_look(route_traffic(route), loop_now_ms(c->gw->loop), &view);
	chat_relay_retry_after(c->relay, view.clear_ms > 0 ? (view.clear_ms + 999) / 1000 : 1);
	snprintf(text, sizeof(text),
	    "Competitor '%s' is busy, and the queue for it is full; try again later.", route->slug);
	chat_relay_fail(c->relay, CODE_QUEUE_FULL, text, NULL);
}

static void
fail_unpicked(struct chat *c, const struct picked *p)
{
	_cleanup_buf_ struct buf text = { 0 };
	const struct routes *routes = c->gw->routes;

	if (p->code == CODE_NO_READY_COMPETITOR) {
		if (p->shut) {
			const long long seconds = ((long long)p->wait_ms + 999) / 1000;

			attempt_be_for(c, p->route, p->version);
			chat_relay_retry_after(c->relay, seconds > 0 ? seconds : 1);
			buf_printf(&text,
			    "Competitor '%s' failed too often and is left alone for a while; try "
			    "again in %lld s, or choose another.",
			    p->route->slug, seconds > 0 ? seconds : 1);
		} else if (p->route != NULL)
			buf_printf(&text, "Competitor '%s' has no instance%s that is ready.",
			    p->route->slug, p->version[0] != '\0' ? " of that version" : "");
		else
			buf_add_str(&text, "There is no competitor yet; submit one with janusctl.");
	} else if (p->code == CODE_UNSUPPORTED_ENDPOINT) {
		buf_printf(&text,
		    "The model '%.100s' does not offer %s; 'capabilities' in GET "
		    "/v1/models says which do.",
		    p->name, c->dialect->path);
	} else {
		buf_printf(
		    &text, "There is no model '%.100s'. There are: " PICK_DEFAULT_MODEL, p->name);
		for (size_t i = 0; i < routes->len && i < NAMES_MAX; i++)
			buf_printf(&text, ", " PICK_DEFAULT_MODEL "/%s", routes->at[i].slug);
		buf_add_str(&text, routes->len > NAMES_MAX ? ", and more." : ".");
	}
	chat_relay_fail(c->relay, p->code, text.data, NULL);
}

static void
wait_for_slot(struct chat *c, const struct route *route, const char *version)
{
	char key[WAIT_KEY_MAX];

	c->ours_us += clock_now_us() - c->mark_us;
	attempt_be_for(c, route, version);
	wait_key(c->auth, c->client, key);
	if (!wait_begin(&c->wait, c->gw->loop, route, version, wait_class(c->auth), key,
		c->gw->config.queue_wait_ms, &wait_events, c))
		fail_full(c, route);
	else if (c->wait.starts && c->gw->hooks->on_demand != NULL)
		c->gw->hooks->on_demand(route->competitor, c->gw->arg);
}

/* A 429 or 503 that a competitor gave is its own: neither its client nor we have limited anything. */
void
queue_give_up(struct chat *c, const struct failure *last)
{
	chat_relay_fail_as(c->relay, last->code, "miner", last->text, last->details);
}

/* To what was picked; last: why the attempt before failed, NULL if there is nothing to tell. */
void
queue_go_on(struct chat *c, struct picked p, const struct failure *last)
{
	for (;; p = queue_pick(c)) {
		if (p.code != CODE_NONE && last != NULL) {
			queue_give_up(c, last);
			return;
		}
		if (p.code != CODE_NONE) {
			fail_unpicked(c, &p);
			return;
		}
		if (p.full) {
			wait_for_slot(c, p.route, p.version);
			return;
		}
		if (!route_target_take(p.target))
			continue; /* another chat was faster */
		if (attempt_enter_breaker(c, p.route, p.target))
			break;
		route_target_give(p.target);
	}
	attempt_start(c, p.route, p.target);
}

/* After a failure that cannot have run anything. */
void
queue_next(struct chat *c, const struct failure *last)
{
	if (!c->may_fall_back || c->ntried == ATTEMPTS_MAX)
		queue_give_up(c, last);
	else
		queue_go_on(c, queue_pick(c), last);
}

static bool
has_target(const struct route *r, const struct route_target *target)
{
	for (size_t i = 0; r != NULL && i < r->ntargets; i++)
		if (r->targets[i] == target)
			return true;
	return false;
}

static void
on_turn(enum turn turn, struct route_target *target, void *arg)
{
	struct chat *c = arg;
	const struct route *r = queue_route(c);

	c->mark_us = clock_now_us();
	note_waited(c);
	if (turn == TURN_DISPLACED && r != NULL) {
		fail_full(c, r);
		return;
	}
	if (turn == TURN_SLOT) {
		/* A slot of what our snapshot does not know (yet) is not for us. */
		if (has_target(r, target) && attempt_enter_breaker(c, r, target)) {
			attempt_start(c, r, target);
			return;
		}
		route_target_give(target);
	}
	queue_go_on(c, queue_pick(c), NULL);
}

static void
on_late(void *arg)
{
	struct chat *c = arg;
	const struct route *r = queue_route(c);
	char text[240];

	note_waited(c);
	if (r != NULL)
		metric_add(
		    &counters_competitor(&c->gw->counters, r->slug)->queue_rejected[c->wait.class],
		    1);
	snprintf(text, sizeof(text),
	    c->wait.starts
		? "Competitor '%s' did not start within %lld s; try again later, or choose another."
		: "Competitor '%s' had no free slot within %lld s; try again later, or choose "
		  "another.",
	    r != NULL ? r->slug : "", (long long)c->gw->config.queue_wait_ms / 1000);
	chat_relay_fail(c->relay, CODE_NO_READY_COMPETITOR, text, NULL);
}

static const struct wait_events wait_events = { on_turn, on_late };

/* Silence towards the client, as its own place in the queue. */
void
queue_ping(struct chat_relay *relay, struct buf *out, void *arg)
{
	const struct chat *c = arg;
	struct chat_ids ids;
	char id[CHAT_ID_MAX];

	(void)relay;
	if (c->wait.ticket == NULL)
		return;
	ids = chat_ids(c, id);
	wait_tell(&c->wait, c->progress, &ids, out);
}

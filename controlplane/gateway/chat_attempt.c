/*
 * chat_attempt.c - one attempt: a target, a connection to it, the request on it.
 */
#include "controlplane/gateway/chat_core.h"

#include <stdio.h>
#include <unistd.h>

#include "controlplane/gateway/chat_head.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/judge.h"
#include "controlplane/gateway/life.h"
#include "controlplane/gateway/resume.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/net/conn_pool.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_server.h"
#include "runtime/net/retry_after.h"
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/dialect.h"
#include "runtime/openai/relay_tap.h"

/* What the running attempt says about its competitor; once. */
void
attempt_tell_breaker(struct chat *c, enum breaker_result result, const char *retry_after)
{
	struct traffic_change change = { 0 };
	const int64_t retry_ms =
	    retry_after[0] != '\0' ? retry_after_seconds(retry_after) * 1000 : 0;

	if (!c->entered)
		return;
	c->entered = false;
	if (traffic_report(
		c->target->traffic, &c->pass, result, retry_ms, loop_now_ms(c->gw->loop), &change))
		judge_log(c->slug, c->competitor, &change);
}

void
attempt_end(struct chat *c)
{
	if (c->link_request != NULL)
		link_cancel(c->link_request);
	if (c->dial != NULL)
		dial_cancel(c->dial);
	c->link_request = NULL;
	c->dial = NULL;
	timer_cancel(&c->late);
	attempt_tell_breaker(c, BREAKER_NEUTRAL, "");
	if (c->target != NULL)
		route_target_give(c->target);
	c->target = NULL;
}

/* The running attempt is over: write down when, and why if it failed. */
void
attempt_note_end(struct chat *c, enum wire_code code, const struct chat_result *r)
{
	struct life_attempt *a = c->ntried > 0 ? &c->life[c->ntried - 1] : NULL;

	if (a == NULL || a->ended_us != 0)
		return;
	a->ended_us = clock_now_us() - c->accepted_us;
	a->code = code;
	if (r != NULL) {
		a->upstream_status = r->upstream_status;
		a->head_us = r->head_us;
	}
}

static void
connect_failed(struct chat *c, const struct error *err)
{
	const bool late = err->kind == ERROR_TIMEOUT, ours = err->kind == ERROR_IO;
	const enum wire_code code = late ? CODE_UPSTREAM_TIMEOUT_CONNECT
	    : ours                       ? CODE_INTERNAL
					 : CODE_UPSTREAM_CONNECT_FAILED;
	char text[240];

	metric_add(&c->counted->attempts_connect, 1);
	log_debug("chat.connect_failed", F_STR("request_id", c->id), F_STR("competitor", c->slug),
	    F_STR("instance_id", c->target->instance), F_STR("error", err->text));
	attempt_note_end(c, code, NULL);
	attempt_tell_breaker(c, judge_attempt(code, 0), "");
	attempt_end(c);
	if (ours)
		snprintf(text, sizeof(text),
		    "Janus has no descriptors or memory left to reach competitor '%s'.", c->slug);
	else if (late)
		snprintf(text, sizeof(text),
		    "Competitor '%s' did not accept a connection within %lld ms.", c->slug,
		    (long long)c->gw->config.connect_ms);
	else
		snprintf(text, sizeof(text), "Competitor '%s' cannot be reached.", c->slug);
	queue_next(c, &(struct failure){ code, text, NULL });
}

static void
send_request(struct chat *c, struct transport *t)
{
	struct gateway *gw = c->gw;
	size_t n, total;

	conn_pool_adopt(gw->pool, c->target->instance, t);
	n = chat_request_parts(&c->request, c->body->data, c->body->len, c->parts + 1, &total);
	buf_clear(&c->head);
	c->life[c->ntried - 1].connected_us = clock_now_us() - c->accepted_us;
	if (c->life[c->ntried - 1].span != 0)
		traceparent_set_span(c->traceparent, c->life[c->ntried - 1].span);
	chat_head_add(&c->head, c->target,
	    &(struct forwarded){ c->dialect->path, total, c->id, c->traceparent, c->tracestate });
	c->parts[0] = (struct iovec){ c->head.data, c->head.len };
	relay_tap_show(c->tap, RELAY_REQUEST, buf_str(c->body), c->body->len);
	chat_relay_attempt(c->relay, t, c->parts, n + 1);
	c->ours_us += clock_now_us() - c->mark_us;
	metric_observe_us(&gw->counters.overhead, &buckets_overhead, (uint64_t)c->ours_us);
}

static void
on_dialed(struct transport *t, const struct error *err, void *arg)
{
	struct chat *c = arg;

	c->dial = NULL;
	c->mark_us = clock_now_us();
	if (t == NULL)
		connect_failed(c, err);
	else
		send_request(c, t);
}

static void
on_socket(int fd, const struct error *err, void *arg)
{
	struct chat *c = arg;
	const int64_t left_ms = c->connect_due_ms - clock_now_ms();

	c->link_request = NULL;
	timer_cancel(&c->late);
	if (fd < 0)
		connect_failed(c, err);
	else
		c->dial = dial_fd(
		    c->gw->loop, fd, c->target->port, left_ms > 1 ? left_ms : 1, on_dialed, c);
}

static void
on_link_late(struct timer *t, void *arg)
{
	struct chat *c = arg;
	struct error err = { .kind = ERROR_TIMEOUT,
		.text = "the pod's link gave no socket in time" };

	(void)t;
	connect_failed(c, &err);
}

static void
connect_target(struct chat *c)
{
	struct gateway *gw = c->gw;
	struct route_target *target = c->target;

	if (target->is_pod) {
		c->connect_due_ms = clock_now_ms() + gw->config.connect_ms;
		timer_set(gw->loop, &c->late, gw->config.connect_ms, on_link_late, c);
		c->link_request =
		    link_socket(pod_links_get(&gw->links, gw->loop, target), on_socket, c);
	} else {
		c->dial = dial_url(gw->dialer, &target->url, gw->config.connect_ms, on_dialed, c);
	}
	c->ours_us += clock_now_us() - c->mark_us;
}

/* It is theirs to answer, or not: metrics, log and usage say so. */
void
attempt_be_for(struct chat *c, const struct route *route, const char *version)
{
	struct competitor_counters *const row = counters_competitor(&c->gw->counters, route->slug);

	if (c->request.stream && row != c->counted) {
		if (c->counted != NULL)
			c->counted->streams_active--;
		row->streams_active++;
	}
	c->counted = row;
	str_copy(c->slug, sizeof(c->slug), route->slug);
	str_copy(c->competitor, sizeof(c->competitor), route->competitor);
	str_copy(c->version, sizeof(c->version), version[0] != '\0' ? version : route->version);
	str_copy(c->digest, sizeof(c->digest), route_digest(route, version));
}

/* Metrics know of it; so does a client that has read some of the failed answer. */
static void
note_failover(struct chat *c, const struct route *to)
{
	const struct life_attempt *last = &c->life[c->ntried - 1];
	_cleanup_buf_ struct buf event = { 0 };
	char payload[200];

	metric_add(&counters_competitor(&c->gw->counters, last->competitor)->failovers, 1);
	if (!chat_relay_answering(c->relay))
		return;
	snprintf(payload, sizeof(payload), "{\"from\":\"%s\",\"to\":\"%s\",\"code\":\"%s\"}",
	    last->competitor, to->slug, wire_code_info(last->code)->code);
	chat_tell(c, "failover", payload, &event);
	chat_relay_say(c->relay, event.data, event.len);
}

/* A slot of the target is taken, and its breaker entered. */
void
attempt_start(struct chat *c, const struct route *route, struct route_target *target)
{
	struct gateway *gw = c->gw;
	struct transport t = { .fd = -1 };

	if (c->ntried > 0)
		note_failover(c, route);
	c->target = c->tried[c->ntried++] = route_target_ref(target);
	struct life_attempt *life = &c->life[c->ntried - 1];
	str_copy(life->competitor, sizeof(life->competitor), route->slug);
	str_copy(life->instance, sizeof(life->instance), target->instance);
	life->picked_us = clock_now_us() - c->accepted_us;
	life->span = gw->config.traces ? gateway_random(gw) | 1 : 0;
	attempt_be_for(c, route, "");
	if (target->version[0] != '\0') {
		str_copy(c->version, sizeof(c->version), target->version);
		str_copy(c->digest, sizeof(c->digest), target->digest);
	}
	if (c->resume != NULL)
		resume_competitor(c->resume, c->slug);
	c->reused = conn_pool_take(gw->pool, target->instance, &t);
	if (c->reused)
		send_request(c, &t);
	else
		connect_target(c);
}

/* False: its breaker lets nobody through. */
bool
attempt_enter_breaker(struct chat *c, const struct route *route, struct route_target *target)
{
	struct traffic_change change = { 0 };

	c->entered = traffic_enter(target->traffic, loop_now_ms(c->gw->loop), &c->pass, &change);
	if (change.from != change.to)
		judge_log(route->slug, route->competitor, &change);
	return c->entered;
}

/* A probe has shown what it was for: the rest of its answer counts like any other. */
void
attempt_answering(struct chat_relay *relay, void *arg)
{
	struct chat *c = arg;

	(void)relay;
	if (!c->entered || !c->pass.probe)
		return;
	attempt_tell_breaker(c, BREAKER_GOOD, "");
	struct traffic_change change = { 0 };
	c->entered = traffic_enter(c->target->traffic, loop_now_ms(c->gw->loop), &c->pass, &change);
}

/* What an answer with another status than 200 means to the client. */
static enum wire_code
code_of_status(int status)
{
	switch (status) {
	case 400: return CODE_BAD_REQUEST;
	case 413: return CODE_PAYLOAD_TOO_LARGE;
	case 415: return CODE_UNSUPPORTED_MEDIA_TYPE;
	case 422: return CODE_UNPROCESSABLE;
	case 429: return CODE_RATE_LIMIT;
	case 503: return CODE_NO_READY_COMPETITOR;
	default: return CODE_UPSTREAM_BAD_RESPONSE;
	}
}

void
attempt_failed(struct chat_relay *relay, const struct chat_result *r, void *arg)
{
	struct chat *c = arg;
	_cleanup_buf_ struct buf details = { 0 };
	enum wire_code code = r->code;
	char text[240], said[120];

	(void)relay;
	/* A connection that died as we took it: nothing went out, and a new one is tried. */
	if (c->reused && !r->sent && r->upstream_status == 0 &&
	    r->code == CODE_UPSTREAM_BAD_RESPONSE) {
		c->reused = false;
		c->mark_us = clock_now_us();
		connect_target(c);
		return;
	}
	metric_add(&c->counted->attempts_response, 1);
	const enum breaker_result verdict = judge_attempt(r->code, r->upstream_status);
	attempt_tell_breaker(c, verdict, r->retry_after);
	attempt_end(c);
	str_copy(text, sizeof(text), r->text);
	if (r->upstream_status != 0 && r->upstream_status != 200) {
		code = code_of_status(r->upstream_status);
		upstream_details(
		    &details, r->upstream_status, r->upstream_body, said, sizeof(said));
		snprintf(text, sizeof(text), "Competitor '%s' %s with status %d%s%s", c->slug,
		    code == CODE_UPSTREAM_BAD_RESPONSE ? "answered" : "refused the request",
		    r->upstream_status, said[0] != '\0' ? ": " : ".", said);
	}
	attempt_note_end(c, code, r);
	c->mark_us = clock_now_us();
	const struct failure why = { code, text, details.len > 0 ? details.data : NULL };
	if (r->sent && !(c->mid && verdict == BREAKER_BAD))
		queue_give_up(c, &why);
	else
		queue_next(c, &why);
}

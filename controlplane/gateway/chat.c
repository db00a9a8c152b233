/*
 * chat.c - the owner of a relay: which target, how often, and what is written down at the end.
 */
#include "controlplane/gateway/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/chat_head.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/judge.h"
#include "controlplane/gateway/life.h"
#include "controlplane/gateway/pick.h"
#include "controlplane/gateway/resume.h"
#include "controlplane/gateway/wait.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/capability.h"
#include "runtime/engine/link.h"
#include "runtime/net/conn_pool.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_params.h"
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/chunk.h"
#include "runtime/openai/dialect.h"
#include "runtime/openai/relay_tap.h"

#define ATTEMPTS_MAX LIFE_ATTEMPTS
#define NAMES_MAX 20 /* models named in "there is no such model" */

/* What a competitor must have said that it offers. */
static const unsigned needs[DIALECT_COUNT] = {
	[DIALECT_COMPLETIONS] = CAPABILITY(COMPLETIONS),
	[DIALECT_RESPONSES] = CAPABILITY(RESPONSES),
	[DIALECT_EMBEDDINGS] = CAPABILITY(EMBEDDINGS),
};

/* What only spans tell. */
struct chat_details {
	struct chat_params params;
	struct chat_answer answer;
};

struct chat {
	struct gateway *gw;
	const struct dialect *dialect;
	struct chat *next, **prev; /* gw->chats */
	struct chat_relay *relay;
	struct resume *resume; /* NULL: its stream cannot be resumed */
	const struct buf *body; /* the request's own, or kept */
	struct buf kept; /* of a request that may be gone before the chat is over */
	struct chat_request request;
	struct auth *auth; /* a reference */
	bool may_fall_back;
	bool mid; /* it takes another's stream as the rest of one that fails: it may run twice */
	bool progress; /* the client wants to be told in events */
	char id[sizeof(((struct http_request *)0)->id)];
	char client[sizeof(((struct http_request *)0)->client)];
	char traceparent[TRACEPARENT_LEN + 1];
	int64_t accepted_us, accepted_at_ms;

	/* the running attempt; the names stay those of the last one */
	struct route_target *tried[ATTEMPTS_MAX]; /* references */
	size_t ntried;
	struct route_target *target; /* a slot of it is taken; one of tried */
	struct breaker_pass pass; /* of its competitor's breaker, if entered */
	bool entered;
	char slug[48], competitor[40], version[40], digest[72];
	struct link_request *link_request;
	struct dial *dial;
	bool reused; /* it goes over a connection that was used before */
	struct timer late; /* for the link's answer */
	int64_t connect_due_ms;
	struct buf head;
	struct iovec parts[CHAT_PARTS_MAX + 3];

	struct life_attempt life[ATTEMPTS_MAX]; /* of each of tried */
	uint64_t span, parent; /* 0 while spans are off */
	char *user_agent; /* owned; NULL */
	char *tracestate; /* owned; NULL */
	struct wait wait; /* for a free slot */
	char *wish; /* x-janus-competitor, owned; NULL: once a stream began, headers are gone */

	struct relay_tap *tap; /* the relay ends it; NULL: not recorded */
	struct chat_details *details; /* owned; NULL while spans are off */

	/* our own time: what is not waiting for anybody */
	int64_t mark_us, ours_us;
	char attempts_text[16], overhead_text[24], queue_text[24];
};

/* Why the last attempt failed; borrowed. */
struct failure {
	enum wire_code code;
	const char *text, *details;
};
static void next_attempt(struct chat *, const struct failure *);

static enum gateway_route
route_of(const struct dialect *d)
{
	return GATEWAY_CHAT + (unsigned)d->at;
}

bool
chat_head_accepted(struct gateway *gw, struct http_request *req)
{
	const enum gateway_route route = route_of(dialect_of_path(req->path));
	const char *encoding = http_header_get(req, "content-encoding");

	if (gw->draining) {
		answer_error(gw, req, route, CODE_DRAINING, NULL, NULL, "Janus is stopping.");
		return false;
	}
	if (!content_type_accepted(http_header_get(req, "content-type"))) {
		answer_error(gw, req, route, CODE_UNSUPPORTED_MEDIA_TYPE, NULL, NULL,
		    "The body is sent as 'content-type: application/json' in UTF-8.");
		return false;
	}
	if (encoding != NULL && !str_eq(encoding, "identity")) {
		answer_error(gw, req, route, CODE_UNSUPPORTED_MEDIA_TYPE, NULL, NULL,
		    "A compressed request body is not accepted.");
		return false;
	}
	if (http_header_count(req, "x-janus-competitor") > 1) {
		answer_error(gw, req, route, CODE_INVALID_VALUE, NULL, "x-janus-competitor",
		    "The header x-janus-competitor may be sent once.");
		return false;
	}
	return true;
}

/* ---- the end of an attempt, and of the chat ---- */

/* What the running attempt says about its competitor; once. */
static void
tell_breaker(struct chat *c, enum breaker_result result, const char *retry_after)
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

static void
end_attempt(struct chat *c)
{
	if (c->link_request != NULL)
		link_cancel(c->link_request);
	if (c->dial != NULL)
		dial_cancel(c->dial);
	c->link_request = NULL;
	c->dial = NULL;
	timer_cancel(&c->late);
	tell_breaker(c, BREAKER_NEUTRAL, "");
	if (c->target != NULL)
		route_target_give(c->target);
	c->target = NULL;
}

/* The running attempt is over: write down when, and why if it failed. */
static void
note_end(struct chat *c, enum wire_code code, const struct chat_result *r)
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

/* NULL: not in the snapshot (any more), or without an instance that is ready or may be woken. */
static const struct route *
ready_route(const struct routes *routes, const char *competitor)
{
	for (size_t i = 0; i < routes->len; i++)
		if ((routes->at[i].ntargets > 0 || routes->at[i].wakes) &&
		    str_eq(routes->at[i].competitor, competitor))
			return &routes->at[i];
	return NULL;
}

static struct competitor_counters *
row_of(struct chat *c)
{
	return counters_competitor(&c->gw->counters, c->slug);
}

/* Its waiting is over: by now c->wait knows how long it was. */
static void
note_waited(struct chat *c)
{
	const struct route *r = ready_route(c->gw->routes, c->wait.competitor);

	if (r != NULL)
		metric_observe_us(
		    &counters_competitor(&c->gw->counters, r->slug)->queue_wait[c->wait.class],
		    &buckets_chat, (uint64_t)c->wait.last_us);
}

static void
chat_free(struct chat *c)
{
	struct gateway *gw = c->gw;

	wait_end(&c->wait);
	end_attempt(c);
	auth_unref(c->auth);
	for (size_t i = 0; i < c->ntried; i++)
		route_target_unref(c->tried[i]);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	gw->nchats--;
	gw->counters.http_in_flight--;
	if (c->request.stream)
		gw->counters.streams_active--;
	if (c->resume != NULL)
		resume_close(c->resume);
	buf_done(&c->kept);
	gateway_busy_update(gw);
	buf_done(&c->head);
	free(c->user_agent);
	free(c->wish);
	free(c->tracestate);
	free(c->details);
	free(c);
}

static void
log_done(
    const struct chat *c, const struct chat_result *r, int status, int64_t duration_us, int resumed)
{
	const struct wire_code_info *info = wire_code_info(r->code);
	const bool bad = r->code != CODE_NONE;
	char trace_id[33];

	str_copy(trace_id, sizeof(trace_id), c->traceparent + 3);
	log_info("request.done", F_STR("request_id", c->id), F_STR("trace_id", trace_id),
	    F_STR("client", c->client), F_STR("method", "POST"), F_STR("route", c->dialect->path),
	    F_INT("status", status), F_STR("competitor", c->slug[0] != '\0' ? c->slug : NULL),
	    F_STR("competitor_id", c->competitor[0] != '\0' ? c->competitor : NULL),
	    F_STR("version_digest", c->digest[0] != '\0' ? c->digest : NULL),
	    F_STR("key_id", c->auth != NULL && c->auth->key_id[0] != '\0' ? c->auth->key_id : NULL),
	    F_STR("instance_id", c->ntried > 0 ? c->tried[c->ntried - 1]->instance : NULL),
	    F_STR("code", bad ? info->code : NULL), F_STR("fault", bad ? info->fault : NULL),
	    F_STR("error", bad ? r->text : NULL), F_BOOL("stream", c->request.stream),
	    F_NUM("duration_ms", (double)duration_us / 1000),
	    r->ttft_us >= 0 ? F_NUM("ttft_ms", (double)r->ttft_us / 1000) : F_STR("ttft_ms", NULL),
	    F_INT("max_gap_ms", r->max_gap_ms), F_INT("queue_ms", wait_us(&c->wait) / 1000),
	    F_INT("attempt", (int64_t)c->ntried),
	    resumed >= 0 ? F_INT("resumed", resumed) : F_STR("resumed", NULL),
	    F_INT("chunks", (int64_t)r->chunks), F_INT("pings", (int64_t)r->pings),
	    F_INT("bytes_in", (int64_t)r->bytes_in), F_INT("bytes_out", (int64_t)r->bytes_out));
}

static void
stop_waiting(struct chat *c)
{
	if (c->wait.ticket == NULL)
		return;
	wait_end(&c->wait);
	note_waited(c);
}

static void
on_done(struct chat_relay *relay, const struct chat_result *r, void *arg)
{
	struct chat *c = arg;
	struct gateway *gw = c->gw;
	const int64_t duration_us = clock_now_us() - c->accepted_us;
	stop_waiting(c);
	const int status =
	    r->code == CODE_CLIENT_CLOSED || !r->committed ? wire_code_info(r->code)->status : 200;
	const int resumed = c->resume != NULL ? (int)resume_close(TAKE(c->resume)) : -1;
	const struct gateway_usage usage = {
		.request_id = c->id,
		.competitor = c->competitor,
		.version = c->version,
		.digest = c->digest,
		.key_id = c->auth != NULL ? c->auth->key_id : "",
		.instance = c->ntried > 0 ? c->tried[c->ntried - 1]->instance : "",
		.result = r,
		.dialect = c->dialect,
		.accepted_at_ms = c->accepted_at_ms,
		.duration_us = duration_us,
		.stream = c->request.stream,
		.resumed = resumed,
		.status = status,
		.slug = c->slug,
		.model = c->request.model,
		.client = c->client,
		.traceparent = c->traceparent,
		.user_agent = c->user_agent,
		.span = c->span,
		.parent = c->parent,
		.attempts = c->life,
		.nattempts = c->ntried,
		.queued_us = wait_us(&c->wait),
		.queued_at_us = c->wait.first_us > 0 ? c->wait.first_us - c->accepted_us : 0,
		.params = c->details != NULL ? &c->details->params : NULL,
		.answer = c->details != NULL ? &c->details->answer : NULL,
		.tap = c->tap,
	};

	(void)relay;
	note_end(c, r->code, r);
	tell_breaker(c, judge_attempt(r->code, r->upstream_status), r->retry_after);
	counters_http(&gw->counters, route_of(c->dialect), "POST", status, duration_us);
	if (c->slug[0] != '\0') {
		counters_chat(row_of(c), r, c->request.stream, duration_us);
		if (r->code == CODE_NONE)
			metric_add(&row_of(c)->attempts_ok, 1);
		else if (c->target != NULL && wire_code_info(r->code)->status >= 500)
			metric_add(&row_of(c)->attempts_response, 1);
	}
	log_done(c, r, status, duration_us, resumed);
	auth_settle(c->auth, r);
	if (gw->hooks->on_usage != NULL)
		gw->hooks->on_usage(&usage, gw->arg);
	chat_free(c);
}

static size_t
on_headers(struct chat_relay *relay, struct http_header *h, size_t max, void *arg)
{
	struct chat *c = arg;
	size_t n = 0;

	(void)relay;
	if (c->slug[0] != '\0')
		h[n++] = (struct http_header){ "x-janus-competitor", c->slug };
	if (c->digest[0] != '\0')
		h[n++] = (struct http_header){ "x-janus-version-digest", c->digest };
	snprintf(c->attempts_text, sizeof(c->attempts_text), "%zu", c->ntried);
	h[n++] = (struct http_header){ "x-janus-attempts", c->attempts_text };
	if (c->ours_us > 0) {
		snprintf(c->overhead_text, sizeof(c->overhead_text), "%lld.%03lld",
		    (long long)c->ours_us / 1000, (long long)c->ours_us % 1000);
		h[n++] = (struct http_header){ "x-janus-overhead-ms", c->overhead_text };
	}
	if (c->resume != NULL)
		n += resume_header(c->resume, &h[n]);
	if (c->wait.ticket == NULL) {
		snprintf(c->queue_text, sizeof(c->queue_text), "%lld",
		    (long long)c->wait.total_us / 1000);
		h[n++] = (struct http_header){ "x-janus-queue-ms", c->queue_text };
	}
	return n + auth_headers(c->auth, h + n, max - n);
}

/* ---- one attempt: a target, a connection to it, the request on it ---- */

static void
connect_failed(struct chat *c, const struct error *err)
{
	const bool late = err->kind == ERROR_TIMEOUT;
	const enum wire_code code =
	    late ? CODE_UPSTREAM_TIMEOUT_CONNECT : CODE_UPSTREAM_CONNECT_FAILED;
	char text[240];

	metric_add(&row_of(c)->attempts_connect, 1);
	log_debug("chat.connect_failed", F_STR("request_id", c->id), F_STR("competitor", c->slug),
	    F_STR("instance_id", c->target->instance), F_STR("error", err->text));
	note_end(c, code, NULL);
	tell_breaker(c, BREAKER_BAD, "");
	end_attempt(c);
	if (late)
		snprintf(text, sizeof(text),
		    "Competitor '%s' did not accept a connection within %lld ms.", c->slug,
		    (long long)c->gw->config.connect_ms);
	else
		snprintf(text, sizeof(text), "Competitor '%s' cannot be reached.", c->slug);
	next_attempt(c, &(struct failure){ code, text, NULL });
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
static void
be_for(struct chat *c, const struct route *route)
{
	str_copy(c->slug, sizeof(c->slug), route->slug);
	str_copy(c->competitor, sizeof(c->competitor), route->competitor);
	str_copy(c->version, sizeof(c->version), route->version);
	str_copy(c->digest, sizeof(c->digest), route->digest);
}

/* Metrics know of it; so does a client that has read some of the failed answer. */
static void
note_failover(struct chat *c, const struct route *to)
{
	const struct life_attempt *last = &c->life[c->ntried - 1];
	char id[sizeof(c->id) + sizeof("chatcmpl-")];
	const struct chat_ids ids = { id, c->request.model, c->accepted_at_ms / 1000 };
	_cleanup_buf_ struct buf event = { 0 };
	char payload[200];

	metric_add(&counters_competitor(&c->gw->counters, last->competitor)->failovers, 1);
	if (!chat_relay_answering(c->relay))
		return;
	snprintf(id, sizeof(id), "chatcmpl-%s", c->id);
	snprintf(payload, sizeof(payload), "{\"from\":\"%s\",\"to\":\"%s\",\"code\":\"%s\"}",
	    last->competitor, to->slug, wire_code_info(last->code)->code);
	chunk_janus(&event, &ids, "failover", payload);
	chat_relay_say(c->relay, event.data, event.len);
}

/* A slot of the target is taken, and its breaker entered. */
static void
start_attempt(struct chat *c, const struct route *route, struct route_target *target)
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
	be_for(c, route);
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

static struct picked
pick_again(struct chat *c)
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

/* False: its breaker lets nobody through. */
static bool
enter_breaker(struct chat *c, const struct route *route, struct route_target *target)
{
	struct traffic_change change = { 0 };

	c->entered = traffic_enter(target->traffic, loop_now_ms(c->gw->loop), &c->pass, &change);
	if (change.from != change.to)
		judge_log(route->slug, route->competitor, &change);
	return c->entered;
}

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

static void fail_unpicked(struct chat *, const struct picked *);
static const struct wait_events wait_events;

static void
wait_for_slot(struct chat *c, const struct route *route)
{
	char key[WAIT_KEY_MAX];

	c->ours_us += clock_now_us() - c->mark_us;
	be_for(c, route);
	wait_key(c->auth, c->client, key);
	if (!wait_begin(&c->wait, c->gw->loop, route, wait_class(c->auth), key,
		c->gw->config.queue_wait_ms, &wait_events, c))
		fail_full(c, route);
	else if (c->wait.starts && c->gw->hooks->on_demand != NULL)
		c->gw->hooks->on_demand(route->competitor, c->gw->arg);
}

/* To what was picked; last: why the attempt before failed, NULL if there is nothing to tell. */
static void
go_on(struct chat *c, struct picked p, const struct failure *last)
{
	for (;; p = pick_again(c)) {
		if (p.code != CODE_NONE && last != NULL) {
			chat_relay_fail(c->relay, last->code, last->text, last->details);
			return;
		}
		if (p.code != CODE_NONE) {
			fail_unpicked(c, &p);
			return;
		}
		if (p.full) {
			wait_for_slot(c, p.route);
			return;
		}
		if (!route_target_take(p.target))
			continue; /* another chat was faster */
		if (enter_breaker(c, p.route, p.target))
			break;
		route_target_give(p.target);
	}
	start_attempt(c, p.route, p.target);
}

/* After a failure that cannot have run anything. */
static void
next_attempt(struct chat *c, const struct failure *last)
{
	if (!c->may_fall_back || c->ntried == ATTEMPTS_MAX)
		chat_relay_fail(c->relay, last->code, last->text, last->details);
	else
		go_on(c, pick_again(c), last);
}

/* ---- the queue ---- */

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
	const struct route *r = ready_route(c->gw->routes, c->wait.competitor);

	c->mark_us = clock_now_us();
	note_waited(c);
	if (turn == TURN_DISPLACED && r != NULL) {
		fail_full(c, r);
		return;
	}
	if (turn == TURN_SLOT) {
		/* A slot of what our snapshot does not know (yet) is not for us. */
		if (has_target(r, target) && enter_breaker(c, r, target)) {
			start_attempt(c, r, target);
			return;
		}
		route_target_give(target);
	}
	go_on(c, pick_again(c), NULL);
}

static void
on_late(void *arg)
{
	struct chat *c = arg;
	const struct route *r = ready_route(c->gw->routes, c->wait.competitor);
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
static void
on_ping(struct chat_relay *relay, struct buf *out, void *arg)
{
	const struct chat *c = arg;
	char id[sizeof(c->id) + sizeof("chatcmpl-")];
	const struct chat_ids ids = { id, c->request.model, c->accepted_at_ms / 1000 };

	(void)relay;
	if (c->wait.ticket == NULL)
		return;
	snprintf(id, sizeof(id), "chatcmpl-%s", c->id);
	wait_tell(&c->wait, c->progress && c->dialect->at == DIALECT_CHAT, &ids, out);
}

/* A probe has shown what it was for: the rest of its answer counts like any other. */
static void
on_answering(struct chat_relay *relay, void *arg)
{
	struct chat *c = arg;

	(void)relay;
	if (!c->entered || !c->pass.probe)
		return;
	tell_breaker(c, BREAKER_GOOD, "");
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

static void
on_attempt_failed(struct chat_relay *relay, const struct chat_result *r, void *arg)
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
	metric_add(&row_of(c)->attempts_response, 1);
	const enum breaker_result verdict = judge_attempt(r->code, r->upstream_status);
	tell_breaker(c, verdict, r->retry_after);
	end_attempt(c);
	str_copy(text, sizeof(text), r->text);
	if (r->upstream_status != 0 && r->upstream_status != 200) {
		code = code_of_status(r->upstream_status);
		upstream_details(
		    &details, r->upstream_status, r->upstream_body, said, sizeof(said));
		snprintf(text, sizeof(text), "Competitor '%s' answered with status %d%s%s", c->slug,
		    r->upstream_status, said[0] != '\0' ? ": " : ".", said);
	}
	note_end(c, code, r);
	c->mark_us = clock_now_us();
	if (r->sent && !(c->mid && verdict == BREAKER_BAD))
		chat_relay_fail(c->relay, code, text, details.len > 0 ? details.data : NULL);
	else
		next_attempt(
		    c, &(struct failure){ code, text, details.len > 0 ? details.data : NULL });
}

static const struct chat_relay_events relay_events = {
	.on_attempt_failed = on_attempt_failed,
	.on_headers = on_headers,
	.on_answering = on_answering,
	.on_ping = on_ping,
	.on_done = on_done,
};

/* ---- the beginning ---- */

static void
fail_unpicked(struct chat *c, const struct picked *p)
{
	_cleanup_buf_ struct buf text = { 0 };
	const struct routes *routes = c->gw->routes;

	if (p->code == CODE_NO_READY_COMPETITOR) {
		if (p->shut) {
			const long long seconds = ((long long)p->wait_ms + 999) / 1000;

			be_for(c, p->route);
			chat_relay_retry_after(c->relay, seconds > 0 ? seconds : 1);
			buf_printf(&text,
			    "Competitor '%s' failed too often and is left alone for a while; try "
			    "again in %lld s, or choose another.",
			    p->route->slug, seconds > 0 ? seconds : 1);
		} else if (p->route != NULL)
			buf_printf(&text, "Competitor '%s' has no instance that is ready.",
			    p->route->slug);
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

/* Before anything passes: is it to be recorded, and do spans want to know more of it? */
static void
chat_observe(struct chat *c, const struct http_request *req, const char *competitor)
{
	const struct gateway_hooks *hooks = c->gw->hooks;

	if (c->details != NULL)
		chat_relay_learn(c->relay, &c->details->answer);
	if (hooks->on_capture == NULL)
		return;
	const char *ask = http_header_get(req, "x-janus-capture");
	const struct gateway_capture about = {
		.request_id = c->id,
		.competitor = competitor,
		.model = c->request.model,
		.key_id = c->auth != NULL ? c->auth->key_id : "",
		.accepted_us = c->accepted_us,
		.accepted_at_ms = c->accepted_at_ms,
		.random = gateway_random(c->gw),
		.stream = c->request.stream,
		.asked =
		    str_eq(ask, "1") && c->auth != NULL && (c->auth->scopes & SCOPE(ADMIN)) != 0,
	};
	c->tap = hooks->on_capture(&about, c->gw->arg);
	chat_relay_tap(c->relay, c->tap);
}

static struct chat *
chat_new(struct gateway *gw, struct http_request *req, const struct dialect *dialect,
    const struct chat_request *request)
{
	struct chat *c = mem_zalloc(sizeof(*c));
	const char *trace = http_header_get(req, "traceparent");
	const char *fallback = http_header_get(req, "x-janus-fallback");
	const char *wish = http_header_get(req, "x-janus-competitor");

	c->gw = gw;
	c->dialect = dialect;
	c->body = &req->body;
	c->request = *request;
	c->auth = auth_ref(req->user);
	c->wish = wish != NULL ? str_dup(wish) : NULL;
	c->may_fall_back = !str_eq(fallback, "none");
	c->mid = c->may_fall_back && str_eq(http_header_get(req, "x-janus-failover"), "mid");
	c->progress = str_eq(http_header_get(req, "x-janus-progress"), "1");
	str_copy(c->id, sizeof(c->id), req->id);
	str_copy(c->client, sizeof(c->client), req->client);
	if (traceparent_valid(trace))
		strcpy(c->traceparent, trace);
	else
		traceparent_new(c->traceparent);
	if (traceparent_valid(trace) && http_header_count(req, "tracestate") == 1 &&
	    tracestate_valid(http_header_get(req, "tracestate")))
		c->tracestate = str_dup(http_header_get(req, "tracestate"));
	if (gw->config.traces) {
		const char *agent = http_header_get(req, "user-agent");

		c->parent = traceparent_valid(trace) ? strtoull(trace + 36, NULL, 16) : 0;
		c->span = gateway_random(gw) | 1;
		c->user_agent = agent != NULL ? str_ndup(agent, strnlen(agent, 200)) : NULL;
	}
	c->accepted_us = req->accepted_us;
	c->accepted_at_ms = clock_wall_ms() - (clock_now_us() - req->accepted_us) / 1000;
	c->next = gw->chats;
	c->prev = &gw->chats;
	if (c->next != NULL)
		c->next->prev = &c->next;
	gw->chats = c;
	gw->nchats++;
	gw->counters.http_in_flight++;
	if (request->stream)
		gw->counters.streams_active++;
	gateway_busy_update(gw);
	return c;
}

static void
make_resumable(struct chat *c, struct http_request *req)
{
	c->resume = resume_open(c->gw, req, c->relay, c->id, c->request.model, c->auth);
	if (c->resume == NULL)
		return;
	c->kept = req->body;
	req->body = (struct buf){ 0 };
	c->body = &c->kept;
}

void
chat_begin(struct gateway *gw, struct http_request *req)
{
	const int64_t began_us = clock_now_us();
	const struct dialect *dialect = dialect_of_path(req->path);
	struct chat_request request;
	struct chat_fault fault;
	_cleanup_free_ struct chat_details *details =
	    gw->config.traces ? mem_zalloc(sizeof(*details)) : NULL;
	struct chat *c;

	if (dialect_request_scan(dialect, buf_str(&req->body), req->body.len, &request,
		details != NULL ? &details->params : NULL, &fault) < 0) {
		answer_error(gw, req, route_of(dialect), fault.code, NULL,
		    fault.param[0] != '\0' ? fault.param : NULL, "%s", fault.text);
		return;
	}
	c = chat_new(gw, req, dialect, &request);
	c->details = TAKE(details);
	c->mark_us = began_us;
	const struct picked p = pick_again(c);
	if (p.code == CODE_MISSING_PARAMETER || p.code == CODE_INVALID_VALUE) {
		chat_free(c);
		answer_error(gw, req, route_of(dialect), p.code, NULL, p.param,
		    p.code == CODE_INVALID_VALUE
			? "The header x-janus-competitor does not hold a name."
			: "'model' is missing.");
		return;
	}
	c->relay = chat_relay_new(
	    req, request.stream, request.include_usage, &gw->config.relay, &relay_events, c);
	chat_relay_speak(c->relay, dialect);
	chat_observe(c, req, p.route != NULL ? p.route->slug : "");
	if (request.stream && resume_wanted(gw, req))
		make_resumable(c, req);
	if (c->mid && request.stream && dialect->at == DIALECT_CHAT)
		chat_relay_go_on(c->relay);
	go_on(c, p, NULL);
}

void
chat_routes_changed(struct gateway *gw)
{
	for (size_t i = 0; i < gw->routes->len; i++)
		for (size_t k = 0; k < gw->routes->at[i].ntargets; k++)
			traffic_offer(gw->routes->at[i].targets[k]);
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		if (c->wait.ticket == NULL || ready_route(gw->routes, c->wait.competitor) != NULL)
			continue;
		/* Nobody is left to wait for. */
		stop_waiting(c);
		go_on(c, pick_again(c), NULL);
	}
}

void
chat_end_queued(struct gateway *gw)
{
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		if (c->wait.ticket != NULL)
			chat_relay_fail(c->relay, CODE_DRAINING, "Janus is stopping.", NULL);
	}
}

void
chat_end_revoked(struct gateway *gw)
{
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		if (auth_revoked(c->auth))
			chat_relay_fail(
			    c->relay, CODE_INVALID_API_KEY, "The API key was revoked.", NULL);
	}
}

bool
chat_runs(const struct gateway *gw, const char *instance, const char *id)
{
	for (const struct chat *c = gw->chats; c != NULL; c = c->next)
		if (c->target != NULL && strcmp(c->id, id) == 0 &&
		    strcmp(c->target->instance, instance) == 0)
			return true;
	return false;
}

void
chat_end_all(struct gateway *gw)
{
	for (struct chat *c = gw->chats, *next; c != NULL; c = next) {
		next = c->next;
		chat_relay_fail(c->relay, CODE_DRAINING, "Janus is stopping.", NULL);
	}
}

void
chat_abandon_all(struct gateway *gw)
{
	while (gw->chats != NULL) {
		struct chat *c = gw->chats;

		chat_relay_abandon(c->relay);
		chat_free(c);
	}
}

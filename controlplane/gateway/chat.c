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
#include "controlplane/gateway/life.h"
#include "controlplane/gateway/pick.h"
#include "controlplane/gateway/resume.h"
#include "controlplane/registry/routes.h"
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
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/dialect.h"

#define ATTEMPTS_MAX LIFE_ATTEMPTS
#define NAMES_MAX 20 /* models named in "there is no such model" */

/* What a competitor must have said that it offers. */
static const unsigned needs[DIALECT_COUNT] = {
	[DIALECT_COMPLETIONS] = CAPABILITY(COMPLETIONS),
	[DIALECT_RESPONSES] = CAPABILITY(RESPONSES),
	[DIALECT_EMBEDDINGS] = CAPABILITY(EMBEDDINGS),
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
	char id[sizeof(((struct http_request *)0)->id)];
	char client[sizeof(((struct http_request *)0)->client)];
	char traceparent[TRACEPARENT_LEN + 1];
	int64_t accepted_us, accepted_at_ms;

	/* the running attempt; the names stay those of the last one */
	struct route_target *tried[ATTEMPTS_MAX]; /* references */
	size_t ntried;
	struct route_target *target; /* in_flight is raised there; one of tried */
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
	char *wish; /* x-janus-competitor, owned; NULL: once a stream began, headers are gone */

	/* our own time: what is not waiting for anybody */
	int64_t mark_us, ours_us;
	char attempts_text[16], overhead_text[24];
};

static void next_attempt(struct chat *, enum wire_code last, const char *text, const char *details);

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
	if (c->target != NULL)
		c->target->in_flight--;
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

static struct competitor_counters *
row_of(struct chat *c)
{
	return counters_competitor(&c->gw->counters, c->slug);
}

static void
chat_free(struct chat *c)
{
	struct gateway *gw = c->gw;

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
	    F_INT("max_gap_ms", r->max_gap_ms), F_INT("attempt", (int64_t)c->ntried),
	    resumed >= 0 ? F_INT("resumed", resumed) : F_STR("resumed", NULL),
	    F_INT("chunks", (int64_t)r->chunks), F_INT("pings", (int64_t)r->pings),
	    F_INT("bytes_in", (int64_t)r->bytes_in), F_INT("bytes_out", (int64_t)r->bytes_out));
}

static void
on_done(struct chat_relay *relay, const struct chat_result *r, void *arg)
{
	struct chat *c = arg;
	struct gateway *gw = c->gw;
	const int64_t duration_us = clock_now_us() - c->accepted_us;
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
	};

	(void)relay;
	note_end(c, r->code, r);
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
	return n + auth_headers(c->auth, h + n, max - n);
}

/* ---- one attempt: a target, a connection to it, the request on it ---- */

static void
connect_failed(struct chat *c, const struct error *err)
{
	const bool late = err->kind == ERROR_TIMEOUT;
	char text[240];

	metric_add(&row_of(c)->attempts_connect, 1);
	log_debug("chat.connect_failed", F_STR("request_id", c->id), F_STR("competitor", c->slug),
	    F_STR("instance_id", c->target->instance), F_STR("error", err->text));
	note_end(c, late ? CODE_UPSTREAM_TIMEOUT_CONNECT : CODE_UPSTREAM_CONNECT_FAILED, NULL);
	end_attempt(c);
	if (late)
		snprintf(text, sizeof(text),
		    "Competitor '%s' did not accept a connection within %lld ms.", c->slug,
		    (long long)c->gw->config.connect_ms);
	else
		snprintf(text, sizeof(text), "Competitor '%s' cannot be reached.", c->slug);
	next_attempt(
	    c, late ? CODE_UPSTREAM_TIMEOUT_CONNECT : CODE_UPSTREAM_CONNECT_FAILED, text, NULL);
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

static void
start_attempt(struct chat *c, const struct route *route, struct route_target *target)
{
	struct gateway *gw = c->gw;
	struct transport t = { .fd = -1 };

	c->target = c->tried[c->ntried++] = route_target_ref(target);
	target->in_flight++;
	struct life_attempt *life = &c->life[c->ntried - 1];
	str_copy(life->competitor, sizeof(life->competitor), route->slug);
	str_copy(life->instance, sizeof(life->instance), target->instance);
	life->picked_us = clock_now_us() - c->accepted_us;
	life->span = gw->config.traces ? gateway_random(gw) | 1 : 0;
	str_copy(c->slug, sizeof(c->slug), route->slug);
	str_copy(c->competitor, sizeof(c->competitor), route->competitor);
	str_copy(c->version, sizeof(c->version), route->version);
	str_copy(c->digest, sizeof(c->digest), route->digest);
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
	};

	return pick(
	    c->gw->routes, &wish, c->tried, c->ntried, c->may_fall_back, gateway_random(c->gw));
}

/* After a failure of `last` that cannot have run anything; NONE for the first attempt. */
static void
next_attempt(struct chat *c, enum wire_code last, const char *text, const char *details)
{
	if (last != CODE_NONE && (!c->may_fall_back || c->ntried == ATTEMPTS_MAX)) {
		chat_relay_fail(c->relay, last, text, details);
		return;
	}
	const struct picked p = pick_again(c);
	if (p.code != CODE_NONE) {
		chat_relay_fail(c->relay, last != CODE_NONE ? last : p.code, text, details);
		return;
	}
	if (last != CODE_NONE)
		metric_add(&row_of(c)->failovers, 1);
	start_attempt(c, p.route, p.target);
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
	if (r->sent)
		chat_relay_fail(c->relay, code, text, details.len > 0 ? details.data : NULL);
	else
		next_attempt(c, code, text, details.len > 0 ? details.data : NULL);
}

static const struct chat_relay_events relay_events = {
	.on_attempt_failed = on_attempt_failed,
	.on_headers = on_headers,
	.on_done = on_done,
};

/* ---- the beginning ---- */

static void
fail_unpicked(struct chat *c, const struct picked *p)
{
	_cleanup_buf_ struct buf text = { 0 };
	const struct routes *routes = c->gw->routes;

	if (p->code == CODE_NO_READY_COMPETITOR) {
		if (p->route != NULL)
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
	struct chat *c;

	if (dialect_request_scan(dialect, buf_str(&req->body), req->body.len, &request, &fault) <
	    0) {
		answer_error(gw, req, route_of(dialect), fault.code, NULL,
		    fault.param[0] != '\0' ? fault.param : NULL, "%s", fault.text);
		return;
	}
	c = chat_new(gw, req, dialect, &request);
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
	if (request.stream && resume_wanted(gw, req))
		make_resumable(c, req);
	if (p.code != CODE_NONE)
		fail_unpicked(c, &p);
	else
		start_attempt(c, p.route, p.target);
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

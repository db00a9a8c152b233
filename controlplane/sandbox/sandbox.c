/*
 * sandbox.c - one sandbox from its start to its end: what decide.c decides is done here.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/exec.h"
#include "controlplane/sandbox/host.h"
#include "controlplane/sandbox/inside/protocol.h"
#include "controlplane/sandbox/op.h"
#include "controlplane/sandbox/service.h"
#include "controlplane/sandbox/upstream.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/announce.h"
#include "runtime/engine/link.h"

#define START_MS 45000
#define PING_MS 2000
#define PING_AGAIN_MS 20
#define RETRY_FIRST_MS 500
#define RETRY_LAST_MS 30000

void
wish_done(struct wish *w)
{
	env_free(w->env, w->nenv);
	*w = (struct wish){ 0 };
}

/* ---- entering a state ---- */

static void
enter(struct sandbox *s, const struct sandbox_decision *d)
{
	if (d->to == SANDBOX_ENDING) {
		s->reason = d->reason;
		metric_add(&s->service->ended[d->reason], 1);
	}
	LOG_AT(s->reason == REASON_FAILED || s->reason == REASON_LOST ? LOG_WARN : LOG_INFO,
	    "sandbox.state", F_STR("sandbox_id", s->id),
	    F_STR("from", sandbox_state_name(s->facts.state)),
	    F_STR("to", sandbox_state_name(d->to)), F_STR("reason", sandbox_reason_name(s->reason)),
	    F_STR("error", s->error.kind != ERROR_NONE ? s->error.text : NULL));
	s->facts.state = d->to;
	s->facts.since_ms = loop_now_ms(s->service->loop);
	pool_turn(s->service);
}

static void
hand_over(struct sandbox *s)
{
	struct waiter *w = s->waiter;

	assert(w != NULL); /* claimed is what it is to have one */
	s->waiter = NULL;
	s->wish = w->wish;
	w->wish = (struct wish){ 0 };
	s->handed_wall_ms = clock_wall_ms();
	sandbox_refresh(s);
	pool_handed(w);
}

static enum wire_code
failure_code(const struct sandbox *s)
{
	if (s->reason == REASON_STOPPING)
		return CODE_DRAINING;
	return s->error.kind == ERROR_INTERNAL || s->error.kind == ERROR_INVALID
	    ? CODE_INTERNAL
	    : CODE_ENGINE_UNAVAILABLE;
}

/* Nobody is left waiting for what will not come. */
static void
close_all(struct sandbox *s)
{
	struct error why = { 0 };

	timer_cancel(&s->ping_timer);
	if (s->ping != NULL)
		inside_call_close(TAKE(s->ping));
	if (s->error.kind != ERROR_NONE)
		why = s->error;
	else
		error_set(&why, ERROR_CANCELLED, "the sandbox has ended: %s",
		    sandbox_reason_name(s->reason));
	ops_fail(s, &why);
	if (s->waiter != NULL) {
		struct waiter *w = TAKE(s->waiter);

		w->sandbox = NULL;
		pool_failed(w, failure_code(s), why.text);
	}
	if (s->reason == REASON_FAILED)
		pool_start_failed(s->service, &why);
	sandbox_unlink(s);
}

void
sandbox_free(struct sandbox *s)
{
	timer_cancel(&s->timer);
	timer_cancel(&s->ping_timer);
	if (s->ping != NULL)
		inside_call_close(s->ping);
	link_close(s->link);
	wish_done(&s->wish);
	free(s->host);
	free(s);
}

static void
on_time(struct timer *t, void *arg)
{
	(void)t;
	sandbox_step(arg);
}

void
sandbox_step(struct sandbox *s)
{
	struct loop *loop = s->service->loop;

	for (;;) {
		const int64_t now_ms = loop_now_ms(loop);
		const struct sandbox_decision d = sandbox_decide(&s->facts, now_ms);

		if (d.to != s->facts.state)
			enter(s, &d);
		else if (d.act == ACT_NOTHING) {
			if (d.wake_ms > 0)
				timer_set(loop, &s->timer,
				    d.wake_ms > now_ms ? d.wake_ms - now_ms : 0, on_time, s);
			else
				timer_cancel(&s->timer);
			return;
		}
		switch (d.act) {
		case ACT_NOTHING: break;
		case ACT_HAND_OVER: hand_over(s); break;
		case ACT_CLOSE: close_all(s); break;
		case ACT_REMOVE: engine_remove_pod(s); break;
		case ACT_FORGET:
			map_remove(&s->service->sandboxes, s->id);
			sandbox_free(s);
			return;
		}
	}
}

/* ---- its start ---- */

static void ping(struct sandbox *);

static void
on_ping_again(struct timer *t, void *arg)
{
	(void)t;
	ping(arg);
}

static int
on_ping_frame(const struct inside_frame *f, void *arg, struct error *err)
{
	(void)f;
	(void)arg;
	return error_set(err, ERROR_UPSTREAM, "the sandbox's agent sent data to a ping");
}

static void
on_pinged(const struct inside_end *e, const struct error *err, void *arg)
{
	struct sandbox *s = arg;

	s->ping = NULL;
	if (err != NULL) { /* it is not there yet; the start's limit ends this */
		s->error = *err;
		timer_set(s->service->loop, &s->ping_timer, PING_AGAIN_MS, on_ping_again, s);
		return;
	}
	s->error = (struct error){ 0 };
	s->facts.answered = e->error == 0;
	s->service->starts_failed = 0;
	s->service->last_failure = (struct error){ 0 };
	sandbox_step(s);
}

static void
ping(struct sandbox *s)
{
	static const struct inside_events events = { on_ping_frame, on_pinged };
	struct buf request = { 0 };

	inside_add_frame(&request, INSIDE_PING, "", 0);
	s->ping = inside_call_open(
	    s->service->loop, s->link, s->service->agent_port, &request, PING_MS, 0, &events, s);
}

/* What is in it may call the platform, once the platform knows whose it is. */
static void
announce(struct sandbox *s, const char *link_path)
{
	char hash[HASH_HEX_MAX];
	const struct announced_pod pod = { "sandbox", "sandbox_gone", s->id, NULL, hash,
		link_path };

	if (s->service->announcer == NULL)
		return;
	hash_sha256_hex(s->token, strlen(s->token), hash);
	announcer_add(s->service->announcer, &pod);
}

void
sandbox_linked(struct sandbox *s)
{
	_cleanup_free_ char *path =
	    str_printf("%s/pods/%s/" LINK_SOCKET_NAME, s->service->pods_dir, s->id);

	s->link = link_open(s->service->loop, path);
	announce(s, path);
}

void
sandbox_unlink(struct sandbox *s)
{
	if (s->service->announcer != NULL)
		announcer_remove(s->service->announcer, s->id);
	if (s->link != NULL)
		link_close(TAKE(s->link));
}

void
sandbox_started(struct sandbox *s, const struct error *err)
{
	s->facts.busy = false;
	if (err != NULL) {
		s->error = *err;
		s->facts.failed = true;
	} else if (s->facts.state == SANDBOX_STARTING) {
		s->facts.started = true;
		sandbox_linked(s);
		ping(s);
	}
	sandbox_step(s);
}

static unsigned
next_uid(struct service *v)
{
	const struct sandbox_config *c = v->config;

	for (int64_t tries = 0; tries < c->uid_count; tries++) {
		const unsigned uid =
		    (unsigned)(c->uid_first + (int64_t)v->uid_next++ % c->uid_count);
		bool taken = false;
		size_t at = 0;
		const char *id;
		void *other;

		while (map_next(&v->sandboxes, &at, &id, &other))
			taken = taken || ((struct sandbox *)other)->uid == uid;
		if (!taken)
			return uid;
	}
	return (unsigned)c->uid_first;
}

struct sandbox *
sandbox_start(struct service *v, struct waiter *w)
{
	struct sandbox *s = mem_zalloc(sizeof(*s));

	s->service = v;
	char digits[44];

	id_new("sb", s->id);
	snprintf(s->token, sizeof(s->token), "jns_rt_%s", id_random_base62(digits, 43));
	s->uid = next_uid(v);
	s->waiter = w;
	s->facts = (struct sandbox_facts){
		.state = SANDBOX_STARTING,
		.claimed = w != NULL,
		.since_ms = loop_now_ms(v->loop),
		.start_limit_ms = START_MS,
	};
	if (w != NULL && w->wish.hosted) { /* nothing of it runs before its caller says what */
		s->host = host_new();
		s->facts.started = s->facts.answered = true;
	}
	s->created_wall_ms = clock_wall_ms();
	map_put(&v->sandboxes, s->id, s);
	if (w != NULL)
		w->sandbox = s;
	log_info("sandbox.state", F_STR("sandbox_id", s->id), F_STR("from", "absent"),
	    F_STR("to", sandbox_state_name(s->facts.state)),
	    F_STR("reason", w != NULL ? "asked for" : "pool"));
	if (s->host == NULL)
		engine_start_pod(s);
	sandbox_step(s);
	return s;
}

void
sandbox_claim(struct sandbox *s, struct waiter *w)
{
	s->waiter = w;
	w->sandbox = s;
	s->facts.claimed = true;
	sandbox_step(s);
}

/* ---- its life ---- */

void
sandbox_refresh(struct sandbox *s)
{
	s->facts.expires_ms = loop_now_ms(s->service->loop) + s->wish.ttl_ms;
	s->expires_wall_ms = clock_wall_ms() + s->wish.ttl_ms;
	if (s->facts.state == SANDBOX_RUNNING && timer_is_set(&s->timer))
		timer_set(s->service->loop, &s->timer, s->wish.ttl_ms, on_time, s);
}

void
sandbox_end(struct sandbox *s, enum sandbox_reason reason, const struct error *err)
{
	if (s->facts.wanted == REASON_NONE && s->facts.state != SANDBOX_ENDING) {
		s->facts.wanted = reason;
		if (err != NULL)
			s->error = *err;
	}
	sandbox_step(s);
}

void
sandbox_removed(struct sandbox *s, const struct error *err)
{
	s->facts.busy = false;
	if (err == NULL) {
		s->facts.removed = true;
	} else {
		int64_t wait_ms = RETRY_FIRST_MS;

		for (int64_t i = 0; i < s->removal_tries && wait_ms < RETRY_LAST_MS; i++)
			wait_ms *= 2;
		s->removal_tries++;
		s->facts.retry_ms = loop_now_ms(s->service->loop) + wait_ms;
		log_warn("sandbox.not_removed", F_STR("sandbox_id", s->id),
		    F_STR("error", err->text), F_INT("attempt", s->removal_tries));
	}
	sandbox_step(s);
}

/* ---- for callers ---- */

struct sandbox *
sandbox_find(struct service *v, size_t caller, const char *id)
{
	struct sandbox *s = map_get(&v->sandboxes, id);

	return s != NULL && s->facts.state == SANDBOX_RUNNING && s->wish.caller == caller ? s
											  : NULL;
}

char *
sandbox_print(const struct sandbox *s)
{
	const struct sandbox_config *c = s->service->config;
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	const bool v6 = strchr(c->host, ':') != NULL;
	_cleanup_free_ char *url = str_printf("http://%s%s%s:%d%s%s", v6 ? "[" : "", c->host,
	    v6 ? "]" : "", (int)c->port, s->host != NULL ? UPSTREAM_PATH : "/sandbox/",
	    s->host != NULL ? s->host->at : s->id);

	json_add_str(json, "sandboxId", s->id);
	json_add_str(json, "status", sandbox_state_name(s->facts.state));
	json_add_str(json, "url", url);
	json_add_time(json, "createdAt", s->handed_wall_ms);
	json_add_time(json, "timeoutAt", s->expires_wall_ms);
	json_add_int(json, "priority", s->wish.priority);
	json_add_bool(json, "preemptable", s->wish.preemptable);
	json_add_str(json, "flavor", s->wish.flavor);
	json_add_bool(json_add_obj(json, "vnc"), "enabled", false);
	return json_print(json);
}

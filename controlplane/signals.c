/*
 * signals.c - stop when told to, read the settings again, say how things are.
 */
#include "controlplane/janus.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/api/api.h"
#include "controlplane/certificate.h"
#include "controlplane/config.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/streams.h"
#include "controlplane/listeners.h"
#include "controlplane/observe/observer.h"
#include "controlplane/observe/recorder.h"
#include "controlplane/registry/registry.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/takeover.h"
#include "controlplane/yield.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/loop/loop.h"

#define DRAIN_POLL_MS 50
/* Loops count what is open once they were told: nothing is known before. */
#define DRAIN_LOOK_FIRST_MS 200
#define STOP_SPARE_MS \
	15000 /* after the last stream: jobs at the engine, what is still to be written */
#define DRAIN_END_MS 1000 /* of the time to drain: for clients to be told that theirs is over */

static void
drain_gateway(void *arg)
{
	gateway_drain(arg);
}

static void
end_chats(void *arg)
{
	gateway_end_chats(arg);
}

static void
on_drain(struct timer *t, void *arg)
{
	struct janus *j = arg;
	unsigned busy = 0;

	(void)t;
	for (unsigned i = 0; i < j->nlanes; i++)
		busy += gateway_busy(j->lanes[i].gateway);
	/* Who comes back for a stream that was kept here, or before us, finds it by way of us. */
	if (j->leaving && !j->draining)
		busy += (unsigned)streams_count(j->streams) + takeover_connected(j->before);
	if (busy == 0 || clock_now_ms() >= j->drain_until_ms) {
		if (busy != 0)
			log_warn("daemon.drain_timeout", F_INT("open", busy));
		loop_stop(j->control);
		return;
	}
	if (!j->ended_chats && clock_now_ms() >= j->end_chats_at_ms) {
		j->ended_chats = true;
		for (unsigned i = 0; i < j->nlanes; i++)
			loop_post(j->lanes[i].loop, end_chats, j->lanes[i].gateway);
	}
	timer_set(j->control, &j->drain, DRAIN_POLL_MS, on_drain, j);
}

static void
leave_gateway(void *arg)
{
	gateway_leave(arg);
}

/* For so long streams may go on; those that then still do are told. */
static void
bound_drain(struct janus *j, int64_t ms)
{
	j->drain_until_ms = clock_now_ms() + ms;
	j->end_chats_at_ms = j->drain_until_ms - (ms < 2 * DRAIN_END_MS ? ms / 2 : DRAIN_END_MS);
	timer_set(j->control, &j->drain, DRAIN_LOOK_FIRST_MS, on_drain, j);
}

void
janus_leave(struct janus *j)
{
	j->leaving = true;
	log_info("daemon.leaving");
	api_close(j->api);
	for (unsigned i = 0; i < j->nlanes; i++)
		loop_post(j->lanes[i].loop, leave_gateway, j->lanes[i].gateway);
	bound_drain(j, j->config->handover_ms);
}

static void
drain(struct janus *j)
{
	char status[80];

	if (j->draining) {
		loop_stop(j->control); /* asked twice: now */
		return;
	}
	j->draining = true;
	log_info("daemon.draining");
	if (!j->leaving) { /* else we are not the service any more */
		snprintf(status, sizeof(status), "stopping: open streams have %lld s",
		    (long long)(j->config->drain_ms + 999) / 1000);
		notify_stopping(&j->heartbeat.notify, status);
		notify_extend(&j->heartbeat.notify, j->config->drain_ms + STOP_SPARE_MS);
	}
	yield_close(j->yield); /* a successor's copies keep that socket alive */
	listeners_close(j);
	scheduler_stop(j->scheduler);
	api_close(j->api);
	for (unsigned i = 0; i < j->nlanes; i++)
		loop_post(j->lanes[i].loop, drain_gateway, j->lanes[i].gateway);
	bound_drain(j, j->config->drain_ms);
}

void
janus_gateway_config(struct janus *j)
{
	const struct config *c = j->config;

	j->gateway_config = (struct gateway_config){
		.relay = chat_relay_defaults,
		.connect_ms = c->connect_ms,
		.body_bytes = c->body_bytes,
		.anonymous = c->anonymous,
		.anonymous_forwarded = !str_eq(config_origin(c, "auth.anonymous"), "default"),
		.listen_host = j->at.host,
		.public_hosts = c->public_hosts,
		.proxies = j->proxies,
		.tls = j->certificate,
		.queue_wait_ms = c->queue_wait_ms,
		.streams = j->streams,
		.arena_window_ms = c->arena_window_ms,
		.artifacts = j->artifacts,
		.cors = j->cors,
		.traces = j->observer != NULL && observer_traces(j->observer),
	};
	j->gateway_config.relay.hold_ms = c->header_hold_ms;
	j->gateway_config.relay.ping_ms = c->ping_ms;
	j->gateway_config.relay.first_byte_ms = c->first_byte_ms;
	j->gateway_config.relay.gap_ms = c->gap_ms;
	j->gateway_config.relay.total_ms = c->total_ms;
	j->gateway_config.relay.event_bytes = (size_t)c->event_bytes;
}

struct new_limits {
	struct gateway *gateway;
	struct gateway_config config;
};

static void
set_limits(void *arg)
{
	struct new_limits *n = arg;

	gateway_set_limits(n->gateway, &n->config);
	free(n);
}

/* Everything is read and checked before anything changes. */
static void
reload(struct janus *j)
{
	_cleanup_buf_ struct buf changed = { 0 }, waiting = { 0 };
	struct error err = { 0 };

	if (config_reload(j->config, &changed, &waiting, &err) < 0) {
		log_error("config.refused", F_STR("error", err.text));
		return;
	}
	log_set_levels(j->config->log_level);
	certificate_reload(j);
	janus_gateway_config(j);
	for (unsigned i = 0; i < j->nlanes; i++) {
		struct new_limits *n = mem_zalloc(sizeof(*n));

		*n = (struct new_limits){ j->lanes[i].gateway, j->gateway_config };
		loop_post(j->lanes[i].loop, set_limits, n);
	}
	log_info("config.reloaded", F_STR("changed", buf_str(&changed)));
	if (waiting.len != 0)
		log_warn("config.needs_restart", F_STR("settings", buf_str(&waiting)));
}

static void
dump(const struct janus *j)
{
	for (size_t i = 0; i < j->registry.ninstances; i++) {
		const struct instance *in = j->registry.instances[i];

		log_info("dump.instance", F_STR("instance_id", in->id),
		    F_STR("state", instance_state_name(in->state)), F_STR("reason", in->reason),
		    F_STR("detail", in->detail));
	}
	for (size_t i = 0; i < j->registry.nsubmissions; i++) {
		const struct submission *s = j->registry.submissions[i];

		if (!submission_is_final(s->state))
			log_info("dump.submission", F_STR("submission_id", s->id),
			    F_STR("state", submission_state_name(s->state)),
			    F_STR("reason", s->reason));
	}
}

void
janus_signal(int signo, void *arg)
{
	struct janus *j = arg;

	switch (signo) {
	case SIGTERM:
	case SIGINT: drain(j); break;
	case SIGHUP:
		notify_reloading(&j->heartbeat.notify);
		reload(j);
		notify_ready(&j->heartbeat.notify, NULL);
		break;
	case SIGUSR1:
		recorder_reopen(j->recorder);
		log_info("capture.reopened");
		break;
	case SIGUSR2: dump(j); break;
	default: break;
	}
}

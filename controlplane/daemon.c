/*
 * daemon.c - struct janus owns every module; start order, stop order, and the wires between them.
 */
#include "controlplane/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "controlplane/api/api.h"
#include "controlplane/config.h"
#include "controlplane/gateway/cors.h"
#include "controlplane/gateway/find.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/limit.h"
#include "controlplane/gateway/streams.h"
#include "controlplane/observe/egress.h"
#include "controlplane/observe/observer.h"
#include "controlplane/observe/recorder.h"
#include "controlplane/observe/requests.h"
#include "controlplane/observe/work.h"
#include "controlplane/registry/keys.h"
#include "controlplane/registry/registry.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "controlplane/store/egress.h"
#include "controlplane/store/store.h"
#include "controlplane/supervise/broker.h"
#include "controlplane/supervise/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/pair.h"
#include "runtime/engine/sandy/engine.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"

#define WORKERS_MAX 64
#define PULLERS_MAX 8
#define LOOPS_MAX 64
#define DRAIN_POLL_MS 50
#define DRAIN_END_MS 1000 /* of the time to drain: for clients to be told that theirs is over */
#define KEY_MAX_BYTES 4096
#define LOCK_TRIES 40
#define LOCK_WAIT_US 50000

EMBED(seccomp_profile, "images/link/seccomp.json");

struct lane { /* one gateway and, but for the control loop's, its thread */
	struct janus *janus;
	struct loop *loop;
	struct gateway *gateway;
	pthread_t thread;
	bool running;
};

struct janus {
	struct config *config;
	struct loop *control;
	struct workers *workers, *pullers;
	struct store *store;
	struct registry registry;
	struct key_ring keys;
	struct rules rules;
	struct engine *engine;
	struct engine *second; /* of it, or NULL */
	struct engine_config engine_config;
	struct supervisor *supervisor;
	struct observer *observer;
	struct egress_counts *egress;
	struct recorder *recorder;
	struct works works;
	struct api *api;
	struct gateway_config gateway_config;
	struct cors *cors; /* NULL: none */
	struct streams *streams;
	struct traffic_rules traffic_rules;
	struct lane lanes[LOOPS_MAX + 1]; /* the last one is the control loop's own */
	struct gateway *gateways[LOOPS_MAX + 1];
	unsigned nlanes;
	char node[NOUN_ID_MAX], listen[80];
	int lock;
	int64_t started_at_ms;
	struct timer drain;
	int64_t drain_until_ms, end_chats_at_ms;
	bool draining, ended_chats;
	/* what other loops may ask at any time */
	pthread_mutex_t summary_lock;
	struct {
		bool engine_ok, isolated;
		int64_t instances[INSTANCE_STATE_COUNT], submissions[SUBMISSION_STATE_COUNT];
	} summary;
};

/* ---- wires ---- */

static void
summarise(void *arg)
{
	struct janus *j = arg;
	const struct registry *reg = &j->registry;

	pthread_mutex_lock(&j->summary_lock);
	memset(&j->summary, 0, sizeof(j->summary));
	j->summary.engine_ok = supervisor_engine(j->supervisor)->ok;
	j->summary.isolated = supervisor_canary(j->supervisor)->state == CANARY_CONTAINED;
	for (size_t i = 0; i < reg->ninstances; i++)
		j->summary.instances[reg->instances[i]->state]++;
	for (size_t i = 0; i < reg->nsubmissions; i++)
		j->summary.submissions[reg->submissions[i]->state]++;
	pthread_mutex_unlock(&j->summary_lock);
}

struct new_routes {
	struct gateway *gateway;
	struct routes *routes;
};

static void
set_routes(void *arg)
{
	struct new_routes *n = arg;

	gateway_set_routes(n->gateway, n->routes);
	free(n);
}

static void
on_routes(struct routes *routes, void *arg)
{
	struct janus *j = arg;

	for (unsigned i = 0; i < j->nlanes; i++) {
		struct new_routes *n = mem_zalloc(sizeof(*n));

		n->gateway = j->lanes[i].gateway;
		n->routes = routes_ref(routes);
		loop_post(j->lanes[i].loop, set_routes, n);
	}
	routes_unref(routes);
	summarise(j);
}

struct new_keys {
	struct gateway *gateway;
	struct keys *keys;
};

static void
set_keys(void *arg)
{
	struct new_keys *n = arg;

	gateway_set_keys(n->gateway, n->keys);
	free(n);
}

static void
on_keys(struct keys *keys, void *arg)
{
	struct janus *j = arg;

	for (unsigned i = 0; i < j->nlanes; i++) {
		struct new_keys *n = mem_zalloc(sizeof(*n));

		n->gateway = j->lanes[i].gateway;
		n->keys = keys_ref(keys);
		loop_post(j->lanes[i].loop, set_keys, n);
	}
	keys_unref(keys);
}

static void
on_submission(const struct submission *s, void *arg)
{
	struct janus *j = arg;

	api_submission_changed(j->api, s);
}

static void
on_usage(const struct gateway_usage *u, void *arg)
{
	struct janus *j = arg;
	const struct chat_result *r = u->result;
	const struct wire_code_info *code = wire_code_info(r->code);
	struct usage_row row = {
		.at_ms = u->accepted_at_ms,
		.prompt_tokens = r->usage.prompt_tokens,
		.completion_tokens = r->usage.completion_tokens,
		.is_estimated = !r->usage.reported,
		.cost_micro_usd = r->usage.cost_micro_usd,
		.duration_ms = u->duration_us / 1000,
		.ttft_ms = r->ttft_us >= 0 ? r->ttft_us / 1000 : -1,
		.max_gap_ms = r->max_gap_ms,
		.bytes_in = (int64_t)r->bytes_in,
		.bytes_out = (int64_t)r->bytes_out,
		.status = r->committed ? 200 : code->status,
		.attempts = r->attempts,
		.stream = u->stream,
	};

	str_copy(row.request_id, sizeof(row.request_id), u->request_id);
	str_copy(row.competitor, sizeof(row.competitor), u->competitor);
	str_copy(row.version_id, sizeof(row.version_id), u->version);
	str_copy(row.instance_id, sizeof(row.instance_id), u->instance);
	str_copy(row.code, sizeof(row.code), code->code);
	str_copy(row.key_id, sizeof(row.key_id), u->key_id);
	store_add_usage(j->store, &row);
	recorder_settle(u->tap, u);
	observer_usage(j->observer, u);
}

/* ---- what the broker says ---- */

static void
on_platform_call(const struct egress_row *row, void *arg)
{
	struct janus *j = arg;

	egress_count(j->egress, row);
	store_add_egress(j->store, row);
}

static void
on_chat_found(bool runs, const char *instance, const char *id, void *arg)
{
	struct janus *j = arg;

	supervisor_answer_broker(j->supervisor, instance, id, runs);
}

static void
on_chat_question(const char *instance, const char *id, void *arg)
{
	struct janus *j = arg;

	gateway_find_chat(j->gateways[0], instance, id, j->control, on_chat_found, j);
}

static const struct broker_events broker_events = { on_platform_call, on_chat_question };
struct demand {
	struct janus *janus;
	char competitor[NOUN_ID_MAX];
};

static void
tell_demand(void *arg)
{
	struct demand *d = arg;

	supervisor_demand(d->janus->supervisor, d->competitor);
	free(d);
}

static void
on_demand(const char *competitor, void *arg)
{
	struct demand *d = mem_zalloc(sizeof(*d));

	d->janus = arg;
	str_copy(d->competitor, sizeof(d->competitor), competitor);
	loop_post(d->janus->control, tell_demand, d);
}

static struct relay_tap *
on_capture(const struct gateway_capture *about, void *arg)
{
	struct janus *j = arg;

	return recorder_begin(j->recorder, about);
}

static void
on_work(const struct supervisor_work *w, void *arg)
{
	struct janus *j = arg;
	struct work_record r = {
		.kind = w->is_pull ? WORK_PULL : WORK_START,
		.ok = w->ok,
		.at_ms = clock_wall_ms() - w->duration_ms,
		.duration_ms = w->duration_ms,
		.health_ms = w->health_ms,
		.bytes = w->bytes,
	};

	snprintf(r.competitor, sizeof(r.competitor), "%s", w->competitor);
	snprintf(r.id, sizeof(r.id), "%s", w->id);
	snprintf(r.image, sizeof(r.image), "%s", w->image);
	snprintf(r.digest, sizeof(r.digest), "%s", w->digest);
	snprintf(r.reason, sizeof(r.reason), "%s", w->reason);
	works_add(&j->works, &r);
	observer_work(j->observer, &r);
}

static void
on_used(
    const char *competitor, const char *instance, uint64_t cpu_us, uint64_t memory_bytes, void *arg)
{
	struct janus *j = arg;

	if (competitor == NULL)
		works_look(&j->works);
	else
		works_used(&j->works, competitor, instance, cpu_us, memory_bytes);
}

/* What a span tells of the pod that answered. */
static void
fill_names(struct request_record *q, void *arg)
{
	struct janus *j = arg;
	const struct version *v = registry_version(&j->registry, q->version_id);

	if (v != NULL && !v->is_url)
		snprintf(q->details->image, sizeof(q->details->image), "%s", v->reference);
	snprintf(q->details->container, sizeof(q->details->container), "%s",
	    supervisor_container(j->supervisor, q->instance_id));
}

static int64_t
other_head(struct http_request *req, void *arg)
{
	struct janus *j = arg;

	return api_head(j->api, req);
}

static void
other_request(struct http_request *req, void *arg)
{
	struct janus *j = arg;

	api_request(j->api, req);
}

static bool
health(struct buf *out, void *arg)
{
	struct janus *j = arg;
	struct store_stats stats;

	store_stats(j->store, &stats);
	pthread_mutex_lock(&j->summary_lock);
	const bool engine_ok = j->summary.engine_ok, isolated = j->summary.isolated;
	pthread_mutex_unlock(&j->summary_lock);
	buf_printf(out, "\"database\":{\"ok\":%s},\"engine\":{\"ok\":%s},\"isolation\":{\"ok\":%s}",
	    stats.failing ? "false" : "true", engine_ok ? "true" : "false",
	    isolated ? "true" : "false");
	return !stats.failing && engine_ok && isolated;
}

static void
disk_metrics(const struct janus *j, struct buf *out)
{
	struct statvfs fs;

	if (statvfs(j->config->state_dir, &fs) < 0)
		return;
	metrics_head(out, "janus_disk_free_bytes", "gauge", "Free where the state is kept.");
	metrics_value(out, "janus_disk_free_bytes", "", (double)fs.f_bavail * (double)fs.f_frsize);
	metrics_head(out, "janus_disk_size_bytes", "gauge", "Size of that file system.");
	metrics_value(out, "janus_disk_size_bytes", "", (double)fs.f_blocks * (double)fs.f_frsize);
}

static void
metrics(struct buf *out, void *arg)
{
	struct janus *j = arg;
	struct store_stats stats;

	store_stats(j->store, &stats);
	pthread_mutex_lock(&j->summary_lock);
	metrics_head(out, "janus_instances", "gauge", "Instances by state.");
	for (int i = 0; i < INSTANCE_STATE_COUNT; i++) {
		_cleanup_buf_ struct buf label = { 0 };

		metrics_label(&label, "state", instance_state_name((enum instance_state)i));
		metrics_value(
		    out, "janus_instances", buf_str(&label), (double)j->summary.instances[i]);
	}
	metrics_head(out, "janus_submissions", "gauge", "Submissions by state.");
	for (int i = 0; i < SUBMISSION_STATE_COUNT; i++) {
		_cleanup_buf_ struct buf label = { 0 };

		metrics_label(&label, "state", submission_state_name((enum submission_state)i));
		metrics_value(
		    out, "janus_submissions", buf_str(&label), (double)j->summary.submissions[i]);
	}
	pthread_mutex_unlock(&j->summary_lock);
	metrics_head(out, "janus_db_size_bytes", "gauge", "Size of the database.");
	metrics_value(out, "janus_db_size_bytes", "", (double)stats.db_bytes);
	metrics_head(out, "janus_wal_size_bytes", "gauge", "Size of its write-ahead log.");
	metrics_value(out, "janus_wal_size_bytes", "", (double)stats.wal_bytes);
	metrics_head(out, "janus_db_write_seconds", "histogram", "Transactions of the writer.");
	metrics_histogram(out, "janus_db_write_seconds", "", &buckets_http, store_writes(j->store));
	metrics_head(out, "janus_db_busy_total", "counter",
	    "Transactions that found the database held by somebody else.");
	metrics_value(out, "janus_db_busy_total", "", (double)stats.busy);
	disk_metrics(j, out);
	metrics_head(out, "janus_usage_rows_dropped_total", "counter",
	    "Usage rows that did not fit the queue.");
	metrics_value(out, "janus_usage_rows_dropped_total", "", (double)stats.usage_dropped);
	observer_metrics(j->observer, out);
	egress_metrics(j->egress, out);
	works_metrics(&j->works, out);
	recorder_metrics(j->recorder, out);
}

static void
http_metrics(struct buf *out, enum gateway_metric which, void *arg)
{
	const struct janus *j = arg;

	api_metrics(j->api, out, which);
}

static const struct gateway_hooks hooks = {
	.on_usage = on_usage,
	.on_demand = on_demand,
	.other_head = other_head,
	.other_request = other_request,
	.health = health,
	.metrics = metrics,
	.http_metrics = http_metrics,
};
static const struct gateway_hooks recording_hooks = {
	.on_usage = on_usage,
	.on_demand = on_demand,
	.other_head = other_head,
	.other_request = other_request,
	.health = health,
	.metrics = metrics,
	.http_metrics = http_metrics,
	.on_capture = on_capture,
};

/* ---- signals and draining ---- */

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
drain(struct janus *j)
{
	if (j->draining) {
		loop_stop(j->control); /* asked twice: now */
		return;
	}
	j->draining = true;
	log_info("daemon.draining");
	api_close(j->api);
	for (unsigned i = 0; i < j->nlanes; i++)
		loop_post(j->lanes[i].loop, drain_gateway, j->lanes[i].gateway);
	j->drain_until_ms = clock_now_ms() + j->config->drain_ms;
	j->end_chats_at_ms = j->drain_until_ms -
	    (j->config->drain_ms < 2 * DRAIN_END_MS ? j->config->drain_ms / 2 : DRAIN_END_MS);
	timer_set(j->control, &j->drain, DRAIN_POLL_MS, on_drain, j);
}

static void
set_gateway_config(struct janus *j)
{
	const struct config *c = j->config;

	j->gateway_config = (struct gateway_config){
		.relay = chat_relay_defaults,
		.connect_ms = c->connect_ms,
		.body_bytes = c->body_bytes,
		.anonymous = c->anonymous,
		.listen_host = c->host,
		.queue_wait_ms = c->queue_wait_ms,
		.streams = j->streams,
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
	set_gateway_config(j);
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

static void
on_signal(int signo, void *arg)
{
	struct janus *j = arg;

	switch (signo) {
	case SIGTERM:
	case SIGINT: drain(j); break;
	case SIGHUP: reload(j); break;
	case SIGUSR1:
		recorder_reopen(j->recorder);
		log_info("capture.reopened");
		break;
	case SIGUSR2: dump(j); break;
	default: break;
	}
}

/* ---- start ---- */

static int
prepare_dirs(struct janus *j, struct error *err)
{
	_cleanup_free_ char *pods = str_printf("%s/pods", j->config->runtime_dir);
	_cleanup_free_ char *lock = str_printf("%s/lock", j->config->state_dir);

	if (strlen(j->config->runtime_dir) > 40)
		return error_set(err, ERROR_INVALID,
		    "runtime_dir %s is longer than 40 bytes: socket paths below it would not fit",
		    j->config->runtime_dir);
	if (file_mkdirs(j->config->state_dir, 0750, err) < 0 ||
	    file_mkdirs(j->config->runtime_dir, 0750, err) < 0 || file_mkdirs(pods, 0700, err) < 0)
		return -1;
	j->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock < 0)
		return error_errno(err, "%s", lock);
	/* One that was killed this moment holds it until the kernel has cleared it away. */
	for (int tries = 0; flock(j->lock, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno == EWOULDBLOCK && tries < LOCK_TRIES) {
			usleep(LOCK_WAIT_US);
			continue;
		}
		return error_set(
		    err, ERROR_CONFLICT, "another janusd uses %s", j->config->state_dir);
	}
	return 0;
}

static void
set_policy(struct janus *j)
{
	const struct config *c = j->config;

	j->rules.limits = (struct policy){
		.memory_bytes = c->memory_bytes,
		.nano_cpus = c->milli_cpus * 1000000,
		.tmpfs_bytes = c->tmpfs_bytes,
		.shm_bytes = c->shm_bytes,
		.log_bytes = c->log_bytes,
		.image_bytes = c->image_bytes,
		.pids = (int)c->pids,
		.nofile = (int)c->nofile,
		.start_timeout_ms = c->start_timeout_ms,
		.second = c->sandy_url[0] != '\0' ? (int)c->sandy_competitors : SECOND_NEVER,
	};
	j->traffic_rules = traffic_defaults;
	j->traffic_rules.queue_max = (size_t)c->queue_max;
	j->traffic_rules.breaker.failures = c->breaker_failures;
	j->traffic_rules.breaker.ratio_percent = c->breaker_percent;
	j->traffic_rules.breaker.open_ms = c->breaker_open_ms;
	j->traffic_rules.breaker.open_max_ms = c->breaker_open_max_ms;
	j->streams = streams_new(&(struct streams_limits){
	    .stream_bytes = c->resume_bytes,
	    .total_bytes = c->resume_total_bytes,
	    .count = c->resume_streams,
	    .ttl_ms = c->resume_ttl_ms,
	    .idle_ms = c->resume_idle_ms,
	});
	j->rules.activation = c->activation;
	j->rules.idle_ms = c->idle_ms;
	j->rules.replicas = 1;
}

static int
open_recorder(struct janus *j, struct error *err)
{
	const struct config *c = j->config;
	const struct recorder_config r = {
		.enabled = c->capture,
		.content = c->capture_content,
		.share = (double)c->capture_share_millionths / 1e6,
		.competitors = c->capture_competitors,
		.keys = c->capture_keys,
		.max_bytes = c->capture_max_bytes,
		.total_bytes = c->capture_total_bytes,
		.count = c->capture_count,
		.age_ms = c->capture_age_ms,
		.state_dir = c->state_dir,
	};

	j->recorder = recorder_new(&r, err);
	return j->recorder != NULL ? 0 : -1;
}

/* A Sandy beside the container engine. */
static int
open_sandy(struct janus *j, struct error *err)
{
	const struct config *c = j->config;
	_cleanup_free_ char *dir = str_printf("%s/sandy", c->state_dir), *key = NULL;
	struct url url;
	size_t len = 0;

	if (url_parse(c->sandy_url, &url, err) < 0)
		return error_add(err, "sandy.url");
	if (c->sandy_key_file[0] != '\0') {
		if (file_read(c->sandy_key_file, KEY_MAX_BYTES, &key, &len, err) < 0)
			return error_add(err, "sandy.key_file");
		key[strcspn(key, "\r\n")] = '\0';
	}
	const struct sandy_engine_config sandy = {
		.base_url = c->sandy_url, .key = key, .upstream = c->sandy_upstream, .dir = dir
	};
	j->second = sandy_engine_new(&sandy);
	j->engine = engine_pair_new(j->engine, j->second);
	return 0;
}

static int
open_engine(struct janus *j, struct error *err)
{
	j->engine_config = (struct engine_config){
		.socket = j->config->engine_socket,
		.node = j->node,
		.runtime_dir = j->config->runtime_dir,
		.link_image = j->config->link_image,
		.seccomp = seccomp_profile,
	};
	j->engine = docker_engine_new(&j->engine_config);
	if (j->config->sandy_url[0] != '\0' && open_sandy(j, err) < 0)
		return -1;
	return j->engine != NULL ? 0 : error_set(err, ERROR_INTERNAL, "container engine driver");
}

static int
make_supervisor(struct janus *j, struct error *err)
{
	const struct supervisor_config c = {
		.loop = j->control,
		.workers = j->workers,
		.pullers = j->pullers,
		.registry = &j->registry,
		.store = j->store,
		.engine = j->engine,
		.second = j->second,
		.node = j->node,
		.runtime_dir = j->config->runtime_dir,
		.link_image = j->config->link_image,
		.traffic = &j->traffic_rules,
		.concurrency = (int)j->config->concurrency,
		.rules = &j->rules,
		.memory_budget = j->config->memory_budget,
		.probe_start_ms = 250,
		.probe_ready_ms = 10000,
		.drain_ms = j->config->drain_ms,
		.uid_first = (unsigned)j->config->uid_first,
		.uid_count = (unsigned)j->config->uid_count,
		.on_routes = on_routes,
		.on_submission = on_submission,
		.on_status = summarise,
		.broker = &broker_events,
		.on_work = on_work,
		.on_used = on_used,
		.arg = j,
	};

	j->supervisor = supervisor_new(&c, err);
	return j->supervisor != NULL ? 0 : -1;
}

static const char *
origin_of(const char *setting, void *arg)
{
	const struct janus *j = arg;

	return config_origin(j->config, setting);
}

static void
make_api(struct janus *j)
{
	const struct api_deps d = {
		.control = j->control,
		.workers = j->workers,
		.registry = &j->registry,
		.store = j->store,
		.supervisor = j->supervisor,
		.engine = j->engine,
		.gateways = j->gateways,
		.requests = observer_requests(j->observer),
		.recorder = j->recorder,
		.keys = &j->keys,
		.on_keys = on_keys,
		.keys_arg = j,
		.anonymous = j->config->anonymous,
		.started_at_ms = j->started_at_ms,
		.memory_bytes = j->rules.limits.memory_bytes,
		.listen = j->listen,
		.state_dir = j->config->state_dir,
		.origin = origin_of,
		.origin_arg = j,
	};

	j->api = api_new(&d);
}

/* ---- keys, and what they used before we started ---- */

static void
load_key(const struct key *row, void *arg)
{
	struct janus *j = arg;

	key_ring_add(&j->keys, row);
}

static void
load_spent(const char *id, int64_t day, int64_t month, int64_t dearest, void *arg)
{
	struct janus *j = arg;
	struct held_key *h = key_ring_id(&j->keys, id);

	if (h != NULL)
		limit_restore_spent(h->meter, clock_wall_ms(), day, month, dearest);
}

static void
load_recent(const char *id, int64_t at_ms, int64_t done_at_ms, int64_t tokens, void *arg)
{
	struct janus *j = arg;
	struct held_key *h = key_ring_id(&j->keys, id);

	if (h != NULL)
		limit_restore_request(h->meter,
		    (struct limit_clock){ clock_now_ms(), clock_wall_ms() }, at_ms, done_at_ms,
		    tokens);
}

static int
load_keys(struct janus *j, struct error *err)
{
	static const struct key_rows rows = { load_key, load_spent, load_recent };

	return store_load_keys(j->store, &rows, clock_wall_ms(), j, err);
}

static int
make_lane(struct janus *j, struct loop *loop, struct error *err)
{
	struct lane *lane = &j->lanes[j->nlanes];

	lane->janus = j;
	lane->loop = loop;
	lane->gateway = gateway_new(loop, &j->gateway_config,
	    recorder_enabled(j->recorder) ? &recording_hooks : &hooks, j, err);
	if (lane->gateway == NULL)
		return -1;
	gateway_set_keys(
	    lane->gateway, key_ring_snapshot(&j->keys)); /* its loop does not run yet */
	j->gateways[j->nlanes++] = lane->gateway;
	return 0;
}

static int
make_lanes(struct janus *j, struct error *err)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t n = j->config->loops != 0 ? j->config->loops : cores;

	n = n < 1 ? 1 : n > LOOPS_MAX ? LOOPS_MAX : n;
	for (int64_t i = 0; i < n; i++) {
		struct loop *loop = loop_new(err);

		if (loop == NULL || make_lane(j, loop, err) < 0)
			return -1;
	}
	if (make_lane(j, j->control, err) < 0)
		return -1;
	gateway_set_peers(j->gateways, j->nlanes);
	return 0;
}

static int
serve(struct janus *j, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/janusd.sock", j->config->runtime_dir);
	struct lane *own = &j->lanes[j->nlanes - 1];
	int fd;

	for (struct lane *l = j->lanes; l < own; l++) {
		fd = http_listen_tcp(j->config->host, (int)j->config->port, true, err);
		if (fd < 0 || gateway_serve(l->gateway, fd, err) < 0)
			return error_add(err, "listen");
	}
	fd = http_listen_unix(path, 0660, err);
	if (fd < 0 || gateway_serve(own->gateway, fd, err) < 0)
		return error_add(err, "control socket");
	return 0;
}

static void *
run_lane(void *arg)
{
	struct lane *lane = arg;

	loop_run(lane->loop);
	return NULL;
}

static int
start_lanes(struct janus *j, struct error *err)
{
	for (struct lane *l = j->lanes; l < &j->lanes[j->nlanes - 1]; l++) {
		const int rc = pthread_create(&l->thread, NULL, run_lane, l);

		if (rc != 0) {
			errno = rc;
			return error_errno(err, "gateway thread");
		}
		l->running = true;
	}
	return 0;
}

static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int
start(struct janus *j, struct error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, 0 };

	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	j->control = loop_new(err);
	if (j->control == NULL || loop_signals(j->control, signals, on_signal, j, err) < 0 ||
	    prepare_dirs(j, err) < 0)
		return -1;
	j->store = store_open(j->config->state_dir, j->control, err);
	if (j->store == NULL || store_node_id(j->store, j->node, err) < 0 ||
	    registry_load(&j->registry, j->store, err) < 0 || load_keys(j, err) < 0)
		return -1;
	j->workers = workers_new(WORKERS_MAX);
	j->pullers = workers_new(PULLERS_MAX);
	j->cors = cors_new(j->config->cors_origins, j->config->cors_credentials, err);
	if (j->cors == NULL)
		return error_add(err, "cors.origins");
	set_policy(j);
	j->observer = observer_new(j->control, j->config->host, (int)j->config->port, err);
	if (j->observer == NULL)
		return -1;
	j->egress = egress_counts_new();
	set_gateway_config(j);
	observer_names(j->observer, fill_names, j);
	if (open_recorder(j, err) < 0)
		return -1;
	if (open_engine(j, err) < 0 || make_supervisor(j, err) < 0)
		return -1;
	make_api(j);
	if (make_lanes(j, err) < 0 || serve(j, err) < 0 || start_lanes(j, err) < 0)
		return -1;
	supervisor_start(j->supervisor);
	return 0;
}

struct janus *
daemon_start(struct config *config, struct error *err)
{
	struct janus *j = mem_zalloc(sizeof(*j));

	j->config = config;
	j->lock = -1;
	j->started_at_ms = clock_now_ms();
	pthread_mutex_init(&j->summary_lock, NULL);
	works_init(&j->works);
	snprintf(j->listen, sizeof(j->listen), "%s:%lld", config->host, (long long)config->port);
	if (start(j, err) < 0) {
		daemon_stop(j);
		return NULL;
	}
	log_info("daemon.started", F_STR("version", JANUS_VERSION), F_STR("listen", j->listen),
	    F_STR("node", j->node));
	return j;
}

void
daemon_run(struct janus *j)
{
	loop_run(j->control);
}

/* ---- stop: the reverse ---- */

void
daemon_stop(struct janus *j)
{
	if (j->supervisor != NULL)
		supervisor_stop(j->supervisor);
	for (unsigned i = 0; i < j->nlanes; i++)
		if (j->lanes[i].running) {
			loop_stop(j->lanes[i].loop);
			pthread_join(j->lanes[i].thread, NULL);
		}
	workers_free(j->pullers);
	workers_free(j->workers);
	if (j->control != NULL)
		loop_run_posted(j->control); /* what the workers found; calls that came last */
	for (unsigned i = 0; i < j->nlanes; i++) {
		loop_run_posted(j->lanes[i].loop);
		gateway_free(
		    j->lanes[i].gateway); /* chats that are cut still have their usage stored */
	}
	store_close(j->store);
	if (j->control != NULL)
		loop_run_posted(j->control); /* what was stored; calls whose client was cut */
	/* The loops last: answers to those calls are on them. */
	for (unsigned i = 0; i < j->nlanes; i++)
		if (j->lanes[i].loop != j->control)
			loop_free(j->lanes[i].loop);
	observer_free(j->observer);
	egress_counts_free(j->egress);
	recorder_free(j->recorder);
	works_done(&j->works);
	supervisor_free(j->supervisor);
	api_free(j->api);
	if (j->engine != NULL)
		j->engine->driver->free(j->engine);
	registry_done(&j->registry);
	key_ring_done(&j->keys);
	cors_free(j->cors);
	loop_free(j->control);
	streams_free(j->streams);
	if (j->lock >= 0)
		close(j->lock);
	pthread_mutex_destroy(&j->summary_lock);
	log_info("daemon.stopped");
	free(j);
}

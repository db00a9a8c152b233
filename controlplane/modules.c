/*
 * modules.c - one function for each module: from the settings, and from what the others are, to it.
 */
#include "controlplane/modules.h"

#include <string.h>
#include <unistd.h>

#include "controlplane/api/api.h"
#include "controlplane/artifacts/artifacts.h"
#include "controlplane/config.h"
#include "controlplane/gateway/limit.h"
#include "controlplane/gateway/streams.h"
#include "controlplane/janus.h"
#include "controlplane/observe/observer.h"
#include "controlplane/observe/recorder.h"
#include "controlplane/registry/keys.h"
#include "controlplane/registry/traffic.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/schedule/champion.h"
#include "controlplane/schedule/arena_table.h"
#include "controlplane/store/store.h"
#include "controlplane/supervise/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/program.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/pair.h"
#include "runtime/engine/sandy/engine.h"
#include "runtime/net/tls_certificate.h"
#include "runtime/net/url.h"

#define KEY_MAX_BYTES 4096
#define BATTLES_KEPT_MS (INT64_C(30) * 86400000) /* without a vote */
#define BATTLES_LATE_MS INT64_C(3600000) /* of votes: limits are by the hour */
#define CHAMPION_LOOK_MS 1000

EMBED(seccomp_profile, "images/link/seccomp.json");

void
janus_set_policy(struct janus *j)
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

int
janus_open_recorder(struct janus *j, struct error *err)
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

int
janus_open_artifacts(struct janus *j, struct error *err)
{
	const struct config *c = j->config;
	struct artifacts_config a = artifacts_defaults;

	a.dir = c->state_dir;
	a.base_url = c->artifact_base_url;
	a.max_bytes = c->artifact_bytes;
	a.competitor_bytes = c->artifact_competitor_bytes;
	a.total_bytes = c->artifact_total_bytes;
	a.count = c->artifact_count;
	a.per_request = c->artifact_per_request;
	a.ttl_ms = c->artifact_ttl_ms;
	a.max_ttl_ms = c->artifact_max_ttl_ms;
	a.fetch_ms = c->artifact_fetch_ms;
	a.file_bytes = c->artifact_upload_bytes;
	a.owner_bytes = c->artifact_owner_bytes;
	a.shared = j->before != NULL;
	j->artifacts = artifacts_open(&a, j->store, j->control, j->workers, err);
	if (j->artifacts == NULL)
		return error_add(err, "artifacts");
	j->gateway_config.artifacts = j->artifacts;
	return 0;
}

static void
load_sum(const struct battle_side sides[2], enum battle_winner w, int64_t n, void *arg)
{
	struct janus *j = arg;

	arena_table_add_sum(j->arena, sides, w, n);
}

static void
load_battle(const struct battle *row, void *arg)
{
	struct janus *j = arg;

	arena_table_restore(j->arena, row);
}

int
janus_open_arena(struct janus *j, struct error *err)
{
	static const struct battle_rows rows = { load_sum, load_battle };
	const struct config *c = j->config;
	struct arena_rules rules = arena_rules_default;
	const int64_t now_ms = clock_wall_ms();
	struct store_batch *batch = store_batch_new();

	rules.window_ms = c->arena_window_ms;
	rules.votes_per_caller = c->arena_votes_per_caller;
	rules.votes_per_client = c->arena_votes_per_client;
	j->arena = arena_table_new(&rules);
	const int rc = store_load_battles(
	    j->store, &rows, now_ms - 2 * c->arena_window_ms - BATTLES_LATE_MS, j, err);
	store_sweep_battles(batch, now_ms, now_ms - BATTLES_KEPT_MS);
	store_commit(j->store, batch, NULL, NULL);
	return rc < 0 ? error_add(err, "battles") : 0;
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
	_cleanup_free_ char *key_file = janus_secret_file("JANUS_SANDY_KEY", c->sandy_key_file);
	if (key_file != NULL) {
		if (file_read(key_file, KEY_MAX_BYTES, &key, &len, err) < 0)
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

int
janus_open_signing_key(struct janus *j, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/signing.key", j->config->state_dir);

	j->signing_key = ed25519_open(path, err);
	return j->signing_key != NULL ? 0 : error_add(err, "signing key");
}

int
janus_open_engine(struct janus *j, struct error *err)
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

int
janus_make_supervisor(struct janus *j, struct error *err)
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
		.state_dir = j->config->state_dir,
		.traffic = &j->traffic_rules,
		.concurrency = (int)j->config->concurrency,
		.rules = &j->rules,
		.memory_budget = j->config->memory_budget,
		.pull = { .stall_ms = j->config->pull_stall_ms,
		    .free_percent = (int)j->config->pull_free_percent,
		    .disk = j->config->pull_disk[0] != '\0' ? j->config->pull_disk : NULL },
		.retry_ms = j->config->pull_retry_ms,
		.disk_warn_percent = (int)j->config->pull_warn_percent,
		.probe_start_ms = 250,
		.probe_ready_ms = 10000,
		.drain_ms = j->config->drain_ms,
		.uid_first = (unsigned)j->config->uid_first,
		.uid_count = (unsigned)j->config->uid_count,
		.on_routes = wire_routes,
		.on_submission = wire_submission,
		.on_status = wire_status,
		.broker = &wire_broker_events,
		.on_work = wire_work,
		.on_used = wire_used,
		.arg = j,
	};

	j->supervisor = supervisor_new(&c, err);
	return j->supervisor != NULL ? 0 : -1;
}

static void
on_standings(void *arg)
{
	const struct janus *j = arg;

	supervisor_standings_changed(j->supervisor);
}

static void
on_wake(const char *competitor_id, void *arg)
{
	const struct janus *j = arg;

	supervisor_demand(j->supervisor, competitor_id);
}

int
janus_make_champion(struct janus *j, struct error *err)
{
	const struct config *c = j->config;
	const struct champion_config champion = {
		.loop = j->control,
		.store = j->store,
		.registry = &j->registry,
		.suite = c->lead_suite,
		.lead = { (double)c->lead_margin_thousandths / 1000,
		    (double)c->lead_quality_percent },
		.bounds = { c->lead_error_points, c->lead_ttft_percent },
		.succession = { c->canary_requests, c->canary_ms },
		.canary_percent = (int)c->canary_percent,
		.away_ms = c->lead_away_ms,
		.look_ms = CHAMPION_LOOK_MS,
		.on_change = on_standings,
		.on_wake = on_wake,
		.arg = j,
	};

	j->champion = champion_new(&champion, err);
	return j->champion != NULL ? 0 : error_add(err, "champion");
}

static const char *
origin_of(const char *setting, void *arg)
{
	const struct janus *j = arg;

	return config_origin(j->config, setting);
}

static void
add_setting(const struct config_value *v, void *arg)
{
	cJSON *one = cJSON_CreateObject();

	json_add_str(one, "name", v->name);
	json_add_text(one, "value", v->value);
	json_add_str(one, "origin", v->origin);
	json_add_bool(one, "live", v->live);
	json_add_str(one, "help", v->help);
	cJSON_AddItemToArray(arg, one);
}

static void
add_settings(cJSON *to, void *arg)
{
	const struct janus *j = arg;

	config_each(j->config, add_setting, to);
}

/* ---- who measures ---- */

static char *
find_bench(const char *setting)
{
	if (setting[0] == '\0')
		return program_find("janus-bench");
	return access(setting, X_OK) == 0 ? str_dup(setting) : NULL;
}

int
janus_make_scheduler(struct janus *j, struct error *err)
{
	const struct config *c = j->config;

	j->bench_program = find_bench(c->bench_program);
	if (j->bench_program == NULL && c->bench_program[0] != '\0')
		log_warn("bench.no_program", F_STR("program", c->bench_program));
	const struct scheduler_config k = {
		.loop = j->control,
		.workers = j->workers,
		.store = j->store,
		.registry = &j->registry,
		.keys = &j->keys,
		.on_keys = wire_keys,
		.on_run = wire_run,
		.on_item = wire_item,
		.arg = j,
		.state_dir = c->state_dir,
		.socket = j->control_socket,
		.program = j->bench_program,
		.suites_dir = c->bench_suites_dir,
		.private_dir = c->bench_private_dir[0] != '\0' ? c->bench_private_dir : NULL,
		.suite = c->bench_suite,
		.automatic = c->bench_automatic,
		.rules = { .runners = (int)c->bench_runners,
		    .requeues_max = 3,
		    .lease_ms = c->bench_lease_ms,
		    .timeout_ms = c->bench_timeout_ms,
		    .has_runner = j->bench_program != NULL },
	};

	j->scheduler = scheduler_new(&k, err);
	return j->scheduler != NULL ? 0 : error_add(err, "scheduler");
}

void
janus_make_api(struct janus *j)
{
	const struct api_deps d = {
		.control = j->control,
		.workers = j->workers,
		.registry = &j->registry,
		.store = j->store,
		.supervisor = j->supervisor,
		.scheduler = j->scheduler,
		.champion = j->champion,
		.engine = j->engine,
		.gateways = j->gateways,
		.requests = observer_requests(j->observer),
		.recorder = j->recorder,
		.artifacts = j->artifacts,
		.arena = j->arena,
		.components = &j->components,
		.keys = &j->keys,
		.on_keys = wire_keys,
		.keys_arg = j,
		.anonymous = j->config->anonymous,
		.started_at_ms = j->started_at_ms,
		.memory_bytes = j->rules.limits.memory_bytes,
		.image_bytes = j->rules.limits.image_bytes,
		.listen = j->listen,
		.host = j->at.host,
		.port = j->at.port,
		.ui_port = (int)j->config->ui_port,
		.certificate = j->certificate != NULL ? j->config->tls_certificate : NULL,
		.certificate_key =
		    j->certificate != NULL ? tls_certificate_key_path(j->certificate) : NULL,
		.state_dir = j->config->state_dir,
		.signing_key = j->signing_key,
		.settings = add_settings,
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

int
janus_load_keys(struct janus *j, struct error *err)
{
	static const struct key_rows rows = { load_key, load_spent, load_recent };

	store_watch_costs(j->store, wire_late_cost, j);
	return store_load_keys(j->store, &rows, clock_wall_ms(), j, err);
}

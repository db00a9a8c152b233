/*
 * daemon.c - every module in its order of start, and the reverse.
 */
#include "controlplane/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "controlplane/api/api.h"
#include "controlplane/artifacts/artifacts.h"
#include "controlplane/certificate.h"
#include "controlplane/config.h"
#include "controlplane/gateway/cors.h"
#include "controlplane/gateway/forwarded.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/streams.h"
#include "controlplane/janus.h"
#include "controlplane/listeners.h"
#include "controlplane/modules.h"
#include "controlplane/observe/egress.h"
#include "controlplane/observe/observer.h"
#include "controlplane/observe/recorder.h"
#include "controlplane/observe/work.h"
#include "controlplane/registry/components.h"
#include "controlplane/registry/keys.h"
#include "controlplane/registry/registry.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/schedule/champion.h"
#include "controlplane/schedule/arena_table.h"
#include "controlplane/store/store.h"
#include "controlplane/supervise/supervisor.h"
#include "controlplane/takeover.h"
#include "controlplane/yield.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/loop/loop.h"

#define ROOM_MAX 65536 /* descriptors: half a MiB of the kernel's */
#define WORKERS_MAX 64
#define PULLERS_MAX 8

/* ---- start ---- */

static int
prepare_dirs(struct janus *j, struct error *err)
{
	_cleanup_free_ char *pods = str_printf("%s/pods", j->config->runtime_dir);

	if (strlen(j->config->runtime_dir) > 40)
		return error_set(err, ERROR_INVALID,
		    "runtime_dir %s is longer than 40 bytes: socket paths below it would not fit",
		    j->config->runtime_dir);
	if (file_mkdirs(j->config->state_dir, 0750, err) < 0 ||
	    file_mkdirs(j->config->runtime_dir, 0750, err) < 0 || file_mkdirs(pods, 0700, err) < 0)
		return -1;
	return 0;
}

int
janus_lock(struct janus *j, struct error *err)
{
	_cleanup_free_ char *lock = str_printf("%s/lock", j->config->state_dir);

	j->lock = file_lock(lock, err);
	if (j->lock < 0 && err->kind == ERROR_CONFLICT)
		return error_set(err, ERROR_CONFLICT,
		    "another janusd uses %s; with --take-over this one takes its place",
		    j->config->state_dir);
	return j->lock < 0 ? -1 : 0;
}

static int
make_lane(struct janus *j, struct loop *loop, struct error *err)
{
	struct lane *lane = &j->lanes[j->nlanes];

	lane->janus = j;
	lane->loop = loop;
	lane->gateway = gateway_new(loop, &j->gateway_config, &wire_hooks, j, err);
	if (lane->gateway == NULL)
		return -1;
	gateway_set_keys(
	    lane->gateway, key_ring_snapshot(&j->keys)); /* its loop does not run yet */
	j->gateways[j->nlanes++] = lane->gateway;
	return 0;
}

/* One a processor, if nobody says otherwise. */
static unsigned
count_loops(const struct config *c)
{
	const int64_t n = c->loops != 0 ? c->loops : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > LOOPS_MAX ? LOOPS_MAX : (unsigned)n;
}

static int
make_lanes(struct janus *j, struct error *err)
{
	for (unsigned i = 0; i < j->nloops; i++) {
		struct loop *loop = loop_new(err);

		if (loop == NULL || make_lane(j, loop, err) < 0)
			return -1;
	}
	if (make_lane(j, j->control, err) < 0)
		return -1;
	gateway_set_peers(j->gateways, j->nlanes);
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

/* As many as we may have, and room for them at once.  The kernel's table of them doubles when it is
 * full, and where threads share it waits until no processor reads the old one: 10 to 20 ms in which a
 * loop serves no stream.  It never shrinks. */
static void
make_room_for_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	const int last = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC,
	    (limit.rlim_cur < ROOM_MAX ? (int)limit.rlim_cur : ROOM_MAX) - 1);
	if (last >= 0)
		close(last);
}

/* The sockets and the state directory are ours from here on, whoever had them. */
static int
take_place(struct janus *j, struct error *err)
{
	if (passed_from_manager(&j->listeners, (int)j->config->ui_port, err) < 0)
		return -1;
	j->listeners_fixed = j->listeners.len > 0;
	if (j->take_over && takeover_begin(j, err) < 0)
		return -1;
	if (janus_lock(j, err) < 0)
		return -1;
	return j->before != NULL ? 0 : listeners_open(j, err);
}

static int
start(struct janus *j, struct error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, 0 };

	signal(SIGPIPE, SIG_IGN);
	make_room_for_descriptors();
	j->control = loop_new(err);
	if (j->control == NULL || loop_signals(j->control, signals, janus_signal, j, err) < 0 ||
	    prepare_dirs(j, err) < 0 || take_place(j, err) < 0)
		return -1;
	if (janus_open_store(j, err) < 0 || store_node_id(j->store, j->node, err) < 0 ||
	    registry_load(&j->registry, j->store, err) < 0 || janus_load_keys(j, err) < 0)
		return -1;
	components_init(&j->components);
	if (components_load(&j->components, j->store, err) < 0)
		return error_add(err, "components");
	j->workers = workers_new(WORKERS_MAX);
	j->pullers = workers_new(PULLERS_MAX);
	j->cors = cors_new(j->config->cors_origins, j->config->cors_credentials, err);
	if (j->cors == NULL)
		return error_add(err, "cors.origins");
	j->proxies = proxies_new(j->config->trusted_proxies, err);
	if (j->proxies == NULL)
		return error_add(err, "trusted_proxies");
	if (certificate_open(j, err) < 0)
		return -1;
	janus_set_policy(j);
	j->observer = observer_new(j->control, j->at.host, j->at.port, err);
	if (j->observer == NULL)
		return -1;
	j->egress = egress_counts_new();
	janus_gateway_config(j);
	observer_names(j->observer, wire_names, j);
	if (janus_open_recorder(j, err) < 0 || janus_open_artifacts(j, err) < 0 ||
	    janus_open_arena(j, err) < 0)
		return -1;
	if (janus_open_engine(j, err) < 0 || janus_make_supervisor(j, err) < 0 ||
	    janus_make_champion(j, err) < 0)
		return -1;
	if (janus_open_signing_key(j, err) < 0 || janus_make_scheduler(j, err) < 0)
		return -1;
	janus_make_api(j);
	if (make_lanes(j, err) < 0 || (j->before == NULL && listeners_serve(j, err) < 0) ||
	    start_lanes(j, err) < 0)
		return -1;
	supervisor_start(j->supervisor);
	scheduler_start(j->scheduler);
	champion_start(j->champion);
	service_begin(j);
	if (j->before != NULL)
		takeover_watch(j); /* it accepts until we are as good as it */
	else
		yield_begin(j);
	return 0;
}

struct janus *
daemon_start(struct config *config, char *const *argv, bool take_over, struct error *err)
{
	struct janus *j = mem_zalloc(sizeof(*j));

	j->config = config;
	j->argv = argv;
	j->take_over = take_over;
	j->nloops = count_loops(config);
	j->control_socket = str_printf("%s/janusd.sock", config->runtime_dir);
	j->lock = -1;
	j->started_at_ms = clock_now_ms();
	pthread_mutex_init(&j->summary_lock, NULL);
	works_init(&j->works);
	if (start(j, err) < 0) {
		takeover_failed(j->before, err);
		daemon_stop(j);
		return NULL;
	}
	log_info("daemon.started", F_STR("version", JANUS_VERSION), F_STR("listen", j->listen),
	    F_STR("node", j->node));
	return j;
}

int
daemon_run(struct janus *j)
{
	loop_run(j->control);
	return j->failed ? -1 : 0;
}

/* ---- stop: the reverse ---- */

void
daemon_stop(struct janus *j)
{
	service_end(j);
	takeover_failed(j->before, NULL); /* where it still waits for us */
	scheduler_stop(j->scheduler);
	champion_stop(j->champion);
	if (j->supervisor != NULL)
		supervisor_stop(j->supervisor);
	for (unsigned i = 0; i < j->nlanes; i++)
		if (j->lanes[i].running) {
			loop_stop(j->lanes[i].loop);
			pthread_join(j->lanes[i].thread, NULL);
		}
	artifacts_stop(j->artifacts);
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
	j->closed = true;
	if (j->control != NULL)
		loop_run_posted(j->control); /* what was stored; calls whose client was cut */
	/* The loops last: answers to those calls are on them. */
	for (unsigned i = 0; i < j->nlanes; i++)
		if (j->lanes[i].loop != j->control)
			loop_free(j->lanes[i].loop);
	yield_free(j->yield);
	takeover_free(j->before);
	observer_free(j->observer);
	egress_counts_free(j->egress);
	recorder_free(j->recorder);
	ed25519_free(j->signing_key);
	works_done(&j->works);
	scheduler_free(j->scheduler);
	free(j->bench_program);
	free(j->control_socket);
	champion_free(j->champion);
	supervisor_free(j->supervisor);
	api_free(j->api);
	if (j->engine != NULL)
		j->engine->driver->free(j->engine);
	registry_done(&j->registry);
	key_ring_done(&j->keys);
	components_done(&j->components);
	cors_free(j->cors);
	proxies_free(j->proxies);
	certificate_close(j);
	loop_free(j->control);
	streams_free(j->streams);
	artifacts_free(j->artifacts);
	arena_table_free(j->arena);
	listeners_close(j);
	if (j->lock >= 0)
		close(j->lock);
	pthread_mutex_destroy(&j->summary_lock);
	log_info("daemon.stopped");
	free(j);
}

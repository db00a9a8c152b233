/*
 * main.c - janus-sandboxd: sandboxes for agents, on the local container engine.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/inside/protocol.h"
#include "controlplane/sandbox/machine.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/program.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/announce.h"
#include "runtime/engine/engine.h"
#include "runtime/loop/heartbeat.h"
#include "runtime/net/http_client.h"
#include "runtime/net/http_server.h"

#define WORKERS 8
#define HOST_WORKERS 8 /* as many pulls and starts of competitors at once */
#define LOOK_MS 5000
#define STOP_MS 25000 /* for every pod to be removed */

EMBED(seccomp_profile, "images/link/seccomp.json");

struct daemon {
	struct service service;
	struct sandbox_config config;
	struct engine_config engine;
	struct heartbeat heartbeat;
	char *socket; /* owned */
	int lock;
	struct timer stop_timer;
	int64_t stop_by_ms; /* 0: not asked to stop */
};

static const char usage[] =
    "janus-sandboxd " JANUS_VERSION " - sandboxes for agents, on the local container engine\n"
    "\n"
    "usage: janus-sandboxd [-h | -V | -T]\n"
    "\n"
    "  -T  print every setting, its value and where it came from, and exit\n"
    "\n"
    "Speaks the Sandy API on 127.0.0.1:8601.  All settings come from the environment;\n"
    "janus-sandboxd(8) lists them.\n";

static const char *
environment(const char *name)
{
	return getenv(name);
}

/* ---- the node's name, which only one process may use ---- */

static int
take_node(struct daemon *d, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/sandbox.node", d->config.state_dir);
	char *node = d->service.node;

	if (file_mkdirs(d->config.state_dir, 0750, err) < 0)
		return -1;
	d->lock = file_lock(path, err);
	if (d->lock < 0 && err->kind == ERROR_CONFLICT)
		return error_set(
		    err, ERROR_CONFLICT, "another janus-sandboxd uses %s", d->config.state_dir);
	if (d->lock < 0)
		return -1;
	const ssize_t n = pread(d->lock, node, sizeof(d->service.node) - 1, 0);
	if (n < 0)
		return error_errno(err, "%s", path);
	node[strcspn(node, "\n")] = '\0';
	if (n > 0 && str_ends(node, "-sandbox"))
		return 0;
	char id[ID_MAX];
	snprintf(node, sizeof(d->service.node), "%s-sandbox", id_new("node", id));
	if (pwrite(d->lock, node, strlen(node), 0) != (ssize_t)strlen(node) || fsync(d->lock) < 0)
		return error_errno(err, "%s", path);
	return 0;
}

/* ---- start ---- */

static int
open_engine(struct daemon *d, struct error *err)
{
	struct service *v = &d->service;
	unsigned strays;
	struct engine_info info;

	snprintf(v->pods_dir, sizeof(v->pods_dir), "%s/sandbox", d->config.runtime_dir);
	if (file_mkdirs(v->pods_dir, 0700, err) < 0)
		return -1;
	if (d->config.engine_socket[0] == '\0') {
		d->socket = engine_find_socket(err);
		if (d->socket == NULL)
			return -1;
	}
	d->engine = (struct engine_config){
		.socket = d->socket != NULL ? d->socket : d->config.engine_socket,
		.node = v->node,
		.runtime_dir = v->pods_dir,
		.link_image = d->config.link_image,
		.seccomp = seccomp_profile,
	};
	v->engine = docker_engine_new(&d->engine);
	if (v->engine->driver->info(v->engine, &info, err) < 0)
		return -1;
	if (info.missing[0] != '\0')
		return error_set(err, ERROR_UNAVAILABLE,
		    "the engine cannot enforce: %s; no sandbox may run on it", info.missing);
	if (engine_remove_strays(v, &strays, err) < 0)
		return -1;
	log_info("sandboxd.engine", F_STR("engine", info.name), F_STR("version", info.version),
	    F_STR("node", v->node), F_INT("removed", strays));
	return 0;
}

static void
on_look(struct timer *t, void *arg)
{
	struct service *v = arg;

	history_turn(v->history, v->config->state_dir, loop_now_ms(v->loop));
	engine_look(v);
	timer_set(v->loop, t, LOOK_MS, on_look, v);
}

/* ---- stop: every pod goes ---- */

static void
on_stop_turn(struct timer *t, void *arg)
{
	struct daemon *d = arg;
	struct loop *loop = d->service.loop;

	if (d->service.sandboxes.len == 0 || loop_now_ms(loop) >= d->stop_by_ms)
		loop_stop(loop);
	else
		timer_set(loop, t, 20, on_stop_turn, d);
}

static void
on_signal(int signo, void *arg)
{
	struct daemon *d = arg;
	struct service *v = &d->service;
	size_t at = 0, n = 0;
	const char *id;
	void *value;

	(void)signo;
	if (d->stop_by_ms != 0) { /* asked twice */
		loop_stop(v->loop);
		return;
	}
	log_info("sandboxd.stopping", F_INT("sandboxes", (int64_t)v->sandboxes.len));
	d->stop_by_ms = loop_now_ms(v->loop) + STOP_MS;
	notify_stopping(&d->heartbeat.notify, "stopping: sandboxes are removed");
	notify_extend(&d->heartbeat.notify, 2 * STOP_MS);
	http_server_drain(v->http);
	timer_cancel(&v->look_timer);
	pool_stop(v);
	_cleanup_free_ struct sandbox **all =
	    mem_zalloc((v->sandboxes.len + 1) * sizeof(struct sandbox *));
	while (map_next(&v->sandboxes, &at, &id, &value))
		all[n++] = value;
	for (size_t i = 0; i < n; i++)
		sandbox_end(all[i], REASON_STOPPING, NULL);
	timer_set(v->loop, &d->stop_timer, 0, on_stop_turn, d);
}

/* It says that it has heard; whose a sandbox is, it knows itself. */
static void
on_platform(const char *packet, size_t len, void *arg)
{
	_cleanup_json_ cJSON *json = NULL;

	(void)arg;
	if (json_parse(packet, len, &json, NULL) < 0 || !json_bool(json, "ok", false))
		log_warn("platform.refused", F_STR("said", packet));
}

static int
start(struct daemon *d, struct error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	struct service *v = &d->service;
	const int sock = http_listen_tcp(d->config.host, (int)d->config.port, false, err);

	if (sock < 0)
		return -1;
	v->http = http_server_new(v->loop, sock, &http_server_defaults, &sandbox_handlers, v, err);
	if (v->http == NULL || loop_signals(v->loop, signals, on_signal, d, err) < 0)
		return -1;
	_cleanup_free_ char *platform = str_printf("%s/platform.sock", d->config.runtime_dir);

	v->workers = workers_new(WORKERS);
	if (d->config.nkeys > d->config.hosting_from)
		v->host_workers = workers_new(HOST_WORKERS);
	v->announcer = announcer_new(v->loop, v->workers, platform, on_platform, NULL);
	v->started_ms = loop_now_ms(v->loop);
	timer_set(v->loop, &v->look_timer, 0, on_look, v);
	pool_turn(v);
	log_info("sandboxd.start", F_STR("version", JANUS_VERSION), F_STR("host", d->config.host),
	    F_INT("port", d->config.port), F_INT("keys", (int64_t)d->config.nkeys));
	return 0;
}

static void
free_all(struct service *v)
{
	size_t at = 0;
	const char *id;
	void *s;

	pool_stop(v);
	timer_cancel(&v->look_timer);
	if (v->announcer != NULL)
		announcer_close(v->announcer);
	if (v->workers != NULL)
		workers_free(TAKE(v->workers));
	if (v->host_workers != NULL)
		workers_free(TAKE(v->host_workers));
	http_server_free(v->http);
	loop_run_posted(v->loop);
	while (map_next(&v->sandboxes, &at, &id, &s))
		sandbox_free(s);
	announcer_free(v->announcer);
	map_done(&v->sandboxes);
	free(v->history);
	if (v->engine != NULL)
		v->engine->driver->free(v->engine);
	loop_free(v->loop);
}

static int
serve(struct daemon *d, struct error *err)
{
	struct service *v = &d->service;
	int rc;

	v->config = &d->config;
	v->agent_port = INSIDE_PORT;
	v->last_waiter = &v->waiters;
	v->loop = loop_new(err);
	if (v->loop == NULL)
		return -1;
	v->history = mem_zalloc(sizeof(*v->history));
	rc = take_node(d, err);
	if (rc == 0)
		rc = open_engine(d, err);
	if (rc == 0)
		rc = start(d, err);
	if (rc == 0) {
		char status[120];

		snprintf(status, sizeof(status), "serving sandboxes on %s port %lld",
		    d->config.host, (long long)d->config.port);
		heartbeat_start(&d->heartbeat, v->loop);
		notify_ready(&d->heartbeat.notify, status);
		loop_run(v->loop);
		log_info("sandboxd.stop", F_INT("left", (int64_t)v->sandboxes.len));
	}
	heartbeat_stop(&d->heartbeat);
	timer_cancel(&d->stop_timer);
	free_all(v);
	if (d->lock >= 0)
		close(d->lock);
	free(d->socket);
	return rc;
}

int
main(int argc, char **argv)
{
	struct daemon d = { .lock = -1 };
	struct error err = { 0 };
	int early;

	if (argc == 2 && strcmp(argv[1], "-T") == 0)
		return sandbox_config_print(stdout, environment, (unsigned)geteuid(), &err) < 0;
	early = program_begin("janus-sandboxd", usage, argc, argv);
	if (early >= 0)
		return early;
	umask(0077);
	http_client_setup();
	if (sandbox_config_read(&d.config, environment, (unsigned)geteuid(), &err) < 0) {
		log_error("sandboxd.config", F_STR("error", err.text));
		return 2;
	}
	if (d.config.loose_file[0] != '\0')
		log_warn("secret.open_to_others", F_STR("file", d.config.loose_file));
	const int rc = serve(&d, &err);
	if (rc < 0)
		log_error("sandboxd.failed", F_STR("error", err.text));
	sandbox_config_done(&d.config);
	return rc < 0 ? 1 : 0;
}

/*
 * main.c - janus-platform: the broker, a competitor's only way out.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/config.h"
#include "controlplane/platform/control.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/sandboxes.h"
#include "controlplane/platform/search.h"
#include "controlplane/platform/vector.h"
#include "controlplane/platform/web.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/program.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/heartbeat.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"
#include "runtime/net/http_server.h"

#define DRAIN_MS 8000
#define DRAIN_LOOK_MS 50

#define WORKERS_MAX 8

struct life {
	struct platform platform;
	struct heartbeat heartbeat;
	const struct platform_config *config;
	struct timer look;
	int64_t stop_by_ms; /* 0: not asked to stop */
};

static const char usage[] =
    "janus-platform " JANUS_VERSION " - the services a competitor may call\n"
    "\n"
    "usage: janus-platform [-h | -V]\n"
    "\n"
    "Started beside janusd, which hands it the listening sockets of the pods over\n"
    "<runtime dir>/platform.sock.  All settings come from the environment:\n"
    "  JANUS_RUNTIME_DIR               the runtime directory (/run/janus)\n"
    "  JANUS_PROVIDER_BASE_URL         an OpenAI-compatible API, else OPENAI_BASE_URL\n"
    "  JANUS_PROVIDER_API_KEY[_FILE]   its key, else OPENAI_API_KEY, CHUTES_API_KEY\n"
    "  JANUS_PROVIDER_MODEL            the model to list first\n"
    "                                  (without an address: the offline responder)\n"
    "  JANUS_PLATFORM_POLICY           who may call what, and how much: a JSON file\n"
    "  JANUS_INFERENCE_PRICES          what models cost: a JSON file\n"
    "  JANUS_SEARCH_URL, _KIND         a SearXNG (searxng) or Brave-style (brave) API\n"
    "  JANUS_SEARCH_API_KEY[_FILE]     its key\n"
    "  JANUS_SEARCH_DIR                without one: documents to search in\n"
    "  SANDY_BASE_URL                  the sandbox service (http://127.0.0.1:8601)\n"
    "  SANDY_API_KEY[_FILE]            its key (sandbox.key in the state directory)\n"
    "  JANUS_STATE_DIR                 where to keep what was spent (/var/lib/janus)\n"
    "  JANUS_LOG                       level: debug, info, warn or error\n";

static const char *
environment(const char *name)
{
	return getenv(name);
}

static unsigned
busy(const struct platform *p)
{
	size_t at = 0;
	const char *instance;
	void *caller;
	unsigned n = 0;

	while (map_next(&p->callers, &at, &instance, &caller))
		n += http_server_busy(((struct caller *)caller)->http);
	return n;
}

static void
look(struct timer *t, void *arg)
{
	struct life *life = arg;
	struct loop *loop = life->platform.loop;

	if (busy(&life->platform) == 0 || loop_now_ms(loop) >= life->stop_by_ms)
		loop_stop(loop);
	else
		timer_set(loop, t, DRAIN_LOOK_MS, look, life);
}

/* A file that is wrong changes nothing. */
static void
reload(struct life *life)
{
	struct platform *p = &life->platform;
	struct policy policy;
	struct prices prices;
	struct error err = { 0 };

	if (policy_load(&policy, life->config->policy, &err) < 0) {
		log_error("config.refused", F_STR("error", err.text));
		return;
	}
	if (prices_load(&prices, life->config->prices, &err) < 0) {
		policy_done(&policy);
		log_error("config.refused", F_STR("error", err.text));
		return;
	}
	policy_done(&p->policy);
	prices_done(&p->prices);
	p->policy = policy;
	p->prices = prices;
	log_info(
	    "config.reloaded", F_STR("policy", policy.version), F_STR("prices", prices.version));
}

static void
on_signal(int signo, void *arg)
{
	struct life *life = arg;
	struct loop *loop = life->platform.loop;
	size_t at = 0;
	const char *instance;
	void *caller;

	if (signo == SIGHUP) {
		notify_reloading(&life->heartbeat.notify);
		reload(life);
		notify_ready(&life->heartbeat.notify, NULL);
		return;
	}
	if (life->stop_by_ms != 0) { /* asked twice */
		loop_stop(loop);
		return;
	}
	log_info("platform.draining");
	life->stop_by_ms = loop_now_ms(loop) + DRAIN_MS;
	notify_stopping(&life->heartbeat.notify, "stopping: calls under way are finished");
	notify_extend(&life->heartbeat.notify, 2 * DRAIN_MS);
	control_quiet(life->platform.control);
	while (map_next(&life->platform.callers, &at, &instance, &caller))
		caller_drain(caller);
	timer_set(loop, &life->look, 0, look, life);
}

/* Files before anything that is waited for. */
static int
read_files(struct platform *p, const struct platform_config *config, struct error *err)
{
	_cleanup_free_ char *accounts = str_printf("%s/accounts.json", config->state_dir);

	if (policy_load(&p->policy, config->policy, err) < 0 ||
	    prices_load(&p->prices, config->prices, err) < 0 ||
	    file_mkdirs(config->runtime_dir, 0755, err) < 0 ||
	    file_mkdirs(config->state_dir, 0700, err) < 0)
		return -1;
	accounts_open(&p->accounts, p->loop, accounts);
	return 0;
}

static int
start(struct life *life, const struct platform_config *config, struct error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	struct platform *p = &life->platform;
	_cleanup_free_ char *path = str_printf("%s/platform.sock", config->runtime_dir);
	_cleanup_free_ char *vectors = str_printf("%s/vectors.db", config->state_dir);

	if (loop_signals(p->loop, signals, on_signal, life, err) < 0 ||
	    read_files(p, config, err) < 0)
		return -1;
	if (config->base_url != NULL) {
		if (provider_init(&p->provider, p->loop, config->base_url, config->api_key, err) <
		    0)
			return -1;
		p->has_provider = true;
		p->model = config->model;
	}
	p->web = web_new(p->loop, config->test_loopback, err);
	if (p->web == NULL)
		return error_add(err, "JANUS_PLATFORM_TEST_LOOPBACK");
	if (config->test_loopback != NULL)
		log_warn("platform.test_loopback", F_STR("addresses", config->test_loopback));
	p->sandboxes = sandboxes_new(p->loop, config, err);
	if (p->sandboxes == NULL)
		return -1;
	p->search = search_new(p->loop, config);
	p->vectors = vector_service_new(p->loop, vectors, config->vector_extension);
	p->control = control_new(p, path, err);
	if (p->control == NULL)
		return -1;
	log_info("platform.start", F_STR("version", JANUS_VERSION), F_STR("socket", path),
	    F_STR("provider", p->has_provider ? p->provider.url.host : "none"),
	    F_STR("policy", p->policy.version), F_STR("prices", p->prices.version));
	return 0;
}

/* Pods are announced to it from now on, and served. */
static void
tell_ready(struct life *life)
{
	const struct platform *p = &life->platform;
	char status[300];

	snprintf(status, sizeof(status), "serving pods; models from %s",
	    p->has_provider ? p->provider.url.host : "the offline responder");
	heartbeat_start(&life->heartbeat, p->loop);
	notify_ready(&life->heartbeat.notify, status);
}

static int
serve(const struct platform_config *config, struct error *err)
{
	struct life life = { 0 };

	life.platform.loop = loop_new(err);
	if (life.platform.loop == NULL)
		return -1;
	life.platform.workers = workers_new(WORKERS_MAX);
	life.config = config;
	const int rc = start(&life, config, err);
	if (rc == 0) {
		tell_ready(&life);
		loop_run(life.platform.loop);
		log_info("platform.stop");
	}
	heartbeat_stop(&life.heartbeat);
	timer_cancel(&life.look);
	struct platform *p = &life.platform;
	caller_drop_all(p);
	sandboxes_free(p->sandboxes);
	web_stop(p->web);
	search_free(p->search);
	vector_service_free(p->vectors);
	if (p->control != NULL)
		reports_flush(p);
	reports_done(&p->reports);
	control_free(TAKE(p->control));
	if (p->has_provider)
		provider_done(&p->provider);
	workers_free(p->workers);
	loop_run_posted(p->loop);
	web_free(p->web);
	accounts_close(&p->accounts);
	policy_done(&p->policy);
	prices_done(&p->prices);
	loop_free(p->loop);
	return rc;
}

int
main(int argc, char **argv)
{
	struct platform_config config;
	struct error err = { 0 };
	const int early = program_begin("janus-platform", usage, argc, argv);

	if (early >= 0)
		return early;
	http_client_setup();
	if (platform_config_read(&config, environment, (unsigned)geteuid(), &err) < 0) {
		log_error("platform.config", F_STR("error", err.text));
		return 2;
	}
	if (config.loose_file != NULL)
		log_warn("secret.open_to_others", F_STR("file", config.loose_file));
	const int rc = serve(&config, &err);
	if (rc < 0)
		log_error("platform.failed", F_STR("error", err.text));
	platform_config_done(&config);
	return rc < 0 ? 1 : 0;
}

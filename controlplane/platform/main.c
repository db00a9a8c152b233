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
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/program.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"
#include "runtime/net/http_server.h"

#define DRAIN_MS 8000
#define DRAIN_LOOK_MS 50

struct life {
	struct platform platform;
	struct control *control;
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

static void
on_signal(int signo, void *arg)
{
	struct life *life = arg;
	struct loop *loop = life->platform.loop;
	size_t at = 0;
	const char *instance;
	void *caller;

	(void)signo;
	if (life->stop_by_ms != 0) { /* asked twice */
		loop_stop(loop);
		return;
	}
	log_info("platform.draining");
	life->stop_by_ms = loop_now_ms(loop) + DRAIN_MS;
	control_free(TAKE(life->control));
	while (map_next(&life->platform.callers, &at, &instance, &caller))
		http_server_drain(((struct caller *)caller)->http);
	timer_set(loop, &life->look, 0, look, life);
}

static int
start(struct life *life, const struct platform_config *config, struct error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	struct platform *p = &life->platform;
	_cleanup_free_ char *path = str_printf("%s/platform.sock", config->runtime_dir);

	if (loop_signals(p->loop, signals, on_signal, life, err) < 0)
		return -1;
	if (config->base_url != NULL) {
		if (provider_init(&p->provider, p->loop, config->base_url, config->api_key, err) <
		    0)
			return -1;
		p->has_provider = true;
		p->model = config->model;
	}
	if (file_mkdirs(config->runtime_dir, 0755, err) < 0)
		return -1;
	life->control = control_new(p, path, err);
	if (life->control == NULL)
		return -1;
	log_info("platform.start", F_STR("version", JANUS_VERSION), F_STR("socket", path),
	    F_STR("provider", p->has_provider ? p->provider.url.host : "none"));
	return 0;
}

static int
serve(const struct platform_config *config, struct error *err)
{
	struct life life = { 0 };

	life.platform.loop = loop_new(err);
	if (life.platform.loop == NULL)
		return -1;
	const int rc = start(&life, config, err);
	if (rc == 0) {
		loop_run(life.platform.loop);
		log_info("platform.stop");
	}
	timer_cancel(&life.look);
	control_free(life.control);
	caller_drop_all(&life.platform);
	if (life.platform.has_provider)
		provider_done(&life.platform.provider);
	loop_free(life.platform.loop);
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
	const int rc = serve(&config, &err);
	if (rc < 0)
		log_error("platform.failed", F_STR("error", err.text));
	platform_config_done(&config);
	return rc < 0 ? 1 : 0;
}

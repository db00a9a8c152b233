/*
 * main.c - janus-baseline: the reference competitor: a model, or an agent in a sandbox.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/config.h"
#include "baseline/agent/server.h"
#include "runtime/base/cli/program.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"

#define DRAIN_MS 30000
#define DRAIN_LOOK_MS 50

struct life {
	struct loop *loop;
	struct baseline_server *server;
	struct timer look;
	int64_t stop_by_ms; /* 0: not asked to stop */
};

static const char usage[] =
    "janus-baseline " JANUS_VERSION " - the reference competitor\n"
    "\n"
    "usage: janus-baseline [-h | -V]\n"
    "\n"
    "All settings come from the environment.  Inside a pod (JANUS_PLATFORM_URL is set) it serves\n"
    "on JANUS_COMPETITOR_PORT and asks the broker at OPENAI_BASE_URL for a model.  By itself:\n"
    "  BASELINE_AGENT_CLI_HOST, BASELINE_AGENT_CLI_PORT   where to serve (127.0.0.1, 8001)\n"
    "  BASELINE_AGENT_CLI_OPENAI_BASE_URL, ..._API_KEY    the model API; without: offline\n"
    "In both:\n"
    "  BASELINE_AGENT_CLI_MODEL                           the model to ask for\n"
    "  BASELINE_AGENT_CLI_VISION_MODEL                    the one for chats with pictures\n"
    "  SANDY_BASE_URL, SANDY_API_KEY                      the sandbox service; without: no agents\n"
    "  JANUS_BASELINE_AGENT                               which agent (janus-agent)\n"
    "  BASELINE_AGENT_CLI_TIMEOUT                         of an agent's answer (300s)\n"
    "  BASELINE_AGENT_CLI_RUNS                            agents at once (4)\n"
    "  JANUS_LOG                                          level: debug, info, warn or error\n";

static const char *
environment(const char *name)
{
	return getenv(name);
}

static void
look(struct timer *t, void *arg)
{
	struct life *life = arg;

	if (!baseline_server_busy(life->server) || loop_now_ms(life->loop) >= life->stop_by_ms)
		loop_stop(life->loop);
	else
		timer_set(life->loop, t, DRAIN_LOOK_MS, look, life);
}

static void
on_signal(int signo, void *arg)
{
	struct life *life = arg;

	(void)signo;
	if (life->stop_by_ms != 0) { /* asked twice */
		loop_stop(life->loop);
		return;
	}
	log_info("baseline.draining");
	life->stop_by_ms = loop_now_ms(life->loop) + DRAIN_MS;
	baseline_server_drain(life->server);
	timer_set(life->loop, &life->look, 0, look, life);
}

static int
serve(const struct baseline_config *config, struct error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	struct life life = { 0 };

	life.loop = loop_new(err);
	if (life.loop == NULL)
		return -1;
	int rc = loop_signals(life.loop, signals, on_signal, &life, err);
	if (rc == 0)
		life.server = baseline_server_new(life.loop, config, err);
	if (life.server != NULL) {
		log_info("baseline.start", F_STR("host", config->host), F_INT("port", config->port),
		    F_BOOL("in_pod", config->in_pod), F_STR("version", JANUS_VERSION));
		loop_run(life.loop);
		log_info("baseline.stop");
	} else {
		rc = -1;
	}
	timer_cancel(&life.look);
	baseline_server_free(life.server);
	loop_free(life.loop);
	return rc;
}

int
main(int argc, char **argv)
{
	struct baseline_config config;
	struct error err = { 0 };
	const int early = program_begin("janus-baseline", usage, argc, argv);

	if (early >= 0)
		return early;
	http_client_setup();
	if (baseline_config_read(&config, environment, &err) < 0) {
		log_error("baseline.config", F_STR("error", err.text));
		return 2;
	}
	if (serve(&config, &err) < 0) {
		log_error("baseline.failed", F_STR("error", err.text));
		return 1;
	}
	return 0;
}

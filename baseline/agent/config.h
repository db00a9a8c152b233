/*
 * config.h - the baseline's settings, from the environment alone.
 */
#ifndef BASELINE_AGENT_CONFIG_H
#define BASELINE_AGENT_CONFIG_H
#include <stdbool.h>
#include <stdint.h>
struct agent_kind;
struct error;

struct baseline_config { /* strings borrowed from the environment */
	bool in_pod; /* a platform stands behind us */
	const char *host;
	int port;
	const char *base_url; /* of the model API; NULL: offline for good */
	const char *api_key; /* "" if none */
	const char *model; /* replaces the name in every request; NULL: the first the API lists */
	int64_t body_max_bytes;
	const char
	    *vision_model; /* for chats with pictures; NULL: one that is known to see, if any */
	const char *platform_url; /* NULL: bare */
	const char *sandy_url, *sandy_key; /* of the sandbox service; NULL: no agents */
	const struct agent_kind *agent;
	int64_t timeout_ms; /* of an agent's answer, all of it */
	int runs_max; /* agents at once */
};

typedef const char *baseline_env_fn(const char *name);

/**
 * baseline_config_read - take the settings from env (getenv, or a test's).
 *
 * In a pod (JANUS_PLATFORM_URL is set): every address, JANUS_COMPETITOR_PORT (8080), and the
 * broker at OPENAI_BASE_URL with OPENAI_API_KEY.  Bare: BASELINE_AGENT_CLI_HOST (127.0.0.1),
 * _PORT (8001), _OPENAI_BASE_URL, _OPENAI_API_KEY.  In both: _MODEL, _VISION_MODEL, _TIMEOUT (300s),
 * _RUNS (4), JANUS_BASELINE_AGENT (janus-agent), SANDY_BASE_URL, SANDY_API_KEY.
 */
int baseline_config_read(struct baseline_config *, baseline_env_fn *env, struct error *);
#endif

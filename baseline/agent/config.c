/*
 * config.c - read the environment.
 */
#include "baseline/agent/config.h"

#include <stdlib.h>
#include <string.h>

#include "baseline/agent/agents.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define DEFAULT_BASE_URL "https://api.openai.com/v1"
#define BODY_MAX_BYTES (10 << 20)
#define TIMEOUT_MS 300000
#define TIMEOUT_MIN_MS 10000 /* a sandbox must come and go in it */
#define TIMEOUT_MAX_MS 7200000
#define RUNS 4
#define RUNS_MAX 64

/* An empty variable is as good as none. */
static const char *
value_of(baseline_env_fn *env, const char *name)
{
	const char *value = env(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static int
read_int(baseline_env_fn *env, const char *name, int64_t max, int64_t absent, int64_t *out,
    struct error *err)
{
	const char *text = value_of(env, name);

	*out = absent;
	if (text != NULL && str_parse_int(text, 1, max, out, err) < 0)
		return error_add(err, "%s", name);
	return 0;
}

static int
read_agent(baseline_env_fn *env, struct baseline_config *c, struct error *err)
{
	const char *name = value_of(env, "JANUS_BASELINE_AGENT");
	const char *timeout = value_of(env, "BASELINE_AGENT_CLI_TIMEOUT");
	int64_t runs;

	c->agent = agent_kind_find(name != NULL ? name : "janus-agent");
	if (c->agent == NULL)
		return error_set(err, ERROR_INVALID, "JANUS_BASELINE_AGENT: '%.40s' is none of %s",
		    name, agent_kind_names());
	c->timeout_ms = TIMEOUT_MS;
	if (timeout != NULL && str_parse_duration(timeout, &c->timeout_ms, err) < 0)
		return error_add(err, "BASELINE_AGENT_CLI_TIMEOUT");
	if (c->timeout_ms < TIMEOUT_MIN_MS || c->timeout_ms > TIMEOUT_MAX_MS)
		return error_set(
		    err, ERROR_INVALID, "BASELINE_AGENT_CLI_TIMEOUT is from 10s to 2h");
	if (read_int(env, "BASELINE_AGENT_CLI_RUNS", RUNS_MAX, RUNS, &runs, err) < 0)
		return -1;
	c->runs_max = (int)runs;
	c->vision_model = value_of(env, "BASELINE_AGENT_CLI_VISION_MODEL");
	c->platform_url = value_of(env, "JANUS_PLATFORM_URL");
	c->sandy_url = value_of(env, "SANDY_BASE_URL");
	c->sandy_key = value_of(env, "SANDY_API_KEY");
	return 0;
}

int
baseline_config_read(struct baseline_config *out, baseline_env_fn *env, struct error *err)
{
	struct baseline_config c = { .in_pod = value_of(env, "JANUS_PLATFORM_URL") != NULL };
	int64_t port;

	if (read_int(env, "JANUS_MAX_REQUEST_SIZE", INT32_MAX, BODY_MAX_BYTES, &c.body_max_bytes,
		err) < 0)
		return -1;
	if (c.in_pod) {
		if (read_int(env, "JANUS_COMPETITOR_PORT", 65535, 8080, &port, err) < 0)
			return -1;
		c.host = "0.0.0.0";
		c.base_url = value_of(env, "OPENAI_BASE_URL");
		c.api_key = value_of(env, "OPENAI_API_KEY");
	} else {
		if (read_int(env, "BASELINE_AGENT_CLI_PORT", 65535, 8001, &port, err) < 0)
			return -1;
		c.host = value_of(env, "BASELINE_AGENT_CLI_HOST");
		c.base_url = value_of(env, "BASELINE_AGENT_CLI_OPENAI_BASE_URL");
		c.api_key = value_of(env, "BASELINE_AGENT_CLI_OPENAI_API_KEY");
		if (c.base_url == NULL && c.api_key != NULL)
			c.base_url = DEFAULT_BASE_URL;
	}
	if (read_agent(env, &c, err) < 0)
		return -1;
	if (c.host == NULL)
		c.host = "127.0.0.1";
	if (c.api_key == NULL)
		c.api_key = "";
	if (strpbrk(c.api_key, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "the API key holds a line break");
	c.model = value_of(env, "BASELINE_AGENT_CLI_MODEL");
	c.port = (int)port;
	*out = c;
	return 0;
}

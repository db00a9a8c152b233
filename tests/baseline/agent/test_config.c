/*
 * test_config.c - the baseline's settings in a pod, bare, and wrong.
 */
#include "baseline/agent/config.h"

#include <check.h>
#include <string.h>

#include "baseline/agent/agents.h"
#include "runtime/base/error.h"
#include "tests/run.h"

/* "NAME=value" strings, NULL-ended, of the running case. */
static const char *const *variables;

static const char *
env(const char *name)
{
	const size_t len = strlen(name);

	for (const char *const *v = variables; *v != NULL; v++)
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return *v + len + 1;
	return NULL;
}
#define ENV(...)                                \
	variables = (const char *const[])       \
	{                                       \
		__VA_ARGS__ __VA_OPT__(, ) NULL \
	}

START_TEST(test_bare)
{
	struct baseline_config c;

	ENV();
	ck_assert_int_eq(baseline_config_read(&c, env, NULL), 0);
	ck_assert(!c.in_pod);
	ck_assert_str_eq(c.host, "127.0.0.1");
	ck_assert_int_eq(c.port, 8001);
	ck_assert_ptr_null(c.base_url);
	ENV("BASELINE_AGENT_CLI_PORT=9", "BASELINE_AGENT_CLI_HOST=0.0.0.0",
	    "BASELINE_AGENT_CLI_OPENAI_API_KEY=k", "OPENAI_BASE_URL=http://not.read/v1");
	ck_assert_int_eq(baseline_config_read(&c, env, NULL), 0);
	ck_assert_str_eq(c.host, "0.0.0.0");
	ck_assert_int_eq(c.port, 9);
	ck_assert_str_eq(c.base_url, "https://api.openai.com/v1");
	ENV("BASELINE_AGENT_CLI_OPENAI_BASE_URL=http://127.0.0.1:1/v1",
	    "BASELINE_AGENT_CLI_MODEL=m");
	ck_assert_int_eq(baseline_config_read(&c, env, NULL), 0);
	ck_assert_str_eq(c.api_key, "");
	ck_assert_str_eq(c.model, "m");
}
END_TEST

START_TEST(test_pod)
{
	struct baseline_config c;

	ENV("JANUS_PLATFORM_URL=http://127.0.0.1:8600", "OPENAI_BASE_URL=http://127.0.0.1:8600/v1",
	    "OPENAI_API_KEY=t", "BASELINE_AGENT_CLI_PORT=9");
	ck_assert_int_eq(baseline_config_read(&c, env, NULL), 0);
	ck_assert(c.in_pod);
	ck_assert_str_eq(c.host, "0.0.0.0");
	ck_assert_int_eq(c.port, 8080);
	ck_assert_str_eq(c.base_url, "http://127.0.0.1:8600/v1");
	ck_assert_str_eq(c.api_key, "t");
}
END_TEST

START_TEST(test_agent)
{
	struct baseline_config c;

	ENV();
	ck_assert_int_eq(baseline_config_read(&c, env, NULL), 0);
	ck_assert_str_eq(c.agent->name, "janus-agent");
	ck_assert_int_eq(c.timeout_ms, 300000);
	ck_assert_ptr_null(c.sandy_url);
	ENV("SANDY_BASE_URL=http://127.0.0.1:1", "SANDY_API_KEY=k", "JANUS_BASELINE_AGENT=opencode",
	    "BASELINE_AGENT_CLI_TIMEOUT=1m", "BASELINE_AGENT_CLI_RUNS=2",
	    "BASELINE_AGENT_CLI_VISION_MODEL=v");
	ck_assert_int_eq(baseline_config_read(&c, env, NULL), 0);
	ck_assert_str_eq(c.agent->name, "opencode");
	ck_assert_str_eq(c.sandy_url, "http://127.0.0.1:1");
	ck_assert_str_eq(c.sandy_key, "k");
	ck_assert_str_eq(c.vision_model, "v");
	ck_assert_int_eq(c.timeout_ms, 60000);
	ck_assert_int_eq(c.runs_max, 2);
}
END_TEST

START_TEST(test_wrong)
{
	struct baseline_config c;
	struct error err = { 0 };

	ENV("BASELINE_AGENT_CLI_PORT=70000");
	ck_assert_int_eq(baseline_config_read(&c, env, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "BASELINE_AGENT_CLI_PORT"));
	ENV("JANUS_BASELINE_AGENT=nobody");
	ck_assert_int_eq(baseline_config_read(&c, env, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "janus-agent, opencode"));
	ENV("BASELINE_AGENT_CLI_TIMEOUT=1s");
	ck_assert_int_eq(baseline_config_read(&c, env, &err), -1);
	ENV("BASELINE_AGENT_CLI_RUNS=0");
	ck_assert_int_eq(baseline_config_read(&c, env, &err), -1);
	ENV("BASELINE_AGENT_CLI_OPENAI_API_KEY=a\r\nx: y");
	ck_assert_int_eq(baseline_config_read(&c, env, &err), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_bare);
	tcase_add_test(tc, test_pod);
	tcase_add_test(tc, test_agent);
	tcase_add_test(tc, test_wrong);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_config.c - where the broker's provider and key come from.
 */
#include "controlplane/platform/config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/run.h"

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

static void
expect(const char *base_url, const char *key, const char *dir)
{
	struct platform_config c;
	struct error err = { 0 };

	ck_assert_msg(platform_config_read(&c, env, 1000, &err) == 0, "%s", err.text);
	ck_assert_msg(str_eq(c.base_url, base_url), "%s", c.base_url);
	ck_assert_str_eq(c.api_key, key);
	ck_assert_str_eq(c.runtime_dir, dir);
	platform_config_done(&c);
}

START_TEST(test_sources)
{
	ENV();
	expect(NULL, "", "/run/janus");
	ENV("XDG_RUNTIME_DIR=/run/user/7");
	expect(NULL, "", "/run/user/7/janus");
	ENV("JANUS_RUNTIME_DIR=/r", "OPENAI_API_KEY=o");
	expect("https://api.openai.com/v1", "o", "/r");
	ENV("RUNTIME_DIRECTORY=/r", "CHUTES_API_KEY=c");
	expect("https://llm.chutes.ai/v1", "c", "/r");
	ENV("JANUS_RUNTIME_DIR=/r", "OPENAI_BASE_URL=http://127.0.0.1:1/v1");
	expect("http://127.0.0.1:1/v1", "", "/r");
	ENV("JANUS_RUNTIME_DIR=/r", "OPENAI_BASE_URL=http://a/v1",
	    "JANUS_PROVIDER_BASE_URL=http://b/v1", "OPENAI_API_KEY=o", "JANUS_PROVIDER_API_KEY=p");
	expect("http://b/v1", "p", "/r");
}
END_TEST

START_TEST(test_key_file)
{
	char path[] = "/tmp/janus_key_XXXXXX", variable[80];
	struct platform_config c;
	struct error err = { 0 };
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "secret\n", 7), 7);
	close(fd);
	snprintf(variable, sizeof(variable), "JANUS_PROVIDER_API_KEY_FILE=%s", path);
	ENV("JANUS_RUNTIME_DIR=/r", variable);
	expect("https://api.openai.com/v1", "secret", "/r");
	ENV("JANUS_PROVIDER_API_KEY=x", variable);
	ck_assert_int_eq(platform_config_read(&c, env, 0, &err), -1);
	unlink(path);
	ENV(variable);
	ck_assert_int_eq(platform_config_read(&c, env, 0, &err), -1);
}
END_TEST

START_TEST(test_search)
{
	static const char *const bad[][3] = { { "JANUS_SEARCH_KIND=other" },
		{ "JANUS_SEARCH_URL=ftp://x" }, { "JANUS_SEARCH_URL=http://u:p@x" },
		{ "JANUS_SEARCH_API_KEY=a\nb" },
		{ "JANUS_SEARCH_API_KEY=a", "JANUS_SEARCH_API_KEY_FILE=/nonexistent" },
		{ "JANUS_SEARCH_API_KEY_FILE=/nonexistent" } };
	struct platform_config c;
	struct error err = { 0 };

	ENV("JANUS_STATE_DIR=/s");
	ck_assert_int_eq(platform_config_read(&c, env, 0, &err), 0);
	ck_assert_ptr_null(c.search_url);
	ck_assert_str_eq(c.search_dir, "/usr/share/doc/janus");
	ck_assert_str_eq(c.state_dir, "/s/platform");
	platform_config_done(&c);
	ENV("JANUS_SEARCH_URL=http://127.0.0.1:8888//", "JANUS_SEARCH_KIND=brave",
	    "JANUS_SEARCH_API_KEY=k", "XDG_STATE_HOME=/x");
	ck_assert_int_eq(platform_config_read(&c, env, 1000, &err), 0);
	ck_assert_str_eq(c.search_url, "http://127.0.0.1:8888");
	ck_assert_str_eq(c.search_key, "k");
	ck_assert(!c.is_searxng);
	ck_assert_str_eq(c.state_dir, "/x/janus/platform");
	platform_config_done(&c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ENV(bad[i][0], bad[i][1]);
		ck_assert_msg(platform_config_read(&c, env, 0, &err) == -1, "%s", bad[i][0]);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_sources);
	tcase_add_test(tc, test_key_file);
	tcase_add_test(tc, test_search);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

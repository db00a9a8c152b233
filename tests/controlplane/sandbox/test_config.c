/*
 * test_config.c - settings and keys of janus-sandboxd.
 */
#include "controlplane/sandbox/config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const char *const *variables;
static char dir[32];

static const char *
env(const char *name)
{
	const size_t len = strlen(name);

	if (strcmp(name, "JANUS_STATE_DIR") == 0)
		return dir;
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
begin(void)
{
	strcpy(dir, "/tmp/sbc.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
end(void)
{
	file_remove_tree(dir, NULL);
}

START_TEST(test_usual)
{
	struct sandbox_config c;
	struct error err = { 0 };
	char path[64], first[HASH_HEX_MAX];
	struct stat st;

	ENV();
	ck_assert_msg(sandbox_config_read(&c, env, 0, &err) == 0, "%s", err.text);
	ck_assert_str_eq(c.host, "127.0.0.1");
	ck_assert_int_eq(c.port, 8601);
	ck_assert_str_eq(c.runtime_dir, "/run/janus");
	ck_assert_int_eq(c.ttl_ms, 600000);
	ck_assert_int_gt(c.total_memory_bytes, c.memory_bytes);
	ck_assert_uint_eq(c.nkeys, 1);
	strcpy(first, c.key_sha256[0]);
	sandbox_config_done(&c);
	snprintf(path, sizeof(path), "%s/sandbox.key", dir);
	ck_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == 51);
	/* The same the next time. */
	ck_assert_int_eq(sandbox_config_read(&c, env, 0, &err), 0);
	ck_assert_str_eq(c.key_sha256[0], first);
	sandbox_config_done(&c);
}
END_TEST

START_TEST(test_keys)
{
	struct sandbox_config c;
	struct error err = { 0 };
	char hash[HASH_HEX_MAX], path[64], variable[96];

	ENV("SANDY_API_KEY=a-key-of-somebody-1\na-key-of-somebody-2\n");
	ck_assert_msg(sandbox_config_read(&c, env, 0, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c.nkeys, 2);
	ck_assert_str_eq(c.key_sha256[1], hash_sha256_hex("a-key-of-somebody-2", 19, hash));
	sandbox_config_done(&c);
	snprintf(path, sizeof(path), "%s/keys", dir);
	ck_assert_int_eq(file_write(path, "\r\na-key-of-somebody-3\r\n", 23, 0600, NULL), 0);
	snprintf(variable, sizeof(variable), "SANDY_API_KEY_FILE=%s", path);
	ENV(variable);
	ck_assert_msg(sandbox_config_read(&c, env, 0, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c.nkeys, 1);
	sandbox_config_done(&c);
	ENV(variable, "SANDY_API_KEY=a-key-of-somebody-1");
	ck_assert_int_eq(sandbox_config_read(&c, env, 0, &err), -1);
}
END_TEST

START_TEST(test_hosting_keys)
{
	struct sandbox_config c;
	struct error err = { 0 };
	char path[64], variable[96];

	ENV("SANDY_API_KEY=a-key-of-somebody-1");
	ck_assert_int_eq(sandbox_config_read(&c, env, 0, &err), 0);
	ck_assert_uint_eq(c.hosting_from, c.nkeys); /* nobody may */
	sandbox_config_done(&c);
	snprintf(path, sizeof(path), "%s/hosting", dir);
	snprintf(variable, sizeof(variable), "JANUS_SANDBOX_HOSTING_KEY_FILE=%s", path);
	ENV("SANDY_API_KEY=a-key-of-somebody-1", variable);
	ck_assert_int_eq(sandbox_config_read(&c, env, 0, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "JANUS_SANDBOX_HOSTING_KEY_FILE"));
	ck_assert_int_eq(file_write(path, "a-key-of-somebody-2\n", 20, 0600, NULL), 0);
	ck_assert_msg(sandbox_config_read(&c, env, 0, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c.nkeys, 2);
	ck_assert_uint_eq(c.hosting_from, 1);
	sandbox_config_done(&c);
	ck_assert_int_eq(file_write(path, "\n", 1, 0600, NULL), 0);
	ck_assert_int_eq(sandbox_config_read(&c, env, 0, &err), -1);
	ck_assert_int_eq(file_write(path, "a-key-of-somebody-1\n", 20, 0600, NULL), 0);
	ck_assert_int_eq(sandbox_config_read(&c, env, 0, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "for sandboxes too"));
}
END_TEST

static const struct {
	const char *variable, *named;
} wrong[] = {
	{ "JANUS_SANDBOX_HOSTED_MAX=0", "JANUS_SANDBOX_HOSTED_MAX" },
	{ "JANUS_SANDBOX_HOSTED_MEMORY=some", "JANUS_SANDBOX_HOSTED_MEMORY" },
	{ "SANDY_API_KEY=short", "SANDY_API_KEY" },
	{ "SANDY_API_KEY=a key with spaces in it", "SANDY_API_KEY" },
	{ "SANDY_API_KEY_FILE=/nonexistent/key", "key" },
	{ "JANUS_SANDBOX_PORT=0", "JANUS_SANDBOX_PORT" },
	{ "JANUS_SANDBOX_MEMORY=lots", "JANUS_SANDBOX_MEMORY" },
	{ "JANUS_SANDBOX_PIDS=0", "JANUS_SANDBOX_PIDS" },
	{ "JANUS_SANDBOX_TTL=0s", "JANUS_SANDBOX_TTL" },
	{ "JANUS_SANDBOX_TTL=3h", "JANUS_SANDBOX_TTL" },
	{ "JANUS_SANDBOX_CPUS=0", "JANUS_SANDBOX_CPUS" },
	{ "JANUS_SANDBOX_DISK=1GiB", "JANUS_SANDBOX_DISK" },
	{ "JANUS_SANDBOX_TOTAL_MEMORY=1MiB", "JANUS_SANDBOX_MEMORY" },
	{ "JANUS_RUNTIME_DIR=/a/directory/with/a/name/that/is/much/too/long", "JANUS_RUNTIME_DIR" },
};

START_TEST(test_wrong)
{
	struct sandbox_config c;
	struct error err = { 0 };

	ENV(wrong[_i].variable);
	ck_assert_msg(sandbox_config_read(&c, env, 0, &err) == -1, "%s", wrong[_i].variable);
	ck_assert_msg(
	    strstr(err.text, wrong[_i].named) != NULL, "%s: %s", wrong[_i].variable, err.text);
	ck_assert_msg(strstr(err.text, "spaces in it") == NULL, "a key is told nobody");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox config");
	TCase *t = tcase_create("config");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, test_usual);
	tcase_add_test(t, test_keys);
	tcase_add_test(t, test_hosting_keys);
	tcase_add_loop_test(t, test_wrong, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
	suite_add_tcase(s, t);
	return run_suite(s);
}

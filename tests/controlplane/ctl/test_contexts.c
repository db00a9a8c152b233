/*
 * test_contexts.c - contexts are kept as they were put, and nobody else reads them.
 */
#include "controlplane/ctl/contexts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "tests/run.h"

static char dir[64];

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/janus_contexts_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	clearenv();
	setenv("XDG_CONFIG_HOME", dir, 1);
}

static void
tear_down(void)
{
	file_remove_tree(dir, NULL);
}

static cJSON *
load(void)
{
	struct error err = { 0 };
	cJSON *list = contexts_load(&err);

	ck_assert_msg(list != NULL, "%s", err.text);
	return list;
}

START_TEST(test_kept)
{
	_cleanup_json_ cJSON *list = load(), *again = NULL;
	char path[128];
	struct error err = { 0 };
	struct stat st;

	ck_assert_ptr_null(contexts_find(list, "prod"));
	contexts_put(list, "prod", "https://janus.example", NULL);
	contexts_put(list, "dev", "http://127.0.0.1:8000", "/k");
	contexts_put(list, "prod", NULL, "/p");
	ck_assert_msg(contexts_save(list, &err) == 0, "%s", err.text);
	again = load();
	ck_assert_int_eq(cJSON_GetArraySize(json_get(again, "data")), 2);
	ck_assert_str_eq(json_str(contexts_find(again, "prod"), "url"), "https://janus.example");
	ck_assert_str_eq(json_str(contexts_find(again, "prod"), "api_key_file"), "/p");
	ck_assert_str_eq(json_str(contexts_find(again, "dev"), "api_key_file"), "/k");

	snprintf(path, sizeof(path), "%s/janus/contexts.json", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/janus", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	_cleanup_free_ char *key = contexts_key_path("prod", &err);
	ck_assert_str_eq(key + strlen(dir), "/janus/keys/prod");
}
END_TEST

START_TEST(test_broken)
{
	static const char *const broken[] = { "", "{", "[]", "{}", "{\"data\":1}" };
	char path[128];

	snprintf(path, sizeof(path), "%s/janus", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/janus/contexts.json", dir);
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct error err = { 0 };

		ck_assert_int_eq(file_write(path, broken[i], strlen(broken[i]), 0600, &err), 0);
		ck_assert_ptr_null(contexts_load(&err));
		ck_assert_msg(strstr(err.text, "contexts.json") != NULL, "%s", err.text);
	}
	unsetenv("XDG_CONFIG_HOME");
	ck_assert_ptr_null(contexts_load(NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("contexts");
	TCase *tc = tcase_create("contexts");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_kept);
	tcase_add_test(tc, test_broken);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

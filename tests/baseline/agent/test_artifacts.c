/*
 * test_artifacts.c - files are kept as they are, described, found, and go when it is time; also
 * which agents there are, and which models see.
 */
#include "baseline/agent/artifacts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/agents.h"
#include "baseline/agent/vision.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const struct artifact *
keep(struct artifacts *all, const char *name, const char *bytes, size_t len, int64_t wall_ms)
{
	char *copy = mem_zalloc(len + 1);

	if (bytes != NULL)
		memcpy(copy, bytes, len);
	return artifacts_keep(all, name, copy, len, wall_ms);
}

START_TEST(test_described)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct artifacts all = { 0 };
	const struct artifact *a = keep(&all, "a b.PNG", "\x89P\0G", 4, 1000);

	artifact_describe(a, &text);
	ck_assert_int_eq(json_parse(buf_str(&text), text.len, &json, NULL), 0);
	ck_assert_str_eq(json_str(json, "type"), "image");
	ck_assert_str_eq(json_str(json, "mime_type"), "image/png");
	ck_assert_str_eq(json_str(json, "display_name"), "a b.PNG");
	ck_assert_int_eq(json_int(json, "size_bytes", 0), 4);
	ck_assert_int_eq(strlen(json_str(json, "sha256")), 64);
	ck_assert_int_eq(json_int(json, "ttl_seconds", 0), 3600);
	ck_assert(id_valid("artf", json_str(json, "id")));
	const char *url = json_str(json, "url");
	ck_assert(str_ends(url, "/a%20b.PNG"));
	ck_assert_ptr_eq(artifacts_find(&all, url, 1000), a);
	ck_assert_int_eq(memcmp(artifacts_find(&all, url, 1000)->bytes, "\x89P\0G", 4), 0);
	artifacts_done(&all);
}
END_TEST

START_TEST(test_found)
{
	static const char *const none[] = { "/artifacts/", "/artifacts/artf_x/a", "/artifacts//a",
		"/other/artf", "" };
	_cleanup_buf_ struct buf path = { 0 };
	struct artifacts all = { 0 };
	const struct artifact *a = keep(&all, "a", "x", 1, 1000);

	buf_printf(&path, "/artifacts/%s/whatever", a->id);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_ptr_null(artifacts_find(&all, none[i], 1000));
	ck_assert_ptr_nonnull(artifacts_find(&all, buf_str(&path), 1000 + ARTIFACT_TTL_MS - 1));
	ck_assert_ptr_null(artifacts_find(&all, buf_str(&path), 1000 + ARTIFACT_TTL_MS));
	ck_assert_int_eq(all.bytes, 0);
	artifacts_done(&all);
}
END_TEST

/* All that is kept is bounded: the oldest make room. */
START_TEST(test_bounded)
{
	struct artifacts all = { 0 };
	_cleanup_buf_ struct buf last = { 0 };

	for (int i = 0; i < 10; i++) {
		const struct artifact *a = keep(&all, "big", NULL, ARTIFACT_MAX_BYTES, 1000 + i);

		ck_assert_int_le(all.bytes, ARTIFACTS_MAX_BYTES);
		buf_clear(&last);
		buf_printf(&last, "/artifacts/%s/big", a->id);
		ck_assert_ptr_nonnull(artifacts_find(&all, buf_str(&last), 1000 + i));
	}
	ck_assert_int_eq(all.kept, 10);
	artifacts_done(&all);
	ck_assert_int_eq(all.bytes, 0);
}
END_TEST

START_TEST(test_types)
{
	ck_assert_str_eq(artifact_mime("a.csv"), "text/csv");
	ck_assert_str_eq(artifact_mime("a.CSV"), "text/csv");
	ck_assert_str_eq(artifact_mime("a"), "application/octet-stream");
	ck_assert_str_eq(artifact_mime(""), "application/octet-stream");
	ck_assert_str_eq(artifact_mime("a.tar.gz"), "application/gzip");
}
END_TEST

START_TEST(test_agents)
{
	const struct agent_place all = {
		.base_url = "http://h/v1", .model = "m", .key = "k", .pack = "/p"
	};
	const struct agent_place few = { .pack = "/p" };
	const char *names = agent_kind_names();
	char *env[AGENTS_ENV_MAX];

	for (size_t len; *names != '\0'; names += len + (names[len] == ',' ? 2 : 0)) {
		len = strcspn(names, ",");
		_cleanup_free_ char *name = str_ndup(names, len);
		const struct agent_kind *k = agent_kind_find(name);

		ck_assert_msg(k != NULL, "%s", name);
		for (int i = 0; i < 2; i++) {
			const size_t n = agent_kind_env(k, i == 0 ? &all : &few, env);

			for (size_t j = 0; j < n; j++) {
				ck_assert_msg(strchr(env[j], '%') == NULL, "%s", env[j]);
				ck_assert_msg(
				    i == 0 || strstr(env[j], "KEY") == NULL, "%s", env[j]);
				free(env[j]);
			}
		}
	}
	ck_assert_ptr_null(agent_kind_find("nobody"));
	_cleanup_free_ char *bare = agent_kind_url(agent_kind_find("claude-code"), "http://h/v1");
	_cleanup_free_ char *whole = agent_kind_url(agent_kind_find("codex"), "http://h/v1");
	_cleanup_free_ char *model = agent_kind_model(agent_kind_find("opencode"), "a/b");
	ck_assert_str_eq(bare, "http://h");
	ck_assert_str_eq(whole, "http://h/v1");
	ck_assert_str_eq(model, "janus/a/b");
	ck_assert_ptr_null(agent_kind_url(agent_kind_find("codex"), NULL));
}
END_TEST

START_TEST(test_vision)
{
	static const char *const see[] = { "gpt-4o-mini", "GPT-4.1", "openai/gpt-5",
		"claude-3-haiku", "claude-sonnet-4-5", "Qwen/Qwen2.5-VL-7B-Instruct",
		"llama3.2-vision:11b", "llava:7b" };
	static const char *const blind[] = { "gpt-3.5-turbo", "deepseek-chat", "llama3.1:8b",
		"o1-mini", "text-embedding-3-small", "", "janus-offline-responder" };
	_cleanup_json_ cJSON *list = NULL;
	const char text[] = "{\"data\":[{\"id\":\"a\"},{\"id\":7},{\"id\":\"llava\"}]}";

	for (size_t i = 0; i < ARRAY_LEN(see); i++)
		ck_assert_msg(vision_sees(see[i]), "%s", see[i]);
	for (size_t i = 0; i < ARRAY_LEN(blind); i++)
		ck_assert_msg(!vision_sees(blind[i]), "%s", blind[i]);
	ck_assert(!vision_sees(NULL));
	ck_assert_int_eq(json_parse(text, strlen(text), &list, NULL), 0);
	ck_assert_str_eq(vision_choose("mine", "gpt-4o", list), "mine");
	ck_assert_str_eq(vision_choose(NULL, "gpt-4o", list), "gpt-4o");
	ck_assert_str_eq(vision_choose(NULL, "a", list), "llava");
	ck_assert_ptr_null(vision_choose(NULL, "a", NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("artifacts");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_described);
	tcase_add_test(tc, test_found);
	tcase_add_test(tc, test_bounded);
	tcase_add_test(tc, test_types);
	tcase_add_test(tc, test_agents);
	tcase_add_test(tc, test_vision);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

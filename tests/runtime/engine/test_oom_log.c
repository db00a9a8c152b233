/*
 * test_oom_log.c - whose memory limit the kernel says was met, and whose not.
 */
#include "runtime/engine/oom_log.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "tests/run.h"

#define ID "aa4a97c212327c114b5077897fb4e4e0231b919c09261febd20f489ace1a36de"
#define OTHER "0f424c4c2e43e3477172b3a1bea60fea00d695620f8fd26d70b795f94918083f"
#define RECORD(text, limit, task)                                                              \
	"6,1,2,-;" text "constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0," \
	"oom_memcg=" limit ",task_memcg=" task ",task=program,pid=5885,uid=0"

static const struct record {
	const char *text, *id;
	bool names;
} records[] = {
	{ RECORD("oom-kill:", "/libpod_parent/libpod-" ID, "/libpod_parent/libpod-" ID), ID, true },
	{ RECORD("oom-kill:", "/machine.slice/libpod-" ID ".scope/container", "/x"), ID, true },
	{ RECORD("oom-kill:", "/libpod_parent/libpod-" OTHER, "/libpod_parent/libpod-" OTHER), ID,
	    false },
	/* The limit of a parent: not its own. */
	{ RECORD("oom-kill:", "/machine.slice", "/machine.slice/libpod-" ID ".scope"), ID, false },
	/* A name of a process that poses as the line. */
	{ RECORD("oom-kill:x invoked ", "/x", "/y"), ID, false },
	{ "6,1,2,-;Killed process oom-kill:,oom_memcg=" ID, ID, false },
	{ "6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,task=x", ID, false },
	{ "6,1,2,-;oom-kill:,oom_memcg=/libpod-" ID, ID, true },
	{ RECORD("oom-kill:", "/a", "/a"), "a", false },
	{ RECORD("oom-kill:", "/a", "/a"), "", false },
	{ "", ID, false },
};

START_TEST(test_record) /* a kill at the limit of that container, and of no other */
{
	const struct record *r = &records[_i];

	ck_assert_msg(oom_log_line(r->text, strlen(r->text), r->id) == r->names, "%s", r->text);
}
END_TEST

START_TEST(test_log)
{
	char path[] = "/tmp/test_oom_log.XXXXXX";
	const char *line = records[0].text;
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert(!oom_log_names(path, ID));
	ck_assert_int_eq(file_write(path, line, strlen(line), 0600, NULL), 0);
	ck_assert(oom_log_names(path, ID));
	ck_assert(!oom_log_names(path, OTHER));
	unlink(path);
	ck_assert(!oom_log_names(path, ID));
}
END_TEST

START_TEST(test_init_words) /* what an init says of a command that it cannot start */
{
	static const struct {
		const char *line;
		int code;
	} cases[] = {
		{ "ERROR (catatonit:6): failed to exec pid1: No such file or directory", 127 },
		{ "ERROR (catatonit:6): failed to exec pid1: Permission denied", 126 },
		{ "ERROR (catatonit:6): failed to exec pid1: Exec format error", 126 },
		{ "ERROR (catatonit:6): failed to exec pid1: Cannot allocate memory", 0 },
		{ "ERROR (catatonit:6): failed to open /dev/null: No such file or directory", 0 },
		{ "it says ERROR (catatonit:6): failed to exec pid1: Permission denied", -1 },
		{ "ERROR (catatonit:6): failed to exec pid1: ", 0 },
		{ "ERROR (catatonit:6): ", 0 },
		{ "ERROR", 0 },
		{ "", 0 },
		{ "ERROR of its own", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(init_exec_code(cases[i].line, strlen(cases[i].line)) == cases[i].code,
		    "%s", cases[i].line);
}
END_TEST

START_TEST(test_ways) /* [D01] Podman instead of Docker is known by what it says of its parts */
{
	static const struct {
		const char *version, *name;
	} cases[] = {
		{ "{\"Components\":[{\"Name\":\"Podman Engine\"},{\"Name\":\"Conmon\"}]}",
		    "podman" },
		{ "{\"Components\":[{\"Name\":\"Engine\"},{\"Name\":\"containerd\"}]}", "docker" },
		{ "{\"Components\":[7,{\"Name\":null}]}", "docker" },
		{ "{}", "docker" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_json_ cJSON *json = cJSON_Parse(cases[i].version);
		const struct engine_ways *ways = ways_of(json);

		ck_assert_str_eq(ways->name, cases[i].name);
		ck_assert_int_eq(ways->podman, strcmp(cases[i].name, "podman") == 0);
		ck_assert_int_ge(ways->info_ms, PING_MS);
	}
}
END_TEST

START_TEST(test_long_words) /* of a long refusal the end is kept, where the cause stands */
{
	char text[2000], out[ENGINE_TEXT_MAX];

	memset(text, 'x', sizeof(text));
	snprintf(text + 1900, sizeof(text) - 1900, ": manifest unknown");
	engine_words(text, strlen(text), out);
	ck_assert_uint_eq(strlen(out), ENGINE_TEXT_MAX - 1);
	ck_assert_msg(
	    str_starts(out, "...x") && strstr(out, ": manifest unknown") != NULL, "%s", out);
	for (size_t i = 0; i + 1 < 1000; i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	for (size_t len = 600; len < 604; len += 2) {
		engine_words(text, len, out);
		ck_assert_msg(str_starts(out, "...\xc3\xbc"), "%s", out);
	}
	engine_words("short", 5, out);
	ck_assert_str_eq(out, "short");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("oom_log");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_record, 0, (int)ARRAY_LEN(records));
	tcase_add_test(tc, test_log);
	tcase_add_test(tc, test_init_words);
	tcase_add_test(tc, test_ways);
	tcase_add_test(tc, test_long_words);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

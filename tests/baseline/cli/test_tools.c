/*
 * test_tools.c - what the agent's tools do, and what commands that behave badly come to.
 */
#include "baseline/cli/tools.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline/cli/command.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char dir[] = "/tmp/janus-tools.XXXXXX";
static const struct tools tools = { .key = "", .command_ms = 5000 };

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void
teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(file_remove_tree(dir, NULL), 0);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
}

static bool
run(const char *name, const char *arguments, struct buf *out)
{
	_cleanup_json_ cJSON *json = NULL;

	buf_clear(out);
	ck_assert_int_eq(json_parse(arguments, strlen(arguments), &json, NULL), 0);
	return tools_run(&tools, name, json, out);
}

START_TEST(test_each)
{
	_cleanup_buf_ struct buf out = { 0 };

	ck_assert(run("write", "{\"path\":\"a/b/c.txt\",\"content\":\"Gr\\u00fc\\u00dfe\"}", &out));
	ck_assert(run("read", "{\"path\":\"a/b/c.txt\"}", &out));
	ck_assert_str_eq(buf_str(&out),
	    "Gr\xc3\xbc\xc3\x9f"
	    "e");
	ck_assert(run("read", "{\"path\":\"a/b/c.txt\",\"offset\":2}", &out));
	ck_assert(str_starts(buf_str(&out), "\xc3\xbc"));
	ck_assert(run("list", "{}", &out));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "a/\t"));
	ck_assert(run("list", "{\"path\":\"a/b\"}", &out));
	ck_assert_str_eq(buf_str(&out), "c.txt\t7\n");
	ck_assert(run("shell", "{\"command\":\"echo out; echo err >&2\"}", &out));
	ck_assert_str_eq(buf_str(&out), "out\nerr\n");
	ck_assert(!run("shell", "{\"command\":\"exit 3\"}", &out));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "exit code 3"));
}
END_TEST

START_TEST(test_wrong)
{
	static const struct {
		const char *name, *arguments;
	} wrong[] = {
		{ "shell", "{}" },
		{ "shell", "{\"command\":7}" },
		{ "shell", "[]" },
		{ "read", "{}" },
		{ "read", "{\"path\":\"none\"}" },
		{ "read", "{\"path\":\".\"}" },
		{ "read", "{\"path\":\"bytes\"}" },
		{ "write", "{\"path\":\"x\"}" },
		{ "write", "{\"path\":\"/proc/none/x\",\"content\":\"\"}" },
		{ "list", "{\"path\":\"none\"}" },
		{ "search", "{\"query\":\"x\"}" },
		{ "fetch", "{\"url\":\"http://x/\"}" },
		{ "nothing", "{}" },
		{ "", "{}" },
	};
	_cleanup_buf_ struct buf out = { 0 };

	ck_assert_int_eq(file_write("bytes", "a\0b", 3, 0644, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ck_assert_msg(!run(wrong[i].name, wrong[i].arguments, &out), "%s %s", wrong[i].name,
		    wrong[i].arguments);
		ck_assert_msg(out.len > 0, "%s says nothing", wrong[i].name);
	}
}
END_TEST

START_TEST(test_schema)
{
	const struct tools with = { .key = "", .platform_url = "http://127.0.0.1:1" };
	_cleanup_json_ cJSON *few = tools_schema(&tools), *all = tools_schema(&with);
	const cJSON *each;

	ck_assert_int_eq(cJSON_GetArraySize(few), 4);
	ck_assert_int_eq(cJSON_GetArraySize(all), 6);
	json_for_each(each, all) {
		const cJSON *f = json_get(each, "function");

		ck_assert_str_eq(json_str(each, "type"), "function");
		ck_assert_ptr_nonnull(json_str(f, "name"));
		ck_assert_str_eq(json_str(json_get(f, "parameters"), "type"), "object");
	}
}
END_TEST

/* ---- commands that behave badly ---- */

static void
command(const char *line, int64_t timeout_ms, struct command *c)
{
	const char *const argv[] = { "sh", "-c", line, NULL };
	const int64_t from_ms = clock_now_ms();

	buf_done(&c->output);
	*c = (struct command){ .argv = argv, .timeout_ms = timeout_ms, .output_max = 1000 };
	ck_assert_int_eq(command_run(c, NULL), 0);
	ck_assert_int_lt(clock_now_ms() - from_ms, 60000);
}

START_TEST(test_bad_commands)
{
	struct command c = { 0 };

	command("echo begun; sleep 100", 300, &c);
	ck_assert(c.timed_out);
	ck_assert_int_eq(c.exit_code, 124);
	ck_assert_str_eq(buf_str(&c.output), "begun\n");
	/* What it began holds its output open, and ends with it. */
	command("sleep 100 & echo done", 10000, &c);
	ck_assert(!c.timed_out);
	ck_assert_str_eq(buf_str(&c.output), "done\n");
	command("kill -9 $$", 5000, &c);
	ck_assert_int_eq(c.exit_code, 137);
	command("yes 0123456789 | head -c 3000000; echo END", 10000, &c);
	ck_assert_int_eq(c.written, 3000004);
	ck_assert_int_le(c.output.len, 1000);
	ck_assert(str_starts(buf_str(&c.output), "0123456789\n"));
	ck_assert(str_ends(buf_str(&c.output), "END\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&c.output), "[...]"));
	command("printf 'a\\0b'", 5000, &c);
	ck_assert_int_eq(c.output.len, 3);
	buf_done(&c.output);
	const char *const none[] = { "/no/such/program", NULL };
	c = (struct command){ .argv = none, .timeout_ms = 1000, .output_max = 10 };
	ck_assert_int_eq(command_run(&c, NULL), 0);
	ck_assert_int_eq(c.exit_code, 127);
	buf_done(&c.output);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tools");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_each);
	tcase_add_test(tc, test_wrong);
	tcase_add_test(tc, test_schema);
	tcase_add_test(tc, test_bad_commands);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_pod.c - the line that runs a pod in a sandbox, and what is believed of the answer.
 */
#include "runtime/engine/sandy/pod.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char *env[] = { "A=it's; $(id)" }, *volumes[] = { "/data" };

static struct pod_spec
spec(void)
{
	return (struct pod_spec){ .instance = "ins_1",
		.image_id = "sha256:1",
		.image_ref = "r.example/a@sha256:2",
		.port = 9000,
		.uid = 7,
		.memory_bytes = 1000,
		.nano_cpus = 500000000,
		.tmpfs_bytes = 2000,
		.pids = 64,
		.nofile = 99,
		.log_bytes = 4 << 20,
		.env = env,
		.nenv = 1,
		.volumes = volumes,
		.nvolumes = 1 };
}

START_TEST(test_line)
{
	static const char *const wanted[] = { "docker run -d --name 'ins_1' ",
		"--publish 5173:9000 ", "--user 7:7 ", "--memory 1000 --memory-swap 1000 ",
		"--cpus 0.50 ", "--pids-limit 64 ", "--read-only ", "--cap-drop ALL ",
		"no-new-privileges:true", "--ulimit nofile=99:99 ", "--restart no ",
		"max-size=2048k", "--tmpfs '/tmp:rw,exec,nosuid,nodev,size=2000,",
		"--tmpfs '/data:rw", "--env 'A=it'\\''s; $(id)' 'r.example/a@sha256:2'" };
	const struct pod_spec s = spec();
	_cleanup_buf_ struct buf line = { 0 };

	sandy_run_line(&line, &s);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		ck_assert_msg(
		    strstr(buf_str(&line), wanted[i]) != NULL, "%s: %s", wanted[i], buf_str(&line));
}
END_TEST

#define HOST(memory, caps, more)                                        \
	"[{\"HostConfig\":{\"Memory\":" memory                          \
	",\"MemorySwap\":1000,\"PidsLimit\":64,\"NanoCpus\":500000000," \
	"\"ReadonlyRootfs\":true,\"CapDrop\":[" caps                    \
	"],\"SecurityOpt\":[\"no-new-privileges:true\"],\"Binds\":null" more "}}]"

START_TEST(test_readback)
{
	static const struct {
		const char *text, *words; /* NULL: as it was asked */
	} cases[] = {
		{ HOST("1000", "\"ALL\"", ""), NULL },
		{ HOST("0", "\"ALL\"", ""), "HostConfig.Memory " },
		{ HOST("1000", "", ""), "HostConfig.CapDrop" },
		{ HOST("1000", "\"ALL\"", ",\"Privileged\":true"), "HostConfig.Privileged" },
		{ HOST("1000", "\"ALL\"", ",\"NetworkMode\":\"host\""), "HostConfig.NetworkMode" },
		{ "[]", "without configuration" },
		{ "", "without configuration" },
	};
	const struct pod_spec s = spec();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		const int rc = sandy_inspect_check(cases[i].text, strlen(cases[i].text), &s, &err);

		ck_assert_msg(rc == (cases[i].words != NULL ? -1 : 0), "%zu: %s", i, err.text);
		if (cases[i].words != NULL)
			ck_assert_msg(
			    strstr(err.text, cases[i].words) != NULL, "%zu: %s", i, err.text);
	}
}
END_TEST

START_TEST(test_state)
{
	static const char text[] =
	    "[{\"State\":{\"Status\":\"exited\",\"ExitCode\":137,\"OOMKilled\":true,"
	    "\"StartedAt\":\"2026-01-02T03:04:05Z\",\"FinishedAt\":\"2026-01-02T03:04:06Z\"}}]";
	struct pod_state state = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(sandy_inspect_parse(text, strlen(text), &state, &err), 0);
	ck_assert(state.phase == POD_EXITED && state.oom_killed && state.exit_code == 137);
	ck_assert_int_eq(sandy_inspect_parse("[]", 2, &state, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_UPSTREAM);
}
END_TEST

static int
add(const struct log_line *line, void *arg)
{
	buf_printf(arg, "%d:%.*s|", line->at_ms > 0, (int)line->len, line->text);
	return 0;
}

START_TEST(test_log)
{
	_cleanup_buf_ struct buf text = { 0 }, seen = { 0 };
	int64_t newest_ms = 0;

	buf_add_str(&text, "2026-01-02T03:04:05.5Z one\nno time\n2026-01-02T03:04:06Z two");
	ck_assert_int_eq(sandy_log_lines(&text, false, 0, &newest_ms, add, &seen), 0);
	ck_assert_str_eq(buf_str(&seen), "1:one|0:no time|1:two|");
	buf_clear(&seen);
	ck_assert_int_eq(sandy_log_lines(&text, false, newest_ms - 1, &newest_ms, add, &seen), 0);
	ck_assert_str_eq(buf_str(&seen), "1:two|");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sandy_pod");
	TCase *tc = tcase_create("pod");

	tcase_add_test(tc, test_line);
	tcase_add_test(tc, test_readback);
	tcase_add_test(tc, test_state);
	tcase_add_test(tc, test_log);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_texts.c - the pure parts between a request and a sandbox: paths, base64, wishes, command
 * lines of agents, events.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/adapters.h"
#include "controlplane/sandbox/agent_events.h"
#include "runtime/base/base64.h"
#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/create.h"
#include "controlplane/sandbox/inside_frames.h"
#include "controlplane/sandbox/paths.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const struct {
	const char *path, *plain; /* NULL: refused */
	bool open;
} paths[] = {
	{ "a.txt", "/workspace/a.txt", true },
	{ "./a//b/./c/", "/workspace/a/b/c", true },
	{ "/workspace", "/workspace", true },
	{ "/tmp/x", "/tmp/x", true },
	{ "/tmpx", "/tmpx", false },
	{ "/workspace2/a", "/workspace2/a", false },
	{ "/", "/", false },
	{ "/etc/passwd", "/etc/passwd", false },
	{ "..", NULL, false },
	{ "a/../../etc/passwd", NULL, false },
	{ "/workspace/..", NULL, false },
	{ "a..b/..c/d..", "/workspace/a..b/..c/d..", true },
	{ "...", "/workspace/...", true },
	{ "", NULL, false },
};

START_TEST(test_paths)
{
	char plain[PATH_TEXT_MAX];
	struct error err = { 0 };
	const int rc = path_plain(paths[_i].path, plain, &err);

	ck_assert_msg((rc == 0) == (paths[_i].plain != NULL), "%s", paths[_i].path);
	if (rc < 0)
		return;
	ck_assert_str_eq(plain, paths[_i].plain);
	ck_assert_msg(path_open_to_callers(plain) == paths[_i].open, "%s", plain);
}
END_TEST

START_TEST(test_long_path)
{
	_cleanup_free_ char *path = malloc(PATH_TEXT_MAX + 1);
	char plain[PATH_TEXT_MAX];

	memset(path, 'a', PATH_TEXT_MAX);
	path[PATH_TEXT_MAX] = '\0';
	ck_assert_int_eq(path_plain(path, plain, NULL), -1);
}
END_TEST

START_TEST(test_base64)
{
	unsigned char bytes[64];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 200);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		_cleanup_buf_ struct buf text = { 0 }, back = { 0 };

		base64_add(&text, bytes, len);
		ck_assert_uint_eq(text.len, (len + 2) / 3 * 4);
		ck_assert_int_eq(base64_decode(&back, buf_str(&text), text.len), 0);
		ck_assert_uint_eq(back.len, len);
		ck_assert(len == 0 || memcmp(back.data, bytes, len) == 0);
	}
	static const char *const good[] = { "", "QQ", "QQ==", "Q\nU\r\nI=", "QUJD" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		_cleanup_buf_ struct buf back = { 0 };

		ck_assert_msg(base64_decode(&back, good[i], strlen(good[i])) == 0, "'%s'", good[i]);
	}
	static const char *const bad[] = { "Q", "QQ=", "=", "QQ==Q", "Q?", "QQQQ=", "QQ=Q",
		"====", "-_-_" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_buf_ struct buf back = { 0 };

		ck_assert_msg(base64_decode(&back, bad[i], strlen(bad[i])) == -1, "'%s'", bad[i]);
	}
}
END_TEST

/* ---- wishes ---- */

static const struct sandbox_config config = { .ttl_ms = 600000, .ttl_max_ms = 7200000 };

static const struct {
	const char *body, *param; /* NULL: taken, or no JSON at all */
	bool taken;
	int priority;
	bool preemptable;
	int64_t ttl_ms;
} wishes[] = {
	{ "", NULL, true, 2, false, 600000 },
	{ "{}", NULL, true, 2, false, 600000 },
	{ "{\"priority\":0,\"preemptable\":true,\"timeoutMinutes\":45,\"flavor\":\"agent-ready\"}",
	    NULL, true, 0, true, 45 * 60000 },
	{ "{\"ttl_seconds\":5,\"timeout\":5,\"expose_ports\":[5173],\"enableSharedCache\":false,"
	  "\"upstream\":\"docker-a\",\"enableVnc\":false}",
	    NULL, true, 2, false, 600000 },
	{ "{\"timeoutMinutes\":null}", NULL, true, 2, false, 600000 },
	{ "{\"priority\":4}", "priority", false, 0, false, 0 },
	{ "{\"priority\":\"HIGH\"}", "priority", false, 0, false, 0 },
	{ "{\"preemptable\":1}", "preemptable", false, 0, false, 0 },
	{ "{\"timeoutMinutes\":-1}", "timeoutMinutes", false, 0, false, 0 },
	{ "{\"timeoutMinutes\":121}", "timeoutMinutes", false, 0, false, 0 },
	{ "{\"flavor\":\"huge\"}", "flavor", false, 0, false, 0 },
	{ "{\"flavor\":3}", "flavor", false, 0, false, 0 },
	{ "{\"enableDockerSocket\":true}", "enableDockerSocket", false, 0, false, 0 },
	{ "{\"enableBrowser\":true}", "enableBrowser", false, 0, false, 0 },
	{ "{\"env\":{\"A=B\":\"x\"}}", "env", false, 0, false, 0 },
	{ "{\"env\":{\"A\":1}}", "env", false, 0, false, 0 },
	{ "[]", NULL, false, 0, false, 0 },
	{ "{", NULL, false, 0, false, 0 },
	{ "{\"priority\":1,\"priority\":2}", NULL, false, 0, false, 0 },
};

START_TEST(test_wishes)
{
	struct wish w;
	struct error err = { 0 };
	const char *param = "unset";
	const int rc =
	    wish_parse(wishes[_i].body, strlen(wishes[_i].body), &config, &w, &param, &err);

	ck_assert_msg((rc == 0) == wishes[_i].taken, "%s: %s", wishes[_i].body, err.text);
	if (rc < 0) {
		ck_assert_msg(str_eq(param, wishes[_i].param), "%s: %s", wishes[_i].body, param);
		return;
	}
	ck_assert_int_eq(w.priority, wishes[_i].priority);
	ck_assert_int_eq(w.preemptable, wishes[_i].preemptable);
	ck_assert_int_eq(w.ttl_ms, wishes[_i].ttl_ms);
	wish_done(&w);
}
END_TEST

/* ---- agents ---- */

static char *
joined(const struct agent_start *s)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < s->nwords; i++)
		buf_printf(&out, "%s[%s]", i > 0 ? " " : "", s->words[i]);
	for (size_t i = 0; i < s->nenv; i++)
		buf_printf(&out, " %s", s->env[i]);
	if (s->input != NULL)
		buf_printf(&out, " <%s", s->input);
	return buf_take(&out);
}

static const struct {
	struct agent_request asked;
	const char *wanted; /* NULL: refused */
} starts[] = {
	{ { "shell", NULL, "echo $HOME", NULL, NULL, NULL }, "[sh] [-c] [echo $HOME]" },
	{ { "codex", "m/1", "do; rm -rf /", NULL, NULL, "http://x/v1" },
	    "[codex] [exec] [--json] [--skip-git-repo-check] "
	    "[--dangerously-bypass-approvals-and-sandbox] [--model] [m/1] [-] "
	    "OPENAI_BASE_URL=http://x/v1 OPENAI_API_BASE=http://x/v1 <do; rm -rf /" },
	{ { "aider", NULL, "p", "be kind", NULL, NULL },
	    "[aider] [--yes-always] [--no-check-update] [--no-show-model-warnings] [--message] "
	    "[be kind\n\np]" },
	{ { "aider", "m", "p", NULL, "/workspace/s.md", NULL },
	    "[aider] [--yes-always] [--no-check-update] [--no-show-model-warnings] [--model] "
	    "[openai/m] [--message] [p] JANUS_SYSTEM_PROMPT_PATH=/workspace/s.md" },
	{ { "claude", "m", "p", NULL, "/workspace/s.md", "http://x" },
	    "[sh] [-c] [text=$(cat -- \"$0\") && exec \"$@\" --append-system-prompt \"$text\"] "
	    "[/workspace/s.md] [claude] [-p] [--output-format] [stream-json] [--verbose] "
	    "[--include-partial-messages] [--dangerously-skip-permissions] [--model] [m] "
	    "ANTHROPIC_BASE_URL=http://x <p" },
	{ { "claude-code", "m", "p", "be kind", NULL, NULL },
	    "[claude] [-p] [--output-format] [stream-json] [--verbose] "
	    "[--include-partial-messages] [--dangerously-skip-permissions] [--model] [m] "
	    "[--append-system-prompt] [be kind] <p" },
	{ { "janus-agent", "m", "p", "be kind", NULL, "http://x/v1" },
	    "[janus-agent] [--model] [m] [--system] [be kind] OPENAI_BASE_URL=http://x/v1 <p" },
	{ { "opencode", "a/m", "two words", NULL, NULL, "http://x/v1" },
	    "[opencode] [run] [--format] [json] [--model] [a/m] OPENAI_BASE_URL=http://x/v1 "
	    "OPENAI_API_BASE=http://x/v1 <two words" },
	{ { "openhands", "m", "p", NULL, NULL, NULL }, "[openhands] [--headless] [--task] [p]" },
	{ { "droid", "m", "p", NULL, NULL, NULL },
	    "[droid] [exec] [--auto] [high] [--output-format] [stream-json] [--model] [m] [p]" },
	{ { "claude-code", "m", "p", "a", "/b", NULL }, NULL },
	{ { "roo-code", "m", "p", NULL, NULL, NULL }, NULL },
};

START_TEST(test_starts)
{
	struct agent_start s = { 0 };
	struct error err = { 0 };
	const int rc = agent_start_build(&starts[_i].asked, &s, &err);
	_cleanup_free_ char *text = joined(&s);

	ck_assert_msg((rc == 0) == (starts[_i].wanted != NULL), "%s", err.text);
	if (rc == 0)
		ck_assert_str_eq(text, starts[_i].wanted);
	agent_start_done(&s);
}
END_TEST

/* ---- events ---- */

static const struct {
	const char *name, *text, *wanted;
} outputs[] = {
	{ "text", "one\ntwo\n",
	    "data: {\"type\":\"output\",\"text\":\"one\\n\"}\n\n"
	    "data: {\"type\":\"output\",\"text\":\"two\\n\"}\n\n" },
	{ "an object is passed on as it is", "{\"type\": \"result\"}\r\n",
	    "data: {\"type\":\"agent-output\",\"data\":{\"type\": \"result\"}}\n\n" },
	{ "what only looks like one is text", "{\"a\":1} {}\n",
	    "data: {\"type\":\"output\",\"text\":\"{\\\"a\\\":1} {}\\n\"}\n\n" },
	{ "an end without a newline", "x", "data: {\"type\":\"output\",\"text\":\"x\"}\n\n" },
	{ "an object without one", "{}", "data: {\"type\":\"agent-output\",\"data\":{}}\n\n" },
	{ "bytes that are no text", "\377\n",
	    "data: {\"type\":\"output\",\"text\":\"\357\277\275\\n\"}\n\n" },
	{ "nothing", "", "" },
};

START_TEST(test_outputs)
{
	const size_t len = strlen(outputs[_i].text);

	for (size_t step = 1; step <= len + 1; step++) {
		struct agent_lines l = { 0 };
		_cleanup_buf_ struct buf out = { 0 };

		for (size_t at = 0; at < len; at += step)
			agent_lines_feed(
			    &l, &out, outputs[_i].text + at, step < len - at ? step : len - at);
		agent_lines_end(&l, &out);
		ck_assert_msg(str_eq(buf_str(&out), outputs[_i].wanted), "%s: %s", outputs[_i].name,
		    buf_str(&out));
	}
}
END_TEST

START_TEST(test_long_line)
{
	struct agent_lines l = { 0 };
	_cleanup_buf_ struct buf out = { 0 };

	/* Three bytes each: the limit falls inside one. */
	for (int i = 0; i < 60000; i++)
		agent_lines_feed(&l, &out, "\342\202\254", 3);
	ck_assert_ptr_ne(strstr(buf_str(&out), "\342\202\254\"}"), NULL);
	ck_assert_msg(strstr(buf_str(&out), "\357\277\275") == NULL, "no character is cut");
	agent_lines_end(&l, &out);
	size_t n = 0;
	for (const char *p = buf_str(&out); (p = strstr(p, "\342\202\254")) != NULL; p += 3)
		n++;
	ck_assert_uint_eq(n, 60000);
}
END_TEST

START_TEST(test_changes)
{
	struct snapshot before = { 0 }, after = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	const struct inside_entry same = { 'f', 1, 1, "same" }, dir = { 'd', 1, 1, "dir" },
				  old = { 'f', 1, 1, "b" }, grown = { 'f', 2, 1, "b" },
				  new = { 'f', 1, 1, "a" };

	snapshot_add(&before, &same);
	snapshot_add(&before, &old);
	snapshot_add(&after, &same);
	snapshot_add(&after, &dir);
	ck_assert(!event_files(&out, &before, &after));
	snapshot_add(&after, &grown);
	snapshot_add(&after, &new);
	ck_assert(event_files(&out, &before, &after));
	ck_assert_str_eq(buf_str(&out),
	    "data: {\"type\":\"files-update\",\"files\":[\"a\",\"b\"],\"changes\":[{\"path\":\"a\","
	    "\"changeType\":\"created\"},{\"path\":\"b\",\"changeType\":\"modified\"}],"
	    "\"totalFiles\":3}\n\n");
	snapshot_done(&before);
	snapshot_done(&after);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox texts");
	TCase *t = tcase_create("texts");

	tcase_add_loop_test(t, test_paths, 0, (int)ARRAY_LEN(paths));
	tcase_add_test(t, test_long_path);
	tcase_add_test(t, test_base64);
	tcase_add_loop_test(t, test_wishes, 0, (int)ARRAY_LEN(wishes));
	tcase_add_loop_test(t, test_starts, 0, (int)ARRAY_LEN(starts));
	tcase_add_loop_test(t, test_outputs, 0, (int)ARRAY_LEN(outputs));
	tcase_add_test(t, test_long_line);
	tcase_add_test(t, test_changes);
	suite_add_tcase(s, t);
	return run_suite(s);
}

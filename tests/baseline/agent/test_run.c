/*
 * test_run.c - an agent's run against a Sandy that may be odd: what is told, how it ends, and that
 * no sandbox is left whatever happens.
 */
#include "baseline/agent/run.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baseline/agent/agents.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "tests/run.h"

static char fake_url[64];
static pid_t fake;

static void
setup(void)
{
	int out[2], port = 0;
	FILE *f;

	http_client_setup();
	ck_assert_int_eq(pipe(out), 0);
	fake = fork();
	if (fake == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		execlp("python3", "python3", "tests/fake/sandy.py", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	ck_assert_msg(fscanf(f, "%d", &port) == 1, "the fake did not start");
	fclose(f);
	snprintf(fake_url, sizeof(fake_url), "http://127.0.0.1:%d", port);
}

static void
teardown(void)
{
	kill(fake, SIGKILL);
	waitpid(fake, NULL, 0);
}

static cJSON *
ask_fake(const char *mode)
{
	_cleanup_free_ char *url = str_printf("%s/fake", fake_url);
	struct http_call call = { .method = mode != NULL ? "POST" : "GET",
		.url = url,
		.body = mode,
		.body_len = mode != NULL ? strlen(mode) : 0,
		.total_ms = 5000 };
	struct error err = { 0 };
	cJSON *json = NULL;

	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	ck_assert_int_eq(json_parse(buf_str(&call.reply), call.reply.len, &json, NULL), 0);
	buf_done(&call.reply);
	return json;
}

struct heard {
	struct buf text, thoughts, tools, artifacts, problems;
	int made, ended;
	struct run_order *order; /* to cancel */
	enum run_note_kind cancel_at;
	bool cancels;
};

static void
hear(const struct run_note *n, void *arg)
{
	struct heard *h = arg;

	if (h->cancels && n->kind == h->cancel_at)
		atomic_store(&h->order->cancel, true);
	switch (n->kind) {
	case RUN_SANDBOX: h->made++; break;
	case RUN_SANDBOX_END: h->ended++; break;
	case RUN_READY: break;
	case RUN_ARTIFACT:
		buf_printf(&h->artifacts, "%s=%.*s;", n->text, (int)n->len, n->bytes);
		break;
	case RUN_PROBLEM: buf_printf(&h->problems, "%s;", n->text); break;
	case RUN_STEP:
		if (n->step.kind == STEP_TEXT)
			buf_add_str(&h->text, n->text);
		else if (n->step.kind == STEP_THOUGHT)
			buf_add_str(&h->thoughts, n->text);
		break;
	}
}

static void
heard_done(struct heard *h)
{
	buf_done(&h->text);
	buf_done(&h->thoughts);
	buf_done(&h->tools);
	buf_done(&h->artifacts);
	buf_done(&h->problems);
}

/* One run under a mode of the fake; afterwards no sandbox lives. */
static void
run_under(const char *mode, struct heard *h, struct run_result *r, int64_t limit_ms)
{
	static const char request[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"do it\"}]}";
	struct run_order order = {
		.sandy = { .base_url = fake_url, .key = "fake-key", .retry_first_ms = 1 },
		.agent = agent_kind_find("janus-agent"),
		.request_id = "req_test_run",
		.due_ms = clock_now_ms() + limit_ms,
	};
	_cleanup_json_ cJSON *json = NULL, *state = NULL;

	cJSON_Delete(ask_fake(mode));
	ck_assert_int_eq(json_parse(request, strlen(request), &json, NULL), 0);
	ck_assert_int_eq(task_make(&order.task, json, false, NULL), 0);
	h->order = &order;
	run_do(&order, hear, h, r);
	task_done(&order.task);
	state = ask_fake(NULL);
	if (strstr(mode, "terminate") == NULL && strstr(mode, "no_id") == NULL) /* who knows it? */
		ck_assert_msg(cJSON_GetArraySize(json_get(state, "live")) == 0,
		    "%s: a sandbox is left", mode);
	ck_assert_msg(h->made == h->ended, "%s: %d made, %d ended", mode, h->made, h->ended);
}

START_TEST(test_good)
{
	struct heard h = { 0 };
	struct run_result r;

	run_under("{\"agent\":\"bytes\",\"files\":{\"artifacts/a.csv\":\"1,2\\n\","
		  "\"artifacts/b.txt\":\"\",\"other.txt\":\"no\"}}",
	    &h, &r, 60000);
	ck_assert_int_eq(r.code, CODE_NONE);
	ck_assert(!r.failed && !r.timed_out && r.has_sandbox);
	ck_assert_ptr_nonnull(strstr(buf_str(&h.text), "hello"));
	ck_assert_ptr_nonnull(strstr(buf_str(&h.text), "H\xc3\xa9llo"));
	ck_assert_ptr_nonnull(strstr(buf_str(&h.thoughts), "warned"));
	ck_assert_str_eq(buf_str(&h.artifacts), "a.csv=1,2\n;b.txt=;");
	ck_assert_int_ge(r.sandbox_ms, 0);
	ck_assert_int_eq(r.cost_micro_usd, 0); /* no model was asked */
	heard_done(&h);
}
END_TEST

/* How it fails, what of the agent's words came before, and whether there was a sandbox. */
static const struct {
	const char *what, *mode;
	enum wire_code code;
	bool failed, timed_out;
	int made;
	const char *text; /* in the words of the result */
} bad[] = {
	{ "the service is full", "{\"create\":\"full\"}", CODE_SANDBOX_CAPACITY, false, false, 0,
	    "no room" },
	{ "it gives no id", "{\"create\":\"no_id\"}", CODE_UPSTREAM_BAD_RESPONSE, false, false, 0,
	    "without an id" },
	{ "commands never work", "{\"exec\":\"never\"}", CODE_UPSTREAM_CONNECT_FAILED, false, false,
	    1, "ready" },
	{ "the pack does not unpack", "{\"pack\":\"bad\"}", CODE_UPSTREAM_BAD_RESPONSE, false,
	    false, 1, "tar: broken" },
	{ "it runs no agents", "{\"agent\":\"missing\"}", CODE_UPSTREAM_BAD_RESPONSE, false, false,
	    1, "runs no agents" },
	{ "it has not that one", "{\"agent\":\"unknown\"}", CODE_AGENT_NOT_INSTALLED, false, false,
	    1, "no such program" },
	{ "the agent's start fails", "{\"agent\":\"fails\"}", CODE_UPSTREAM_CONNECT_FAILED, false,
	    false, 1, "agent crashed" },
	{ "its stream is cut", "{\"agent\":\"cut\"}", CODE_UPSTREAM_BAD_RESPONSE, false, false, 1,
	    "ended without its end" },
	{ "the sandbox dies in the middle", "{\"agent\":\"lost\"}", CODE_SANDBOX_LOST, true, false,
	    1, "lost" },
	{ "the agent fails", "{\"agent\":\"error\"}", CODE_NONE, true, false, 1,
	    "model timed out" },
	{ "it never ends", "{\"agent\":\"limit\"}", CODE_NONE, true, true, 1, "timed out" },
	{ "it says nothing", "{\"agent\":\"mute\"}", CODE_NONE, false, false, 1, "" },
	{ "lines that are no JSON", "{\"agent\":\"text\"}", CODE_NONE, false, false, 1, "" },
	{ "the end is refused", "{\"terminate\":\"fails\"}", CODE_NONE, false, false, 1, "" },
};

START_TEST(test_bad)
{
	struct heard h = { 0 };
	struct run_result r;

	run_under(bad[_i].mode, &h, &r, 60000);
	ck_assert_msg(r.code == bad[_i].code, "%s: %s: %s", bad[_i].what,
	    wire_code_info(r.code)->code, r.text);
	ck_assert_msg(
	    r.failed == bad[_i].failed && r.timed_out == bad[_i].timed_out, "%s", bad[_i].what);
	ck_assert_msg(h.made == bad[_i].made && r.has_sandbox == (h.made > 0), "%s", bad[_i].what);
	ck_assert_msg(strstr(r.text, bad[_i].text) != NULL, "%s: %s", bad[_i].what, r.text);
	heard_done(&h);
}
END_TEST

/* Who can do without is not kept waiting for a sandbox. */
START_TEST(test_one_try)
{
	for (int insists = 0; insists < 2; insists++) {
		struct run_order order = {
			.sandy = { .base_url = fake_url, .key = "fake-key", .retry_first_ms = 1 },
			.agent = agent_kind_find("janus-agent"),
			.request_id = "req_test_run",
			.insists = insists != 0,
			.due_ms = clock_now_ms() + 60000,
		};
		struct heard h = { .order = &order };
		struct run_result r;
		_cleanup_json_ cJSON *state = NULL;

		cJSON_Delete(ask_fake("{\"create\":\"full\"}"));
		run_do(&order, hear, &h, &r);
		ck_assert_int_eq(r.code, CODE_SANDBOX_CAPACITY);
		state = ask_fake(NULL);
		ck_assert_int_eq(
		    cJSON_GetArraySize(json_get(state, "calls")), insists != 0 ? 5 : 1);
		heard_done(&h);
	}
}
END_TEST

START_TEST(test_no_service)
{
	struct run_order order = {
		.sandy = { .base_url = "http://127.0.0.1:9", .retry_first_ms = 1 },
		.agent = agent_kind_find("janus-agent"),
		.request_id = "req_test_run",
		.due_ms = clock_now_ms() + 60000,
	};
	struct heard h = { .order = &order };
	struct run_result r;

	run_do(&order, hear, &h, &r);
	ck_assert_int_eq(r.code, CODE_UPSTREAM_CONNECT_FAILED);
	ck_assert_int_eq(h.made, 0);
	heard_done(&h);
}
END_TEST

/* Whenever nobody waits any more, it ends at once, and the sandbox with it. */
START_TEST(test_cancelled)
{
	static const enum run_note_kind at[] = { RUN_SANDBOX, RUN_READY, RUN_STEP };
	struct heard h = { .cancels = true, .cancel_at = at[_i] };
	struct run_result r;
	const int64_t from_ms = clock_now_ms();

	run_under("{\"agent\":\"silent\"}", &h, &r, 60000); /* half a minute, if let alone */
	ck_assert_int_eq(r.code, CODE_CLIENT_CLOSED);
	ck_assert_int_eq(h.ended, 1);
	ck_assert_int_lt(clock_now_ms() - from_ms, 20000);
	heard_done(&h);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("run");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_good);
	tcase_add_loop_test(tc, test_bad, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(tc, test_one_try);
	tcase_add_test(tc, test_no_service);
	tcase_add_loop_test(tc, test_cancelled, 0, 3);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

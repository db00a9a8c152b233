/*
 * test_model.c - what a model says in pieces, put together; and models that say none of it.
 */
#include "baseline/cli/model.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "tests/run.h"

/* ---- pieces ---- */

static int
take(struct model_answer *a, const char *data)
{
	return model_take(a, data, strlen(data), NULL, NULL);
}

START_TEST(test_pieces)
{
	struct model_answer a = { 0 };

	ck_assert_int_eq(take(&a, "{\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}"), 0);
	ck_assert_int_eq(take(&a,
			     "{\"choices\":[{\"delta\":{\"content\":\"lo\",\"reasoning_content\":"
			     "\"hm\"}}]}"),
	    0);
	ck_assert_int_eq(take(&a,
			     "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\","
			     "\"function\":{\"name\":\"read\",\"arguments\":\"{\\\"pa\"}}]}}]}"),
	    0);
	ck_assert_int_eq(take(&a,
			     "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"function\":{"
			     "\"arguments\":\"th\\\":1}\"}}]},\"finish_reason\":\"tool_calls\"}]}"),
	    0);
	ck_assert_int_eq(
	    take(&a, "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}"),
	    0);
	ck_assert_str_eq(buf_str(&a.text), "Hello");
	ck_assert_str_eq(buf_str(&a.thought), "hm");
	ck_assert_int_eq(a.ncalls, 2);
	ck_assert_str_eq(a.calls[1].id, "b");
	ck_assert_str_eq(a.calls[1].name, "read");
	ck_assert_str_eq(buf_str(&a.calls[1].arguments), "{\"path\":1}");
	ck_assert_str_eq(a.calls[0].name, "");
	ck_assert_int_eq(a.prompt_tokens, 3);
	ck_assert_int_eq(a.completion_tokens, 4);
	ck_assert(a.finished);
	model_answer_done(&a);
}
END_TEST

START_TEST(test_odd_pieces)
{
	static const char *const none[] = { "", "x", "[]", "{}", "{\"choices\":[]}", "{\"a\":1",
		"{\"choices\":7}" };
	static const char *const harmless[] = {
		"{\"choices\":[{}]}",
		"{\"choices\":[{\"delta\":null}]}",
		"{\"choices\":[{\"delta\":{\"content\":7,\"tool_calls\":[1,{\"index\":-1},{"
		"\"index\":999999},"
		"{\"index\":1e30}]}}]}",
		"{\"choices\":[],\"usage\":{}}",
	};
	struct model_answer a = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(take(&a, none[i]) == -1, "%s", none[i]);
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		ck_assert_msg(take(&a, harmless[i]) == 0, "%s", harmless[i]);
	ck_assert_int_le(a.ncalls, MODEL_CALLS_MAX);
	ck_assert_int_eq(take(&a, "{\"error\":{\"message\":\"no\"}}"), 0);
	ck_assert_str_eq(a.error, "no");
	/* Whole, though a stream was asked for. */
	ck_assert_int_eq(take(&a, "{\"choices\":[{\"message\":{\"content\":\"all\"}}]}"), 0);
	ck_assert_str_eq(buf_str(&a.text), "all");
	model_answer_done(&a);
}
END_TEST

/* ---- a model that misbehaves: tests/fake/model.py ---- */

static char url[64];
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
		execlp("python3", "python3", "tests/fake/model.py", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	ck_assert_msg(fscanf(f, "%d", &port) == 1, "the fake did not start");
	fclose(f);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1", port);
}

static void
teardown(void)
{
	kill(fake, SIGKILL);
	waitpid(fake, NULL, 0);
}

static int
ask(const char *prompt, struct model_answer *a, struct error *err)
{
	static const char schema[] = "[{\"type\":\"function\",\"function\":{\"name\":\"shell\"}}]";
	const struct model m = {
		.base_url = url, .key = "", .name = "fake-model", .stall_ms = 400
	};
	_cleanup_json_ cJSON *messages = cJSON_CreateArray(), *tools = NULL;
	cJSON *message = cJSON_CreateObject();

	json_add_str(message, "role", "user");
	json_add_str(message, "content", prompt);
	cJSON_AddItemToArray(messages, message);
	json_parse(schema, strlen(schema), &tools, NULL);
	return model_ask(&m, messages, tools, NULL, NULL, a, err);
}

START_TEST(test_asked)
{
	struct model_answer a = { 0 };
	struct error err = { 0 };

	ck_assert_msg(ask("hello", &a, &err) == 0, "%s", err.text);
	ck_assert_str_eq(buf_str(&a.text), "DONE");
	ck_assert_int_eq(a.prompt_tokens, 100);
	ck_assert_msg(ask("call shell {\"command\":\"id\"}", &a, &err) == 0, "%s", err.text);
	ck_assert_int_eq(a.ncalls, 1);
	ck_assert_str_eq(buf_str(&a.calls[0].arguments), "{\"command\":\"id\"}");
	model_answer_done(&a);
}
END_TEST

static const struct {
	const char *prompt;
	enum error_kind kind;
	const char *words;
} faults[] = {
	{ "fault:refuse", ERROR_BUSY, "429: fault refuse" },
	{ "fault:denied", ERROR_DENIED, "401" },
	{ "fault:broken", ERROR_UPSTREAM, "500" },
	{ "fault:html", ERROR_UPSTREAM, "without an answer" },
	{ "fault:empty", ERROR_UPSTREAM, "without an answer" },
	{ "fault:garbage", ERROR_UPSTREAM, "no chat completion" },
	{ "fault:cut", ERROR_UPSTREAM, "no chat completion" },
	{ "fault:error", ERROR_UPSTREAM, "the model fell over" },
	{ "fault:stall", ERROR_TIMEOUT, "no byte" },
	{ "fault:silent", ERROR_TIMEOUT, "no byte" },
};

START_TEST(test_faults)
{
	struct model_answer a = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(ask(faults[_i].prompt, &a, &err), -1);
	ck_assert_msg(err.kind == faults[_i].kind && strstr(err.text, faults[_i].words) != NULL,
	    "%s: %s: %s", faults[_i].prompt, error_kind_name(err.kind), err.text);
	model_answer_done(&a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("model");
	TCase *tc = tcase_create("pieces"), *asked = tcase_create("asked");

	tcase_add_test(tc, test_pieces);
	tcase_add_test(tc, test_odd_pieces);
	tcase_set_timeout(asked, 60);
	tcase_add_checked_fixture(asked, setup, teardown);
	tcase_add_test(asked, test_asked);
	tcase_add_loop_test(asked, test_faults, 0, (int)ARRAY_LEN(faults));
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, asked);
	return run_suite(suite);
}

/*
 * test_talk.c - bench/talk.c: what is asked, and what follows an answer with calls.
 */
#include "bench/talk.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/suite.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "tests/bench/harness/answers.h"
#include "tests/run.h"

static const char line[] = "{\"id\":\"a\",\"task_type\":\"tools\",\"prompt\":\"Where is "
			   "A-17?\",\"params\":{\"max_tokens\":64},"
			   "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_order\","
			   "\"description\":\"d\",\"parameters\":"
			   "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"}}}}}],"
			   "\"simulator\":{\"tools\":{\"get_order\":{\"replies\":[{\"arguments\":{"
			   "\"id\":\"A-17\"},\"reply\":"
			   "{\"state\":\"sent\"}}]}},\"max_turns\":3},\"timeout_seconds\":20,"
			   "\"scorer\":{\"kind\":\"calls\",\"sequence\":[{\"name\":\"get_order\","
			   "\"arguments\":{\"id\":\"A-17\"}}],"
			   "\"final\":{\"accept\":[\"sent\"]}},\"reference\":{\"text\":\"ANSWER: "
			   "sent\",\"calls\":[[{\"name\":"
			   "\"get_order\",\"arguments\":{\"id\":\"A-17\"}}]]}}";

static struct item item;
static struct scoring scoring;

static void
setup(void)
{
	const struct suite_files none = { 0 };
	const char *text = scoring_builtin(NULL);
	struct error err = { 0 };

	ck_assert_msg(
	    suite_item_parse(line, sizeof(line) - 1, &none, &item, &err) == 0, "%s", err.text);
	ck_assert_int_eq(scoring_parse(text, strlen(text), &scoring, &err), 0);
	http_client_setup();
}

static void
teardown(void)
{
	item_done(&item);
}

START_TEST(request)
{
	_cleanup_free_ char *text = talk_request(&item, "m", item.messages);
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
	ck_assert_str_eq(json_str(json, "model"), "m");
	ck_assert(json_bool(json, "stream", false));
	ck_assert(json_bool(json_get(json, "stream_options"), "include_usage", false));
	ck_assert_int_eq(json_int(json, "max_tokens", 0), 64);
	ck_assert_str_eq(json_path(json, "tools.0.function.name")->valuestring, "get_order");
	/* nothing of what it is judged by leaves this process */
	ck_assert_ptr_null(strstr(text, "sent"));
	ck_assert_ptr_null(strstr(text, "scorer"));
}
END_TEST

START_TEST(going_on)
{
	_cleanup_json_ cJSON *messages = cJSON_Duplicate(item.messages, true);
	struct measured m = { .text = str_dup("a moment"), .calls = cJSON_CreateArray() };
	cJSON *call = cJSON_CreateObject(), *other = cJSON_CreateObject();

	ck_assert(!talk_go_on(&item, &m, 0, messages)); /* no calls */
	json_add_int(call, "turn", 0);
	json_add_str(call, "name", "get_order");
	json_add_str(call, "arguments", "{\"id\":\"A-17\"}");
	json_add_str(call, "id", "");
	cJSON_AddItemToArray(m.calls, call);
	json_add_int(other, "turn", 0);
	json_add_str(other, "name", "unknown");
	json_add_str(other, "arguments", "{}");
	json_add_str(other, "id", "call_x");
	cJSON_AddItemToArray(m.calls, other);
	ck_assert(talk_go_on(&item, &m, 0, messages));
	ck_assert_int_eq(cJSON_GetArraySize(messages), 4);
	const cJSON *said = cJSON_GetArrayItem(messages, 1);
	ck_assert_str_eq(json_str(said, "role"), "assistant");
	ck_assert_str_eq(json_str(said, "content"), "a moment");
	/* a call without an id gets one, and its answer names it */
	ck_assert_str_eq(json_path(said, "tool_calls.0.id")->valuestring, "call_0_0");
	ck_assert_str_eq(json_str(cJSON_GetArrayItem(messages, 2), "tool_call_id"), "call_0_0");
	ck_assert_str_eq(
	    json_str(cJSON_GetArrayItem(messages, 2), "content"), "{\"state\":\"sent\"}");
	ck_assert_str_eq(json_str(cJSON_GetArrayItem(messages, 3), "tool_call_id"), "call_x");
	ck_assert_ptr_nonnull(
	    strstr(json_str(cJSON_GetArrayItem(messages, 3), "content"), "unknown_tool"));
	/* those of the turn before are answered already, and turns are bounded */
	ck_assert(!talk_go_on(&item, &m, 1, messages));
	ck_assert(!talk_go_on(&item, &m, 2, messages));
	measured_done(&m);
}
END_TEST

#define HEAD "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
#define CALL                                                                                     \
	HEAD "data: "                                                                            \
	     "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"," \
	     "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"tool_calls\":[{"     \
	     "\"index\":0,"                                                                      \
	     "\"id\":\"call_7\",\"type\":\"function\",\"function\":{\"name\":\"get_order\","     \
	     "\"arguments\":"                                                                    \
	     "\"{\\\"id\\\":\\\"A-17\\\"}\"}}]},\"finish_reason\":null}]}\n\n"                   \
	     "data: "                                                                            \
	     "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"," \
	     "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"    \
	     "data: [DONE]\n\n"
#define FINAL                                                                                    \
	HEAD "data: "                                                                            \
	     "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"," \
	     "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"It is on its way.\\nANSWER: "   \
	     "sent\"},"                                                                          \
	     "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

static void
talk_to(struct try *t, struct answers *a, const char *const *texts, size_t len)
{
	struct target target;
	struct session s = { .target = &target, .scoring = &scoring };
	char url[64];

	answers_start(a, NULL, texts, len);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", a->peer.port);
	ck_assert_int_eq(target_init(&target, url, NULL, NULL), 0);
	str_copy(target.model, sizeof(target.model), "m");
	*t = (struct try){ .item = &item, .number = 1 };
	talk(&s, t);
	target_done(&target);
}

START_TEST(a_chain)
{
	static const char *const texts[] = { CALL, FINAL };
	struct answers a;
	struct try t;

	talk_to(&t, &a, texts, 2);
	ck_assert_msg(t.verdict.what == VERDICT_GO_ON, "%s", t.verdict.text);
	ck_assert_msg(t.result.passed, "%s", t.result.why);
	ck_assert_int_eq(t.attempt.state, ATTEMPT_PASSED);
	ck_assert_int_eq(t.measured.turns, 2);
	ck_assert_int_eq(t.attempt.frames[t.attempt.nframes - 1].turn, 1);
	ck_assert_ptr_nonnull(strstr(buf_str(&a.peer.got), "\"tool_call_id\":\"call_7\""));
	ck_assert_ptr_nonnull(strstr(buf_str(&a.peer.got), "{\\\"state\\\":\\\"sent\\\"}"));
	try_done(&t);
	answers_done(&a);
}
END_TEST

/* Calls without end: the simulator stops answering. */
START_TEST(calls_without_end)
{
	static const char *const texts[] = { CALL, CALL, CALL };
	struct answers a;
	struct try t;

	talk_to(&t, &a, texts, 3);
	ck_assert_int_eq(t.measured.turns, 3);
	ck_assert_int_eq(t.attempt.state, ATTEMPT_FAILED);
	try_done(&t);
	answers_done(&a);
}
END_TEST

/* The second turn breaks: the item failed, and nothing of the first counts. */
START_TEST(cut_later)
{
	static const char *const texts[] = { CALL,
		"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: "
		"99\r\n\r\ndata: " };
	struct answers a;
	struct try t;

	talk_to(&t, &a, texts, 2);
	ck_assert_int_eq(t.attempt.state, ATTEMPT_FAILED);
	ck_assert_str_eq(t.attempt.code, "cut");
	ck_assert_str_eq(t.attempt.fault, "miner");
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		ck_assert_double_eq(t.result.score[d], 0);
	try_done(&t);
	answers_done(&a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("talk");
	TCase *t = tcase_create("talk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, request);
	tcase_add_test(t, going_on);
	tcase_add_test(t, a_chain);
	tcase_add_test(t, calls_without_end);
	tcase_add_test(t, cut_later);
	suite_add_tcase(s, t);

	return run_suite(s);
}

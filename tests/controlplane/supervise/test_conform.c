/*
 * test_conform.c - each check with an answer that passes, and with each way to be wrong.
 */
#include "controlplane/supervise/conform_checks.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/conform_stream.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define MESSAGE "\"message\":{\"role\":\"assistant\",\"content\":\"hi\"}"
#define USAGE "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}"
#define COMPLETION(choice)                                                                \
	"{\"id\":\"c1\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0," choice \
	"}]," USAGE "}"
#define GOOD COMPLETION(MESSAGE ",\"finish_reason\":\"stop\"")

#define CHUNK_OF(id, rest) \
	"data: {\"id\":\"" id "\",\"object\":\"chat.completion.chunk\",\"choices\":" rest "}\n\n"
#define CHUNK(rest) CHUNK_OF("c1", rest)
#define ROLE CHUNK("[{\"index\":0,\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null}]")
#define WORD CHUNK("[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":null}]")
#define FINISH CHUNK("[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]")
#define USED CHUNK("[]," USAGE)
#define DONE "data: [DONE]\n\n"
#define ARTIFACT(url, size, sha)                                                         \
	CHUNK("[{\"index\":0,\"delta\":{\"janus\":{\"event\":\"artifact\",\"payload\":{" \
	      "\"url\":\"" url "\",\"size_bytes\":" size ",\"sha256\":\"" sha "\"}}},"   \
	      "\"finish_reason\":null}]")
#define SHA_HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define CALL(f)                                                                           \
	COMPLETION("\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":" \
		   "[{\"id\":\"k\",\"type\":\"function\",\"function\":" f "}]},"          \
		   "\"finish_reason\":\"tool_calls\"")
#define REFUSAL "{\"error\":{\"message\":\"no images\",\"type\":\"invalid_request_error\"}}"

#define JSON "application/json"
#define SSE "text/event-stream"

static const struct judged {
	const char *check;
	int status; /* 0: no answer, body is why */
	const char *type, *body;
	enum conform_verdict verdict;
	const char *seen; /* a part of it */
} judgements[] = {
	{ "health", 200, JSON, "{\"status\":\"ok\"}", CONFORM_PASS, "200" },
	{ "health", 200, JSON, "fine", CONFORM_WARN, "status" },
	{ "health", 503, JSON, "", CONFORM_FAIL, "503" },
	{ "health", 0, "", "no connection within 2000 ms", CONFORM_FAIL, "no connection" },
	{ "completion", 200, JSON, GOOD, CONFORM_PASS, "1 tokens" },
	{ "completion", 200, "text/plain", GOOD, CONFORM_WARN, "text/plain" },
	{ "completion", 200, JSON, COMPLETION(MESSAGE), CONFORM_WARN, "finish_reason" },
	{ "completion", 200, JSON,
	    COMPLETION("\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\""), CONFORM_WARN,
	    "role" },
	{ "completion", 200, JSON, "{}", CONFORM_FAIL, "not a chat completion" },
	{ "completion", 500, JSON, "{}", CONFORM_FAIL, "500" },
	{ "stream", 200, SSE, ROLE WORD FINISH DONE, CONFORM_PASS, "3 events" },
	{ "stream", 200, SSE, ": ping\n\n" ROLE WORD FINISH ": ping\n\n" DONE, CONFORM_PASS, "3" },
	{ "stream", 200, JSON, GOOD, CONFORM_FAIL, "content-type" },
	{ "stream", 200, SSE, ROLE WORD FINISH, CONFORM_FAIL, "no [DONE]" },
	{ "stream", 200, SSE, ROLE WORD DONE, CONFORM_FAIL, "no finish_reason" },
	{ "stream", 200, SSE, "data: hi\n\n" ROLE FINISH DONE, CONFORM_FAIL, "event 1" },
	{ "stream", 200, SSE, "data: {\"error\":{\"message\":\"full\"}}\n\n" DONE, CONFORM_FAIL,
	    "full" },
	{ "stream", 200, SSE, "data: {\"id\":\"c1\"}\n\n" FINISH DONE, CONFORM_FAIL, "object" },
	{ "stream", 200, SSE, ROLE WORD FINISH DONE "data: x", CONFORM_FAIL, "no end" },
	{ "stream", 200, SSE, ROLE WORD FINISH DONE DONE, CONFORM_WARN, "after [DONE]" },
	{ "stream", 200, SSE, ROLE WORD FINISH FINISH DONE, CONFORM_WARN, "2 chunks" },
	{ "stream", 200, SSE, ROLE CHUNK_OF("c2", "[]") WORD FINISH DONE, CONFORM_WARN, "id" },
	{ "stream", 200, SSE, WORD FINISH DONE, CONFORM_WARN, "role" },
	{ "stream", 200, SSE, ROLE FINISH DONE, CONFORM_WARN, "no content" },
	{ "stream", 200, SSE, ROLE WORD FINISH USED DONE, CONFORM_WARN, "nobody asked" },
	{ "stream-usage", 200, SSE, ROLE WORD FINISH USED DONE, CONFORM_PASS, "4 events" },
	{ "stream-usage", 200, SSE, ROLE WORD FINISH DONE, CONFORM_WARN, "0 chunks" },
	{ "stream-usage", 200, SSE, ROLE USED WORD FINISH USED DONE, CONFORM_WARN, "2 chunks" },
	{ "unknown-fields", 400, JSON, REFUSAL, CONFORM_FAIL, "400" },
	{ "parts", 200, JSON, GOOD, CONFORM_PASS, "answered" },
	{ "images", 400, JSON, REFUSAL, CONFORM_PASS, "refused with status 400" },
	{ "images", 400, JSON, "no", CONFORM_WARN, "without an error object" },
	{ "images", 500, JSON, REFUSAL, CONFORM_WARN, "500" },
	{ "images", 0, "", "the connection was lost", CONFORM_FAIL, "lost" },
	{ "tools", 200, JSON, CALL("{\"name\":\"get_weather\",\"arguments\":\"{}\"}"), CONFORM_PASS,
	    "called" },
	{ "tools", 200, JSON, GOOD, CONFORM_WARN, "without calling" },
	{ "tools", 200, JSON, CALL("{\"name\":\"get_time\",\"arguments\":\"{}\"}"), CONFORM_FAIL,
	    "not there" },
	{ "tools", 200, JSON, CALL("{\"name\":\"get_weather\",\"arguments\":\"{\"}"), CONFORM_FAIL,
	    "arguments" },
	{ "tools", 200, JSON, CALL("{\"name\":\"get_weather\",\"arguments\":{}}"), CONFORM_FAIL,
	    "arguments" },
	{ "bad-json", 400, JSON, REFUSAL, CONFORM_PASS, "refused" },
	{ "bad-json", 200, JSON, GOOD, CONFORM_WARN, "200" },
	{ "bad-json", 0, "", "closed", CONFORM_WARN, "closed" },
	{ "bad-request", 422, JSON, REFUSAL, CONFORM_PASS, "422" },
	{ "large-body", 413, JSON, REFUSAL, CONFORM_PASS, "413" },
	{ "large-body", 0, "", "the connection was closed", CONFORM_WARN, "closed" },
	{ "artifacts", 200, SSE, ROLE WORD FINISH DONE, CONFORM_SKIP, "none" },
	{ "artifacts", 200, SSE, ROLE ARTIFACT("data:,hello", "5", SHA_HELLO) FINISH DONE,
	    CONFORM_PASS, "its bytes" },
	{ "artifacts", 200, SSE, ROLE ARTIFACT("http://10.0.0.1/x", "5", "") FINISH DONE,
	    CONFORM_FAIL, "10.0.0.1" },
};

static const struct conform_check *
check_named(const char *name)
{
	for (size_t i = 0; i < conform_checks_len; i++)
		if (strcmp(conform_checks[i].name, name) == 0)
			return &conform_checks[i];
	ck_abort_msg("no check %s", name);
	return NULL;
}

static void
answer(struct conform_run *run, size_t round, size_t copy, int status, const char *type,
    const char *body)
{
	struct conform_answer *a = &run->answers[round][copy];

	a->body = str_dup(status != 0 ? body : "");
	a->r.body = a->body;
	a->r.len = strlen(a->body);
	a->r.status = status;
	snprintf(a->r.content_type, sizeof(a->r.content_type), "%s", type);
	if (status == 0)
		snprintf(a->r.error, sizeof(a->r.error), "%s", body);
	run->nanswers[round]++;
}

START_TEST(one_answer_one_verdict)
{
	const struct judged *j = &judgements[_i];
	struct conform_run run = { .model = "janus/owl", .left_open = -1 };
	char seen[CONFORM_SEEN_MAX] = "";

	answer(&run, 0, 0, j->status, j->type, j->body);
	const enum conform_verdict v = check_named(j->check)->judge(&run, seen);
	ck_assert_msg(v == j->verdict && strstr(seen, j->seen) != NULL,
	    "%s: wanted %s with '%s', got %s: %s", j->check, conform_verdict_name(j->verdict),
	    j->seen, conform_verdict_name(v), seen);
	conform_run_clear(&run);
}
END_TEST

/* [C23] An answer that belongs to the other question is a mix-up inside the competitor. */
START_TEST(two_at_once_have_their_own_answers)
{
	struct conform_run run = { .marker = { "owl1", "owl2" } };
	char seen[CONFORM_SEEN_MAX] = "";
	const struct conform_check *two = check_named("concurrency");

	answer(&run, 0, 0, 200, JSON, GOOD);
	answer(&run, 0, 1, 200, JSON, GOOD);
	ck_assert_int_eq(two->judge(&run, seen), CONFORM_PASS);
	conform_run_clear(&run);
	answer(&run, 0, 0, 200, JSON, GOOD);
	answer(&run, 0, 1, 200, JSON,
	    COMPLETION("\"message\":{\"role\":\"assistant\",\"content\":\"owl1\"}"));
	ck_assert_int_eq(two->judge(&run, seen), CONFORM_FAIL);
	ck_assert_str_eq(seen, "the answer to one holds the other's word");
	conform_run_clear(&run);
}
END_TEST

/* [C22] Who goes on for a client that left is told so. */
START_TEST(leaving_is_noticed_or_not)
{
	static const struct {
		int health, left_open;
		enum conform_verdict verdict;
	} cases[] = { { 200, 0, CONFORM_PASS }, { 200, -1, CONFORM_PASS }, { 200, 1, CONFORM_WARN },
		{ 500, 0, CONFORM_FAIL } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conform_run run = { .left_open = cases[i].left_open };
		char seen[CONFORM_SEEN_MAX] = "";

		answer(&run, 0, 0, 200, SSE, ROLE);
		run.answers[0][0].r.hung_up = true;
		answer(&run, 1, 0, cases[i].health, JSON, "{}");
		ck_assert_int_eq(check_named("cancel")->judge(&run, seen), cases[i].verdict);
		conform_run_clear(&run);
	}
}
END_TEST

/* [G12] What was announced is compared with what comes. */
START_TEST(artifacts_are_what_was_announced)
{
	static const struct {
		const char *size, *sha, *bytes;
		enum conform_verdict verdict;
	} cases[] = { { "5", SHA_HELLO, "hello", CONFORM_PASS },
		{ "6", SHA_HELLO, "hello", CONFORM_FAIL },
		{ "5", SHA_HELLO, "jello", CONFORM_FAIL } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *body =
		    str_printf(ROLE "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\","
				    "\"choices\":[{\"delta\":{\"janus\":{\"event\":\"artifacts\","
				    "\"payload\":{\"items\":[{\"url\":\"http://127.0.0.1:8080/f\","
				    "\"size_bytes\":%s,\"sha256\":\"%s\"}]}}}}]}\n\n" FINISH DONE,
			cases[i].size, cases[i].sha);
		struct conform_run run = { 0 };
		struct conform_question q = { 0 };
		char seen[CONFORM_SEEN_MAX] = "";

		answer(&run, 0, 0, 200, SSE, body);
		check_named("artifacts")->ask(&run, 1, 0, &q);
		ck_assert_str_eq(q.path, "/f");
		ck_assert_ptr_null(q.body);
		conform_question_done(&q);
		answer(&run, 1, 0, 200, "text/plain", cases[i].bytes);
		ck_assert_int_eq(check_named("artifacts")->judge(&run, seen), cases[i].verdict);
		conform_run_clear(&run);
	}
}
END_TEST

/* What we send as valid is valid; a check never crashes on no answer at all. */
START_TEST(questions_are_sound)
{
	struct conform_run run = { .model = "janus/owl", .marker = { "a", "b" }, .left_open = -1 };

	for (size_t i = 0; i < conform_checks_len; i++) {
		const struct conform_check *check = &conform_checks[i];
		char seen[CONFORM_SEEN_MAX] = "";

		for (size_t copy = 0; copy < check->copies; copy++) {
			struct conform_question q = { 0 };
			_cleanup_json_ cJSON *json = NULL;

			check->ask(&run, 0, copy, &q);
			ck_assert_ptr_nonnull(q.path);
			if (q.body != NULL && strcmp(check->name, "bad-json") != 0)
				ck_assert_int_eq(
				    json_parse(q.body, strlen(q.body), &json, NULL), 0);
			conform_question_done(&q);
		}
		for (size_t k = 0; k < CONFORM_COPIES; k++)
			answer(&run, 0, k, 0, "", "nothing came");
		check->judge(&run, seen);
		ck_assert_msg(seen[0] != '\0', "%s says nothing", check->name);
		conform_run_clear(&run);
	}
}
END_TEST

START_TEST(readiness_and_heartbeat_are_measured)
{
	char seen[CONFORM_SEEN_MAX];
	struct conform_run run = {
		.start_ms = 30000, .start_limit_ms = 30000, .longest_gap_ms = 2000
	};

	ck_assert_int_eq(check_named("readiness")->judge(&run, seen), CONFORM_PASS);
	ck_assert_int_eq(check_named("heartbeat")->judge(&run, seen), CONFORM_PASS);
	run.start_ms = 30001;
	run.longest_gap_ms = 2001;
	ck_assert_int_eq(check_named("readiness")->judge(&run, seen), CONFORM_FAIL);
	ck_assert_int_eq(check_named("heartbeat")->judge(&run, seen), CONFORM_WARN);
	run.start_ms = -1;
	ck_assert_int_eq(check_named("readiness")->judge(&run, seen), CONFORM_SKIP);
}
END_TEST

/* A recorded stream cut or damaged anywhere is read without harm, and never passes. */
START_TEST(a_cut_stream_never_passes)
{
	static const char whole[] = ROLE WORD FINISH DONE;

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		struct conform_run run = { .left_open = -1 };
		_cleanup_free_ char *cut = str_ndup(whole, len);
		char seen[CONFORM_SEEN_MAX] = "";

		answer(&run, 0, 0, 200, SSE, cut);
		/* the last line end of all may be missing: the event was whole before it */
		if (len < sizeof(whole) - 2)
			ck_assert_int_eq(check_named("stream")->judge(&run, seen), CONFORM_FAIL);
		conform_run_clear(&run);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conform");
	TCase *t = tcase_create("conform");

	tcase_add_loop_test(t, one_answer_one_verdict, 0, (int)ARRAY_LEN(judgements));
	tcase_add_test(t, two_at_once_have_their_own_answers);
	tcase_add_test(t, leaving_is_noticed_or_not);
	tcase_add_test(t, artifacts_are_what_was_announced);
	tcase_add_test(t, questions_are_sound);
	tcase_add_test(t, readiness_and_heartbeat_are_measured);
	tcase_add_test(t, a_cut_stream_never_passes);
	suite_add_tcase(s, t);
	return run_suite(s);
}

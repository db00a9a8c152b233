/*
 * test_responder.c - what the offline responder answers, step by step.
 */
#include "runtime/openai/responder.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "tests/run.h"

struct answer {
	struct buf bytes, content, reasoning;
	int64_t waited_ms;
	int status, chunks;
	enum responder_step last;
	char finish[32];
	cJSON *usage;
};

static void
answer_done(struct answer *a)
{
	buf_done(&a->bytes);
	buf_done(&a->content);
	buf_done(&a->reasoning);
	cJSON_Delete(a->usage);
}

static void
keep(struct buf *out, const cJSON *holder, const char *key)
{
	const char *text = json_str(holder, key);

	if (text != NULL)
		buf_add_str(out, text);
}

/* Read a completion or a chunk. */
static void
read_json(struct answer *a, const char *text, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(text, len, &json, NULL) < 0)
		return;
	const cJSON *choice = json_path(json, "choices.0");
	const cJSON *said = json_get(choice, "delta");
	if (said == NULL)
		said = json_get(choice, "message");
	keep(&a->content, said, "content");
	keep(&a->reasoning, said, "reasoning_content");
	a->chunks += json_str(said, "content") != NULL;
	if (json_str(choice, "finish_reason") != NULL)
		snprintf(a->finish, sizeof(a->finish), "%s", json_str(choice, "finish_reason"));
	if (json_get(json, "usage") != NULL) {
		cJSON_Delete(a->usage);
		a->usage = cJSON_Duplicate(json_get(json, "usage"), true);
	}
}

static struct answer
ask(const char *body, bool stream)
{
	_cleanup_json_ cJSON *request = NULL;
	struct answer a = { 0 };
	struct error err = { 0 };

	ck_assert_msg(
	    json_parse(body, strlen(body), &request, &err) == 0, "%s: %s", body, err.text);
	struct responder *r = responder_new(request, "chatcmpl-1", 1, stream);
	for (int steps = 0; steps < 1000000; steps++) {
		const size_t before = a.bytes.len;
		int64_t delay_ms = 0;

		a.last = responder_next(r, &a.bytes, &delay_ms, &a.status);
		a.waited_ms += delay_ms;
		if (a.last == RESPONDER_BYTES) {
			const char *at = a.bytes.data + before;
			const char *end;

			if (!stream)
				read_json(&a, at, a.bytes.len - before);
			for (; stream && (end = strstr(at, "\n\n")) != NULL; at = end + 2)
				if (strncmp(at, "data: ", 6) == 0)
					read_json(&a, at + 6, (size_t)(end - at - 6));
		} else if (a.last != RESPONDER_WAIT) {
			break;
		}
	}
	responder_free(r);
	return a;
}

static struct answer
prompt(const char *text, bool stream)
{
	_cleanup_buf_ struct buf body = { 0 };

	buf_add_str(&body, "{\"messages\":[{\"role\":\"user\",\"content\":");
	json_add_quoted(&body, text, strlen(text));
	buf_add_str(&body, "}]}");
	return ask(body.data, stream);
}

static const struct {
	const char *prompt, *content;
	int64_t waited_ms;
	enum responder_step last;
	int status;
} cases[] = {
	{ "hello", "hello", 0, RESPONDER_END, 0 },
	{ "What is 6*7?", "6*7 = 42", 0, RESPONDER_END, 0 },
	{ "/pause 3s\nhello", "hello", 3000, RESPONDER_END, 0 },
	{ "/pause 1h", "I cannot do \"/pause 1h\"; /help lists what I can. ", 0, RESPONDER_END, 0 },
	{ "/upper h\xc3\xa9llo", "H\xc3\xa9LLO", 0, RESPONDER_END, 0 },
	{ "/lower\nABC\nDEF", "abc\ndef", 0, RESPONDER_END, 0 },
	{ "/reverse ab\xc3\xa9",
	    "\xc3\xa9"
	    "ba",
	    0, RESPONDER_END, 0 },
	{ "/count a bc \xc3\xa9", "3 words, 6 characters, 7 bytes", 0, RESPONDER_END, 0 },
	{ "/long 3", "word1 word2 word3", 0, RESPONDER_END, 0 },
	{ "/upper", "", 0, RESPONDER_END, 0 },
	{ "/unknown x", "/unknown x", 0, RESPONDER_END, 0 },
	{ "data: [DONE]\n\n/ x", "data: [DONE]\n\n/ x", 0, RESPONDER_END, 0 },
	{ "/fail 503", "", 0, RESPONDER_STATUS, 503 },
	{ "/pause 2s\n/fail 500", "", 2000, RESPONDER_STATUS, 500 },
	{ "hello\n/fail 429", "", 0, RESPONDER_STATUS, 429 },
	{ "/fail 200", "I cannot do \"/fail 200\"; /help lists what I can. ", 0, RESPONDER_END, 0 },
	{ "/fail cut", NULL, 0, RESPONDER_CUT, 0 },
	{ "/fail hang", NULL, 0, RESPONDER_HANG, 0 },
	{ "/fail exit", NULL, 0, RESPONDER_EXIT, 0 },
};

START_TEST(test_prompts)
{
	for (int stream = 0; stream < 2; stream++)
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct answer a = prompt(cases[i].prompt, stream);

			if (cases[i].content != NULL)
				ck_assert_str_eq(buf_str(&a.content), cases[i].content);
			ck_assert_int_eq(a.waited_ms, cases[i].waited_ms);
			ck_assert_int_eq(a.last, cases[i].last);
			ck_assert_int_eq(a.status, cases[i].status);
			if (a.last == RESPONDER_END)
				ck_assert_ptr_nonnull(
				    strstr(a.reasoning.data, "no model is connected"));
			answer_done(&a);
		}
}
END_TEST

START_TEST(test_stream_order)
{
	struct answer a =
	    ask("{\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":"
		"\"user\",\"content\":\"a few words that need more than one chunk\"}]}",
		true);
	const char *text = a.bytes.data;
	const char *role = strstr(text, "\"role\""), *reason = strstr(text, "reasoning_content");
	const char *content = strstr(text, "\"content\""), *finish = strstr(text, "\"stop\"");
	const char *usage = strstr(text, "\"usage\""), *done = strstr(text, "[DONE]");

	ck_assert(role < reason && reason < content && content < finish && finish < usage &&
	    usage < done);
	ck_assert_int_eq(a.chunks, 2);
	ck_assert_str_eq(done, "[DONE]\n\n");
	ck_assert_int_eq(json_int(a.usage, "prompt_tokens", 0), 15);
	ck_assert_int_eq(json_int(a.usage, "completion_tokens", 0), 11);
	answer_done(&a);
}
END_TEST

START_TEST(test_slow)
{
	struct answer a = prompt("/slow 50ms\n/long 100", true);

	ck_assert_int_eq(a.waited_ms, 50 * (a.chunks - 1));
	ck_assert_int_gt(a.chunks, 20);
	answer_done(&a);
}
END_TEST

START_TEST(test_limits)
{
	struct answer a = ask("{\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":"
			      "\"1234567\xc3\xa9xyz\"}]}",
	    false);

	ck_assert_str_eq(a.content.data, "1234567");
	ck_assert_str_eq(a.finish, "length");
	answer_done(&a);
	a = ask(
	    "{\"stop\":[\"zz\",\"d\"],\"messages\":[{\"role\":\"user\",\"content\":\"abcdef\"}]}",
	    true);
	ck_assert_str_eq(a.content.data, "abc");
	ck_assert_str_eq(a.finish, "stop");
	answer_done(&a);
	a = ask("{\"response_format\":{\"type\":\"json_object\"},\"messages\":[{\"role\":\"user\","
		"\"content\":\"say \\\"x\\\"\"}]}",
	    false);
	ck_assert_str_eq(a.content.data, "{\"answer\":\"say \\\"x\\\"\"}");
	answer_done(&a);
}
END_TEST

#define TOOLS                                                                           \
	"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get\"}},{\"type\":" \
	"\"function\","                                                                 \
	"\"function\":{\"name\":\"get_more\"}}]"

START_TEST(test_tools)
{
	struct answer a = ask("{" TOOLS ",\"messages\":[{\"role\":\"user\",\"content\":"
			      "\"call get_more with city=\\\"New York\\\" and days=3\"}]}",
	    true);

	ck_assert_str_eq(a.finish, "tool_calls");
	ck_assert_ptr_nonnull(strstr(a.bytes.data,
	    "\"name\":\"get_more\",\"arguments\":"
	    "\"{\\\"city\\\":\\\"New York\\\",\\\"days\\\":3}\""));
	ck_assert_ptr_null(strstr(a.bytes.data, "\"name\":\"get\""));
	answer_done(&a);
	a = ask("{" TOOLS ",\"tool_choice\":\"none\",\"messages\":[{\"role\":\"user\",\"content\":"
		"\"get\"}]}",
	    false);
	ck_assert_str_eq(a.content.data, "get");
	answer_done(&a);
	a = ask("{" TOOLS
		",\"tool_choice\":\"required\",\"messages\":[{\"role\":\"user\",\"content\":"
		"\"```json\\n{\\\"a\\\":[1]}\\n```\"}]}",
	    false);
	ck_assert_ptr_nonnull(strstr(a.bytes.data, "\"arguments\":\"{\\\"a\\\":[1]}\""));
	answer_done(&a);
	a = ask(
	    "{" TOOLS
	    ",\"messages\":[{\"role\":\"user\",\"content\":\"get\"},{\"role\":\"assistant\","
	    "\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":\"get\"}}]},{\"role\":\"tool\","
	    "\"tool_call_id\":\"c1\",\"content\":\"sunny\"}]}",
	    false);
	ck_assert_str_eq(a.content.data, "The tool get answered: sunny");
	answer_done(&a);
}
END_TEST

START_TEST(test_media)
{
	struct answer a = ask(
	    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
	    "\"what?\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/jpeg;base64,"
	    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ\"}},{\"type\":\"image_url\",\"image_"
	    "url\":"
	    "{\"url\":\"data:image/"
	    "png;base64,@@\"}},{\"type\":\"image_url\",\"image_url\":{\"url\":"
	    "\"https://x/y.png\"}}]}]}",
	    false);

	ck_assert_ptr_nonnull(strstr(a.content.data,
	    "declared as image/jpeg: 33 bytes, by its first bytes a PNG of 1 x 1 pixels"));
	ck_assert_ptr_nonnull(strstr(a.content.data, "not valid base64"));
	ck_assert_ptr_nonnull(strstr(a.content.data, "given by its address"));
	ck_assert_str_eq(a.content.data + a.content.len - 5, "what?");
	answer_done(&a);
}
END_TEST

START_TEST(test_frame_and_garbage)
{
	struct answer a = prompt("/fail frame", true);

	ck_assert_ptr_nonnull(strstr(a.bytes.data, "data: {\"error\":"));
	ck_assert_int_eq(a.last, RESPONDER_END);
	answer_done(&a);
	a = prompt("/fail frame", false);
	ck_assert_int_eq(a.last, RESPONDER_STATUS);
	ck_assert_int_eq(a.status, 500);
	answer_done(&a);
	a = prompt("/fail garbage", true);
	ck_assert_ptr_null(strstr(a.bytes.data, "[DONE]"));
	answer_done(&a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("responder");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_prompts);
	tcase_add_test(tc, test_stream_order);
	tcase_add_test(tc, test_slow);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_tools);
	tcase_add_test(tc, test_media);
	tcase_add_test(tc, test_frame_and_garbage);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_dialect.c - completions, responses and embeddings: their requests, answers and streams.
 */
#include "runtime/openai/dialect.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/net/sse.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/chat_stream.h"
#include "tests/run.h"

#define C DIALECT_COMPLETIONS
#define R DIALECT_RESPONSES
#define E DIALECT_EMBEDDINGS

#define INPUT_PART(type, key, text)                                                             \
	"{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\"," \
	"\"content\":"                                                                          \
	"[{\"type\":\"" type "\",\"" key "\":\"" text "\"}]}]}"

static const struct {
	enum dialect_at at;
	const char *body;
	enum wire_code code; /* NONE: it passes */
	const char *param;
} requests[] = {
	{ C, "{\"model\":\"m\",\"prompt\":\"a\"}", CODE_NONE, "" },
	{ C, "{\"model\":\"m\",\"prompt\":\"\"}", CODE_NONE, "" },
	{ C, "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"stop\":[\"x\"],\"logprobs\":5}",
	    CODE_NONE, "" },
	{ C, "{\"model\":\"m\",\"prompt\":[1,2]}", CODE_NONE, "" },
	{ C, "{\"model\":\"m\",\"prompt\":[[1],[2,3]],\"future\":{}}", CODE_NONE, "" },
	{ C, "{\"model\":\"m\"}", CODE_MISSING_PARAMETER, "prompt" },
	{ C, "{\"prompt\":\"a\"}", CODE_MISSING_PARAMETER, "model" },
	{ C, "{\"model\":\"m\",\"messages\":[]}", CODE_MISSING_PARAMETER, "prompt" },
	{ C, "{\"model\":\"m\",\"prompt\":null}", CODE_INVALID_VALUE, "prompt" },
	{ C, "{\"model\":\"m\",\"prompt\":[]}", CODE_INVALID_VALUE, "prompt" },
	{ C, "{\"model\":\"m\",\"prompt\":[\"a\",1]}", CODE_INVALID_VALUE, "prompt[1]" },
	{ C, "{\"model\":\"m\",\"prompt\":[1,\"a\"]}", CODE_INVALID_VALUE, "prompt[1]" },
	{ C, "{\"model\":\"m\",\"prompt\":[1.5]}", CODE_INVALID_VALUE, "prompt[0]" },
	{ C, "{\"model\":\"m\",\"prompt\":[-1]}", CODE_INVALID_VALUE, "prompt[0]" },
	{ C, "{\"model\":\"m\",\"prompt\":[{}]}", CODE_INVALID_VALUE, "prompt[0]" },
	{ C, "{\"model\":\"m\",\"prompt\":[[1],[\"a\"]]}", CODE_INVALID_VALUE, "prompt[1]" },
	{ C, "{\"model\":\"m\",\"prompt\":\"a\",\"max_tokens\":\"5\"}", CODE_INVALID_VALUE,
	    "max_tokens" },
	{ C, "{\"model\":\"m\",\"prompt\":\"a\",\"stop\":[1]}", CODE_INVALID_VALUE, "stop[0]" },
	{ C, "{\"model\":\"m\",\"prompt\":\"a\",\"stream_options\":{\"include_usage\":1}}",
	    CODE_INVALID_VALUE, "stream_options.include_usage" },
	{ C, "{\"model\":\"m\",\"prompt\":\"a\",\"echo\":\"yes\"}", CODE_INVALID_VALUE, "echo" },

	{ R, "{\"model\":\"m\",\"input\":\"a\"}", CODE_NONE, "" },
	{ R, "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"a\"}],\"store\":false}",
	    CODE_NONE, "" },
	{ R,
	    "{\"model\":\"m\",\"input\":\"a\",\"reasoning\":{\"effort\":\"low\"},\"text\":{},"
	    "\"tool_choice\":{\"type\":\"function\",\"name\":\"f\"}}",
	    CODE_NONE, "" },
	{ R, "{\"model\":\"m\",\"prompt\":{\"id\":\"p\"}}", CODE_MISSING_PARAMETER, "input" },
	{ R, "{\"model\":\"m\",\"input\":[]}", CODE_INVALID_VALUE, "input" },
	{ R, "{\"model\":\"m\",\"input\":5}", CODE_INVALID_VALUE, "input" },
	{ R, "{\"model\":\"m\",\"input\":[\"a\"]}", CODE_INVALID_VALUE, "input[0]" },
	/* [H05] data: URLs in the parts of an input */
	{ R, INPUT_PART("input_image", "image_url", "data:image/png;base64,AAAA"), CODE_NONE, "" },
	{ R, INPUT_PART("input_image", "image_url", "https://example.com/a,%"), CODE_NONE, "" },
	{ R, INPUT_PART("input_text", "text", "data:"), CODE_NONE, "" },
	{ R, INPUT_PART("input_image", "image_url", "data:image/png;base64,A"), CODE_UNPROCESSABLE,
	    "input[1].content[0].image_url" },
	{ R, INPUT_PART("input_file", "file_data", "data:,%"), CODE_UNPROCESSABLE,
	    "input[1].content[0].file_data" },
	{ R, "{\"model\":\"m\",\"input\":\"a\",\"reasoning\":{\"effort\":3}}", CODE_INVALID_VALUE,
	    "reasoning.effort" },
	{ R, "{\"model\":\"m\",\"input\":\"a\",\"tools\":[1]}", CODE_INVALID_VALUE, "tools[0]" },
	{ R, "{\"model\":\"m\",\"input\":\"a\",\"metadata\":{\"k\":1}}", CODE_INVALID_VALUE,
	    "metadata.k" },

	{ E, "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"base64\"}", CODE_NONE, "" },
	{ E, "{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"dimensions\":3}", CODE_NONE, "" },
	{ E, "{\"model\":\"m\",\"input\":[[1,2],[3]]}", CODE_NONE, "" },
	{ E, "{\"model\":\"m\",\"input\":\"\"}", CODE_INVALID_VALUE, "input" },
	{ E, "{\"model\":\"m\",\"input\":{}}", CODE_INVALID_VALUE, "input" },
	{ E, "{\"model\":\"m\",\"input\":[true]}", CODE_INVALID_VALUE, "input[0]" },
	{ E, "{\"model\":\"m\",\"input\":\"a\",\"dimensions\":0}", CODE_INVALID_VALUE,
	    "dimensions" },
	{ E, "{\"model\":\"m\",\"input\":\"a\",\"stream\":true}", CODE_UNSUPPORTED_PARAMETER,
	    "stream" },
	{ E, "{\"model\":\"m\",\"input\":\"a\",\"competitor_id\":7}", CODE_INVALID_VALUE,
	    "competitor_id" },
	{ E, "{", CODE_INVALID_JSON, "" },
	{ E, "[]", CODE_INVALID_VALUE, "" },
};

START_TEST(test_requests)
{
	struct chat_request r;
	struct chat_fault fault = { 0 };
	const char *body = requests[_i].body;
	const int rc =
	    dialect_request_scan(&dialects[requests[_i].at], body, strlen(body), &r, NULL, &fault);

	ck_assert_msg(fault.code == requests[_i].code, "%s: %s", body, fault.text);
	ck_assert_int_eq(rc, requests[_i].code == CODE_NONE ? 0 : -1);
	ck_assert_str_eq(fault.param, requests[_i].param);
}
END_TEST

START_TEST(test_too_many_texts)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct chat_request r;
	struct chat_fault fault = { 0 };

	buf_add_str(&body, "{\"model\":\"m\",\"input\":[\"a\"");
	for (int i = 0; i < 2048; i++)
		buf_add_str(&body, ",\"a\"");
	buf_add_str(&body, "]}");
	ck_assert_int_eq(
	    dialect_request_scan(&dialects[E], body.data, body.len, &r, NULL, &fault), -1);
	ck_assert_str_eq(fault.param, "input");
}
END_TEST

/* Only ours goes out of a body; only where it is known, a usage chunk is asked for. */
START_TEST(test_splices)
{
	static const struct {
		enum dialect_at at;
		const char *body, *forwarded;
	} cases[] = {
		{ E, "{ \"input\" : \"a\",\"competitor_id\":\"c\",\"model\":\"m\"}",
		    "{ \"input\" : \"a\",\"model\":\"m\"}" },
		{ R,
		    "{\"chutes_access_token\":\"t\",\"input\":\"a\",\"model\":\"m\",\"stream\":"
		    "true}",
		    "{\"input\":\"a\",\"model\":\"m\",\"stream\":true}" },
		{ C, "{\"prompt\":\"a\",\"model\":\"m\",\"stream\":true}",
		    "{\"stream_options\":{\"include_usage\":true},\"prompt\":\"a\",\"model\":\"m\","
		    "\"stream\":true}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		struct iovec parts[CHAT_PARTS_MAX + 2];
		struct chat_request r;
		struct chat_fault fault = { 0 };
		size_t total;

		ck_assert_int_eq(dialect_request_scan(&dialects[cases[i].at], cases[i].body,
				     strlen(cases[i].body), &r, NULL, &fault),
		    0);
		const size_t n =
		    chat_request_parts(&r, cases[i].body, strlen(cases[i].body), parts, &total);
		for (size_t k = 0; k < n; k++)
			buf_add(&out, parts[k].iov_base, parts[k].iov_len);
		ck_assert_str_eq(buf_str(&out), cases[i].forwarded);
	}
}
END_TEST

static const struct {
	enum dialect_at at;
	const char *body;
	bool valid;
	int64_t in, out; /* tokens */
} answers[] = {
	{ C,
	    "{\"choices\":[{\"text\":\"a\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":"
	    "4}}",
	    true, 3, 4 },
	{ C, "{\"choices\":[{\"message\":{}}]}", false, 0, 0 },
	{ C, "{\"choices\":[]}", false, 0, 0 },
	{ R,
	    "{\"object\":\"response\",\"error\":null,\"output\":[],\"usage\":{\"input_tokens\":3,"
	    "\"output_tokens\":4,\"total_tokens\":7}}",
	    true, 3, 4 },
	{ R, "{\"object\":\"response\",\"error\":{\"message\":\"no\"},\"output\":[]}", false, 0,
	    0 },
	{ R, "{\"choices\":[]}", false, 0, 0 },
	{ E,
	    "{\"data\":[{\"embedding\":[0.5]}],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}",
	    true, 3, 0 },
	{ E, "{\"data\":[{\"embedding\":\"AAAA\"}]}", true, 0, 0 },
	{ E, "{\"data\":[{\"embedding\":5}]}", false, 0, 0 },
	{ E, "{\"data\":[]}", false, 0, 0 },
	{ E, "[]", false, 0, 0 },
	{ E, "<html>", false, 0, 0 },
};

START_TEST(test_whole_answers)
{
	struct chat_usage usage = { 0 };
	const char *body = answers[_i].body;
	char why[240];

	ck_assert_msg(chat_answer_read(&dialects[answers[_i].at], body, strlen(body), &usage, NULL,
			  why) == answers[_i].valid,
	    "%s: %s", body, why);
	ck_assert_int_eq(usage.prompt_tokens, answers[_i].in);
	ck_assert_int_eq(usage.completion_tokens, answers[_i].out);
}
END_TEST

static enum chat_verdict
feed(struct chat_stream *s, const char *name, const char *data, bool *content)
{
	const struct sse_event ev = { .data = data != NULL ? data : "",
		.data_len = data != NULL ? strlen(data) : 0,
		.has_data = data != NULL,
		.name = name };

	return chat_stream_event(s, &ev, content);
}

static const struct {
	const char *name, *data;
	enum chat_verdict verdict;
	bool content;
} events[] = {
	{ "", NULL, CHAT_PING, false },
	{ "", "[DONE]", CHAT_DROP, false },
	{ "response.created", "{\"type\":\"response.created\",\"response\":{}}", CHAT_PASS, false },
	{ "response.output_text.delta", "{\"delta\":\"a\",\"sequence_number\":4}", CHAT_PASS,
	    true },
	{ "", "{\"type\":\"response.output_text.delta\",\"delta\":\"a\"}", CHAT_PASS, true },
	{ "response.web_search_call.searching", "{}", CHAT_PASS, true },
	{ "response.output_text.done", "{\"text\":\"a\"}", CHAT_PASS, true },
	{ "response.new_thing", "{}", CHAT_PASS, false },
	{ "response.completed", "{\"response\":{\"error\":null}}", CHAT_LAST, false },
	{ "", "{\"type\":\"response.completed\",\"response\":{}}", CHAT_LAST, false },
	{ "response.incomplete", "{\"response\":{}}", CHAT_LAST, false },
	{ "response.failed", "{\"response\":{\"error\":{\"message\":\"ink\"}}}", CHAT_FAILED,
	    false },
	{ "response.failed", "{}", CHAT_FAILED, false },
	{ "error", "{\"type\":\"error\",\"message\":\"ink\"}", CHAT_ERROR, false },
	{ "", "{\"type\":\"error\",\"code\":\"x\",\"message\":\"ink\"}", CHAT_ERROR, false },
	{ "", "{\"error\":{\"message\":\"ink\"}}", CHAT_ERROR, false },
	{ "response.completed", "not json", CHAT_PASS, false },
	{ "x", "[1]", CHAT_PASS, false },
};

START_TEST(test_response_events)
{
	struct chat_stream s = { .dialect = &dialects[R] };
	bool content;

	ck_assert_int_eq(feed(&s, events[_i].name, events[_i].data, &content), events[_i].verdict);
	ck_assert_int_eq(content, events[_i].content);
	if (s.error_text[0] != '\0')
		ck_assert(strcmp(s.error_text, "ink") == 0 ||
		    strcmp(s.error_text, "an error without a message") == 0);
}
END_TEST

START_TEST(test_response_usage)
{
	struct chat_stream s = { .dialect = &dialects[R] };
	bool content;

	feed(&s, "response.output_text.delta", "{\"delta\":\"12345\",\"sequence_number\":8}",
	    &content);
	ck_assert_int_eq(s.sequence, 8);
	ck_assert_int_eq(chat_stream_usage(&s)->completion_tokens, 2);
	ck_assert(!s.usage.reported);
	feed(&s, "response.completed",
	    "{\"sequence_number\":9,\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":"
	    "4}}}",
	    &content);
	ck_assert(s.usage.reported && s.done_seen);
	ck_assert_int_eq(s.usage.prompt_tokens, 3);
	ck_assert_int_eq(s.usage.total_tokens, 7);
	ck_assert_int_eq(feed(&s, "response.completed", "{}", &content), CHAT_DROP);
}
END_TEST

/* Whatever comes in whatever order: after the last event nothing passes, and no count shrinks. */
START_TEST(test_any_order)
{
	srand(7);
	for (int run = 0; run < 2000; run++) {
		struct chat_stream s = { .dialect = &dialects[R] };
		bool over = false;

		for (int k = 0; k < 12; k++) {
			const size_t i = (size_t)rand() % ARRAY_LEN(events);
			const uint64_t chunks = s.chunks;
			bool content;
			const enum chat_verdict v =
			    feed(&s, events[i].name, events[i].data, &content);

			ck_assert(!over || v == CHAT_DROP);
			ck_assert_uint_ge(s.chunks, chunks);
			over |= v == CHAT_LAST || v == CHAT_FAILED;
			ck_assert_int_eq(s.done_seen, over);
		}
	}
}
END_TEST

START_TEST(test_completion_chunks)
{
	struct chat_stream s = { .dialect = &dialects[C] };
	bool content;

	ck_assert_int_eq(
	    feed(&s, "", "{\"choices\":[{\"text\":\"ab\",\"finish_reason\":null}]}", &content),
	    CHAT_PASS);
	ck_assert(content && !s.finish_seen);
	ck_assert_int_eq(
	    feed(&s, "", "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
		&content),
	    CHAT_DROP);
	ck_assert_int_eq(s.usage.completion_tokens, 2);
	feed(&s, "", "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"stop\"}]}", &content);
	ck_assert(!content && s.finish_seen);
	ck_assert_int_eq(feed(&s, "", "[DONE]", &content), CHAT_DONE);
}
END_TEST

START_TEST(test_errors)
{
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_json_ cJSON *json = NULL;

	dialect_add_error(
	    &dialects[DIALECT_CHAT], &out, CODE_UPSTREAM_DIED, NULL, "a\"b", "req_1", 0);
	ck_assert_msg(strncmp(out.data, "data: {\"error\":{", 16) == 0, "%s", out.data);
	buf_clear(&out);
	dialect_add_error(&dialects[R], &out, CODE_UPSTREAM_DIED, NULL, "a\"b", "req_1", 5);
	ck_assert_msg(strncmp(out.data, "event: error\ndata: {", 20) == 0, "%s", out.data);
	ck_assert_str_eq(out.data + out.len - 2, "\n\n");
	ck_assert_int_eq(json_parse(out.data + 19, out.len - 21, &json, NULL), 0);
	ck_assert_str_eq(json_str(json, "type"), "error");
	ck_assert_str_eq(json_str(json, "code"), "upstream_died");
	ck_assert_str_eq(json_str(json, "message"), "a\"b");
	ck_assert_int_eq(json_int(json, "sequence_number", -1), 5);
	ck_assert_str_eq(json_str(json_get(json, "error"), "code"), "upstream_died");
}
END_TEST

START_TEST(test_paths)
{
	for (int i = 0; i < DIALECT_COUNT; i++) {
		ck_assert_int_eq(dialects[i].at, i);
		ck_assert_ptr_eq(dialect_of_path(dialects[i].path), &dialects[i]);
	}
	ck_assert_ptr_null(dialect_of_path("/v1/models"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dialect");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_requests, 0, (int)ARRAY_LEN(requests));
	tcase_add_test(tc, test_too_many_texts);
	tcase_add_test(tc, test_splices);
	tcase_add_loop_test(tc, test_whole_answers, 0, (int)ARRAY_LEN(answers));
	tcase_add_loop_test(tc, test_response_events, 0, (int)ARRAY_LEN(events));
	tcase_add_test(tc, test_response_usage);
	tcase_add_test(tc, test_any_order);
	tcase_add_test(tc, test_completion_chunks);
	tcase_add_test(tc, test_errors);
	tcase_add_test(tc, test_paths);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

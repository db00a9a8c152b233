/*
 * test_arena_voice.c - what may be heard of a competitor that tries to say who it is.
 */
#include "controlplane/gateway/arena_voice.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "tests/run.h"

#define SECRET "swift-owl"
#define AROUND(delta, rest)                                                                      \
	"{\"id\":\"chatcmpl-" SECRET "\",\"model\":\"" SECRET                                    \
	"\",\"system_fingerprint\":\"" SECRET "\",\"object\":\"chat.completion.chunk\","         \
	"\"choices\":[{\"index\":0,\"delta\":{" delta "},\"logprobs\":{\"content\":[{\"token\":" \
	"\"" SECRET "\"}]}" rest "}],\"usage\":{\"by\":\"" SECRET "\"}}"
#define CHUNK(delta)                                                                              \
	"data: {\"object\":\"arena.chunk\",\"battle\":\"btl_1\",\"side\":\"a\",\"delta\":{" delta \
	"}}\n\n"

static const struct {
	const char *said, *heard; /* "": nothing */
} cases[] = {
	{ AROUND("\"role\":\"assistant\",\"content\":\"\"", ""), "" },
	{ AROUND("\"content\":\"hi\"", ""), CHUNK("\"content\":\"hi\"") },
	{ AROUND("\"content\":\"hi\",\"name\":\"" SECRET "\",\"x\":{\"y\":\"" SECRET "\"}", ""),
	    CHUNK("\"content\":\"hi\"") },
	{ AROUND("\"reasoning_content\":\"hm\"", ""), CHUNK("\"reasoning_content\":\"hm\"") },
	{ AROUND("\"reasoning\":\"hm\"", ""), CHUNK("\"reasoning_content\":\"hm\"") },
	{ AROUND("\"refusal\":\"no\"", ""), CHUNK("\"refusal\":\"no\"") },
	{ AROUND("\"tool_calls\":[{\"index\":1,\"id\":\"call_" SECRET
		 "\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"},\"by\":\"" SECRET "\"}]",
	      ""),
	    CHUNK("\"tool_calls\":[{\"index\":1,\"id\":\"call_a_1\",\"type\":\"function\","
		  "\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]") },
	{ AROUND("\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"}\"}}]", ""),
	    CHUNK("\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"}\"}}]") },
	{ AROUND("\"tool_calls\":[{\"index\":-1,\"function\":{\"name\":\"f\"}},{\"index\":1e9,"
		 "\"function\":{\"name\":\"f\"}},{},7]",
	      ""),
	    "" },
	{ AROUND("\"janus\":{\"event\":\"progress\",\"payload\":{\"by\":\"" SECRET "\"}}", ""),
	    "" },
	{ AROUND("\"janus\":{\"event\":\"artifact\",\"payload\":{\"id\":\"" SECRET
		 "\",\"type\":\"image\",\"display_name\":\"x.png\",\"size_bytes\":5,\"url\":"
		 "\"/v1/artifacts/artf_1?sig=2\",\"by\":\"" SECRET "\"}}",
	      ""),
	    CHUNK("\"artifacts\":[{\"type\":\"image\",\"display_name\":\"x.png\",\"size_bytes\":5,"
		  "\"url\":\"/v1/artifacts/artf_1?sig=2\"}]") },
	{ AROUND("\"artifacts\":[{\"url\":\"http://" SECRET "/x.png\"},{\"id\":\"x\",\"error\":"
		 "{\"code\":\"artifact_unavailable\",\"reason\":\"timeout\",\"message\":\"" SECRET
		 "\"}}]",
	      ""),
	    CHUNK("\"artifacts\":[{\"error\":{\"reason\":\"timeout\"}}]") },
	{ AROUND("", ",\"finish_reason\":\"stop\""), "" },
	{ "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"" SECRET "\"}}]}", "" },
	{ "{\"choices\":[]}", "" },
	{ "{\"choices\":{\"delta\":{}}}", "" },
	{ "{\"choices\":[7,{\"delta\":{\"content\":\"second\"}}]}", "" },
	{ "{\"error\":{\"message\":\"" SECRET " failed\"}}", "" },
	{ "[DONE]", "" },
	{ "", "" },
	{ "\"" SECRET "\"", "" },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

START_TEST(chunks)
{
	for (size_t i = 0; i < CASES; i++) {
		struct arena_voice v = { .side = 'a', .battle = "btl_1", .artifacts = true };
		_cleanup_buf_ struct buf out = { 0 };

		arena_voice_hear(&v, cases[i].said, strlen(cases[i].said), &out);
		ck_assert_str_eq(buf_str(&out), cases[i].heard);
		arena_voice_done(&v);
	}
}
END_TEST

START_TEST(whole)
{
	static const char *const said[] = {
		AROUND("\"content\":\"he\"", ""),
		AROUND("\"reasoning\":\"hm\"", ""),
		AROUND("\"content\":\"llo\"", ""),
		AROUND("\"tool_calls\":[{\"index\":0,\"id\":\"" SECRET
		       "\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]",
		    ""),
		AROUND("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]", ""),
		AROUND("\"artifacts\":[{\"url\":\"/v1/artifacts/artf_1\",\"type\":\"file\"}]", ""),
		AROUND("", ",\"finish_reason\":\"tool_calls\""),
		AROUND("", ",\"finish_reason\":\"" SECRET "\""),
	};
	struct arena_voice v = { .side = 'b', .battle = "btl_1", .whole = true, .artifacts = true };
	_cleanup_buf_ struct buf out = { 0 };

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		arena_voice_hear(&v, said[i], strlen(said[i]), &out);
	ck_assert_uint_eq(out.len, 0);
	_cleanup_json_ cJSON *message = arena_voice_message(&v);
	_cleanup_free_ char *text = json_print(message);
	ck_assert_str_eq(text,
	    "{\"role\":\"assistant\",\"content\":\"hello\",\"reasoning_content\":\"hm\","
	    "\"tool_calls\":[{\"index\":0,\"id\":\"call_b_0\",\"type\":\"function\",\"function\":"
	    "{\"name\":\"f\",\"arguments\":\"{}\"}}],\"artifacts\":[{\"type\":\"file\",\"url\":"
	    "\"/v1/artifacts/artf_1\"}]}");
	ck_assert_str_eq(v.finish_reason, "tool_calls");
	arena_voice_done(&v);
}
END_TEST

START_TEST(links_that_are_not_ours_do_not_pass)
{
	struct arena_voice v = { .side = 'a', .battle = "btl_1" }; /* nothing is kept here */
	_cleanup_buf_ struct buf out = { 0 };
	static const char said[] =
	    AROUND("\"artifacts\":[{\"url\":\"http://" SECRET "/v1/artifacts/x\"}]", "");

	arena_voice_hear(&v, said, strlen(said), &out);
	ck_assert_uint_eq(out.len, 0);
	arena_voice_done(&v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arena_voice");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, chunks);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, links_that_are_not_ours_do_not_pass);
	suite_add_tcase(s, tc);
	return run_suite(s);
}

/*
 * test_chat_stream.c - what happens to each event of a stream.
 */
#include "runtime/openai/chat_stream.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"
#include "tests/run.h"

#define DELTA(d) \
	"{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{" d "},\"finish_reason\":null}]}"

static const struct {
	const char *data; /* NULL: a comment */
	bool want_usage;
	enum chat_verdict verdict;
	bool content;
} cases[] = {
	{ NULL, false, CHAT_PING, false },
	{ "[DONE]", false, CHAT_DONE, false },
	{ " [DONE] ", false, CHAT_DONE, false },
	{ "\"[DONE]\"", false, CHAT_PASS, false },
	{ DELTA("\"role\":\"assistant\",\"content\":\"\""), false, CHAT_PASS, false },
	{ DELTA("\"content\":null"), false, CHAT_PASS, false },
	{ DELTA("\"content\":\"x\""), false, CHAT_PASS, true },
	{ DELTA("\"content\" : \"x\""), false, CHAT_PASS, true },
	{ DELTA("\"content\":\"data: [DONE] \\\"error\\\":{} \\\\\""), false, CHAT_PASS, true },
	{ DELTA("\"reasoning_content\":\"x\""), false, CHAT_PASS, true },
	{ DELTA("\"reasoning\":\"x\""), false, CHAT_PASS, true },
	{ DELTA("\"tool_calls\":[{\"index\":0}]"), false, CHAT_PASS, true },
	{ DELTA("\"tool_calls\":[ ]"), false, CHAT_PASS, false },
	{ DELTA("\"janus\":{\"event\":\"tool_start\"}"), false, CHAT_PASS, true },
	{ DELTA("\"refusal\":\"no\""), false, CHAT_PASS, true },
	{ DELTA("\"audio\":{\"id\":\"a\"}"), false, CHAT_PASS, true },
	{ "{\"content\":\"x\",\"choices\":[]}", false, CHAT_PASS, false },
	{ "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}", false,
	    CHAT_DROP, false },
	{ "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}", true,
	    CHAT_USAGE, false },
	{ "{\"choices\":[],\"usage\":null}", false, CHAT_PASS, false },
	{ "{\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":1}}", false,
	    CHAT_PASS, true },
	{ "{\"error\":{\"message\":\"bad\"}}", false, CHAT_ERROR, false },
	{ "{\"error\":\"bad\"}", false, CHAT_ERROR, false },
	{ "{\"error\":null,\"choices\":[]}", false, CHAT_PASS, false },
	{ "not json", false, CHAT_PASS, false },
	{ "{\"a\":", false, CHAT_PASS, false },
	{ "{\"a\":\"", false, CHAT_PASS, false },
	{ "[1]", false, CHAT_PASS, false },
	{ "", false, CHAT_PASS, false },
};

static enum chat_verdict
feed(struct chat_stream *s, const char *data, bool *content)
{
	const struct sse_event ev = { .data = data != NULL ? data : "",
		.data_len = data != NULL ? strlen(data) : 0,
		.has_data = data != NULL,
		.name = "" };

	return chat_stream_event(s, &ev, content);
}

START_TEST(test_verdicts)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chat_stream s = { .want_usage = cases[i].want_usage };
		bool content;

		ck_assert_msg(feed(&s, cases[i].data, &content) == cases[i].verdict, "case %zu: %s",
		    i, cases[i].data);
		ck_assert_msg(content == cases[i].content, "case %zu: %s", i, cases[i].data);
	}
}
END_TEST

START_TEST(test_nothing_after_done)
{
	struct chat_stream s = { 0 };
	bool content;

	feed(&s, "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", &content);
	ck_assert(s.finish_seen);
	ck_assert_int_eq(feed(&s, "[DONE]", &content), CHAT_DONE);
	ck_assert_int_eq(feed(&s, "[DONE]", &content), CHAT_DROP);
	ck_assert_int_eq(feed(&s, DELTA("\"content\":\"x\""), &content), CHAT_DROP);
	ck_assert_int_eq(feed(&s, NULL, &content), CHAT_DROP);
}
END_TEST

START_TEST(test_counts)
{
	struct chat_stream s = { 0 };
	bool content;

	feed(&s, DELTA("\"content\":\"12345\""), &content);
	feed(&s, DELTA("\"finish_reason\":\"stop\""), &content);
	feed(&s, "}{", &content);
	ck_assert_uint_eq(s.chunks, 1);
	ck_assert_uint_eq(s.odd, 1);
	ck_assert(s.content_seen && !s.finish_seen);
	ck_assert(!s.usage.reported);
	ck_assert_int_eq(chat_stream_usage(&s)->completion_tokens, 2);
	ck_assert_int_eq(chat_stream_usage(&s)->cost_micro_usd, -1);
}
END_TEST

START_TEST(test_last_sane_usage_wins)
{
	static const char *const absurd[] = {
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":2}}",
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1e15}}",
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":1.5,\"completion_tokens\":2}}",
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":\"1\",\"completion_tokens\":2}}",
		"{\"choices\":[],\"usage\":{}}",
	};
	struct chat_stream s = { 0 };
	bool content;

	feed(&s, "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
	    &content);
	feed(&s,
	    "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_"
	    "tokens\":9,"
	    "\"cost_usd\":0.0015,\"sandbox_seconds\":0.5}}",
	    &content);
	for (size_t i = 0; i < ARRAY_LEN(absurd); i++)
		feed(&s, absurd[i], &content);
	ck_assert(s.usage.reported);
	ck_assert_int_eq(s.usage.prompt_tokens, 3);
	ck_assert_int_eq(s.usage.completion_tokens, 4);
	ck_assert_int_eq(s.usage.total_tokens, 9);
	ck_assert_int_eq(s.usage.cost_micro_usd, 1500);
	ck_assert(s.usage.sandbox_seconds == 0.5);
}
END_TEST

START_TEST(test_usage_parse)
{
	static const struct {
		const char *json;
		int64_t prompt, total, cost; /* prompt -1: none is taken */
	} usages[] = {
		{ "{\"usage\":{\"prompt_tokens\":7}}", 7, 7, -1 },
		{ "{\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":null,\"total_tokens\":9}}",
		    7, 9, -1 },
		{ "{\"usage\":{\"prompt_tokens\":null}}", 0, 0, -1 },
		{ "{\"usage\":{\"completion_tokens\":2e1,\"cost_usd\":null}}", 0, 20, -1 },
		{ "{\"usage\":{\"completion_tokens\":2,\"cost_usd\":1e7}}", 0, 2, -1 },
		{ "{\"usage\":{\"completion_tokens\":2,\"cost_usd\":\"1\"}}", 0, 2, -1 },
		{ "{\"usage\":{\"prompt\\u005ftokens\":7,\"cost_usd\":1}}", 7, 7, 1000000 },
		{ "{\"usage\":{\"prompt_tokens\":1e400}}", -1, 0, 0 },
		{ "{\"usage\":{\"prompt_tokens\":100000001}}", -1, 0, 0 },
		{ "{\"usage\":{\"prompt_tokens\":true}}", -1, 0, 0 },
		{ "{\"usage\":{\"a\":{\"prompt_tokens\":7}}}", -1, 0, 0 },
		{ "{\"other\":{\"prompt_tokens\":7}}", -1, 0, 0 },
		{ "{\"usage\":[{\"prompt_tokens\":7}]}", -1, 0, 0 },
		{ "{\"usage\":{\"prompt_tokens\":7}", -1, 0, 0 },
		{ "[{\"usage\":{\"prompt_tokens\":7}}]", -1, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
		struct chat_usage u = { .prompt_tokens = -1 };

		ck_assert_msg(chat_usage_parse(usages[i].json, strlen(usages[i].json), &u) ==
			(usages[i].prompt >= 0),
		    "%s", usages[i].json);
		ck_assert_int_eq(u.prompt_tokens, usages[i].prompt);
		ck_assert_int_eq(u.total_tokens, usages[i].total);
		if (usages[i].prompt >= 0)
			ck_assert_int_eq(u.cost_micro_usd, usages[i].cost);
	}
}
END_TEST

START_TEST(test_usage_details)
{
	static const struct {
		const char *usage;
		int64_t prompt, completion, reasoning, cached;
		double seconds;
	} usages[] = {
		{ "\"prompt_tokens\":7,\"completion_tokens\":5,\"completion_tokens_details\":"
		  "{\"reasoning_tokens\":3},\"prompt_tokens_details\":{\"cached_tokens\":2}",
		    7, 5, 3, 2, -1 },
		/* What is nowhere or makes no sense leaves the rest as it is. */
		{ "\"prompt_tokens\":7,\"reasoning_tokens\":3,\"cached_tokens\":2", 7, 0, 0, 0,
		    -1 },
		{ "\"prompt_tokens\":7,\"prompt_tokens_details\":{\"reasoning_tokens\":3,"
		  "\"cached_tokens\":-1},\"sandbox_seconds\":12.5",
		    7, 0, 0, 0, 12.5 },
		{ "\"prompt_tokens\":7,\"prompt_tokens_details\":[{\"cached_tokens\":1}]", 7, 0, 0,
		    0, -1 },
		{ "\"input_tokens\":7,\"output_tokens\":5,\"prompt_tokens\":1", 7, 5, 0, 0, -1 },
		{ "\"input_tokens\":null,\"completion_tokens\":5", 0, 0, 0, 0, -1 },
		{ "\"prompt_tokens\":0.70e1,\"completion_tokens\":00000005e0", -1, 0, 0, 0, -1 },
		{ "\"prompt_tokens\":0.70e1,\"completion_tokens\":5.0", 7, 5, 0, 0, -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
		struct chat_usage u = { .prompt_tokens = -1 };
		_cleanup_free_ char *json = str_printf("{\"usage\":{%s}}", usages[i].usage);

		ck_assert_msg(chat_usage_parse(json, strlen(json), &u) == (usages[i].prompt >= 0),
		    "%s", json);
		ck_assert_int_eq(u.prompt_tokens, usages[i].prompt);
		ck_assert_int_eq(u.completion_tokens, usages[i].completion);
		ck_assert_int_eq(u.reasoning_tokens, usages[i].reasoning);
		ck_assert_int_eq(u.cached_tokens, usages[i].cached);
		if (usages[i].prompt >= 0)
			ck_assert(u.sandbox_seconds == usages[i].seconds);
	}
}
END_TEST

START_TEST(test_error_text)
{
	struct chat_stream s = { 0 };
	bool content;

	feed(&s, "{\"error\":{\"message\":\"two\\nlines \\u001b[31m\",\"code\":5}}", &content);
	ck_assert_str_eq(s.error_text, "two lines  [31m");
}
END_TEST

START_TEST(test_completion_valid)
{
	static const struct {
		const char *json;
		bool valid;
	} whole[] = {
		{ "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}", true },
		{ "{\"error\":null,\"choices\":[{\"message\":{}}]}", true },
		{ "{\"choices\":[]}", false },
		{ "{\"choices\":[{}]}", false },
		{ "{\"choices\":{}}", false },
		{ "{\"error\":{\"message\":\"x\"},\"choices\":[{\"message\":{}}]}", false },
		{ "[]", false },
		{ "", false },
	};
	char text[240];

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		ck_assert_msg(chat_completion_valid(whole[i].json, strlen(whole[i].json), text) ==
			whole[i].valid,
		    "%s", whole[i].json);
}
END_TEST

/* Chunk after chunk, whatever came before: what is seen is what a fresh look sees. */
START_TEST(test_like_the_last)
{
	static const char *const heads[] = {
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
		"{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"",
		"{\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"a\",\"content\":\"",
		"{\"model\":\"",
		"{\"error\":\"",
	};
	static const char *const texts[] = { "", "x", "y z", "\\\"", "\\\\", "x\\",
		"a\",\"usage\":{\"a\":\"b", "}]}", "\"},\"finish_reason\":null}]}",
		"\",\"content\":\"q", "\",\"refusal\":\"longer" };
	static const char *const tails[] = {
		"\"},\"finish_reason\":null}]}",
		"\"},\"finish_reason\":\"stop\"}]}",
		"\"},\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":1}}",
		"\"}",
		"\"},\"finish_reason\":null}]",
	};
	struct chat_stream all = { .want_usage = true };
	unsigned random = (unsigned)_i + 1;

	for (int n = 0; n < 2000; n++) {
		struct chat_stream fresh = { .want_usage = true };
		char data[512];
		bool seen, wanted;

		/* Mostly the first of all, so that one is often like the last. */
		random = random * 1103515245 + 12345;
		const unsigned h = random >> 16 & 7, t = random >> 20 & 7, m = random >> 24;
		snprintf(data, sizeof(data), "%s%s%s", heads[h < ARRAY_LEN(heads) ? h : 0],
		    texts[m % ARRAY_LEN(texts)], tails[t < ARRAY_LEN(tails) ? t : 0]);
		const struct chat_stream before = all;
		ck_assert_int_eq(feed(&all, data, &seen), feed(&fresh, data, &wanted));
		ck_assert_msg(seen == wanted, "%s", data);
		ck_assert_uint_eq(all.chunks - before.chunks, fresh.chunks);
		ck_assert_uint_eq(all.odd - before.odd, fresh.odd);
		ck_assert_msg(
		    all.content_bytes - before.content_bytes == fresh.content_bytes, "%s", data);
		ck_assert_int_eq(all.finish_seen, before.finish_seen || fresh.finish_seen);
	}
	ck_assert_uint_gt(all.chunks, 500);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chat_stream");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_verdicts);
	tcase_add_test(tc, test_nothing_after_done);
	tcase_add_test(tc, test_counts);
	tcase_add_test(tc, test_last_sane_usage_wins);
	tcase_add_test(tc, test_usage_parse);
	tcase_add_test(tc, test_usage_details);
	tcase_add_test(tc, test_error_text);
	tcase_add_test(tc, test_completion_valid);
	tcase_add_loop_test(tc, test_like_the_last, 0, 8);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

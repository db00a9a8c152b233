/*
 * test_redact.c - what stays of what passed, and that it does not depend on how it was cut.
 */
#include "runtime/capture/redact.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

struct rule {
	const char *what, *in, *out;
};

static const struct rule skeletons[] = {
	{ "an event",
	    "data: "
	    "{\"id\":\"a1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
	    "\"delta\":"
	    "{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n",
	    "data: "
	    "{\"id\":\"**\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
	    "\"delta\":"
	    "{\"role\":\"assistant\",\"content\":\"*****\"},\"finish_reason\":null}]}\n\n" },
	{ "the end", "data: [DONE]\n\n", "data: [DONE]\n\n" },
	{ "a ping", ": ping\n\n", ": ping\n\n" },
	{ "another comment", ": my words\n\n", ": ********\n\n" },
	{ "an event's name", "event: error\ndata: x\n\n", "event: error\ndata: *\n\n" },
	{ "CR LF", "data: {\"a\":1}\r\n\r\n", "data: {\"a\":0}\r\n\r\n" },
	{ "a field nobody knows", "secret: words\n", "******: *****\n" },
	{ "plain text", "attend at dawn\n", "**************\n" },
	{ "usage", "{\"usage\":{\"prompt_tokens\":12,\"total_tokens\":1.5e3}}",
	    "{\"usage\":{\"prompt_tokens\":12,\"total_tokens\":1.5e3}}" },
	{ "numbers that are content", "{\"content\":[4,5.5],\"logprobs\":-0.25}",
	    "{\"content\":[0,0.0],\"********\":-0.00}" },
	{ "escapes", "{\"content\":\"a\\\"b\\u00e9\\\\\",\"role\":\"user\"}",
	    "{\"content\":\"************\",\"role\":\"user\"}" },
	{ "a role that is none", "{\"role\":\"usurper\"}", "{\"role\":\"us*****\"}" },
	{ "a key of somebody's own", "{\"my content\":{\"content\":\"x\"}}",
	    "{\"m*********\":{\"content\":\"*\"}}" },
	{ "after a list", "{\"messages\":[{\"role\":\"user\"}],\"role\":\"tool\"}",
	    "{\"messages\":[{\"role\":\"user\"}],\"role\":\"tool\"}" },
	{ "a bool", "{\"stream\":true,\"q\":truth}", "{\"stream\":true,\"*\":tru**}" },
	{ "an event that was left open", "data: {\"content\":\"ab\n\ndata: {\"role\":\"user\"}\n\n",
	    "data: {\"content\":\"**\n\ndata: {\"role\":\"user\"}\n\n" },
	{ "bytes above ASCII", "{\"content\":\"\xc3\xa9\"}", "{\"content\":\"**\"}" },
};

static const struct rule texts[] = {
	{ "texts stay", "data: {\"content\":\"Hello, 4 you\"}\n\n",
	    "data: {\"content\":\"Hello, 4 you\"}\n\n" },
	{ "a token does not", "{\"chutes_access_token\":\"abc\",\"content\":\"x\"}",
	    "{\"chutes_access_token\":\"***\",\"content\":\"x\"}" },
	{ "nor below it", "{\"authorization\":{\"content\":7}}",
	    "{\"authorization\":{\"content\":7}}" },
	{ "a signed URL", "{\"content\":\"see https://a.example/x?sig=1&b=2 now\"}",
	    "{\"content\":\"see https://a.example/x?********* now\"}" },
	{ "its end in an escape", "{\"content\":\"http://a/?s=1\\nnext\"}",
	    "{\"content\":\"http://a/?***\\nnext\"}" },
	{ "a key of ours", "{\"content\":\"jns_sk_abcDEF01 and\"}",
	    "{\"content\":\"jns_*********** and\"}" },
	{ "another's", "{\"content\":\"sk-abc123 task-force\"}",
	    "{\"content\":\"sk-****** task-force\"}" },
	{ "a bearer", "Authorization: Bearer abc.def\n", "Authorization: Bearer *******\n" },
	{ "plain text", "attend at dawn\n", "attend at dawn\n" },
};

static void
check_rules(const struct rule *rules, size_t n, bool content)
{
	for (size_t i = 0; i < n; i++) {
		const size_t len = strlen(rules[i].in);

		ck_assert_uint_eq(len, strlen(rules[i].out));
		for (size_t step = 1; step <= len; step++) {
			_cleanup_free_ char *bytes = str_dup(rules[i].in);
			struct redact r = { .content = content };

			for (size_t at = 0; at < len; at += step)
				redact(&r, bytes + at, step < len - at ? step : len - at);
			ck_assert_msg(strcmp(bytes, rules[i].out) == 0, "%s, in steps of %zu: %s",
			    rules[i].what, step, bytes);
		}
	}
}

START_TEST(test_skeleton) /* [L05] a capture keeps no text */
{
	check_rules(skeletons, ARRAY_LEN(skeletons), false);
}
END_TEST

START_TEST(test_secrets_in_texts) /* [L05] a capture with texts keeps no secret */
{
	check_rules(texts, ARRAY_LEN(texts), true);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redact");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_skeleton);
	tcase_add_test(tc, test_secrets_in_texts);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_chat_splice.c - what goes into an answer, where, and that the rest is as it was.
 */
#include "runtime/openai/chat_splice.h"

#include <check.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct {
	const char *json, *out; /* NULL: it is left alone */
} usages[] = {
	{ "{\"usage\":{\"a\":1}}", "{\"usage\":{\"k\":0.5,\"a\":1}}" },
	{ "{ \"choices\" : [] , \"usage\" : { } }",
	    "{ \"choices\" : [] , \"usage\" : {\"k\":0.5 } }" },
	{ "{\"x\":{\"usage\":{\"a\":1}},\"usage\":{\"a\":2}}",
	    "{\"x\":{\"usage\":{\"a\":1}},\"usage\":{\"k\":0.5,\"a\":2}}" },
	{ "{\"usage\":{\"a\":{\"k\":1}}}", "{\"usage\":{\"k\":0.5,\"a\":{\"k\":1}}}" },
	{ "{\"usage\":{\"k\":1}}", NULL },
	{ "{\"usage\":null}", NULL },
	{ "{\"x\":{\"usage\":{}}}", NULL },
	{ "{}", NULL },
	{ "{\"usage\":{\"a\":1}", NULL },
	{ "[DONE]", NULL },
};

START_TEST(test_usage)
{
	_cleanup_buf_ struct buf out = { 0 };
	const bool done =
	    chat_splice_usage(usages[_i].json, strlen(usages[_i].json), "k", "0.5", &out);

	ck_assert_msg(done == (usages[_i].out != NULL), "%s", usages[_i].json);
	ck_assert_str_eq(buf_str(&out), done ? usages[_i].out : "");
}
END_TEST

#define CHOICE(message) "{\"choices\":[{\"index\":0,\"message\":" message "}]}"

static const struct {
	const char *json, *out;
} messages[] = {
	{ CHOICE("{\"content\":\"x\"}"),
	    CHOICE("{\"reasoning_content\":\"why\\n\",\"content\":\"x\"}") },
	{ CHOICE("{}"), CHOICE("{\"reasoning_content\":\"why\\n\"}") },
	{ CHOICE("{\"content\":\"x\",\"reasoning_content\":\"so\"}"),
	    CHOICE("{\"content\":\"x\",\"reasoning_content\":\"why\\nso\"}") },
	{ CHOICE("{\"reasoning_content\":\"\"}"), CHOICE("{\"reasoning_content\":\"why\\n\"}") },
	{ CHOICE("{\"content\":\"x\",\"reasoning_content\":null}"), NULL },
	{ "{\"choices\":[{\"message\":{\"a\":1}},{\"message\":{\"b\":1}}]}",
	    "{\"choices\":[{\"message\":{\"reasoning_content\":\"why\\n\",\"a\":1}},{\"message\":{"
	    "\"b\":1}}]}" },
	{ CHOICE("null"), NULL },
	{ CHOICE("{\"x\":{\"message\":{}}}"),
	    CHOICE("{\"reasoning_content\":\"why\\n\",\"x\":{\"message\":{}}}") },
	{ "{\"message\":{}}", NULL },
	{ "{\"choices\":{\"a\":{\"message\":{}}}}",
	    "{\"choices\":{\"a\":{\"message\":{\"reasoning_content\":\"why\\n\"}}}}" },
	{ "{\"choices\":[]}", NULL },
	{ "", NULL },
};

START_TEST(test_reasoning)
{
	_cleanup_buf_ struct buf out = { 0 };
	const bool done =
	    chat_splice_reasoning(messages[_i].json, strlen(messages[_i].json), "why\n", &out);

	ck_assert_msg(done == (messages[_i].out != NULL), "%s", messages[_i].json);
	ck_assert_str_eq(buf_str(&out), done ? messages[_i].out : "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chat_splice");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_usage, 0, (int)ARRAY_LEN(usages));
	tcase_add_loop_test(tc, test_reasoning, 0, (int)ARRAY_LEN(messages));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_chat_params.c - what a span tells of a request and of its answer.
 */
#include "runtime/openai/chat_params.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/net/sse.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/chat_stream.h"
#include "runtime/openai/dialect.h"
#include "tests/run.h"

static void
scan(const char *rest, struct chat_params *p)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct chat_request r;
	struct chat_fault fault;
	const struct dialect *chat = &dialects[DIALECT_CHAT];

	*p = (struct chat_params){ 0 };
	buf_printf(&body,
	    "{\"model\":\"janus\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]%s}", rest);
	ck_assert_msg(dialect_request_scan(chat, body.data, body.len, &r, p, &fault) == 0, "%s: %s",
	    rest, fault.text);
}

static bool
given(const struct chat_params *p, enum chat_param which, double value)
{
	return (p->given >> which & 1) != 0 && p->number[which] == value;
}

START_TEST(test_params)
{
	struct chat_params p;

	scan("", &p);
	ck_assert(p.given == 0 && p.nstops == 0);
	scan(",\"max_tokens\":5,\"temperature\":0.5,\"top_p\":1,\"seed\":42,\"n\":2,"
	     "\"frequency_penalty\":-1.5,\"presence_penalty\":null,\"stop\":\"END\"",
	    &p);
	ck_assert(given(&p, CHAT_PARAM_MAX_TOKENS, 5));
	ck_assert(given(&p, CHAT_PARAM_TEMPERATURE, 0.5));
	ck_assert(given(&p, CHAT_PARAM_TOP_P, 1));
	ck_assert(given(&p, CHAT_PARAM_SEED, 42));
	ck_assert(given(&p, CHAT_PARAM_CHOICES, 2));
	ck_assert(given(&p, CHAT_PARAM_FREQUENCY_PENALTY, -1.5));
	ck_assert((p.given >> CHAT_PARAM_PRESENCE_PENALTY & 1) == 0);
	ck_assert(p.nstops == 1 && strcmp(p.stop[0], "END") == 0);
	/* max_completion_tokens is the one that counts, wherever it stands. */
	scan(",\"max_tokens\":5,\"max_completion_tokens\":7", &p);
	ck_assert(given(&p, CHAT_PARAM_MAX_TOKENS, 7));
	scan(",\"max_completion_tokens\":7,\"max_tokens\":5", &p);
	ck_assert(given(&p, CHAT_PARAM_MAX_TOKENS, 7));
	scan(",\"stop\":[\"a\",\"\\n\",\"\\u00e9\"]", &p);
	ck_assert(p.nstops == 3 && strcmp(p.stop[1], "\n") == 0);
	ck_assert_str_eq(p.stop[2], "\xc3\xa9");
	scan(",\"mine\":{\"seed\":3,\"stop\":\"no\"}", &p);
	ck_assert(p.given == 0 && p.nstops == 0);
}
END_TEST

static void
feed(const struct sse_event *ev, void *arg)
{
	bool content;

	chat_stream_event(arg, ev, &content);
}

START_TEST(test_answer_of_a_stream)
{
	static const char text[] =
	    "data: "
	    "{\"id\":\"c-1\",\"model\":\"owl\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
	    "\"x\"},\"finish_reason\":null}]}\n\n"
	    "data: {\"id\":\"c-2\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"},"
	    "{\"finish_reason\":\"length\"}]}\n\n"
	    "data: "
	    "{\"id\":\"c-3\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":8,"
	    "\"completion_tokens_details\":{\"reasoning_tokens\":3},"
	    "\"prompt_tokens_details\":{\"cached_tokens\":-4}}}\n\n";
	struct chat_answer answer = { 0 };
	struct chat_stream s = { .answer = &answer };
	struct sse_parser p = { .max_bytes = 4096 };

	ck_assert_int_eq(sse_feed(&p, text, sizeof(text) - 1, feed, &s, NULL), 0);
	ck_assert_str_eq(answer.id, "c-1");
	ck_assert_str_eq(answer.model, "owl");
	ck_assert_str_eq(answer.finish_reasons, "stop,length");
	ck_assert_int_eq(s.usage.reasoning_tokens, 3);
	ck_assert_int_eq(s.usage.cached_tokens, 0); /* no count */
	sse_done(&p);
}
END_TEST

START_TEST(test_answer_as_a_whole)
{
	static const char text[] =
	    "{\"id\":\"c-1\",\"model\":\"o\\\"wl\",\"choices\":[{\"message\":{\"content\":\"x\"},"
	    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":4}}}";
	struct chat_answer answer = { 0 };
	struct chat_usage usage = { 0 };
	char why[240];

	ck_assert(chat_answer_read(
	    &dialects[DIALECT_CHAT], text, sizeof(text) - 1, &usage, &answer, why));
	ck_assert_str_eq(answer.id, "c-1");
	ck_assert_str_eq(answer.model, ""); /* escaped: not worth a decoder */
	ck_assert_str_eq(answer.finish_reasons, "stop");
	ck_assert_int_eq(usage.cached_tokens, 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chat_params");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_params);
	tcase_add_test(tc, test_answer_of_a_stream);
	tcase_add_test(tc, test_answer_as_a_whole);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

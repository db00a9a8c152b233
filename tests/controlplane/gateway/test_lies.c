/*
 * test_lies.c - what competitors say of themselves changes no measure, and what clients say of
 * themselves is not told to competitors.
 */
#include "tests/controlplane/gateway/house.h"

#define EVENT(delta) "data: {\"choices\":[{\"index\":0,\"delta\":" delta "}]}\n\n"
#define PINGS 3 /* after the lie, so that time passes between it and the truth */

/* What comes long before the first content, and what of it the client sees. */
static const struct opener {
	const char *name, *events, *seen;
} openers[] = {
	{ "[G12] a role is no content", EVENT("{\"role\":\"assistant\"}"), "\"role\"" },
	{ "[G12] nor is empty content", EVENT("{\"content\":\"\"}"), "\"content\":\"\"" },
	{ "[G12] nor none", EVENT("{\"content\":null}"), "null" },
	{ "[G12] nor an empty delta", EVENT("{}"), "\"delta\":{}" },
	{ "[G12] nor no choice", "data: {\"choices\":[]}\n\n", "[]" },
	{ "[G12] nor empty reasoning", EVENT("{\"reasoning_content\":\"\",\"reasoning\":\"\"}"),
	    "reasoning" },
	{ "[G12] nor no tool call", EVENT("{\"tool_calls\":[ ]}"), "tool_calls" },
	{ "[G12] nor an empty event of ours", EVENT("{\"janus\":{}}"), "janus" },
	{ "[G12] nor a field of its own", EVENT("{\"speed\":\"very fast\"}"), "speed" },
	{ "[G12] nor content beside the choices",
	    "data: {\"content\":\"x\",\"choices\":[{\"index\":0,\"delta\":{}}]}\n\n", "delta" },
	{ "[G12] nor a comment", ": content\n\n", ": content" },
	{ "[G12] nor the word in an escape", EVENT("{\"role\":\"\\\"content\\\":\\\"x\\\"\"}"),
	    "role" },
	{ "[G12] nor a hundred of them",
	    EVENT("{\"content\":\"\"}") EVENT("{\"content\":\"\"}") EVENT("{\"content\":\"\"}"),
	    "\"content\":\"\"" },
};

START_TEST(test_first_content)
{
	const struct opener *o = &openers[_i];
	_cleanup_free_ char *early = str_printf("%s%s", SSE_HEAD, o->events);
	const struct step script[] = { { SEND, early, 0 }, { GATE, NULL, 0 },
		{ SEND, HI STOP DONE, 0 }, { 0 } };
	struct peer p = peer_open();

	house_script(script);
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	house_wait(&h.requests, 1);
	const int64_t asked_us = clock_now_us(); /* it was accepted before */
	ck_assert_msg(peer_until(&p, o->seen), "%s", o->name);
	for (int i = 0; i < PINGS; i++) {
		ck_assert_msg(peer_until(&p, ": ping\n\n"), "%s", o->name);
		buf_clear(&p.in);
	}
	const int64_t content_us = clock_now_us();
	house_open_gate();
	house_wait(&h.usages, 1);
	ck_assert_msg(h.used.ttft_us >= content_us - asked_us, "%s: %lld us, content after %lld",
	    o->name, (long long)h.used.ttft_us, (long long)(content_us - asked_us));
	ck_assert_uint_eq(h.used.chunks, 1);
	ck_assert_int_eq(h.used.code, CODE_NONE);
	peer_close(&p);
}
END_TEST

#define CLAIM(cost)                                                                     \
	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2," \
	"\"total_tokens\":7,\"cost_usd\":" cost "}}\n\n"

static const struct claim {
	const char *name, *events;
	int64_t cost_micro_usd; /* -1: none is believed */
} claims[] = {
	{ "[G12] a cost is what it says it is", CLAIM("0.25"), 250000 },
	{ "[G12] a negative one is none", CLAIM("-1"), -1 },
	{ "[G12] nor is an absurd one", CLAIM("1e300"), -1 },
	{ "[G12] nor one in words", CLAIM("\"0\""), -1 },
	{ "[G12] the last one counts", CLAIM("9") CLAIM("0.5"), 500000 },
};

START_TEST(test_cost)
{
	const struct claim *c = &claims[_i];
	_cleanup_free_ char *bytes = str_printf("%s%s%s%s%s", SSE_HEAD, HI, STOP, c->events, DONE);
	const struct step script[] = { { SEND, bytes, 0 }, { 0 } };

	house_script(script);
	struct answer a = chat("", CHAT_STREAM);
	answer_done(&a);
	house_wait(&h.usages, 1);
	ck_assert_msg(h.used.usage.cost_micro_usd == c->cost_micro_usd, "%s: %lld", c->name,
	    (long long)h.used.usage.cost_micro_usd);
}
END_TEST

START_TEST(test_who_it_is) /* [G12] a model, a time and a name of its own change nothing of ours */
{
	static const struct step script[] = {
		{ SEND,
		    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-janus-competitor: "
		    "pod\r\n"
		    "x-janus-version-digest: sha256:0\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		    "openai-processing-ms: 0\r\n\r\n"
		    "{\"created\":1,\"model\":\"janus/"
		    "pod\",\"id\":\"another\",\"choices\":[{\"index\":0,"
		    "\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":"
		    "\"stop\"}]}",
		    0 },
		{ 0 }
	};

	house_script(script);
	struct answer a = chat("", CHAT);
	ck_assert_int_eq(a.status, 200);
	ck_assert(str_starts(header_of(a.head, "x-janus-competitor"), "web\r\n"));
	ck_assert_ptr_null(strstr(a.head, "1970"));
	ck_assert_ptr_null(strstr(a.head, "sha256:0"));
	ck_assert(answer_has(&a, "\"created\":1,\"model\":\"janus/pod\"")); /* it is its answer */
	answer_done(&a);
	house_wait(&h.usages, 1);
	ck_assert_str_eq(h.used_competitor, "cpt_web");
	ck_assert(h.used.usage.reported == false); /* so they are counted here */
	ck_assert_int_eq(h.used.usage.prompt_tokens, 1);
	ck_assert_int_eq(h.used.usage.completion_tokens, 1);
	ck_assert_int_eq(h.used.usage.cost_micro_usd, -1);
}
END_TEST

/* ---- who asks ---- */

/* The request as the competitor saw it, without what is random in every one. */
static char *
seen_by_competitor(const char *headers)
{
	const int before = house_get(&h.usages);
	struct answer a = chat(headers, CHAT_STREAM);

	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	house_wait(&h.usages, before + 1);
	pthread_mutex_lock(&h.lock);
	char *seen = str_ndup(h.seen.data, h.seen.len);
	pthread_mutex_unlock(&h.lock);
	static const char *const random[] = { "\r\nx-request-id: ", "\r\ntraceparent: " };
	for (size_t i = 0; i < ARRAY_LEN(random); i++) {
		char *at = strstr(seen, random[i]);

		ck_assert_ptr_nonnull(at);
		at += strlen(random[i]);
		memset(at, '?', strcspn(at, "\r"));
	}
	return seen;
}

START_TEST(test_nothing_tells_who_asks) /* [G11] a benchmark's chats look like anybody's */
{
	static const char *const clients[] = {
		"user-agent: janus-bench/1\r\n",
		"authorization: Bearer \r\n",
		"x-janus-bench: 1\r\nx-janus-run: run_01k9x2e7v3q8w4t5y6z7a8b9c0\r\n",
		"x-forwarded-for: 10.1.2.3\r\nforwarded: for=10.1.2.3\r\nx-real-ip: 10.1.2.3\r\n",
		"accept: text/plain\r\naccept-language: tlh\r\naccept-encoding: br\r\n",
		"cookie: who=bench\r\nreferer: http://localhost/bench\r\n",
		"x-janus-capture: 1\r\nx-janus-progress: 1\r\nx-janus-fallback: none\r\n",
		"connection: close\r\nte: trailers\r\npriority: u=0\r\nprefer: bench\r\n",
		"x-request-id: req_01k9x2e7v3q8w4t5y6z7a8b9c0\r\n",
		"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00\r\n",
	};
	_cleanup_free_ char *plain = NULL;

	house_script(answers_stream);
	plain = seen_by_competitor("");
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		_cleanup_free_ char *seen = seen_by_competitor(clients[i]);

		ck_assert_str_eq(seen, plain);
	}
}
END_TEST

static void
up(void)
{
	h.config = (struct gateway_config){ .connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.anonymous_forwarded = true };
	h.config.relay = house_relay();
	h.config.relay.hold_ms = 0;
	h.config.relay.ping_ms = 30;
	house_up();
}

int
main(void)
{
	Suite *suite = suite_create("lies");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, up, house_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_first_content, 0, (int)ARRAY_LEN(openers));
	tcase_add_loop_test(tc, test_cost, 0, (int)ARRAY_LEN(claims));
	tcase_add_test(tc, test_who_it_is);
	tcase_add_test(tc, test_nothing_tells_who_asks);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

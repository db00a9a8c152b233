/*
 * test_arena.c - battles on a real gateway: two upstreams, one client.
 */
#include "tests/controlplane/gateway/house.h"

#define STREAM "{\"stream\":true," MESSAGES "}"
#define BOTH "{" MESSAGES "}"

static const struct step answers[] = { { SEND, SSE_HEAD HI STOP DONE, 0 }, { 0 } };
static const struct step pauses[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 },
	{ SEND, HI STOP DONE, 0 }, { 0 } };
static const struct step hangs[] = { { SEND, SSE_HEAD HI, 0 }, { HANG, NULL, 0 }, { 0 } };
static const struct step mute[] = { { HANG, NULL, 0 }, { 0 } };
static const struct step dies[] = { { SEND, SSE_HEAD HI, 0 }, { RESET, NULL, 0 }, { 0 } };
static const struct step refuses[] = {
	{ SEND, "HTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\nweb", 0 }, { 0 }
};
static const struct step floods[] = { { SEND, SSE_HEAD, 0 }, { REPEAT, HI HI HI HI HI HI HI HI, 0 },
	{ 0 } };

static void
up(const struct step *script)
{
	h.script = script;
	house_up();
}

static void
ask(struct peer *p, const char *headers, const char *body)
{
	_cleanup_buf_ struct buf out = { 0 };

	buf_printf(&out,
	    "POST /v1/arena HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
	    "x-request-id: request-of-mine\r\n%scontent-length: %zu\r\n\r\n%s",
	    headers, strlen(body), body);
	(void)send_all(p->fd, out.data, out.len);
}

static struct answer
battle(const char *headers, const char *body)
{
	struct peer p = peer_open();

	ask(&p, headers, body);
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

static int
count(const struct answer *a, const char *text)
{
	int n = 0;

	for (const char *p = buf_str(&a->body); (p = strstr(p, text)) != NULL; p += strlen(text))
		n++;
	return n;
}

static void
assert_blind(const struct answer *a)
{
	static const char *const words[] = { "web", "pod", "cpt_", "ins_", "req_", "\"model\"" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_msg(!answer_has(a, words[i]), "%s in %s", words[i], buf_str(&a->body));
	ck_assert_ptr_null(header_of(a->head, "x-janus-competitor"));
	ck_assert_ptr_null(header_of(a->head, "x-janus-version-digest"));
}

START_TEST(both_answer)
{
	up(answers);
	struct answer a = battle("", STREAM);
	ck_assert_int_eq(a.status, 200);
	ck_assert(a.whole);
	ck_assert(str_starts(buf_str(&a.body), "data: {\"object\":\"arena.battle\",\"id\":\"btl_"));
	for (int side = 'a'; side <= 'b'; side++) {
		char text[120];

		snprintf(
		    text, sizeof(text), "\"side\":\"%c\",\"delta\":{\"content\":\"hi\"}}", side);
		ck_assert_int_eq(count(&a, text), 1);
		snprintf(text, sizeof(text),
		    "\"side\":\"%c\",\"finish_reason\":\"stop\",\"error\":null,\"ttft_ms\":", side);
		ck_assert_int_eq(count(&a, text), 1);
	}
	ck_assert_int_eq(count(&a, DONE), 1);
	ck_assert(str_ends(buf_str(&a.body), "\n\n" DONE));
	assert_blind(&a);
	house_wait(&h.usages, 2);
	ck_assert_int_eq(house_get(&h.begun), 1);
	ck_assert_int_eq(house_get(&h.ended), 1);
	ck_assert_int_eq(h.battle.state, BATTLE_ENDED);
	ck_assert_str_eq(h.battle.request_id, "request-of-mine");
	ck_assert_str_eq(h.battle.owner, "127.0.0.1");
	ck_assert_str_ne(h.battle.sides[0].slug, h.battle.sides[1].slug);
	ck_assert_str_ne(h.battle.sides[0].request_id, h.battle.sides[1].request_id);
	ck_assert_int_ge(h.battle.sides[0].ttft_ms, 0);
	/* What went upstream is a chat like any other, with an id of its own. */
	pthread_mutex_lock(&h.lock);
	ck_assert_ptr_nonnull(strstr(h.seen.data, "\"model\":\"janus\","));
	ck_assert_ptr_nonnull(strstr(h.seen.data, "x-request-id: req_"));
	ck_assert_ptr_null(strstr(h.seen.data, "request-of-mine"));
	pthread_mutex_unlock(&h.lock);
	answer_done(&a);
	house_down();
}
END_TEST

START_TEST(both_in_one_object)
{
	up(answers);
	struct answer a = battle("", BOTH);
	ck_assert_int_eq(a.status, 200);
	ck_assert_int_eq(count(&a, "\"message\":{\"role\":\"assistant\",\"content\":\"hi\"}"), 2);
	ck_assert_int_eq(count(&a, "\"finish_reason\":\"stop\""), 2);
	assert_blind(&a);
	answer_done(&a);
	house_down();
}
END_TEST

START_TEST(one_dies) /* [C04] the other goes on; nobody learns who it was */
{
	up(dies);
	struct answer a = battle("", STREAM);
	ck_assert_int_eq(a.status, 200);
	ck_assert_int_eq(count(&a, "\"code\":\"upstream_died\""), 2);
	ck_assert_int_eq(count(&a, "did not answer to the end"), 2);
	ck_assert_int_eq(count(&a, DONE), 1);
	assert_blind(&a);
	ck_assert_int_eq(h.battle.state, BATTLE_FAILED); /* both: neither is better */
	answer_done(&a);

	/* The pod's link is gone: that side cannot even begin. */
	house_script(answers);
	pthread_mutex_lock(&h.lock);
	h.link_mode = LINK_NONE;
	pthread_mutex_unlock(&h.lock);
	for (int i = 0; i < 4; i++) {
		a = battle("", STREAM);
		ck_assert_int_eq(a.status, 200);
		assert_blind(&a);
		answer_done(&a);
	}
	house_wait(&h.ended, 5);
	const int pod = str_eq(h.battle.sides[1].slug, "pod");
	if (h.battle.state == BATTLE_ENDED && h.battle.sides[pod].code[0] != '\0')
		ck_assert_str_eq(h.battle.sides[1 - pod].code, "");
	house_down();
}
END_TEST

START_TEST(nobody_answers_at_all)
{
	up(refuses);
	struct answer a = battle("", BOTH);
	assert_envelope("whole", &a, 502, "upstream_bad_response", "miner");
	assert_blind(&a);
	answer_done(&a);
	a = battle("", STREAM);
	ck_assert_int_eq(a.status, 200);
	ck_assert_int_eq(count(&a, "\"code\":\"upstream_bad_response\""), 2);
	ck_assert_int_eq(count(&a, "\"ttft_ms\":null"), 2);
	assert_blind(&a);
	answer_done(&a);
	house_down();
}
END_TEST

START_TEST(heartbeats) /* [C02] no silence towards the client, whatever the sides do */
{
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.queue_wait_ms = 60000,
		.listen_host = "127.0.0.1" };
	h.config.relay.ping_ms = h.config.relay.hold_ms = 30;
	up(pauses);
	struct peer p = peer_open();
	ask(&p, "", STREAM);
	ck_assert(peer_until(&p, ": ping\n\n"));
	ck_assert(peer_until(&p, "\"side\":\"b\""));
	house_open_gate();
	struct answer a = peer_answer(&p);
	ck_assert_int_eq(count(&a, "\"content\":\"hi\""), 4);
	ck_assert_int_eq(count(&a, DONE), 1);
	answer_done(&a);
	peer_close(&p);
	house_down();
}
END_TEST

START_TEST(client_leaves) /* [A16] both upstreams are told, and the battle is nobody's */
{
	static const struct step *const scripts[] = { hangs, mute };
	static const char *const bodies[] = { STREAM, BOTH };

	up(hangs);
	for (int i = 0; i < 4; i++) {
		const int before = house_get(&h.cancelled), asked = house_get(&h.requests);
		const int ended = house_get(&h.ended), used = house_get(&h.usages);
		struct peer p = peer_open();

		house_script(scripts[i / 2]);
		ask(&p, "", bodies[i % 2]);
		house_wait(&h.requests, asked + 2);
		peer_close(&p);
		house_wait(&h.cancelled, before + 2);
		house_wait(&h.ended, ended + 1);
		house_wait(&h.usages, used + 2);
		ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
		ck_assert_int_eq(h.battle.state, BATTLE_ABANDONED);
	}
	assert_serves("then");
	house_down();
}
END_TEST

START_TEST(half_close) /* [A15] is not a cancel */
{
	up(pauses);
	struct peer p = peer_open();
	ask(&p, "", STREAM);
	ck_assert(peer_until(&p, "\"side\""));
	shutdown(p.fd, SHUT_WR);
	ck_assert(peer_until(&p, ": ping\n\n")); /* a look whether somebody still reads */
	house_open_gate();
	struct answer a = peer_answer(&p);
	ck_assert_int_eq(count(&a, DONE), 1);
	ck_assert_int_eq(count(&a, "\"finish_reason\":\"stop\""), 2);
	answer_done(&a);
	peer_close(&p);
	house_down();
}
END_TEST

/* [A17] Both sides are paused when the client reads nothing, and cancelled when it never does. */
START_TEST(slow_reader)
{
	h.http = http_server_defaults;
	h.http.stream_stall_ms = 400;
	up(floods);
	struct peer p = peer_open();
	ask(&p, "", STREAM);
	house_wait(&h.requests, 2);
	house_wait(&h.cancelled, 2);
	house_wait(&h.ended, 1);
	ck_assert_int_eq(h.battle.state, BATTLE_ABANDONED);
	house_wait(&h.usages, 2);
	ck_assert_uint_lt(h.used.bytes_in, 64 << 20);
	peer_close(&p);
	assert_serves("then");
	house_down();
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *name, *headers, *body;
		int status;
		const char *code;
	} cases[] = {
		{ "no messages", "", "{\"stream\":true}", 400, "missing_required_parameter" },
		{ "no body", "", "", 400, "invalid_json" },
		{ "an empty object", "", "{}", 400, "missing_required_parameter" },
		{ "a competitor by model", "", "{\"model\":\"janus/web\"," MESSAGES "}", 400,
		    "invalid_value" },
		{ "a competitor by header", "x-janus-competitor: web\r\n", BOTH, 400,
		    "unsupported_parameter" },
		{ "a role that is none", "", "{\"messages\":[{\"role\":\"x\",\"content\":\"x\"}]}",
		    400, "invalid_value" },
	};

	up(answers);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer a = battle(cases[i].headers, cases[i].body);

		assert_envelope(cases[i].name, &a, cases[i].status, cases[i].code, "client");
		answer_done(&a);
	}
	ck_assert_int_eq(house_get(&h.requests), 0);
	ck_assert_int_eq(house_get(&h.begun), 0);
	/* Votes are for the surface beside this one, which is not here. */
	struct peer p = peer_open();
	peer_send(&p,
	    "POST /v1/arena/btl_1/vote HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}");
	struct answer a = peer_answer(&p);
	assert_envelope("a vote", &a, 404, "resource_not_found", "client");
	answer_done(&a);
	peer_send(&p, "GET /v1/arena HTTP/1.1\r\nhost: localhost\r\n\r\n");
	a = peer_answer(&p);
	assert_envelope("GET", &a, 405, "method_not_allowed", "client");
	answer_done(&a);
	peer_close(&p);
	house_down();
}
END_TEST

static void
end_now(void *arg)
{
	(void)arg;
	gateway_drain(h.gw);
	gateway_end_chats(h.gw);
}

START_TEST(
    drains) /* the time to drain is over: both sides end with a type, which is nobody's fault */
{
	up(hangs);
	struct peer p = peer_open();
	ask(&p, "", STREAM);
	ck_assert(peer_until(&p, "\"side\":\"a\""));
	loop_post(h.loop, end_now, NULL);
	struct answer a = peer_answer(&p);
	ck_assert(a.whole);
	ck_assert_int_eq(count(&a, "\"code\":\"draining\""), 2);
	ck_assert_int_eq(count(&a, DONE), 1);
	house_wait(&h.ended, 1);
	ck_assert_int_eq(h.battle.state, BATTLE_FAILED);
	answer_done(&a);
	peer_close(&p);
	house_down();
}
END_TEST

START_TEST(stops_in_the_middle) /* as the process does: nothing is left behind */
{
	static const char *const bodies[] = { STREAM, BOTH };

	for (int i = 0; i < 2; i++) {
		const int asked = house_get(&h.requests), ended = house_get(&h.ended);
		up(hangs);
		struct peer p = peer_open();
		ask(&p, "", bodies[i]);
		house_wait(&h.requests, asked + 2);
		house_down();
		peer_close(&p);
		ck_assert_int_eq(h.ended, ended); /* the next start finds it running */
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arena");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, both_answer);
	tcase_add_test(tc, both_in_one_object);
	tcase_add_test(tc, one_dies);
	tcase_add_test(tc, nobody_answers_at_all);
	tcase_add_test(tc, heartbeats);
	tcase_add_test(tc, client_leaves);
	tcase_add_test(tc, half_close);
	tcase_add_test(tc, slow_reader);
	tcase_add_test(tc, refusals);
	tcase_add_test(tc, drains);
	tcase_add_test(tc, stops_in_the_middle);
	suite_add_tcase(s, tc);
	return run_suite(s);
}

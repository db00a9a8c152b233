/*
 * test_wait.c - a competitor with one slot: who waits, what they are told, and how it ends; and
 * one that keeps failing.
 */
#include "controlplane/gateway/wait.h"
#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/streams.h"
#include "tests/controlplane/gateway/house.h"
#include "tests/wall_clock.h"

#define WEB "{\"model\":\"janus/web\"," MESSAGES "}"
#define WEB_STREAM "{\"model\":\"janus/web\",\"stream\":true," MESSAGES "}"

static const struct step gated[] = { { GATE, NULL, 0 }, { SEND, JSON_HEAD WHOLE, 0 }, { 0 } };
static const struct step fails[] = { { RESET, NULL, 0 }, { 0 } };
static const struct step busy[] = {
	{ SEND,
	    "HTTP/1.1 503 Busy\r\nconnection: close\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
	    0 },
	{ 0 }
};
static const struct step refuses[] = {
	{ SEND, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", 0 },
	{ 0 }
};

#define OPEN_MS 50000 /* of a breaker; nobody waits for that */

static struct streams *streams; /* NULL: none can be resumed */

static void
up_with(const struct step *script, int64_t queue_wait_ms, int64_t open_ms)
{
	h.limit = 1;
	h.traffic = traffic_defaults;
	h.traffic.queue_max = 2;
	h.traffic.breaker.open_ms = open_ms;
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.queue_wait_ms = queue_wait_ms,
		.listen_host = "127.0.0.1",
		.streams = streams };
	h.config.relay.hold_ms = h.config.relay.ping_ms = 50;
	h.script = script;
	house_up();
}

static void
up(void)
{
	up_with(gated, 60000, 5000);
}

static void
up_impatient(void)
{
	up_with(gated, 100, 5000);
}

static void
up_breaker(void)
{
	up_with(answers_whole, 60000, OPEN_MS);
}

static void
up_resumable(void)
{
	streams = streams_new(&streams_defaults);
	up();
}

static void
down_resumable(void)
{
	house_down();
	streams_free(streams);
	streams = NULL;
}

static struct peer
ask(const char *headers, const char *body)
{
	struct peer p = peer_open();

	peer_send_chat(&p, headers, body, strlen(body));
	return p;
}

/* One that has the slot of "web", until the gate opens. */
static struct peer
occupy(void)
{
	struct peer p = ask("", WEB);

	house_wait(&h.requests, 1);
	return p;
}

/* A stream that waits: it has been told its place. */
static struct peer
queue_up(const char *headers, const char *told)
{
	struct peer p = ask(headers, WEB_STREAM);

	ck_assert_msg(peer_until(&p, told), "not told '%s': %s", told, buf_str(&p.in));
	return p;
}

static void
assert_ok(const char *name, struct peer *p)
{
	struct answer a = peer_answer(p);

	ck_assert_msg(a.status == 200, "%s: %d: %s", name, a.status, buf_str(&a.body));
	ck_assert_msg(answer_has(&a, "\"hi\""), "%s: %s", name, buf_str(&a.body));
	ck_assert_msg(!answer_has(&a, "\"error\""), "%s: %s", name, buf_str(&a.body));
	answer_done(&a);
	peer_close(p);
}

START_TEST(test_waits) /* [M10] told its place in pings, or in events if it wants them */
{
	struct peer first = occupy();
	struct peer second = queue_up("", ": queued position=1\n\n");
	struct peer third = queue_up("x-janus-progress: 1\r\n",
	    "\"delta\":{\"janus\":{\"event\":\"queued\",\"payload\":{\"position\":2,"
	    "\"eta_seconds\":null}}}");

	ck_assert_int_eq(house_get(&h.requests), 1);
	house_open_gate();
	assert_ok("the first", &first);
	assert_ok("the second", &second);
	assert_ok("the third", &third);
}
END_TEST

START_TEST(test_waits_resumably) /* [M10] its place is an event of the stream, with a number */
{
	static const char *const place = "id: 1\ndata: {\"id\":\"chatcmpl-";
	struct peer first = occupy();
	struct peer second = queue_up("x-janus-resume: 1\r\nx-janus-progress: 1\r\n", place);
	struct peer third = queue_up("x-janus-resume: 1\r\n", ": ping\n\n");

	ck_assert_msg(peer_until(&second, "\"event\":\"queued\",\"payload\":{\"position\":1,"),
	    "%s", buf_str(&second.in));
	house_open_gate();
	assert_ok("the first", &first);
	ck_assert_msg(
	    peer_until(&second, "{\"event\":\"done\",\"payload\":{"), "%s", buf_str(&second.in));
	assert_ok("the second", &second);
	ck_assert_ptr_null(strstr(buf_str(&third.in), "queued"));
	assert_ok("the third", &third);
}
END_TEST

START_TEST(test_full) /* [M10] more than may wait: 429 at once; the others are served */
{
	struct peer first = occupy();
	struct peer second = queue_up("", "position=1"), third = queue_up("", "position=2");
	struct answer a = chat("", WEB);

	assert_envelope("one too many", &a, 429, "queue_full", "platform");
	ck_assert_int_gt(atoi(header_of(a.head, "retry-after")), 0);
	ck_assert_int_eq(atoi(header_of(a.head, "retry-after-ms")),
	    1000 * atoi(header_of(a.head, "retry-after")));
	answer_done(&a);
	house_open_gate();
	assert_ok("the first", &first);
	assert_ok("the second", &second);
	assert_ok("the third", &third);

	struct peer p = peer_open();
	peer_send(&p, "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n");
	a = peer_answer(&p);
	ck_assert(answer_has(
	    &a, "janus_queue_rejected_total{competitor=\"web\",class=\"interactive\"} 1\n"));
	ck_assert(answer_has(
	    &a, "janus_queue_wait_seconds_count{competitor=\"web\",class=\"interactive\"} 2\n"));
	ck_assert(answer_has(&a, "janus_queue_depth{competitor=\"web\",class=\"bench\"} 0\n"));
	ck_assert(answer_has(&a, "janus_breaker_state{competitor=\"web\"} 0\n"));
	answer_done(&a);
	peer_close(&p);
}
END_TEST

START_TEST(test_queue_ms)
{
	struct peer first = occupy(), second = ask("", WEB);
	/* Told that it is the next but one, it knows that the second waits. */
	struct peer third = queue_up("", "position=2");

	house_open_gate();
	assert_ok("the first", &first);
	struct answer a = peer_answer(&second);
	ck_assert_int_eq(a.status, 200);
	ck_assert_msg(atoi(header_of(a.head, "x-janus-queue-ms")) > 0, "%s", a.head);
	ck_assert_int_ge(atoi(header_of(a.head, "openai-processing-ms")),
	    atoi(header_of(a.head, "x-janus-queue-ms")));
	answer_done(&a);
	assert_ok("the third", &third);
	peer_close(&second);
	house_wait(&h.usages, 3);
	house_wait_turn(); /* the slot is free again */
	a = chat("", WEB);
	ck_assert_int_eq(a.status, 200);
	ck_assert_int_eq(atoi(header_of(a.head, "x-janus-queue-ms")), 0);
	answer_done(&a);
}
END_TEST

/* The head went while they waited: the end says what it could not, before the [DONE]. */
START_TEST(test_done)
{
	struct peer first = occupy();
	struct peer second = queue_up("", "position=1");
	struct peer third = queue_up("x-janus-progress: 1\r\n", "\"position\":2");
	unsigned long attempts, queue_ms, processing_ms;
	double overhead_ms;

	house_open_gate();
	assert_ok("the first", &first);
	struct answer a = peer_answer(&second);
	const char *done = strstr(buf_str(&a.body), ": done ");
	ck_assert_msg(done != NULL, "%s", buf_str(&a.body));
	ck_assert_int_eq(
	    sscanf(done, ": done attempts=%lu queue_ms=%lu overhead_ms=%lf processing_ms=%lu",
		&attempts, &queue_ms, &overhead_ms, &processing_ms),
	    4);
	ck_assert_uint_eq(attempts, 1);
	ck_assert_uint_gt(queue_ms, 0);
	ck_assert_uint_ge(processing_ms, queue_ms);
	ck_assert_ptr_nonnull(strstr(done, "\n\ndata: [DONE]\n\n"));
	ck_assert_ptr_null(strstr(buf_str(&a.body), "\"event\":\"done\""));
	answer_done(&a);

	a = peer_answer(&third);
	done = strstr(buf_str(&a.body), "{\"event\":\"done\",\"payload\":{\"competitor\":\"web\",");
	ck_assert_msg(done != NULL, "%s", buf_str(&a.body));
	ck_assert_ptr_nonnull(strstr(done, "\"attempts\":1,\"queue_ms\":"));
	ck_assert_ptr_nonnull(strstr(done, "\"processing_ms\":"));
	ck_assert_ptr_nonnull(strstr(done, "\n\ndata: [DONE]\n\n"));
	ck_assert_ptr_null(strstr(buf_str(&a.body), ": done"));
	answer_done(&a);
	peer_close(&second);
	peer_close(&third);
}
END_TEST

START_TEST(test_leaves) /* [A16] a client that goes while it waits is out of the queue at once */
{
	struct peer first = occupy();
	struct peer second = queue_up("", "position=1"), third = queue_up("", "position=2");

	peer_close(&second);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
	buf_clear(&third.in);
	ck_assert(peer_until(&third, "position=1"));
	house_open_gate();
	assert_ok("the first", &first);
	house_wait(&h.usages, 3);
	ck_assert(peer_until(&third, "data: [DONE]"));
	peer_close(&third);
	ck_assert_int_eq(house_get(&h.requests), 2); /* the one that left never went there */
}
END_TEST

START_TEST(test_late) /* [M10] no wait without an end */
{
	struct peer first = occupy();
	struct answer a = chat("", WEB);

	assert_envelope("waited too long", &a, 503, "no_ready_competitor", "platform");
	ck_assert(answer_has(&a, "no free slot"));
	ck_assert_ptr_nonnull(header_of(a.head, "retry-after"));
	answer_done(&a);
	a = chat("", WEB_STREAM);
	ck_assert_int_eq(a.status, 200);
	ck_assert(answer_has(&a, "no_ready_competitor"));
	ck_assert(answer_has(&a, "data: [DONE]"));
	answer_done(&a);
	house_open_gate();
	assert_ok("the first", &first);
}
END_TEST

static void
drain(void *arg)
{
	gateway_drain(arg);
}

START_TEST(test_drain) /* [A23] whoever waits is told; whoever is answered goes on */
{
	struct peer first = occupy(), second = queue_up("", "position=1"), third = ask("", WEB);

	/* The third has no words to be told, so it may not wait yet: then it is refused later. */
	loop_post(h.loop, drain, h.gw);
	ck_assert(peer_until(&second, "\"code\":\"draining\""));
	ck_assert(peer_until(&second, "data: [DONE]"));
	struct answer a = peer_answer(&third);
	ck_assert(a.status == 503 || a.status == 0);
	answer_done(&a);
	house_open_gate();
	assert_ok("the first", &first);
	peer_close(&second);
	peer_close(&third);
}
END_TEST

static void
no_routes(void *arg)
{
	struct routes *r = routes_new(1);

	(void)arg;
	strcpy(r->at[0].slug, "web");
	strcpy(r->at[0].competitor, "cpt_web");
	gateway_set_routes(h.gw, r);
}

START_TEST(test_goes_away) /* nobody waits for a competitor that is not ready any more */
{
	struct peer first = occupy(), second = queue_up("", "position=1");

	loop_post(h.loop, no_routes, NULL);
	ck_assert(peer_until(&second, "no_ready_competitor"));
	ck_assert(peer_until(&second, "data: [DONE]"));
	house_open_gate();
	assert_ok("the first", &first);
	peer_close(&second);
}
END_TEST

/* "web" has an instance of each of two versions; or, alone, of the first. */
static struct route_target *of_versions[2];

static void
publish_versions(bool alone)
{
	struct routes *r = routes_new(1);
	struct route *web = &r->at[0];

	strcpy(web->slug, "web");
	strcpy(web->competitor, "cpt_web");
	strcpy(web->version, "ver_first1");
	strcpy(web->other_version, alone ? "" : "ver_second");
	web->candidate_percent = alone ? 0 : 50;
	web->ntargets = alone ? 1 : 2;
	web->targets = mem_zalloc(2 * sizeof(struct route_target *));
	for (size_t i = 0; i < web->ntargets; i++)
		web->targets[i] = route_target_ref(of_versions[i]);
	of_versions[1]->closed = alone;
	gateway_set_routes(h.gw, r);
}

static void
two_versions(void *arg)
{
	struct traffic *traffic = traffic_new(&h.traffic);

	(void)arg;
	for (size_t i = 0; i < 2; i++) {
		struct route_target *t = of_versions[i] = route_target_new();

		snprintf(t->instance, sizeof(t->instance), "ins_%zu", i);
		strcpy(t->version, i == 0 ? "ver_first1" : "ver_second");
		t->port = t->url.port = h.upstream_port;
		strcpy(t->url.host, "127.0.0.1");
		strcpy(t->url.path, "/");
		t->limit = 1;
		t->traffic = traffic_ref(traffic);
	}
	traffic_unref(traffic);
	publish_versions(false);
}

static void
one_version(void *arg)
{
	(void)arg;
	publish_versions(true);
}

static struct peer
queue_up_for(const char *version, const char *told)
{
	_cleanup_free_ char *body =
	    str_printf("{\"model\":\"janus/web@%s\",\"stream\":true," MESSAGES "}", version);
	struct peer p = ask("", body);

	ck_assert_msg(peer_until(&p, told), "not told '%s': %s", told, buf_str(&p.in));
	return p;
}

START_TEST(
    test_waits_for_a_version) /* the other's free slot is not for it, and is not kept from others */
{
	loop_post(h.loop, two_versions, NULL);
	house_wait_turn();
	struct peer first = ask("", "{\"model\":\"janus/web@ver_first1\"," MESSAGES "}");
	house_wait(&h.requests, 1);
	ck_assert_int_eq(of_versions[0]->in_flight, 1);
	struct peer second = queue_up_for("ver_first1", ": queued position=1");
	ck_assert_int_eq(of_versions[1]->in_flight, 0);
	struct peer third = ask("", WEB);
	house_wait(&h.requests, 2);
	ck_assert_int_eq(of_versions[1]->in_flight, 1);
	struct peer fourth = queue_up_for("ver_second", ": queued position=2");

	struct peer p = peer_open();
	peer_send(&p, "GET /v1/models/janus/web@ver_second HTTP/1.1\r\nhost: localhost\r\n\r\n");
	struct answer a = peer_answer(&p);
	ck_assert(answer_has(&a, "\"version\":\"ver_second\""));
	answer_done(&a);
	peer_close(&p);

	/* The second version goes: nobody is left to wait for. */
	loop_post(h.loop, one_version, NULL);
	ck_assert_msg(peer_until(&fourth, "model_not_found"), "%s", buf_str(&fourth.in));
	peer_close(&fourth);
	ck_assert_int_eq(house_get(&h.requests), 2);
	house_open_gate();
	assert_ok("the first", &first);
	assert_ok("the second", &second);
	assert_ok("the third", &third);
	ck_assert_int_eq(house_get(&h.requests), 3);
	for (size_t i = 0; i < 2; i++)
		route_target_unref(of_versions[i]);
}
END_TEST

START_TEST(test_default_waits) /* "janus" waits for its default rather than ask another */
{
	struct peer first = occupy(), second = ask("", CHAT_STREAM);

	ck_assert(peer_until(&second, ": queued position=1"));
	house_open_gate();
	assert_ok("the first", &first);
	struct answer a = peer_answer(&second);
	ck_assert(answer_has(&a, "\"hi\""));
	answer_done(&a);
	peer_close(&second);
	house_served("cpt_web");
}
END_TEST

/* ---- the breaker ---- */

static void
fail_web(const struct step *script, int times, int status)
{
	house_script(script);
	for (int i = 0; i < times; i++) {
		struct answer a = chat("x-janus-fallback: none\r\n", WEB);

		ck_assert_msg(a.status == status, "%d: %d", i, a.status);
		answer_done(&a);
	}
}

START_TEST(test_breaker) /* [C01] what keeps failing is left alone, probed, and used again */
{
	struct answer a;

	fail_web(fails, 5, 502);
	const int asked = house_get(&h.requests);
	a = chat("", WEB);
	assert_envelope("left alone", &a, 503, "no_ready_competitor", "platform");
	ck_assert(answer_has(&a, "failed too often"));
	ck_assert_int_eq(house_get(&h.requests), asked); /* nobody went there */
	answer_done(&a);
	house_script(answers_whole);
	a = chat("", CHAT); /* the default goes on to another */
	ck_assert_int_eq(a.status, 200);
	house_served("cpt_pod");
	answer_done(&a);
	monotonic_ahead_s = OPEN_MS / 1000;
	for (a = chat("", WEB); a.status == 503; a = chat("", WEB))
		answer_done(&a);
	ck_assert_int_eq(a.status, 200); /* the probe */
	answer_done(&a);
	a = chat("", WEB);
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
}
END_TEST

START_TEST(test_breaker_retry_after) /* [C14] for as long as it asked */
{
	fail_web(busy, 5, 503);
	struct answer a = chat("", WEB);
	assert_envelope("left alone", &a, 503, "no_ready_competitor", "platform");
	ck_assert(answer_has(&a, "failed too often"));
	const int seconds = atoi(header_of(a.head, "retry-after"));
	ck_assert_msg(seconds >= 1 && seconds <= 7, "%d", seconds);
	answer_done(&a);
}
END_TEST

START_TEST(test_breaker_not_for_clients) /* neither a 4xx nor a client that left counts */
{
	fail_web(refuses, 8, 400);
	house_script(gated);
	for (int i = 0; i < 8; i++) {
		const int usages = house_get(&h.usages);
		struct peer p = ask("", WEB);

		house_wait(&h.requests, 9 + i);
		peer_close(&p);
		house_wait(&h.usages, usages + 1);
		ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
	}
	house_open_gate();
	house_script(answers_whole);
	struct answer a = chat("", WEB);
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
}
END_TEST

/* ---- going on with another in the middle ---- */

static const struct step dies[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 }, { RESET, NULL, 0 },
	{ 0 } };
static const struct step breaks[] = { { SEND, JSON_HEAD, 0 }, { RESET, NULL, 0 }, { 0 } };

static struct answer
cut_in_the_middle(const char *headers)
{
	house_script(dies);
	struct peer p = ask(headers, CHAT_STREAM);

	ck_assert(peer_until(&p, "\"hi\""));
	house_script(answers_stream);
	house_open_gate();
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

START_TEST(test_mid) /* [C04] a client that asked for it gets the rest from another */
{
	struct answer a = cut_in_the_middle("x-janus-failover: mid\r\n");
	const char *event = strstr(buf_str(&a.body),
	    "{\"event\":\"failover\",\"payload\":{\"from\":\"web\",\"to\":\"pod\","
	    "\"code\":\"upstream_died\"}}");

	ck_assert_msg(event != NULL, "%s", buf_str(&a.body));
	ck_assert_ptr_nonnull(strstr(event, "\"hi\""));
	ck_assert_ptr_nonnull(strstr(event, "data: [DONE]"));
	ck_assert(!answer_has(&a, "\"error\""));
	house_served("cpt_pod");
	answer_done(&a);
}
END_TEST

START_TEST(test_mid_only_if_asked) /* [C04] what may have run is not run again for anybody else */
{
	static const char *const headers[] = { "", "x-janus-failover: early\r\n",
		"x-janus-failover: mid\r\nx-janus-fallback: none\r\n" };
	struct answer a = cut_in_the_middle(headers[_i]);

	ck_assert(answer_has(&a, "upstream_died"));
	ck_assert(!answer_has(&a, "failover"));
	ck_assert_int_eq(house_get(&h.requests), 1);
	answer_done(&a);
}
END_TEST

START_TEST(test_mid_before_the_first_byte) /* it may run twice, so it may be sent twice */
{
	house_script(breaks);
	struct answer a = chat("", CHAT);
	ck_assert_int_eq(a.status, 502);
	ck_assert_int_eq(house_get(&h.requests), 1);
	answer_done(&a);
	a = chat("x-janus-failover: mid\r\n", CHAT);
	ck_assert_int_eq(a.status, 502); /* both fail */
	ck_assert_int_eq(house_get(&h.requests), 3);
	answer_done(&a);
	house_script(refuses); /* the client's fault: another would say the same */
	a = chat("x-janus-failover: mid\r\n", CHAT);
	ck_assert_int_eq(a.status, 400);
	ck_assert_int_eq(house_get(&h.requests), 4);
	answer_done(&a);
}
END_TEST

START_TEST(test_callers) /* who counts as a benchmark, and whose turn a turn is */
{
	struct auth bench = { .scopes = SCOPE(BENCH) | SCOPE(READ), .key_id = "key_b" };
	struct auth both = { .scopes = SCOPE(BENCH) | SCOPE(CHAT), .key_id = "key_c" };
	struct auth anybody = { .scopes = SCOPE(CHAT) };
	char key[WAIT_KEY_MAX];

	ck_assert_int_eq(wait_class(&bench), FAIR_BENCH);
	ck_assert_int_eq(wait_class(&both), FAIR_INTERACTIVE);
	ck_assert_int_eq(wait_class(&anybody), FAIR_INTERACTIVE);
	ck_assert_int_eq(wait_class(NULL), FAIR_INTERACTIVE);
	wait_key(&bench, "192.0.2.1", key);
	ck_assert_str_eq(key, "key_b");
	wait_key(&anybody, "192.0.2.1", key);
	ck_assert_str_eq(key, "from 192.0.2.1");
	wait_key(NULL, "unix", key);
	ck_assert_str_eq(key, "from unix");
}
END_TEST

static TCase *
tcase(Suite *suite, const char *name, void (*set_up)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, house_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("wait");
	TCase *tc = tcase(suite, "queue", up);

	tcase_add_test(tc, test_waits);
	tcase_add_test(tc, test_full);
	tcase_add_test(tc, test_queue_ms);
	tcase_add_test(tc, test_done);
	tcase_add_test(tc, test_leaves);
	tcase_add_test(tc, test_drain);
	tcase_add_test(tc, test_goes_away);
	tcase_add_test(tc, test_waits_for_a_version);
	tcase_add_test(tc, test_default_waits);
	tc = tcase(suite, "impatient", up_impatient);
	tcase_add_test(tc, test_late);
	tc = tcase(suite, "breaker", up_breaker);
	tcase_add_test(tc, test_breaker);
	tcase_add_test(tc, test_breaker_retry_after);
	tcase_add_test(tc, test_breaker_not_for_clients);
	tc = tcase(suite, "mid", up_breaker);
	tcase_add_test(tc, test_mid);
	tcase_add_loop_test(tc, test_mid_only_if_asked, 0, 3);
	tcase_add_test(tc, test_mid_before_the_first_byte);
	tc = tcase_create("resumable");
	tcase_add_checked_fixture(tc, up_resumable, down_resumable);
	tcase_add_test(tc, test_waits_resumably);
	suite_add_tcase(suite, tc);
	tc = tcase_create("callers");
	tcase_add_test(tc, test_callers);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

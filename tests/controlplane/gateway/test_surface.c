/*
 * test_surface.c - the endpoints beside chat through a whole gateway, other origins, tracestate.
 *
 * The house's "web" offers everything, its "pod" only chats.
 */
#include "controlplane/gateway/cors.h"
#include "runtime/engine/capability.h"
#include "tests/controlplane/gateway/house.h"

#define ALL (CAPABILITY(COMPLETIONS) | CAPABILITY(RESPONSES) | CAPABILITY(EMBEDDINGS))
#define EMBEDDINGS                                                                            \
	"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":" \
	"[0.25]}],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}"
#define CREATED \
	"event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0}\n\n"
#define DELTA                                                                                \
	"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\"," \
	"\"sequence_number\":1,\"delta\":\"hi\"}\n\n"
#define COMPLETED                                                                                  \
	"event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":2," \
	"\"response\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":2,\"total_tokens\":7}}}"    \
	"\n\n"
#define FAILED                                                                               \
	"event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":2," \
	"\"response\":{\"error\":{\"message\":\"no ink\"}}}\n\n"
#define TEXT "data: {\"choices\":[{\"index\":0,\"text\":\"hi\",\"finish_reason\":null}]}\n\n"
#define TEXT_STOP "data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n"

static struct cors *cors;
static int routed;
static bool impatient; /* about pings and gaps */

/* The default only chats. */
static void
set_routes(void *arg)
{
	struct routes *r = routes_new(2);

	(void)arg;
	house_route(&r->at[0], "pod", true);
	house_route(&r->at[1], "web", false);
	r->at[0].is_default = true;
	r->at[1].capabilities = ALL;
	gateway_set_routes(h.gw, r);
	house_changed(&routed);
}

static void
set_up(void)
{
	struct error err = { 0 };

	cors = cors_new("https://app.example http://localhost:3000", false, &err);
	ck_assert_msg(cors != NULL, "%s", err.text);
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.cors = cors,
		.listen_host = "127.0.0.1" };
	if (impatient) {
		h.config.relay.ping_ms = 50;
		h.config.relay.gap_ms = 1500;
	}
	house_up();
	loop_post(h.loop, set_routes, NULL);
	house_wait(&routed, 1);
}

static void
set_up_impatient(void)
{
	impatient = true;
	set_up();
}

static void
tear_down(void)
{
	house_down();
	cors_free(cors);
}

static struct answer
ask(const char *method, const char *path, const char *headers, const char *body)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct peer p = peer_open();

	buf_printf(&out, "%s %s HTTP/1.1\r\nhost: localhost\r\n%s", method, path, headers);
	if (body != NULL)
		buf_printf(&out, "content-type: application/json\r\ncontent-length: %zu\r\n",
		    strlen(body));
	buf_printf(&out, "connection: close\r\n\r\n%s", body != NULL ? body : "");
	peer_send(&p, out.data);
	/* A HEAD has the length of a body that does not come. */
	if (str_eq(method, "HEAD")) {
		struct answer a = { 0 };

		while (peer_fill(&p))
			;
		ck_assert_ptr_nonnull(p.in.data);
		a.head = str_dup(p.in.data);
		a.status = atoi(a.head + 9);
		peer_close(&p);
		return a;
	}
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

/* ---- what is relayed ---- */

static const struct relayed {
	const char *name, *path, *body;
	struct step script[4];
	int status;
	enum wire_code code;
	const char *begins; /* the client's body begins so; NULL: with the envelope of the code */
	const char *then; /* and later has this; NULL: nothing more */
	int prompt_tokens, completion_tokens;
} relayed[] = {
	{ "embeddings", "/v1/embeddings", "{\"model\":\"janus/web\",\"input\":\"x\"}",
	    { { SEND, JSON_HEAD EMBEDDINGS, 0 } }, 200, CODE_NONE, EMBEDDINGS, NULL, 3, 0 },
	{ "[C18] embeddings that are none", "/v1/embeddings",
	    "{\"model\":\"janus/web\",\"input\":\"x\"}", { { SEND, JSON_HEAD WHOLE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL, "a list of embeddings", 0, 0 },
	{ "a completion", "/v1/completions", "{\"model\":\"janus/web\",\"prompt\":\"x\"}",
	    { { SEND, JSON_HEAD "{\"choices\":[{\"text\":\"hi\"}]}", 0 } }, 200, CODE_NONE,
	    "{\"choices\":[{\"text\":\"hi\"}]}", NULL, 1, 1 }, /* estimated */
	{ "a completion's stream", "/v1/completions",
	    "{\"model\":\"janus/web\",\"prompt\":\"x\",\"stream\":true}",
	    { { SEND, SSE_HEAD TEXT TEXT_STOP USAGE DONE, 0 } }, 200, CODE_NONE,
	    TEXT TEXT_STOP DONE, NULL, 5, 2 },
	{ "[C05] a completion's stream without a finish reason", "/v1/completions",
	    "{\"model\":\"janus/web\",\"prompt\":\"x\",\"stream\":true}",
	    { { SEND, SSE_HEAD TEXT, 0 } }, 200, CODE_UPSTREAM_DIED, TEXT "data: {\"error\":{",
	    "}}}\n\n" DONE, 1, 1 },
	{ "[C15] a completion where a stream was asked for", "/v1/completions",
	    "{\"model\":\"janus/web\",\"prompt\":\"x\",\"stream\":true}",
	    { { SEND, JSON_HEAD "{\"choices\":[{\"text\":\"hi\"}]}", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL, NULL, 0, 0 },
	{ "a response", "/v1/responses", "{\"model\":\"janus/web\",\"input\":\"x\"}",
	    { { SEND,
		JSON_HEAD
		"{\"output\":[],\"error\":null,\"usage\":{\"input_tokens\":5,\"output_tokens\":2}}",
		0 } },
	    200, CODE_NONE, "{\"output\":[],\"error\":null,", NULL, 5, 2 },
	{ "a response's stream", "/v1/responses",
	    "{\"model\":\"janus/web\",\"input\":\"x\",\"stream\":true}",
	    { { SEND, SSE_HEAD CREATED DELTA COMPLETED, 0 } }, 200, CODE_NONE,
	    CREATED DELTA COMPLETED, NULL, 5, 2 },
	{ "[C19] a response's stream with a [DONE] after it", "/v1/responses",
	    "{\"model\":\"janus/web\",\"input\":\"x\",\"stream\":true}",
	    { { SEND, SSE_HEAD CREATED DELTA COMPLETED DONE, 0 } }, 200, CODE_NONE,
	    CREATED DELTA COMPLETED, NULL, 5, 2 },
	{ "[C18] a response that fails by its own word", "/v1/responses",
	    "{\"model\":\"janus/web\",\"input\":\"x\",\"stream\":true}",
	    { { SEND, SSE_HEAD CREATED FAILED, 0 } }, 200, CODE_UPSTREAM_ERROR_FRAME,
	    CREATED FAILED, NULL, 0, 0 },
	{ "[C18] a response that fails at once", "/v1/responses",
	    "{\"model\":\"janus/web\",\"input\":\"x\",\"stream\":true}",
	    { { SEND, SSE_HEAD FAILED, 0 } }, 502, CODE_UPSTREAM_ERROR_FRAME, NULL, "no ink", 0,
	    0 },
	{ "[C05] a response's stream without its last event", "/v1/responses",
	    "{\"model\":\"janus/web\",\"input\":\"x\",\"stream\":true}",
	    { { SEND, SSE_HEAD CREATED DELTA DONE, 0 } }, 200, CODE_UPSTREAM_DIED,
	    CREATED DELTA "event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_died\",",
	    "\"sequence_number\":2,\"error\":{", 1, 1 },
};

START_TEST(test_relayed)
{
	const struct relayed *r = &relayed[_i];

	house_script(r->script);
	struct answer a = ask("POST", r->path, "", r->body);
	ck_assert_msg(a.status == r->status, "%s: %d %s", r->name, a.status, buf_str(&a.body));
	ck_assert(a.whole);
	if (r->begins == NULL)
		assert_envelope(r->name, &a, r->status, wire_code_info(r->code)->code, "miner");
	else
		ck_assert_msg(strncmp(buf_str(&a.body), r->begins, strlen(r->begins)) == 0,
		    "%s: %s", r->name, buf_str(&a.body));
	if (r->then != NULL)
		ck_assert_msg(answer_has(&a, r->then), "%s: %s", r->name, buf_str(&a.body));
	else if (r->code == CODE_NONE && strstr(r->body, "stream") != NULL)
		ck_assert_uint_eq(a.body.len, strlen(r->begins));
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, r->code);
	ck_assert_int_eq(h.used.usage.prompt_tokens, r->prompt_tokens);
	ck_assert_int_eq(h.used.usage.completion_tokens, r->completion_tokens);
	ck_assert_str_eq(h.used_competitor, "cpt_web");
	pthread_mutex_lock(&h.lock);
	ck_assert_msg(strstr(h.seen.data, r->path) == h.seen.data + 5, "%s", h.seen.data);
	pthread_mutex_unlock(&h.lock);
	answer_done(&a);
}
END_TEST

/* Silence is filled with pings, also before the head; a client that leaves ends the work. */
START_TEST(test_heartbeat_and_cancel)
{
	static const struct step script[] = { { SEND, SSE_HEAD CREATED, 0 }, { HANG, NULL, 0 } };
	static const char request[] =
	    "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
	    "content-length: 47\r\n\r\n{\"model\":\"janus/web\",\"input\":\"x\",\"stream\":true}";
	struct peer p = peer_open();

	house_script(script);
	peer_send(&p, request);
	ck_assert(peer_until(&p, "response.created"));
	ck_assert(peer_until(&p, ": ping\n\n"));
	peer_close(&p);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
	house_wait(&h.cancelled, 1);
}
END_TEST

START_TEST(test_silence) /* [C02] a response's stream that falls silent */
{
	static const struct step script[] = { { SEND, SSE_HEAD CREATED DELTA, 0 },
		{ HANG, NULL, 0 } };

	house_script(script);
	struct answer a = ask("POST", "/v1/responses", "",
	    "{\"model\":\"janus/web\",\"input\":\"x\",\"stream\":true}");
	ck_assert(answer_has(&a, ": ping\n\n"));
	ck_assert(answer_has(&a, "\n\nevent: error\ndata: {\"type\":\"error\","));
	ck_assert(answer_has(&a, "\"code\":\"upstream_timeout_gap\""));
	ck_assert(!answer_has(&a, "[DONE]"));
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_UPSTREAM_TIMEOUT_GAP);
	answer_done(&a);
}
END_TEST

/* ---- who offers what ---- */

START_TEST(test_not_offered)
{
	static const char *const paths[] = { "/v1/embeddings", "/v1/responses", "/v1/completions" };
	static const char *const fields[] = { "input", "input", "prompt" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		_cleanup_free_ char *body =
		    str_printf("{\"model\":\"janus/pod\",\"%s\":\"x\"}", fields[i]);
		struct answer a = ask("POST", paths[i], "", body);

		assert_envelope(paths[i], &a, 404, "unsupported_endpoint", "client");
		ck_assert(answer_has(&a, "janus/pod"));
		answer_done(&a);
	}
	ck_assert_int_eq(house_get(&h.connections), 0);
}
END_TEST

/* The default competitor only chats: one that offers it answers, unless that was not wanted. */
START_TEST(test_default_route)
{
	static const struct step script[] = { { SEND, JSON_HEAD EMBEDDINGS, 0 }, { 0 } };

	house_script(script);
	struct answer a =
	    ask("POST", "/v1/embeddings", "", "{\"model\":\"janus\",\"input\":\"x\"}");
	ck_assert_int_eq(a.status, 200);
	ck_assert(strstr(a.head, "x-janus-competitor: web\r\n") != NULL);
	answer_done(&a);
	a = ask("POST", "/v1/embeddings", "x-janus-fallback: none\r\n",
	    "{\"model\":\"janus\",\"input\":\"x\"}");
	assert_envelope("no fallback", &a, 404, "unsupported_endpoint", "client");
	answer_done(&a);
	a = ask("GET", "/v1/models/janus/web", "", NULL);
	ck_assert(answer_has(&a,
	    "\"capabilities\":[\"chat\",\"completions\",\"responses\",\"embeddings\"],"
	    "\"score\":null"));
	answer_done(&a);
	a = ask("GET", "/metrics", "", NULL);
	ck_assert(answer_has(&a,
	    "janus_http_requests_total{surface=\"gateway\",route=\"/v1/embeddings\","
	    "method=\"POST\",code=\"200\"} 1\n"));
	answer_done(&a);
}
END_TEST

/* ---- HEAD, OPTIONS, 405 ---- */

START_TEST(test_methods)
{
	static const struct {
		const char *method, *path;
		int status;
		const char *allow; /* NULL: none is told */
	} cases[] = {
		{ "HEAD", "/v1/models", 200, NULL },
		{ "HEAD", "/v1/models/janus", 200, NULL },
		{ "HEAD", "/v1/models/nobody", 404, NULL },
		{ "HEAD", "/metrics", 200, NULL },
		{ "HEAD", "/health", 200, NULL },
		{ "OPTIONS", "/v1/models", 204, "GET, HEAD, OPTIONS" },
		{ "OPTIONS", "/v1/models/janus", 204, "GET, HEAD, OPTIONS" },
		{ "OPTIONS", "/v1/embeddings", 204, "POST, OPTIONS" },
		{ "OPTIONS", "/v1/responses", 204, "POST, OPTIONS" },
		{ "OPTIONS", "/v1/completions", 204, "POST, OPTIONS" },
		{ "OPTIONS", "/readyz", 204, "GET, HEAD, OPTIONS" },
		{ "HEAD", "/v1/embeddings", 405, "POST, OPTIONS" },
		{ "GET", "/v1/responses", 405, "POST, OPTIONS" },
		{ "DELETE", "/v1/models", 405, "GET, HEAD, OPTIONS" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a = ask(cases[i].method, cases[i].path, "", NULL);
		const char *allow = header_of(a.head, "allow");

		ck_assert_msg(a.status == cases[i].status, "%s %s: %d", cases[i].method,
		    cases[i].path, a.status);
		if (cases[i].allow == NULL)
			ck_assert_ptr_null(allow);
		else
			ck_assert_msg(allow != NULL &&
				strncmp(allow, cases[i].allow, strlen(cases[i].allow)) == 0,
			    "%s %s: %s", cases[i].method, cases[i].path, a.head);
		if (str_eq(cases[i].method, "HEAD"))
			ck_assert_msg(str_ends(a.head, "\r\n\r\n"), "a body: %s", a.head);
		answer_done(&a);
	}
}
END_TEST

/* ---- other origins ---- */

#define PREFLIGHT                                 \
	"access-control-request-method: POST\r\n" \
	"access-control-request-headers: authorization, x-stainless-os\r\n"

static const struct cross {
	const char *name, *method, *path, *headers;
	int status;
	bool allowed, preflight;
} crosses[] = {
	{ "a preflight of a configured origin", "OPTIONS", "/v1/chat/completions",
	    "origin: https://app.example\r\n" PREFLIGHT, 204, true, true },
	{ "its chat", "POST", "/v1/chat/completions", "origin: https://app.example\r\n", 200, true,
	    false },
	{ "with a port", "POST", "/v1/chat/completions", "origin: http://localhost:3000\r\n", 200,
	    true, false },
	{ "an error of its request", "GET", "/v1/nothing", "origin: https://app.example\r\n", 404,
	    true, false },
	{ "a plain OPTIONS", "OPTIONS", "/v1/models", "origin: https://app.example\r\n", 204, true,
	    false },
	{ "[A24] a preflight of an origin that is not configured", "OPTIONS",
	    "/v1/chat/completions", "origin: http://evil.example\r\n" PREFLIGHT, 204, false,
	    false },
	{ "[A24] a chat of an origin that is not configured", "POST", "/v1/chat/completions",
	    "origin: http://evil.example\r\n", 403, false, false },
	{ "[A24] another scheme of a configured host", "POST", "/v1/chat/completions",
	    "origin: http://app.example\r\n", 403, false, false },
	{ "[A24] another port of a configured host", "POST", "/v1/chat/completions",
	    "origin: https://app.example:8443\r\n", 403, false, false },
	{ "[A24] a name that ends like a configured one", "POST", "/v1/chat/completions",
	    "origin: https://evil-app.example\r\n", 403, false, false },
	{ "[A24] a page of nowhere, with origins configured", "POST", "/v1/chat/completions",
	    "origin: null\r\n", 403, false, false },
	{ "[A24] two origins, one of them configured", "POST", "/v1/chat/completions",
	    "origin: https://app.example\r\norigin: http://evil.example\r\n", 403, false, false },
	{ "[A24] a page of our own, with origins configured", "POST", "/v1/chat/completions",
	    "origin: http://localhost\r\n", 200, false, false },
	{ "no page at all", "POST", "/v1/chat/completions", "", 200, false, false },
};

START_TEST(test_cross)
{
	const struct cross *c = &crosses[_i];
	struct answer a =
	    ask(c->method, c->path, c->headers, str_eq(c->method, "POST") ? CHAT : NULL);
	const char *origin = header_of(a.head, "access-control-allow-origin");

	ck_assert_msg(a.status == c->status, "%s: %d", c->name, a.status);
	ck_assert_msg((origin != NULL) == c->allowed, "%s: %s", c->name, a.head);
	if (c->allowed)
		ck_assert_int_eq(strncmp(origin, c->headers + strlen("origin: "), 15), 0);
	ck_assert_int_eq(c->allowed, header_of(a.head, "access-control-expose-headers") != NULL);
	ck_assert_int_eq(c->preflight, header_of(a.head, "access-control-allow-methods") != NULL);
	if (c->preflight)
		ck_assert_ptr_nonnull(strstr(
		    a.head, "access-control-allow-headers: authorization, x-stainless-os\r\n"));
	ck_assert_ptr_null(header_of(a.head, "access-control-allow-credentials"));
	ck_assert_ptr_nonnull(strstr(a.head, "vary: origin\r\n"));
	answer_done(&a);
}
END_TEST

/* The head of a stream is written by another hand. */
START_TEST(test_cross_stream)
{
	house_script(answers_stream);
	struct answer a = chat("origin: https://app.example\r\n", CHAT_STREAM);

	ck_assert_int_eq(a.status, 200);
	ck_assert_ptr_nonnull(
	    strstr(a.head, "access-control-allow-origin: https://app.example\r\n"));
	answer_done(&a);
}
END_TEST

START_TEST(test_lists)
{
	static const char *const bad[] = { "app.example", "https://", "ftp://a.example",
		"https://a.example/", "https://a.example/path", "https://u@a.example", "null",
		"https://a.example?x", "https://a.example:0", "https://*.example", "http://a b" };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct cors *c = cors_new(bad[i], false, &err);

		ck_assert_msg(c == NULL, "%s", bad[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
	ck_assert_ptr_null(cors_new("*", true, &err));
	struct cors *c =
	    cors_new(" https://A.example:443,http://b.example:80 http://[::1]:3000 ", true, &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert(cors_allows(c, "https://a.example"));
	ck_assert(cors_allows(c, "http://b.example"));
	ck_assert(cors_allows(c, "http://[::1]:3000"));
	ck_assert(!cors_allows(c, "http://a.example"));
	ck_assert(!cors_allows(c, "https://a.example:443"));
	ck_assert(!cors_allows(c, "null"));
	ck_assert(!cors_allows(c, NULL));
	ck_assert(!cors_allows(NULL, "https://a.example"));
	cors_free(c);
	c = cors_new("*", false, &err);
	ck_assert(cors_allows(c, "https://any.example"));
	ck_assert(cors_allows(c, "null"));
	cors_free(c);
	c = cors_new("", false, &err);
	ck_assert(c != NULL && !cors_allows(c, "https://any.example"));
	cors_free(c);
}
END_TEST

/* ---- tracestate ---- */

#define PARENT "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"

START_TEST(test_tracestate)
{
	static const struct {
		const char *headers;
		const char *forwarded; /* NULL: none */
	} cases[] = {
		{ PARENT "tracestate: a=1,b@c=2\r\n", "\r\ntracestate: a=1,b@c=2\r\n" },
		{ PARENT, NULL },
		{ "tracestate: a=1\r\n", NULL },
		{ "traceparent: 00-1-2-01\r\ntracestate: a=1\r\n", NULL },
		{ PARENT "tracestate: a=1\r\ntracestate: b=2\r\n", NULL },
		{ PARENT "tracestate: nonsense\r\n", NULL },
		{ PARENT "tracestate: \r\n", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a = chat(cases[i].headers, CHAT);

		ck_assert_int_eq(a.status, 200);
		pthread_mutex_lock(&h.lock);
		if (cases[i].forwarded != NULL)
			ck_assert_ptr_nonnull(strstr(h.seen.data, cases[i].forwarded));
		else
			ck_assert_ptr_null(strstr(h.seen.data, "tracestate"));
		pthread_mutex_unlock(&h.lock);
		answer_done(&a);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("surface");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, test_relayed, 0, (int)ARRAY_LEN(relayed));
	tcase_add_test(tc, test_not_offered);
	tcase_add_test(tc, test_default_route);
	tcase_add_test(tc, test_methods);
	tcase_add_loop_test(tc, test_cross, 0, (int)ARRAY_LEN(crosses));
	tcase_add_test(tc, test_cross_stream);
	tcase_add_test(tc, test_lists);
	tcase_add_test(tc, test_tracestate);
	suite_add_tcase(suite, tc);
	tc = tcase_create("silence");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, set_up_impatient, tear_down);
	tcase_add_test(tc, test_heartbeat_and_cancel);
	tcase_add_test(tc, test_silence);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_gateway.c - a whole gateway on a loop of its own, real sockets on both sides.
 *
 * Competitors: "web" a URL, "pod" behind a link, "dead" nobody listens, "off" not ready.
 */
#include "controlplane/gateway/gateway.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"
#include "runtime/net/http_server.h"
#include "tests/run.h"

#define WHOLE                                                                                  \
	"{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},"  \
	"\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2," \
	"\"total_tokens\":7}}"
#define ANSWER "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" WHOLE
#define CHAT "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"

static struct house {
	struct loop *loop;
	struct gateway *gw;
	pthread_t loop_thread;
	int port, upstream_port, dead_port;
	int upstream, link, dead;
	char dir[64], link_path[100];
	pthread_mutex_t lock;
	const char *reply; /* of the upstream */
	char seen[8192]; /* its last request */
	int chats_seen, sockets_given;
	struct chat_result used; /* of the last usage */
	char used_competitor[40];
	int usages;
	pthread_cond_t used_one;
} h = { .lock = PTHREAD_MUTEX_INITIALIZER, .used_one = PTHREAD_COND_INITIALIZER };

static int
bind_any(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	*port = ntohs(at.sin_port);
	return fd;
}

static int
listen_any(int *port)
{
	const int fd = bind_any(port);

	ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

static void *
upstream_main(void *arg)
{
	(void)arg;
	for (;;) {
		_cleanup_close_ int fd = accept(h.upstream, NULL, NULL);
		char buf[sizeof(h.seen)] = { 0 };
		size_t len = 0, need = 0;
		ssize_t n;

		while ((need == 0 || len < need) &&
		    (n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0)) > 0) {
			const char *end, *length;

			len += (size_t)n;
			if ((end = strstr(buf, "\r\n\r\n")) != NULL &&
			    (length = strstr(buf, "content-length: ")) != NULL)
				need = (size_t)(end + 4 - buf) + strtoul(length + 16, NULL, 10);
		}
		pthread_mutex_lock(&h.lock);
		memcpy(h.seen, buf, sizeof(buf));
		h.chats_seen++;
		const char *reply = h.reply;
		pthread_mutex_unlock(&h.lock);
		/* In one segment with the connection's end: it is never kept for the next chat. */
		(void)!send(fd, reply, strlen(reply), MSG_NOSIGNAL | MSG_MORE);
	}
	return NULL;
}

static void *
link_main(void *arg)
{
	(void)arg;
	for (;;) {
		_cleanup_close_ int client = accept(h.link, NULL, NULL);
		char op;

		while (recv(client, &op, 1, 0) == 1) {
			_cleanup_close_ int fd =
			    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

			h.sockets_given++;
			fdpass_send(client, "", 1, fd);
		}
	}
	return NULL;
}

static void
on_usage(const struct gateway_usage *u, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&h.lock);
	h.used = *u->result;
	h.usages++;
	snprintf(h.used_competitor, sizeof(h.used_competitor), "%s", u->competitor);
	pthread_cond_broadcast(&h.used_one);
	pthread_mutex_unlock(&h.lock);
}

static bool
health(struct buf *out, void *arg)
{
	(void)arg;
	buf_add_str(out, "\"database\":{\"ok\":true,\"detail\":\"\"}");
	return true;
}

static int64_t
other_head(struct http_request *req, void *arg)
{
	(void)req;
	(void)arg;
	return 10;
}

static void
other_request(struct http_request *req, void *arg)
{
	(void)arg;
	http_reply(req, 200, NULL, "other", 5);
}

static const struct gateway_hooks hooks = {
	.on_usage = on_usage,
	.other_head = other_head,
	.other_request = other_request,
	.health = health,
};

static void *
loop_main(void *arg)
{
	(void)arg;
	loop_run(h.loop);
	return NULL;
}

static void
fill(struct route *r, const char *slug, struct route_target *t)
{
	snprintf(r->slug, sizeof(r->slug), "%s", slug);
	snprintf(r->competitor, sizeof(r->competitor), "cpt_%s", slug);
	snprintf(r->version, sizeof(r->version), "ver_%s", slug);
	snprintf(r->digest, sizeof(r->digest), "%s", t != NULL && t->is_pod ? "sha256:0123" : "");
	r->created_at_ms = 1700000000000;
	r->targets = mem_zalloc(sizeof(struct route_target *));
	r->ntargets = t != NULL;
	r->targets[0] = t;
}

static struct route_target *
target(bool is_pod, const char *instance, int port)
{
	struct route_target *t = route_target_new();

	snprintf(t->instance, sizeof(t->instance), "%s", instance);
	t->is_pod = is_pod;
	t->port = t->url.port = port;
	strcpy(t->url.host, "127.0.0.1");
	strcpy(t->url.path, is_pod ? "/" : "/base");
	snprintf(t->link_path, sizeof(t->link_path), "%s", h.link_path);
	return t;
}

static void
set_routes(void *arg)
{
	struct routes *r = routes_new(4);

	(void)arg;
	fill(&r->at[0], "dead", target(false, "ins_dead", h.dead_port));
	fill(&r->at[1], "web", target(false, "ins_web", h.upstream_port));
	fill(&r->at[2], "pod", target(true, "ins_pod", h.upstream_port));
	fill(&r->at[3], "off", NULL);
	r->at[0].is_default = true;
	gateway_set_routes(h.gw, r);
}

static void
set_up(void)
{
	struct gateway_config config = { .relay = chat_relay_defaults,
		.connect_ms = 60000,
		.body_bytes = 4096,
		.anonymous = true,
		.anonymous_forwarded = true,
		.listen_host = "127.0.0.1" };
	struct error err = { 0 };
	pthread_t t;

	log_set_levels("error");
	config.relay.hold_ms = config.relay.ping_ms = 60000;
	h.reply = ANSWER;
	strcpy(h.dir, "/tmp/test-gateway.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(h.dir));
	snprintf(h.link_path, sizeof(h.link_path), "%s/link.sock", h.dir);
	h.link = fdpass_listen(h.link_path, 0600, &err);
	fcntl(h.link, F_SETFL, 0); /* the thread blocks */
	h.upstream = listen_any(&h.upstream_port);
	h.dead = bind_any(&h.dead_port); /* ours, so that nobody else comes to listen there */
	h.loop = loop_new(&err);
	h.gw = gateway_new(h.loop, &config, &hooks, NULL, &err);
	ck_assert_msg(h.gw != NULL, "%s", err.text);
	ck_assert_int_eq(gateway_serve(h.gw, listen_any(&h.port), &err), 0);
	set_routes(NULL);
	pthread_create(&t, NULL, upstream_main, NULL);
	pthread_create(&t, NULL, link_main, NULL);
	pthread_create(&h.loop_thread, NULL, loop_main, NULL);
}

static void
tear_down(void)
{
	loop_stop(h.loop);
	pthread_join(h.loop_thread, NULL);
	gateway_free(h.gw);
	loop_free(h.loop);
	unlink(h.link_path);
	rmdir(h.dir);
	close(h.dead);
}

/* One request, its head given but for Host and the end; the whole answer, the caller's. */
static char *
ask(const char *method, const char *path, const char *headers, const char *body)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)h.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM, 0);
	_cleanup_buf_ struct buf out = { 0 };
	struct buf in = { 0 };
	ssize_t n;

	buf_printf(&out, "%s %s HTTP/1.1\r\n%sconnection: close\r\n%s", method, path,
	    strcasestr(headers, "host:") != NULL ? "" : "host: localhost:8000\r\n", headers);
	if (body != NULL)
		buf_printf(&out, "content-length: %zu\r\n", strlen(body));
	buf_printf(&out, "\r\n%s", body != NULL ? body : "");
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(send(fd, out.data, out.len, MSG_NOSIGNAL), (ssize_t)out.len);
	while ((n = recv(fd, buf_reserve(&in, 65536), 65536, 0)) > 0)
		in.len += (size_t)n;
	buf_add(&in, "", 0);
	return buf_take(&in);
}

static int
status_of(const char *answer)
{
	return strlen(answer) > 12 ? atoi(answer + 9) : 0;
}

#define HAS(answer, text) ck_assert_msg(strstr(answer, text) != NULL, "no %s in %s", text, answer)
#define HAS_NOT(answer, text) ck_assert_msg(strstr(answer, text) == NULL, "%s in %s", text, answer)
#define STATUS(answer, want) ck_assert_msg(status_of(answer) == (want), "not %d: %s", want, answer)

#define JSON_TYPE "content-type: application/json\r\n"
static const struct refused {
	const char *method, *path, *headers, *body;
	int status;
	const char *has;
} refused[] = {
	{ "GET", "/livez", "", NULL, 200, "\r\n\r\nok" },
	{ "HEAD", "/livez", "", NULL, 200, "\r\n\r\n" },
	{ "POST", "/livez", "", "x", 405, "GET, HEAD, OPTIONS" },
	{ "GET", "/v1/chat/completions", "", NULL, 405, "method_not_allowed" },
	{ "OPTIONS", "/v1/chat/completions", "", NULL, 204, "POST, OPTIONS" },
	{ "GET", "/v1/nothing", "", NULL, 404, "resource_not_found" },
	{ "GET", "/v1", "", NULL, 404, "resource_not_found" },
	{ "GET", "/v1/models/", "", NULL, 404, "resource_not_found" },
	{ "GET", "/v1//models", "", NULL, 400, "bad_request" },
	{ "GET", "/x/../v1/models", "", NULL, 400, "bad_request" },
	{ "GET", "/v1%2fmodels", "", NULL, 400, "bad_request" },
	{ "GET", "/api/v1/status", "", NULL, 200, "other" },
	{ "POST", "/api/v1/x", "", "more than ten", 413, "payload_too_large" },
	{ "GET", "/livez", "host: evil.example\r\n", NULL, 421, "misdirected_request" },
	{ "POST", "/v1/chat/completions", "origin: http://evil.example\r\n", "{}", 403,
	    "missing_scope" },
	{ "POST", "/api/v1/x", "origin: null\r\n", "{}", 403, "missing_scope" },
	{ "GET", "/livez", "origin: http://evil.example\r\n", NULL, 200, "ok" },
	{ "POST", "/v1/chat/completions", "content-type: text/plain\r\n", "{}", 415,
	    "unsupported_media_type" },
	{ "POST", "/v1/chat/completions", "content-encoding: gzip\r\n", "{}", 415,
	    "unsupported_media_type" },
	{ "POST", "/v1/chat/completions", JSON_TYPE, "{", 400, "invalid_json" },
	{ "POST", "/v1/chat/completions", JSON_TYPE, "{\"model\":\"janus\"}", 400, "messages" },
	{ "POST", "/v1/chat/completions", JSON_TYPE, "{\"model\":\"gpt\"," CHAT, 404, "janus/web" },
	{ "POST", "/v1/chat/completions", JSON_TYPE, "{\"model\":\"janus/off\"," CHAT, 503,
	    "retry-after: 1\r\nretry-after-ms: 1000\r\n" },
	{ "POST", "/v1/chat/completions", JSON_TYPE "x-janus-competitor: a b\r\n",
	    "{\"model\":\"janus\"," CHAT, 400, "\"param\":\"x-janus-competitor\"" },
	{ "POST", "/v1/chat/completions",
	    JSON_TYPE "x-janus-competitor: web\r\nx-janus-competitor: pod\r\n",
	    "{\"model\":\"janus\"," CHAT, 400, "invalid_value" },
	{ "POST", "/v1/chat/completions", JSON_TYPE, "{\"model\":\"janus/dead\"," CHAT, 502,
	    "upstream_connect_failed" },
	{ "GET", "/v1/models/nobody", "", NULL, 404, "model_not_found" },
	{ "GET", "/v1/models/janus/web", "", NULL, 200, "\"id\":\"janus/web\"" },
	{ "GET", "/v1/models/janus%2Fweb", "", NULL, 200, "\"id\":\"janus/web\"" },
	{ "GET", "/v1/models/..%2f..%2fetc", "", NULL, 404, "model_not_found" },
	{ "GET", "/readyz", "", NULL, 200, "\"routes\":{\"ok\":true" },
	{ "GET", "/health", "", NULL, 200, "\"database\":{\"ok\":true" },
};

START_TEST(test_answers)
{
	const struct refused *r = &refused[_i];
	_cleanup_free_ char *answer = ask(r->method, r->path, r->headers, r->body);

	STATUS(answer, r->status);
	HAS(answer, r->has);
	ck_assert_ptr_nonnull(strcasestr(answer, "\r\nx-request-id: "));
	if (r->status >= 400 && strstr(answer, "\r\n\r\n{") != NULL)
		HAS(answer, "\"docs\":\"/docs/errors#");
}
END_TEST

START_TEST(test_forwarded)
{
	_cleanup_free_ char *answer = ask("POST", "/v1/chat/completions",
	    JSON_TYPE
	    "authorization: Bearer secret\r\ncookie: secret\r\nx-request-id: req-from-client\r\n"
	    "x-forwarded-for: secret\r\n"
	    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
	    "{ \"competitor_id\":\"web\", \"model\":\"gpt-4o\", \"future\":[1e2], " CHAT);

	STATUS(answer, 200);
	HAS(answer, WHOLE);
	HAS(answer, "x-janus-competitor: web\r\n");
	HAS(answer, "x-janus-attempts: 1\r\n");
	HAS(answer, "x-janus-overhead-ms: ");
	HAS(answer, "openai-processing-ms: ");
	HAS(answer, "x-request-id: req-from-client\r\n");
	HAS_NOT(answer, "x-janus-version-digest");
	HAS(h.seen, "POST /base/v1/chat/completions HTTP/1.1\r\n");
	HAS(h.seen, "x-request-id: req-from-client\r\n");
	HAS(h.seen, "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n");
	HAS(h.seen, "\r\n\r\n{ \"model\":\"gpt-4o\", \"future\":[1e2], " CHAT);
	HAS_NOT(h.seen, "secret");
	pthread_mutex_lock(&h.lock);
	while (h.usages == 0) /* it may be told of after its answer */
		pthread_cond_wait(&h.used_one, &h.lock);
	pthread_mutex_unlock(&h.lock);
	ck_assert_str_eq(h.used_competitor, "cpt_web");
	ck_assert_int_eq(h.used.usage.prompt_tokens, 5);
	ck_assert_int_eq(h.usages, 1);
}
END_TEST

START_TEST(test_pod)
{
	for (int i = 1; i <= 3; i++) {
		_cleanup_free_ char *answer =
		    ask("POST", "/v1/chat/completions", "", "{\"model\":\"janus/pod@0123\"," CHAT);
		_cleanup_free_ char *good =
		    ask("POST", "/v1/chat/completions", "", "{\"model\":\"janus/pod\"," CHAT);

		STATUS(answer, 404);
		STATUS(good, 200);
		HAS(good, "x-janus-version-digest: sha256:0123\r\n");
		HAS(h.seen, "POST /v1/chat/completions HTTP/1.1\r\n");
		ck_assert_int_eq(h.sockets_given, i);
	}
}
END_TEST

START_TEST(test_failover)
{
	_cleanup_free_ char *answer =
	    ask("POST", "/v1/chat/completions", "", "{\"model\":\"janus\"," CHAT);
	_cleanup_free_ char *none = ask("POST", "/v1/chat/completions",
	    "x-janus-fallback: none\r\n", "{\"model\":\"janus\"," CHAT);

	STATUS(answer, 200);
	HAS(answer, "x-janus-competitor: web\r\n");
	HAS(answer, "x-janus-attempts: 2\r\n");
	STATUS(none, 502);
	HAS(none, "x-janus-attempts: 1\r\n");
	ck_assert_int_eq(h.chats_seen, 1);
}
END_TEST

/* What may have run is not run again, and statuses are ours. */
START_TEST(test_statuses)
{
	static const struct {
		const char *reply;
		int status;
		const char *has;
	} cases[] = {
		{ "HTTP/1.1 400 No\r\ncontent-type: "
		  "application/json\r\n\r\n{\"error\":{\"message\":\"bad pen\"}}",
		    400, "status 400: bad pen" },
		{ "HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n", 422, "unprocessable" },
		{ "HTTP/1.1 401 No\r\nwww-authenticate: x\r\ncontent-length: 0\r\n\r\n", 502,
		    "upstream_bad_response" },
		{ "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", 502, "upstream_bad_response" },
		{ "HTTP/1.1 429 No\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", 429,
		    "retry-after: 7\r\nretry-after-ms: 7000\r\n" },
		{ "HTTP/1.1 429 No\r\nretry-after: 999999999999999999999\r\ncontent-length: "
		  "0\r\n\r\n",
		    429, "retry-after: 3600\r\n" },
		{ "HTTP/1.1 503 No\r\nretry-after: Fri, 31 Dec 9999 23:59:59 "
		  "GMT\r\ncontent-length: 0\r\n\r\n",
		    503, "retry-after: 3600\r\n" },
		{ "HTTP/1.1 503 No\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n", 503,
		    "retry-after: 1\r\n" },
		{ "HTTP/1.1 500 No\r\ncontent-type: text/html\r\ncontent-length: "
		  "6\r\n\r\n<b>\x1b[1",
		    502, "\"upstream_message\":\"<b> [1\"" },
		{ "", 502, "without an answer" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pthread_mutex_lock(&h.lock);
		h.reply = cases[i].reply;
		pthread_mutex_unlock(&h.lock);
		_cleanup_free_ char *answer =
		    ask("POST", "/v1/chat/completions", "", "{\"model\":\"janus\"," CHAT);
		STATUS(answer, cases[i].status);
		HAS(answer, cases[i].has);
		ck_assert_int_eq(h.chats_seen, (int)i + 1);
	}
}
END_TEST

START_TEST(test_models)
{
	_cleanup_free_ char *answer = ask("GET", "/v1/models", "", NULL);

	STATUS(answer, 200);
	HAS(answer,
	    "{\"object\":\"list\",\"data\":[{\"id\":\"janus\",\"object\":\"model\",\"created\":"
	    "1700000000,"
	    "\"owned_by\":\"janus\",\"janus\":{\"competitor\":\"dead\"");
	HAS(answer, "{\"id\":\"janus/pod\"");
	HAS(answer,
	    "\"version\":\"ver_pod\",\"digest\":\"sha256:0123\",\"state\":\"ready\",\"default\":"
	    "false,\"capabilities\":[\"chat\"],\"score\":null,\"rank\":null}}");
	HAS(answer,
	    "\"competitor\":\"off\",\"version\":\"ver_off\",\"digest\":null,\"state\":\"not_"
	    "ready\"");
}
END_TEST

START_TEST(test_metrics)
{
	free(ask("POST", "/v1/chat/completions", "", "{\"model\":\"janus\"," CHAT));
	_cleanup_free_ char *answer = ask("GET", "/metrics", "", NULL);

	STATUS(answer, 200);
	HAS(answer,
	    "\njanus_http_requests_total{surface=\"gateway\",route=\"/v1/chat/"
	    "completions\",method=\"POST\",code=\"200\"} 1\n");
	HAS(answer,
	    "\njanus_chat_requests_total{competitor=\"web\",outcome=\"ok\",stream=\"false\"} 1\n");
	HAS(answer, "\njanus_chat_tokens_total{competitor=\"web\",type=\"prompt\"} 5\n");
	HAS(answer, "\njanus_failovers_total{competitor=\"dead\"} 1\n");
	HAS(answer,
	    "\njanus_upstream_attempts_total{competitor=\"dead\",result=\"failed\",phase="
	    "\"connect\"} 1\n");
	HAS(answer, "\njanus_gateway_overhead_seconds_count{surface=\"gateway\"} 1\n");
	HAS(answer, "\nprocess_resident_memory_bytes ");
	HAS(answer, "\njanus_streams_active{competitor=\"web\"} 0\n");
}
END_TEST

static void
no_routes(void *arg)
{
	(void)arg;
	gateway_set_routes(h.gw, routes_new(0));
}

START_TEST(test_routes_go)
{
	free(ask("POST", "/v1/chat/completions", "", "{\"model\":\"janus/pod\"," CHAT));
	loop_post(h.loop, no_routes, NULL);
	_cleanup_free_ char *chat =
	    ask("POST", "/v1/chat/completions", "", "{\"model\":\"janus\"," CHAT);
	_cleanup_free_ char *ready = ask("GET", "/readyz", "", NULL);
	_cleanup_free_ char *models = ask("GET", "/v1/models", "", NULL);

	STATUS(chat, 503);
	HAS(chat, "no_ready_competitor");
	STATUS(ready, 503);
	HAS(ready, "0 of 0 competitors ready");
	HAS(models, "\"competitor\":null");
	ck_assert_uint_eq(gateway_busy(h.gw), 0);
}
END_TEST

static TCase *
tcase(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	suite_add_tcase(suite, tc);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("gateway");

	tcase_add_loop_test(tcase(suite, "answers"), test_answers, 0, (int)ARRAY_LEN(refused));
	TCase *tc = tcase(suite, "chats");
	tcase_add_test(tc, test_forwarded);
	tcase_add_test(tc, test_pod);
	tcase_add_test(tc, test_failover);
	tcase_add_test(tc, test_statuses);
	tcase_add_test(tc, test_models);
	tcase_add_test(tc, test_metrics);
	tcase_add_test(tc, test_routes_go);
	return run_suite(suite);
}

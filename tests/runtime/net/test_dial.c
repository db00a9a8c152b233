/*
 * test_dial.c - runtime/net/dial.c: both ways to a connection, and every way to none.
 */
#include "runtime/net/dial.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/url.h"
#include "tests/run.h"
#include "tests/runtime/net/peer.h"

struct seen {
	struct loop *loop;
	struct transport t;
	struct error err;
	int calls;
	struct http_exchange *x;
	int status, end;
	size_t body;
};

static void
on_dialled(struct transport *t, const struct error *err, void *arg)
{
	struct seen *s = arg;

	ck_assert((t == NULL) == (err != NULL));
	s->calls++;
	if (t != NULL)
		s->t = *t;
	else
		s->err = *err;
	loop_stop(s->loop);
}

static void
stop(struct timer *t, void *arg)
{
	(void)t;
	loop_stop(arg);
}

/* A port nobody listens on: bound, so that nobody else takes it. */
static int
dead_port(struct peer *p)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	*p = (struct peer){ .listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	ck_assert_int_eq(bind(p->listen_fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(getsockname(p->listen_fd, (struct sockaddr *)&in, &len), 0);
	return ntohs(in.sin_port);
}

/* A port whose backlog is full: a connect there waits for ever. */
static int
deaf_port(struct peer *p, int fill[4])
{
	*p = (struct peer){ 0 };
	peer_listen(p, NULL);
	listen(p->listen_fd, 0);
	const struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)p->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	for (int i = 0; i < 4; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ck_assert(connect(fill[i], (const struct sockaddr *)&in, sizeof(in)) == 0 ||
		    errno == EINPROGRESS);
	}
	return p->port;
}

enum how { BY_NUMBER, BY_NAME, BY_FD };

static struct dial *
start(enum how how, struct dialer *r, struct seen *s, int port, int64_t timeout_ms)
{
	struct url url = { .port = port, .path = "/" };

	strcpy(url.host, how == BY_NAME ? "localhost" : "127.0.0.1");
	if (how != BY_FD)
		return dial_url(r, &url, timeout_ms, on_dialled, s);
	return dial_fd(s->loop, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	    port, timeout_ms, on_dialled, s);
}

static const char *const ways[] = { "by number", "by name", "by descriptor" };

START_TEST(connects)
{
	static const struct peer_step steps[] = { { .act = PEER_READ, .text = "hello" },
		{ .act = PEER_SEND, .text = "there" }, { .act = PEER_END } };
	struct seen s = { .loop = loop_new(NULL) };
	struct dialer *r = dialer_new(s.loop, NULL);
	struct peer peer;
	char bytes[16];

	peer_start(&peer, NULL, steps, 1);
	ck_assert_ptr_nonnull(start((enum how)_i, r, &s, peer.port, 60000));
	ck_assert_int_eq(s.calls, 0);
	loop_run(s.loop);
	ck_assert_msg(s.calls == 1 && s.err.kind == ERROR_NONE, "%s: %s", ways[_i], s.err.text);
	/* A plain connection is a plain descriptor, and outlives its dialer. */
	ck_assert_ptr_null(s.t.curl);
	dialer_free(r);
	ck_assert_int_eq(transport_send(&s.t, "hello", 5), 5);
	peer_join(&peer);
	ck_assert_int_eq(transport_recv(&s.t, bytes, sizeof(bytes)), 5);
	ck_assert_mem_eq(bytes, "there", 5);
	ck_assert_int_eq(transport_recv(&s.t, bytes, sizeof(bytes)), 0);
	ck_assert_str_eq(buf_str(&peer.got), "hello");
	transport_close(&s.t);
	ck_assert_int_eq(s.t.fd, -1);
	peer_done(&peer);
	loop_free(s.loop);
}
END_TEST

START_TEST(refused)
{
	struct seen s = { .loop = loop_new(NULL) };
	struct dialer *r = dialer_new(s.loop, NULL);
	struct peer peer;

	start((enum how)_i, r, &s, dead_port(&peer), 60000);
	ck_assert_int_eq(s.calls, 0);
	loop_run(s.loop);
	ck_assert_int_eq(s.calls, 1);
	ck_assert_int_eq(s.err.kind, ERROR_UNAVAILABLE);
	ck_assert_msg(
	    strstr(s.err.text, "Connection refused") != NULL, "%s: %s", ways[_i], s.err.text);
	close(peer.listen_fd);
	dialer_free(r);
	loop_free(s.loop);
}
END_TEST

START_TEST(too_late)
{
	struct seen s = { .loop = loop_new(NULL) };
	struct dialer *r = dialer_new(s.loop, NULL);
	struct peer peer;
	int fill[4];

	start((enum how)_i, r, &s, deaf_port(&peer, fill), 60);
	loop_run(s.loop);
	ck_assert_int_eq(s.calls, 1);
	ck_assert_msg(s.err.kind == ERROR_TIMEOUT, "%s: %s", ways[_i], s.err.text);
	dialer_free(r);
	loop_free(s.loop);
	for (int i = 0; i < 4; i++)
		close(fill[i]);
	close(peer.listen_fd);
}
END_TEST

START_TEST(cancelled) /* [N02] nobody is called after it, not by the timer either */
{
	struct seen s = { .loop = loop_new(NULL) };
	struct dialer *r = dialer_new(s.loop, NULL);
	struct timer timer = { 0 };
	struct peer peer;
	int fill[4];

	struct dial *d = start((enum how)_i, r, &s, deaf_port(&peer, fill), 20);
	dial_cancel(d);
	timer_set(s.loop, &timer, 60, stop, s.loop);
	loop_run(s.loop);
	ck_assert_msg(s.calls == 0, "%s", ways[_i]);
	dialer_free(r);
	loop_free(s.loop);
	for (int i = 0; i < 4; i++)
		close(fill[i]);
	close(peer.listen_fd);
}
END_TEST

START_TEST(dialer_goes)
{
	struct seen s = { .loop = loop_new(NULL) };
	struct dialer *r = dialer_new(s.loop, NULL);
	struct peer peer;
	int fill[4];
	const int port = deaf_port(&peer, fill);

	start(BY_NUMBER, r, &s, port, 1000);
	start(BY_NAME, r, &s, port, 1000);
	dialer_free(r);
	ck_assert_int_eq(s.calls, 2);
	ck_assert_int_eq(s.err.kind, ERROR_CANCELLED);
	loop_free(s.loop);
	for (int i = 0; i < 4; i++)
		close(fill[i]);
	close(peer.listen_fd);
}
END_TEST

START_TEST(no_such_name)
{
	struct seen s = { .loop = loop_new(NULL) };
	struct dialer *r = dialer_new(s.loop, NULL);
	const struct url url = { .host = "nobody.invalid", .port = 80, .path = "/" };

	dial_url(r, &url, 20000, on_dialled, &s);
	loop_run(s.loop);
	ck_assert_int_eq(s.calls, 1);
	ck_assert_msg(
	    s.err.kind == ERROR_UNAVAILABLE || s.err.kind == ERROR_TIMEOUT, "%s", s.err.text);
	ck_assert_ptr_nonnull(strstr(s.err.text, "nobody.invalid"));
	dialer_free(r);
	loop_free(s.loop);
}
END_TEST

/* TLS, against openssl's test server with a certificate of its own. */

struct tls_server {
	char dir[32], cert[64];
	pid_t pid;
	int port;
	FILE *out;
};

static void
tls_server_start(struct tls_server *t)
{
	char command[512], line[256];
	int out[2];

	strcpy(t->dir, "/tmp/janus-tls-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(t->dir));
	snprintf(t->cert, sizeof(t->cert), "%s/cert.pem", t->dir);
	snprintf(command, sizeof(command),
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
	    "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout %s/key.pem -out %s "
	    "2>/dev/null",
	    t->dir, t->cert);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command), "%s/key.pem", t->dir);
	ck_assert_int_eq(pipe(out), 0);
	t->pid = fork();
	if (t->pid == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(out[0]);
		execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", t->cert,
		    "-key", command, "-www", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	t->out = fdopen(out[0], "r");
	while (t->port == 0 && fgets(line, sizeof(line), t->out) != NULL)
		sscanf(line, "ACCEPT 127.0.0.1:%d", &t->port);
	ck_assert_int_gt(t->port, 0);
}

static void
tls_server_stop(struct tls_server *t)
{
	char path[64];

	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	fclose(t->out);
	unlink(t->cert);
	snprintf(path, sizeof(path), "%s/key.pem", t->dir);
	unlink(path);
	rmdir(t->dir);
}

static int
tls_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	(void)x;
	((struct seen *)arg)->status = head->status;
	return 0;
}

static void
tls_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	(void)x;
	(void)bytes;
	((struct seen *)arg)->body += len;
}

static void
tls_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct seen *s = arg;

	(void)x;
	if (err != NULL)
		s->err = *err;
	s->end = (int)end;
	loop_stop(s->loop);
}

START_TEST(tls)
{
	static const struct http_exchange_events events = { tls_head, tls_body, tls_end };
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	const struct iovec parts[] = { { (char *)get, 4 }, { (char *)get + 4, sizeof(get) - 5 } };
	struct seen s = { .loop = loop_new(NULL), .end = -1 };
	struct dialer *r = dialer_new(s.loop, NULL);
	struct url url = { .tls = true, .host = "localhost", .path = "/" };
	struct tls_server server = { 0 };

	signal(SIGPIPE, SIG_IGN);
	tls_server_start(&server);
	url.port = server.port;

	dial_url(r, &url, 5000, on_dialled, &s);
	loop_run(s.loop);
	ck_assert_msg(s.err.kind == ERROR_UNAVAILABLE, "an unknown certificate: %s", s.err.text);

	s.err = (struct error){ 0 };
	dialer_set_ca(r, server.cert);
	dial_url(r, &url, 5000, on_dialled, &s);
	loop_run(s.loop);
	ck_assert_msg(s.calls == 2 && s.err.kind == ERROR_NONE, "%s", s.err.text);
	ck_assert_ptr_nonnull(s.t.curl);
	s.x = http_exchange_open(s.loop, &s.t, "GET", parts, ARRAY_LEN(parts), &events, &s);
	loop_run(s.loop);
	ck_assert_msg(
	    s.status == 200 && s.body > 0, "status %d, ended %d: %s", s.status, s.end, s.err.text);
	ck_assert_int_eq(s.end, EXCHANGE_CLOSED);

	/* The certificate is for localhost only. */
	strcpy(url.host, "127.0.0.1");
	dial_url(r, &url, 5000, on_dialled, &s);
	loop_run(s.loop);
	ck_assert_int_eq(s.err.kind, ERROR_UNAVAILABLE);

	dialer_free(r);
	loop_free(s.loop);
	tls_server_stop(&server);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dial");
	TCase *tc = tcase_create("dial");

	curl_global_init(CURL_GLOBAL_DEFAULT);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, connects, 0, ARRAY_LEN(ways));
	tcase_add_loop_test(tc, refused, 0, ARRAY_LEN(ways));
	tcase_add_loop_test(tc, too_late, 0, ARRAY_LEN(ways));
	tcase_add_loop_test(tc, cancelled, 0, ARRAY_LEN(ways));
	tcase_add_test(tc, dialer_goes);
	tcase_add_test(tc, no_such_name);
	if (system("command -v openssl >/dev/null") == 0)
		tcase_add_test(tc, tls);
	suite_add_tcase(suite, tc);

	return run_suite(suite);
}

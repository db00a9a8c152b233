/*
 * test_tls.c - the HTTP server speaking TLS, and clients that speak it with GnuTLS.
 */
#include "runtime/net/tls_certificate.h"

#include <check.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"
#include "tests/run.h"

#define WAIT_MS 60000
#define FLOOD_BYTES (8 << 20)

/* ---- certificates of our own making ---- */

static char dir[64], chain_path[96], key_path[96];

static void
write_pem(const char *path, const gnutls_datum_t *pem)
{
	struct error err = { 0 };

	ck_assert_msg(file_write(path, pem->data, pem->size, 0600, &err) == 0, "%s", err.text);
}

/* One for `name` that is valid from `from` to `to`, in seconds from now. */
static void
make(const char *name, const char *chain, const char *key_file, long from, long to)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_datum_t pem;
	const unsigned char serial[] = { 1 };

	gnutls_x509_privkey_init(&key);
	ck_assert_int_ge(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
			     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	    0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	gnutls_x509_crt_set_dn_by_oid(
	    crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	gnutls_x509_crt_set_activation_time(crt, time(NULL) + from);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + to);
	gnutls_x509_crt_set_key(crt, key);
	ck_assert_int_ge(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	ck_assert_int_ge(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
	write_pem(chain, &pem);
	gnutls_free(pem.data);
	ck_assert_int_ge(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
	write_pem(key_file, &pem);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

/* ---- the server ---- */

static struct {
	struct loop *loop;
	struct http_server *server;
	struct tls_certificate *certificate;
	struct http_server_limits limits;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int gone, drained, paused, held; /* under lock */
	struct http_request *request; /* that is held */
	size_t flooded;
	int port;
} t;

static void
count(int *what)
{
	pthread_mutex_lock(&t.lock);
	++*what;
	pthread_cond_broadcast(&t.changed);
	pthread_mutex_unlock(&t.lock);
}

static void
await(const int *what, int n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&t.lock);
	while (*what < n && pthread_cond_timedwait(&t.changed, &t.lock, &until) == 0)
		;
	const int seen = *what;
	pthread_mutex_unlock(&t.lock);
	ck_assert_int_ge(seen, n);
}

/* What stands at each place of a stream tells the place. */
static char
byte_at(size_t i)
{
	return (char)('!' + (i ^ i >> 8 ^ i >> 16) % 90);
}

static void
flood(struct http_request *r)
{
	char block[10007]; /* not of any record's size */

	while (t.flooded < FLOOD_BYTES) {
		size_t n = 0;

		for (; n < sizeof(block) && t.flooded < FLOOD_BYTES; n++)
			block[n] = byte_at(t.flooded++);
		if (!http_stream_write(r, block, n)) {
			count(&t.paused);
			return;
		}
	}
	http_stream_end(r);
}

static void
on_gone(struct http_request *r, void *arg)
{
	(void)r;
	(void)arg;
	t.request = NULL;
	count(&t.gone);
}

static void
on_drain(struct http_request *r, void *arg)
{
	(void)arg;
	count(&t.drained);
	flood(r);
}

static void
on_half_closed(struct http_request *r, void *arg)
{
	(void)arg;
	http_stream_write(r, ": ping\n\n", 8);
}

static int64_t
on_head(struct http_request *r, void *arg)
{
	(void)arg;
	if (strcmp(r->path, "/denied") == 0) {
		http_reply(r, 401, NULL, "no", 2);
		return -1;
	}
	return strcmp(r->path, "/small") == 0 ? 10 : 16 << 20;
}

static void
on_request(struct http_request *r, void *arg)
{
	static const struct http_request_events events = { on_gone, on_drain, on_half_closed };

	(void)arg;
	if (strcmp(r->path, "/hello") == 0) {
		http_reply(r, 200, NULL, r->is_tls ? "hello, safely" : "hello", r->is_tls ? 13 : 5);
	} else if (strcmp(r->path, "/echo") == 0) {
		http_reply(r, 200, NULL, r->body.data, r->body.len);
	} else if (strcmp(r->path, "/flood") == 0) {
		t.flooded = 0;
		http_request_watch(r, &events, NULL);
		http_stream_begin(r, 200, NULL);
		flood(r);
	} else if (strcmp(r->path, "/sized") == 0) {
		http_stream_begin_sized(r, 200, NULL, 10);
		http_stream_write(r, "01234", 5);
		http_stream_write(r, "56789", 5);
		http_stream_end(r);
	} else if (strcmp(r->path, "/silent") == 0 || strcmp(r->path, "/wait") == 0) {
		http_request_watch(r, &events, NULL);
		if (r->path[1] == 's') {
			http_stream_begin(r, 200, NULL);
			http_stream_write(r, "first\n", 6);
		}
		t.request = r;
		count(&t.held);
	} else {
		http_reply(r, 404, NULL, "", 0);
	}
}

static void
on_refused(struct http_request *r, int status, const char *code, struct buf *body, void *arg)
{
	(void)r;
	(void)arg;
	buf_printf(body, "%d %s", status, code);
}

static const struct http_server_handlers handlers = { on_head, on_request, on_refused };

/* Posted to the server's loop. */
static void
write_more(void *arg)
{
	(void)arg;
	http_stream_write(t.request, "more\n", 5);
}

static void
end_it(void *arg)
{
	(void)arg;
	http_stream_write(t.request, "last\n", 5);
	http_stream_end(TAKE(t.request));
}

static void
cut_it(void *arg)
{
	(void)arg;
	http_stream_abort(TAKE(t.request));
}

static void *
serve(void *arg)
{
	(void)arg;
	loop_run(t.loop);
	http_server_free(t.server);
	return NULL;
}

static void
setup(void)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);
	struct error err = { 0 };

	memset(&t, 0, sizeof(t));
	strcpy(dir, "/tmp/test_tls.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(chain_path, sizeof(chain_path), "%s/chain.pem", dir);
	snprintf(key_path, sizeof(key_path), "%s/key.pem", dir);
	make("first.example", chain_path, key_path, -60, 3600);
	pthread_mutex_init(&t.lock, NULL);
	pthread_cond_init(&t.changed, NULL);
	t.limits = http_server_defaults;
	t.limits.plain_after = 0;
	t.certificate = tls_certificate_open(chain_path, key_path, &err);
	ck_assert_msg(t.certificate != NULL, "%s", err.text);
	t.loop = loop_new(&err);
	const int fd = http_listen_tcp("127.0.0.1", 0, true, &err);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	t.port = ntohs(address.sin_port);
	t.server = http_server_new_tls(t.loop, fd, t.certificate, &t.limits, &handlers, NULL, &err);
	ck_assert_msg(t.server != NULL, "%s", err.text);
	ck_assert_int_eq(pthread_create(&t.thread, NULL, serve, NULL), 0);
}

static void
teardown(void)
{
	loop_stop(t.loop);
	pthread_join(t.thread, NULL);
	loop_free(t.loop);
	tls_certificate_free(t.certificate);
	file_remove_tree(dir, NULL);
}

/* ---- a client ---- */

struct talk {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	struct buf in;
	bool cut; /* ended without TLS's own end */
};

static int
dial(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)t.port) };
	const struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* Returns the result of the handshake. */
static int
try_connect(struct talk *k, const char *priorities)
{
	int rc;

	memset(k, 0, sizeof(*k));
	k->fd = dial();
	gnutls_certificate_allocate_credentials(&k->credentials);
	gnutls_init(&k->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	ck_assert_int_ge(gnutls_priority_set_direct(k->session, priorities, NULL), 0);
	gnutls_credentials_set(k->session, GNUTLS_CRD_CERTIFICATE, k->credentials);
	gnutls_transport_set_int(k->session, k->fd);
	while ((rc = gnutls_handshake(k->session)) < 0 && !gnutls_error_is_fatal(rc))
		;
	return rc;
}

static void
say(struct talk *k, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t n = gnutls_record_send(k->session, bytes, len);

		ck_assert_int_gt(n, 0);
		bytes += n;
		len -= (size_t)n;
	}
}

static void
ask(struct talk *k, const char *method, const char *path, const char *more)
{
	_cleanup_free_ char *head =
	    str_printf("%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, path, more);

	say(k, head, strlen(head));
}

static void
open_to(struct talk *k, const char *path)
{
	ck_assert_int_ge(try_connect(k, "NORMAL"), 0);
	ask(k, "GET", path, "");
}

/* Read until text is there, or the end; false at the end. */
static bool
hear(struct talk *k, const char *text)
{
	char bytes[16384];

	for (;;) {
		if (text != NULL && k->in.len > 0 && strstr(buf_str(&k->in), text) != NULL)
			return true;
		const ssize_t n = gnutls_record_recv(k->session, bytes, sizeof(bytes));
		ck_assert_msg(n != GNUTLS_E_AGAIN, "nothing for %d ms", WAIT_MS);
		if (n == GNUTLS_E_REHANDSHAKE || n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n <= 0) {
			k->cut = n < 0;
			return false;
		}
		buf_add(&k->in, bytes, (size_t)n);
	}
}

static void
hang_up(struct talk *k)
{
	gnutls_deinit(k->session);
	gnutls_certificate_free_credentials(k->credentials);
	close(k->fd);
	buf_done(&k->in);
}

/* The body of a chunked answer, from its first byte on. */
static void
read_chunks(const char *at, const char *end, struct buf *out)
{
	for (;;) {
		char *after;
		const size_t n = strtoul(at, &after, 16);

		ck_assert_msg(after[0] == '\r' && after[1] == '\n', "not a chunk: %.20s", at);
		if (n == 0)
			return;
		ck_assert(after + 2 + n + 2 <= end);
		buf_add(out, after + 2, n);
		at = after + 2 + n + 2;
	}
}

/* ---- tests ---- */

START_TEST(answers_go_on_one_connection)
{
	struct talk k;

	open_to(&k, "/hello");
	ck_assert(hear(&k, "hello, safely"));
	for (int i = 0; i < 12; i++) { /* none is taken out of libmicrohttpd */
		buf_clear(&k.in);
		ask(&k, "GET", "/hello", "");
		ck_assert(hear(&k, "hello, safely"));
	}
	buf_clear(&k.in);
	ask(&k, "GET", "/sized", "");
	ck_assert(hear(&k, "0123456789"));
	hang_up(&k);
}
END_TEST

START_TEST(a_stream_comes_as_it_was_written)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct talk k;

	open_to(&k, "/flood");
	await(&t.paused, 1); /* nobody reads yet: the writer was told */
	ck_assert_uint_lt(t.flooded, FLOOD_BYTES / 2);
	ck_assert(hear(&k, "\r\n0\r\n\r\n"));
	await(&t.drained, 1);
	read_chunks(strstr(buf_str(&k.in), "\r\n\r\n") + 4, k.in.data + k.in.len, &body);
	ck_assert_uint_eq(body.len, FLOOD_BYTES);
	for (size_t i = 0; i < body.len; i++)
		if (body.data[i] != byte_at(i))
			ck_abort_msg("byte %zu is another", i);
	buf_clear(&k.in); /* and the connection is as good as before */
	ask(&k, "GET", "/hello", "");
	ck_assert(hear(&k, "hello, safely"));
	hang_up(&k);
}
END_TEST

START_TEST(events_come_at_once)
{
	struct talk k;

	open_to(&k, "/silent");
	ck_assert(hear(&k, "first\n"));
	loop_post(t.loop, write_more, NULL);
	ck_assert(hear(&k, "more\n"));
	loop_post(t.loop, end_it, NULL);
	ck_assert(hear(&k, "last\n"));
	ck_assert(hear(&k, "\r\n0\r\n\r\n"));
	hang_up(&k);
}
END_TEST

START_TEST(who_leaves_is_noticed)
{
	static const char *const paths[] = { "/silent", "/wait", "/flood" };

	for (int i = 0; i < (int)ARRAY_LEN(paths); i++) {
		struct talk k;

		open_to(&k, paths[i]);
		if (i == 0)
			ck_assert(hear(&k, "first\n"));
		if (i == 2)
			await(&t.paused, 1);
		else
			await(&t.held, i + 1);
		if (i != 1) /* with and without TLS's end */
			gnutls_bye(k.session, GNUTLS_SHUT_WR);
		hang_up(&k);
		await(&t.gone, i + 1);
	}
}
END_TEST

START_TEST(a_cut_stream_has_no_end)
{
	struct talk k;

	open_to(&k, "/silent");
	ck_assert(hear(&k, "first\n"));
	loop_post(t.loop, cut_it, NULL);
	ck_assert(!hear(&k, "\r\n0\r\n\r\n"));
	hang_up(&k);
}
END_TEST

START_TEST(bodies_and_refusals)
{
	enum { LEN = 10 << 20 };
	_cleanup_free_ char *body = mem_zalloc(LEN + 1);
	_cleanup_free_ char *length = str_printf("Content-Length: %d\r\n", (int)LEN);
	struct talk k;

	for (size_t i = 0; i < LEN; i++)
		body[i] = byte_at(i);
	ck_assert_int_ge(try_connect(&k, "NORMAL"), 0);
	ask(&k, "POST", "/echo", length);
	say(&k, body, LEN);
	ck_assert(hear(&k, body + LEN - 4096));
	const char *at = strstr(buf_str(&k.in), "\r\n\r\n") + 4;
	ck_assert_uint_eq((size_t)(k.in.data + k.in.len - at), LEN);
	ck_assert_int_eq(memcmp(at, body, LEN), 0);
	hang_up(&k);
	/* told before its body was read, and heard all the same */
	ck_assert_int_ge(try_connect(&k, "NORMAL"), 0);
	ask(&k, "POST", "/small", length);
	ck_assert(hear(&k, "413 payload_too_large"));
	ck_assert(!hear(&k, NULL));
	hang_up(&k);
	ck_assert_int_ge(try_connect(&k, "NORMAL"), 0);
	ask(&k, "POST", "/denied", length);
	say(&k, body, LEN / 2);
	ck_assert(hear(&k, " 401 "));
	hang_up(&k);
}
END_TEST

START_TEST(old_versions_are_refused)
{
	static const struct {
		const char *priorities;
		bool good;
	} cases[] = {
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.3", true },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2", true },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", false }, /* no forward secrecy */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct talk k;
		const int rc = try_connect(&k, cases[i].priorities);

		ck_assert_msg(
		    (rc >= 0) == cases[i].good, "%s: %s", cases[i].priorities, gnutls_strerror(rc));
		hang_up(&k);
	}
}
END_TEST

START_TEST(who_speaks_plainly_gets_nothing)
{
	static const char plain[] = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char bytes[512];
	const int fd = dial();
	ssize_t n, all = 0;

	ck_assert_int_gt(send(fd, plain, strlen(plain), MSG_NOSIGNAL), 0);
	while ((n = recv(fd, bytes + all, sizeof(bytes) - 1 - (size_t)all, 0)) > 0)
		all += n;
	bytes[all] = '\0';
	ck_assert_ptr_null(strstr(bytes, "hello"));
	close(fd);
}
END_TEST

static void
name_seen(char *out, size_t cap)
{
	unsigned n = 0;
	size_t len = cap;
	gnutls_x509_crt_t crt;
	struct talk k;

	ck_assert_int_ge(try_connect(&k, "NORMAL"), 0);
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(k.session, &n);
	ck_assert_uint_eq(n, 1);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_import(crt, chain, GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &len);
	gnutls_x509_crt_deinit(crt);
	hang_up(&k);
}

START_TEST(a_renewed_certificate_is_taken)
{
	struct error err = { 0 };
	struct talk k;
	char name[64];
	bool changed = true;

	name_seen(name, sizeof(name));
	ck_assert_str_eq(name, "first.example");
	ck_assert_int_eq(tls_certificate_reload(t.certificate, &changed, &err), 0);
	ck_assert(!changed);
	open_to(&k, "/silent");
	ck_assert(hear(&k, "first\n"));
	make("second.example", chain_path, key_path, -60, 7200);
	ck_assert_int_eq(tls_certificate_reload(t.certificate, &changed, &err), 0);
	ck_assert(changed);
	name_seen(name, sizeof(name));
	ck_assert_str_eq(name, "second.example");
	loop_post(t.loop, end_it, NULL); /* whoever was there before is not disturbed */
	ck_assert(hear(&k, "last\n"));
	hang_up(&k);
	/* a bad one is not */
	ck_assert_int_eq(file_write(key_path, "nonsense", 8, 0600, &err), 0);
	ck_assert_int_eq(tls_certificate_reload(t.certificate, &changed, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "tls.key_file: "));
	name_seen(name, sizeof(name));
	ck_assert_str_eq(name, "second.example");
}
END_TEST

START_TEST(bad_files_are_refused_in_words)
{
	_cleanup_free_ char *other_chain = str_printf("%s/other.pem", dir);
	_cleanup_free_ char *other_key = str_printf("%s/other.key", dir);
	_cleanup_free_ char *locked = str_printf("%s/locked.key", dir);
	static const char encrypted[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
					"-----END ENCRYPTED PRIVATE KEY-----\n";

	make("other.example", other_chain, other_key, -60, 60);
	ck_assert_int_eq(file_write(locked, encrypted, strlen(encrypted), 0600, NULL), 0);
	const struct {
		const char *chain, *key, *words;
	} cases[] = {
		{ "/nowhere/chain.pem", key_path, "tls.certificate: /nowhere/chain.pem: No such" },
		{ chain_path, "/nowhere/key.pem", "tls.key_file: /nowhere/key.pem: No such" },
		{ key_path, key_path, "holds no certificate in PEM form" },
		{ chain_path, chain_path, "holds no private key in PEM form" },
		{ chain_path, locked, "has a passphrase" },
		{ chain_path, other_key, "is not the key of the certificate" },
		{ "/dev/null", key_path, "holds no certificate" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };

		ck_assert_ptr_null(tls_certificate_open(cases[i].chain, cases[i].key, &err));
		ck_assert_msg(strstr(err.text, cases[i].words) != NULL, "%zu: %s", i, err.text);
	}
}
END_TEST

START_TEST(dates_are_told)
{
	struct error err = { 0 };
	const int64_t now_ms = (int64_t)time(NULL) * 1000;

	make("old.example", chain_path, key_path, -7200, -3600);
	struct tls_certificate *old = tls_certificate_open(chain_path, key_path, &err);
	ck_assert_msg(old != NULL, "%s", err.text);
	ck_assert_int_lt(tls_certificate_ends_ms(old), now_ms - 3500 * 1000);
	ck_assert_int_lt(tls_certificate_begins_ms(old), now_ms - 7100 * 1000);
	ck_assert_str_eq(tls_certificate_name(old), "CN=old.example");
	ck_assert_str_eq(tls_certificate_key_path(old), key_path);
	tls_certificate_free(old);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tls");
	TCase *c = tcase_create("all");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, answers_go_on_one_connection);
	tcase_add_test(c, a_stream_comes_as_it_was_written);
	tcase_add_test(c, events_come_at_once);
	tcase_add_test(c, who_leaves_is_noticed);
	tcase_add_test(c, a_cut_stream_has_no_end);
	tcase_add_test(c, bodies_and_refusals);
	tcase_add_test(c, old_versions_are_refused);
	tcase_add_test(c, who_speaks_plainly_gets_nothing);
	tcase_add_test(c, a_renewed_certificate_is_taken);
	tcase_add_test(c, bad_files_are_refused_in_words);
	tcase_add_test(c, dates_are_told);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return run_suite(s);
}

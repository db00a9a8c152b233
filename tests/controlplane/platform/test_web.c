/*
 * test_web.c - /fetch and the proxy, between a pod and an upstream that says anything.
 */
#include <stdarg.h>
#include <zlib.h>

#include "controlplane/platform/web_url.h"
#include "tests/controlplane/platform/house.h"
#include "tests/run.h"

static int nresolved; /* names that were asked for, in this test */

/* Names of our own: nothing here asks a name server. */
static int
names(const char *host, int port, struct egress_addresses *out, struct error *err)
{
	static const struct {
		const char *host, *addresses[3];
	} known[] = {
		{ "up.test", { "127.0.0.1" } }, /* where the test allows it */
		{ "127.0.0.1", { "127.0.0.1" } },
		{ "localhost", { "127.0.0.2" } },
		{ "private.test", { "10.0.0.1" } },
		{ "metadata.test", { "169.254.169.254" } },
		{ "carrier.test", { "100.64.0.1" } },
		{ "mapped.test", { "::ffff:127.0.0.1" } },
		{ "nat64.test", { "64:ff9b::7f00:1" } },
		{ "sixtofour.test", { "2002:7f00:1::1" } },
		{ "mixed.test", { "93.184.216.34", "192.168.1.1" } },
		{ "many.test", { "127.0.0.1", "127.0.0.3" } },
	};
	const char *const rebinding[] = { nresolved > 0 ? "10.0.0.1" : "127.0.0.1", NULL };
	const char *const *at = strcmp(host, "rebind.test") == 0 ? rebinding : NULL;

	nresolved++;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].host, host) == 0)
			at = known[i].addresses;
	if (at == NULL)
		return error_set(err, ERROR_UNAVAILABLE, "%s: no such name", host);
	for (out->n = 0; out->n < 3 && at[out->n] != NULL; out->n++) {
		union egress_address *a = &out->at[out->n];

		if (inet_pton(AF_INET, at[out->n], &a->v4.sin_addr) == 1) {
			a->v4.sin_family = AF_INET;
			a->v4.sin_port = htons((uint16_t)port);
		} else {
			ck_assert_int_eq(inet_pton(AF_INET6, at[out->n], &a->v6.sin6_addr), 1);
			a->v6.sin6_family = AF_INET6;
			a->v6.sin6_port = htons((uint16_t)port);
		}
	}
	return 0;
}

static void
open_web(const char *limits)
{
	_cleanup_free_ char *policy = NULL;
	struct error err = { 0 };

	nresolved = 0;
	h.resolve = names;
	h.test_loopback = true;
	house_open(NULL, NULL, false);
	/* The upstream's port is known by now, and no pod has called. */
	const int p = h.upstream_port;
	policy = str_printf(
	    "{\"version\":\"t\",\"default\":{\"rates\":{\"web\":0},%s\"domains\":[\"*.test:%d\","
	    "\"*.test\",\"127.0.0.1:%d\",\"localhost\"]}}",
	    limits, p, p);
	policy_done(&h.p.policy);
	ck_assert_msg(policy_parse(&h.p.policy, policy, strlen(policy), &err) == 0, "%s", err.text);
	h.p.web->fetch_max_bytes = 64 << 10;
	h.p.web->fetch_ms = WAIT_MS;
}

static char *
fetch(const char *fmt, ...)
{
	_cleanup_buf_ struct buf target = { 0 };
	_cleanup_free_ char *url = NULL;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&target, fmt, ap);
	va_end(ap);
	url = buf_take(&target);
	buf_add_str(&target, "/fetch?url=");
	url_encode(&target, url);
	return pod_ask("GET", target.data, "", NULL);
}

static void
check_refused(const char *answer, int status, const char *code)
{
	ck_assert_msg(status_of(answer) == status, "wanted %d: %s", status, answer);
	check_has(answer, code);
}

#define PAGE(more, body) "HTTP/1.1 200 OK\r\nconnection: close\r\n" more "\r\n" body

START_TEST(test_page)
{
	open_web("");
	h.answer = PAGE("content-type: text/html; charset=iso-8859-1\r\n",
	    "<title>A page</title><p>Caf\xe9</p><a href=\"../x?y=1\">there</a>"
	    "<a href=\"javascript:alert(1)\">not there</a>");
	_cleanup_free_ char *got = fetch("http://up.test:%d/a/b?q=1#part", h.upstream_port);
	ck_assert_int_eq(status_of(got), 200);
	check_has(got, "\"title\":\"A page\"");
	check_has(got, "\"text\":\"Caf\xc3\xa9\\n\\nthere");
	check_has(got, "\"status\":200");
	_cleanup_free_ char *link =
	    str_printf("\"links\":[{\"url\":\"http://up.test:%d/x?y=1\",\"text\":\"there\"}]",
		h.upstream_port);
	check_has(got, link);
	check_has(buf_str(&h.asked), "GET /a/b?q=1 HTTP/1.1\r\n");
	check_lacks(buf_str(&h.asked), "x-request-id");
	h.answer =
	    "HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nnone";
	_cleanup_free_ char *none = fetch("http://up.test:%d/", h.upstream_port);
	ck_assert_int_eq(status_of(none), 200); /* it was fetched: that is what it said */
	check_has(none, "\"status\":404");
	h.answer = PAGE("content-type: image/png\r\n", "\x89PNG");
	_cleanup_free_ char *picture = fetch("http://up.test:%d/", h.upstream_port);
	check_has(picture, "\"text\":null");
	_cleanup_free_ char *missing = pod_ask("GET", "/fetch", "", NULL);
	check_refused(missing, 400, "missing_required_parameter");
	house_close();
}
END_TEST

START_TEST(test_own_addresses) /* [H01] a name, a number, however it is written */
{
	static const char *const hosts[] = { "private.test", "metadata.test", "carrier.test",
		"mapped.test", "nat64.test", "sixtofour.test", "mixed.test", "many.test",
		"localhost", "127.0.0.1:1", "[::1]", "169.254.169.254", "other.example" };
	static const char *const odd[] = { "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
		"127.0.0.1.", "up.test.", "\xe2\x93\x81ocalhost", "up.test%00.example.org", "[::1",
		"up.test:0", "up.test:99999", "user@up.test", "user:x@up.test" };

	open_web("");
	h.answer = PAGE("", "secret");
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		_cleanup_free_ char *got = fetch("http://%s/", hosts[i]);
		check_refused(got, 403, "egress_denied");
	}
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		_cleanup_free_ char *got = fetch("http://%s/", odd[i]);
		check_refused(got, 400, "invalid_value");
	}
	/* Of a name with many addresses one that is our own is enough. */
	_cleanup_free_ char *many = fetch("http://many.test:%d/", h.upstream_port);
	check_refused(many, 403, "egress_denied");
	ck_assert_int_eq(h.nrequests, 0);
	house_close();
}
END_TEST

START_TEST(test_rebinding) /* [H02] resolved once; the address that was looked at is connected to */
{
	open_web("");
	h.answer = PAGE("", "fine");
	_cleanup_free_ char *first = fetch("http://rebind.test:%d/", h.upstream_port);
	ck_assert_int_eq(status_of(first), 200);
	ck_assert_int_eq(nresolved, 1); /* a second question would be answered otherwise */
	_cleanup_free_ char *second = fetch("http://rebind.test:%d/", h.upstream_port);
	check_refused(second, 403, "egress_denied");
	ck_assert_int_eq(nresolved, 2);
	ck_assert_int_eq(h.nrequests, 1);
	house_close();
}
END_TEST

static const struct leads {
	const char *to;
	int status;
	const char *code;
} leads[] = {
	{ "http://private.test/", 403, "egress_denied" },
	{ "http://10.0.0.1/", 403, "egress_denied" },
	{ "//metadata.test/latest", 403, "egress_denied" },
	{ "http://not.example/", 403, "egress_denied" }, { "ftp://up.test/", 403, "egress_denied" },
	{ "file:///etc/passwd", 403, "egress_denied" },
	{ "gopher://up.test/", 403, "egress_denied" },
	{ "http://user:x@up.test/", 502, "upstream_bad_response" },
	{ "http://2130706433/", 403, "egress_denied" }, /* read as 127.0.0.1 */
};

START_TEST(test_redirects) /* [H03] each hop is looked at anew; five at most */
{
	open_web("");
	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		h.answer = house_keep(
		    str_printf("HTTP/1.1 302 Found\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n",
			leads[i].to));
		_cleanup_free_ char *got = fetch("http://up.test:%d/", h.upstream_port);
		ck_assert_msg(status_of(got) == leads[i].status, "%s: %s", leads[i].to, got);
		check_has(got, leads[i].code);
		h.answer = NULL;
	}
	const int before = h.nrequests;
	h.answer = "HTTP/1.1 301 Moved\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n";
	_cleanup_free_ char *loop = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(loop, 502, "upstream_bad_response");
	ck_assert_int_eq(h.nrequests - before, 6);
	house_close();
}
END_TEST

START_TEST(test_schemes) /* [H04] http and https, and URLs that can be read in one way */
{
	static const char *const schemes[] = { "file:///etc/passwd", "gopher://up.test/",
		"dict://up.test/", "ftp://up.test/", "ldap://up.test/", "smb://up.test/",
		"unix:///run/janus/janusd.sock", "jar:http://up.test!/x", "data:text/html,x",
		"up.test", "//up.test/", "" };
	static const char *const texts[] = { "http://up.test/\r\nx: y", "http://up.test/a b",
		"http://up.test/\\evil", "http://up.test\\@evil/", "http://", "http:///x",
		"http://up.test/\xc3\xa9", "https://exa_mple..test/" };

	open_web("");
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		_cleanup_free_ char *got = fetch("%s", schemes[i]);
		check_refused(got, 403, "egress_denied");
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_free_ char *got = fetch("%s", texts[i]);
		check_refused(got, 400, "invalid_value");
	}
	ck_assert_int_eq(nresolved, 0);
	house_close();
}
END_TEST

/* A gzip body of so many zeros, as a whole answer; the caller's. */
static char *
bomb(size_t zeros, size_t *len)
{
	struct buf out = { 0 };
	z_stream z = { 0 };
	unsigned char in[65536] = { 0 }, piece[65536];

	buf_add_str(&out, PAGE("content-encoding: gzip\r\ncontent-type: text/plain\r\n", ""));
	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	for (size_t at = 0; at < zeros; at += sizeof(in)) {
		z.next_in = in;
		z.avail_in = sizeof(in);
		do {
			z.next_out = piece;
			z.avail_out = sizeof(piece);
			deflate(&z, at + sizeof(in) >= zeros ? Z_FINISH : Z_NO_FLUSH);
			buf_add(&out, piece, sizeof(piece) - z.avail_out);
		} while (z.avail_out == 0);
	}
	deflateEnd(&z);
	*len = out.len;
	return buf_take(&out);
}

START_TEST(
    test_bad_answers) /* [H06] endless, silent, cut, too much: an error, never a part of a page */
{
	_cleanup_buf_ struct buf many = { 0 }, large = { 0 };
	size_t len;

	open_web("");
	h.answer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort";
	_cleanup_free_ char *cut = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(cut, 502, "upstream_bad_response");
	check_has(cut, "\"fault\":\"upstream\"");
	h.answer = "SSH-2.0-OpenSSH_9.2\r\n";
	_cleanup_free_ char *other = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(other, 502, "upstream_bad_response");
	check_lacks(other, "OpenSSH"); /* no banner of what is there */
	buf_add_str(&many, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 10000; i++)
		buf_printf(&many, "h%d: x\r\n", i);
	buf_add_str(&many, "\r\n");
	h.answer = many.data;
	_cleanup_free_ char *headers = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(headers, 502, "upstream_bad_response");
	buf_add_str(&large, PAGE("", ""));
	for (int i = 0; i < 70000; i++)
		buf_add_char(&large, 'x');
	h.answer = large.data;
	_cleanup_free_ char *big = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(big, 502, "larger than a page may be");
	h.answer = PAGE("content-encoding: gzip\r\n", "no gzip at all");
	_cleanup_free_ char *garbage = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(garbage, 502, "upstream_bad_response");
	_cleanup_free_ char *zip = bomb(50 << 20, &len);
	ck_assert_uint_lt(len, 64 << 10); /* what travels is within the limit */
	h.answer = zip;
	h.answer_len = len;
	_cleanup_free_ char *burst = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(burst, 502, "larger than a page may be");
	h.answer_len = 0;
	h.p.web->fetch_ms = 300;
	h.answer = NULL;
	_cleanup_free_ char *silent = fetch("http://up.test:%d/", h.upstream_port);
	check_refused(silent, 504, "upstream_timeout_total");
	house_close();
}
END_TEST

/* Bytes to the proxy as they are, and what comes back until it closes; the caller's. */
static char *
proxy(const char *fmt, ...)
{
	_cleanup_buf_ struct buf bytes = { 0 };
	const int fd = pod_connect();
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&bytes, fmt, ap);
	va_end(ap);
	house_write(fd, bytes.data, bytes.len);
	return pod_read(fd);
}

START_TEST(test_proxy)
{
	open_web("");
	h.answer = PAGE("x-theirs: 1\r\n", "their page");
	const int p = h.upstream_port;
	_cleanup_free_ char *got =
	    proxy("GET http://up.test:%d/a?b=c HTTP/1.1\r\nhost: up.test:%d\r\n"
		  "authorization: Bearer theirs\r\nproxy-connection: keep-alive\r\n"
		  "x-request-id: chat-0001\r\ncookie: a=b\r\n\r\n",
		p, p);
	check_has(got, "x-theirs: 1");
	check_has(got, "their page");
	const char *asked = buf_str(&h.asked);
	check_has(asked, "GET /a?b=c HTTP/1.1\r\n");
	check_has(asked, "connection: close\r\n");
	check_has(asked, "authorization: Bearer theirs\r\n");
	check_has(asked, "cookie: a=b\r\n");
	check_lacks(asked, "x-request-id");
	check_lacks(asked, "proxy-connection");
	_cleanup_free_ char *posted =
	    proxy("POST http://up.test:%d/ HTTP/1.1\r\nhost: up.test:%d\r\n"
		  "content-length: 5\r\nauthorization: Bearer test\r\n\r\nhello"
		  "GET /smuggled HTTP/1.1\r\n\r\n",
		p, p);
	check_has(posted, "their page");
	check_has(buf_str(&h.asked), "\r\n\r\nhello");
	check_lacks(buf_str(&h.asked), "Bearer test"); /* the run token goes to nobody */
	check_lacks(buf_str(&h.asked), "smuggled"); /* [H07] one request a connection */
	/* A tunnel: whatever is said in it; early bytes are not lost. */
	_cleanup_free_ char *tunnel = proxy(
	    "CONNECT up.test:%d HTTP/1.1\r\nhost: up.test:%d\r\n\r\nGET /inside HTTP/1.1\r\n\r\n",
	    p, p);
	check_has(tunnel, "HTTP/1.1 200 Connection established\r\n\r\n");
	check_has(tunnel, "their page");
	check_has(buf_str(&h.asked), "GET /inside HTTP/1.1\r\n");
	/* What is no one else's is still ours. */
	_cleanup_free_ char *own = pod_ask("GET", "/health", "", NULL);
	ck_assert_int_eq(status_of(own), 200);
	house_wait(&h.ncalls, 3);
	check_has(buf_str(&h.told), "\"target\":\"CONNECT up.test:");
	house_close();
}
END_TEST

START_TEST(
    test_proxy_refuses) /* [H07] hosts and ports that are not allowed, and two ways to read it */
{
	static const struct {
		const char *bytes;
		int status;
		const char *code;
	} cases[] = {
		{ "CONNECT 10.0.0.1:443 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT 8.8.8.8:443 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT [::1]:443 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT up.test:22 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT up.test:25 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT up.test:8000 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT private.test:443 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT mixed.test:443 HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "CONNECT up.test HTTP/1.1\r\n\r\n", 400, "bad_request" },
		{ "CONNECT 2130706433:443 HTTP/1.1\r\n\r\n", 400, "bad_request" },
		{ "CONNECT user@up.test:443 HTTP/1.1\r\n\r\n", 400, "bad_request" },
		{ "CONNECT up.test:443 HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello", 400,
		    "bad_request" },
		{ "CONNECT up.test:443 HTTP/2.0\r\n\r\n", 400, "bad_request" },
		{ "GET http://metadata.test/ HTTP/1.1\r\nhost: metadata.test\r\n\r\n", 403,
		    "egress_denied" },
		{ "GET http://169.254.169.254/ HTTP/1.1\r\n\r\n", 403, "egress_denied" },
		{ "GET http://up.test/ HTTP/1.1\r\nhost: private.test\r\n\r\n", 400,
		    "bad_request" },
		{ "GET http://up.test/ HTTP/1.1\r\nhost: up.test\r\nhost: up.test\r\n\r\n", 400,
		    "bad_request" },
		{ "POST http://up.test/ HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
		    400, "bad_request" },
		{ "POST http://up.test/ HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: "
		  "2\r\n\r\nx",
		    400, "bad_request" },
		{ "GET http://up.test/ HTTP/1.1\r\nfolded: a\r\n b: c\r\n\r\n", 400,
		    "bad_request" },
		{ "GET http://up.test/ HTTP/1.1\r\nbare: a\nx: y\r\n\r\n", 400, "bad_request" },
		{ "GET http://up.test/ HTTP/1.1\r\nspace : a\r\n\r\n", 400, "bad_request" },
		{ "GET http://none.test/ HTTP/1.1\r\n\r\n", 502, "upstream_connect_failed" },
		{ "GET https://up.test/ HTTP/1.1\r\nhost: up.test\r\nconnection: close\r\n\r\n",
		    403, "egress_denied" },
		{ "GET ftp://up.test/ HTTP/1.1\r\nhost: up.test\r\nconnection: close\r\n\r\n", 403,
		    "egress_denied" },
	};

	open_web("");
	h.answer = PAGE("", "secret");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *got = proxy("%s", cases[i].bytes);

		ck_assert_msg(status_of(got) == cases[i].status, "%s: %s", cases[i].bytes, got);
		check_has(got, cases[i].code);
	}
	ck_assert_int_eq(h.nrequests, 0);
	house_close();
}
END_TEST

START_TEST(test_proxy_budget) /* a tunnel ends where the budget does */
{
	_cleanup_buf_ struct buf large = { 0 };

	open_web("\"budget\":{\"bytes\":1000000},");
	buf_add_str(&large, PAGE("", ""));
	for (int i = 0; i < 3000000; i++)
		buf_add_char(&large, 'x');
	h.answer = large.data;
	_cleanup_free_ char *got =
	    proxy("CONNECT up.test:%d HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", h.upstream_port);
	ck_assert_uint_lt(strlen(got), 1000000);
	house_wait(&h.ncalls, 1);
	check_has(buf_str(&h.told), "budget_exceeded");
	house_close();
}
END_TEST

START_TEST(test_proxy_gone) /* a client that leaves, and a head that never comes whole */
{
	open_web("");
	h.answer = NULL;
	const int fd = pod_connect();
	_cleanup_free_ char *head =
	    str_printf("CONNECT up.test:%d HTTP/1.1\r\n\r\n\r\n\r\n", h.upstream_port);
	house_write(fd, head, strlen(head));
	house_wait(&h.nrequests, 1);
	close(fd);
	house_wait(&h.ncalls, 1);
	const int half = pod_connect();
	house_write(half, "CONNECT up", 10);
	close(half);
	const int kept = pod_connect(); /* one that is there when the pod goes */
	house_write(kept, head, strlen(head));
	house_wait(&h.nrequests, 2);
	house_close();
	close(kept);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("web");
	TCase *t = tcase_create("web");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_page);
	tcase_add_test(t, test_own_addresses);
	tcase_add_test(t, test_rebinding);
	tcase_add_test(t, test_redirects);
	tcase_add_test(t, test_schemes);
	tcase_add_test(t, test_bad_answers);
	tcase_add_test(t, test_proxy);
	tcase_add_test(t, test_proxy_refuses);
	tcase_add_test(t, test_proxy_budget);
	tcase_add_test(t, test_proxy_gone);
	suite_add_tcase(s, t);
	return run_suite(s);
}

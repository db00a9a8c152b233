/*
 * test_plain_request.c - what is plain, and that nothing else is.
 */
#include <check.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/net/plain_request.h"
#include "tests/run.h"

#define HOST "Host: localhost\r\n"
#define POST "POST /v1/chat HTTP/1.1\r\n" HOST

static const struct {
	const char *request;
	bool plain;
} cases[] = {
	{ "GET / HTTP/1.1\r\n" HOST "\r\n", true },
	{ "GET /a%2fb~ HTTP/1.1\r\n" HOST "Accept: */*\r\nX: a b, \"c\"\r\n\r\n", true },
	{ POST "Content-Length: 4\r\n\r\nbody", true },
	{ POST "CONTENT-LENGTH: 4\r\nConnection: Keep-Alive\r\n\r\nbody", true },
	{ "GET /a?b HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET /a#b HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET * HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET http://localhost/ HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET  / HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET /  HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET / HTTP/1.0\r\n" HOST "\r\n", false },
	{ "GET / HTTP/1.1\n" HOST "\r\n", false },
	{ "get / HTTP/1.1\r\n" HOST "\r\n", false },
	{ "HEAD / HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", false },
	{ "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", false },
	{ "GET / HTTP/1.1\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", false },
	{ "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", false },
	{ "GET / HTTP/1.1\r\n" HOST "X:1\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X:  1\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X: 1 \r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X: \r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X:\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X : 1\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST ": 1\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X: 1\r\n 2\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X: 1\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X: 1\r2\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X: \xc3\xa4\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\tb\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, upgrade\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\n\r\n", false },
	{ "GET / HTTP/1.1\r\n" HOST "TE: trailers\r\n\r\n", false },
	{ POST "\r\n", false },
	{ POST "Content-Length: 0\r\n\r\n", false },
	{ POST "Content-Length: 04\r\n\r\nbody", false },
	{ POST "Content-Length: +4\r\n\r\nbody", false },
	{ POST "Content-Length: 4,4\r\n\r\nbody", false },
	{ POST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody", false },
	{ POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nbody", false },
	{ POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false },
	{ POST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\nbody", false },
};

START_TEST(test_plain) /* [A06] [A07] [A11] [A14] only what has one reading is plain */
{
	const char *const request = cases[_i].request;
	struct plain_request out;

	ck_assert_msg(
	    plain_request_parse(request, strlen(request), &out) == cases[_i].plain, "%s", request);
}
END_TEST

/* Less than a whole one is not plain, nor is more. */
START_TEST(test_whole) /* [A01] [A09] [A10] neither less nor more than one request is plain */
{
	const char *const request = cases[_i].request;
	const size_t len = strlen(request);
	_cleanup_free_ char *more = str_printf("%sG", request);
	struct plain_request out;

	for (size_t n = 0; n < len; n++)
		ck_assert_msg(!plain_request_parse(request, n, &out), "%.*s", (int)n, request);
	ck_assert(!plain_request_parse(more, len + 1, &out));
}
END_TEST

START_TEST(test_nul)
{
	const char *const request = cases[1].request;
	const size_t len = strlen(request);
	_cleanup_free_ char *copy = str_dup(request);
	struct plain_request out;

	for (size_t i = 0; i < len; i++) {
		copy[i] = '\0';
		ck_assert(!plain_request_parse(copy, len, &out));
		copy[i] = request[i];
	}
}
END_TEST

START_TEST(test_parts)
{
	const char *const request =
	    "POST /v1 HTTP/1.1\r\nHost: h\r\nX-A: b c\r\nContent-Length: 2\r\n\r\nhi";
	struct plain_request out;

	ck_assert(plain_request_parse(request, strlen(request), &out));
	ck_assert_uint_eq(out.body_len, 2);
	ck_assert_uint_eq(out.head_len, strlen(request) - 2);
	ck_assert_uint_eq(out.nheaders, 3);
	ck_assert_int_eq(memcmp(request + out.method.at, "POST ", out.method.len + 1u), 0);
	ck_assert_int_eq(memcmp(request + out.target.at, "/v1 ", out.target.len + 1u), 0);
	ck_assert_int_eq(
	    memcmp(request + out.headers[1].name.at, "X-A:", out.headers[1].name.len + 1u), 0);
	ck_assert_int_eq(
	    memcmp(request + out.headers[1].value.at, "b c\r", out.headers[1].value.len + 1u), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plain_request");
	TCase *tc = tcase_create("plain_request");

	tcase_add_loop_test(tc, test_plain, 0, (int)ARRAY_LEN(cases));
	tcase_add_loop_test(tc, test_whole, 0, 4);
	tcase_add_test(tc, test_nul);
	tcase_add_test(tc, test_parts);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

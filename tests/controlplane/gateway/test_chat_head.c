/*
 * test_chat_head.c - Host, Origin, content types, trace contexts, and the head that goes out.
 */
#include "controlplane/gateway/chat_head.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/gateway/origin.h"
#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

START_TEST(test_host)
{
	static const char *const good[] = { "localhost", "localhost:8000", "LOCALHOST:1",
		"127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "[::1]", "janus.example:8000",
		"JANUS.example", "app.localhost:5173", "localhost.:80" };
	static const char *const bad[] = { "evil.example", "127.0.0.1.evil.example",
		"localhost.evil.example", "8.8.8.8", "[::2]:80", "localhost:99999", "localhost:x",
		"[::1", "", ":80", "a@localhost", "localhost/x", "128.0.0.1", "notlocalhost" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_msg(host_accepted(good[i], "janus.example", NULL), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!host_accepted(bad[i], "janus.example", NULL), "%s", bad[i]);
	ck_assert(!host_accepted("janus.example", NULL, NULL));
}
END_TEST

START_TEST(public_hosts)
{
	static const struct {
		const char *host, *listen, *names;
		bool good;
	} cases[] = {
		{ "janus.example", "127.0.0.1", "other.example janus.example", true },
		{ "Janus.Example.:443", "127.0.0.1", "other.example, janus.example", true },
		{ "janus.example.evil", "127.0.0.1", "janus.example", false },
		{ "anus.example", "127.0.0.1", "janus.example", false },
		{ "evil.example", "127.0.0.1", "", false },
		{ "evil.example", "127.0.0.1", "*", true },
		{ "evil.example", "0.0.0.0", NULL, false }, /* a name may have been led astray */
		{ "192.0.2.7:8000", "0.0.0.0", NULL, true }, /* a number cannot */
		{ "[2001:db8::7]:8000", "::", NULL, true },
		{ "192.0.2.7:8000", "127.0.0.1", NULL, false },
		{ "janus.example@evil.example", "127.0.0.1", "*", false },
	};
	static const char *const good[] = { "", "a.example", "a.example,b.example c", "*" };
	static const char *const bad[] = { "a.example:443", "https://a.example", "a/b", "a@b",
		"*.a" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(
		    host_accepted(cases[i].host, cases[i].listen, cases[i].names) == cases[i].good,
		    "%s for '%s'", cases[i].host, cases[i].names);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_msg(public_hosts_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!public_hosts_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(test_origin)
{
	static const struct {
		const char *origin, *host;
		bool good;
	} cases[] = {
		{ "http://127.0.0.1:8000", "127.0.0.1:8000", true },
		{ "http://localhost", "localhost:80", true },
		{ "https://localhost", "localhost:443", true },
		{ "http://[::1]:8000", "[::1]:8000", true },
		{ "http://127.0.0.1:9000", "127.0.0.1:8000", false },
		{ "http://evil.example", "127.0.0.1:8000", false },
		{ "http://evil.example:8000", "127.0.0.1:8000", false },
		{ "http://127.0.0.1:8000@evil.example", "127.0.0.1:8000", false },
		{ "null", "127.0.0.1:8000", false },
		{ "", "127.0.0.1:8000", false },
		{ "file://", "127.0.0.1:8000", false },
		{ "http://127.0.0.1:8000", NULL, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(origin_accepted(cases[i].origin, cases[i].host) == cases[i].good,
		    "%s", cases[i].origin);
}
END_TEST

START_TEST(test_content_type)
{
	static const char *const good[] = { "application/json", "Application/JSON",
		"application/json; charset=utf-8", "application/json;charset=UTF-8",
		"application/json; charset=\"utf-8\"", "application/json; x=y" };
	static const char *const bad[] = { "", "text/plain", "application/jsonx",
		"application/json charset=utf-8", "application/json; charset=utf-16",
		"application/json; charset=latin1", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=application/json" };

	ck_assert(content_type_accepted(NULL));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_msg(content_type_accepted(good[i]), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!content_type_accepted(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(test_traceparent)
{
	char made[TRACEPARENT_LEN + 1], again[TRACEPARENT_LEN + 1];

	ck_assert(traceparent_valid("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
	ck_assert(!traceparent_valid(NULL));
	ck_assert(!traceparent_valid("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"));
	ck_assert(!traceparent_valid("00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
	ck_assert(!traceparent_valid("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
	ck_assert(!traceparent_valid("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
	traceparent_new(made);
	traceparent_new(again);
	ck_assert_msg(traceparent_valid(made), "%s", made);
	ck_assert_str_ne(made, again);
}
END_TEST

START_TEST(test_tracestate)
{
	static const char *const good[] = { "a=1", "a=1, b=2", "rojo=00f067aa0ba902b7,congo=t61",
		"t@v=x y", "a=1,,b=2", "a=1 ," };
	static const char *const bad[] = { "", ",", "a", "=1", "a=", "A=1", "a=1=2", "a=\xc3\xa9",
		"a b=1", "a=1,b" };
	char text[TRACESTATE_MAX + 2];

	ck_assert(!tracestate_valid(NULL));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_msg(tracestate_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!tracestate_valid(bad[i]), "%s", bad[i]);
	memset(text, 'x', sizeof(text));
	memcpy(text, "a=", 2);
	text[TRACESTATE_MAX] = '\0';
	ck_assert(tracestate_valid(text));
	text[TRACESTATE_MAX] = 'x';
	text[TRACESTATE_MAX + 1] = '\0';
	ck_assert(!tracestate_valid(text));
	text[0] = '\0';
	for (int i = 0; i < 33; i++)
		strcat(text, i == 0 ? "a=1" : ",a=1");
	ck_assert(!tracestate_valid(text)); /* 33 members */
	text[strlen(text) - 4] = '\0';
	ck_assert(tracestate_valid(text));
}
END_TEST

START_TEST(test_head)
{
	static const struct {
		struct route_target t;
		const char *first;
	} cases[] = {
		{ { .is_pod = true, .port = 8080 },
		    "POST /v1/chat/completions HTTP/1.1\r\nhost: "
		    "127.0.0.1:8080\r\ncontent-type: " },
		{ { .url = { .host = "a.example", .port = 80, .path = "/" } },
		    "POST /v1/chat/completions HTTP/1.1\r\nhost: a.example\r\ncontent-type: " },
		{ { .url = { .host = "a.example", .port = 443, .path = "/base", .tls = true } },
		    "POST /base/v1/chat/completions HTTP/1.1\r\nhost: "
		    "a.example\r\ncontent-type: " },
		{ { .url = { .host = "::1", .port = 9001, .path = "/" } },
		    "POST /v1/chat/completions HTTP/1.1\r\nhost: [::1]:9001\r\ncontent-type: " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };

		chat_head_add(&out, &cases[i].t,
		    &(struct forwarded){ "/v1/chat/completions", 12, "req_x", "00-1-2-01", NULL });
		ck_assert_msg(
		    strncmp(out.data, cases[i].first, strlen(cases[i].first)) == 0, "%s", out.data);
		ck_assert_ptr_nonnull(strstr(out.data, "\r\ncontent-length: 12\r\n"));
		ck_assert_ptr_nonnull(
		    strstr(out.data, "\r\nx-request-id: req_x\r\ntraceparent: 00-1-2-01\r\n"));
		ck_assert_str_eq(out.data + out.len - 4, "\r\n\r\n");
	}
}
END_TEST

START_TEST(test_details)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
		{ "{\"error\":{\"message\":\"no\\u001b[31m ink\"}}", "no [31m ink" },
		{ "{\"error\":\"plain\"}", "plain" },
		{ "{\"detail\":\"not found\"}", "not found" },
		{ "<html>\r\n<p>", "<html>  <p>" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		char message[24];

		upstream_details(&out, 400, cases[i].body, message, sizeof(message));
		ck_assert_str_eq(message, cases[i].message);
		ck_assert_msg(
		    strncmp(out.data, "[{\"upstream_status\":400,\"upstream_message\":\"", 43) == 0,
		    "%s", out.data);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chat_head");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_host);
	tcase_add_test(tc, public_hosts);
	tcase_add_test(tc, test_origin);
	tcase_add_test(tc, test_content_type);
	tcase_add_test(tc, test_traceparent);
	tcase_add_test(tc, test_tracestate);
	tcase_add_test(tc, test_head);
	tcase_add_test(tc, test_details);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_faults_client.c - what clients do to a gateway, by the ids of docs/faults.md.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/controlplane/gateway/house.h"

#define HOST "host: localhost\r\n"
#define POST "POST /v1/chat/completions HTTP/1.1\r\n" HOST
/* A chat that would be forwarded, were it taken for one. */
#define INNER "POST /v1/chat/completions HTTP/1.1\r\n" HOST "content-length: 60\r\n\r\n" CHAT
_Static_assert(sizeof(CHAT) - 1 == 60, "INNER");
#define CHUNKED POST "transfer-encoding: chunked\r\n\r\n"
#define LEN "60"
#define LEN_HEX "3c"

enum after { CLOSES, KEEPS };
static const struct refused {
	const char *name, *request;
	int status; /* 0: closed without an answer; -1: any 4xx or 5xx */
	const char *code; /* of the envelope; NULL: libmicrohttpd answers, without one */
	enum after after;
} refused[] = {
	{ "[A05] an escaped NUL", "GET /v1/models%00 HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request",
	    KEEPS },
	{ "[A05] escaped dots", "GET /%2e%2e%2fetc/passwd HTTP/1.1\r\n" HOST "\r\n", 400,
	    "bad_request", KEEPS },
	{ "[A05] dots escaped twice", "GET /%252e%252e%252fetc HTTP/1.1\r\n" HOST "\r\n", 400,
	    "bad_request", KEEPS },
	{ "[A05] overlong UTF-8", "GET /%c0%ae%c0%ae/v1/models HTTP/1.1\r\n" HOST "\r\n", 404,
	    "resource_not_found", KEEPS },
	{ "[A05] two slashes", "GET //v1/models HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request",
	    KEEPS },
	{ "[A05] a dot", "GET /./v1/models HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request", KEEPS },
	{ "[A05] a backslash", "GET /v1\\models HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request",
	    KEEPS },
	{ "[A05] a fragment", "GET /v1/models#x HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request",
	    KEEPS },
	{ "[A05] the form for proxies", "GET http://evil.example/livez HTTP/1.1\r\n" HOST "\r\n",
	    400, "bad_request", KEEPS },
	{ "[A05] another case is another path", "GET /V1/Models HTTP/1.1\r\n" HOST "\r\n", 404,
	    "resource_not_found", KEEPS },

	{ "[A06] the same length twice",
	    POST "content-length: " LEN "\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 400,
	    "bad_request", CLOSES },
	{ "[A06] two lengths", POST "content-length: 5\r\ncontent-length: " LEN "\r\n\r\n" CHAT,
	    400, "bad_request", CLOSES },
	{ "[A06] a length with a sign", POST "content-length: +" LEN "\r\n\r\n" CHAT, 400, NULL,
	    CLOSES },
	{ "[A06] a negative length", POST "content-length: -1\r\n\r\n" CHAT, 400, NULL, CLOSES },
	{ "[A06] a hexadecimal length", POST "content-length: 0x3c\r\n\r\n" CHAT, 400, NULL,
	    CLOSES },
	{ "[A06] a list of lengths", POST "content-length: " LEN ", " LEN "\r\n\r\n" CHAT, 400,
	    NULL, CLOSES },
	{ "[A06] a length with an exponent", POST "content-length: 1e3\r\n\r\n" CHAT, 400, NULL,
	    CLOSES },
	{ "[A06] a length of 2^64", POST "content-length: 18446744073709551616\r\n\r\n" CHAT, -1,
	    NULL, CLOSES },
	{ "[A06] a length of 2^64 + 60", POST "content-length: 18446744073709551676\r\n\r\n" CHAT,
	    -1, NULL, CLOSES },
	{ "[A06] a length of 20 zeros and 60",
	    POST "content-length: 0000000000000000000060\r\n\r\n" CHAT, 400, "bad_request",
	    CLOSES },
	{ "[A06] an empty length", POST "content-length:\r\n\r\n" CHAT, 400, NULL, CLOSES },
	{ "[A06] a length and words", POST "content-length: 60 bytes\r\n\r\n" CHAT, 400, NULL,
	    CLOSES },

	{ "[A07] length, then coding",
	    POST "content-length: " LEN "\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" INNER,
	    400, "bad_request", CLOSES },
	{ "[A07] coding, then length",
	    POST "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n" INNER, 400,
	    "bad_request", CLOSES },
	{ "[A07] chunked twice",
	    POST "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A07] chunked, identity",
	    POST "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" INNER, 400, "bad_request",
	    CLOSES },
	{ "[A07] identity", POST "transfer-encoding: identity\r\n\r\n" CHAT, 400, "bad_request",
	    CLOSES },
	{ "[A07] gzip, chunked", POST "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A07] xchunked", POST "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" INNER, 400,
	    "bad_request", CLOSES },
	{ "[A07] an empty coding", POST "transfer-encoding:\r\n\r\n" CHAT, 400, "bad_request",
	    CLOSES },
	{ "[A07] a coding in HTTP/1.0",
	    "POST /v1/chat/completions HTTP/1.0\r\n" HOST
	    "transfer-encoding: chunked\r\n\r\n" LEN_HEX "\r\n" CHAT "\r\n0\r\n\r\n",
	    400, "bad_request", CLOSES },
	{ "[A07] a vertical tab before the coding",
	    POST "transfer-encoding: \vchunked\r\n\r\n0\r\n\r\n", 400, "bad_request", CLOSES },
	{ "[A07] a CR after the coding", POST "transfer-encoding: chunked\r\r\n\r\n0\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A07] a space before the colon", POST "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
	    400, "bad_request", CLOSES },
	{ "[A07] a quoted coding", POST "transfer-encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400,
	    "bad_request", CLOSES },

	{ "[A07] blanks around the coding",
	    POST "transfer-encoding: \t chunked \t\r\n\r\n" LEN_HEX "\r\n" CHAT "\r\n0\r\n\r\n",
	    400, "bad_request", CLOSES },
	{ "[A08] a negative chunk size", CHUNKED "-1\r\n" CHAT "\r\n0\r\n\r\n", -1, NULL, CLOSES },
	{ "[A08] a chunk size of no digits", CHUNKED "zz\r\n" CHAT "\r\n0\r\n\r\n", -1, NULL,
	    CLOSES },
	{ "[A08] no chunk size", CHUNKED "\r\n" CHAT "\r\n0\r\n\r\n", -1, NULL, CLOSES },
	{ "[A08] a chunk size with 0x", CHUNKED "0x" LEN_HEX "\r\n" CHAT "\r\n0\r\n\r\n", -1, NULL,
	    CLOSES },
	{ "[A08] a chunk size with an underscore", CHUNKED "3_c\r\n" CHAT "\r\n0\r\n\r\n", -1, NULL,
	    CLOSES },
	{ "[A08] a chunk size over 2^64", CHUNKED "1000000000000003c\r\n" CHAT "\r\n0\r\n\r\n", -1,
	    NULL, CLOSES },
	{ "[A08] a chunk without its end", CHUNKED LEN_HEX "\r\n" CHAT "0\r\n\r\n", -1, NULL,
	    CLOSES },
	{ "[A08] a chunk longer than it said", CHUNKED "3\r\n" CHAT "\r\n0\r\n\r\n", -1, NULL,
	    CLOSES },
	{ "[A11] a space before a colon", "GET /livez HTTP/1.1\r\n" HOST "x-a : 1\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] a folded line", "GET /livez HTTP/1.1\r\n" HOST "x-a: 1\r\n 2\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] a folded line in the middle",
	    POST "x-a: 1\r\n\t2\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 400, "bad_request",
	    CLOSES },
	{ "[A11] bare LF",
	    "GET /livez HTTP/1.1\n"
	    "host: localhost\n\n",
	    400, "bad_request", CLOSES },
	{ "[A11] one bare LF", "GET /livez HTTP/1.1\r\n" HOST "x-a: 1\nx-b: 2\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] a bare LF after the first line", "GET /livez HTTP/1.1\n" HOST "\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] a bare LF at the end", "GET /livez HTTP/1.1\r\n" HOST "\n", 400, "bad_request",
	    CLOSES },
	{ "[A11] an empty name", POST ": evil\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 400,
	    "bad_request", CLOSES },
	{ "[A11] an empty name at the end", "GET /livez HTTP/1.1\r\n" HOST ":\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] an empty name, then a request", "GET /livez HTTP/1.1\r\n" HOST ": evil\r\n" INNER,
	    400, "bad_request", CLOSES },
	{ "[A11] no colon", "GET /livez HTTP/1.1\r\n" HOST "broken\r\n\r\n", -1, NULL, CLOSES },
	{ "[A11] a bare CR", "GET /livez HTTP/1.1\r\n" HOST "x-a: 1\r2\r\n\r\n", 400, "bad_request",
	    CLOSES },
	{ "[A11] a control byte", "GET /livez HTTP/1.1\r\n" HOST "x-a: \x01\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] a delete", "GET /livez HTTP/1.1\r\n" HOST "x-a: \x7f\r\n\r\n", 400, "bad_request",
	    CLOSES },
	{ "[A11] eight bits in a name", "GET /livez HTTP/1.1\r\n" HOST "x-\xc3\xa4: 1\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] two hosts", "GET /livez HTTP/1.1\r\n" HOST HOST "\r\n", 400, "bad_request",
	    CLOSES },
	{ "[A11] no host", "GET /livez HTTP/1.1\r\n\r\n", 400, NULL, CLOSES },
	{ "[A11] an empty host", "GET /livez HTTP/1.1\r\nhost:\r\n\r\n", 400, "bad_request",
	    CLOSES },
	{ "[A11] a host with a user", "GET /livez HTTP/1.1\r\nhost: a@localhost\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] a list of hosts", "GET /livez HTTP/1.1\r\nhost: localhost, b\r\n\r\n", 400,
	    "bad_request", CLOSES },
	{ "[A11] a host with a port that is none",
	    "GET /livez HTTP/1.1\r\nhost: localhost:http\r\n\r\n", 421, "misdirected_request",
	    KEEPS },
	{ "[A11] a name before the first header", "GET /livez HTTP/1.1\r\n folded\r\n" HOST "\r\n",
	    -1, NULL, CLOSES },

	{ "[A13] another expectation",
	    POST "expect: a-miracle\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 417,
	    "expectation_failed", CLOSES },
	{ "[A13] two expectations",
	    POST "expect: 100-continue\r\nexpect: 100-continue\r\ncontent-length: " LEN
		 "\r\n\r\n" CHAT,
	    417, "expectation_failed", CLOSES },
	{ "[A13] too large: no 100",
	    POST "expect: 100-continue\r\ncontent-length: 99999999\r\n\r\n", 413,
	    "payload_too_large", CLOSES },

	{ "[A14] HTTP/0.9", "GET /livez\r\n\r\n", -1, NULL, CLOSES },
	{ "[A14] HTTP/1.2", "GET /livez HTTP/1.2\r\n" HOST "\r\n", 505, "bad_request", CLOSES },
	{ "[A14] HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, NULL, CLOSES },
	{ "[A14] a TLS hello", "\x16\x03\x01\x02\x01\x01\r\n\r\n", -1, NULL, CLOSES },
	{ "[A14] CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\n" HOST "\r\n", -1, "bad_request",
	    KEEPS },
	{ "[A14] TRACE", "TRACE /v1/chat/completions HTTP/1.1\r\n" HOST "\r\n", 405,
	    "method_not_allowed", KEEPS },
	{ "[A14] a method in lower case", "get /livez HTTP/1.1\r\n" HOST "\r\n", 405,
	    "method_not_allowed", KEEPS },
	{ "[A14] OPTIONS of everything", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request",
	    KEEPS },

	{ "[A22] gzip", POST "content-encoding: gzip\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 415,
	    "unsupported_media_type", KEEPS },
	{ "[A22] an unknown encoding",
	    POST "content-encoding: br, gzip\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 415,
	    "unsupported_media_type", KEEPS },
	{ "[A22] a form",
	    POST "content-type: application/x-www-form-urlencoded\r\n"
		 "content-length: " LEN "\r\n\r\n" CHAT,
	    415, "unsupported_media_type", KEEPS },
	{ "[A22] UTF-16",
	    POST "content-type: application/json; charset=utf-16\r\n"
		 "content-length: " LEN "\r\n\r\n" CHAT,
	    415, "unsupported_media_type", KEEPS },
	{ "[A22] a byte order mark", POST "content-length: 63\r\n\r\n\xef\xbb\xbf" CHAT, 400,
	    "invalid_json", KEEPS },
	{ "[A22] bytes of gzip called JSON",
	    POST "content-type: application/json\r\ncontent-length: 10\r\n\r\n"
		 "\x1f\x8b\x08\x01\x01\x01\x01\x01\x01\x01",
	    400, "invalid_json", KEEPS },

	{ "[A24] another host", "GET /livez HTTP/1.1\r\nhost: evil.example\r\n\r\n", 421,
	    "misdirected_request", KEEPS },
	{ "[A24] a name that begins like ours",
	    "GET /livez HTTP/1.1\r\nhost: localhost.evil.example\r\n\r\n", 421,
	    "misdirected_request", KEEPS },
	{ "[A24] a page of another site",
	    POST "origin: http://evil.example\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 403,
	    "missing_scope", KEEPS },
	{ "[A24] a page of nowhere", POST "origin: null\r\ncontent-length: " LEN "\r\n\r\n" CHAT,
	    403, "missing_scope", KEEPS },
	{ "[A24] a page of another port",
	    POST "origin: http://localhost:81\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 403,
	    "missing_scope", KEEPS },
};

static void
assert_kept(const char *name, struct peer *p)
{
	peer_send(p, "GET /livez HTTP/1.1\r\n" HOST "\r\n");
	struct answer a = peer_answer(p);
	ck_assert_msg(a.status == 200, "%s: kept, then %d", name, a.status);
	answer_done(&a);
}

START_TEST(test_refused)
{
	const struct refused *r = &refused[_i];
	struct peer p = peer_open();

	peer_send(&p, r->request);
	struct answer a = peer_answer(&p);
	if (r->status >= 0)
		ck_assert_msg(a.status == r->status, "%s: %d", r->name, a.status);
	else
		ck_assert_msg(a.status == 0 || (a.status >= 400 && a.status != 500), "%s: %d",
		    r->name, a.status);
	ck_assert_int_eq(a.interims, 0);
	if (r->code != NULL)
		assert_envelope(r->name, &a, a.status, r->code, "client");
	if (r->after == KEEPS)
		assert_kept(r->name, &p);
	else if (r->code != NULL)
		ck_assert_msg(peer_closed(&p), "%s: then %s", r->name, buf_str(&p.in));
	while (r->after == CLOSES && peer_fill(&p))
		; /* libmicrohttpd writes the head of its own answers twice */
	answer_done(&a);
	peer_close(&p);
	assert_serves(r->name);
	ck_assert_msg(house_get(&h.connections) == 0, "%s: forwarded", r->name);
	assert_not_busy();
}
END_TEST

static const struct accepted {
	const char *name, *request;
	int interims;
	bool closes;
} accepted[] = {
	{ "[A08] extension and trailers are ignored",
	    CHUNKED LEN_HEX ";ext=\"evil\"\r\n" CHAT
			    "\r\n0;last\r\nx-evil: 1\r\ncontent-length: 5\r\n\r\n",
	    0, false },
	/* A deviation that docs/faults.md explains. */
	{ "[A08] a bare LF around a chunk", CHUNKED LEN_HEX "\n" CHAT "\n0\n\n", 0, false },
	{ "[A08] zeros before a chunk size", CHUNKED "000" LEN_HEX "\r\n" CHAT "\r\n0\r\n\r\n", 0,
	    false },
	{ "[A11] a host with a port",
	    "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost:8000\r\ncontent-length: " LEN
	    "\r\n\r\n" CHAT,
	    0, false },
	{ "[A13] the body is sent anyway",
	    POST "expect: 100-continue\r\ncontent-length: " LEN "\r\n\r\n" CHAT, -1, false },
	{ "[A14] HTTP/1.0",
	    "POST /v1/chat/completions HTTP/1.0\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 0, true },
	{ "[A14] an upgrade is not made",
	    POST "connection: upgrade\r\nupgrade: websocket\r\ncontent-length: " LEN
		 "\r\n\r\n" CHAT,
	    0, false },
	{ "[A24] a page of our own",
	    POST "origin: http://localhost\r\ncontent-length: " LEN "\r\n\r\n" CHAT, 0, false },
};

START_TEST(test_accepted)
{
	const struct accepted *r = &accepted[_i];
	struct peer p = peer_open();

	peer_send(&p, r->request);
	struct answer a = peer_answer(&p);
	ck_assert_msg(a.status == 200, "%s: %d", r->name, a.status);
	ck_assert_msg(answer_has(&a, WHOLE), "%s: %s", r->name, buf_str(&a.body));
	if (r->interims >= 0)
		ck_assert_int_eq(a.interims, r->interims);
	if (r->closes)
		ck_assert_msg(peer_closed(&p), "%s", r->name);
	else
		assert_kept(r->name, &p);
	ck_assert_ptr_null(header_of(a.head, "access-control-allow-origin"));
	answer_done(&a);
	peer_close(&p);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.requests, 1);
	ck_assert_msg(str_ends(buf_str(&h.seen), "\r\n\r\n" CHAT), "%s", buf_str(&h.seen));
	ck_assert_ptr_null(strstr(buf_str(&h.seen), "evil"));
	ck_assert_ptr_null(strcasestr(buf_str(&h.seen), "transfer-encoding"));
}
END_TEST

START_TEST(test_nul) /* [A11] a NUL in a value, in a name, in the first line */
{
	static const char *const before[] = { "GET /livez HTTP/1.1\r\n" HOST "x-a: a",
		"GET /livez HTTP/1.1\r\n" HOST "x-", "GET /livez", "GET /livez?" };
	static const char *const after[] = { "b\r\n\r\n", "a: b\r\n\r\n",
		" HTTP/1.1\r\n" HOST "\r\n", "x HTTP/1.1\r\n" HOST "\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		struct peer p = peer_open();

		peer_send(&p, before[i]);
		send_all(p.fd, "", 1);
		peer_send(&p, after[i]);
		struct answer a = peer_answer(&p);
		ck_assert_msg(a.status == 400 || a.status == 0, "%zu: %d", i, a.status);
		answer_done(&a);
		while (peer_fill(&p))
			;
		peer_close(&p);
	}
}
END_TEST

START_TEST(test_split) /* [A01] at every byte, and byte by byte */
{
	_cleanup_buf_ struct buf whole = { 0 };
	struct peer p = peer_open();

	buf_add_str(&whole, POST "content-length: " LEN "\r\n\r\n" CHAT);
	for (size_t at = 1; at <= whole.len; at++) {
		send_all(p.fd, whole.data, at);
		if (at == whole.len / 2) /* once with a turn of the gateway in between */
			assert_serves("split");
		send_all(p.fd, whole.data + at, whole.len - at);
		struct answer a = peer_answer(&p);
		ck_assert_msg(a.status == 200 && answer_has(&a, WHOLE), "%zu: %d", at, a.status);
		answer_done(&a);
	}
	for (size_t at = 0; at < whole.len; at++)
		send_all(p.fd, whole.data + at, 1);
	struct answer a = peer_answer(&p);
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	peer_close(&p);
	ck_assert_int_eq(house_get(&h.requests), (int)whole.len + 1);
}
END_TEST

START_TEST(test_pipelined) /* [A01] pipelined requests are answered in order */
{
	struct peer p = peer_open();

	house_script(answers_stream);
	peer_send(&p,
	    POST "content-length: 74\r\n\r\n" CHAT_STREAM INNER "GET /livez HTTP/1.1\r\n" HOST
		 "\r\n");
	struct answer a = peer_answer(&p);
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(buf_str(&a.body), HI STOP DONE);
	answer_done(&a);
	a = peer_answer(&p);
	ck_assert_int_eq(a.status, 502); /* the second asked for no stream and got one */
	answer_done(&a);
	a = peer_answer(&p);
	ck_assert_str_eq(buf_str(&a.body), "ok\n");
	answer_done(&a);
	peer_close(&p);
}
END_TEST
_Static_assert(sizeof(CHAT_STREAM) - 1 == 74, "test_pipelined");

#define SLOW 1000
START_TEST(test_slowloris) /* [A02] a thousand heads that never end */
{
	static struct peer slow[SLOW];
	const int before = open_descriptors();

	for (int i = 0; i < SLOW; i++) {
		slow[i] = peer_open();
		if (i % 2 == 0)
			peer_send(&slow[i], "GET /livez HTTP/1.1\r\nhost: loc");
	}
	int status = 408; /* we may be slow ourselves */
	while (status == 408) {
		struct peer p = peer_open();
		struct answer a;

		peer_send(&p, "GET /livez HTTP/1.1\r\n" HOST "\r\n");
		a = peer_answer(&p);
		status = a.status;
		answer_done(&a);
		peer_close(&p);
	}
	ck_assert_int_eq(status, 200);
	for (int i = 0; i < SLOW; i++) {
		struct answer a;

		peer_send(&slow[i], "x");
		a = peer_answer(&slow[i]);
		ck_assert_msg(a.status == 408 || a.status == 0, "%d", a.status);
		ck_assert(peer_closed(&slow[i]));
		answer_done(&a);
		peer_close(&slow[i]);
	}
	assert_descriptors(before);
	ck_assert_int_eq(house_get(&h.connections), 0);
}
END_TEST

/* What is declared does not come: 408 and nothing upstream. */
static const struct unfinished {
	const char *name, *request;
	bool half_close;
} unfinished[] = {
	{ "[A03] a body that stops", POST "content-length: 1048576\r\n\r\n{\"model\":", false },
	{ "[A03] a chunked body that stops", CHUNKED LEN_HEX "\r\n{\"model\":", false },
	{ "[A08] no last chunk", CHUNKED LEN_HEX "\r\n" CHAT "\r\n", false },
	{ "[A08] a chunk size over 2^63", CHUNKED "ffffffffffffffff\r\n" CHAT "\r\n0\r\n\r\n",
	    false },
	{ "[A08] a chunk beyond the limit", CHUNKED "7fffffff\r\n" CHAT, false },
	{ "[A09] a body shorter than declared, half-closed",
	    POST "content-length: " LEN "\r\n\r\n{", true },
};

START_TEST(test_unfinished)
{
	const struct unfinished *u = &unfinished[_i];
	struct peer p = peer_open();

	peer_send(&p, u->request);
	if (u->half_close)
		shutdown(p.fd, SHUT_WR);
	struct answer a = peer_answer(&p);
	/* Who says that no more comes may be hung up on, as soon as that is seen. */
	if (!u->half_close || a.status != 0)
		assert_envelope(u->name, &a, 408, "request_timeout", "client");
	ck_assert(peer_closed(&p));
	answer_done(&a);
	peer_close(&p);
	ck_assert_int_eq(house_get(&h.connections), 0);
	ck_assert_int_eq(house_get(&h.requests), 0);
	assert_serves(u->name);
	assert_not_busy();
}
END_TEST

static const struct oversized {
	const char *name, *head, *more;
	size_t bytes; /* of more */
	int status;
} oversized[] = {
	{ "[A04] a head over 32 KiB", "GET /livez HTTP/1.1\r\n" HOST "x-a: 1",
	    "\r\nx-b: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 34000, 431 },
	{ "[A04] ten thousand headers", "GET /livez HTTP/1.1\r\n" HOST "x-a: 1", "\r\nx-b: 1",
	    80000, 431 },
	{ "[A04] a header of 1 MiB", "GET /livez HTTP/1.1\r\n" HOST "x-a: ", "a", 1 << 20, 431 },
	{ "[A05] a URL over 8 KiB", "GET /", "a", 8300, 400 },
	{ "[A05] a URL over 1 MiB", "GET /", "a", 1 << 20, 400 },
	{ "[A14] a method of 10 KiB", "A", "A", 10240, 400 },
};

START_TEST(test_oversized)
{
	const struct oversized *o = &oversized[_i];
	_cleanup_buf_ struct buf out = { 0 };
	struct peer p = peer_open();

	buf_add_str(&out, o->head);
	while (out.len < o->bytes)
		buf_add_str(&out, o->more);
	buf_add_str(&out, o->head[0] == 'A' ? " /livez" : "");
	buf_add_str(&out,
	    o->more[0] == 'a' && o->head[4] == '/' && o->head[5] == '\0' ? " HTTP/1.1\r\n" HOST
									   "\r\n"
		: o->head[0] == 'A' ? " HTTP/1.1\r\n" HOST "\r\n"
				    : "\r\n\r\n");
	(void)send_all(p.fd, out.data, out.len);
	struct answer a = peer_answer(&p);
	ck_assert_msg(
	    a.status == 431 || a.status == 400 || a.status == 414, "%s: %d", o->name, a.status);
	ck_assert_msg(peer_closed(&p), "%s", o->name);
	answer_done(&a);
	peer_close(&p);
	assert_serves(o->name);
}
END_TEST

START_TEST(test_short_body) /* [A09] a body shorter than declared, then close or reset */
{
	for (int how = 0; how < 2; how++) {
		struct peer p = peer_open();

		peer_send(&p, POST "content-length: " LEN "\r\n\r\n{\"model\":");
		if (how == 1)
			reset_at_close(p.fd);
		peer_close(&p);
		assert_serves("short body");
	}
	ck_assert_int_eq(house_get(&h.connections), 0);
	assert_not_busy();
}
END_TEST

START_TEST(test_long_body) /* [A10] what follows a body is the next request, or nothing */
{
	struct peer p = peer_open();

	peer_send(&p, POST "content-length: " LEN "\r\n\r\n" CHAT INNER "garbage\r\n\r\n");
	for (int i = 0; i < 2; i++) {
		struct answer a = peer_answer(&p);
		ck_assert_int_eq(a.status, 200);
		answer_done(&a);
		ck_assert(house_saw_end("\r\n\r\n" CHAT));
	}
	struct answer a = peer_answer(&p);
	ck_assert_int_ne(a.status, 200);
	ck_assert(peer_closed(&p));
	answer_done(&a);
	peer_close(&p);
	ck_assert_int_eq(house_get(&h.requests), 2);
}
END_TEST

/* Sent with a chat; none of it may come out raw, in a head, a log line or upstream. */
static const struct injected {
	const char *name, *headers, *body;
	int status;
	const char *code;
} injected[] = {
	{ "[A12] a CR in x-request-id", "x-request-id: abcdefgh\rset-cookie: evil\r\n", CHAT, 400,
	    "bad_request" },
	{ "[A12] an id of other characters", "x-request-id: abcdefgh%0d%0aevil: 1\r\n", CHAT, 200,
	    NULL },
	{ "[A12] an id that is too long",
	    "x-request-id: evil567890123456789012345678901234567890123456789012345678901234567890"
	    "12345678901234567890123456789012345678901234567890123456789012\r\n",
	    CHAT, 200, NULL },
	{ "[A12] an odd x-janus-competitor", "x-janus-competitor: evil\"\tx\r\n", CHAT, 400,
	    "invalid_value" },
	{ "[A12] an odd traceparent", "traceparent: 00-evil\r\n", CHAT, 200, NULL },
	{ "[A12] line ends in the model", "",
	    "{\"model\":\"janus/x\\r\\nset-cookie: evil\\u001b[31m\"," MESSAGES "}", 404,
	    "model_not_found" },
	{ "[A12] line ends in the competitor's id", "",
	    "{\"model\":\"janus\",\"competitor_id\":\"x\\r\\nset-cookie: evil\"," MESSAGES "}", 404,
	    "model_not_found" },
};

START_TEST(test_injected)
{
	const struct injected *c = &injected[_i];

	house_log();
	struct answer a = chat(c->headers, c->body);
	struct peer p = peer_open();
	peer_send(&p, "GET /v1/x?%0d%0aset-cookie:evil=%1b[31m HTTP/1.1\r\n" HOST "\r\n");
	struct answer other = peer_answer(&p);
	if (c->status == 200)
		house_wait(&h.usages, 1);
	_cleanup_free_ char *text = str_dup(house_logged());
	ck_assert_msg(a.status == c->status, "%s: %d", c->name, a.status);
	if (c->code != NULL)
		assert_envelope(c->name, &a, c->status, c->code, "client");
	ck_assert_int_eq(other.status, 404);
	ck_assert_msg(strstr(a.head, "evil") == NULL, "%s: %s", c->name, a.head);
	ck_assert_ptr_null(strstr(other.head, "evil"));
	ck_assert_ptr_null(header_of(a.head, "set-cookie"));
	ck_assert_msg(memchr(a.body.data, '\x1b', a.body.len) == NULL, "%s: an escape", c->name);
	if (h.requests > 0)
		ck_assert_msg(strstr(buf_str(&h.seen), "evil") == NULL, "%s", buf_str(&h.seen));
	for (char *save, *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		ck_assert_msg(line[0] == '{' && str_ends(line, "}"), "%s: log: %s", c->name, line);
		ck_assert_ptr_null(strpbrk(line, "\r\x1b"));
	}
	answer_done(&a);
	answer_done(&other);
	peer_close(&p);
}
END_TEST

START_TEST(test_continue) /* [A13] asked first: a 100, then the answer */
{
	struct peer p = peer_open();

	peer_send(&p, POST "expect: 100-continue\r\ncontent-length: " LEN "\r\n\r\n");
	ck_assert(peer_until(&p, "\r\n\r\n"));
	ck_assert_msg(str_starts(buf_str(&p.in), "HTTP/1.1 100 "), "%s", buf_str(&p.in));
	ck_assert_int_eq(house_get(&h.connections), 0);
	peer_send(&p, CHAT);
	struct answer a = peer_answer(&p);
	ck_assert_int_eq(a.status, 200);
	ck_assert_int_eq(a.interims, 1);
	answer_done(&a);
	peer_close(&p);
}
END_TEST

START_TEST(test_half_close) /* [A15] a half-close is no cancel */
{
	static const struct step script[] = { { GATE, NULL, 0 }, { SEND, SSE_HEAD HI STOP DONE, 0 },
		{ 0 } };
	struct peer p = peer_open();

	house_script(script);
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	shutdown(p.fd, SHUT_WR);
	house_wait(&h.requests, 1);
	assert_serves("half-close");
	house_open_gate();
	struct answer a = peer_answer(&p);
	ck_assert_int_eq(a.status, 200);
	ck_assert_msg(str_ends(buf_str(&a.body), HI STOP DONE), "%s", buf_str(&a.body));
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_NONE);
	answer_done(&a);
	peer_close(&p);
}
END_TEST

/* Each gone client: upstream is left within a second (here ten), one usage of code 499, nothing stays. */
static const struct gone {
	const char *name;
	struct step script[3];
	const char *until; /* the client has read so far; NULL: upstream has the request */
	bool reset, stream;
} gones[] = {
	{ "[A16] closed before the head", { { HANG, NULL, 0 } }, NULL, false, true },
	{ "[A16] reset before the head", { { HANG, NULL, 0 } }, NULL, true, true },
	{ "[A16] closed, no stream asked", { { HANG, NULL, 0 } }, NULL, false, false },
	{ "[A16] closed before the first event", { { SEND, SSE_HEAD, 0 }, { HANG, NULL, 0 } },
	    ": ping\n\n", false, true },
	{ "[A16] reset before the first event", { { SEND, SSE_HEAD, 0 }, { HANG, NULL, 0 } },
	    ": ping\n\n", true, true },
	{ "[A16] closed after an event", { { SEND, SSE_HEAD HI, 0 }, { HANG, NULL, 0 } }, "\"hi\"",
	    false, true },
	{ "[A16] reset in the middle of an event",
	    { { SEND, SSE_HEAD HI "data: {\"choi", 0 }, { HANG, NULL, 0 } }, "\"hi\"", true, true },
	{ "[A16] reset while events come", { { SEND, SSE_HEAD, 0 }, { REPEAT, HI, 0 } }, "\"hi\"",
	    true, true },
};

START_TEST(test_gone)
{
	const struct gone *g = &gones[_i];
	const char *body = g->stream ? CHAT_STREAM : CHAT;
	const int before = open_descriptors();
	struct peer p = peer_open();

	house_script(g->script);
	peer_send_chat(&p, "", body, strlen(body));
	if (g->until != NULL)
		ck_assert(peer_until(&p, g->until));
	house_wait(&h.requests, 1);
	if (g->reset)
		reset_at_close(p.fd);
	const int64_t gone_ms = clock_now_ms();
	peer_close(&p);
	house_wait(&h.cancelled, 1);
	const int64_t took_ms = clock_now_ms() - gone_ms;
	house_wait(&h.usages, 1);
	ck_assert_msg(took_ms < 10000, "%s: %lld ms", g->name, (long long)took_ms);
	ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
	ck_assert_str_eq(wire_code_info(h.used.code)->fault, "client");
	ck_assert_msg(h.row.status == 499, "%s: its row says %d", g->name, h.row.status);
	ck_assert_str_eq(h.row.code, "client_disconnected");
	assert_serves(g->name);
	ck_assert_int_eq(h.usages, 1);
	ck_assert_int_eq(h.requests, 1);
	assert_not_busy();
	assert_descriptors(before);
}
END_TEST

/* Whoever is refused may be gone before he is told: in the head, in the body, in what was one request too many. */
static const char *const told_to_nobody[] = {
	"GET /nowhere HTTP/1.1\r\n" HOST "\r\n",
	POST "content-length: 5\r\n\r\n{\"a\":",
	POST "content-length: 99999999\r\n\r\n{",
	"BREW /pot HTCPCP/1.0\r\n\r\n",
};

START_TEST(test_gone_while_refused) /* [N03] gone while an error is told: nothing is left */
{
	const int before = open_descriptors();

	for (int i = 0; i < 20; i++) {
		struct peer p = peer_open();

		peer_send(&p, told_to_nobody[_i]);
		reset_at_close(p.fd);
		peer_close(&p);
	}
	assert_serves(told_to_nobody[_i]);
	assert_not_busy();
	ck_assert_int_eq(house_get(&h.requests), 0);
	assert_descriptors(before);
}
END_TEST

START_TEST(test_gone_after_done) /* [A16] gone after [DONE]: an answered chat */
{
	struct peer p = peer_open();

	house_script(answers_stream);
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(&p, DONE));
	reset_at_close(p.fd);
	peer_close(&p);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_NONE);
	assert_serves("after done");
	ck_assert_int_eq(h.usages, 1);
}
END_TEST

START_TEST(test_reader_that_stops) /* [A17] pauses upstream, then closes; others go on */
{
	static const struct step flood[] = { { SEND, SSE_HEAD, 0 }, { REPEAT, HI, 0 }, { 0 } };
	const int small = 4096;
	struct peer p = peer_open();

	h.of_id = "stops-reading";
	house_script(flood);
	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	peer_send_chat(&p, "x-request-id: stops-reading\r\n", CHAT_STREAM, strlen(CHAT_STREAM));
	house_wait(&h.requests, 1);
	house_script(answers_stream);
	for (int i = 0; i < 20; i++) {
		struct answer a = chat("", CHAT_STREAM);
		ck_assert(str_ends(buf_str(&a.body), HI STOP DONE));
		answer_done(&a);
	}
	house_wait(&h.cancelled, 1);
	house_wait(&h.usages, 21);
	ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
	/* What both sockets' buffers and ours hold, not what could have come. */
	ck_assert_uint_lt(h.used.bytes_in, 16u << 20);
	peer_close(&p);
}
END_TEST

static void
assert_lives(struct peer *p)
{
	peer_send(p, "GET /livez HTTP/1.1\r\n" HOST "\r\n");
	struct answer a = peer_answer(p);

	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
}

/* All that are left, until they are emptied: were each given back at once, the gateway might have found none just
 * then, accept nobody any more, and so never run out. */
struct fill {
	int fds[64];
	size_t n;
};

static void
fill_descriptors(struct fill *f)
{
	while (f->n < ARRAY_LEN(f->fds) && (f->fds[f->n] = dup(0)) >= 0)
		f->n++;
	ck_assert_int_eq(errno, EMFILE);
}

static void
empty_descriptors(struct fill *f)
{
	while (f->n > 0)
		close(f->fds[--f->n]);
}

#define CROWD 60
START_TEST(test_descriptors_run_out) /* [A18] EMFILE on accept: streams live, and it recovers */
{
	static const struct step script[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 },
		{ SEND, STOP DONE, 0 }, { 0 } };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)h.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct peer p = peer_open();
	struct peer last = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	struct fill fill = { 0 };
	int go[2], status;

	house_script(script);
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(&p, "\"hi\""));
	ck_assert_int_eq(pipe(go), 0);
	/* Less than the crowd takes, however many of it are let in before this counts. */
	struct rlimit few;
	getrlimit(RLIMIT_NOFILE, &few);
	const rlim_t enough = few.rlim_cur;
	few.rlim_cur = (rlim_t)open_descriptors() + 8;
	/* The crowd's own descriptors are another process's. */
	const pid_t crowd = fork();
	if (crowd == 0) {
		char c;

		close(go[1]);
		for (int i = 0; i < CROWD; i++)
			if (connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to,
				sizeof(to)) < 0)
				_exit(1);
		/* All are connected (the backlog takes them); stay until told. */
		_exit(read(go[0], &c, 1) == 0 ? 0 : 1);
	}
	close(go[0]);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	fill_descriptors(&fill);
	ck_assert_int_eq(connect(last.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	house_open_gate();
	struct answer a = peer_answer(&p);
	ck_assert_msg(str_ends(buf_str(&a.body), HI STOP DONE), "%s", buf_str(&a.body));
	answer_done(&a);
	peer_close(&p);
	close(go[1]);
	waitpid(crowd, &status, 0);
	ck_assert_int_eq(status, 0);
	/* It waited in the backlog with the crowd; nobody but the gateway itself can wake it. */
	assert_lives(&last);
	peer_close(&last);
	few.rlim_cur = enough;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	empty_descriptors(&fill);
	struct answer after = chat("", CHAT_STREAM);
	ck_assert_int_eq(after.status, 200);
	answer_done(&after);
}
END_TEST

/* Nobody but those who have had a stream leaves, and they are closed in another way than others. */
START_TEST(test_descriptors_after_streams) /* [A18] EMFILE on accept, after streams */
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)h.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct peer streams[10], other = peer_open();
	struct peer last = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	struct fill fill = { 0 };
	struct rlimit few;

	house_script(answers_stream);
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		streams[i] = peer_open();
		peer_send_chat(&streams[i], "", CHAT_STREAM, strlen(CHAT_STREAM));
		struct answer a = peer_answer(&streams[i]);
		ck_assert_int_eq(a.status, 200);
		answer_done(&a);
	}
	assert_lives(&other);
	getrlimit(RLIMIT_NOFILE, &few);
	const rlim_t enough = few.rlim_cur;
	few.rlim_cur = (rlim_t)open_descriptors() + 8;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	fill_descriptors(&fill);
	ck_assert_int_eq(connect(last.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_lives(&other); /* the listener's turn has been */
	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		peer_close(&streams[i]);
	assert_lives(&last);
	peer_close(&last);
	peer_close(&other);
	few.rlim_cur = enough;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	empty_descriptors(&fill);
}
END_TEST

START_TEST(test_reset_storm) /* [A19] connect and reset, again and again */
{
	const int before = open_descriptors();

	for (int i = 0; i < 2000; i++) {
		struct peer p = peer_open();

		if (i % 3 == 1)
			peer_send(&p, "GET /livez HT");
		if (i % 3 == 2)
			peer_send(&p, "GET /livez HTTP/1.1\r\n" HOST "\r\n");
		reset_at_close(p.fd);
		peer_close(&p);
		if (i % 200 == 0)
			assert_serves("storm");
	}
	assert_serves("after the storm");
	assert_descriptors(before);
	assert_not_busy();
}
END_TEST

START_TEST(test_same_id) /* [A20] one x-request-id on two live requests */
{
	static const struct step first[] = { { SEND, SSE_HEAD HI, 0 }, { HANG, NULL, 0 }, { 0 } };
	struct peer p = peer_open();

	house_script(first);
	peer_send_chat(&p, "x-request-id: twice-the-same\r\n", CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(&p, "\"hi\""));
	house_script(answers_stream);
	struct answer a = chat("x-request-id: twice-the-same\r\n", CHAT_STREAM);
	ck_assert_str_eq(buf_str(&a.body), HI STOP DONE);
	ck_assert(str_starts(header_of(a.head, "x-request-id"), "twice-the-same\r\n"));
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_NONE);
	ck_assert_int_eq(h.cancelled, 0); /* the end of the one is not the end of the other */
	peer_close(&p);
	house_wait(&h.usages, 2);
	ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
	ck_assert_str_eq(h.used_id, "twice-the-same");
	answer_done(&a);
}
END_TEST

static void
drain(void *arg)
{
	gateway_drain(h.gw);
	house_changed(arg);
}

START_TEST(test_drain) /* [A23] an upload and a stream while the gateway drains */
{
	static const struct step script[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 },
		{ SEND, STOP DONE, 0 }, { 0 } };
	struct peer stream = peer_open(), upload = peer_open(), idle = peer_open(),
		    late = peer_open();
	int drained = 0;

	house_script(script);
	peer_send_chat(&stream, "", CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(&stream, "\"hi\""));
	/* Half of the body only once the head was seen: a 100 says so. */
	peer_send(&upload, POST "expect: 100-continue\r\ncontent-length: " LEN "\r\n\r\n");
	ck_assert(peer_until(&upload, "100 Continue\r\n\r\n"));
	send_all(upload.fd, CHAT, 10);
	assert_kept("idle", &idle);
	peer_send(&late, POST "content-len");
	assert_serves("before");
	loop_post(h.loop, drain, &drained);
	house_wait(&drained, 1);
	ck_assert(peer_closed(&idle));
	house_script(answers_whole);
	send_all(upload.fd, &CHAT[10], strlen(CHAT) - 10);
	struct answer a = peer_answer(&upload);
	ck_assert_int_eq(a.status, 200);
	ck_assert(peer_closed(&upload));
	answer_done(&a);
	peer_send(&late, "gth: " LEN "\r\n\r\n" CHAT);
	a = peer_answer(&late);
	if (a.status != 0) {
		assert_envelope("late", &a, 503, "draining", "platform");
		ck_assert_ptr_nonnull(header_of(a.head, "retry-after"));
	}
	answer_done(&a);
	house_open_gate();
	a = peer_answer(&stream);
	ck_assert_str_eq(buf_str(&a.body), HI STOP DONE);
	ck_assert(peer_closed(&stream));
	answer_done(&a);
	peer_close(&stream);
	peer_close(&upload);
	peer_close(&idle);
	peer_close(&late);
}
END_TEST

/* ---- */

static void
up_quick(int header_ms, int body_ms)
{
	h.http = http_server_defaults;
	h.http.header_timeout_ms = header_ms;
	h.http.body_timeout_ms = body_ms;
	h.http.stream_stall_ms = 300;
	h.http.stream_high_bytes = 64 << 10;
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 2 << 20,
		.anonymous = true };
	h.config.relay.hold_ms = h.config.relay.ping_ms = 100;
	house_up();
}

static void
up_head(void)
{
	up_quick(400, WAIT_MS);
}

static void
up_body(void)
{
	up_quick(WAIT_MS, 100);
}

static void
up_answer(void)
{
	up_quick(WAIT_MS, WAIT_MS);
}

static TCase *
tcase(Suite *suite, const char *name, SFun up)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, house_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("faults of clients");
	TCase *tc = tcase(suite, "requests", house_up);

	tcase_add_loop_test(tc, test_gone_while_refused, 0, (int)ARRAY_LEN(told_to_nobody));
	tcase_add_loop_test(tc, test_refused, 0, (int)ARRAY_LEN(refused));
	tcase_add_loop_test(tc, test_accepted, 0, (int)ARRAY_LEN(accepted));
	tcase_add_loop_test(tc, test_oversized, 0, (int)ARRAY_LEN(oversized));
	tcase_add_loop_test(tc, test_injected, 0, (int)ARRAY_LEN(injected));
	tcase_add_test(tc, test_nul);
	tcase_add_test(tc, test_split);
	tcase_add_test(tc, test_pipelined);
	tcase_add_test(tc, test_short_body);
	tcase_add_test(tc, test_long_body);
	tcase_add_test(tc, test_continue);
	tcase_add_test(tc, test_half_close);
	tcase_add_test(tc, test_gone_after_done);
	tcase_add_test(tc, test_descriptors_run_out);
	tcase_add_test(tc, test_descriptors_after_streams);
	tcase_add_test(tc, test_reset_storm);
	tcase_add_test(tc, test_same_id);
	tcase_add_test(tc, test_drain);

	tcase_add_test(tcase(suite, "slow heads", up_head), test_slowloris);
	tcase_add_loop_test(
	    tcase(suite, "slow bodies", up_body), test_unfinished, 0, (int)ARRAY_LEN(unfinished));
	tc = tcase(suite, "slow readers", up_answer);
	tcase_add_loop_test(tc, test_gone, 0, (int)ARRAY_LEN(gones));
	tcase_add_test(tc, test_reader_that_stops);
	return run_suite(suite);
}

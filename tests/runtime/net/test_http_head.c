/*
 * test_http_head.c - runtime/net/http_head.c: what is read, and what is refused.
 */
#include "runtime/net/http_head.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

#define OK "HTTP/1.1 200 OK\r\n"

struct head_row {
	const char *name;
	const char *bytes;
	enum { WHOLE, MORE, BAD } outcome;
	struct http_head head; /* compared when WHOLE */
};
#define UNKNOWN .content_length = -1

static const struct head_row heads[] = {
	{ "plain", OK "\r\n", WHOLE, { .status = 200, .minor = 1, UNKNOWN } },
	{ "no reason", "HTTP/1.1 204 \r\n\r\n", WHOLE, { .status = 204, .minor = 1, UNKNOWN } },
	{ "no blank after the status", "HTTP/1.1 200\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, UNKNOWN } },
	{ "1.0 closes", "HTTP/1.0 200 OK\r\n\r\n", WHOLE,
	    { .status = 200, .close = true, UNKNOWN } },
	{ "1.0 with keep-alive", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", WHOLE,
	    { .status = 200, UNKNOWN } },
	{ "close", OK "connection: foo , CLOSE\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, .close = true, UNKNOWN } },
	{ "length", OK "Content-Length: 12\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, .content_length = 12 } },
	{ "length with blanks", OK "Content-Length: \t12 \r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, .content_length = 12 } },
	{ "chunked", OK "Transfer-Encoding: Chunked\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, .chunked = true, UNKNOWN } },
	{ "type", OK "Content-Type: Text/Event-Stream ; charset=UTF-8\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, .content_type = "text/event-stream", UNKNOWN } },
	{ "type twice the same", OK "Content-Type: a/b\r\ncontent-type: A/B;x=y\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, .content_type = "a/b", UNKNOWN } },
	{ "retry-after", "HTTP/1.1 429 No\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n\r\n",
	    WHOLE,
	    { .status = 429,
		.minor = 1,
		.retry_after = "Fri, 31 Dec 9999 23:59:59 GMT",
		UNKNOWN } },
	{ "gzip", OK "Content-Encoding: gzip\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, .encoded = true, UNKNOWN } },
	{ "identity", OK "Content-Encoding: identity\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, UNKNOWN } },
	{ "empty and foreign values", OK "X-A:\r\nX-B: \xC3\xA4\t!\r\n\r\n", WHOLE,
	    { .status = 200, .minor = 1, UNKNOWN } },
	{ "interim", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", WHOLE,
	    { .status = 103, .minor = 1, UNKNOWN } },
	{ "204 with length 0", "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", WHOLE,
	    { .status = 204, .minor = 1 } },
	{ "304 with a length", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", WHOLE,
	    { .status = 304, .minor = 1, .content_length = 5 } },

	{ "nothing", "", MORE, { 0 } },
	{ "part of the status line", "HTTP/1.1 2", MORE, { 0 } },
	{ "no blank line yet", OK "Content-Length: 12\r\n", MORE, { 0 } },
	{ "half a blank line", OK "Content-Length: 12\r\n\r", MORE, { 0 } },

	{ "HTTP/0.9", "<html>", BAD, { 0 } },
	{ "HTTP/2", "HTTP/2 200\r\n\r\n", BAD, { 0 } },
	{ "lower case", "http/1.1 200 OK\r\n\r\n", BAD, { 0 } },
	{ "status abc", "HTTP/1.1 abc\r\n\r\n", BAD, { 0 } },
	{ "status 999", "HTTP/1.1 999 No\r\n\r\n", BAD, { 0 } },
	{ "status 99", "HTTP/1.1 99 No\r\n\r\n", BAD, { 0 } },
	{ "status 099", "HTTP/1.1 099 No\r\n\r\n", BAD, { 0 } },
	{ "status 2000", "HTTP/1.1 2000 No\r\n\r\n", BAD, { 0 } },
	{ "two blanks", "HTTP/1.1  200 No\r\n\r\n", BAD, { 0 } },
	{ "blank line first", "\r\nHTTP/1.1 200 No\r\n\r\n", BAD, { 0 } },
	{ "LF only", "HTTP/1.1 200 OK\n\n", BAD, { 0 } },
	{ "LF in the fields", OK "A: b\nC: d\r\n\r\n", BAD, { 0 } },
	{ "LF as blank line", OK "A: b\r\n\n", BAD, { 0 } },
	{ "bare CR in a value", OK "A: b\rC: d\r\n\r\n", BAD, { 0 } },
	{ "bare CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n", BAD, { 0 } },
	{ "CR CR LF", OK "A: b\r\r\n\r\n", BAD, { 0 } },
	{ "DEL", OK "A: b\x7f\r\n\r\n", BAD, { 0 } },
	{ "fold", OK "A: b\r\n c\r\n\r\n", BAD, { 0 } },
	{ "space before the colon", OK "Content-Length : 5\r\n\r\n", BAD, { 0 } },
	{ "no colon", OK "Content-Length\r\n\r\n", BAD, { 0 } },
	{ "no name", OK ": x\r\n\r\n", BAD, { 0 } },
	{ "name not a token", OK "A(b): x\r\n\r\n", BAD, { 0 } },
	{ "length 1e3", OK "Content-Length: 1e3\r\n\r\n", BAD, { 0 } },
	{ "length negative", OK "Content-Length: -5\r\n\r\n", BAD, { 0 } },
	{ "length plus", OK "Content-Length: +5\r\n\r\n", BAD, { 0 } },
	{ "length hex", OK "Content-Length: 0x5\r\n\r\n", BAD, { 0 } },
	{ "length empty", OK "Content-Length:\r\n\r\n", BAD, { 0 } },
	{ "length list", OK "Content-Length: 5, 5\r\n\r\n", BAD, { 0 } },
	{ "length twice", OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", BAD, { 0 } },
	{ "length overflow", OK "Content-Length: 9223372036854775808\r\n\r\n", BAD, { 0 } },
	{ "length and coding", OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", BAD,
	    { 0 } },
	{ "coding gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", BAD, { 0 } },
	{ "coding unknown", OK "Transfer-Encoding: xchunked\r\n\r\n", BAD, { 0 } },
	{ "coding identity", OK "Transfer-Encoding: identity\r\n\r\n", BAD, { 0 } },
	{ "coding twice", OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	    BAD, { 0 } },
	{ "coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BAD, { 0 } },
	{ "two types", OK "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n", BAD, { 0 } },
	{ "204 with a body", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", BAD, { 0 } },
	{ "100 with a body", "HTTP/1.1 100 Go\r\nTransfer-Encoding: chunked\r\n\r\n", BAD, { 0 } },
};

static void
check_same(const char *name, const struct http_head *a, const struct http_head *b)
{
	ck_assert_msg(a->status == b->status && a->minor == b->minor && a->chunked == b->chunked &&
		a->content_length == b->content_length && a->close == b->close &&
		a->encoded == b->encoded && strcmp(a->content_type, b->content_type) == 0 &&
		strcmp(a->retry_after, b->retry_after) == 0,
	    "%s: another head", name);
}

START_TEST(head)
{
	const struct head_row *row = &heads[_i];
	const size_t len = strlen(row->bytes);
	_cleanup_free_ char *bytes = malloc(len + 1);
	struct http_head out = { 0 };
	struct error err = { 0 };

	memcpy(bytes, row->bytes, len);
	bytes = realloc(bytes, len > 0 ? len : 1);
	const long n = http_head_parse(bytes, len, &out, &err);
	ck_assert_msg(n ==
		(row->outcome == WHOLE         ? (long)len
			: row->outcome == MORE ? 0
					       : -1),
	    "%s: %ld %s", row->name, n, err.text);
	ck_assert_int_eq(err.kind, row->outcome == BAD ? ERROR_UPSTREAM : ERROR_NONE);
	if (row->outcome != WHOLE)
		return;
	check_same(row->name, &out, &row->head);
	/* A part is never taken for the whole, and never refused. */
	for (size_t part = 0; part < len; part++)
		ck_assert_msg(http_head_parse(row->bytes, part, &out, &err) == 0, "%s: part %zu",
		    row->name, part);
}
END_TEST

START_TEST(nul_byte)
{
	static const char bytes[] = OK "A: b\0c\r\n\r\n";
	struct http_head out;

	ck_assert_int_eq(http_head_parse(bytes, sizeof(bytes) - 1, &out, NULL), -1);
}
END_TEST

START_TEST(token)
{
	static const char allowed[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";

	ck_assert_uint_eq(http_token_len(allowed, sizeof(allowed)), sizeof(allowed) - 1);
	for (int c = 0; c < 256; c++) {
		const char text[] = { 'a', (char)c };
		const bool wanted = c != 0 && strchr(allowed, c) != NULL;

		ck_assert_uint_eq(http_token_len(text, 2), wanted ? 2 : 1);
	}
	ck_assert_uint_eq(http_token_len(allowed, 0), 0);
}
END_TEST

START_TEST(size_limit)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct http_head out;

	buf_add_str(&b, OK "A: ");
	while (b.len < HTTP_HEAD_MAX - 4)
		buf_add_char(&b, 'a');
	buf_add_str(&b, "\r\n\r\n");
	ck_assert_int_eq(http_head_parse(b.data, b.len, &out, NULL), HTTP_HEAD_MAX);
	ck_assert_int_eq(http_head_parse(b.data, b.len - 1, &out, NULL), 0);
	b.len -= 4;
	buf_add_str(&b, "a\r\n\r\n");
	ck_assert_int_eq(http_head_parse(b.data, b.len, &out, NULL), -1);
	ck_assert_int_eq(http_head_parse(b.data, b.len - 1, &out, NULL), -1);
}
END_TEST

struct body_row {
	const char *name;
	const char *method; /* NULL: POST */
	const char *head;
	const char *bytes;
	const char *content;
	enum { ENDS, CUT, ENDS_BY_CLOSE, BREAKS } outcome;
	size_t rest; /* bytes that are not of this body */
};
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct body_row bodies[] = {
	{ "length", NULL, OK "Content-Length: 3\r\n\r\n", "abc", "abc", ENDS, 0 },
	{ "length, more follows", NULL, OK "Content-Length: 3\r\n\r\n", "abcdef", "abc", ENDS, 3 },
	{ "length, cut", NULL, OK "Content-Length: 3\r\n\r\n", "ab", "ab", CUT, 0 },
	{ "length 0", NULL, OK "Content-Length: 0\r\n\r\n", "x", "", ENDS, 1 },
	{ "to the close", NULL, OK "\r\n", "abc", "abc", ENDS_BY_CLOSE, 0 },
	{ "HEAD", "HEAD", OK "Content-Length: 3\r\n\r\n", "", "", ENDS, 0 },
	{ "204", NULL, "HTTP/1.1 204 No\r\n\r\n", "abc", "", ENDS, 3 },
	{ "304", NULL, "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\n", "", "", ENDS, 0 },
	{ "chunks", NULL, CHUNKED, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde", ENDS, 0 },
	{ "chunks, more follows", NULL, CHUNKED, "1\r\na\r\n0\r\n\r\nxy", "a", ENDS, 2 },
	{ "hex sizes", NULL, CHUNKED, "00a\r\n0123456789\r\n0A\r\n0123456789\r\n000\r\n\r\n",
	    "01234567890123456789", ENDS, 0 },
	{ "extensions", NULL, CHUNKED, "1;a=\"b\";c\r\nx\r\n1 \t;d\r\ny\r\n0;z\r\n\r\n", "xy", ENDS,
	    0 },
	{ "trailers", NULL, CHUNKED, "1\r\nx\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n", "x", ENDS,
	    0 },
	{ "cut at a chunk", NULL, CHUNKED, "1\r\nx\r\n", "x", CUT, 0 },
	{ "cut inside a chunk", NULL, CHUNKED, "5\r\nxy", "xy", CUT, 0 },
	{ "cut before the last CRLF", NULL, CHUNKED, "1\r\nx\r\n0\r\n", "x", CUT, 0 },
	{ "size not hex", NULL, CHUNKED, "1\r\nx\r\nzz\r\n", "x", BREAKS, 0 },
	{ "size empty", NULL, CHUNKED, "\r\nx", "", BREAKS, 0 },
	{ "size negative", NULL, CHUNKED, "-1\r\nx", "", BREAKS, 0 },
	{ "size 0x1", NULL, CHUNKED, "0x1\r\nx", "", BREAKS, 0 },
	{ "size overflow", NULL, CHUNKED, "8000000000000000\r\nx", "", BREAKS, 0 },
	{ "size of 17 digits", NULL, CHUNKED, "00000000000000001\r\nx", "", BREAKS, 0 },
	{ "blank before the size", NULL, CHUNKED, " 1\r\nx", "", BREAKS, 0 },
	{ "blank after the size", NULL, CHUNKED, "1 \r\nx", "", BREAKS, 0 },
	{ "LF after the size", NULL, CHUNKED, "1\nx\r\n0\r\n\r\n", "", BREAKS, 0 },
	{ "LF after the data", NULL, CHUNKED, "1\r\nx\n0\r\n\r\n", "x", BREAKS, 0 },
	{ "CR after the size", NULL, CHUNKED, "1\rx", "", BREAKS, 0 },
	{ "LF in an extension", NULL, CHUNKED, "1;a\nb\r\nx", "", BREAKS, 0 },
	{ "chunk longer than said", NULL, CHUNKED, "1\r\nxy\r\n", "x", BREAKS, 0 },
	{ "LF as the last line", NULL, CHUNKED, "0\r\n\n", "", BREAKS, 0 },
	{ "fold in the trailers", NULL, CHUNKED, "0\r\n A: b\r\n\r\n", "", BREAKS, 0 },
	{ "LF in the trailers", NULL, CHUNKED, "0\r\nA: b\n\r\n", "", BREAKS, 0 },
};

static void
collect(const char *bytes, size_t len, void *arg)
{
	ck_assert_uint_gt(len, 0);
	buf_add(arg, bytes, len);
}

START_TEST(body)
{
	const struct body_row *row = &bodies[_i];
	const size_t len = strlen(row->bytes);
	struct http_head h;

	ck_assert_msg(http_head_parse(row->head, strlen(row->head), &h, NULL) > 0, "%s", row->name);
	for (size_t step = 1; step <= len + 1; step++) {
		_cleanup_buf_ struct buf content = { 0 };
		struct http_body b;
		struct error err = { 0 };
		size_t at = 0;
		long n = 0;

		http_body_begin(&b, &h, row->method != NULL ? row->method : "POST");
		while (at < len && !b.ended && n >= 0) {
			const size_t piece = step < len - at ? step : len - at;

			n = http_body_feed(&b, row->bytes + at, piece, collect, &content, &err);
			ck_assert(n < 0 || b.ended || n == (long)piece);
			at += n > 0 ? (size_t)n : 0;
		}
		ck_assert_msg((n < 0) == (row->outcome == BREAKS), "%s by %zu: %s", row->name, step,
		    err.text);
		ck_assert_msg(strcmp(buf_str(&content), row->content) == 0, "%s by %zu: %s",
		    row->name, step, buf_str(&content));
		if (row->outcome == BREAKS) {
			ck_assert_int_eq(err.kind, ERROR_UPSTREAM);
			continue;
		}
		ck_assert_msg(b.ended == (row->outcome == ENDS), "%s by %zu", row->name, step);
		ck_assert_msg(
		    !b.ended || len - at == row->rest, "%s by %zu: %zu", row->name, step, len - at);
		ck_assert_msg(
		    http_body_eof(&b) == (row->outcome != CUT), "%s by %zu", row->name, step);
	}
}
END_TEST

static const struct flood_row {
	const char *name, *before, *again;
} floods[] = {
	{ "extension", "1;", "a" },
	{ "blanks", "1", " " },
	{ "one trailer", "0\r\nA: ", "a" },
	{ "many trailers", "0\r\n", "A: b\r\n" },
};

START_TEST(flood_is_bounded)
{
	const struct flood_row *row = &floods[_i];
	_cleanup_buf_ struct buf content = { 0 };
	struct http_body b = { .kind = HTTP_BODY_CHUNKED };
	size_t sent = strlen(row->before);

	ck_assert_int_ge(http_body_feed(&b, row->before, sent, collect, &content, NULL), 0);
	while (http_body_feed(&b, row->again, strlen(row->again), collect, &content, NULL) > 0)
		ck_assert_msg((sent += strlen(row->again)) < 100000, "%s", row->name);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http_head");
	TCase *tc = tcase_create("http_head");

	tcase_add_loop_test(tc, head, 0, ARRAY_LEN(heads));
	tcase_add_test(tc, nul_byte);
	tcase_add_test(tc, token);
	tcase_add_test(tc, size_limit);
	tcase_add_loop_test(tc, body, 0, ARRAY_LEN(bodies));
	tcase_add_loop_test(tc, flood_is_bounded, 0, ARRAY_LEN(floods));
	suite_add_tcase(suite, tc);

	return run_suite(suite);
}

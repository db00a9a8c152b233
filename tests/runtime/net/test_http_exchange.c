/*
 * test_http_exchange.c - runtime/net/http_exchange.c against peers that cut, drip and lie.
 */
#include "runtime/net/http_exchange.h"

#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"
#include "tests/runtime/net/peer.h"

#define REQUEST "POST /x HTTP/1.1\r\nhost: x\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "transfer-encoding: chunked\r\n\r\n"

enum { RUNNING = -1, CLOSED_BY_US = -2 };

/* One exchange and what it reported. */
struct seen {
	struct loop *loop;
	struct http_exchange *x;
	int heads, status, end;
	struct buf body;
	struct error err;
	bool sent;
	/* what to do */
	bool close_in_head, refuse_head, close_in_body, pause_in_head, close_in_end;
	struct timer timer;
};

static void
stop_us(struct seen *s)
{
	s->end = CLOSED_BY_US;
	loop_stop(s->loop);
}

static int
on_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct seen *s = arg;

	ck_assert_int_eq(s->end, RUNNING);
	s->heads++;
	s->status = head->status;
	if (s->pause_in_head)
		http_exchange_pause(x, true);
	if (s->close_in_head)
		http_exchange_close(x);
	if (s->close_in_head || s->refuse_head)
		stop_us(s);
	return s->refuse_head ? -1 : 0;
}

static void
on_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct seen *s = arg;

	ck_assert_int_eq(s->end, RUNNING);
	ck_assert_int_eq(s->heads, 1);
	ck_assert_uint_gt(len, 0);
	buf_add(&s->body, bytes, len);
	if (s->close_in_body) {
		http_exchange_close(x);
		stop_us(s);
	}
}

static void
on_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct seen *s = arg;

	ck_assert_int_eq(s->end, RUNNING);
	s->end = (int)end;
	s->sent = http_exchange_sent(x);
	ck_assert((err == NULL) == (end == EXCHANGE_COMPLETE || end == EXCHANGE_CLOSED));
	if (err != NULL)
		s->err = *err;
	if (s->close_in_end)
		http_exchange_close(x);
	loop_stop(s->loop);
}

static const struct http_exchange_events events = { on_head, on_body, on_end };

static void
open_exchange(struct seen *s, int fd, const char *method, const struct iovec *parts, size_t nparts)
{
	struct transport t = { .fd = fd };

	s->end = RUNNING;
	s->loop = loop_new(NULL);
	s->x = http_exchange_open(s->loop, &t, method, parts, nparts, &events, s);
	ck_assert_int_eq(t.fd, -1);
	ck_assert_int_eq(s->heads, 0);
	ck_assert_int_eq(s->end, RUNNING);
}

static void
seen_done(struct seen *s)
{
	loop_free(s->loop);
	buf_done(&s->body);
}

static const struct iovec request[] = { { REQUEST, sizeof(REQUEST) - 1 } };

struct row {
	const char *name;
	const char *method; /* NULL: POST */
	const char *answer;
	enum peer_do then; /* PEER_END, PEER_RESET or, to leave it open, PEER_READ_END */
	int end, status;
	const char *body;
};
#define TEN_100 H100 H100 H100 H100 H100 H100 H100 H100 H100 H100
#define H100 "HTTP/1.1 100 Continue\r\n\r\n"

static const struct row rows[] = {
	{ "length", NULL, OK "content-length: 3\r\n\r\nabc", PEER_READ_END, EXCHANGE_COMPLETE, 200,
	    "abc" },
	{ "no body", NULL, OK "content-length: 0\r\n\r\n", PEER_READ_END, EXCHANGE_COMPLETE, 200,
	    "" },
	{ "chunks", NULL, CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", PEER_READ_END,
	    EXCHANGE_COMPLETE, 200, "abcde" },
	{ "chunks, then more", NULL, CHUNKED "3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n",
	    PEER_READ_END, EXCHANGE_COMPLETE, 200, "abc" },
	{ "HEAD", "HEAD", OK "content-length: 3\r\n\r\n", PEER_READ_END, EXCHANGE_COMPLETE, 200,
	    "" },
	{ "204", NULL, "HTTP/1.1 204 No\r\n\r\n", PEER_READ_END, EXCHANGE_COMPLETE, 204, "" },
	{ "304", NULL, "HTTP/1.1 304 No\r\ncontent-length: 9\r\n\r\n", PEER_READ_END,
	    EXCHANGE_COMPLETE, 304, "" },
	{ "to the close", NULL, OK "\r\nabc", PEER_END, EXCHANGE_CLOSED, 200, "abc" },
	{ "to the close, reset", NULL, OK "\r\nabc", PEER_RESET, EXCHANGE_DIED, 200, "abc" },
	{ "interim answers", NULL,
	    H100 "HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" OK "content-length: 1\r\n\r\nx",
	    PEER_READ_END, EXCHANGE_COMPLETE, 200, "x" },
	{ "too many of them", NULL, TEN_100 TEN_100 TEN_100 TEN_100 TEN_100 TEN_100 TEN_100,
	    PEER_READ_END, EXCHANGE_BAD_RESPONSE, 0, "" },
	{ "101", NULL, "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", PEER_READ_END,
	    EXCHANGE_BAD_RESPONSE, 0, "" },
	{ "only an interim answer", NULL, H100, PEER_END, EXCHANGE_DIED, 0, "" },
	{ "nothing, closed", NULL, "", PEER_END, EXCHANGE_NO_RESPONSE, 0, "" },
	{ "nothing, reset", NULL, "", PEER_RESET, EXCHANGE_NO_RESPONSE, 0, "" },
	{ "head cut", NULL, OK "content-le", PEER_END, EXCHANGE_DIED, 0, "" },
	{ "head cut, reset", NULL, OK "content-length: 3\r\n", PEER_RESET, EXCHANGE_DIED, 0, "" },
	{ "HTTP/0.9", NULL, "hello", PEER_READ_END, EXCHANGE_BAD_RESPONSE, 0, "" },
	{ "LF only", NULL, "HTTP/1.1 200 OK\nA: b\n\nx", PEER_READ_END, EXCHANGE_BAD_RESPONSE, 0,
	    "" },
	{ "malformed head, cut", NULL, OK "A : b\r\n", PEER_END, EXCHANGE_BAD_RESPONSE, 0, "" },
	{ "two lengths", NULL, OK "content-length: 3\r\ncontent-length: 3\r\n\r\nabc",
	    PEER_READ_END, EXCHANGE_BAD_RESPONSE, 0, "" },
	{ "length, cut", NULL, OK "content-length: 5\r\n\r\nabc", PEER_END, EXCHANGE_DIED, 200,
	    "abc" },
	{ "length, reset", NULL, OK "content-length: 5\r\n\r\nabc", PEER_RESET, EXCHANGE_DIED, 200,
	    "abc" },
	{ "cut at a chunk", NULL, CHUNKED "3\r\nabc\r\n", PEER_END, EXCHANGE_DIED, 200, "abc" },
	{ "cut in a chunk", NULL, CHUNKED "5\r\nabc", PEER_END, EXCHANGE_DIED, 200, "abc" },
	{ "cut in the last line", NULL, CHUNKED "1\r\na\r\n0\r\n", PEER_END, EXCHANGE_DIED, 200,
	    "a" },
	{ "bad chunk", NULL, CHUNKED "3\r\nabc\r\nxyz", PEER_READ_END, EXCHANGE_BAD_RESPONSE, 200,
	    "abc" },
};

/* Each row whole and byte by byte. */
START_TEST(answers)
{
	const struct row *row = &rows[_i / 2];
	const struct peer_step steps[] = {
		{ .act = PEER_READ_HEAD },
		/* A reset drops what the peer's kernel has not sent: so no dripping before one. */
		{ .act = _i % 2 == 0 || row->then == PEER_RESET ? PEER_SEND : PEER_DRIP,
		    .text = row->answer },
		{ .act = row->then },
		{ .act = PEER_END },
	};
	struct peer peer;
	struct seen s = { .close_in_end = _i % 2 == 1 };

	peer_start(&peer, NULL, steps, 1);
	open_exchange(
	    &s, peer_connect(&peer), row->method != NULL ? row->method : "POST", request, 1);
	loop_run(s.loop);
	ck_assert_msg(s.end == row->end, "%s: ended %d %s", row->name, s.end, s.err.text);
	ck_assert_msg(s.status == row->status, "%s: status %d", row->name, s.status);
	ck_assert_msg(
	    strcmp(buf_str(&s.body), row->body) == 0, "%s: %s", row->name, buf_str(&s.body));
	ck_assert_msg(s.sent, "%s", row->name);
	peer_join(&peer);
	ck_assert_str_eq(buf_str(&peer.got), REQUEST);
	peer_done(&peer);
	seen_done(&s);
}
END_TEST

START_TEST(head_over_the_limit)
{
	static const struct peer_step steps[] = { { .act = PEER_SEND, .text = OK "a: " },
		{ .act = PEER_FLOOD, .text = "aaaaaaaaaaaaaaaa", .count = 100000 },
		{ .act = PEER_END } };
	struct peer peer;
	struct seen s = { 0 };

	peer_start(&peer, NULL, steps, 1);
	open_exchange(&s, peer_connect(&peer), "GET", request, 1);
	loop_run(s.loop);
	ck_assert_int_eq(s.end, EXCHANGE_BAD_RESPONSE);
	peer_join(&peer);
	peer_done(&peer);
	seen_done(&s);
}
END_TEST

static const struct closing {
	const char *name;
	bool in_head, refuse, in_body;
} closings[] = {
	{ "close in on_head", .in_head = true },
	{ "close in on_head and -1", .in_head = true, .refuse = true },
	{ "-1 from on_head", .refuse = true },
	{ "close in on_body", .in_body = true },
};

START_TEST(closing_in_callbacks)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = OK "content-length: 9\r\n\r\nabc" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	const struct closing *c = &closings[_i];
	struct peer peer;
	struct seen s = {
		.close_in_head = c->in_head, .refuse_head = c->refuse, .close_in_body = c->in_body
	};

	peer_start(&peer, NULL, steps, 1);
	open_exchange(&s, peer_connect(&peer), "POST", request, 1);
	loop_run(s.loop);
	peer_join(&peer); /* it saw the close */
	ck_assert_msg(s.end == CLOSED_BY_US && s.heads == 1, "%s", c->name);
	ck_assert_uint_eq(s.body.len, c->in_body ? 3 : 0);
	peer_done(&peer);
	seen_done(&s);
}
END_TEST

START_TEST(closing_at_once)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_END }, { .act = PEER_END } };
	struct peer peer;
	struct seen s = { 0 };

	peer_start(&peer, NULL, steps, 1);
	open_exchange(&s, peer_connect(&peer), "POST", request, 1);
	http_exchange_close(s.x);
	peer_join(&peer);
	ck_assert_int_eq(s.end, RUNNING);
	peer_done(&peer);
	seen_done(&s);
}
END_TEST

#define LARGE ((size_t)6 << 20)

static char *
large_body(void)
{
	char *body = malloc(LARGE);

	for (size_t i = 0; i < LARGE; i++)
		body[i] = (char)('a' + i % 23);
	memcpy(body + LARGE - 4, "STOP", 4);
	return body;
}

START_TEST(large_request)
{
	static const struct peer_step steps[] = { { .act = PEER_READ, .text = "STOP" },
		{ .act = PEER_SEND, .text = OK "content-length: 1\r\n\r\nx" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	_cleanup_free_ char *body = large_body();
	const struct iovec parts[] = { request[0], { body, 0 }, { body, 1000 },
		{ body + 1000, LARGE - 1000 }, { body, 0 } };
	struct peer peer;
	struct seen s = { 0 };

	peer_start(&peer, NULL, steps, 1);
	open_exchange(&s, peer_connect(&peer), "POST", parts, ARRAY_LEN(parts));
	loop_run(s.loop);
	ck_assert_int_eq(s.end, EXCHANGE_COMPLETE);
	ck_assert(s.sent);
	peer_join(&peer);
	ck_assert_uint_eq(peer.got.len, request[0].iov_len + LARGE);
	ck_assert_mem_eq(peer.got.data + request[0].iov_len, body, LARGE);
	peer_done(&peer);
	seen_done(&s);
}
END_TEST

/* The answer comes, and the connection goes, before the request was taken. */
START_TEST(early_answer)
{
	static const struct peer_step steps[2][4] = {
		{ { .act = PEER_SEND, .text = "HTTP/1.1 413 No\r\ncontent-length: 1\r\n\r\nx" },
		    { .act = PEER_SHUT }, { .act = PEER_READ_END }, { .act = PEER_END } },
		{ { .act = PEER_SEND, .text = "HTTP/1.1 413 No\r\ncontent-length: 1\r\n\r\nx" },
		    { .act = PEER_END } },
	};
	_cleanup_free_ char *body = large_body();
	const struct iovec parts[] = { request[0], { body, LARGE }, { body, LARGE } };
	struct peer peer;
	struct seen s = { 0 };

	peer_start(&peer, NULL, steps[_i], 1);
	open_exchange(&s, peer_connect(&peer), "POST", parts, ARRAY_LEN(parts));
	loop_run(s.loop);
	ck_assert_msg(s.end == EXCHANGE_COMPLETE, "%d %s", s.end, s.err.text);
	ck_assert_int_eq(s.status, 413);
	peer_join(&peer);
	peer_done(&peer);
	seen_done(&s);
}
END_TEST

static void
unpause(struct timer *t, void *arg)
{
	struct seen *s = arg;

	(void)t;
	/* The kernel's buffers are full or the peer is gone; nothing of it came. */
	ck_assert_int_eq(s->end, RUNNING);
	ck_assert_uint_le(s->body.len, 16384);
	http_exchange_pause(s->x, false);
}

static const struct pause_row {
	const char *name;
	struct peer_step steps[5];
	size_t len;
	int end;
} pauses[] = {
	{ "more than the socket holds",
	    { { .act = PEER_READ_HEAD }, { .act = PEER_SEND, .text = OK "\r\n" },
		{ .act = PEER_FLOOD, .text = "0123456789abcdef", .count = 1000000 } },
	    16000000, EXCHANGE_CLOSED },
	{ "gone while paused",
	    { { .act = PEER_READ_HEAD }, { .act = PEER_SEND, .text = CHUNKED "3\r\nabc\r\n" },
		{ .act = PEER_SEND, .text = "0\r\n\r\n" } },
	    3, EXCHANGE_COMPLETE },
	{ "reset while paused",
	    { { .act = PEER_READ_HEAD }, { .act = PEER_SEND, .text = CHUNKED "3\r\nabc\r\n" },
		{ .act = PEER_RESET } },
	    3, EXCHANGE_DIED },
};

START_TEST(pausing)
{
	const struct pause_row *row = &pauses[_i];
	struct peer peer;
	struct seen s = { .pause_in_head = true };

	peer_start(&peer, NULL, row->steps, 1);
	open_exchange(&s, peer_connect(&peer), "POST", request, 1);
	/* Only a moment to be paused in: the outcome does not depend on it, except where all came
	 * in the read that brought the head. */
	timer_set(s.loop, &s.timer, 50, unpause, &s);
	loop_run(s.loop);
	timer_cancel(&s.timer);
	ck_assert_msg(s.end == row->end, "%s: %d %s", row->name, s.end, s.err.text);
	ck_assert_msg(s.body.len == row->len, "%s: %zu", row->name, s.body.len);
	peer_join(&peer);
	peer_done(&peer);
	seen_done(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http_exchange");
	TCase *tc = tcase_create("http_exchange");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, answers, 0, 2 * ARRAY_LEN(rows));
	tcase_add_test(tc, head_over_the_limit);
	tcase_add_loop_test(tc, closing_in_callbacks, 0, ARRAY_LEN(closings));
	tcase_add_test(tc, closing_at_once);
	tcase_add_test(tc, large_request);
	tcase_add_loop_test(tc, early_answer, 0, 2);
	tcase_add_loop_test(tc, pausing, 0, ARRAY_LEN(pauses));
	suite_add_tcase(suite, tc);

	return run_suite(suite);
}

/*
 * test_http_client.c - runtime/net/http_client.c: what comes back, and what each failure is called.
 */
#include "runtime/net/http_client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "tests/run.h"
#include "tests/runtime/net/peer.h"

#define OK "HTTP/1.1 200 OK\r\n"

struct row {
	const char *name;
	const char *answer;
	enum peer_do then;
	struct http_call call; /* method and limits */
	int result, status;
	enum error_kind kind;
	const char *reply;
};

static const struct row rows[] = {
	{ "length", OK "content-length: 3\r\n\r\nabc", PEER_READ_END, { .method = "GET" }, 0, 200,
	    ERROR_NONE, "abc" },
	{ "chunks", OK "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", PEER_READ_END,
	    { .method = "GET" }, 0, 200, ERROR_NONE, "abc" },
	{ "HEAD", OK "content-length: 3\r\n\r\n", PEER_READ_END, { .method = "HEAD" }, 0, 200,
	    ERROR_NONE, "" },
	{ "204", "HTTP/1.1 204 No\r\n\r\n", PEER_READ_END, { .method = "DELETE" }, 0, 204,
	    ERROR_NONE, "" },
	{ "an error is an answer", "HTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\nbad", PEER_READ_END,
	    { .method = "POST" }, 0, 500, ERROR_NONE, "bad" },
	{ "redirects are not followed",
	    "HTTP/1.1 302 No\r\nlocation: http://x.invalid/\r\ncontent-length: 0\r\n\r\n",
	    PEER_READ_END, { .method = "GET" }, 0, 302, ERROR_NONE, "" },
	{ "too big", OK "content-length: 9\r\n\r\n123456789", PEER_READ_END,
	    { .method = "GET", .max_body = 8 }, -1, 0, ERROR_TOO_BIG, NULL },
	{ "garbage", "hello there\r\n\r\n", PEER_READ_END, { .method = "GET" }, -1, 0,
	    ERROR_UPSTREAM, NULL },
	{ "closed", "", PEER_END, { .method = "GET" }, -1, 0, ERROR_UPSTREAM, NULL },
	{ "reset", "", PEER_RESET, { .method = "GET" }, -1, 0, ERROR_UPSTREAM, NULL },
	{ "cut", OK "content-length: 9\r\n\r\n123", PEER_END, { .method = "GET" }, -1, 0,
	    ERROR_UPSTREAM, "123" },
	{ "silent", "", PEER_READ_END, { .method = "GET", .total_ms = 80 }, -1, 0, ERROR_TIMEOUT,
	    NULL },
	{ "stalled", OK "content-length: 9\r\n\r\n123", PEER_READ_END,
	    { .method = "GET", .stall_ms = 80, .total_ms = 20000 }, -1, 0, ERROR_TIMEOUT, NULL },
};

START_TEST(answers)
{
	const struct row *row = &rows[_i];
	const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = row->answer }, { .act = row->then },
		{ .act = PEER_END } };
	struct http_call call = row->call;
	struct error err = { 0 };
	struct peer peer;
	char url[64];

	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", peer.port);
	call.url = url;
	const int result = http_call(&call, &err);
	ck_assert_msg(result == row->result && err.kind == row->kind, "%s: %d %s %s", row->name,
	    result, error_kind_name(err.kind), err.text);
	ck_assert_msg(call.status == row->status, "%s: %d", row->name, call.status);
	if (row->reply != NULL)
		ck_assert_str_eq(buf_str(&call.reply), row->reply);
	if (call.status == 302)
		ck_assert_str_eq(call.location, "http://x.invalid/");
	http_calls_free(); /* which closes the connection that the peer waits on */
	peer_join(&peer);
	peer_done(&peer);
	buf_done(&call.reply);
}
END_TEST

START_TEST(request_as_given)
{
	static const struct peer_step steps[] = { { .act = PEER_READ, .text = "{\"a\":1}" },
		{ .act = PEER_SEND,
		    .text = OK "Content-Type: Text/Plain; x=y\r\ncontent-length: 0\r\n\r\n" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	static const char *const headers[] = { "authorization: Bearer k",
		"content-type: application/json", NULL };
	struct http_call call = {
		.method = "PATCH", .headers = headers, .body = "{\"a\":1}", .body_len = 7
	};
	struct error err = { 0 };
	struct peer peer;
	char url[64];

	setenv("http_proxy", "http://127.0.0.1:1", 1); /* must not matter */
	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/p?q=1", peer.port);
	call.url = url;
	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	ck_assert_str_eq(call.content_type, "Text/Plain; x=y");
	http_calls_free();
	peer_join(&peer);
	ck_assert_ptr_nonnull(strstr(buf_str(&peer.got), "PATCH /p?q=1 HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&peer.got), "\r\nauthorization: Bearer k\r\n"));
	ck_assert_ptr_nonnull(strcasestr(buf_str(&peer.got), "\r\ncontent-length: 7\r\n"));
	ck_assert_ptr_null(strcasestr(buf_str(&peer.got), "expect:"));
	ck_assert_ptr_null(strcasestr(buf_str(&peer.got), "urlencoded"));
	peer_done(&peer);
}
END_TEST

START_TEST(upload_from_descriptor)
{
	static const struct peer_step steps[] = { { .act = PEER_READ, .text = "0\r\n\r\n" },
		{ .act = PEER_SEND, .text = OK "content-length: 0\r\n\r\n" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	struct http_call call = { .method = "PUT" };
	struct error err = { 0 };
	struct peer peer;
	char url[64];
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "some bytes", 10), 10);
	close(fds[1]);
	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	call.url = url;
	call.body_fd = fds[0];
	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	close(fds[0]);
	http_calls_free();
	peer_join(&peer);
	ck_assert_ptr_nonnull(strcasestr(buf_str(&peer.got), "\r\ntransfer-encoding: chunked\r\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&peer.got), "\r\n\r\na\r\nsome bytes\r\n0\r\n\r\n"));
	peer_done(&peer);
}
END_TEST

struct sink {
	struct buf got;
	size_t max; /* then -1; 0: no limit */
};

static int
into_sink(const char *bytes, size_t len, void *arg)
{
	struct sink *s = arg;

	buf_add(&s->got, bytes, len);
	return s->max != 0 && s->got.len > s->max ? -1 : 0;
}

static const struct stream_row {
	const char *name, *answer;
	size_t max;
	int result;
	enum error_kind kind;
	const char *sink, *reply;
} streams[] = {
	{ "2xx streams past the limit", OK "content-length: 6\r\n\r\nabcdef", 0, 0, ERROR_NONE,
	    "abcdef", "" },
	{ "errors are collected", "HTTP/1.1 404 No\r\ncontent-length: 3\r\n\r\nbad", 0, 0,
	    ERROR_NONE, "", "bad" },
	{ "the sink has enough", OK "content-length: 6\r\n\r\nabcdef", 3, -1, ERROR_CANCELLED,
	    "abcdef", "" },
};

START_TEST(streaming)
{
	const struct stream_row *row = &streams[_i];
	const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = row->answer }, { .act = PEER_READ_END },
		{ .act = PEER_END } };
	struct sink sink = { .max = row->max };
	struct http_call call = {
		.method = "GET", .on_data = into_sink, .arg = &sink, .max_body = 4
	};
	struct error err = { 0 };
	struct peer peer;
	char url[64];

	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	call.url = url;
	ck_assert_msg(http_call(&call, &err) == row->result && err.kind == row->kind, "%s: %s",
	    row->name, err.text);
	ck_assert_str_eq(buf_str(&sink.got), row->sink);
	ck_assert_str_eq(buf_str(&call.reply), row->reply);
	http_calls_free();
	peer_join(&peer);
	peer_done(&peer);
	buf_done(&sink.got);
	buf_done(&call.reply);
}
END_TEST

struct cancelling {
	struct peer *peer;
	atomic_bool cancel;
};

/* Cancel once the request has arrived: the peer answers the head and then only reads. */
static int
cancel_now(const char *bytes, size_t len, void *arg)
{
	(void)bytes;
	(void)len;
	atomic_store(&((struct cancelling *)arg)->cancel, true);
	return 0;
}

START_TEST(cancelling)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = OK "content-length: 6\r\n\r\nabc" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	struct cancelling c = { .cancel = false };
	struct http_call call = {
		.method = "GET", .on_data = cancel_now, .arg = &c, .cancel = &c.cancel
	};
	struct error err = { 0 };
	struct peer peer;
	char url[64];

	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	call.url = url;
	const int64_t before_ms = clock_now_ms();
	ck_assert_int_eq(http_call(&call, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CANCELLED);
	ck_assert_int_lt(clock_now_ms() - before_ms, 10000);
	peer_join(&peer); /* closed without http_calls_free */
	peer_done(&peer);
	http_calls_free();
}
END_TEST

struct silence {
	struct sink sink;
	struct peer other;
	int asked;
};

/* Asked of silence it makes a call of its own, and has had enough the second time. */
static int
call_another(void *arg)
{
	struct silence *s = arg;
	struct http_call call = { .method = "GET" };
	struct error err = { 0 };
	char url[64];

	if (s->sink.got.len == 0) /* it has not come to speak yet */
		return 0;
	if (++s->asked == 2)
		return -1;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", s->other.port);
	call.url = url;
	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	ck_assert_str_eq(buf_str(&call.reply), "other");
	buf_done(&call.reply);
	return 0;
}

START_TEST(silence_is_asked_about)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = OK "content-length: 6\r\n\r\nabc" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	static const struct peer_step others[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = OK "content-length: 5\r\n\r\nother" },
		{ .act = PEER_END } };
	struct silence silence = { .asked = 0 };
	struct http_call call = { .method = "GET",
		.on_data = into_sink,
		.arg = &silence,
		.stall_ms = 80,
		.on_stall = call_another };
	struct error err = { 0 };
	struct peer peer;
	char url[64];

	peer_start(&silence.other, NULL, others, 1);
	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	call.url = url;
	ck_assert_int_eq(http_call(&call, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CANCELLED);
	ck_assert_int_eq(silence.asked, 2);
	ck_assert_str_eq(buf_str(&silence.sink.got), "abc");
	peer_join(&silence.other);
	peer_done(&silence.other);
	peer_join(&peer);
	peer_done(&peer);
	buf_done(&silence.sink.got);
	http_calls_free();
}
END_TEST

START_TEST(cancelled_upload)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_END }, { .act = PEER_END } };
	atomic_bool cancel = true;
	struct http_call call = { .method = "PUT", .cancel = &cancel };
	struct error err = { 0 };
	struct peer peer;
	char url[64];
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0); /* nothing ever comes out of it */
	peer_start(&peer, NULL, steps, 1);
	close(peer_connect(&peer)); /* the call may end before it connects */
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	call.url = url;
	call.body_fd = fds[0];
	ck_assert_int_eq(http_call(&call, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CANCELLED);
	http_calls_free();
	peer_join(&peer);
	peer_done(&peer);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(connections_are_kept_but_not_for_post)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = OK "content-length: 1\r\n\r\nx" },
		{ .act = PEER_READ, .text = "/second" },
		{ .act = PEER_SEND, .text = OK "content-length: 1\r\n\r\ny" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	static const struct peer_step once[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = OK "content-length: 1\r\nconnection: close\r\n\r\nz" },
		{ .act = PEER_END } };
	struct http_call call = { .method = "GET" };
	struct error err = { 0 };
	struct peer peer;
	char url[64];

	/* Only one connection is ever accepted: the second call must use it. */
	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/first", peer.port);
	call.url = url;
	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/second", peer.port);
	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	ck_assert_str_eq(buf_str(&call.reply), "y");

	/* Nobody accepts another one. */
	call.method = "POST";
	call.total_ms = 100;
	ck_assert_int_eq(http_call(&call, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TIMEOUT);
	http_calls_free();
	peer_join(&peer);
	ck_assert_ptr_null(strstr(buf_str(&peer.got), "POST"));
	peer_done(&peer);

	call.total_ms = 0;
	peer_start(&peer, NULL, once, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	peer_join(&peer);
	peer_done(&peer);
	http_calls_free();
	buf_done(&call.reply);
}
END_TEST

START_TEST(unix_sockets)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND,
		    .text = OK "content-length: 3\r\nconnection: close\r\n\r\nabc" },
		{ .act = PEER_END } };
	char dir[] = "/tmp/janus-client-XXXXXX", path[64], expected[160];
	struct http_call call = {
		.method = "GET", .url = "http://engine/info", .unix_socket = path
	};
	struct error err = { 0 };
	struct peer peer;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);

	ck_assert_int_eq(http_call(&call, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	snprintf(
	    expected, sizeof(expected), "cannot connect to %s: No such file or directory", path);
	ck_assert_str_eq(err.text, expected);

	peer_start(&peer, path, steps, 1);
	err = (struct error){ 0 };
	ck_assert_msg(http_call(&call, &err) == 0, "%s", err.text);
	ck_assert_str_eq(buf_str(&call.reply), "abc");
	peer_join(&peer);
	ck_assert_ptr_nonnull(strstr(buf_str(&peer.got), "GET /info HTTP/1.1\r\n"));
	peer_done(&peer);

	ck_assert_int_eq(http_call(&call, &err), -1); /* nobody listens there any more */
	ck_assert_ptr_nonnull(strstr(err.text, "Connection refused"));
	buf_done(&call.reply);
	unlink(path);
	rmdir(dir);
}
END_TEST

static const struct refusal {
	const char *url;
	enum error_kind kind;
} refusals[] = {
	{ "http://127.0.0.1:1/", ERROR_UNAVAILABLE },
	{ "file:///etc/passwd", ERROR_INVALID },
	{ "ftp://127.0.0.1/", ERROR_INVALID },
	{ "http://[x/", ERROR_INVALID },
};

START_TEST(never_connected)
{
	struct http_call call = { .method = "GET", .url = refusals[_i].url };
	struct error err = { 0 };

	ck_assert_int_eq(http_call(&call, &err), -1);
	ck_assert_msg(err.kind == refusals[_i].kind, "%s: %s", refusals[_i].url, err.text);
}
END_TEST

static void *
call_in_thread(void *url)
{
	struct http_call call = { .method = "GET", .url = url };

	ck_assert_int_eq(http_call(&call, NULL), 0);
	buf_done(&call.reply);
	return NULL;
}

START_TEST(a_thread_drops_its_connections)
{
	static const struct peer_step steps[] = { { .act = PEER_READ_HEAD },
		{ .act = PEER_SEND, .text = OK "content-length: 1\r\n\r\nx" },
		{ .act = PEER_READ_END }, { .act = PEER_END } };
	pthread_t thread;
	struct peer peer;
	char url[64];

	peer_start(&peer, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	ck_assert_int_eq(pthread_create(&thread, NULL, call_in_thread, url), 0);
	pthread_join(thread, NULL);
	peer_join(&peer); /* ends because the connection was closed */
	peer_done(&peer);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http_client");
	TCase *tc = tcase_create("http_client");

	http_client_setup();
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, answers, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, request_as_given);
	tcase_add_test(tc, upload_from_descriptor);
	tcase_add_loop_test(tc, streaming, 0, ARRAY_LEN(streams));
	tcase_add_test(tc, cancelling);
	tcase_add_test(tc, silence_is_asked_about);
	tcase_add_test(tc, cancelled_upload);
	tcase_add_test(tc, connections_are_kept_but_not_for_post);
	tcase_add_test(tc, unix_sockets);
	tcase_add_loop_test(tc, never_connected, 0, ARRAY_LEN(refusals));
	tcase_add_test(tc, a_thread_drops_its_connections);
	suite_add_tcase(suite, tc);

	return run_suite(suite);
}

/*
 * test_wire.c - bench/wire.c: every byte and its time, of targets that cut, drip, flood and lie.
 */
#include "bench/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/record/attempt.h"
#include "bench/target.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "tests/run.h"
#include "tests/runtime/net/peer.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define STREAM OK "content-type: text/event-stream\r\nx-request-id: req_1\r\n"
#define BODY "{\"model\":\"m\"}"

struct said {
	struct target target;
	struct attempt attempt;
	struct wire_seen seen;
	int64_t t0_us;
};

static void
ask_at(struct said *s, const char *url, int64_t limit_ms, size_t max)
{
	const struct wire_ask ask = { .body = BODY,
		.len = sizeof(BODY) - 1,
		.until_us = clock_now_us() + limit_ms * 1000,
		.answer_max = max };

	*s = (struct said){ 0 };
	ck_assert_int_eq(target_init(&s->target, url, "secret", NULL), 0);
	wire_chat(&s->target, &ask, &s->attempt, &s->t0_us, &s->seen);
}

static void
ask_peer(
    struct said *s, struct peer *p, const struct peer_step *steps, int64_t limit_ms, size_t max)
{
	char url[64];

	peer_start(p, NULL, steps, 1);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", p->port);
	ask_at(s, url, limit_ms, max);
	peer_join(p);
}

static void
said_done(struct said *s, struct peer *p)
{
	attempt_done(&s->attempt);
	target_done(&s->target);
	if (p != NULL)
		peer_done(p);
}

static size_t
body_bytes(const struct attempt *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->nframes; i++)
		n += a->frames[i].kind == FRAME_BODY ? a->frames[i].bytes.len : 0;
	return n;
}

/* Request, head, body and end, in that order, and time goes on. */
static void
check_order(const struct attempt *a)
{
	ck_assert_uint_ge(a->nframes, 2);
	ck_assert_int_eq(a->frames[0].kind, FRAME_REQUEST);
	ck_assert_int_eq(a->frames[0].t_us, 0);
	ck_assert_str_eq(buf_str(&a->frames[0].bytes), BODY);
	ck_assert_int_eq(a->frames[a->nframes - 1].kind, FRAME_END);
	for (size_t i = 1; i < a->nframes; i++) {
		ck_assert_int_ge(a->frames[i].t_us, a->frames[i - 1].t_us);
		ck_assert_int_ge(a->frames[i].kind, a->frames[i - 1].kind);
	}
}

struct row {
	const char *name;
	struct peer_step steps[5];
	enum wire_end end;
	int status;
	size_t bytes;
};
#define READ_ALL                   \
	{                          \
		PEER_READ, BODY, 0 \
	}

static const struct row rows[] = {
	{ "a stream to its end",
	    { READ_ALL, { PEER_SEND, STREAM "\r\ndata: {}\n\ndata: [DONE]\n\n", 0 },
		{ PEER_READ_END, 0, 0 } },
	    WIRE_COMPLETE, 200, 24 },
	{ "heartbeats are in there",
	    { READ_ALL, { PEER_SEND, STREAM "\r\n: ping\n\n", 0 },
		{ PEER_DRIP, "data: [DONE]\n\n", 0 }, { PEER_READ_END, 0, 0 } },
	    WIRE_COMPLETE, 200, 22 },
	{ "a stream without its end", { READ_ALL, { PEER_SEND, STREAM "\r\ndata: {}\n\n", 0 } },
	    WIRE_COMPLETE, 200, 10 },
	{ "cut inside chunks",
	    { READ_ALL,
		{ PEER_SEND, STREAM "transfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n", 0 } },
	    WIRE_CUT, 200, 5 },
	{ "a whole answer",
	    { READ_ALL,
		{ PEER_SEND, OK "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
		    0 },
		{ PEER_READ_END, 0, 0 } },
	    WIRE_COMPLETE, 200, 2 },
	{ "an error",
	    { READ_ALL,
		{ PEER_SEND, "HTTP/1.1 503 No\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
		    0 } },
	    WIRE_COMPLETE, 503, 0 },
	{ "not HTTP", { READ_ALL, { PEER_SEND, "hello\r\n\r\n", 0 } }, WIRE_MALFORMED, 0, 0 },
	{ "nothing", { READ_ALL }, WIRE_CUT, 0, 0 },
	{ "reset", { READ_ALL, { PEER_RESET, 0, 0 } }, WIRE_CUT, 0, 0 },
	{ "[DONE] inside content ends nothing",
	    { READ_ALL,
		{ PEER_SEND,
		    STREAM
		    "content-length: 42\r\n\r\ndata: \"data: [DONE]\"\n\ndata: x\n\ndata: abc\n\n",
		    0 },
		{ PEER_READ_END, 0, 0 } },
	    WIRE_COMPLETE, 200, 42 },
};

START_TEST(answers)
{
	const struct row *row = &rows[_i];
	struct peer peer;
	struct said s;

	ask_peer(&s, &peer, row->steps, 20000, 0);
	ck_assert_msg(
	    s.seen.end == row->end, "%s: %s: %s", row->name, wire_end_name(s.seen.end), s.seen.why);
	ck_assert_int_eq(s.seen.status, row->status);
	ck_assert_msg(
	    body_bytes(&s.attempt) == row->bytes, "%s: %zu", row->name, body_bytes(&s.attempt));
	check_order(&s.attempt);
	ck_assert_int_gt(s.t0_us, 0);
	said_done(&s, &peer);
}
END_TEST

START_TEST(request)
{
	struct peer peer;
	struct said s;

	ask_peer(&s, &peer, rows[0].steps, 20000, 0);
	const char *got = buf_str(&peer.got);
	ck_assert_ptr_nonnull(strstr(got, "POST /v1/chat/completions HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "\r\nauthorization: Bearer secret\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "\r\ncontent-length: 13\r\n"));
	/* nothing says that this is a benchmark [G11] */
	ck_assert_ptr_null(strcasestr(got, "bench"));
	ck_assert_ptr_null(strcasestr(got, "janus"));
	ck_assert_ptr_null(strcasestr(got, "itm_"));
	/* the key is in no frame */
	for (size_t i = 0; i < s.attempt.nframes; i++)
		ck_assert_ptr_null(strstr(buf_str(&s.attempt.frames[i].bytes), "secret"));
	ck_assert_str_eq(s.seen.request_id, "req_1");
	ck_assert(s.seen.is_stream);
	ck_assert_ptr_nonnull(
	    strstr(buf_str(&s.attempt.frames[1].bytes), "x-request-id: req_1\r\n"));
	said_done(&s, &peer);
}
END_TEST

/* A stream that never ends is ended by the item's time. */
START_TEST(endless)
{
	static const struct peer_step steps[] = { READ_ALL,
		{ PEER_SEND, STREAM "\r\n: ping\n\n", 0 }, { PEER_READ_END, 0, 0 },
		{ PEER_END, 0, 0 } };
	struct peer peer;
	struct said s;
	const int64_t from_us = clock_now_us();

	ask_peer(&s, &peer, steps, 300, 0);
	ck_assert_int_eq(s.seen.end, WIRE_TIMEOUT);
	ck_assert_int_ge(clock_now_us() - from_us, 300000);
	check_order(&s.attempt);
	said_done(&s, &peer);
}
END_TEST

START_TEST(too_large)
{
	static const struct peer_step steps[] = { READ_ALL, { PEER_SEND, STREAM "\r\n", 0 },
		{ PEER_FLOOD, "data: 0123456789012345678901234567890123456789\n\n", 1 << 24 },
		{ PEER_END, 0, 0 } };
	struct peer peer;
	struct said s;

	ask_peer(&s, &peer, steps, 60000, 1 << 20);
	ck_assert_int_eq(s.seen.end, WIRE_TOO_LARGE);
	ck_assert_uint_le(body_bytes(&s.attempt), 1 << 20);
	check_order(&s.attempt);
	said_done(&s, &peer);
}
END_TEST

/* 10 MB are not too much: what they are worth is the scorer's to say. */
START_TEST(ten_megabytes)
{
	static const struct peer_step steps[] = { READ_ALL,
		{ PEER_SEND, STREAM "content-length: 10485760\r\n\r\n", 0 },
		{ PEER_FLOOD, "data: 01234567\n\n", 10485760 / 16 }, { PEER_READ_END, 0, 0 },
		{ PEER_END, 0, 0 } };
	struct peer peer;
	struct said s;

	ask_peer(&s, &peer, steps, 60000, 0);
	ck_assert_int_eq(s.seen.end, WIRE_COMPLETE);
	ck_assert_uint_eq(body_bytes(&s.attempt), 10485760);
	said_done(&s, &peer);
}
END_TEST

START_TEST(nobody)
{
	struct peer peer;
	struct said s;
	char url[64];

	peer_listen(&peer, NULL);
	close(peer.listen_fd);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", peer.port);
	ask_at(&s, url, 20000, 0);
	ck_assert_int_eq(s.seen.end, WIRE_UNREACHABLE);
	ck_assert_uint_eq(s.attempt.nframes, 1); /* the end: nothing was sent */
	said_done(&s, NULL);
	ask_at(&s, "unix:///nowhere/at/all", 20000, 0);
	ck_assert_int_eq(s.seen.end, WIRE_UNREACHABLE);
	said_done(&s, NULL);
}
END_TEST

START_TEST(by_socket)
{
	char dir[] = "/tmp/jb.XXXXXX", path[64], url[80];
	struct peer peer;
	struct said s;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(url, sizeof(url), "unix://%s", path);
	peer_start(&peer, path, rows[0].steps, 1);
	ask_at(&s, url, 20000, 0);
	peer_join(&peer);
	ck_assert_int_eq(s.seen.end, WIRE_COMPLETE);
	said_done(&s, &peer);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(stopped)
{
	atomic_bool stop = true;
	struct peer peer;
	struct said s = { 0 };
	char url[64];
	const struct wire_ask ask = { .body = BODY,
		.len = sizeof(BODY) - 1,
		.until_us = clock_now_us() + 60000000,
		.stop = &stop };

	peer_listen(&peer, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", peer.port);
	ck_assert_int_eq(target_init(&s.target, url, NULL, NULL), 0);
	wire_chat(&s.target, &ask, &s.attempt, &s.t0_us, &s.seen);
	ck_assert_int_eq(s.seen.end, WIRE_STOPPED);
	close(peer.listen_fd);
	said_done(&s, NULL);
}
END_TEST

static const struct {
	const char *url, *base; /* NULL: refused */
} urls[] = {
	{ "http://a:8000", "/v1" },
	{ "http://a/", "/v1" },
	{ "http://a/v1", "/v1" },
	{ "http://a/v1/chat/completions", "/v1" },
	{ "https://a/proxy", "/proxy/v1" },
	{ "https://a/proxy/v1/", "/proxy/v1" },
	{ "unix:///run/x", "/v1" },
	{ "unix://x", NULL },
	{ "ftp://a", NULL },
	{ "http://a:b", NULL },
	{ "a:8000", NULL },
	{ "", NULL },
};

START_TEST(addresses)
{
	struct target t;

	if (urls[_i].base == NULL) {
		ck_assert_msg(target_init(&t, urls[_i].url, NULL, NULL) == -1, "%s", urls[_i].url);
		return;
	}
	ck_assert_msg(target_init(&t, urls[_i].url, NULL, NULL) == 0, "%s", urls[_i].url);
	ck_assert_str_eq(t.base, urls[_i].base);
	target_done(&t);
}
END_TEST

START_TEST(models)
{
	static const char janus[] =
	    "{\"data\":[{\"id\":\"janus/a\",\"janus\":{}},{\"id\":\"janus\",\"janus\":{}}]}";
	static const char other[] = "{\"data\":[{\"x\":1},{\"id\":\"gpt\"},{\"id\":\"b\"}]}";
	char model[TARGET_MODEL_MAX];
	bool is_janus;

	ck_assert(target_models_parse(janus, sizeof(janus) - 1, model, &is_janus));
	ck_assert(is_janus);
	ck_assert_str_eq(model, "janus");
	ck_assert(target_models_parse(other, sizeof(other) - 1, model, &is_janus));
	ck_assert(!is_janus);
	ck_assert_str_eq(model, "gpt");
	ck_assert(!target_models_parse("{}", 2, model, &is_janus));
	ck_assert(!target_models_parse("<html>", 6, model, &is_janus));
	struct target t;
	ck_assert_int_eq(target_init(&t, "http://a", "a\r\nb", NULL), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("wire");

	http_client_setup();
	tcase_set_timeout(t, 90);
	tcase_add_loop_test(t, answers, 0, ARRAY_LEN(rows));
	tcase_add_test(t, request);
	tcase_add_test(t, endless);
	tcase_add_test(t, too_large);
	tcase_add_test(t, ten_megabytes);
	tcase_add_test(t, nobody);
	tcase_add_test(t, by_socket);
	tcase_add_test(t, stopped);
	tcase_add_loop_test(t, addresses, 0, ARRAY_LEN(urls));
	tcase_add_test(t, models);
	suite_add_tcase(s, t);

	return run_suite(s);
}

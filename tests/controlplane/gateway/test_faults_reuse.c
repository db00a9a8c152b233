/*
 * test_faults_reuse.c - which connections to competitors see a second chat, and which never do.
 *
 * The upstream would take another request on every connection (KEEP): that none comes is the
 * gateway's doing.
 */
#include "tests/controlplane/gateway/house.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define SSE_TYPE "content-type: text/event-stream\r\n"
#define JSON_TYPE "content-type: application/json\r\n"
#define CHUNK(hex, text) hex "\r\n" text "\r\n"
#define HI_CHUNK CHUNK("3a", HI)
#define STOP_CHUNK CHUNK("43", STOP)
#define DONE_CHUNK CHUNK("e", DONE)
#define LAST "0\r\n\r\n"
_Static_assert(sizeof(HI) - 1 == 0x3a && sizeof(STOP) - 1 == 0x43 && sizeof(DONE) - 1 == 0xe,
    "lengths of chunks");
#define ASKED_BY(user, model) \
	"{\"model\":\"janus/" model "\",\"stream\":true,\"user\":\"" user "\"," MESSAGES "}"

/* An answer after which a connection is fit for another. */
static const struct step fit[] = {
	{ SEND, SSE_CHUNKED HI_CHUNK STOP_CHUNK DONE_CHUNK LAST, 0 },
	{ KEEP, NULL, 0 },
};

/* Whole, but from now on the upstream says nothing, or resets. */
static const struct step resets[] = { { RESET, NULL, 0 }, { 0 } };

static const struct anomaly {
	const char *name, *bytes;
	bool whole; /* no stream is asked for */
	int status;
} anomalies[] = {
	{ "[C07] a length too short for a stream",
	    OK SSE_TYPE "content-length: 58\r\n\r\n" HI STOP DONE, false, 200 },
	{ "[C07] a length too short for an answer", OK JSON_TYPE "content-length: 2\r\n\r\n{}{}",
	    true, 502 },
	{ "[C07] a length too short for an error",
	    "HTTP/1.1 400 No\r\ncontent-length: 2\r\n\r\nno no", true, 400 },
	{ "[C07] 1e3", OK SSE_TYPE "content-length: 1e3\r\n\r\n" HI, false, 502 },
	{ "[C07] the same length twice",
	    OK SSE_TYPE "content-length: 58\r\ncontent-length: 58\r\n\r\n" HI, false, 502 },
	{ "[C07] two lengths", OK SSE_TYPE "content-length: 58\r\ncontent-length: 5\r\n\r\n" HI,
	    false, 502 },
	{ "[C08] length and coding",
	    OK SSE_TYPE "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n" HI_CHUNK LAST,
	    false, 502 },
	{ "[C08] bytes after the last chunk",
	    SSE_CHUNKED HI_CHUNK STOP_CHUNK DONE_CHUNK LAST "HTTP/1.1 200 OK\r\n\r\n", false, 200 },
	{ "[C08] a blank line after the last chunk",
	    SSE_CHUNKED HI_CHUNK STOP_CHUNK DONE_CHUNK LAST "\r\n", false, 200 },
	{ "[C08] bytes after the last chunk, without [DONE]",
	    SSE_CHUNKED HI_CHUNK STOP_CHUNK LAST HI, false, 200 },
	{ "[C09] a bad chunk size", SSE_CHUNKED HI_CHUNK "zz\r\n", false, 200 },
	{ "[C12] 204 with a body", "HTTP/1.1 204 No\r\ncontent-length: 58\r\n\r\n" HI, false, 502 },
	{ "[C12] 101", "HTTP/1.1 101 Switch\r\nupgrade: x\r\n\r\n" HI, false, 502 },
	{ "[C18] an error frame in the middle",
	    SSE_CHUNKED HI_CHUNK CHUNK("1c", "data: {\"error\":\"no ink..\"}\n\n") DONE_CHUNK LAST,
	    false, 200 },
	{ "[C19] [DONE] twice", SSE_CHUNKED HI_CHUNK STOP_CHUNK DONE_CHUNK DONE_CHUNK LAST, false,
	    200 },
	{ "[C19] more after [DONE]", SSE_CHUNKED HI_CHUNK DONE_CHUNK HI_CHUNK STOP_CHUNK LAST,
	    false, 200 },
	{ "[C19] [DONE], and the body goes on", SSE_CHUNKED HI_CHUNK STOP_CHUNK DONE_CHUNK, false,
	    200 },
	{ "[C19] [DONE], and half an event", SSE_CHUNKED HI_CHUNK DONE_CHUNK CHUNK("3", "dat") LAST,
	    false, 200 },
	{ "[C25] it says that it will close",
	    OK SSE_TYPE
	    "connection: close\r\ntransfer-encoding: chunked\r\n\r\n" HI_CHUNK STOP_CHUNK DONE_CHUNK
		LAST,
	    false, 200 },
	{ "[C25] HTTP/1.0", "HTTP/1.0 200 OK\r\n" SSE_TYPE "content-length: 67\r\n\r\n" STOP, false,
	    200 },
};

START_TEST(test_never_reused)
{
	const struct anomaly *an = &anomalies[_i];
	const struct step script[] = { { SEND, an->bytes, 0 }, { KEEP, NULL, 0 } };
	const int before = open_descriptors();

	house_script(script);
	struct answer a = chat("", an->whole ? CHAT : CHAT_STREAM);
	ck_assert_msg(a.status == an->status, "%s: %d %s", an->name, a.status, buf_str(&a.body));
	answer_done(&a);
	house_script(fit);
	a = chat("", CHAT_STREAM);
	ck_assert_msg(
	    strcmp(buf_str(&a.body), HI STOP DONE) == 0, "%s: then %s", an->name, buf_str(&a.body));
	answer_done(&a);
	house_wait(&h.finished, 1); /* the first connection was closed */
	ck_assert_msg(house_get(&h.connections) == 2 && house_get(&h.again) == 0,
	    "%s: its connection was used again", an->name);
	ck_assert_int_eq(house_get(&h.requests), 2);
	ck_assert_msg(open_descriptors() <= before + 6, "%s: descriptors", an->name);
}
END_TEST

/* That the test above shows anything: an ordinary answer's connection is used again. */
START_TEST(test_reused)
{
	for (int i = 0; i < 20; i++) {
		struct answer a = chat("", CHAT_STREAM);

		ck_assert_str_eq(buf_str(&a.body), HI STOP DONE);
		answer_done(&a);
	}
	ck_assert_int_eq(house_get(&h.requests), 20);
	ck_assert_int_gt(house_get(&h.again), 0);
	ck_assert_int_eq(house_get(&h.connections) + house_get(&h.again), 20);
	house_wait_idle(); /* and one that nobody needs any more is closed by and by */
}
END_TEST

START_TEST(test_never_shared) /* [C24] two instances at one address, each on its own connections */
{
	for (int i = 0; i < 20; i++) {
		struct answer a =
		    chat("", i % 2 == 0 ? ASKED_BY("web", "web") : ASKED_BY("pod", "pod"));

		ck_assert_str_eq(buf_str(&a.body), HI STOP DONE);
		answer_done(&a);
	}
	ck_assert_int_gt(house_get(&h.again), 0);
	ck_assert_int_eq(house_get(&h.mixed), 0);
	ck_assert_int_ge(house_get(&h.connections), 2);
	house_wait_idle();
}
END_TEST

START_TEST(test_dead_while_idle) /* [C25] a pooled connection that died gives a fresh one */
{
	static const struct step script[] = {
		{ SEND, SSE_CHUNKED HI_CHUNK STOP_CHUNK DONE_CHUNK LAST, 0 }, { 0 }
	};

	house_script(script);
	for (int i = 1; i <= 20; i++) {
		struct answer a = chat("", CHAT_STREAM);

		ck_assert_msg(a.status == 200, "%d: %s", i, buf_str(&a.body));
		ck_assert_str_eq(buf_str(&a.body), HI STOP DONE);
		answer_done(&a);
		house_wait(&h.finished, i); /* the upstream has closed it, and nobody noticed yet */
	}
	ck_assert_int_eq(house_get(&h.requests), 20);
	ck_assert_int_eq(house_get(&h.connections), 20);
}
END_TEST

START_TEST(
    test_dead_on_the_wire) /* [C25] a chat on a pooled connection that breaks is not sent twice */
{
	int reused = 0;

	for (int i = 1; reused == 0 && i <= 20; i++) {
		const int before = house_get(&h.requests);

		house_script(fit);
		struct answer a = chat("", CHAT_STREAM);
		ck_assert_int_eq(a.status, 200);
		answer_done(&a);
		house_script(resets);
		a = chat("", CHAT_STREAM);
		assert_envelope("on the wire", &a, 502, "upstream_bad_response", "miner");
		ck_assert_ptr_nonnull(a.head);
		ck_assert_ptr_nonnull(strstr(a.head, "x-janus-attempts: 1\r\n"));
		answer_done(&a);
		ck_assert_int_eq(house_get(&h.requests), before + 2);
		reused = house_get(&h.again);
	}
	ck_assert_int_gt(reused, 0);
	assert_serves("on the wire");
}
END_TEST

static void
up(void)
{
	h.script = fit;
	house_up();
}

int
main(void)
{
	Suite *suite = suite_create("connections to competitors, used again");
	TCase *tc = tcase_create("reuse");

	tcase_add_checked_fixture(tc, up, house_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_never_reused, 0, (int)ARRAY_LEN(anomalies));
	tcase_add_test(tc, test_reused);
	tcase_add_test(tc, test_never_shared);
	tcase_add_test(tc, test_dead_while_idle);
	tcase_add_test(tc, test_dead_on_the_wire);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

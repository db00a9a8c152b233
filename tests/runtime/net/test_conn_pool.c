/*
 * test_conn_pool.c - connections between requests: which are used again, which never.
 */
#include "runtime/net/conn_pool.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "tests/run.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "transfer-encoding: chunked\r\n\r\n"

static struct loop *loop;
static struct conn_pool *pool;
static struct timer stop;
static int peer; /* the other end of the latest connection */
static int ends;
static enum exchange_end how;
static bool finishes; /* the owner has enough after the first bytes of a body */

static void
setup(void)
{
	struct error err = { 0 };

	loop = loop_new(&err);
	pool = conn_pool_new(loop);
	ends = 0;
	finishes = false;
}

static void
teardown(void)
{
	conn_pool_free(pool);
	timer_cancel(&stop);
	loop_free(loop);
	close(peer);
}

static void
on_stop(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	loop_stop(loop);
}

static void
turn_for(int64_t ms)
{
	timer_set(loop, &stop, ms, on_stop, NULL);
	loop_run(loop);
}

static struct transport
connected(const char *home)
{
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	peer = fds[1];
	struct transport t = { .fd = fds[0] };
	conn_pool_adopt(pool, home, &t);
	return t;
}

static void
on_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	(void)bytes;
	(void)len;
	(void)arg;
	if (finishes)
		http_exchange_finish(x);
}

static void
on_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	(void)x;
	(void)err;
	(void)arg;
	ends++;
	how = end;
}

static const struct http_exchange_events events = { .on_body = on_body, .on_end = on_end };

static void
ask(struct transport *t)
{
	struct iovec part = { (char[]){ "GET / HTTP/1.1\r\n\r\n" }, 18 };

	http_exchange_open(loop, t, "GET", &part, 1, &events, NULL);
}

static void
say(const char *text)
{
	ck_assert_int_eq(send(peer, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static bool
is_kept(const char *home)
{
	struct transport t = { .fd = -1 };
	const bool kept = conn_pool_take(pool, home, &t);

	transport_close(&t);
	return kept;
}

static const struct answer {
	const char *name, *text;
	bool kept;
} answers[] = {
	{ "a length", OK "content-length: 2\r\n\r\nhi", true },
	{ "chunks", CHUNKED "2\r\nhi\r\n0\r\n\r\n", true },
	{ "no body", "HTTP/1.1 204 No Content\r\n\r\n", true },
	{ "it says it will close", OK "connection: close\r\ncontent-length: 2\r\n\r\nhi", false },
	{ "HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", false },
	{ "C07: more than the length", OK "content-length: 2\r\n\r\nhiho", false },
	{ "C08: more after the last chunk", CHUNKED "2\r\nhi\r\n0\r\n\r\nHTTP/1.1", false },
	{ "bad chunks", CHUNKED "zz\r\n", false },
};

START_TEST(test_answers)
{
	const struct answer *a = &answers[_i];
	struct transport t = connected("a");

	ask(&t);
	say(a->text);
	turn_for(20);
	ck_assert_msg(ends == 1, "%s: %d ends", a->name, ends);
	ck_assert_msg(is_kept("a") == a->kept, "%s", a->name);
}
END_TEST

START_TEST(test_goes_on)
{
	struct transport t = connected("a"), again;

	for (int i = 1; i <= 3; i++) {
		ask(&t);
		say(OK "content-length: 2\r\n\r\nhi");
		turn_for(20);
		ck_assert_int_eq(ends, i);
		ck_assert(conn_pool_take(pool, "a", &again));
		ck_assert(!is_kept("a"));
		t = again;
	}
	transport_close(&t);
}
END_TEST

START_TEST(test_homes_are_apart)
{
	struct transport t = connected("a");

	ask(&t);
	say(OK "content-length: 0\r\n\r\n");
	turn_for(20);
	ck_assert(!is_kept("b")); /* C24 */
	ck_assert(is_kept("a"));
}
END_TEST

START_TEST(test_died_while_idle)
{
	struct transport t = connected("a");

	ask(&t);
	say(OK "content-length: 0\r\n\r\n");
	turn_for(20);
	close(peer); /* C25, seen only by looking: the loop has not turned */
	ck_assert(!is_kept("a"));
	peer = dup(0);
}
END_TEST

START_TEST(test_spoke_while_idle)
{
	struct transport t = connected("a");

	ask(&t);
	say(OK "content-length: 0\r\n\r\n");
	turn_for(20);
	say("HTTP/1.1 408 Request Timeout\r\n\r\n");
	if (_i == 1)
		turn_for(20);
	ck_assert(!is_kept("a"));
}
END_TEST

START_TEST(test_waits_not_long)
{
	struct transport t = connected("a");

	ask(&t);
	say(OK "content-length: 0\r\n\r\n");
	turn_for(900);
	char byte;
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 1); /* the request */
	while (recv(peer, &byte, 1, 0) > 0)
		continue;
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 0); /* and the end */
}
END_TEST

static bool
keeps_b(const char *home, const void *arg)
{
	(void)arg;
	return strcmp(home, "b") == 0;
}

START_TEST(test_forgotten)
{
	struct transport t = connected("a"), waits = connected("a");

	ask(&waits);
	say(OK "content-length: 0\r\n\r\n");
	turn_for(20);
	conn_pool_keep(pool, keeps_b, NULL);
	ck_assert(!is_kept("a"));
	conn_home_put(t.home, &t); /* one that was out */
	ck_assert(!is_kept("a"));
}
END_TEST

static const struct answer tails[] = {
	{ "the last chunk comes with it", CHUNKED "2\r\nhi\r\n0\r\n\r\n", true },
	{ "the last chunk comes later", CHUNKED "2\r\nhi\r\n", true },
	{ "C19: the body goes on", CHUNKED "2\r\nhi\r\n", false },
	{ "the end never comes", CHUNKED "2\r\nhi\r\n", false },
};

START_TEST(test_finish)
{
	const struct answer *a = &tails[_i];
	struct transport t = connected("a");

	finishes = true;
	ask(&t);
	say(a->text);
	turn_for(20);
	if (_i == 1)
		say("0\r\n\r\n");
	else if (_i == 2)
		say("2\r\nho\r\n0\r\n\r\n");
	turn_for(_i == 3 ? 300 : 20);
	ck_assert_int_eq(ends, 0); /* nobody is told */
	ck_assert_msg(is_kept("a") == a->kept, "%s", a->name);
}
END_TEST

START_TEST(test_freed_while_finishing)
{
	struct transport t = connected("a");

	finishes = true;
	ask(&t);
	say(CHUNKED "2\r\nhi\r\n");
	turn_for(20); /* teardown frees the pool: nothing may leak */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conn_pool");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_answers, 0, (int)(sizeof(answers) / sizeof(answers[0])));
	tcase_add_test(tc, test_goes_on);
	tcase_add_test(tc, test_homes_are_apart);
	tcase_add_test(tc, test_died_while_idle);
	tcase_add_loop_test(tc, test_spoke_while_idle, 0, 2);
	tcase_add_test(tc, test_waits_not_long);
	tcase_add_test(tc, test_forgotten);
	tcase_add_loop_test(tc, test_finish, 0, (int)(sizeof(tails) / sizeof(tails[0])));
	tcase_add_test(tc, test_freed_while_finishing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

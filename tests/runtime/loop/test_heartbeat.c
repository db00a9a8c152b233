/*
 * test_heartbeat.c - a loop that turns is heard of twice in its time; one that does not is not.
 */
#include "runtime/loop/heartbeat.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "tests/run.h"

struct manager {
	int sock, beats;
	struct loop *loop;
	struct watch watch;
};

static void
on_message(struct watch *w, uint32_t events, void *arg)
{
	struct manager *m = arg;
	char text[64];

	(void)events;
	const ssize_t n = recv(w->fd, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_str_eq(text, NOTIFY_ALIVE);
	if (++m->beats == 4)
		loop_stop(m->loop);
}

START_TEST(test_beats)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct manager m = { 0 };
	struct heartbeat h = { 0 };
	struct error err = { 0 };

	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/test-heartbeat.%d", (int)getpid());
	m.sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(m.sock, (struct sockaddr *)&at, sizeof(at)), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	setenv("WATCHDOG_USEC", "100000", 1);
	m.loop = loop_new(&err);
	ck_assert_int_eq(loop_watch(m.loop, &m.watch, m.sock, EPOLLIN, on_message, &m, &err), 0);
	const int64_t began_ms = clock_now_ms();
	heartbeat_start(&h, m.loop);
	loop_run(m.loop);
	/* At once, then each 50 ms. */
	ck_assert_int_ge(clock_now_ms() - began_ms, 3 * 50);
	heartbeat_stop(&h);
	ck_assert(!timer_is_set(&h.timer));
	loop_unwatch(&m.watch);
	loop_free(m.loop);
	close(m.sock);
	unlink(at.sun_path);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
}
END_TEST

START_TEST(test_nobody_waits)
{
	struct heartbeat h = { 0 };
	struct error err = { 0 };
	struct loop *loop = loop_new(&err);

	heartbeat_start(&h, loop);
	ck_assert(!timer_is_set(&h.timer));
	heartbeat_stop(&h);
	loop_free(loop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("heartbeat");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_beats);
	tcase_add_test(tc, test_nobody_waits);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

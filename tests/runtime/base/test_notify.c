/*
 * test_notify.c - what a service manager is told, as it arrives at its socket.
 */
#include "runtime/base/notify.h"

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "tests/run.h"

static char heard[512];

/* A manager's socket at that name; "@" begins an abstract one. */
static int
listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, name);
	const socklen_t len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (name[0] != '@'));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&at, len), 0);
	return sock;
}

/* The next message, "" if there is none: what was sent is there at once. */
static const char *
hear(int sock)
{
	const ssize_t n = recv(sock, heard, sizeof(heard) - 1, 0);

	heard[n > 0 ? n : 0] = '\0';
	return heard;
}

static void
forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

START_TEST(test_messages)
{
	static const char *const kinds[] = { "/tmp/test-notify.%d", "@test-notify.%d" };
	char name[60];
	struct notify n;
	long long at_us = 0;

	snprintf(name, sizeof(name), kinds[_i], (int)getpid());
	const int sock = listen_at(name);
	setenv("NOTIFY_SOCKET", name, 1);
	notify_init(&n);
	ck_assert(notify_is_wanted(&n));
	notify_ready(&n, "serving");
	ck_assert_str_eq(hear(sock), "READY=1\nSTATUS=serving\n");
	notify_ready(&n, NULL);
	ck_assert_str_eq(hear(sock), "READY=1\n");
	notify_status(&n, "the engine is away\nREADY=1");
	ck_assert_str_eq(hear(sock), "STATUS=the engine is away\n");
	notify_stopping(&n, "3 streams");
	ck_assert_str_eq(hear(sock), "STOPPING=1\nSTATUS=3 streams\n");
	notify_extend(&n, 1500);
	ck_assert_str_eq(hear(sock), "EXTEND_TIMEOUT_USEC=1500000\n");
	notify_main_pid(&n, 4711);
	ck_assert_str_eq(hear(sock), "MAINPID=4711\n");
	const int64_t before_us = clock_now_us();
	notify_reloading(&n);
	ck_assert_int_eq(sscanf(hear(sock), "RELOADING=1\nMONOTONIC_USEC=%lld\n", &at_us), 1);
	ck_assert(at_us >= before_us && at_us <= clock_now_us());
	close(sock);
	if (name[0] == '/')
		unlink(name);
	forget();
}
END_TEST

START_TEST(test_nobody) /* the manager is not there, or its name is none */
{
	static const char *const names[] = { NULL, "", "/", "@", "relative", "/nowhere/at/all",
		"/too/long/for/a/socket/address/too/long/for/a/socket/address/too/long/for/a/"
		"socket/"
		"address/too/long/for/a/socket/address" };
	struct notify n;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		forget();
		if (names[i] != NULL)
			setenv("NOTIFY_SOCKET", names[i], 1);
		notify_init(&n);
		ck_assert_int_eq(notify_is_wanted(&n), i == 5);
		ck_assert(!notify_send(&n, NOTIFY_ALIVE));
	}
	forget();
}
END_TEST

START_TEST(test_watchdog_time)
{
	static const struct {
		const char *usec;
		int pid; /* 0: not set, 1: ours, 2: another's */
		int64_t ms;
	} cases[] = {
		{ "30000000", 0, 30000 },
		{ "30000000", 1, 30000 },
		{ "30000000", 2, 0 },
		{ NULL, 0, 0 },
		{ "", 0, 0 },
		{ "soon", 0, 0 },
		{ "-5", 0, 0 },
		{ "999999999999999999999", 0, 0 },
	};
	struct notify n;
	char pid[20];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		forget();
		setenv("NOTIFY_SOCKET", "/tmp/x", 1);
		if (cases[i].usec != NULL)
			setenv("WATCHDOG_USEC", cases[i].usec, 1);
		snprintf(pid, sizeof(pid), "%d", (int)getpid() + (cases[i].pid == 2));
		if (cases[i].pid != 0)
			setenv("WATCHDOG_PID", pid, 1);
		notify_init(&n);
		ck_assert_int_eq(n.watchdog_ms, cases[i].ms);
	}
	forget();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_messages, 0, 2);
	tcase_add_test(tc, test_nobody);
	tcase_add_test(tc, test_watchdog_time);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

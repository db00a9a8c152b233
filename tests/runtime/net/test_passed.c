/*
 * test_passed.c - sockets that were opened by somebody else: what for, and who gets which.
 */
#include "runtime/net/passed.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/net/http_server.h"
#include "tests/run.h"

static int
tcp(int *port)
{
	struct error err = { 0 };
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);
	const int fd = http_listen_tcp("127.0.0.1", 0, true, &err);

	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static int
control(void)
{
	char path[60];
	struct error err = { 0 };

	snprintf(path, sizeof(path), "/tmp/test-passed.%d", (int)getpid());
	unlink(path);
	const int fd = http_listen_unix(path, 0600, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	unlink(path);
	return fd;
}

START_TEST(test_uses)
{
	struct passed p = { 0 };
	struct error err = { 0 };
	int port, ui;
	const int first = tcp(&port), second = tcp(&ui);

	/* By name, and where it is none of ours by what they are. */
	ck_assert_int_eq(passed_add(&p, first, "janusd.socket", ui, &err), 0);
	ck_assert_int_eq(passed_add(&p, second, NULL, ui, &err), 0);
	ck_assert_int_eq(passed_add(&p, control(), "", ui, &err), 0);
	ck_assert_int_eq(passed_add(&p, tcp(&port), "ui", 0, &err), 0);
	ck_assert_int_eq(p.at[0].use, PASSED_HTTP);
	ck_assert_int_eq(p.at[1].use, PASSED_UI);
	ck_assert_int_eq(p.at[2].use, PASSED_CONTROL);
	ck_assert_int_eq(p.at[3].use, PASSED_UI);
	ck_assert_uint_eq(passed_count(&p, PASSED_UI), 2);
	ck_assert(passed_is_at(second, "127.0.0.1", ui));
	ck_assert(!passed_is_at(second, "127.0.0.1", ui + 1));
	ck_assert(!passed_is_at(second, "0.0.0.0", ui));
	ck_assert(!passed_is_at(second, "::1", ui));
	ck_assert(!passed_is_at(p.at[2].fd, "127.0.0.1", ui));
	ck_assert(fcntl(first, F_GETFD) & FD_CLOEXEC);
	/* What does not listen is refused, and closed. */
	const int plain = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(passed_add(&p, plain, "http", 0, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_eq(fcntl(plain, F_GETFD), -1);
	ck_assert_int_eq(passed_add(&p, open("/dev/null", O_RDONLY), "http", 0, &err), -1);
	ck_assert_uint_eq(p.len, 4);
	passed_close(&p);
	ck_assert_int_eq(fcntl(first, F_GETFD), -1);
}
END_TEST

/* Each of n listeners takes what is its: all sockets go, and nobody is left without. */
START_TEST(test_shares)
{
	for (size_t have = 1; have <= 5; have++)
		for (size_t n = 1; n <= 5; n++) {
			struct passed p = { 0 };
			struct error err = { 0 };
			size_t taken = 0;
			int port, fd;

			for (size_t i = 0; i < have; i++)
				ck_assert_int_eq(passed_add(&p, tcp(&port), "http", 0, &err), 0);
			ck_assert_int_eq(passed_add(&p, control(), NULL, 0, &err), 0);
			ck_assert_int_eq(passed_spread(&p, PASSED_HTTP, n, &err), 0);
			for (size_t i = 0; i < n; i++) {
				size_t mine = 0;

				while ((fd = passed_take(&p, PASSED_HTTP, i, n)) >= 0) {
					close(fd);
					mine++;
				}
				ck_assert_uint_ge(mine, 1);
				taken += mine;
			}
			ck_assert_uint_eq(taken, have > n ? have : n);
			ck_assert_uint_eq(passed_count(&p, PASSED_HTTP), 0);
			ck_assert_uint_eq(passed_count(&p, PASSED_CONTROL), 1);
			ck_assert_int_eq(passed_take(&p, PASSED_UI, 0, 1), -1);
			passed_close(&p);
		}
}
END_TEST

static bool
has_ipv6(void)
{
	const int fd = http_listen_tcp("::1", 0, false, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

START_TEST(test_widest) /* who can reach us: anybody before some, those before this machine */
{
	static const struct {
		const char *at, *widest;
		bool loopback;
	} cases[] = {
		/* each in addition to those before */
		{ "127.0.0.2", "127.0.0.2", true },
		{ "::1", "127.0.0.2", true }, /* the first of equals */
		{ "::ffff:127.0.0.3", "127.0.0.2", true }, /* IPv4, by its other name */
		{ "0.0.0.0", "0.0.0.0", false },
		{ "::", "0.0.0.0", false },
	};
	struct passed p = { 0 };
	struct passed_address at = { .port = -1 };
	struct error err = { 0 };

	ck_assert_int_eq(passed_add(&p, control(), "http", 0, &err), 0);
	ck_assert(!passed_widest(&p, &at));
	ck_assert_int_eq(at.port, -1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const bool mapped = strncmp(cases[i].at, "::ffff:", 7) == 0;
		struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
		int fd;

		if (strchr(cases[i].at, ':') != NULL && !has_ipv6())
			continue;
		if (mapped) {
			fd = socket(AF_INET6, SOCK_STREAM, 0);
			inet_pton(AF_INET6, cases[i].at, &to.sin6_addr);
			ck_assert_int_eq(bind(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
			ck_assert_int_eq(listen(fd, 1), 0);
		} else {
			fd = http_listen_tcp(cases[i].at, 0, true, &err);
		}
		ck_assert_int_eq(passed_add(&p, fd, "ui", 0, &err), 0);
		ck_assert(passed_widest(&p, &at));
		ck_assert_str_eq(at.host, cases[i].widest);
		ck_assert_int_eq(at.loopback, cases[i].loopback);
		ck_assert_int_gt(at.port, 0);
	}
	passed_close(&p);
}
END_TEST

/* In a process of its own: descriptor 3 is its. */
static int
as_service(const char *count, const char *names, bool ours, size_t *n, enum passed_use *second)
{
	struct passed p = { 0 };
	struct error err = { 0 };
	char pid[20];
	int port;

	const int a = tcp(&port), b = control();
	dup2(a, 103);
	dup2(b, 104);
	dup2(103, 3);
	dup2(104, 4);
	snprintf(pid, sizeof(pid), "%d", (int)getpid() + !ours);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	const int rc = passed_from_manager(&p, 0, &err);
	*n = p.len;
	*second = p.len > 1 ? p.at[1].use : PASSED_USES;
	if (getenv("LISTEN_FDS") != NULL || getenv("LISTEN_PID") != NULL ||
	    getenv("LISTEN_FDNAMES") != NULL)
		return 9;
	return rc == 0 ? 0 : 1;
}

START_TEST(test_manager)
{
	static const struct {
		const char *count, *names;
		bool ours;
		int rc;
		size_t n;
		enum passed_use second;
	} cases[] = {
		{ "2", "http:control", true, 0, 2, PASSED_CONTROL },
		{ "2", "janusd.socket:janusd.socket", true, 0, 2, PASSED_CONTROL },
		{ "2", "", true, 0, 2, PASSED_CONTROL },
		{ "2", "http:ui", true, 0, 2, PASSED_UI },
		{ "1", "http", true, 0, 1, PASSED_USES },
		{ "0", "", true, 0, 0, PASSED_USES },
		{ "2", "http:control", false, 0, 0, PASSED_USES }, /* another's */
		{ "many", "", true, 1, 0, PASSED_USES },
		{ "-1", "", true, 1, 0, PASSED_USES },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const pid_t pid = fork();
		int status;

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			size_t n;
			enum passed_use second;
			const int rc =
			    as_service(cases[i].count, cases[i].names, cases[i].ours, &n, &second);

			_exit(rc == cases[i].rc && n == cases[i].n && second == cases[i].second
				? 0
				: 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "case %zu", i);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("passed");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_uses);
	tcase_add_test(tc, test_widest);
	tcase_add_test(tc, test_shares);
	tcase_add_test(tc, test_manager);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

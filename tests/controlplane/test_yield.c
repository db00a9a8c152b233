/*
 * test_yield.c - what the one before says to the one after it, and to who asks.
 */
#include "controlplane/yield.h"

#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "controlplane/config.h"
#include "controlplane/janus.h"
#include "controlplane/supervise/live.h"
#include "controlplane/takeover.h"
#include "controlplane/yield_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/fdpass.h"
#include "tests/run.h"

static struct janus janus;
static struct supervisor supervisor;
static struct config config = { .state_dir = (char[]){ "/tmp" } };
static int other; /* the successor's end */
static char path[64];
static struct rlimit rlimit;

static void
setup(void)
{
	int pair[2];

	janus = (struct janus){ .config = &config, .draining = true, .lock = -1 };
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &rlimit), 0);
	supervisor = (struct supervisor){ .c.registry = &janus.registry };
	janus.supervisor = &supervisor;
	janus.control = loop_new(NULL);
	ck_assert_ptr_nonnull(janus.control);
	yield_begin(&janus);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	janus.yield->peers[0].sock = pair[0];
	janus.yield->successor = &janus.yield->peers[0];
	other = pair[1];
}

static void
teardown(void)
{
	close(other);
	yield_free(janus.yield);
	passed_close(&janus.listeners);
	loop_free(janus.control);
}

/* The next word at that end, the caller's; NULL: there is none. */
static cJSON *
word(int sock)
{
	char packet[HANDOVER_PACKET_MAX];
	cJSON *json = NULL;
	int fd;
	const ssize_t n = fdpass_recv(sock, packet, sizeof(packet), &fd);

	if (n < 0)
		return NULL;
	ck_assert_int_lt(fd, 0);
	ck_assert_int_eq(json_parse(packet, (size_t)n, &json, NULL), 0);
	return json;
}

/* What would be at its time. */
static void
fire(struct timer *t)
{
	ck_assert(timer_is_set(t));
	timer_cancel(t);
	t->fn(t, t->arg);
}

/* ---- where our chats are ---- */

START_TEST(test_busy_is_told_again)
{
	_cleanup_json_ cJSON *first = NULL, *later = NULL;

	yield_tell_busy(janus.yield);
	first = word(other);
	ck_assert_str_eq(json_str(first, "op"), "busy");
	ck_assert(cJSON_IsObject(json_get(first, "instances")));
	/* It does not listen for a while: what it has no room for is lost, and what comes then is not. */
	while (fdpass_send(janus.yield->peers[0].sock, "{}", 2, -1) == 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
	fire(&janus.yield->busy);
	for (cJSON *json; (json = word(other)) != NULL; cJSON_Delete(json))
		ck_assert_ptr_null(json_str(json, "op"));
	fire(&janus.yield->busy);
	later = word(other);
	ck_assert_ptr_nonnull(later);
	ck_assert_str_eq(json_str(later, "op"), "busy");
}
END_TEST

START_TEST(test_busy_ends_with_the_successor)
{
	yield_tell_busy(janus.yield);
	janus.yield->successor = NULL;
	fire(&janus.yield->busy);
	ck_assert(!timer_is_set(&janus.yield->busy));
}
END_TEST

/* ---- who asked for an upgrade ---- */

START_TEST(test_upgraded)
{
	struct yield_peer *asks = &janus.yield->peers[1];
	_cleanup_json_ cJSON *json = NULL;
	int pair[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	asks->sock = pair[0];
	asks->waits = true;
	janus.yield->successor->pid = 4711;
	str_copy(janus.yield->successor->version, sizeof(asks->version), "1.2.3");
	yield_answer(janus.yield, true);
	json = word(pair[1]);
	ck_assert_str_eq(json_str(json, "op"), "upgraded");
	ck_assert_str_eq(json_str(json, "version"), "1.2.3");
	ck_assert_int_eq(json_int(json, "pid", 0), 4711);
	ck_assert(!asks->waits);
	close(pair[1]);
}
END_TEST

static void
no_pidfd(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ESRCH),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_LEN(filter), filter };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(test_what_ended_unseen_is_forgotten)
{
	static char name[] = "test_yield";
	static char *const argv[] = { name, NULL };
	struct yield *y = janus.yield;
	struct error err = { 0 };

	/* As it is where a program has ended before anybody could watch it. */
	no_pidfd();
	janus.argv = argv;
	ck_assert_msg(yield_start_program(y, true, &err) == 0, "%s", err.text);
	ck_assert_int_eq(y->started.pid, 0);
	ck_assert_int_lt(y->started.fd, 0);
}
END_TEST

/* ---- who asks ---- */

static void
open_handover(void)
{
	struct error err = { 0 };

	snprintf(path, sizeof(path), "/tmp/test_yield.%d", (int)getpid());
	const int fd = fdpass_listen(path, 0600, &err);
	ck_assert_msg(fd >= 0 &&
		passed_add(&janus.listeners, fd, passed_use_name(PASSED_HANDOVER), 0, &err) == 0,
	    "%s", err.text);
	yield_free(janus.yield);
	yield_begin(&janus);
}

START_TEST(test_want_of_descriptors)
{
	const struct rlimit none = { 0, rlimit.rlim_max };
	_cleanup_json_ cJSON *json = NULL;
	struct yield_peer *p;
	struct yield *y;

	open_handover();
	y = janus.yield;
	p = y->peers;
	const int asks = fdpass_connect(path, NULL);
	ck_assert_int_ge(asks, 0);
	y->watch.fn(&y->watch, EPOLLIN, y->watch.arg);
	ck_assert_int_ge(p->sock, 0);
	/* A call of the successor, with a descriptor for which there is no room: the call is lost. */
	y->successor = p;
	ck_assert_int_eq(takeover_say(asks, takeover_word("call"), STDERR_FILENO), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	p->watch.fn(&p->watch, EPOLLIN, p->watch.arg);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &rlimit), 0);
	ck_assert_ptr_eq(y->successor, p);
	/* The connection is not. */
	y->successor = NULL;
	ck_assert_int_eq(takeover_say(asks, takeover_word("upgrade"), -1), 0);
	p->watch.fn(&p->watch, EPOLLIN, p->watch.arg);
	json = word(asks);
	ck_assert_str_eq(json_str(json, "error"), "it is stopping");
	close(asks);
	unlink(path);
}
END_TEST

static void
stop_loop(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	loop_stop(janus.control);
}

START_TEST(test_closed)
{
	struct timer timer = { 0 };

	open_handover();
	const int was = janus.listeners.at[0].fd, copy = dup(was); /* as a successor has it */
	yield_close(janus.yield);
	passed_close(&janus.listeners);
	const int next = dup(copy); /* another one of that number */
	ck_assert_int_eq(next, was);
	const int asks = fdpass_connect(path, NULL);
	ck_assert_int_ge(asks, 0);
	timer_set(janus.control, &timer, 0, stop_loop, NULL);
	loop_run(janus.control);
	const int theirs = accept(copy, NULL, NULL); /* and nobody else's */
	ck_assert_int_ge(theirs, 0);
	close(theirs);
	close(asks);
	close(next);
	close(copy);
	unlink(path);
	yield_close(NULL);
}
END_TEST

int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) /* started as a successor */
		return 0;

	Suite *suite = suite_create("yield");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_busy_is_told_again);
	tcase_add_test(tc, test_busy_ends_with_the_successor);
	tcase_add_test(tc, test_upgraded);
	tcase_add_test(tc, test_what_ended_unseen_is_forgotten);
	tcase_add_test(tc, test_want_of_descriptors);
	tcase_add_test(tc, test_closed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

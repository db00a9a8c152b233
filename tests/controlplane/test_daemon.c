/*
 * test_daemon.c - a janusd that may not start takes nothing of the one that runs.
 */
#include "controlplane/daemon.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/config.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "tests/run.h"

static char dir[64];
static struct config config;
static int listening, lock;

/* What there is of another one: its lock, and its port. */
static void
setup(void)
{
	struct error err = { 0 };
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);
	char port[8];

	snprintf(dir, sizeof(dir), "/tmp/test_daemon.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *lock_path = str_printf("%s/lock", dir);
	lock = file_lock(lock_path, &err);
	ck_assert_msg(lock >= 0, "%s", err.text);
	listening = http_listen_tcp("127.0.0.1", 0, true, &err);
	ck_assert_msg(listening >= 0, "%s", err.text);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&at, &len), 0);
	snprintf(port, sizeof(port), "%d", ntohs(at.sin_port));
	setenv("JANUS_STATE_DIR", dir, 1);
	setenv("JANUS_RUNTIME_DIR", dir, 1);
	setenv("JANUS_PORT", port, 1);
	ck_assert_msg(config_load(&config, "/dev/null", &err) == 0, "%s", err.text);
}

static void
teardown(void)
{
	config_done(&config);
	close(listening);
	close(lock);
	file_remove_tree(dir, NULL);
}

/* take_over: nobody can be asked, but the place is not free. */
START_TEST(test_refused)
{
	static char name[] = "janusd";
	static char *const argv[] = { name, NULL };
	_cleanup_free_ char *control = str_printf("%s/janusd.sock", dir);
	_cleanup_free_ char *handover = str_printf("%s/handover.sock", dir);
	struct error err = { 0 };

	ck_assert_ptr_null(daemon_start(&config, argv, _i != 0, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "another janusd uses"));
	/* Nor did it listen meanwhile, beside the other one, to what it would never have answered. */
	ck_assert_int_ne(access(control, F_OK), 0);
	ck_assert_int_ne(access(handover, F_OK), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("daemon");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 20); /* a lock is waited for */
	tcase_add_loop_test(tc, test_refused, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_listeners.c - what goes by the address we listen at goes by the one that is bound.
 */
#include "controlplane/listeners.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/config.h"
#include "controlplane/gateway/origin.h"
#include "controlplane/janus.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "tests/run.h"

static char dir[64], file[80];
static struct config config;
static struct janus janus;

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_listeners.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/janus.conf", dir);
	setenv("JANUS_STATE_DIR", dir, 1);
	setenv("JANUS_RUNTIME_DIR", dir, 1);
	unsetenv("JANUS_HOST");
	unsetenv("JANUS_PORT");
}

static void
teardown(void)
{
	passed_close(&janus.listeners);
	config_done(&config);
	free(janus.control_socket);
	file_remove_tree(dir, NULL);
}

static void
put(const char *settings)
{
	struct error err = { 0 };

	ck_assert_msg(
	    file_write(file, settings, strlen(settings), 0600, &err) == 0, "%s", err.text);
}

static int
listen_at(const char *host, int port)
{
	struct error err = { 0 };
	const int fd = http_listen_tcp(host, port, true, &err);

	ck_assert_msg(fd >= 0, "%s", err.text);
	return fd;
}

static int
port_of(int fd)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* A janusd with those settings, to which a service manager passes sockets at those addresses. */
static void
begin(const char *settings, const char *const passed[])
{
	struct error err = { 0 };

	put(settings);
	ck_assert_msg(config_load(&config, file, &err) == 0, "%s", err.text);
	janus.config = &config;
	janus.nloops = 1;
	janus.control_socket = str_printf("%s/janusd.sock", dir);
	for (; *passed != NULL; passed++) {
		const int fd = listen_at(*passed, 0);

		ck_assert_int_eq(passed_add(&janus.listeners, fd, "janusd.socket", 0, &err), 0);
		janus.listeners_fixed = true;
	}
	ck_assert_msg(listeners_open(&janus, &err) == 0, "%s", err.text);
	janus_gateway_config(&janus);
}

static const struct {
	const char *name, *settings, *passed[4];
	bool anonymous, explicitly; /* who has no key: may chat; also by way of a proxy */
	const char *host; /* that goes by */
} cases[] = {
	{ "loopback", "", { "127.0.0.1" }, true, false, "127.0.0.1" },
	{ "all of loopback", "", { "127.9.9.9" }, true, false, "127.9.9.9" },
	{ "loopback of IPv6", "", { "::1" }, true, false, "::1" },
	{ "any", "", { "0.0.0.0" }, false, false, "0.0.0.0" },
	{ "any of IPv6", "", { "::" }, false, false, "::" },
	{ "one of them", "", { "127.0.0.1", "0.0.0.0", "127.0.0.2" }, false, false, "0.0.0.0" },
	{ "any, and a setting", "auth { anonymous = true }", { "0.0.0.0" }, true, true, "0.0.0.0" },
	{ "loopback, and a setting", "auth { anonymous = false }", { "127.0.0.1" }, false, true,
	    "127.0.0.1" },
	/* host is passed over, but who wrote it did not mean everybody. */
	{ "loopback, and host is not", "host = 0.0.0.0", { "127.0.0.1" }, false, false,
	    "127.0.0.1" },
};

static bool
has_ipv6(void)
{
	const int fd = http_listen_tcp("::1", 0, false, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

START_TEST(test_passed) /* [A24] Host check and keys go by the socket that was passed */
{
	if (strchr(cases[_i].host, ':') != NULL && !has_ipv6())
		return;
	begin(cases[_i].settings, cases[_i].passed);
	const struct gateway_config *c = &janus.gateway_config;

	ck_assert_msg(c->anonymous == cases[_i].anonymous, "%s", cases[_i].name);
	ck_assert_msg(c->anonymous_forwarded == cases[_i].explicitly, "%s", cases[_i].name);
	ck_assert_str_eq(c->listen_host, cases[_i].host);
	ck_assert_int_eq(host_accepted("192.0.2.7:8000", c->listen_host, NULL),
	    janus.at.host[0] == '0' || str_eq(janus.at.host, "::"));
	ck_assert_ptr_nonnull(strstr(janus.listen, cases[_i].host));
}
END_TEST

static void
show(const struct config_value *v, void *arg)
{
	if (str_eq(v->name, "auth.anonymous"))
		str_copy(arg, 40, v->value);
}

START_TEST(test_reload) /* settings that are read again do not open what the socket has closed */
{
	static const char *const passed[] = { "0.0.0.0", NULL };
	_cleanup_buf_ struct buf changed = { 0 }, waiting = { 0 };
	struct error err = { 0 };
	char shown[40] = "";

	begin("", passed);
	ck_assert_int_eq(config_reload(&config, &changed, &waiting, &err), 0);
	ck_assert_uint_eq(changed.len, 0);
	ck_assert_uint_eq(waiting.len, 0); /* nor would a restart */
	janus_gateway_config(&janus);
	ck_assert(!janus.gateway_config.anonymous);
	config_each(&config, show, shown);
	ck_assert_str_eq(shown, "false");
}
END_TEST

START_TEST(test_own) /* what janusd opens itself is where the settings want it */
{
	static const char *const none[] = { NULL };
	const int taken = listen_at("127.0.0.1", 0);
	char settings[80];

	snprintf(settings, sizeof(settings), "host = \"%s\"\nport = %d",
	    _i == 0 ? "127.0.0.1" : "0.0.0.0", port_of(taken));
	begin(settings, none);
	ck_assert_int_eq(janus.gateway_config.anonymous, _i == 0);
	ck_assert_int_eq(janus.at.port, port_of(taken));
	ck_assert_str_eq(janus.at.host, _i == 0 ? "127.0.0.1" : "0.0.0.0");
	close(taken);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("listeners");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_passed, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(tc, test_reload);
	tcase_add_loop_test(tc, test_own, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

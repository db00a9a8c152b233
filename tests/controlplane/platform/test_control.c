/*
 * test_control.c - what a packet may say, and what becomes of its descriptor and token.
 */
#include "controlplane/platform/control.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/offers.h"
#include "controlplane/platform/platform.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"
#include "tests/run.h"

#define TOKEN "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" /* of "test" */
#define POD(instance)                              \
	"{\"op\":\"pod\",\"instance\":\"" instance \
	"\",\"competitor\":\"c\",\"token_sha256\":\"" TOKEN "\"}"

static int
obey(struct platform *p, const char *packet, int fd)
{
	struct error err = { 0 };

	return control_obey(p, packet, strlen(packet), fd, &err);
}

START_TEST(test_packets)
{
	static const char *const bad[] = { "", "{", "[]", "{\"op\":\"x\"}", "{\"op\":\"gone\"}",
		"{\"op\":\"gone\",\"instance\":\"ins_9\"}", "{\"op\":\"pod\"}", POD("ins_1"),
		POD("../x"), POD("") };
	struct platform p = { .loop = loop_new(NULL) };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(obey(&p, bad[i], -1) == -1, "%s", bad[i]);
	ck_assert_int_eq(obey(&p, "{\"op\":\"ping\"}", -1), 0);
	/* What is refused is closed. */
	const int fd = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(obey(&p, POD("ins_1"), fd), -1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	loop_free(p.loop);
}
END_TEST

START_TEST(test_pod_comes_and_goes)
{
	struct platform p = { .loop = loop_new(NULL) };
	const int fd = http_listen_tcp("127.0.0.1", 0, false, NULL);
	const int again = dup(fd);

	ck_assert_int_ge(fd, 0);
	log_set_levels("error");
	ck_assert_int_eq(obey(&p, POD("ins_1"), fd), 0);
	struct caller *c = map_get(&p.callers, "ins_1");
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(obey(&p, POD("ins_1"), again), 0);
	ck_assert_ptr_eq(map_get(&p.callers, "ins_1"), c); /* undisturbed */
	ck_assert_int_eq(fcntl(again, F_GETFD), -1);
	ck_assert(caller_allows(c, "Bearer test"));
	ck_assert(!caller_allows(c, "Bearer test "));
	ck_assert(!caller_allows(c, "test"));
	ck_assert(!caller_allows(c, "Bearer "));
	ck_assert(!caller_allows(c, NULL));
	ck_assert_int_eq(obey(&p, "{\"op\":\"gone\",\"instance\":\"ins_1\"}", -1), 0);
	ck_assert_ptr_null(map_get(&p.callers, "ins_1"));
	caller_drop_all(&p);
	loop_free(p.loop);
}
END_TEST

START_TEST(test_services)
{
	struct platform p = { .loop = loop_new(NULL) };
	_cleanup_buf_ struct buf out = { 0 };

	ck_assert_int_eq(obey(&p, "{\"op\":\"services\"}", -1), 3);
	offers_packet(&p, &out);
	ck_assert_str_eq(buf_str(&out),
	    "{\"op\":\"services\",\"services\":{\"inference\":\"offline\",\"web\":null,"
	    "\"search\":null,\"vector\":null,\"sandbox\":null}}");
	static const char policy[] =
	    "{\"version\":\"t\",\"competitors\":{\"owl\":{\"domains\":[\"example.org\"]}}}";
	p.has_provider = true;
	buf_clear(&out);
	ck_assert_int_eq(policy_parse(&p.policy, policy, strlen(policy), NULL), 0);
	offers_packet(&p, &out);
	ck_assert_str_eq(buf_str(&out),
	    "{\"op\":\"services\",\"services\":{\"inference\":\"provider\",\"web\":\"policy\","
	    "\"search\":null,\"vector\":null,\"sandbox\":null}}");
	policy_done(&p.policy);
	loop_free(p.loop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("control");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_packets);
	tcase_add_test(tc, test_pod_comes_and_goes);
	tcase_add_test(tc, test_services);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

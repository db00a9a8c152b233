/*
 * test_daemon.c - bench/daemon.c: what a worker says arrives in order, or the worker hears that it cannot [J04].
 */
#include "bench/daemon.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"
#include "tests/bench/harness/answers.h"
#include "tests/run.h"

#define REPLY(status, json)                                                       \
	"HTTP/1.1 " status " x\r\ncontent-type: application/json\r\nconnection: " \
	"close\r\n\r\n" json

static char dir[32], path[64];
static struct loop *loop;
static struct daemon *daemon_;

static void
setup(void)
{
	http_client_setup();
	snprintf(dir, sizeof(dir), "/tmp/jd.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	loop = loop_new(NULL);
}

static void
begin(int64_t patience_ms)
{
	struct error err = { 0 };

	daemon_ = daemon_new(loop, path, "run_1", patience_ms, &err);
	ck_assert_msg(daemon_ != NULL, "%s", err.text);
}

static void
teardown(void)
{
	daemon_free(daemon_);
	loop_free(loop);
	unlink(path);
	rmdir(dir);
}

static cJSON *
body(int n)
{
	cJSON *json = cJSON_CreateObject();

	json_add_int(json, "n", n);
	return json;
}

/* One that is starting, stopping or overloaded is asked again. */
START_TEST(asking)
{
	static const char *const texts[] = { REPLY("503", "{}"), REPLY("500", "{}"),
		REPLY("200", "{\"lease\":7}") };
	_cleanup_json_ cJSON *json = body(1), *reply = NULL;
	struct error err = { 0 };
	struct answers a;

	begin(20000);
	answers_start(&a, path, texts, 3);
	ck_assert_int_eq(daemon_ask(daemon_, "lease", json, &reply, &err), 200);
	ck_assert_int_eq(json_int(reply, "lease", 0), 7);
	ck_assert_ptr_nonnull(
	    strstr(buf_str(&a.peer.got), "POST /api/v1/runs/run_1/lease HTTP/1.1\r\n"));
	answers_done(&a);
}
END_TEST

/* A refusal is final. */
START_TEST(refused)
{
	static const char *const texts[] = { REPLY(
	    "409", "{\"error\":{\"code\":\"lease_lost\"}}") };
	_cleanup_json_ cJSON *json = body(1), *reply = NULL;
	struct answers a;

	begin(20000);
	answers_start(&a, path, texts, 1);
	ck_assert_int_eq(daemon_ask(daemon_, "items", json, &reply, NULL), 409);
	answers_done(&a);
}
END_TEST

START_TEST(away)
{
	_cleanup_json_ cJSON *json = body(1), *reply = NULL;
	struct error err = { 0 };

	begin(100);
	ck_assert_int_eq(daemon_ask(daemon_, "lease", json, &reply, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
}
END_TEST

static int statuses[8];
static size_t heard;

static void
on_reply(int status, const cJSON *reply, void *arg)
{
	(void)reply;
	ck_assert_uint_lt(heard, 8);
	statuses[heard++] = status;
	if (heard == *(const size_t *)arg)
		loop_stop(loop);
}

/* Letters arrive in their order, whatever happened to one of them before. */
START_TEST(order)
{
	static const char *const texts[] = { REPLY("201", "{}"), REPLY("503", "{}"),
		REPLY("200", "{}"), REPLY("201", "{}") };
	const size_t wanted = 3;
	struct answers a;
	const char *at;

	begin(20000);
	answers_start(&a, path, texts, 4);
	heard = 0;
	for (int i = 1; i <= 3; i++)
		daemon_send(daemon_, "items", body(i), on_reply, (void *)(uintptr_t)&wanted);
	loop_run(loop);
	ck_assert_int_eq(statuses[0], 201);
	ck_assert_int_eq(statuses[1], 200);
	ck_assert_int_eq(statuses[2], 201);
	at = strstr(buf_str(&a.peer.got), "{\"n\":1}");
	ck_assert_ptr_nonnull(at);
	at = strstr(at, "{\"n\":2}");
	ck_assert_ptr_nonnull(at);
	at = strstr(at + 1, "{\"n\":2}");
	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_nonnull(strstr(at, "{\"n\":3}"));
	answers_done(&a);
}
END_TEST

/* A heartbeat is not repeated: the next one comes anyway. */
START_TEST(beat)
{
	const size_t wanted = 1;

	begin(60000);
	heard = 0;
	daemon_beat(daemon_, body(1), on_reply, (void *)(uintptr_t)&wanted);
	loop_run(loop);
	ck_assert_int_eq(statuses[0], 0);
}
END_TEST

/* Leaving while a letter tries again does not wait for it. */
START_TEST(leaving)
{
	const size_t wanted = 8;

	begin(60000);
	heard = 0;
	daemon_send(daemon_, "items", body(1), on_reply, (void *)(uintptr_t)&wanted);
	daemon_send(daemon_, "items", body(2), on_reply, (void *)(uintptr_t)&wanted);
	daemon_free(daemon_);
	daemon_ = NULL;
	ck_assert_uint_eq(heard, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("daemon");
	TCase *t = tcase_create("daemon");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, asking);
	tcase_add_test(t, refused);
	tcase_add_test(t, away);
	tcase_add_test(t, order);
	tcase_add_test(t, beat);
	tcase_add_test(t, leaving);
	suite_add_tcase(s, t);

	return run_suite(s);
}

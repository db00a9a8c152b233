/*
 * test_failure.c - errors to exit codes, where the daemon is, and what a submission showed.
 */
#include "controlplane/ctl/failure.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/evidence.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

START_TEST(test_statuses)
{
	static const struct {
		int status, exit_code;
	} rules[] = { { 400, 5 }, { 401, 4 }, { 403, 4 }, { 404, 3 }, { 409, 5 }, { 412, 5 },
		{ 413, 5 }, { 422, 5 }, { 429, 8 }, { 500, 6 }, { 502, 6 }, { 503, 6 }, { 504, 6 },
		{ 302, 6 } };

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		ck_assert_msg(ctl_exit_of_status(rules[i].status) == rules[i].exit_code, "%d",
		    rules[i].status);
	ck_assert_int_eq(ctl_exit_of_kind(ERROR_TIMEOUT), 7);
	ck_assert_int_eq(ctl_exit_of_kind(ERROR_UNAVAILABLE), 6);
	ck_assert_int_eq(ctl_exit_of_kind(ERROR_INVALID), 2);
	ck_assert_int_eq(ctl_exit_of_kind(ERROR_CANCELLED), 130);
	ck_assert_int_eq(ctl_exit_of_type("insufficient_quota"), 8);
	ck_assert_int_eq(ctl_exit_of_type("upstream_error"), 6);
	ck_assert_int_eq(ctl_exit_of_type(NULL), 6);
}
END_TEST

#define SAID(text, type, code)                                  \
	"{\"error\":{\"message\":\"" text "\",\"type\":\"" type \
	"\",\"param\":null,\"code\":\"" code "\",\"janus\":{\"details\":[]}}}"
#define ENVELOPE(type, code) SAID("words", type, code)

static const struct {
	int status;
	const char *body;
	int exit_code;
	const char *code, *text, *next;
} replies[] = {
	{ 404, ENVELOPE("not_found_error", "resource_not_found"), 3, "resource_not_found", "words",
	    "" },
	{ 429, ENVELOPE("rate_limit_error", "queue_full"), 8, "queue_full", "words", "" },
	{ 401, ENVELOPE("authentication_error", "invalid_api_key"), 4, "invalid_api_key", "words",
	    "give a key" },
	{ 400,
	    SAID("'cpt_01h9' is ambiguous: cpt_a, cpt_b", "invalid_request_error", "invalid_value"),
	    2, "invalid_value", "'cpt_01h9' is ambiguous", "" },
	{ 500, "<html>", 6, "bad_response", "the answer was HTTP 500", "check --url" },
	{ 404, "", 3, "bad_response", "the answer was HTTP 404", "check --url" },
	{ 502, "{\"error\":\"text\"}", 6, "bad_response", "the answer was HTTP 502",
	    "check --url" },
	{ 400, "{\"error\":{}}", 5, "unknown", "the daemon reported an error without words", "" },
};

START_TEST(test_replies)
{
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		struct ctl_failure f = { 0 };

		ck_assert_int_eq(
		    ctl_fail_reply(&f, replies[i].status, replies[i].body, strlen(replies[i].body)),
		    -1);
		ck_assert_msg(f.exit_code == replies[i].exit_code, "%zu: %d", i, f.exit_code);
		ck_assert_str_eq(f.code, replies[i].code);
		ck_assert_msg(str_starts(f.text, replies[i].text), "%zu: %s", i, f.text);
		ck_assert_msg(str_starts(f.next, replies[i].next), "%zu: %s", i, f.next);
		free(f.envelope);
	}
}
END_TEST

static bool
none(const char *path)
{
	(void)path;
	return false;
}

static bool
every(const char *path)
{
	(void)path;
	return true;
}

static bool
system_only(const char *path)
{
	return str_eq(path, "/run/janus/janusd.sock");
}

static const struct {
	struct ctl_surroundings s;
	const char *url, *socket; /* url NULL: refused */
} places[] = {
	{ { .usable = none }, "http://127.0.0.1:8000", "" },
	{ { .usable = none, .port = "9000" }, "http://127.0.0.1:9000", "" },
	{ { .usable = none, .port = "0" }, NULL, NULL },
	{ { .usable = none, .port = "70000" }, NULL, NULL },
	{ { .usable = every }, "http://janusd", "/run/janus/janusd.sock" },
	{ { .usable = every, .uid = 1000, .xdg_runtime_dir = "/run/user/1000" }, "http://janusd",
	    "/run/user/1000/janus/janusd.sock" },
	{ { .usable = every, .uid = 0, .xdg_runtime_dir = "/run/user/0" }, "http://janusd",
	    "/run/janus/janusd.sock" },
	{ { .usable = every, .uid = 1000, .home = "/home/u" }, "http://janusd",
	    "/home/u/.local/run/janus/janusd.sock" },
	{ { .usable = system_only, .uid = 1000, .xdg_runtime_dir = "/run/user/1000" },
	    "http://janusd", "/run/janus/janusd.sock" },
	{ { .usable = every, .uid = 1000, .xdg_runtime_dir = "relative" }, "http://janusd",
	    "/run/janus/janusd.sock" },
	{ { .usable = every, .runtime_directory = "/run/j2" }, "http://janusd",
	    "/run/j2/janusd.sock" },
	{ { .usable = every, .runtime_directory = "/run/j2", .janus_runtime_dir = "/tmp/j" },
	    "http://janusd", "/tmp/j/janusd.sock" },
	{ { .usable = system_only, .janus_runtime_dir = "/tmp/j" }, "http://127.0.0.1:8000", "" },
	{ { .usable = every, .url = "https://h.example:8443/" }, "https://h.example:8443", "" },
	{ { .usable = every, .url = "unix:///tmp/s.sock" }, "http://janusd", "/tmp/s.sock" },
	{ { .usable = every, .url = "unix://tmp/s.sock" }, NULL, NULL },
	{ { .usable = every, .url = "ftp://h" }, NULL, NULL },
	{ { .usable = every, .url = "http://u:p@h" }, NULL, NULL },
};

START_TEST(test_places)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct ctl_place place = { 0 };
		struct error err = { 0 };
		const int result = ctl_place_find(&places[i].s, &place, &err);

		ck_assert_msg(result == (places[i].url == NULL ? -1 : 0), "%zu: %s", i, err.text);
		if (result < 0)
			continue;
		ck_assert_msg(str_eq(place.url, places[i].url), "%zu: %s", i, place.url);
		ck_assert_msg(str_eq(place.socket, places[i].socket), "%zu: %s", i, place.socket);
	}
}
END_TEST

static cJSON *
parsed(const char *text)
{
	cJSON *json = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
	return json;
}

static const struct {
	const char *json, *said, *next;
} outcomes[] = {
	{ "{\"id\":\"sub_1\",\"name\":\"owl\",\"state\":\"ready\"}", "owl is ready",
	    "janusctl chat --model janus/owl \"hello\"" },
	{ "{\"id\":\"sub_1\",\"name\":\"owl\",\"state\":\"rejected\",\"state_reason\":\"exited\","
	  "\"state_detail\":\"exited with 1\",\"image\":\"h/o:1\"}",
	    "owl is rejected (exited): exited with 1",
	    "the program ended: correct what the log above says; then: janusctl submit image h/o:1 "
	    "--name owl --wait" },
	{ "{\"id\":\"sub_1\",\"name\":\"dev\",\"state\":\"rejected\",\"state_reason\":\"new_"
	  "reason\",\"url\":\"http://u\"}",
	    "dev is rejected (new_reason)", "janusctl submit url http://u --name dev --wait" },
	{ "{\"id\":\"sub_1\",\"name\":\"owl\",\"state\":\"failed\"}",
	    "owl is failed - the fault is the platform's, not the image's", "janusctl doctor" },
	{ "{\"id\":\"sub_1\",\"name\":\"owl\",\"state\":\"pulling\"}", "owl is pulling",
	    "janusctl wait submission sub_1" },
	{ "{}", "submission is unknown", "janusctl wait submission NAME" },
};

START_TEST(test_outcomes)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		_cleanup_json_ cJSON *json = parsed(outcomes[i].json);
		_cleanup_buf_ struct buf said = { 0 }, next = { 0 };

		ctl_outcome(&said, json);
		ctl_next_command(&next, json);
		ck_assert_str_eq(buf_str(&said), outcomes[i].said);
		ck_assert_str_eq(buf_str(&next), outcomes[i].next);
	}
	ck_assert(ctl_state_is_final("rejected") && !ctl_state_is_final("pulling"));
	ck_assert(!ctl_state_is_final(NULL));
}
END_TEST

START_TEST(test_evidence)
{
	_cleanup_json_ cJSON *json =
	    parsed("{\"evidence\":{\"exit_code\":1,\"explained\":\"exited with "
		   "1\",\"logs\":[\"a\\u001b[2J\",\"b\"],"
		   "\"health\":{\"status\":500,\"body\":\"oops\",\"error\":null},\"chat\":null,"
		   "\"listening\":\"127.0.0.1:9090\"}}");
	_cleanup_json_ cJSON *without = parsed("{\"evidence\":null}");
	_cleanup_buf_ struct buf out = { 0 }, nothing = { 0 };

	ctl_evidence(&out, json);
	ctl_evidence(&nothing, without);
	ck_assert_str_eq(buf_str(&out),
	    "  exit: code 1, exited with 1\n"
	    "  it listens on: 127.0.0.1:9090\n"
	    "  GET /health: HTTP 500: oops\n"
	    "  its last lines:\n"
	    "  | a\\x1b[2J\n"
	    "  | b\n");
	ck_assert_uint_eq(nothing.len, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failure");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_statuses);
	tcase_add_test(tc, test_replies);
	tcase_add_test(tc, test_places);
	tcase_add_test(tc, test_outcomes);
	tcase_add_test(tc, test_evidence);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_docker_streams.c - lines, pulls, logs, events and prose of an engine, cut anywhere.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/image_ref.h"
#include "tests/run.h"

static int
join(const char *line, size_t len, void *arg)
{
	buf_add(arg, line, len);
	buf_add_char(arg, '|');
	return 0;
}

START_TEST(test_lines)
{
	static const char text[] = "one\r\n\ntoo long for this\ntwo\nrest";

	for (size_t cut = 0; cut <= strlen(text); cut++) {
		struct lines l = { .max_bytes = 8 };
		_cleanup_buf_ struct buf out = { 0 };

		ck_assert_int_eq(lines_feed(&l, text, cut, join, &out), 0);
		ck_assert_int_eq(lines_feed(&l, text + cut, strlen(text) - cut, join, &out), 0);
		ck_assert_int_eq(lines_end(&l, join, &out), 0);
		ck_assert_str_eq(buf_str(&out), "one|two|rest|");
		ck_assert_uint_eq(l.dropped, 1);
		lines_done(&l);
	}
}
END_TEST

static void
pull_feed(struct pull_state *s, const char *line)
{
	pull_line(s, line, strlen(line));
}

START_TEST(test_pull_progress) /* [N01] a line inside of a 200 says that the pull failed */
{
	struct pull_state s = { 0 };

	pull_feed(&s, "{\"status\":\"Pulling from team/model\",\"id\":\"v1\"}");
	pull_feed(&s, "{\"status\":\"Already exists\",\"progressDetail\":{},\"id\":\"l0\"}");
	pull_feed(&s,
	    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":10,\"total\":100},"
	    "\"id\":\"l1\"}");
	pull_feed(&s,
	    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":5,\"total\":50},"
	    "\"id\":\"l2\"}");
	ck_assert_int_eq(s.progress.bytes, 15);
	ck_assert_int_eq(s.progress.total_bytes, 150);
	pull_feed(&s, "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"l1\"}");
	pull_feed(&s,
	    "{\"status\":\"Extracting\",\"progressDetail\":{\"current\":1,\"total\":100},"
	    "\"id\":\"l1\"}");
	ck_assert_int_eq(s.progress.bytes, 105);
	ck_assert_int_eq(s.progress.total_bytes, 150);
	ck_assert_str_eq(s.progress.status, "Extracting");
	ck_assert(!pull_line(&s, "garbage", 7));
	ck_assert(!pull_line(&s, "[1]", 3));
	ck_assert(!s.failed);
	pull_feed(&s,
	    "{\"errorDetail\":{\"message\":\"toomanyrequests: slow\\u001b[2J\"},\"error\":\"x\"}");
	pull_feed(&s, "{\"error\":\"second\"}");
	ck_assert(s.failed);
	ck_assert_str_eq(s.error, "toomanyrequests: slow\\x1b[2J");
	pull_state_done(&s);
}
END_TEST

START_TEST(test_pull_stands_still) /* [E05] a trickle is no progress, nor is a retry */
{
	struct pull_state s = { 0 };
	char line[160];

	pull_feed(&s, "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"l1\"}");
	ck_assert(pull_moves(&s, 1000, 5000));
	for (int i = 1; i < 6; i++) { /* the first byte is a step; then one a second */
		snprintf(line, sizeof(line),
		    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":%d,\"total\":"
		    "100000},"
		    "\"id\":\"l1\"}",
		    i);
		pull_feed(&s, line);
		ck_assert_msg(pull_moves(&s, 1000 + i * 1000, 5000), "after %d s", i);
	}
	pull_feed(&s, "{\"status\":\"Retrying in 2 seconds\",\"progressDetail\":{},\"id\":\"l1\"}");
	ck_assert(pull_moves(&s, 6999, 5000));
	ck_assert(!pull_moves(&s, 7000, 5000));
	ck_assert(pull_moves(&s, 7000, 0)); /* nobody minds */
	pull_feed(&s,
	    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":5010,\"total\":100000},"
	    "\"id\":\"l1\"}");
	ck_assert(pull_moves(&s, 20000, 5000));
	pull_feed(&s, "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"l1\"}");
	ck_assert(pull_moves(&s, 40000, 5000));
	pull_feed(&s, "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"l1\"}");
	ck_assert(!pull_moves(&s, 45000, 5000));
	pull_feed(&s,
	    "{\"status\":\"Extracting\",\"progressDetail\":{\"current\":1,\"total\":9},\"id\":"
	    "\"l1\"}");
	ck_assert(pull_moves(&s, 45000, 5000));
	pull_feed(&s,
	    "{\"status\":\"Extracting\",\"progressDetail\":{\"current\":5001,\"total\":9000},"
	    "\"id\":\"l1\"}");
	ck_assert(pull_moves(&s, 60000, 5000));
	pull_state_done(&s);
}
END_TEST

static int
note_line(const struct log_line *line, void *arg)
{
	buf_printf(arg, "%c%lld:%.*s|", line->is_stderr ? 'e' : 'o', (long long)line->at_ms,
	    (int)line->len, line->text);
	return 0;
}

static void
add_frame(struct buf *b, int stream, const char *payload)
{
	const size_t len = strlen(payload);
	const char header[8] = { (char)stream, 0, 0, 0, 0, 0, (char)(len >> 8), (char)len };

	buf_add(b, header, 8);
	buf_add(b, payload, len);
}

START_TEST(test_log_frames)
{
	_cleanup_buf_ struct buf text = { 0 };

	add_frame(&text, 1, "2024-05-01T00:00:00.123456789Z hello world\n");
	add_frame(&text, 2, "2024-05-01T00:00:01Z bad\r\n");
	add_frame(&text, 1, "");
	add_frame(&text, 1, "2024-05-01T00:00:01Z part");
	add_frame(&text, 1, "2024-05-01T00:00:01Z end\n");
	add_frame(&text, 1, "no time here\n2024-05-01T00:00:01Z \n");
	for (size_t cut = 0; cut <= text.len; cut++) {
		struct log_frames f = { 0 };
		_cleanup_buf_ struct buf out = { 0 };

		ck_assert_int_eq(log_frames_feed(&f, text.data, cut, note_line, &out), 0);
		ck_assert_int_eq(
		    log_frames_feed(&f, text.data + cut, text.len - cut, note_line, &out), 0);
		ck_assert_str_eq(buf_str(&out),
		    "o1714521600123:hello world|e1714521601000:bad|"
		    "o1714521601000:part|o1714521601000:end|o0:no time here|o1714521601000:|");
		log_frames_done(&f);
	}
}
END_TEST

static int
longest(const struct log_line *line, void *arg)
{
	size_t *most = arg;

	*most = line->len > *most ? line->len : *most;
	return 0;
}

START_TEST(test_log_frames_bad_and_big)
{
	static const char bad[8] = { 'H', 'T', 'T', 'P' };
	_cleanup_free_ char *big = mem_zalloc(1 << 20);
	struct log_frames f = { 0 }, g = { 0 };
	size_t most = 0;

	ck_assert_int_eq(log_frames_feed(&f, bad, sizeof(bad), longest, &most), -1);
	ck_assert(f.bad);
	log_frames_done(&f);
	memset(big, 'x', 1 << 20);
	memcpy(big, "\1\0\0\0\0\x0f\0\0", 8);
	ck_assert_int_eq(
	    log_frames_feed(&g, big, 1 << 20, longest, &most), -1); /* then comes garbage */
	ck_assert_uint_eq(most, LOG_LINE_MAX_BYTES);
	log_frames_done(&g);
}
END_TEST

START_TEST(test_events)
{
#define EVENT(action, more)                            \
	"{\"Type\":\"container\",\"Action\":\"" action \
	"\",\"Actor\":{\"ID\":\"x\",\"Attributes\":{" more "\"rodeo.janus.instance\":\"ins_1\"}}}"
	static const struct {
		const char *line;
		int status;
		const char *action;
		int exit_code;
		bool is_link;
	} cases[] = {
		{ EVENT("die", "\"exitCode\":\"137\","), 0, "die", 137, false },
		{ EVENT("died", "\"containerExitCode\":\"3\","), 0, "die", 3, false },
		{ EVENT("remove", ""), 0, "destroy", -1, false },
		{ EVENT("start", "\"rodeo.janus.role\":\"link\","), 0, "start", -1, true },
		{ EVENT("exec_create: sh -c secret", ""), 0, "exec_create", -1, false },
		{ EVENT("something_new_and_very_long_indeed", ""), 0, "something_new_and_very_", -1,
		    false },
		{ "{\"Action\":\"die\",\"Actor\":{\"Attributes\":{}}}", -1, "", 0, false },
		{ "{\"Action\":\"die\",\"Actor\":{\"Attributes\":{\"rodeo.janus.instance\":\"../"
		  "x\"}}}",
		    -1, "", 0, false },
		{ "{\"Action\":7}", -1, "", 0, false },
		{ "garbage", -1, "", 0, false },
		{ "", -1, "", 0, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct engine_event e = { .exit_code = 0 };

		ck_assert_int_eq(
		    event_parse(cases[i].line, strlen(cases[i].line), &e), cases[i].status);
		ck_assert_str_eq(e.action, cases[i].action);
		ck_assert_int_eq(e.exit_code, cases[i].exit_code);
		ck_assert_int_eq(e.is_link, cases[i].is_link);
	}
}
END_TEST

START_TEST(test_versions)
{
	static const struct {
		const char *text;
		const char *api, *words;
	} cases[] = {
		{ "{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}", "1.41", NULL },
		{ "{\"ApiVersion\":\"1.51\",\"MinAPIVersion\":\"1.24\"}", "1.44", NULL },
		{ "{\"ApiVersion\":\"1.52\",\"MinAPIVersion\":\"1.44\"}", "1.44", NULL },
		{ "{\"ApiVersion\":\"1.40\"}", "1.40", NULL },
		{ "{\"ApiVersion\":\"1.39\",\"MinAPIVersion\":\"1.12\"}", NULL,
		    "API 1.39, Janus needs 1.40" },
		{ "{\"ApiVersion\":\"1.60\",\"MinAPIVersion\":\"1.50\"}", NULL,
		    "API 1.50, Janus speaks up to" },
		{ "{\"ApiVersion\":\"new\"}", NULL, "not a container engine" },
		{ "{\"ApiVersion\":1.41}", NULL, "not a container engine" },
		{ "{}", NULL, "not a container engine" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_json_ cJSON *json = NULL;
		struct error err = { 0 };
		struct dialect d = { 0 };

		ck_assert_int_eq(json_parse(cases[i].text, strlen(cases[i].text), &json, &err), 0);
		ck_assert_int_eq(dialect_parse(json, &d, &err), cases[i].api != NULL ? 0 : -1);
		if (cases[i].api != NULL)
			ck_assert_str_eq(d.api, cases[i].api);
		else
			ck_assert_msg(strstr(err.text, cases[i].words) != NULL, "%s", err.text);
	}
}
END_TEST

START_TEST(
    test_refusals) /* [E04] what an engine says when a registry let it down: TLS, names, pages, damage */
{
	static const struct {
		int status;
		const char *message;
		enum error_kind kind;
	} cases[] = {
		{ 404, "manifest for h/m:v2 not found: manifest unknown", ERROR_NOT_FOUND },
		{ 500, "manifest unknown: manifest unknown", ERROR_NOT_FOUND },
		{ 500, "no basic auth credentials", ERROR_DENIED },
		{ 500, "unauthorized: authentication required", ERROR_DENIED },
		{ 404,
		    "pull access denied for m, repository does not exist or may require 'docker "
		    "login'",
		    ERROR_DENIED },
		{ 403, "", ERROR_DENIED },
		{ 500, "toomanyrequests: slow down", ERROR_BUSY },
		{ 429, "", ERROR_BUSY },
		{ 500, "Get \"http://h/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
		    ERROR_UNAVAILABLE },
		{ 500, "dial tcp: lookup h: no such host", ERROR_UNAVAILABLE },
		{ 500,
		    "error parsing HTTP 500 response body: invalid character '<' looking for value",
		    ERROR_UPSTREAM },
		{ 500, "received unexpected HTTP status: 500 Internal Server Error",
		    ERROR_UPSTREAM },
		{ 0, "filesystem layer verification failed for digest sha256:x", ERROR_UPSTREAM },
		{ 0, "write /x: no space left on device", ERROR_IO },
		{ 0, "no matching manifest for linux/amd64 in the manifest list entries",
		    ERROR_CONFLICT },
		{ 500, "Get \"https://h/v2/\": x509: certificate signed by unknown authority",
		    ERROR_UNAVAILABLE },
		{ 500, "Get \"https://h/v2/\": net/http: TLS handshake timeout",
		    ERROR_UNAVAILABLE },
		{ 500, "dial tcp: lookup h on 10.0.0.1:53: server misbehaving", ERROR_UNAVAILABLE },
		{ 0, "prose that nobody foresaw", ERROR_UPSTREAM },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };

		ck_assert_int_eq(
		    registry_refusal(&err, cases[i].status, cases[i].message, "h/m:v2"), -1);
		ck_assert_msg(err.kind == cases[i].kind, "%s: %s: %s", cases[i].message,
		    error_kind_name(err.kind), err.text);
		ck_assert_msg(strstr(err.text, "h/m:v2") != NULL, "%s", err.text);
	}
}
END_TEST

START_TEST(test_start_refusals) /* what is the image's fault, and what the engine's own */
{
#define ONTO                                                                               \
	": Are you trying to mount a directory onto a file (or vice-versa)? Check if the " \
	"specified "                                                                       \
	"host path exists and is the expected type"
#define LONG                                                                               \
	"/usr/bin/python3 -m uvicorn app.main:app --host 127.0.0.1 --port 8080 --workers " \
	"1 --log-level warning"
#define RUNC "OCI runtime create failed: runc create failed: unable to start container process: "
	static const struct {
		int status;
		const char *message;
		enum error_kind kind;
	} cases[] = {
		{ 400, RUNC "exec: \\\"/nope\\\": stat /nope: no such file or directory: unknown",
		    ERROR_INVALID },
		{ 400, RUNC "exec: \\\"nope\\\": executable file not found in $PATH: unknown",
		    ERROR_INVALID },
		{ 400, RUNC "exec: \\\"/\\\": permission denied: unknown", ERROR_INVALID },
		{ 400,
		    RUNC "exec: \\\"/app/main\\\": stat /app/main: not a directory: unknown" ONTO,
		    ERROR_INVALID },
		{ 400,
		    RUNC "exec: \\\"" LONG "\\\": stat " LONG
			 ": no such file or directory: unknown",
		    ERROR_INVALID },
		{ 400,
		    RUNC "error during container init: error mounting \\\"tmpfs\\\" to rootfs at "
			 "\\\"/tmp\\\": mount tmpfs:/tmp (via /proc/self/fd/6), flags: 0xe: not a "
			 "directory: unknown" ONTO,
		    ERROR_INVALID },
		{ 500,
		    "runc: container_linux.go:380: starting container process caused: exec: "
		    "\\\"/nope\\\": stat /nope: no such file or directory: OCI runtime attempted "
		    "to "
		    "invoke a command that was not found",
		    ERROR_INVALID },
		{ 400,
		    RUNC
		    "error during container init: chdir to cwd (\\\"/root\\\") set in config.json "
		    "failed: permission denied: unknown",
		    ERROR_INVALID },
		{ 400,
		    "failed to create shim: mkdir /run/containerd/x: no such file or directory: "
		    "unknown",
		    ERROR_INTERNAL },
		{ 400,
		    "failed to start shim: exec: \\\"containerd-shim-runc-v2\\\": executable file "
		    "not found in $PATH: unknown",
		    ERROR_INTERNAL },
		{ 400,
		    RUNC
		    "error during container init: error mounting \\\"/x\\\" to rootfs: no such "
		    "file or directory: unknown",
		    ERROR_INTERNAL },
		{ 500,
		    "connection error: desc = \\\"transport: Error while dialing dial unix "
		    "/run/containerd/containerd.sock: connect: no such file or directory\\\"",
		    ERROR_UNAVAILABLE },
		{ 500, "cannot join network of a non running container", ERROR_UPSTREAM },
		{ 404, "no such container", ERROR_NOT_FOUND },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct docker_reply r = { .status = cases[i].status };
		struct error err = { 0 };

		buf_printf(&r.body, "{\"message\":\"%s\"}", cases[i].message);
		ck_assert_int_eq(docker_start_refusal(&err, &r), -1);
		ck_assert_msg(err.kind == cases[i].kind, "%s: %s: %s", cases[i].message,
		    error_kind_name(err.kind), err.text);
		buf_done(&r.body);
	}
#undef RUNC
#undef LONG
#undef ONTO
}
END_TEST

START_TEST(test_messages)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
		{ "{\"message\":\"no such thing\\n\"}", "no such thing" },
		{ "{\"cause\":\"x\",\"message\":\"y\"}", "y" },
		{ "plain words\n", "plain words" },
		{ "<html><body>", "it answered with a web page" },
		{ "", "it gave no reason" },
		{ "{\"message\":7}", "{\"message\":7}" },
	};
	char out[ENGINE_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_str_eq(
		    docker_message(cases[i].body, strlen(cases[i].body), out), cases[i].text);
}
END_TEST

START_TEST(test_paths)
{
	static const char *const labels[] = { "a=1", "b=\"&" };
	_cleanup_free_ char *path = path_filters("/x?all=1", labels, 2);
	struct image_ref ref;
	char text[700];

	ck_assert_str_eq(
	    path, "/x?all=1&filters=%7B%22label%22%3A%5B%22a%3D1%22%2C%22b%3D%5C%22%26%22%5D%7D");
	ck_assert_int_eq(image_ref_parse("h.io/m:v1", &ref, NULL), 0);
	ck_assert_str_eq(ref_text(&ref, NULL, text), "h.io/m:v1");
	ck_assert_str_eq(ref_text(&ref, "sha256:ab", text), "h.io/m@sha256:ab");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("docker_streams");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_lines);
	tcase_add_test(tc, test_pull_progress);
	tcase_add_test(tc, test_pull_stands_still);
	tcase_add_test(tc, test_log_frames);
	tcase_add_test(tc, test_log_frames_bad_and_big);
	tcase_add_test(tc, test_events);
	tcase_add_test(tc, test_versions);
	tcase_add_test(tc, test_refusals);
	tcase_add_test(tc, test_start_refusals);
	tcase_add_test(tc, test_messages);
	tcase_add_test(tc, test_paths);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

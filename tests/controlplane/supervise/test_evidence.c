/*
 * test_evidence.c - one sentence and one object for each way to fail, and who listens where.
 */
#include "controlplane/supervise/evidence.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "tests/run.h"

/* A case is what it has in common with others, and what it overrides. */
#pragma GCC diagnostic ignored "-Woverride-init"

static const struct pod_state running = { .phase = POD_RUNNING };
static const struct pod_state exited = { .phase = POD_EXITED, .exit_code = 3 };
static const struct pod_state crashed = { .phase = POD_EXITED, .exit_code = 139, .signal = 11 };
static const struct pod_state oom = {
	.phase = POD_EXITED, .exit_code = 137, .signal = 9, .oom_killed = true
};
static const struct health_seen never = { 0 };
static const struct health_seen status500 = {
	.at_ms = 1, .status = 500, .error = "GET /health answered status 500"
};
static const struct health_seen silent = { .at_ms = 1, .error = "no answer within 2s" };
static const struct health_seen bare = { .at_ms = 1, .status = 204 };
static const char *const two_lines[] = { "starting", "no model: \"x\"\n\xff\x1b[31m" };

static const char *const eacces_lines[] = { "starting", "bind() to 0.0.0.0:80: Permission denied" };
static const char *const two_wishes[] = { "getaddrinfo EAI_AGAIN api.example",
	"/var/x: Read-only file system" };

#define COMMON                                                                         \
	.memory_bytes = 512 << 20, .health_body = "", .start_error = "", .port = 8080, \
	.start_timeout_ms = 30000

static const struct why {
	const char *name;
	struct evidence_in in;
	const char *sentence;
	const char *json;
} whys[] = {
	{ "exited by itself", { COMMON, .reason = "exited", .state = &exited, .health = &never },
	    "exited with 3",
	    "{\"exit_code\":3,\"out_of_memory\":false,\"explained\":\"exited with "
	    "3\",\"logs\":[]}" },
	{ "crashed", { COMMON, .reason = "exited", .state = &crashed, .health = &never },
	    "crashed: signal 11 (Segmentation fault)",
	    "{\"exit_code\":139,\"out_of_memory\":false,"
	    "\"explained\":\"crashed: signal 11 (Segmentation fault)\",\"logs\":[]}" },
	{ "out of memory", { COMMON, .reason = "exited", .state = &oom, .health = &never },
	    "killed: memory limit 512 MiB",
	    "{\"exit_code\":137,\"out_of_memory\":true,"
	    "\"explained\":\"killed: memory limit 512 MiB\",\"logs\":[]}" },
	{ "start refused",
	    { COMMON, .reason = "start_refused", .health = &never,
		.start_error = "command not found: owl" },
	    "command not found: owl", "{\"start_error\":\"command not found: owl\",\"logs\":[]}" },
	{ "nothing listened, not looked",
	    { COMMON, .reason = "not_listening", .state = &running, .health = &never },
	    "nothing listened on 127.0.0.1:8080 within 30s", "{\"logs\":[]}" },
	{ "nothing listened at all",
	    { COMMON, .reason = "not_listening", .state = &running, .health = &never,
		.listening = "" },
	    "nothing listened on 127.0.0.1:8080 within 30s; listening: nothing",
	    "{\"listening\":\"\",\"logs\":[]}" },
	{ "listened elsewhere",
	    { COMMON, .reason = "not_listening", .state = &running, .health = &never,
		.listening = "127.0.0.1:9090" },
	    "nothing listened on 127.0.0.1:8080 within 30s; listening: 127.0.0.1:9090",
	    "{\"listening\":\"127.0.0.1:9090\",\"logs\":[]}" },
	{ "unhealthy",
	    { COMMON, .reason = "not_healthy", .state = &running, .health = &status500,
		.health_body = "no model", .start_timeout_ms = 1500 },
	    "GET /health was never 200 within 1.5s: GET /health answered status 500",
	    "{\"health\":{\"status\":500,\"error\":\"GET /health answered status 500\","
	    "\"body\":\"no model\"},\"logs\":[]}" },
	{ "silent", { COMMON, .reason = "not_healthy", .state = &running, .health = &silent },
	    "GET /health was never 200 within 30s: no answer within 2s",
	    "{\"health\":{\"status\":0,\"error\":\"no answer within "
	    "2s\",\"body\":\"\"},\"logs\":[]}" },
	{ "healthy in words only",
	    { COMMON, .reason = "not_healthy", .state = &running, .health = &bare },
	    "GET /health was never 200 within 30s: it answered status 204",
	    "{\"health\":{\"status\":204,\"error\":null,\"body\":\"\"},\"logs\":[]}" },
	{ "an exit explains more than silence",
	    { COMMON, .reason = "not_listening", .state = &exited, .health = &never },
	    "exited with 3",
	    "{\"exit_code\":3,\"out_of_memory\":false,\"explained\":\"exited with "
	    "3\",\"logs\":[]}" },
	{ "of no reason it knows", { COMMON, .reason = "link_lost", .health = &never }, "link_lost",
	    "{\"logs\":[]}" },
	{ "[E12] a log that says what the contract does not give",
	    { COMMON, .reason = "exited", .state = &exited, .health = &never, .logs = eacces_lines,
		.nlogs = 2 },
	    "exited with 3; it runs as a user of its own, never as root and without any privilege",
	    "{\"exit_code\":3,\"out_of_memory\":false,\"explained\":\"exited with 3\","
	    "\"contract\":[\"it runs as a user of its own, never as root and without any "
	    "privilege\"],\"logs\":[\"starting\",\"bind() to 0.0.0.0:80: Permission denied\"]}" },
	{ "[E12] two of them",
	    { COMMON, .reason = "exited", .state = &exited, .health = &never, .logs = two_wishes,
		.nlogs = 2 },
	    "exited with 3; only /tmp and the image's VOLUMEs can be written to",
	    "{\"exit_code\":3,\"out_of_memory\":false,\"explained\":\"exited with 3\","
	    "\"contract\":[\"only /tmp and the image's VOLUMEs can be written to\","
	    "\"a pod has no DNS: names are asked for at JANUS_PLATFORM_URL, the only way out\"],"
	    "\"logs\":[\"getaddrinfo EAI_AGAIN api.example\",\"/var/x: Read-only file system\"]}" },
	{ "[E12] port 80 is another port",
	    { COMMON, .reason = "not_listening", .state = &running, .health = &never,
		.listening = "0.0.0.0:80" },
	    "nothing listened on 127.0.0.1:8080 within 30s; listening: 0.0.0.0:80",
	    "{\"listening\":\"0.0.0.0:80\",\"logs\":[]}" },
	{ "with what it printed",
	    { COMMON, .reason = "exited", .state = &exited, .health = &never, .logs = two_lines,
		.nlogs = 2 },
	    "exited with 3",
	    "{\"exit_code\":3,\"out_of_memory\":false,\"explained\":\"exited with 3\",\"logs\":["
	    "\"starting\",\"no model: \\\"x\\\"\\n\xef\xbf\xbd\\u001b[31m\"]}" },
};

START_TEST(test_why)
{
	const struct why *w = &whys[_i];
	_cleanup_free_ char *text = evidence_json(&w->in);
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };
	char sentence[DETAIL_MAX], small[8];

	evidence_sentence(&w->in, sentence, sizeof(sentence));
	ck_assert_msg(strcmp(sentence, w->sentence) == 0, "%s: %s", w->name, sentence);
	evidence_sentence(&w->in, small, sizeof(small));
	ck_assert_int_eq(strncmp(small, w->sentence, sizeof(small) - 1), 0);
	ck_assert_msg(strcmp(text, w->json) == 0, "%s: %s", w->name, text);
	ck_assert_msg(
	    json_parse(text, strlen(text), &json, &err) == 0, "%s: %s", w->name, err.text);
}
END_TEST

START_TEST(test_much)
{
	static char line[20000];
	const char *logs[EVIDENCE_LOG_LINES];
	const struct evidence_in in = { COMMON, .reason = "exited", .state = &exited,
		.health = &never, .logs = logs, .nlogs = EVIDENCE_LOG_LINES };
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };

	memset(line, '\xfe', sizeof(line) - 1);
	for (size_t i = 0; i < EVIDENCE_LOG_LINES; i++)
		logs[i] = line;
	_cleanup_free_ char *text = evidence_json(&in);
	ck_assert_msg(json_parse(text, strlen(text), &json, &err) == 0, "%s", err.text);
	ck_assert_int_eq(cJSON_GetArraySize(json_get(json, "logs")), EVIDENCE_LOG_LINES);
}
END_TEST

/* ---- /proc/net/tcp ---- */

#define HEAD                                                                                  \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  " \
	"timeout inode\n"
#define REST                                                                                      \
	" 00000000:00000000 00:00000000 00000000  1000        0 4567 1 0000000000000000 100 0 0 " \
	"10 0\n"
#define ROW(n, local, state) "   " n ": " local " 00000000:0000 " state REST
#define ROW6(n, local, state) \
	"   " n ": " local " 00000000000000000000000000000000:0000 " state REST
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ /* the kernel prints words of the host */
#define LOOPBACK "0100007F"
#define TEN "0101000A"
#define LOOPBACK6 "00000000000000000000000001000000"
#define DOCUMENTATION6 "B80D0120000000000000000001000000"
#define MAPPED "0000000000000000FFFF00000100007F"
#else
#define LOOPBACK "7F000001"
#define TEN "0A000101"
#define LOOPBACK6 "00000000000000000000000000000001"
#define DOCUMENTATION6 "20010DB8000000000000000000000001"
#define MAPPED "00000000000000000000FFFF7F000001"
#endif
#define ANY6 "00000000000000000000000000000000"
#define HUNDRED                                                                                    \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxx"

static const struct table {
	const char *name, *text, *listening;
} tables[] = {
	{ "empty", "", "" },
	{ "the heading only", HEAD, "" },
	{ "one", HEAD ROW("0", LOOPBACK ":1F90", "0A"), "127.0.0.1:8080" },
	{ "any address", HEAD ROW("0", "00000000:0050", "0A"), "0.0.0.0:80" },
	{ "bytes in their order", ROW("0", TEN ":FFFF", "0A"), "10.0.1.1:65535" },
	{ "the broker's own is left out",
	    HEAD ROW("0", LOOPBACK ":2198", "0A") ROW("1", LOOPBACK ":2382", "0A"),
	    "127.0.0.1:9090" },
	{ "only what listens",
	    HEAD ROW("0", LOOPBACK ":1F90", "01") ROW("1", LOOPBACK ":1F91", "06"), "" },
	{ "both tables", HEAD ROW("0", LOOPBACK ":1F90", "0A") HEAD ROW6("0", ANY6 ":0050", "0A"),
	    "127.0.0.1:8080, [::]:80" },
	{ "IPv6 loopback", ROW6("0", LOOPBACK6 ":1F90", "0A"), "[::1]:8080" },
	{ "IPv6", ROW6("0", DOCUMENTATION6 ":1F90", "0A"), "[2001:db8::1]:8080" },
	{ "mapped", ROW6("0", MAPPED ":1F90", "0A"), "[::ffff:127.0.0.1]:8080" },
	{ "no end of line", "   0: " LOOPBACK ":1F90 00000000:0000 0A", "127.0.0.1:8080" },
	{ "cut short", "   0: " LOOPBACK ":1F90 00000000:0000", "" },
	{ "a cut line, then a whole one", "   0: 0100\n" ROW("1", LOOPBACK ":1F90", "0A"),
	    "127.0.0.1:8080" },
	{ "garbage", "\x01\xff\n::::\n: : : :\n%s%n\n0: :: :: 0A\n0: zz:1F90 zz:0000 0A\n", "" },
	{ "an address of a wrong length", "   0: 0100007F00:1F90 00000000:0000 0A\n", "" },
	{ "no port", "   0: 0100007F: 00000000:0000 0A\n   0: 0100007F 00000000:0000 0A\n", "" },
	{ "long words", "   0: " HUNDRED ":1F90 00000000:0000 0A\n", "" },
	{ "a long line, then a whole one",
	    "   0: " LOOPBACK ":1F90 00000000:0000 0A " HUNDRED HUNDRED HUNDRED HUNDRED
	    "\n" ROW("1", LOOPBACK ":1F91", "0A"),
	    "127.0.0.1:8081" },
};

START_TEST(test_listening)
{
	const struct table *t = &tables[_i];
	_cleanup_buf_ struct buf out = { 0 };

	listening_from_table(t->text, &out);
	ck_assert_msg(strcmp(buf_str(&out), t->listening) == 0, "%s: '%s'", t->name, buf_str(&out));
}
END_TEST

START_TEST(test_full_table)
{
	_cleanup_buf_ struct buf table = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	size_t commas = 0;

	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&table, "%5u: " LOOPBACK ":%04X 00000000:0000 0A" REST, i, 10000 + i);
	listening_from_table(buf_str(&table), &out);
	for (const char *p = buf_str(&out); *p != '\0'; p++)
		commas += *p == ',';
	ck_assert_uint_eq(commas, 999);
	ck_assert(str_ends(buf_str(&out), ", 127.0.0.1:10999"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("evidence");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_why, 0, (int)ARRAY_LEN(whys));
	tcase_add_test(tc, test_much);
	tcase_add_loop_test(tc, test_listening, 0, (int)ARRAY_LEN(tables));
	tcase_add_test(tc, test_full_table);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

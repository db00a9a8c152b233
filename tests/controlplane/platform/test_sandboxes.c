/*
 * test_sandboxes.c - the Sandy API for a pod: whose a sandbox is, what it costs, when it ends.
 */
#include "tests/controlplane/platform/house.h"
#include "tests/run.h"

#define JSON(status, body) \
	"HTTP/1.1 " status "\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" body
#define MADE           \
	JSON("200 OK", \
	    "{\"sandboxId\":\"sb_1\",\"status\":\"running\",\"url\":\"http://secret:8601/x\"}")

START_TEST(test_body) /* what a competitor may ask for of another service */
{
	static const struct {
		const char *in, *out, *param;
	} cases[] = {
		{ "", "{\"timeoutMinutes\":10,\"priority\":2}", NULL },
		{ "{\"timeoutMinutes\":3,\"priority\":0}", "{\"timeoutMinutes\":3,\"priority\":2}",
		    NULL },
		{ "{\"flavor\":\"basic\",\"env\":{\"A\":\"b\"},\"image\":\"evil\",\"priority\":3}",
		    "{\"flavor\":\"basic\",\"env\":{\"A\":\"b\"},\"timeoutMinutes\":10,"
		    "\"priority\":3}",
		    NULL },
		{ "{\"enableDockerSocket\":true}", NULL, "enableDockerSocket" },
		{ "{\"timeoutMinutes\":100000}", NULL, "timeoutMinutes" },
		{ "{\"timeoutMinutes\":-1}", NULL, "timeoutMinutes" },
		{ "{\"priority\":9}", NULL, "priority" },
		{ "[]", NULL, NULL },
		{ "{", NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		const char *param;
		int64_t ttl_ms;
		_cleanup_free_ char *got =
		    sandboxes_create_body(cases[i].in, strlen(cases[i].in), &ttl_ms, &param, &err);

		ck_assert_msg(str_eq(got, cases[i].out), "%s: %s", cases[i].in, got);
		ck_assert(got != NULL || str_eq(param, cases[i].param));
	}
}
END_TEST

START_TEST(test_life)
{
	house_open(
	    "{\"version\":\"t\",\"default\":{\"budget\":{\"sandbox_seconds\":700}}}", NULL, false);
	h.answer = MADE;
	_cleanup_free_ char *made = pod_ask("POST", "/api/sandboxes", "", "{\"image\":\"x\"}");
	ck_assert_int_eq(status_of(made), 200);
	check_has(made, "\"url\":\"http://127.0.0.1:8600/sandbox/sb_1\"");
	check_lacks(made, "secret");
	check_has(buf_str(&h.asked), "authorization: Bearer sandy-secret-key\r\n");
	_cleanup_free_ char *usage = pod_ask("GET", "/usage", "", NULL);
	check_has(usage, "\"sandbox_seconds\":600"); /* held: as long as it may live */
	/* One more would not fit. */
	_cleanup_free_ char *more = pod_ask("POST", "/api/sandboxes", "", "{}");
	ck_assert_int_eq(status_of(more), 429);
	check_has(more, "budget_exceeded");
	h.answer = JSON("200 OK", "{\"stdout\":\"42\\n\",\"exitCode\":0}");
	_cleanup_free_ char *ran =
	    pod_ask("POST", "/api/sandboxes/sb_1/exec?x=1", "", "{\"command\":\"true\"}");
	check_has(ran, "{\"stdout\":\"42\\n\",\"exitCode\":0}");
	check_has(buf_str(&h.asked), "POST /api/sandboxes/sb_1/exec?x=1 HTTP/1.1\r\n");
	check_has(buf_str(&h.asked), "{\"command\":\"true\"}");
	/* The run token is ours to check, and goes no further. */
	_cleanup_free_ char *token =
	    pod_ask("GET", "/api/sandboxes/sb_1", "authorization: Bearer test\r\n", NULL);
	ck_assert_int_eq(status_of(token), 200);
	check_lacks(buf_str(&h.asked), "Bearer test");
	h.answer = JSON("200 OK", "{\"ok\":true}");
	_cleanup_free_ char *ended = pod_ask("POST", "/api/sandboxes/sb_1/terminate", "", "{}");
	ck_assert_int_eq(status_of(ended), 200);
	house_wait(&h.ncalls, 5);
	check_has(buf_str(&h.told), "\"operation\":\"sandbox\"");
	_cleanup_free_ char *gone = pod_ask("GET", "/api/sandboxes/sb_1", "", NULL);
	ck_assert_int_eq(status_of(gone), 404);
	_cleanup_free_ char *after = pod_ask("GET", "/usage", "", NULL);
	check_lacks(after, "\"sandbox_seconds\":600"); /* settled with what it was */
	house_close();
}
END_TEST

START_TEST(test_not_ours) /* [G14] another's sandbox is none; the service is not even asked */
{
	static const char *const paths[] = { "/api/sandboxes/sb_other", "/api/sandboxes/stats",
		"/api/sandboxes/sb_1", "/sandbox/sb_other/artifacts/a" };
	static const char *const denied[] = { "/api/metrics/timeseries", "/api/sandboxes",
		"/api/sandboxes/a/b/c", "/api/sandboxes/../health", "/api/sandboxes/%2e%2e" };

	house_open(NULL, NULL, false);
	h.answer = JSON("200 OK", "{}");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		_cleanup_free_ char *got = pod_ask("GET", paths[i], "", NULL);
		ck_assert_msg(status_of(got) == 404, "%s: %s", paths[i], got);
	}
	for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
		_cleanup_free_ char *got = pod_ask("GET", denied[i], "", NULL);
		ck_assert_msg(
		    status_of(got) == 403 || status_of(got) == 404, "%s: %s", denied[i], got);
	}
	ck_assert_int_eq(h.nrequests, 0);
	house_close();
}
END_TEST

static const struct lie {
	const char *answer;
	int status;
	const char *code;
} lies[] = {
	/* [H11] */
	{ "", 502, "upstream_bad_response" },
	{ "SSH-2.0-x\r\n\r\n", 502, "upstream_bad_response" },
	{ JSON("200 OK", "no json"), 502, "upstream_bad_response" },
	{ JSON("200 OK", "{}"), 502, "upstream_bad_response" },
	{ JSON("200 OK", "{\"sandboxId\":\"../../api/health\"}"), 502, "upstream_bad_response" },
	{ JSON("200 OK", "{\"sandboxId\":\"a\\r\\nx: y\"}"), 502, "upstream_bad_response" },
	{ JSON("401 Unauthorized", "your key sandy-secret-key is wrong"), 502,
	    "upstream_bad_response" },
	{ JSON("503 Busy", "{}"), 503, "sandbox_capacity" },
	{ JSON("500 Oops", "{}"), 502, "upstream_bad_response" },
	{ "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{\"sandboxId\":\"sb_1\"}", 502,
	    "upstream_bad_response" },
};

START_TEST(
    test_lies) /* [H11] a service that is down or lies: typed, its own fault, never our key */
{
	house_open(NULL, NULL, false);
	h.answer = lies[_i].answer;
	_cleanup_free_ char *got = pod_ask("POST", "/api/sandboxes", "", "{}");
	ck_assert_msg(status_of(got) == lies[_i].status, "%s: %s", lies[_i].answer, got);
	check_has(got, lies[_i].code);
	check_lacks(got, "\"fault\":\"miner\"");
	check_lacks(got, "\"fault\":\"client\"");
	check_lacks(got, "sandy-secret-key");
	house_close();
}
END_TEST

START_TEST(test_pod_goes) /* a pod's sandboxes end with it */
{
	static const char gone[] = "{\"op\":\"gone\",\"instance\":\"ins_1\"}";

	house_open(NULL, NULL, false);
	h.answer = MADE;
	_cleanup_free_ char *made = pod_ask("POST", "/api/sandboxes", "", "{}");
	ck_assert_int_eq(status_of(made), 200);
	h.answer = JSON("200 OK", "{\"ok\":true}");
	fdpass_send(h.janusd, gone, sizeof(gone) - 1, -1);
	house_wait(&h.nrequests, 2);
	check_has(buf_str(&h.asked), "POST /api/sandboxes/sb_1/terminate HTTP/1.1\r\n");
	house_close();
}
END_TEST

START_TEST(test_orphans) /* [H11] what an earlier broker has left is ended, and nothing else */
{
	h.before_sandboxes = "sb_old\n../../api/health\nb d\n";
	h.answer = JSON("200 OK", "{\"ok\":true}");
	house_open(NULL, NULL, false);
	house_wait(&h.nrequests, 1);
	check_has(buf_str(&h.asked), "POST /api/sandboxes/sb_old/terminate HTTP/1.1\r\n");
	house_close();
	ck_assert_int_eq(h.nrequests, 1);
}
END_TEST

START_TEST(test_stream) /* events of a run come as they are, and a client that leaves ends it */
{
	house_open(NULL, NULL, false);
	h.answer = MADE;
	_cleanup_free_ char *made = pod_ask("POST", "/api/sandboxes", "", "{}");
	ck_assert_int_eq(status_of(made), 200);
	h.answer = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
		   "data: {\"type\":\"status\"}\n\ndata: {\"type\":\"complete\"}\n\n";
	_cleanup_free_ char *run = pod_ask("POST", "/api/sandboxes/sb_1/agent/run", "",
	    "{\"agent\":\"shell\",\"model\":\"m\",\"prompt\":\"true\",\"maxDuration\":5}");
	check_has(run, "content-type: text/event-stream");
	check_has(run, "data: {\"type\":\"status\"}\n\n");
	check_has(run, "data: {\"type\":\"complete\"}\n\n");
	h.answer = NULL; /* it runs, and says nothing */
	const int fd =
	    pod_send("POST", "/api/sandboxes/sb_1/exec", "", "{\"command\":\"sleep 9\"}");
	house_wait(&h.nrequests, 3);
	close(fd);
	house_wait(&h.ncalls, 2);
	check_has(buf_str(&h.told), "client_disconnected");
	house_close();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandboxes");
	TCase *t = tcase_create("sandboxes");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_body);
	tcase_add_test(t, test_life);
	tcase_add_test(t, test_not_ours);
	tcase_add_loop_test(t, test_lies, 0, ARRAY_LEN(lies));
	tcase_add_test(t, test_pod_goes);
	tcase_add_test(t, test_orphans);
	tcase_add_test(t, test_stream);
	suite_add_tcase(s, t);
	return run_suite(s);
}

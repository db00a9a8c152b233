/*
 * test_calls.c - a call from the pod's request to janusd's row: whose it is, what it may cost, and
 * whose fault it is when it fails.
 */
#include "tests/controlplane/platform/house.h"
#include "tests/run.h"

#define CHAT                                                                   \
	"{\"model\":\"m\",\"max_tokens\":10,\"messages\":[{\"role\":\"user\"," \
	"\"content\":\"x\"}]}"
#define JSON_HEAD "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
#define WHOLE                                                                                  \
	JSON_HEAD                                                                              \
	"{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},"  \
	"\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2," \
	"\"total_tokens\":7}}"
#define PRICES "{\"version\":\"t\",\"models\":{\"m\":{\"input\":1000000,\"output\":1000000}}}"
#define POLICY(rest) "{\"version\":\"t\",\"default\":{" rest "}}"
#define CHATS "/v1/chat/completions"

START_TEST(test_claims) /* [G05] an id is only good for a chat that runs here now */
{
	house_open(NULL, PRICES, true);
	h.answer = WHOLE;
	snprintf(h.runs, sizeof(h.runs), "chat-0001");
	free(pod_ask("POST", CHATS, "x-request-id: chat-0001\r\n", CHAT));
	free(pod_ask("POST", CHATS, "x-request-id: chat-0002\r\n", CHAT));
	free(pod_ask("POST", CHATS, "", CHAT));
	_cleanup_free_ char *usage = pod_ask("GET", "/usage", "", NULL);
	check_has(usage, "\"calls_of_no_chat\":2");
	house_wait(&h.ncalls, 3);
	ck_assert_int_eq(h.nquestions, 2); /* no id, no question */
	check_has(h.told.data, "\"request_id\":\"chat-0001\"");
	check_lacks(h.told.data, "\"request_id\":\"chat-0002\"");
	check_has(h.told.data, "\"cost_micro_usd\":7000000"); /* a USD a token */
	/* It has ended: the same id is nothing any more. */
	h.runs[0] = '\0';
	free(pod_ask("POST", CHATS, "x-request-id: chat-0001\r\n", CHAT));
	house_wait(&h.ncalls, 4);
	ck_assert_ptr_null(strstr(strstr(h.told.data, "chat-0001") + 1, "chat-0001"));
	house_close();
}
END_TEST

START_TEST(
    test_silent_janusd) /* nobody says whose it is: the competitor's, and no later than soon */
{
	house_open(NULL, PRICES, true);
	h.answer = WHOLE;
	h.silent = true;
	snprintf(h.runs, sizeof(h.runs), "chat-0001");
	_cleanup_free_ char *answer = pod_ask("POST", CHATS, "x-request-id: chat-0001\r\n", CHAT);
	ck_assert_int_eq(status_of(answer), 200);
	house_wait(&h.ncalls, 1);
	check_has(h.told.data, "\"request_id\":\"\"");
	/* Who leaves while janusd is asked was never served. */
	const int fd = pod_send("POST", CHATS, "x-request-id: chat-0001\r\n", CHAT);
	house_wait(&h.nquestions, 2);
	close(fd);
	house_wait(&h.ncalls, 2);
	check_has(h.told.data, "client_disconnected");
	ck_assert_int_eq(h.nrequests, 1);
	house_close();
}
END_TEST

START_TEST(test_budgets) /* [H09] refused before it is spent, with what is left */
{
	static const struct {
		const char *policy, *id, *says;
		int calls; /* that go well */
	} cases[] = {
		{ POLICY("\"budget\":{\"requests\":2}"), "", "this competitor's day", 2 },
		{ POLICY("\"request_budget\":{\"requests\":1}"), "x-request-id: chat-0001\r\n",
		    "this chat", 1 },
		{ POLICY("\"budget\":{\"tokens\":45}"), "", "tokens", 2 }, /* 7 used, 36 held */
		{ POLICY("\"budget\":{\"cost_usd\":45}"), "", "cost_usd", 2 },
		{ POLICY("\"rates\":{\"inference\":1}"), "", "1 calls a minute", 1 },
	};

	house_open(cases[_i].policy, PRICES, true);
	h.answer = WHOLE;
	snprintf(h.runs, sizeof(h.runs), "chat-0001");
	for (int i = 0; i < cases[_i].calls; i++) {
		_cleanup_free_ char *good = pod_ask("POST", CHATS, cases[_i].id, CHAT);
		ck_assert_msg(status_of(good) == 200, "%d: %s", i, good);
	}
	_cleanup_free_ char *bad = pod_ask("POST", CHATS, cases[_i].id, CHAT);
	ck_assert_msg(status_of(bad) == 429, "%s", bad);
	check_has(bad, cases[_i].says);
	ck_assert_int_eq(h.nrequests, cases[_i].calls);
	house_wait(&h.ncalls, cases[_i].calls + 1);
	check_has(h.told.data, "\"decision\":\"limited\"");
	house_close();
}
END_TEST

START_TEST(test_edge) /* [H09] many calls at once at the edge: as many as fit, not one more */
{
	int fds[40], good = 0;

	house_open(POLICY("\"budget\":{\"requests\":10}"), PRICES, true);
	h.answer = WHOLE;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = pod_send("POST", CHATS, "", CHAT);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		_cleanup_free_ char *answer = pod_read(fds[i]);
		good += status_of(answer) == 200;
	}
	ck_assert_int_eq(good, 10);
	ck_assert_int_eq(h.nrequests, 10);
	house_close();
}
END_TEST

START_TEST(test_provider_fails) /* [H08] typed, upstream's fault, in its name, without our key */
{
	static const struct {
		const char *answer;
		int status;
		const char *code;
	} cases[] = {
		{ "HTTP/1.1 401 No\r\n\r\n{\"error\":{\"message\":\"bad key sk-provider-secret\"}}",
		    502, "upstream_bad_response" },
		{ "HTTP/1.1 402 Pay\r\n\r\n", 502, "upstream_bad_response" },
		{ "HTTP/1.1 429 Slow\r\nretry-after: 3\r\n\r\n{}", 429, "rate_limit_exceeded" },
		{ "HTTP/1.1 500 No\r\n\r\n", 502, "upstream_bad_response" },
		{ JSON_HEAD "{\"nothing\":1}", 502, "upstream_bad_response" },
		{ JSON_HEAD "not JSON", 502, "upstream_bad_response" },
		{ "", 502, "upstream_bad_response" },
		{ "rubbish\r\n\r\n", 502, "upstream_bad_response" },
	};
	static const char *const paths[] = { CHATS, "/v1/embeddings" };
	static const char *const bodies[] = { CHAT, "{\"model\":\"m\",\"input\":\"x\"}" };

	house_open(NULL, PRICES, true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int embed = 0; embed < 2; embed++) {
			h.answer = cases[i].answer;
			_cleanup_free_ char *answer =
			    pod_ask("POST", paths[embed], "", bodies[embed]);

			/* Without a head there is no answer at all. */
			if (embed == 1 && strstr(cases[i].answer, "HTTP") == NULL) {
				ck_assert_msg(status_of(answer) == 502, "%zu: %s", i, answer);
				check_has(answer, "upstream_connect_failed");
			} else {
				ck_assert_msg(
				    status_of(answer) == cases[i].status, "%zu: %s", i, answer);
				check_has(answer, cases[i].code);
			}
			check_has(answer, "\"fault\":\"upstream\"");
			check_has(answer, "model provider");
			check_lacks(answer, "competitor");
			check_lacks(answer, "sk-provider-secret");
		}
	_cleanup_free_ char *usage = pod_ask("GET", "/usage", "", NULL);
	check_has(usage, "\"held\":{\"requests\":0,\"tokens\":0,\"cost_usd\":0");
	house_close();
}
END_TEST

START_TEST(test_stream_fails) /* [H08] and in the middle of a stream */
{
	house_open(NULL, PRICES, true);
	h.answer = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
		   "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
	_cleanup_free_ char *answer = pod_ask("POST", CHATS, "",
	    "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"
	    "}");
	check_has(answer, "\"code\":\"upstream_died\"");
	check_has(answer, "\"fault\":\"upstream\"");
	check_has(answer, "The model provider's stream");
	house_close();
}
END_TEST

START_TEST(test_refusals)
{
	static const struct {
		const char *method, *path, *headers, *body, *code;
		int status;
	} cases[] = {
		{ "POST", CHATS, "", "{\"messages\":[]}", "missing_required_parameter", 400 },
		{ "POST", CHATS, "", "{", "invalid_json", 400 },
		{ "POST", CHATS, "",
		    "{\"model\":\"m\",\"n\":1000,\"messages\":[{\"role\":\"user\",\"content\":"
		    "\"x\"}]}",
		    "invalid_value", 400 },
		{ "POST", CHATS, "",
		    "{\"model\":\"other\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
		    "egress_denied", 403 },
		{ "POST", "/v1/embeddings", "", "{\"model\":\"other\",\"input\":\"x\"}",
		    "egress_denied", 403 },
		{ "POST", "/v1/embeddings", "", "{\"model\":\"m\",\"input\":[]}", "invalid_value",
		    400 },
		{ "POST", "/v1/embeddings", "", "{\"model\":\"m\",\"input\":[\"\"]}",
		    "invalid_value", 400 },
		{ "POST", "/v1/embeddings", "", "{\"input\":\"x\"}", "missing_required_parameter",
		    400 },
		{ "POST", "/v1/embeddings", "",
		    "{\"model\":\"m\",\"input\":\"x\",\"encoding_format\":\"x\"}", "invalid_value",
		    400 },
		{ "GET", "/nothing", "", NULL, "egress_denied", 403 },
		{ "DELETE", CHATS, "", NULL, "egress_denied", 403 },
		{ "GET", "/usage", "authorization: Bearer other\r\n", NULL, "invalid_api_key",
		    401 },
		{ "GET", "/usage", "authorization: Basic dGVzdA==\r\n", NULL, "invalid_api_key",
		    401 },
	};

	house_open(POLICY("\"models\":[\"m\"]"), PRICES, true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *answer =
		    pod_ask(cases[i].method, cases[i].path, cases[i].headers, cases[i].body);

		ck_assert_msg(status_of(answer) == cases[i].status, "%zu: %s", i, answer);
		check_has(answer, cases[i].code);
	}
	ck_assert_int_eq(h.nrequests, 0);
	_cleanup_free_ char *own = pod_ask("GET", "/usage", "authorization: Bearer test\r\n", NULL);
	ck_assert_int_eq(status_of(own), 200);
	house_close();
}
END_TEST

START_TEST(test_unknown_price) /* [H08] what has no price cannot be held against money */
{
	house_open(POLICY("\"budget\":{\"cost_usd\":5}"), PRICES, true);
	_cleanup_free_ char *answer = pod_ask("POST", CHATS, "",
	    "{\"model\":\"other\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
	ck_assert_int_eq(status_of(answer), 403);
	check_has(answer, "has no known price");
	ck_assert_int_eq(h.nrequests, 0);
	house_close();
}
END_TEST

START_TEST(test_embeddings)
{
	house_open(NULL, PRICES, true);
	h.answer = JSON_HEAD "{\"object\":\"list\",\"data\":[{\"embedding\":[0.5]}],\"usage\":"
			     "{\"prompt_tokens\":4,\"total_tokens\":4}}";
	_cleanup_free_ char *answer = pod_ask(
	    "POST", "/v1/embeddings", "", "{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"x\":1}");
	ck_assert_int_eq(status_of(answer), 200);
	check_has(answer, "\"embedding\":[0.5]");
	check_has(h.asked.data, "POST /v1/embeddings HTTP/1.1");
	check_has(
	    h.asked.data, "{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"x\":1}"); /* as it came */
	check_has(h.asked.data, "authorization: Bearer sk-provider-secret");
	house_wait(&h.ncalls, 1);
	check_has(h.told.data, "\"prompt_tokens\":4,\"completion_tokens\":0");
	check_has(h.told.data, "\"cost_micro_usd\":4000000");
	house_close();
}
END_TEST

START_TEST(test_offline) /* without a provider: the responder, which says what it is */
{
	house_open(POLICY("\"models\":[\"janus-*\"]"), NULL, false);
	_cleanup_free_ char *models = pod_ask("GET", "/v1/models", "", NULL);
	check_has(models, "\"id\":\"janus-offline-responder\"");
	_cleanup_free_ char *answer = pod_ask("POST", CHATS, "",
	    "{\"model\":\"janus-offline-responder\",\"messages\":[{\"role\":\"user\",\"content\":"
	    "\"hello\"}]}");
	ck_assert_int_eq(status_of(answer), 200);
	check_has(answer, "offline responder");
	_cleanup_free_ char *vector = pod_ask("POST", "/v1/embeddings", "",
	    "{\"model\":\"janus-offline-embedding\",\"input\":[1,2],\"encoding_format\":"
	    "\"base64\"}");
	check_has(vector, "\"embedding\":\"");
	/* A pod that goes away in the middle. */
	const int fd = pod_send("POST", CHATS, "",
	    "{\"model\":\"janus-offline-responder\",\"stream\":true,\"messages\":[{\"role\":"
	    "\"user\","
	    "\"content\":\"!hang\"}]}");
	house_wait(&h.ncalls, 2);
	close(fd);
	house_close();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("calls");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_claims);
	tcase_add_test(tc, test_silent_janusd);
	tcase_add_loop_test(tc, test_budgets, 0, 5);
	tcase_add_test(tc, test_edge);
	tcase_add_test(tc, test_provider_fails);
	tcase_add_test(tc, test_stream_fails);
	tcase_add_test(tc, test_refusals);
	tcase_add_test(tc, test_unknown_price);
	tcase_add_test(tc, test_embeddings);
	tcase_add_test(tc, test_offline);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

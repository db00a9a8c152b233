/*
 * test_records.c - what the log keeps of requests that are refused, or that end before they are whole.
 */
#include "controlplane/registry/keys.h"
#include "runtime/base/json.h"
#include "tests/controlplane/gateway/house.h"

#define HOST "host: localhost\r\n"
#define POST "POST /v1/chat/completions HTTP/1.1\r\n" HOST
#define CHAT_HEAD POST "content-type: application/json\r\ncontent-length: 60\r\n"
_Static_assert(sizeof(CHAT) - 1 == 60, "CHAT_HEAD");
#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define TRACEPARENT "traceparent: 00-" TRACE "-b7ad6b7169203331-01\r\n"
#define LONG64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG512 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64

static char key_header[128]; /* of a key that may chat once a minute */
static int keys_given;

static void
set_keys(void *keys)
{
	gateway_set_keys(h.gw, keys);
	house_changed(&keys_given);
}

static void
set_up(void)
{
	struct key row = { .id = "key_ofthistest",
		.scopes = SCOPE(CHAT),
		.limits = { .requests_per_minute = 1 } };
	struct key_ring ring = { 0 };
	char text[KEY_TEXT_LEN + 1];

	if (h.http.url_bytes == 0)
		h.http = http_server_defaults;
	h.http.header_bytes = 1024;
	house_up();
	key_text_new(KEY_SECRET, text);
	key_set_secret(&row, text);
	snprintf(key_header, sizeof(key_header), "authorization: Bearer %s\r\n", text);
	key_ring_add(&ring, &row);
	keys_given = 0;
	loop_post(h.loop, set_keys, key_ring_snapshot(&ring));
	house_wait(&keys_given, 1);
	key_ring_done(&ring);
}

static void
set_up_late(void)
{
	h.http = http_server_defaults;
	h.http.header_timeout_ms = h.http.body_timeout_ms = 100;
	set_up();
}

/* The one request.done line of what was logged, but for those of /livez. */
static cJSON *
the_line(const char *name, const char *log)
{
	_cleanup_free_ char *lines = str_dup(log);
	cJSON *found = NULL;

	for (char *save, *line = strtok_r(lines, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, "\"request.done\"") == NULL || strstr(line, "\"/livez\"") != NULL)
			continue;
		ck_assert_msg(found == NULL, "%s: two lines: %s", name, log);
		ck_assert_msg(json_parse(line, strlen(line), &found, NULL) == 0, "%s", line);
	}
	ck_assert_msg(found != NULL, "%s: no line: %s", name, log);
	return found;
}

/* NULL: there is no such field. */
static void
assert_field(const char *name, const cJSON *line, const char *field, const char *want)
{
	const char *is = json_str(line, field);

	ck_assert_msg(
	    str_eq(is, want) || is == want, "%s: %s is %s, not %s", name, field, is, want);
}

static const struct recorded {
	const char *name;
	const char *sent; /* then the client waits for an answer */
	bool with_key;
	int status;
	const char *method, *route, *code;
	const char *trace, *key;
	const char *error; /* it begins so; NULL: it has none */
} recorded[] = {
	/* by the server below us */
	{ "a body that is too large", POST TRACEPARENT "content-length: 99999999\r\n\r\n", false,
	    413, "POST", "/v1/chat/completions", "payload_too_large", TRACE, NULL,
	    "The request body is larger" },
	{ "a body that is too large, by a key", POST "content-length: 99999999\r\n", true, 413,
	    "POST", "/v1/chat/completions", "payload_too_large", NULL, "key_ofthistest",
	    "The request body is larger" },
	{ "a head that is too large",
	    "GET /v1/models HTTP/1.1\r\n" HOST "x-a: " LONG512 LONG512 "\r\n\r\n", false, 431,
	    "GET", "/v1/models", "headers_too_large", NULL, NULL, "The request was refused" },
	{ "an expectation that nobody knows", CHAT_HEAD "expect: tea\r\n\r\n" CHAT, false, 417,
	    "POST", "/v1/chat/completions", "expectation_failed", NULL, NULL, "Only 'expect" },
	{ "two lengths", POST "content-length: 5\r\ncontent-length: 60\r\n\r\n" CHAT, false, 400,
	    "POST", "/v1/chat/completions", "bad_request", NULL, NULL, "The request was refused" },
	{ "two lengths on a path that is not plain",
	    "POST /v1/files/..%2fsecret HTTP/1.1\r\n" HOST
	    "content-length: 5\r\ncontent-length: 60\r\n\r\n",
	    false, 400, "POST", "/v1/...", "bad_request", NULL, NULL, "The request was refused" },
	{ "two lengths on a path that is long",
	    "POST /v1/files/" LONG512 " HTTP/1.1\r\n" HOST
	    "content-length: 5\r\ncontent-length: 60\r\n\r\n",
	    false, 400, "POST", "/v1/...", "bad_request", NULL, NULL, "The request was refused" },

	/* by us, of chats */
	{ "a body that is no chat",
	    CHAT_HEAD TRACEPARENT
	    "\r\n{\"model\":\"janus\",\"messages\":\"what a secret it is\"          }",
	    false, 400, "POST", "/v1/chat/completions", "invalid_value", TRACE, NULL,
	    "'messages' must be" },
	{ "a member that the body names",
	    CHAT_HEAD "\r\n{\"messages\":[],\"logit_bias\":{\"secret\":\"\"}                  }",
	    false, 400, "POST", "/v1/chat/completions", "invalid_value", NULL, NULL, NULL },
	{ "a type that is no JSON", POST "content-type: text/plain\r\ncontent-length: 0\r\n", true,
	    415, "POST", "/v1/chat/completions", "unsupported_media_type", NULL, "key_ofthistest",
	    "The body is sent as" },
	{ "a key that is not valid",
	    CHAT_HEAD TRACEPARENT "authorization: Bearer jns_secret\r\n\r\n" CHAT, false, 401,
	    "POST", "/v1/chat/completions", "invalid_api_key", TRACE, NULL,
	    "The API key is not valid" },
	{ "models, by a key", "GET /v1/models HTTP/1.1\r\n" HOST "x-a: b\r\n", true, 200, "GET",
	    "/v1/models", NULL, NULL, "key_ofthistest", NULL },
	{ "a path that leads nowhere", "GET /v1/secret HTTP/1.1\r\n" HOST TRACEPARENT "\r\n", false,
	    404, "GET", "/v1/...", "resource_not_found", TRACE, NULL, NULL },
};

static const struct recorded late[] = {
	{ "a body that does not come", CHAT_HEAD "\r\n{", false, 408, "POST",
	    "/v1/chat/completions", "request_timeout", NULL, NULL, "The request did not arrive" },
	{ "a head that does not end", "GET /v1/models HTTP/1.1\r\nhost: local", false, 408, NULL,
	    "/v1/models", "request_timeout", NULL, NULL, "The request did not arrive" },
};

static void
check_recorded(const struct recorded *r)
{
	_cleanup_free_ char *sent =
	    str_printf("%s%s%s", r->sent, r->with_key ? key_header : "", r->with_key ? "\r\n" : "");
	struct peer p = peer_open();

	house_log();
	peer_send(&p, sent);
	struct answer a = peer_answer(&p);
	const char *log = house_logged();
	cJSON *line = the_line(r->name, log);
	ck_assert_msg(a.status == r->status || (a.status == 0 && r->status == 408), "%s: %d",
	    r->name, a.status);
	ck_assert_msg(json_int(line, "status", 0) == r->status, "%s: %s", r->name, log);
	assert_field(r->name, line, "method", r->method);
	assert_field(r->name, line, "route", r->route);
	assert_field(r->name, line, "code", r->code);
	assert_field(r->name, line, "fault", r->code != NULL ? "client" : NULL);
	assert_field(r->name, line, "client", "127.0.0.1");
	assert_field(r->name, line, "trace_id", r->trace);
	assert_field(r->name, line, "key_id", r->key);
	if (r->error == NULL)
		assert_field(r->name, line, "error", NULL);
	else
		ck_assert_msg(json_str(line, "error") != NULL &&
			str_starts(json_str(line, "error"), r->error),
		    "%s: %s", r->name, log);
	ck_assert_ptr_nonnull(json_str(line, "request_id"));
	ck_assert_msg(strstr(log, "secret") == NULL, "%s: %s", r->name, log);
	cJSON_Delete(line);
	answer_done(&a);
	peer_close(&p);
}

START_TEST(test_recorded) /* one request.done line, with what is known */
{
	check_recorded(&recorded[_i]);
}
END_TEST

START_TEST(test_late) /* what did not come in time is in the log */
{
	check_recorded(&late[_i]);
}
END_TEST

START_TEST(test_limited) /* which key was told to wait is in the log */
{
	_cleanup_free_ char *headers = str_printf("%s" TRACEPARENT, key_header);

	for (int i = 0; i < 2; i++) {
		house_log();
		struct answer a = chat(headers, CHAT);
		if (i == 0)
			house_wait(&h.usages, 1);
		cJSON *line = the_line("limited", house_logged());
		ck_assert_int_eq(a.status, i == 0 ? 200 : 429);
		ck_assert_int_eq(json_int(line, "status", 0), a.status);
		assert_field("limited", line, "key_id", "key_ofthistest");
		assert_field("limited", line, "trace_id", TRACE);
		assert_field("limited", line, "code", i == 0 ? NULL : "rate_limit_exceeded");
		assert_field("limited", line, "error",
		    i == 0 ? NULL
			   : "The API key has made as many requests in the last minute as it may.");
		cJSON_Delete(line);
		answer_done(&a);
	}
}
END_TEST

START_TEST(test_gone_in_body) /* [A09] gone inside the body: 499, and whose key it was */
{
	_cleanup_free_ char *head =
	    str_printf(CHAT_HEAD "expect: 100-continue\r\n%s\r\n", key_header);
	const struct linger now = { 1, 0 };
	struct peer p = peer_open();

	house_log();
	peer_send(&p, head);
	ck_assert(peer_until(&p, " 100 ")); /* it has the head */
	peer_send(&p, "{");
	setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	peer_close(&p);
	house_log_has("\"status\":499");
	cJSON *line = the_line("gone", house_logged());
	ck_assert_int_eq(json_int(line, "status", 0), 499);
	assert_field("gone", line, "method", "POST");
	assert_field("gone", line, "route", "/v1/chat/completions");
	assert_field("gone", line, "code", "client_disconnected");
	assert_field("gone", line, "fault", "client");
	assert_field("gone", line, "key_id", "key_ofthistest");
	cJSON_Delete(line);
	assert_not_busy();
	ck_assert_int_eq(house_get(&h.usages), 0);
	ck_assert_int_eq(house_get(&h.requests), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("records");
	TCase *tc = tcase_create("log lines");

	tcase_add_checked_fixture(tc, set_up, house_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, test_recorded, 0, (int)ARRAY_LEN(recorded));
	tcase_add_test(tc, test_limited);
	tcase_add_test(tc, test_gone_in_body);
	tc = tcase_create("late");
	tcase_add_checked_fixture(tc, set_up_late, house_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, test_late, 0, (int)ARRAY_LEN(late));
	return run_suite(suite);
}

/*
 * test_faults_body.c - what is in a chat's body, by the ids of docs/faults.md.
 *
 * JSON that must be taken and JSON that must be refused are two lists; each text goes through the
 * scanner, the parser that the broker shares, and a chat on a real gateway, and all must agree.
 */
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"
#include "runtime/openai/chat_request.h"
#include "tests/controlplane/gateway/house.h"

#define LIT(s)                   \
	{                        \
		s, sizeof(s) - 1 \
	}
struct text {
	const char *bytes;
	size_t len;
};

static const struct text yes[] = { LIT("0"), LIT("-0"), LIT("1"), LIT("-1"), LIT("10"),
	LIT("123456789012345678901234567890"), LIT("0.5"), LIT("-0.0"), LIT("1.25e10"), LIT("1E1"),
	LIT("1e+1"), LIT("1e-1"), LIT("0e0"), LIT("0E+0"), LIT("1e400"), LIT("-1e400"),
	LIT("1e-400"), LIT("9007199254740993"), LIT("true"), LIT("false"), LIT("null"), LIT("\"\""),
	LIT("\"a\""), LIT("\" \""), LIT("\"\\\"\""), LIT("\"\\\\\""), LIT("\"\\/\""), LIT("\"/\""),
	LIT("\"\\b\\f\\n\\r\\t\""), LIT("\"\\u0041\""), LIT("\"\\u00e9\""), LIT("\"\\u20AC\""),
	LIT("\"\\ud83d\\ude00\""), LIT("\"\\uDBFF\\uDFFF\""), LIT("\"\\u0001\""),
	LIT("\"\\u001f\""), LIT("\"\\u007f\""), LIT("\"\x7f\""), LIT("\"\\uffff\""),
	LIT("\"\\ufeff\""), LIT("\"\xc2\x80\""), LIT("\"\xdf\xbf\""), LIT("\"\xe0\xa0\x80\""),
	LIT("\"\xed\x9f\xbf\""), LIT("\"\xee\x80\x80\""), LIT("\"\xef\xbb\xbf\""),
	LIT("\"\xef\xbf\xbf\""), LIT("\"\xf0\x90\x80\x80\""), LIT("\"\xf4\x8f\xbf\xbf\""),
	LIT("\"\xe2\x80\xa8\xe2\x80\xa9\""), LIT("\"// no comment\""), LIT("\"[{,:}]\""),
	LIT("\"\\\\u0000\""), LIT("\"\\\\\\\"\""), LIT("[]"), LIT("[ ]"), LIT("[[]]"),
	LIT("[[],[]]"), LIT("[1]"), LIT("[1,2]"), LIT("[ 1 , 2 ]"), LIT("[\n1\r,\t2]"),
	LIT("[null]"), LIT("[\"\"]"), LIT("[1,\"a\",null,true,{},[]]"), LIT("{}"), LIT("{ }"),
	LIT("{\"\":0}"), LIT("{\"a\":0}"), LIT("{ \"a\" : 0 }"), LIT("{\"a\":{\"a\":{\"a\":0}}}"),
	LIT("{\"a\":1,\"b\":2}"), LIT("{\"a\":1,\"A\":2}"), LIT("{\"a\":[],\"b\":[]}"),
	LIT("[{\"a\":1},{\"a\":1}]"), LIT("{\"\\u0061\":1,\"b\":1}"), LIT("{\"\\n\":1}"),
	LIT("{\"\xc3\xa9\":1}"), LIT("[0,-0,0.0,-0e-0]"), LIT(" 1 "), LIT("\t\n\r 1"),
	LIT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]") };

static const struct text no[] = { LIT(""), LIT(" "), LIT("+1"), LIT("01"), LIT("-01"), LIT("00"),
	LIT("-"), LIT("--1"), LIT("+"), LIT("."), LIT(".5"), LIT("-.5"), LIT("1."), LIT("-1."),
	LIT("1.e1"), LIT("1e"), LIT("1e+"), LIT("1e-"), LIT("1E"), LIT("1e1.5"), LIT("1ee1"),
	LIT("1.2.3"), LIT("1 2"), LIT("1_000"), LIT("1,000"), LIT("0x1"), LIT("0b1"), LIT("0o7"),
	LIT("1a"), LIT("1f"), LIT("1L"), LIT("-a"), LIT("- 1"), LIT("NaN"), LIT("-NaN"), LIT("nan"),
	LIT("Infinity"), LIT("-Infinity"), LIT("inf"), LIT("True"), LIT("TRUE"), LIT("tru"),
	LIT("truee"), LIT("fals"), LIT("nul"), LIT("nulll"), LIT("NULL"), LIT("None"),
	LIT("undefined"), LIT("a"), LIT("'a'"), LIT("`a`"), LIT("\""), LIT("\"a"), LIT("a\""),
	LIT("\"\\\""), LIT("\"\\a\""), LIT("\"\\0\""), LIT("\"\\x41\""), LIT("\"\\'\""),
	LIT("\"\\U0041\""), LIT("\"\\u\""), LIT("\"\\u0\""), LIT("\"\\u00\""), LIT("\"\\u004\""),
	LIT("\"\\u004g\""), LIT("\"\\u-041\""), LIT("\"\\u+041\""), LIT("\"\\u 041\""),
	LIT("\"\\u{41}\""), LIT("\"\\\n\""), LIT("\"\\\xc3\xa9\""), LIT("\"\n\""), LIT("\"\t\""),
	LIT("\"\r\""), LIT("\"\x01\""), LIT("\"\x1f\""), LIT("\"\0\""), LIT("\"a\0b\""),
	LIT("\"\\u0000\""), LIT("\"a\\u0000b\""), LIT("\"\\ud800\""), LIT("\"\\udbff\""),
	LIT("\"\\udc00\""), LIT("\"\\udfff\""), LIT("\"\\ud800\\ud800\""),
	LIT("\"\\udc00\\ud800\""), LIT("\"\\ud800\\u0041\""), LIT("\"\\ud800a\""),
	LIT("\"\\ud800\\\""), LIT("\"\\ud83d\\ude0\""), LIT("\"\\ud83d\\n\""), LIT("\"\x80\""),
	LIT("\"\xbf\""), LIT("\"\xc0\x80\""), LIT("\"\xc0\xaf\""), LIT("\"\xc1\xbf\""),
	LIT("\"\xc3\""), LIT("\"\xc3(\""), LIT("\"\xe0\x80\xaf\""), LIT("\"\xe0\x9f\xbf\""),
	LIT("\"\xe2\x82\""), LIT("\"\xe2(\xa1\""), LIT("\"\xed\xa0\x80\""), LIT("\"\xed\xbf\xbf\""),
	LIT("\"\xed\xa0\xbd\xed\xb8\x80\""), LIT("\"\xf0\x80\x80\xaf\""), LIT("\"\xf0\x9f\x98\""),
	LIT("\"\xf0\x8f\xbf\xbf\""), LIT("\"\xf4\x90\x80\x80\""), LIT("\"\xf5\x80\x80\x80\""),
	LIT("\"\xf8\x88\x80\x80\x80\""), LIT("\"\xfc\x84\x80\x80\x80\x80\""), LIT("\"\xfe\""),
	LIT("\"\xff\""), LIT("\xc3\xa9"), LIT("\xef\xbb\xbf"), LIT("\xef\xbb\xbf{}"),
	LIT("\xff\xfe{\0}\0"), LIT("["), LIT("]"), LIT("[1"), LIT("[1,"), LIT("[1,]"), LIT("[,1]"),
	LIT("[,]"), LIT("[1,,2]"), LIT("[1 2]"), LIT("[1;2]"), LIT("[1:2]"), LIT("[1}"),
	LIT("[1]]"), LIT("[[1]"), LIT("[\"a\",\n4\n,1,"), LIT("[1,\n1\n,1"), LIT("[\"a"),
	LIT("[a]"), LIT("[1]x"), LIT("[*]"), LIT("[\"\"],"), LIT("[...]"), LIT("<null>"),
	LIT("[<null>]"), LIT("[\f]"), LIT("[\v1]"), LIT("[\xc2\xa0]"), LIT("[\xe2\x81\xa0]"),
	LIT("[\0]"), LIT("[1]\0"), LIT("{"), LIT("}"), LIT("{]"), LIT("{\"a\"}"), LIT("{\"a\":}"),
	LIT("{\"a\":1"), LIT("{\"a\":1,}"), LIT("{,}"), LIT("{,\"a\":1}"), LIT("{\"a\" 1}"),
	LIT("{\"a\"::1}"), LIT("{\"a\":1:2}"), LIT("{\"a\",1}"), LIT("{a:1}"), LIT("{'a':1}"),
	LIT("{1:1}"), LIT("{null:1}"), LIT("{[]:1}"), LIT("{\"a\":1 \"b\":2}"),
	LIT("{\"a\":1;\"b\":2}"), LIT("{\"a\":1,,\"b\":2}"), LIT("{\"a\":1}}"), LIT("{\"a\":1}{}"),
	LIT("{\"a\":1}#"), LIT("{\"a\":1}//"), LIT("{\"a\":1}/**/"), LIT("{/**/\"a\":1}"),
	LIT("{\"a\":/**/1}"), LIT("[1//\n]"), LIT("#\n1"), LIT("{\"a\":1,\"a\":1}"),
	LIT("{\"a\":1,\"\\u0061\":1}"), LIT("{\"\\u0061\":1,\"\\u0061\":2}"),
	LIT("{\"\":1,\"\":1}"), LIT("{\"b\":{\"a\":1,\"a\":1}}"),
	LIT("[{\"a\":1,\"b\":1,\"a\":1}]"), LIT("{\"\xc3\xa9\":1,\"\\u00e9\":1}"),
	LIT("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}"), LIT("{\"\\ud800\":1}"),
	LIT("{\"a\\u0000\":1}"), LIT("{\"\xff\":1}"), LIT("{\"a\nb\":1}"), LIT("1 //"),
	LIT("\"a\" \"b\""), LIT("[] []"), LIT("null null"), LIT("()"), LIT("data: {}"),
	LIT("\x1b[31m1") };
_Static_assert(ARRAY_LEN(yes) + ARRAY_LEN(no) >= 250, "a corpus");

static bool
scans(const struct text *t)
{
	return json_scan(t->bytes, t->len, NULL, NULL, NULL) == 0;
}

static bool
parses(const struct text *t)
{
	_cleanup_json_ cJSON *json = NULL;

	return json_parse(t->bytes, t->len, &json, NULL) == 0;
}

static struct answer
ask(struct peer *p, const char *body, size_t len)
{
	peer_send_chat(p, "", body, len);
	return peer_answer(p);
}

/* Put into a chat as an unknown field; forwarded as it is or refused with the byte. */
static void
check_in_chat(struct peer *p, const struct text *t, bool good)
{
	_cleanup_buf_ struct buf body = { 0 };

	buf_add_str(&body, "{\"model\":\"janus\",\"odd\":");
	buf_add(&body, t->bytes, t->len);
	buf_add_str(&body, "," MESSAGES "}");
	const int before = house_get(&h.requests);
	struct answer a = ask(p, body.data, body.len);
	if (good) {
		ck_assert_msg(a.status == 200, "%s: %s", t->bytes, buf_str(&a.body));
		ck_assert_uint_ge(h.seen.len, body.len);
		ck_assert_mem_eq(h.seen.data + h.seen.len - body.len, body.data, body.len);
	} else {
		assert_envelope(t->bytes, &a, 400, "invalid_json", "client");
		ck_assert_msg(answer_has(&a, "byte "), "%s", buf_str(&a.body));
		ck_assert_int_eq(house_get(&h.requests), before);
	}
	answer_done(&a);
}

START_TEST(test_corpus) /* [B01] [B03] [B04] [B05] JSON to be taken, and JSON to be refused */
{
	struct peer p = peer_open();

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		ck_assert_msg(scans(&yes[i]), "%s: scan", yes[i].bytes);
		ck_assert_msg(parses(&yes[i]), "%s: parse", yes[i].bytes);
		check_in_chat(&p, &yes[i], true);
	}
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		ck_assert_msg(!scans(&no[i]), "%s: scan", no[i].bytes);
		ck_assert_msg(!parses(&no[i]), "%s: parse", no[i].bytes);
		check_in_chat(&p, &no[i], false);
	}
	peer_close(&p);
}
END_TEST

START_TEST(test_truncated) /* [B01] cut at every byte, and anything after the end */
{
	static const char whole[] =
	    "{\"model\":\"janus\",\"temperature\":0.5,\"stop\":[\"a\",\"\\u00e9\\ud83d\\ude00\"],"
	    "\"x\":{\"y\":[true,false,null,-1.5e-3]}," MESSAGES "}";
	struct peer p = peer_open();

	for (size_t len = 0; len < strlen(whole); len++) {
		struct answer a = ask(&p, whole, len);
		assert_envelope("cut", &a, 400, "invalid_json", "client");
		answer_done(&a);
	}
	for (int c = 0; c < 256; c++) {
		_cleanup_buf_ struct buf more = { 0 };

		buf_add_str(&more, whole);
		buf_add_char(&more, (char)c);
		struct answer a = ask(&p, more.data, more.len);
		ck_assert_msg(
		    a.status == (c != 0 && strchr(" \t\r\n", c) != NULL ? 200 : 400), "%d", c);
		answer_done(&a);
	}
	ck_assert_int_eq(house_get(&h.requests), 4);
	peer_close(&p);
}
END_TEST

static struct buf
nested(const char *open, size_t depth, const char *close)
{
	struct buf out = { 0 };

	buf_add_str(&out, "{\"model\":\"janus\"," MESSAGES ",\"x\":");
	for (size_t i = 0; i < depth; i++)
		buf_add_str(&out, open);
	buf_add_str(&out, "1");
	for (size_t i = 0; i < depth && close != NULL; i++)
		buf_add_str(&out, close);
	buf_add_str(&out, "}");
	return out;
}

START_TEST(test_depth) /* [B02] 64 levels, 65, ten thousand, ten million */
{
	static const struct {
		const char *open, *close;
		size_t depth;
		bool good;
	} cases[] = { { "[", "]", 63, true }, { "[", "]", 64, false }, { "{\"a\":", "}", 63, true },
		{ "{\"a\":", "}", 64, false }, { "[", "]", 10000, false },
		{ "[", NULL, 10000000, false }, { "{\"a\":", NULL, 2000000, false } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf body = nested(cases[i].open, cases[i].depth, cases[i].close);
		struct peer p = peer_open();
		struct answer a = ask(&p, body.data, body.len);

		if (cases[i].good) {
			ck_assert_msg(a.status == 200, "%zu: %s", i, buf_str(&a.body));
		} else {
			assert_envelope("depth", &a, 400, "invalid_json", "client");
			ck_assert(answer_has(&a, "nested deeper than 64"));
		}
		answer_done(&a);
		peer_close(&p);
		buf_done(&body);
	}
}
END_TEST

static const struct body_case {
	const char *name, *body, *headers;
	int status;
	const char *code, *param;
} cases[] = {
	{ "[B03] the model twice", "{\"model\":\"janus\",\"model\":\"x\"," MESSAGES "}", "", 400,
	    "invalid_json", NULL },
	{ "[B03] the model twice by an escape",
	    "{\"model\":\"janus\",\"\\u006dodel\":\"x\"," MESSAGES "}", "", 400, "invalid_json",
	    NULL },
	{ "[B03] a role twice",
	    "{\"model\":\"janus\",\"messages\":[{\"role\":\"user\",\"rol\\u0065\":\"system\","
	    "\"content\":\"\"}]}",
	    "", 400, "invalid_json", NULL },
	{ "[B05] temperature 1e400", "{\"model\":\"janus\",\"temperature\":1e400," MESSAGES "}", "",
	    400, "invalid_value", "temperature" },
	{ "[B05] temperature -0", "{\"model\":\"janus\",\"temperature\":-0," MESSAGES "}", "", 200,
	    NULL, NULL },
	{ "[B05] max_tokens negative", "{\"model\":\"janus\",\"max_tokens\":-1," MESSAGES "}", "",
	    400, "invalid_value", "max_tokens" },
	{ "[B05] max_tokens a fraction", "{\"model\":\"janus\",\"max_tokens\":1.5," MESSAGES "}",
	    "", 400, "invalid_value", "max_tokens" },
	{ "[B05] max_tokens a string", "{\"model\":\"janus\",\"max_tokens\":\"5\"," MESSAGES "}",
	    "", 400, "invalid_value", "max_tokens" },
	{ "[B05] max_tokens 2^53 + 1",
	    "{\"model\":\"janus\",\"max_tokens\":9007199254740994," MESSAGES "}", "", 400,
	    "invalid_value", "max_tokens" },
	{ "[B05] max_tokens 5.0e1", "{\"model\":\"janus\",\"max_tokens\":5.0e1," MESSAGES "}", "",
	    200, NULL, NULL },
	{ "[B05] a seed above 2^53", "{\"model\":\"janus\",\"seed\":9007199254740993," MESSAGES "}",
	    "", 200, NULL, NULL },
	{ "[B07] not an object", "[]", "", 400, "invalid_value", NULL },
	{ "[B07] no model", "{" MESSAGES "}", "", 400, "missing_required_parameter", "model" },
	{ "[B07] model a number", "{\"model\":5," MESSAGES "}", "", 400, "invalid_value", "model" },
	{ "[B07] an unknown model", "{\"model\":\"gpt-4o\"," MESSAGES "}", "", 404,
	    "model_not_found", NULL },
	{ "[B07] no messages", "{\"model\":\"janus\"}", "", 400, "missing_required_parameter",
	    "messages" },
	{ "[B07] empty messages", "{\"model\":\"janus\",\"messages\":[]}", "", 400, "invalid_value",
	    "messages" },
	{ "[B07] messages an object", "{\"model\":\"janus\",\"messages\":{}}", "", 400,
	    "invalid_value", "messages" },
	{ "[B07] an unknown role",
	    "{\"model\":\"janus\",\"messages\":[{\"role\":\"root\",\"content\":\"\"}]}", "", 400,
	    "invalid_value", "messages[0].role" },
	{ "[B07] the header wins over the field",
	    "{\"model\":\"janus\",\"competitor_id\":\"nobody\"," MESSAGES "}",
	    "x-janus-competitor: pod\r\n", 200, NULL, NULL },
	{ "[B07] the field wins over the model",
	    "{\"model\":\"gpt-4o\",\"competitor_id\":\"pod\"," MESSAGES "}", "", 200, NULL, NULL },
	{ "[B07] an unknown field is no matter of ours",
	    "{\"model\":\"janus\",\"new\":{\"a\":[1e2]}," MESSAGES "}", "", 200, NULL, NULL },
};

START_TEST(test_body)
{
	const struct body_case *c = &cases[_i];
	struct answer a = chat(c->headers, c->body);

	if (c->code == NULL) {
		ck_assert_msg(a.status == 200, "%s: %s", c->name, buf_str(&a.body));
		if (strstr(c->body, "competitor_id") == NULL)
			ck_assert_msg(str_ends(buf_str(&h.seen), c->body), "%s: %s", c->name,
			    buf_str(&h.seen));
		if (strstr(c->name, " wins ") != NULL)
			ck_assert(str_starts(header_of(a.head, "x-janus-competitor"), "pod\r\n"));
	} else {
		assert_envelope(c->name, &a, c->status, c->code, "client");
		ck_assert_int_eq(house_get(&h.connections), 0);
	}
	if (c->param != NULL) {
		_cleanup_free_ char *param = str_printf("\"param\":\"%s\"", c->param);

		ck_assert_msg(answer_has(&a, param), "%s: %s", c->name, buf_str(&a.body));
	}
	answer_done(&a);
}
END_TEST

/* Each known field with each type: what is not its own is refused by its name. */
START_TEST(test_types) /* [B07] a wrong type for every known field */
{
	static const char *const values[] = { "null", "true", "5", "\"s\"", "[]", "{}" };
	static const struct {
		const char *name;
		const char *good; /* of n b 5 s [ { */
	} fields[] = { { "temperature", "n" }, { "top_p", "n" }, { "max_tokens", "n5" },
		{ "max_completion_tokens", "n5" }, { "stream", "nb" }, { "stream_options", "n{" },
		{ "tools", "n[" }, { "tool_choice", "ns{" }, { "response_format", "n" },
		{ "user", "ns" }, { "metadata", "n{" }, { "competitor_id", "n" }, { "n", "n5" },
		{ "stop", "ns[" }, { "seed", "n5" }, { "presence_penalty", "n" },
		{ "frequency_penalty", "n" }, { "logit_bias", "n{" }, { "logprobs", "nb" },
		{ "top_logprobs", "n5" }, { "parallel_tool_calls", "nb" },
		{ "reasoning_effort", "ns" }, { "service_tier", "ns" }, { "store", "nb" },
		{ "modalities", "n[" }, { "audio", "n{" }, { "prediction", "ns{" },
		{ "functions", "n[" }, { "function_call", "ns{" }, { "verbosity", "ns" },
		{ "prompt_cache_key", "ns" }, { "safety_identifier", "ns" } };
	static const char letters[] = "nb5s[{";

	for (size_t f = 0; f < ARRAY_LEN(fields); f++)
		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			_cleanup_free_ char *body =
			    str_printf("{\"model\":\"janus\"," MESSAGES ",\"%s\":%s}",
				fields[f].name, values[v]);
			const bool good = strchr(fields[f].good, letters[v]) != NULL;
			struct chat_request r;
			struct chat_fault fault = { 0 };
			const int rc = chat_request_scan(body, strlen(body), &r, &fault);

			/* A number out of range, a name that is none and a missing type are
			 * faults of their own. */
			if (good)
				ck_assert_msg(rc == 0, "%s: %s", body, fault.text);
			else if (rc < 0)
				ck_assert_msg(str_starts(fault.param, fields[f].name) &&
					fault.code != CODE_INVALID_JSON,
				    "%s: %s", body, fault.param);
			else
				ck_assert_msg(strcmp(fields[f].name, "competitor_id") == 0 &&
					letters[v] == 's',
				    "%s: accepted", body);
		}
}
END_TEST

START_TEST(test_sizes) /* [B06] [N06] bodies just under, at and over the limit */
{
	static const char head[] =
	    "{\"model\":\"janus\",\"messages\":[{\"role\":\"user\",\"content\":\"";
	static const char tail[] = "\"}]}";
	const size_t limit = (size_t)h.config.body_bytes;

	for (size_t len = limit - 1; len <= limit + 1; len++) {
		_cleanup_buf_ struct buf body = { 0 };
		struct peer p = peer_open();

		buf_add_str(&body, head);
		memset(buf_reserve(&body, len), 'a', len);
		body.len = len - strlen(tail);
		buf_add_str(&body, tail);
		ck_assert_uint_eq(body.len, len);
		struct answer a = ask(&p, body.data, body.len);
		if (len <= limit) {
			ck_assert_int_eq(a.status, 200);
			ck_assert_mem_eq(h.seen.data + h.seen.len - len, body.data, len);
		} else {
			assert_envelope("over", &a, 413, "payload_too_large", "client");
			ck_assert(peer_closed(&p));
		}
		answer_done(&a);
		peer_close(&p);
	}
	ck_assert_int_eq(house_get(&h.requests), 2);
}
END_TEST

START_TEST(test_too_large_is_told_early) /* [B06] 413 before the rest of the body is read */
{
	static const char *const framing[] = { "content-length: 99999999",
		"transfer-encoding: chunked" };

	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *head = str_printf(
		    "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n%s\r\n\r\n",
		    framing[i]);
		_cleanup_buf_ struct buf chunk = { 0 };
		struct peer p = peer_open();

		peer_send(&p, head);
		if (i == 1) { /* nothing but its length tells that it is too long */
			const size_t len = (size_t)h.config.body_bytes + 1;

			buf_printf(&chunk, "%zx\r\n", len);
			memset(buf_reserve(&chunk, len), 'a', len);
			chunk.len += len;
			(void)send_all(p.fd, chunk.data, chunk.len);
		}
		struct answer a = peer_answer(&p);
		assert_envelope(framing[i], &a, 413, "payload_too_large", "client");
		ck_assert(peer_closed(&p));
		answer_done(&a);
		peer_close(&p);
	}
	ck_assert_int_eq(house_get(&h.connections), 0);
	assert_serves("too large");
}
END_TEST

START_TEST(test_many) /* [B06] a hundred thousand messages, and an image of 9 MiB */
{
	static const char message[] = "{\"role\":\"user\",\"content\":\"\"},";
	_cleanup_buf_ struct buf many = { 0 };
	_cleanup_buf_ struct buf image = { 0 };
	const size_t len = 9u << 20;

	buf_add_str(&many, "{\"model\":\"janus\",\"messages\":[");
	for (int i = 0; i < 100000; i++)
		buf_add(&many, message, strlen(message));
	buf_add_str(&many, "{\"role\":\"user\",\"content\":\"\"}]}");
	buf_add_str(&image,
	    "{\"model\":\"janus\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,");
	memset(buf_reserve(&image, len), 'A', len);
	image.len += len;
	buf_add_str(&image, "\"}}]}]}");
	for (int i = 0; i < 2; i++) {
		const struct buf *body = i == 0 ? &many : &image;
		struct peer p = peer_open();
		struct answer a = ask(&p, body->data, body->len);

		ck_assert_int_eq(a.status, 200);
		ck_assert_int_eq(
		    memcmp(h.seen.data + h.seen.len - body->len, body->data, body->len), 0);
		answer_done(&a);
		peer_close(&p);
	}
}
END_TEST

/* What is removed and added, at every position among the other members; all else stays. */
START_TEST(test_splices) /* [B08] removed and added fields at every position */
{
	static const char *const members[] = { "\"model\":\"janus\"", MESSAGES, "\"stream\" : true",
		"\"u\":[1e2, \"\\u0041\"]" };
	static const char *const extra[] = { "\"competitor_id\":\"web\"",
		" \"\\u0063ompetitor_id\" : \"web\" ", "\"chutes_access_token\":\"t\"",
		"\n\"chutes_access_token\"\t:\"a,}\\\"{\"\r" };
	struct peer p = peer_open();
	int asked = 0;

	house_script(answers_stream);
	for (size_t e = 0; e < ARRAY_LEN(extra); e++)
		for (size_t at = 0; at <= ARRAY_LEN(members); at++) {
			_cleanup_buf_ struct buf body = { 0 };
			_cleanup_json_ cJSON *was = NULL;
			_cleanup_json_ cJSON *is = NULL;

			buf_add_char(&body, '{');
			for (size_t i = 0; i <= ARRAY_LEN(members); i++) {
				if (i == at)
					buf_printf(&body, "%s%s", i > 0 ? "," : "", extra[e]);
				if (i < ARRAY_LEN(members))
					buf_printf(
					    &body, "%s%s", i > 0 || at == 0 ? "," : "", members[i]);
			}
			buf_add_char(&body, '}');
			struct answer a = ask(&p, body.data, body.len);
			ck_assert_msg(a.status == 200, "%s: %s", body.data, buf_str(&a.body));
			answer_done(&a);
			asked++;
			buf_add(&h.seen, "", 0);
			const char *sent = strstr(h.seen.data, "\r\n\r\n") + 4;
			ck_assert_int_eq(json_parse(body.data, body.len, &was, NULL), 0);
			ck_assert_msg(json_parse(sent, strlen(sent), &is, NULL) == 0, "%s", sent);
			cJSON_DeleteItemFromObjectCaseSensitive(was, "competitor_id");
			cJSON_DeleteItemFromObjectCaseSensitive(was, "chutes_access_token");
			ck_assert_msg(
			    json_bool(json_get(is, "stream_options"), "include_usage", false), "%s",
			    sent);
			cJSON_DeleteItemFromObjectCaseSensitive(is, "stream_options");
			_cleanup_free_ char *x = json_print(was);
			_cleanup_free_ char *y = json_print(is);
			ck_assert_str_eq(x, y);
			for (size_t i = 0; i < ARRAY_LEN(members); i++)
				ck_assert_msg(strstr(sent, members[i]) != NULL, "%s", sent);
		}
	ck_assert_int_eq(house_get(&h.requests), asked);
	peer_close(&p);
}
END_TEST

/* In a nested place the same names are not ours to touch. */
START_TEST(test_nested_names) /* [B08] the same names deeper down are left alone */
{
	static const char body[] =
	    "{\"model\":\"janus\",\"metadata\":{\"competitor_id\":\"x\",\"chutes_access_token\":"
	    "\"y\",\"stream_options\":\"z\"}," MESSAGES "}";
	struct answer a = chat("", body);

	ck_assert_int_eq(a.status, 200);
	ck_assert(str_ends(buf_str(&h.seen), body));
	answer_done(&a);
}
END_TEST

START_TEST(test_prompt_is_data) /* [B09] stream syntax, escapes and HTML are data */
{
	static const char evil[] =
	    "\\n\\ndata: [DONE]\\n\\nevent: error\\n: ping\\r\\n\\u001b[31m<script>"
	    "\\u2028</script>\\u007f";
	_cleanup_free_ char *body = str_printf("{\"model\":\"janus\",\"stream\":true,\"messages\":["
					       "{\"role\":\"user\",\"content\":\"%s\"}]}",
	    evil);
	_cleanup_free_ char *event =
	    str_printf("data: {\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}\n\n", evil);
	_cleanup_free_ char *answer = str_printf("%s%s%s", SSE_HEAD, event, STOP DONE);
	_cleanup_free_ char *want = str_printf("%s%s", event, STOP DONE);
	const struct step script[] = { { SEND, answer, 0 }, { 0 } };

	house_script(script);
	house_log();
	struct answer a = chat("", body);
	house_wait(&h.usages, 1);
	const char *log = house_logged();
	ck_assert_str_eq(buf_str(&a.body), want);
	ck_assert_ptr_nonnull(strstr(buf_str(&h.seen), evil));
	ck_assert_ptr_null(strstr(log, "script"));
	ck_assert_ptr_null(strstr(log, "[31m"));
	answer_done(&a);
	house_wait_idle();
}
END_TEST

START_TEST(test_long_word) /* [B09] a megabyte without a space, there and back */
{
	_cleanup_buf_ struct buf body = { 0 };
	_cleanup_buf_ struct buf event = { 0 };
	struct step script[] = { { SEND, SSE_HEAD, 0 }, { 0 }, { SEND, STOP DONE, 0 }, { 0 } };
	const size_t len = (1u << 20) - 200;
	struct peer p = peer_open();

	buf_add_str(&body,
	    "{\"model\":\"janus\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"");
	memset(buf_reserve(&body, len), 'x', len);
	body.len += len;
	buf_add_str(&body, "\"}]}");
	buf_add_str(&event, "data: {\"choices\":[{\"delta\":{\"content\":\"");
	memset(buf_reserve(&event, len), 'y', len);
	event.len += len;
	buf_add_str(&event, "\"}}]}\n\n");
	script[1] = (struct step){ SEND, event.data, event.len };
	house_script(script);
	struct answer a = ask(&p, body.data, body.len);
	ck_assert_int_eq(a.status, 200);
	ck_assert_uint_eq(a.body.len, event.len + strlen(STOP DONE));
	ck_assert_int_eq(strncmp(buf_str(&a.body), buf_str(&event), event.len), 0);
	answer_done(&a);
	peer_close(&p);
	house_wait_idle();
}
END_TEST

static void
up_large(void)
{
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 10 << 20,
		.anonymous = true };
	house_up();
}

int
main(void)
{
	Suite *suite = suite_create("faults of bodies");
	TCase *tc = tcase_create("bodies");

	tcase_add_checked_fixture(tc, up_large, house_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, test_corpus);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_depth);
	tcase_add_loop_test(tc, test_body, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(tc, test_types);
	tcase_add_test(tc, test_sizes);
	tcase_add_test(tc, test_too_large_is_told_early);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_splices);
	tcase_add_test(tc, test_nested_names);
	tcase_add_test(tc, test_prompt_is_data);
	tcase_add_test(tc, test_long_word);
	return run_suite(suite);
}

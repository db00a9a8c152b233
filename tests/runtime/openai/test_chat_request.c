/*
 * test_chat_request.c - which requests pass, what is found in them, and the forwarded bytes.
 */
#include "runtime/openai/chat_request.h"

#include <check.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define WITH(more) "{\"model\":\"m\"," USER "," more "}"
#define MESSAGES(list) "{\"model\":\"m\",\"messages\":[" list "]}"
#define PART(part) MESSAGES("{\"role\":\"user\",\"content\":[" part "]}")

static const char *const accepted[] = {
	"{\"model\":\"m\"," USER "}",
	WITH("\"temperature\":2,\"top_p\":0,\"max_tokens\":1,\"n\":null,\"seed\":-5,\"stop\":["
	     "\"a\"]"),
	WITH("\"unknown\":{\"messages\":[1],\"role\":7},\"max_completion_tokens\":1e3"),
	WITH("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}},"
	     "{\"type\":\"custom\",\"custom\":{}}],\"tool_choice\":\"auto\""),
	WITH(
	    "\"response_format\":{\"type\":\"json_object\"},\"logprobs\":true,\"top_logprobs\":20"),
	MESSAGES(
	    "{\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":"
	    "{\"name\":\"f\",\"arguments\":\"{}\"}}],\"role\":\"assistant\"},{\"role\":\"tool\","
	    "\"tool_call_id\":\"c\",\"content\":\"x\"}"),
	MESSAGES("{\"role\":\"developer\",\"content\":\"x\"},{\"role\":\"\\u0075ser\",\"content\":"
		 "\"\"}"),
	WITH("\"reasoning_effort\":\"high\",\"verbosity\":\"low\",\"service_tier\":\"flex\","
	     "\"store\":false,\"metadata\":{\"a\":\"b\"},\"parallel_tool_calls\":true,"
	     "\"modalities\":[\"text\",\"audio\"],\"audio\":{\"voice\":{\"id\":\"v\"},\"format\":"
	     "\"wav\"},\"prediction\":{\"type\":\"content\",\"content\":[]},\"web_search_options\":"
	     "{\"search_context_size\":\"low\"},\"logit_bias\":{\"50256\":-100}"),
	WITH("\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\","
	     "\"tools\":[]}},\"functions\":[{\"name\":\"f\"}],\"function_call\":{\"name\":\"f\"},"
	     "\"prompt_cache_key\":\"k\",\"prompt_cache_retention\":\"24h\","
	     "\"safety_identifier\":\"s\",\"moderation\":null,\"prompt_cache_options\":{}"),
	WITH("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\"}},"
	     "\"stream_options\":{\"include_obfuscation\":false}"),
	PART("{\"text\":\"t\",\"type\":\"text\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
	     "\"u\"}},"
	     "{\"type\":\"input_audio\",\"input_audio\":{}},{\"type\":\"file\",\"file\":{}},"
	     "{\"type\":\"new\",\"text\":3}"),
};

static const struct {
	const char *body;
	enum wire_code code;
	const char *param;
} refused[] = {
	{ "{", CODE_INVALID_JSON, "" },
	{ "", CODE_INVALID_JSON, "" },
	{ "{\"model\":\"a\",\"\\u006dodel\":\"b\"," USER "}", CODE_INVALID_JSON, "" },
	{ "{\"competitor_id\":1,\"competitor_id\":1,\"competitor_id\":1,\"competitor_id\":1,"
	  "\"competitor_id\":1,\"competitor_id\":1}",
	    CODE_INVALID_JSON, "" },
	{ "[]", CODE_INVALID_VALUE, "" },
	{ "{" USER "}", CODE_MISSING_PARAMETER, "model" },
	{ "{\"model\":\"m\"}", CODE_MISSING_PARAMETER, "messages" },
	{ "{\"model\":null," USER "}", CODE_INVALID_VALUE, "model" },
	{ "{\"model\":\"\"," USER "}", CODE_INVALID_VALUE, "model" },
	{ "{\"model\":\"m\",\"messages\":[]}", CODE_INVALID_VALUE, "messages" },
	{ "{\"model\":\"m\",\"messages\":{\"role\":1}}", CODE_INVALID_VALUE, "messages" },
	{ WITH("\"temperature\":2.1"), CODE_INVALID_VALUE, "temperature" },
	{ WITH("\"temperature\":\"1\""), CODE_INVALID_VALUE, "temperature" },
	{ WITH("\"temperature\":1e400"), CODE_INVALID_VALUE, "temperature" },
	{ WITH("\"max_tokens\":0"), CODE_INVALID_VALUE, "max_tokens" },
	{ WITH("\"max_tokens\":-1"), CODE_INVALID_VALUE, "max_tokens" },
	{ WITH("\"max_tokens\":1.5"), CODE_INVALID_VALUE, "max_tokens" },
	{ WITH("\"max_tokens\":\"5\""), CODE_INVALID_VALUE, "max_tokens" },
	{ WITH("\"stream\":1"), CODE_INVALID_VALUE, "stream" },
	{ WITH("\"stream_options\":[]"), CODE_INVALID_VALUE, "stream_options" },
	{ WITH("\"stream_options\":{\"include_usage\":1}"), CODE_INVALID_VALUE,
	    "stream_options.include_usage" },
	{ WITH("\"stop\":[1]"), CODE_INVALID_VALUE, "stop[0]" },
	{ WITH("\"competitor_id\":5"), CODE_INVALID_VALUE, "competitor_id" },
	{ WITH("\"response_format\":{}"), CODE_MISSING_PARAMETER, "response_format.type" },
	{ WITH("\"generation_flags\":{\"web_search\":1}"), CODE_INVALID_VALUE, "generation_flags" },
	{ WITH("\"reasoning_effort\":1"), CODE_INVALID_VALUE, "reasoning_effort" },
	{ WITH("\"modalities\":[\"text\",1]"), CODE_INVALID_VALUE, "modalities[1]" },
	{ WITH("\"modalities\":\"text\""), CODE_INVALID_VALUE, "modalities" },
	{ WITH("\"audio\":{\"voice\":1}"), CODE_INVALID_VALUE, "audio.voice" },
	{ WITH("\"prediction\":{\"content\":1}"), CODE_INVALID_VALUE, "prediction.content" },
	{ WITH("\"logit_bias\":{\"1\":101}"), CODE_INVALID_VALUE, "logit_bias.1" },
	{ WITH("\"logit_bias\":{\"1\":\"x\"}"), CODE_INVALID_VALUE, "logit_bias.1" },
	{ WITH("\"metadata\":{\"a\":5}"), CODE_INVALID_VALUE, "metadata.a" },
	{ WITH("\"web_search_options\":{\"user_location\":\"x\"}"), CODE_INVALID_VALUE,
	    "web_search_options.user_location" },
	{ WITH("\"tool_choice\":7"), CODE_INVALID_VALUE, "tool_choice" },
	{ WITH("\"tool_choice\":{\"function\":\"f\"}"), CODE_INVALID_VALUE,
	    "tool_choice.function" },
	{ WITH("\"functions\":[\"f\"]"), CODE_INVALID_VALUE, "functions[0]" },
	{ WITH("\"function_call\":{\"name\":1}"), CODE_INVALID_VALUE, "function_call.name" },
	{ WITH("\"store\":\"yes\""), CODE_INVALID_VALUE, "store" },
	{ WITH("\"parallel_tool_calls\":1"), CODE_INVALID_VALUE, "parallel_tool_calls" },
	{ WITH("\"moderation\":1"), CODE_INVALID_VALUE, "moderation" },
	{ WITH("\"tools\":[1]"), CODE_INVALID_VALUE, "tools[0]" },
	{ WITH("\"tools\":[{}]"), CODE_MISSING_PARAMETER, "tools[0].type" },
	{ WITH("\"tools\":[{\"type\":\"function\",\"function\":{}}]"), CODE_MISSING_PARAMETER,
	    "tools[0].function.name" },
	{ MESSAGES("{\"role\":\"user\",\"content\":\"\"},{\"role\":\"usr\",\"content\":\"\"}"),
	    CODE_INVALID_VALUE, "messages[1].role" },
	{ MESSAGES("{\"content\":\"\"}"), CODE_MISSING_PARAMETER, "messages[0].role" },
	{ MESSAGES("{\"role\":\"user\"}"), CODE_MISSING_PARAMETER, "messages[0].content" },
	{ MESSAGES("{\"role\":\"tool\",\"content\":\"\"}"), CODE_MISSING_PARAMETER,
	    "messages[0].tool_call_id" },
	{ MESSAGES("{\"role\":\"user\",\"content\":5}"), CODE_INVALID_VALUE,
	    "messages[0].content" },
	{ MESSAGES("[]"), CODE_INVALID_VALUE, "messages[0]" },
	{ MESSAGES("{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]}"),
	    CODE_MISSING_PARAMETER, "messages[0].tool_calls[0].function.arguments" },
	{ PART("\"x\""), CODE_INVALID_VALUE, "messages[0].content[0]" },
	{ PART("{}"), CODE_MISSING_PARAMETER, "messages[0].content[0].type" },
	{ PART("{\"type\":\"text\"}"), CODE_MISSING_PARAMETER, "messages[0].content[0].text" },
	{ PART("{\"type\":\"text\",\"text\":1}"), CODE_INVALID_VALUE,
	    "messages[0].content[0].text" },
	{ PART("{\"type\":\"image_url\",\"image_url\":{}}"), CODE_MISSING_PARAMETER,
	    "messages[0].content[0].image_url.url" },
};

#define IMAGE(url)                                                               \
	PART("{\"type\":\"text\",\"text\":\"a\"},{\"image_url\":{\"url\":\"" url \
	     "\"},\"type\":\"image_url\"}")
#define FILE_PART(data) \
	PART("{\"type\":\"file\",\"file\":{\"filename\":\"a\",\"file_data\":\"" data "\"}}")
#define IMAGE_AT "messages[0].content[1].image_url.url"

static const struct {
	const char *name, *body, *param; /* of the fault; NULL: it passes */
} data_urls[] = {
	{ "a sound one", IMAGE("data:image/png;base64,iVBORw0KGgo="), NULL },
	{ "as PHP writes it", IMAGE("data:image\\/png;base64,\\/\\/\\/\\/"), NULL },
	{ "nested", IMAGE("data:text/plain,data:image/png;base64,****"), NULL },
	{ "no type", IMAGE("data:,hello%21"), NULL },
	{ "not a data: URL", IMAGE("https://example.com/data:,%"), NULL },
	{ "of a part of unknown type", PART("{\"type\":\"new\",\"image_url\":{\"url\":\"data:\"}}"),
	    NULL },
	{ "in a text", PART("{\"type\":\"text\",\"text\":\"data:\"}"), NULL },
	{ "a sound file", FILE_PART("data:application/pdf;base64,JVBERi0="), NULL },
	{ "a file in plain base64", FILE_PART("JVBERi0="), NULL },
	{ "bad base64", IMAGE("data:image/png;base64,iVBOR*"), IMAGE_AT },
	{ "behind escapes", IMAGE("\\u0064ata:image\\/png;base64,\\u002a"), IMAGE_AT },
	{ "no comma", IMAGE("data:image/png;base64"), IMAGE_AT },
	{ "a bad escape", IMAGE("data:,%zz"), IMAGE_AT },
	{ "a bad file", FILE_PART("data:application/pdf;base64,J"),
	    "messages[0].content[0].file.file_data" },
};

static const struct {
	const char *body, *forwarded;
} splices[] = {
	{ "{\"model\":\"m\"," USER "}", "{\"model\":\"m\"," USER "}" },
	{ "{\"competitor_id\":\"c\",\"model\":\"m\"," USER "}", "{\"model\":\"m\"," USER "}" },
	{ "{ \"competitor_id\" : \"c\" , \"model\":\"m\"," USER "}",
	    "{ \"model\":\"m\"," USER "}" },
	{ "{\"model\":\"m\", \"competitor_id\":\"c\" ," USER "}", "{\"model\":\"m\" ," USER "}" },
	{ "{\"model\":\"m\"," USER ",\"competitor_id\":\"c\"}", "{\"model\":\"m\"," USER "}" },
	{ "{\"competitor_id\":null,\"chutes_access_token\":{\"a\":1},\"model\":\"m\"," USER "}",
	    NULL },
	{ "{\"competitor_id\":\"c\",\"chutes_access_token\":\"t\",\"model\":\"m\"," USER "}",
	    "{\"model\":\"m\"," USER "}" },
	{ "{\"model\":\"m\",\"chutes_access_token\":\"t\",\"competitor_id\":\"c\"," USER "}",
	    "{\"model\":\"m\"," USER "}" },
	{ "{\"\\u0063ompetitor_id\":\"c\",\"model\":\"m\"," USER "}",
	    "{\"model\":\"m\"," USER "}" },
	{ WITH("\"stream\":true"),
	    "{\"stream_options\":{\"include_usage\":true},\"model\":\"m\"," USER
	    ",\"stream\":true}" },
	{ "{\"competitor_id\":\"c\",\"stream\":true,\"model\":\"m\"," USER "}",
	    "{\"stream_options\":{\"include_usage\":true},\"stream\":true,\"model\":\"m\"," USER
	    "}" },
	{ WITH("\"stream\":true,\"stream_options\":null"),
	    WITH("\"stream\":true,\"stream_options\":{\"include_usage\":true}") },
	{ WITH("\"stream\":true,\"stream_options\":{ }"),
	    WITH("\"stream\":true,\"stream_options\":{\"include_usage\":true }") },
	{ WITH("\"stream_options\":{\"x\":1},\"stream\":true"),
	    WITH("\"stream_options\":{\"include_usage\":true,\"x\":1},\"stream\":true") },
	{ WITH("\"stream_options\":{\"x\":1,\"include_usage\":false},\"stream\":true"),
	    WITH("\"stream_options\":{\"x\":1,\"include_usage\":true},\"stream\":true") },
	{ WITH("\"stream_options\":{\"include_usage\":true,\"x\":1},\"stream\":true"),
	    WITH("\"stream_options\":{\"include_usage\":true,\"x\":1},\"stream\":true") },
	{ WITH("\"stream_options\":{\"include_usage\":false},\"stream\":false"),
	    WITH("\"stream_options\":{\"include_usage\":false},\"stream\":false") },
};

static struct chat_request
scan(const char *body)
{
	struct chat_request r;
	struct chat_fault fault = { 0 };

	ck_assert_msg(
	    chat_request_scan(body, strlen(body), &r, &fault) == 0, "%s: %s", body, fault.text);
	return r;
}

static void
join(const struct chat_request *r, const char *body, struct buf *out)
{
	struct iovec parts[CHAT_PARTS_MAX + 2];
	size_t total;
	const size_t n = chat_request_parts(r, body, strlen(body), parts, &total);

	for (size_t i = 0; i < n; i++)
		buf_add(out, parts[i].iov_base, parts[i].iov_len);
	ck_assert_uint_eq(out->len, total);
	ck_assert_uint_le(n, 7); /* and a head: what http_exchange takes */
}

START_TEST(test_accepted)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++)
		scan(accepted[i]);
}
END_TEST

START_TEST(test_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct chat_request r;
		struct chat_fault fault = { 0 };

		ck_assert_msg(
		    chat_request_scan(refused[i].body, strlen(refused[i].body), &r, &fault) == -1,
		    "%s", refused[i].body);
		ck_assert_msg(fault.code == refused[i].code, "%s: %s", refused[i].body, fault.text);
		ck_assert_str_eq(fault.param, refused[i].param);
	}
}
END_TEST

START_TEST(test_data_urls) /* [H05] in the parts of a message: decoded, or refused */
{
	const char *body = data_urls[_i].body;
	struct chat_request r;
	struct chat_fault fault = { 0 };
	const int rc = chat_request_scan(body, strlen(body), &r, &fault);

	ck_assert_msg(
	    rc == (data_urls[_i].param != NULL ? -1 : 0), "%s: %s", data_urls[_i].name, fault.text);
	if (rc == 0)
		return;
	ck_assert_int_eq(fault.code, CODE_UNPROCESSABLE);
	ck_assert_str_eq(fault.param, data_urls[_i].param);
}
END_TEST

#define HUGE_DATA (((100 << 20) / 3 + 1) * 4)

START_TEST(test_huge_data_url) /* [H05] a huge one */
{
	static const char head[] = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":["
				   "{\"type\":\"image_url\","
				   "\"image_url\":{\"url\":\"data:image/png;base64,";
	_cleanup_buf_ struct buf body = { 0 };

	struct chat_request r;
	struct chat_fault fault = { 0 };

	buf_add_str(&body, head);
	memset(buf_reserve(&body, HUGE_DATA), 'A', HUGE_DATA);
	body.len += HUGE_DATA;
	buf_add_str(&body, "\"}}]}]}");
	ck_assert_int_eq(chat_request_scan(body.data, body.len, &r, &fault), -1);
	ck_assert_int_eq(fault.code, CODE_UNPROCESSABLE);
}
END_TEST

START_TEST(test_found)
{
	const struct chat_request r =
	    scan("{\"model\":\"janus\\/x\",\"competitor_id\":\"c\\u00e9\","
		 "\"stream\":true,\"stream_options\":{\"include_usage\":true}," USER "}");

	ck_assert_str_eq(r.model, "janus/x");
	ck_assert_str_eq(r.competitor_id, "c\xc3\xa9");
	ck_assert(r.stream && r.include_usage);
	ck_assert_uint_eq(r.messages, 1);
}
END_TEST

START_TEST(test_splices)
{
	for (size_t i = 0; i < ARRAY_LEN(splices); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		struct chat_request r;
		struct chat_fault fault;

		if (splices[i].forwarded == NULL) { /* a token that is no string is refused */
			ck_assert_int_eq(
			    chat_request_scan(splices[i].body, strlen(splices[i].body), &r, &fault),
			    -1);
			continue;
		}
		r = scan(splices[i].body);
		join(&r, splices[i].body, &out);
		ck_assert_str_eq(buf_str(&out), splices[i].forwarded);
	}
}
END_TEST

START_TEST(test_model_replaced)
{
	static const char body[] = "{\"competitor_id\":\"c\",\"model\":\"janus\",\"stream\":true,"
				   "\"chutes_access_token\":\"t\"," USER "}";
	_cleanup_buf_ struct buf out = { 0 };
	struct chat_request r = scan(body);

	chat_request_set_model(&r, "\"other\"");
	join(&r, body, &out);
	ck_assert_str_eq(buf_str(&out),
	    "{\"stream_options\":{\"include_usage\":true},\"model\":\"other\","
	    "\"stream\":true," USER "}");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chat_request");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_accepted);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_refused);
	tcase_add_loop_test(tc, test_data_urls, 0, (int)ARRAY_LEN(data_urls));
	tcase_add_test(tc, test_huge_data_url);
	tcase_add_test(tc, test_found);
	tcase_add_test(tc, test_splices);
	tcase_add_test(tc, test_model_replaced);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

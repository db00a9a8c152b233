/*
 * test_scrub.c - secrets of every kind are cut, and the rest stays.
 */
#include "runtime/diagnose/scrub.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "tests/run.h"

#define KEY "jns_sk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGabcdef"
#define JWT                                                 \
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." \
	"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJVadQssw5c"

static const struct {
	const char *text, *wanted;
} cuts[] = {
	/* [L05] */
	{ KEY, "[redacted]" },
	{ "key " KEY ".", "key [redacted]." },
	{ "the run token jns_rt_0123456789 of it", "the run token [redacted] of it" },
	{ "x" KEY, "x[redacted]" },
	{ "x" KEY "_token=abc", "x[redacted]=[redacted]" },
	{ "{\"x" KEY "_token\":7}", "{\"x[redacted]\":\"[redacted]\"}" },
	{ "OPENAI_API_KEY=abc123", "OPENAI_API_KEY=[redacted]" },
	{ "sk-proj-0123456789abcdef", "[redacted]" },
	{ "cpk_0123456789abcdef.x", "[redacted].x" },
	{ "AKIA0123456789ABCDEF", "[redacted]" },
	{ JWT, "[redacted]" },
	{ "authorization: Bearer abc", "authorization: [redacted]" },
	{ "Authorization: Basic dTpw\nhost: a", "Authorization: [redacted]\nhost: a" },
	{ "{\"authorization\":\"Bearer abc\",\"n\":1}",
	    "{\"authorization\":\"[redacted]\",\"n\":1}" },
	{ "{\"a\":\"authorization: Bearer abc\\nhost: b\"}",
	    "{\"a\":\"authorization: [redacted]\\nhost: b\"}" },
	{ "curl -H 'X: bearer 0123456789'", "curl -H 'X: bearer [redacted]'" },
	{ "Bearer%20jns_sk_0123456789", "Bearer%20[redacted]" },
	{ "a=%20sk-0123456789abcdef", "a=%20[redacted]" },
	{ "\"line\\nsk-0123456789abcdef\"", "\"line\\n[redacted]\"" },
	{ "\"\\u000acpk_0123456789abcdef\"", "\"\\u000a[redacted]\"" },
	{ "/v1/artifacts/artf_1?sig=ab-c_d&exp=17", "/v1/artifacts/artf_1?sig=[redacted]&exp=17" },
	{ "https://s3/x?X-Amz-Signature=ff00&X-Amz-Credential=a%2Fb",
	    "https://s3/x?X-Amz-Signature=[redacted]&X-Amz-Credential=[redacted]" },
	{ "/search?q=a&key=abc", "/search?q=a&key=[redacted]" },
	{ "http://me:word@proxy:3128/x", "http://[redacted]@proxy:3128/x" },
	{ "{\"a\":\"{\\\"api_key\\\":\\\"v\\\"}\"}",
	    "{\"a\":\"{\\\"api_key\\\":\\\"[redacted]\\\"}\"}" },
	{ "{\"password\": 12345}", "{\"password\": \"[redacted]\"}" },
	{ "{\"secret\":\"a \\\" b\"}", "{\"secret\":\"[redacted]\"}" },
	{ "set-cookie: a=b; path=/", "set-cookie: [redacted]" },
	{ "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\nafter",
	    "[redacted]\nafter" },
	{ "-----BEGIN EC PRIVATE KEY-----\\nMC4C", "[redacted]" },
};

static const char *const stays[] = {
	"GET /api/v1/keys?limit=5",
	"{\"token\":null,\"prompt_tokens\":12,\"total_tokens\":15}",
	"{\"authorization\":[\"none\"]}",
	"bearer of news",
	"https://registry.example/a@sha256:00",
	"mailto:a@b.example",
	"{\"id\":\"key_01k9x2e7v3q8w4t5y6z7a8b9c0\",\"key_id\":\"key_1\"}",
	"sandy.key_file               /etc/janus/sandy.key # file",
	"a task-force of risk-averse sk-ills",
	"-----BEGIN CERTIFICATE-----\nMC4C\n-----END CERTIFICATE-----",
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	"C:\\new\\table 100%25",
};

START_TEST(test_cuts)
{
	_cleanup_buf_ struct buf out = { 0 }, again = { 0 };

	ck_assert_uint_eq(scrub(&out, cuts[_i].text, strlen(cuts[_i].text)) > 0, 1);
	ck_assert_str_eq(buf_str(&out), cuts[_i].wanted);
	ck_assert_uint_eq(scrub(&again, out.data, out.len), 0);
	ck_assert_str_eq(buf_str(&again), cuts[_i].wanted);
}
END_TEST

START_TEST(test_stays)
{
	_cleanup_buf_ struct buf out = { 0 };

	ck_assert_uint_eq(scrub(&out, stays[_i], strlen(stays[_i])), 0);
	ck_assert_str_eq(buf_str(&out), stays[_i]);
}
END_TEST

START_TEST(test_json_stays_json)
{
	static const char text[] =
	    "{\"a\":{\"api-key\":7,\"x_token\":\"\",\"list\":[\"" KEY "\",\"u://p:q@h\"],"
	    "\"cookie\":[\"a\"],\"sig\":true},\"n\":\"\\\"token\\\":\\\"x\\\"\"}";
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_uint_eq(scrub(&out, text, strlen(text)), 4);
	ck_assert_int_eq(json_parse(out.data, out.len, &json, NULL), 0);
	ck_assert_str_eq(json_str(json_get(json, "a"), "api-key"), SCRUB_MARK);
	ck_assert_str_eq(json_str(json_get(json, "a"), "x_token"), "");
}
END_TEST

/* Whatever surrounds it, and wherever the text is cut off. */
START_TEST(test_everywhere)
{
	static const char around[] = " \n\"'\\%&?=:/@.,;[](){}<>#-_azAZ09\x80";

	for (size_t a = 0; a < sizeof(around); a++)
		for (size_t b = 0; b < sizeof(around); b++) {
			_cleanup_buf_ struct buf text = { 0 }, out = { 0 };

			buf_add(&text, (const char[]){ around[a], around[b] }, 2);
			buf_add_str(&text, KEY);
			buf_add(&text, (const char[]){ around[b], around[a] }, 2);
			scrub(&out, text.data, text.len);
			ck_assert_ptr_null(memmem(out.data, out.len, "0123456789", 10));
		}
}
END_TEST

/* Each byte is looked at a few times, not once for each one before it: that would take minutes. */
START_TEST(test_much_of_the_same)
{
	static const char *const each[] = { "token=[", "jns_" };
	_cleanup_buf_ struct buf text = { 0 }, out = { 0 };

	while (text.len < (size_t)1 << 20)
		buf_add_str(&text, each[_i]);
	ck_assert_uint_eq(scrub(&out, text.data, text.len), 0);
	ck_assert_uint_eq(out.len, text.len);
	ck_assert_int_eq(memcmp(out.data, text.data, text.len), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scrub");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, test_cuts, 0, ARRAY_LEN(cuts));
	tcase_add_loop_test(all, test_stays, 0, ARRAY_LEN(stays));
	tcase_add_test(all, test_json_stays_json);
	tcase_add_test(all, test_everywhere);
	tcase_add_loop_test(all, test_much_of_the_same, 0, 2);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}

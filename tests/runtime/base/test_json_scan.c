/*
 * test_json_scan.c - what the strict validator accepts, refuses and reports.
 */
#include "runtime/base/json_scan.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define T(s) s, sizeof(s) - 1

static const struct {
	const char *text;
	size_t len;
} accepted[] = {
	{ T("0") },
	{ T("-0") },
	{ T("1e400") },
	{ T("-12.50E+3") },
	{ T("123456789012345678901234567890123456789012345678901234567890123456789") },
	{ T(" \t\r\n[ ] ") },
	{ T("{}") },
	{ T("\"\"") },
	{ T("null") },
	{ T("[true,false,null,\"\",{},[]]") },
	{ T("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}") },
	{ T("{\"\":1,\" \":2}") },
	{ T("\"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\\\\\"\"") },
	{ T("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\x7f\"") },
	{ T("\"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"") },
	{ T("{\"a\":1,\"A\":2,\"\\u0061a\":3}") },
};

static const struct {
	const char *text;
	size_t len;
	const char *begins; /* of the error text */
} refused[] = {
	{ T(""), "byte 0: the text ends" },
	{ T("  "), "byte 2: the text ends" },
	{ T("\xef\xbb\xbf{}"), "byte 0: a byte order mark" },
	{ T("{} {}"), "byte 3: something follows" },
	{ T("1 2"), "byte 2: something follows" },
	{ T("{}\0"), "byte 2: something follows" },
	{ T("nul"), "byte 0: not a JSON value" },
	{ T("True"), "byte 0: a value" },
	{ T("NaN"), "byte 0: a value" },
	{ T("[1,]"), "byte 3: a value" },
	{ T("[,1]"), "byte 1: a value" },
	{ T("[1 2]"), "byte 3: a comma or ]" },
	{ T("[1"), "byte 2: the text ends" },
	{ T("{\"a\" 1}"), "byte 5: a colon" },
	{ T("{\"a\":}"), "byte 5: a value" },
	{ T("{\"a\":1,}"), "byte 7: a key" },
	{ T("{a:1}"), "byte 1: a key" },
	{ T("{'a':1}"), "byte 1: a key" },
	{ T("{\"a\":1]"), "byte 6: a comma or }" },
	{ T("[1}"), "byte 2: a comma or ]" },
	{ T("]"), "byte 0: a value" },
	{ T("/**/1"), "byte 0: a value" },
	{ T("+1"), "byte 0: a value" },
	{ T("01"), "byte 1: something follows" },
	{ T("-"), "byte 1: the text ends" },
	{ T(".5"), "byte 0: a value" },
	{ T("1."), "byte 2: the text ends" },
	{ T("1.e3"), "byte 2: a digit" },
	{ T("1e"), "byte 2: the text ends" },
	{ T("1e+"), "byte 3: the text ends" },
	{ T("0x10"), "byte 1: something follows" },
	{ T("\"abc"), "byte 4: the text ends inside a string" },
	{ T("\"a\nb\""), "byte 2: control character" },
	{ T("\"a\0b\""), "byte 2: control character" },
	{ T("\"\\x\""), "byte 1: invalid escape" },
	{ T("\"\\"), "byte 1: invalid escape" },
	{ T("\"\\u12g4\""), "byte 1: invalid \\u escape" },
	{ T("\"\\u12"), "byte 1: invalid \\u escape" },
	{ T("\"\\u0000\""), "byte 1: \\u0000" },
	{ T("{\"\\u0000\":1}"), "byte 2: \\u0000" },
	{ T("\"\\ud800\""), "byte 1: lone surrogate" },
	{ T("\"\\ud800\\u0041\""), "byte 1: lone surrogate" },
	{ T("\"\\udc00\\ud800\""), "byte 1: lone surrogate" },
	{ T("\"x\x80\""), "byte 2: invalid UTF-8" },
	{ T("\"\xc0\xaf\""), "byte 1: invalid UTF-8" },
	{ T("\"\xe0\x80\x80\""), "byte 1: invalid UTF-8" },
	{ T("\"\xed\xa0\x80\""), "byte 1: invalid UTF-8" },
	{ T("\"\xf0\x80\x80\x80\""), "byte 1: invalid UTF-8" },
	{ T("\"\xf4\x90\x80\x80\""), "byte 1: invalid UTF-8" },
	{ T("\"\xf5\x80\x80\x80\""), "byte 1: invalid UTF-8" },
	{ T("\"\xe2\x82\""), "byte 1: invalid UTF-8" },
	{ T("\"12345678\xff\""), "byte 9: invalid UTF-8" },
	{ T("{\"a\":1,\"a\":2}"), "byte 7: duplicate key" },
	{ T("[{\"x\":{\"k\":1,\"l\":0,\"k\":2}}]"), "byte 19: duplicate key" },
	{ T("{\"model\":1,\"\\u006dodel\":2}"), "byte 11: duplicate key" },
	{ T("{\"\":1,\"\":2}"), "byte 6: duplicate key" },
};

/* A copy that ends exactly where the text does, so that a read beyond it is seen. */
static int
scan_exact(const char *text, size_t len, struct error *err)
{
	_cleanup_free_ char *copy = malloc(len != 0 ? len : 1);

	if (len != 0)
		memcpy(copy, text, len);
	return json_scan(copy, len, NULL, NULL, err);
}

START_TEST(test_accepted)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
		struct error err = { 0 };

		ck_assert_msg(scan_exact(accepted[i].text, accepted[i].len, &err) == 0, "%s: %s",
		    accepted[i].text, err.text);
	}
}
END_TEST

START_TEST(test_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct error err = { 0 };

		ck_assert_msg(scan_exact(refused[i].text, refused[i].len, &err) == -1,
		    "case %zu: %s", i, refused[i].text);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_msg(strncmp(err.text, refused[i].begins, strlen(refused[i].begins)) == 0,
		    "case %zu: %s", i, err.text);
	}
}
END_TEST

/* Cut at every byte, no object or array is ever whole. */
START_TEST(test_truncated)
{
	static const char text[] =
	    "{\"a\":[1,2.5e-3,true,null,\"x\\u00e9\\ud83d\\ude00\xc3\xa9\"],\"b\":{\"c\":{}}}";

	ck_assert_int_eq(scan_exact(text, sizeof(text) - 1, NULL), 0);
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		ck_assert_int_eq(scan_exact(text, n, NULL), -1);
}
END_TEST

static void
add_nested(struct buf *out, size_t depth)
{
	buf_clear(out);
	for (size_t i = 0; i < depth; i++)
		buf_add_str(out, i % 2 == 0 ? "[" : "{\"k\":");
	buf_add_char(out, '1');
	for (size_t i = depth; i-- > 0;)
		buf_add_char(out, i % 2 == 0 ? ']' : '}');
}

START_TEST(test_depth)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct error err = { 0 };

	add_nested(&text, 64);
	ck_assert_int_eq(json_scan(text.data, text.len, NULL, NULL, &err), 0);
	add_nested(&text, 65);
	ck_assert_int_eq(json_scan(text.data, text.len, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "nested deeper than 64"));
	buf_clear(&text);
	memset(buf_reserve(&text, 10000000), '[', 10000000);
	ck_assert_int_eq(json_scan(text.data, 10000000, NULL, NULL, &err), -1);
}
END_TEST

START_TEST(test_many_keys)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct error err = { 0 };

	buf_add_char(&text, '{');
	for (int i = 0; i < 200000; i++)
		buf_printf(&text, "\"k%d\":{\"a\":1},", i);
	const size_t at = text.len;
	buf_add_str(&text, "\"last\":0}");
	ck_assert_int_eq(json_scan(text.data, text.len, NULL, NULL, &err), 0);
	text.len = at;
	buf_add_str(&text, "\"\\u006b777\":0}");
	ck_assert_int_eq(json_scan(text.data, text.len, NULL, NULL, &err), -1);
	char expect[40];
	snprintf(expect, sizeof(expect), "byte %zu: duplicate key", at);
	ck_assert_str_eq(err.text, expect);
}
END_TEST

/* Strings are read eight bytes at a time: the first that is not plain is found wherever it is. */
START_TEST(test_every_place_in_a_string)
{
	static const char odd[] = { 0x01, 0x1f, (char)0x80, (char)0xff };
	static const char after[] = { 'a', '"', '\\', 0x01, (char)0x80, 0x20, 0x7f };
	struct error err = { 0 };
	char text[40], expect[40];

	for (size_t at = 1; at < 30; at++)
		for (size_t i = 0; i < ARRAY_LEN(odd) * ARRAY_LEN(after); i++) {
			memset(text, after[i % ARRAY_LEN(after)], sizeof(text));
			memset(text, at % 2 != 0 ? '~' : '!', at);
			text[0] = '"';
			text[at] = odd[i / ARRAY_LEN(after)];
			snprintf(expect, sizeof(expect), "byte %zu: ", at);
			ck_assert_int_eq(json_scan(text, sizeof(text), NULL, NULL, &err), -1);
			ck_assert_msg(str_starts(err.text, expect), "%s, not %s", err.text, expect);
			text[at] = '"';
			ck_assert_int_eq(scan_exact(text, at + 1, &err), 0);
		}
}
END_TEST

static int
read_number(const struct json_value *v, void *arg)
{
	struct {
		const char *text;
		double n;
	} *r = arg;

	r->n = json_number(r->text, v);
	return 0;
}

START_TEST(test_numbers)
{
	static const char *const numbers[] = { "0", "-0", "7", "-7", "123456789012345",
		"999999999999999", "1234567890123456", "9007199254740993", "18446744073709551616",
		"0.1", "1e400", "-1e400", "1e-400", "12E2", "123456789012345.5",
		"100000000000000000000000000000000000000000000000000" };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct {
			const char *text;
			double n;
		} r = { .text = numbers[i] };

		ck_assert_int_eq(json_scan(r.text, strlen(r.text), read_number, &r, NULL), 0);
		ck_assert_msg(r.n == strtod(r.text, NULL), "%s: %g", r.text, r.n);
	}
}
END_TEST

static const char seen_text[] = "{\"a\": [1, {\"b\":null}], \"\\u0063\":\"x\"}";

static int
write_value(const struct json_value *v, void *arg)
{
	buf_printf(arg, "%d %d %zu %.*s=%.*s|", v->depth, (int)v->type, v->index, (int)v->key_len,
	    seen_text + v->key_at, (int)v->len, seen_text + v->at);
	ck_assert_uint_eq(v->member_at, v->key_len != 0 ? v->key_at : v->at);
	return 0;
}

START_TEST(test_reports)
{
	_cleanup_buf_ struct buf seen = { 0 };

	ck_assert_int_eq(json_scan(seen_text, sizeof(seen_text) - 1, write_value, &seen, NULL), 0);
	ck_assert_str_eq(buf_str(&seen),
	    "2 3 0 =1|3 0 0 \"b\"=null|2 6 1 ={\"b\":null}|1 5 0 \"a\"=[1, {\"b\":null}]|"
	    "1 4 1 \"\\u0063\"=\"x\"|0 6 0 ={\"a\": [1, {\"b\":null}], \"\\u0063\":\"x\"}|");
}
END_TEST

static int
stop_at_c(const struct json_value *v, void *arg)
{
	return json_key_is(seen_text, v, "c") ? error_set(arg, ERROR_BUSY, "stopped") : 0;
}

START_TEST(test_stops)
{
	struct error err = { 0 };

	ck_assert_int_eq(json_scan(seen_text, sizeof(seen_text) - 1, stop_at_c, &err, &err), -1);
	ck_assert_str_eq(err.text, "stopped");
}
END_TEST

START_TEST(test_unquote)
{
	static const char literal[] = "\"a\\n\\u00e9\\u20ac\\ud83d\\ude00\\\"\\/z\"";
	_cleanup_free_ char *text = json_unquote(literal, sizeof(literal) - 1);
	_cleanup_free_ char *empty = json_unquote("\"\"", 2);

	ck_assert_str_eq(text, "a\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"/z");
	ck_assert_str_eq(empty, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json_scan");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_accepted);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_depth);
	tcase_add_test(tc, test_many_keys);
	tcase_add_test(tc, test_every_place_in_a_string);
	tcase_add_test(tc, test_numbers);
	tcase_add_test(tc, test_reports);
	tcase_add_test(tc, test_stops);
	tcase_add_test(tc, test_unquote);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

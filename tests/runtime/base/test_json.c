/*
 * test_json.c - strict parsing, getters, and string literals.
 */
#include "runtime/base/json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

static cJSON *
parse(const char *text)
{
	struct error err = { 0 };
	cJSON *json = NULL;

	ck_assert_msg(json_parse(text, strlen(text), &json, &err) == 0, "%s: %s", text, err.text);
	return json;
}

START_TEST(test_parse_is_strict)
{
	static const char *const bad[] = { "", "{}x", "{\"a\":1,\"a\":2}", "\"\\u0000\"", "[1,]",
		"\xef\xbb\xbf{}", "\"\xff\"", "nan" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = { 0 };
		cJSON *json = NULL;

		ck_assert_int_eq(json_parse(bad[i], strlen(bad[i]), &json, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_ptr_null(json);
	}
}
END_TEST

START_TEST(test_getters)
{
	_cleanup_json_ cJSON *json = parse(
	    "{\"s\":\"x\",\"n\":7,\"f\":1.5,\"big\":1e300,\"t\":true,\"o\":{\"a\":[{\"b\":3}]}}");

	ck_assert_str_eq(json_str(json, "s"), "x");
	ck_assert_ptr_null(json_str(json, "n"));
	ck_assert_ptr_null(json_str(json, "S"));
	ck_assert_int_eq(json_int(json, "n", -1), 7);
	ck_assert_int_eq(json_int(json, "s", -1), -1);
	ck_assert_int_eq(json_int(json, "big", -1), -1);
	ck_assert(json_num(json, "f", 0) == 1.5);
	ck_assert(json_bool(json, "t", false));
	ck_assert(json_bool(json, "n", true));
	ck_assert_int_eq(cJSON_GetNumberValue(json_path(json, "o.a.0.b")) == 3, 1);
	ck_assert_ptr_null(json_path(json, "o.a.9.b"));
	ck_assert_ptr_null(json_get(NULL, "x"));
	static const char *const known[] = { "s", "n", "f", "big", "t", NULL };
	ck_assert_str_eq(json_unknown_key(json, known), "o");
}
END_TEST

START_TEST(test_build_and_print)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	json_add_str(json, "a", "x\"y");
	json_add_str(json, "b", NULL);
	json_add_int(json, "c", 999999999999999);
	json_add_bool(json_add_obj(json, "d"), "e", false);
	json_add_int(json_add_arr(json, "f"), NULL, 1);
	json_add_time(json, "g", 0);
	json_add_time(json, "h", 1000);
	json_add_text(json, "i", "");
	json_add_text(json, "j", NULL);
	json_add_text(json, "k", "l");
	_cleanup_free_ char *text = json_print(json);
	ck_assert_str_eq(text,
	    "{\"a\":\"x\\\"y\",\"b\":null,\"c\":999999999999999,\"d\":{\"e\":"
	    "false},\"f\":[1],\"g\":null,\"h\":\"1970-01-01T00:00:01.000Z\","
	    "\"i\":null,\"j\":null,\"k\":\"l\"}");
}
END_TEST

START_TEST(test_numbers_come_back) /* a score is compared bit by bit */
{
	static const double numbers[] = { 100.0 / 3, 0.1, 1e300, 5e-324, 2.0 / 3 * 100, 0.1 + 0.2,
		9007199254740991.0, 83.333333333333329, -1.0000000000000002, 0, 7 };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		_cleanup_json_ cJSON *json = cJSON_CreateObject(), *back = NULL;

		cJSON_AddItemToArray(json_add_arr(json, "a"), cJSON_CreateNumber(numbers[i]));
		_cleanup_free_ char *text = json_print(json);
		ck_assert_int_eq(json_parse(text, strlen(text), &back, NULL), 0);
		uint64_t came, went;
		memcpy(&came, &json_path(back, "a.0")->valuedouble, sizeof(came));
		memcpy(&went, &numbers[i], sizeof(went));
		ck_assert_msg(came == went, "%s", text);
		_cleanup_json_ cJSON *alone = cJSON_CreateNumber(numbers[i]);
		_cleanup_free_ char *spelled = json_print(alone);
		ck_assert_msg(strtod(spelled, NULL) == numbers[i], "%s", spelled);
	}
}
END_TEST

START_TEST(test_bad_bytes_are_replaced)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	json_add_str(json, "a",
	    "\xff"
	    "b\xc3\xa9\xe2\x82");
	_cleanup_free_ char *text = json_print(json);
	ck_assert_str_eq(text,
	    "{\"a\":\"\xef\xbf\xbd"
	    "b\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"}");
	cJSON_Delete(parse(text));
}
END_TEST

/* Whatever bytes go in, a valid literal of the same text comes out. */
START_TEST(test_quoted)
{
	static const struct {
		const char *text;
		size_t len;
		const char *literal;
	} cases[] = {
		{ "", 0, "\"\"" },
		{ "a\"b\\c\n\t\x01\x7f", 9, "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"" },
		{ "\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
		{ "\xff\xc3", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };

		json_add_quoted(&out, cases[i].text, cases[i].len);
		ck_assert_str_eq(buf_str(&out), cases[i].literal);
		cJSON_Delete(parse(out.data));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_parse_is_strict);
	tcase_add_test(tc, test_getters);
	tcase_add_test(tc, test_build_and_print);
	tcase_add_test(tc, test_numbers_come_back);
	tcase_add_test(tc, test_bad_bytes_are_replaced);
	tcase_add_test(tc, test_quoted);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

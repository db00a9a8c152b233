/*
 * test_conditions.c - what an object is known by, and keys of requests.
 */
#include "controlplane/api/conditions.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/idempotency.h"
#include "runtime/base/json.h"
#include "tests/run.h"

static void
tag(const char *text, char out[24])
{
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
	etag_add(json);
	snprintf(out, 24, "%s", json_str(json, "etag"));
}

START_TEST(test_etag)
{
	char a[24], b[24], c[24];

	tag("{\"id\":\"key_1\",\"n\":1}", a);
	tag("{\"id\":\"key_1\",\"n\":1}", b);
	tag("{\"id\":\"key_1\",\"n\":2}", c);
	ck_assert_uint_eq(strlen(a), 16);
	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
}
END_TEST

START_TEST(test_keys) /* [A21] an Idempotency-Key is 1 to 128 visible ASCII characters */
{
	char longest[130] = "";

	memset(longest, 'k', 128);
	ck_assert(once_key_valid("k"));
	ck_assert(once_key_valid("!~\"{}"));
	ck_assert(once_key_valid(longest));
	longest[128] = 'k';
	ck_assert(!once_key_valid(longest));
	ck_assert(!once_key_valid(""));
	ck_assert(!once_key_valid("a b"));
	ck_assert(!once_key_valid("a\tb"));
	ck_assert(!once_key_valid("a\x7f"));
	ck_assert(!once_key_valid("\xc3\xa4"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conditions");
	TCase *tc = tcase_create("conditions");

	tcase_add_test(tc, test_etag);
	tcase_add_test(tc, test_keys);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

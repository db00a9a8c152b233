/*
 * test_seal.c - what is sealed is read with its password only, and not after a change.
 */
#include "runtime/base/seal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

START_TEST(test_round) /* [L04] sealed with a password, read with it only */
{
	const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 100000 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		_cleanup_free_ char *text = mem_zalloc(sizes[i] + 1);
		_cleanup_buf_ struct buf out = { 0 };

		memset(text, 'a' + (int)i, sizes[i]);
		_cleanup_free_ char *sealed = seal_text("word", text, sizes[i]);
		_cleanup_free_ char *again = seal_text("word", text, sizes[i]);
		ck_assert_str_ne(sealed, again);
		ck_assert_int_eq(seal_open("word", sealed, &out), 0);
		ck_assert_uint_eq(out.len, sizes[i]);
		ck_assert_mem_eq(buf_str(&out), text, sizes[i]);
		ck_assert_int_eq(seal_open("other", sealed, &out), -1);
		ck_assert_uint_eq(out.len, sizes[i]);
		ck_assert(sizes[i] < 15 || strstr(sealed, text) == NULL);
	}
}
END_TEST

START_TEST(test_changed)
{
	_cleanup_free_ char *sealed = seal_text("word", "hello", 5);
	const size_t len = strlen(sealed);
	_cleanup_buf_ struct buf out = { 0 };

	for (size_t i = 0; i < len; i++) {
		const char was = sealed[i];

		sealed[i] = was == '0' ? '1' : '0';
		ck_assert_int_eq(seal_open("word", sealed, &out), -1);
		sealed[i] = 'x';
		ck_assert_int_eq(seal_open("word", sealed, &out), -1);
		sealed[i] = was;
	}
	for (size_t i = 0; i < len; i++) {
		_cleanup_free_ char *cut = str_ndup(sealed, i);

		ck_assert_int_eq(seal_open("word", cut, &out), -1);
	}
	ck_assert_uint_eq(out.len, 0);
	ck_assert_int_eq(seal_open("word", sealed, &out), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tc = tcase_create("seal");

	tcase_add_test(tc, test_round);
	tcase_add_test(tc, test_changed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

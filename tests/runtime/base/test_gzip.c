/*
 * test_gzip.c - bytes packed and unpacked, and what is no member of gzip.
 */
#include "runtime/base/gzip.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

START_TEST(test_there_and_back)
{
	_cleanup_buf_ struct buf packed = { 0 }, out = { 0 };
	struct error err = { 0 };

	gzip_pack("a\0b", 3, &packed);
	buf_add_str(&out, "before ");
	ck_assert_int_eq(gzip_unpack(packed.data, packed.len, 10, &out, &err), 0);
	ck_assert_uint_eq(out.len, 10);
	ck_assert_mem_eq(out.data, "before a\0b", 11);
	packed.data[packed.len - 6] ^= 1; /* its check sum */
	ck_assert_int_lt(gzip_unpack(packed.data, packed.len, 100, &out, &err), 0);
	ck_assert_str_eq(err.text, "it is damaged");
	ck_assert_int_lt(gzip_unpack("", 0, 100, &out, &err), 0);
}
END_TEST

START_TEST(test_bomb) /* a gzip member of zeros */
{
	_cleanup_buf_ struct buf zeros = { 0 }, packed = { 0 }, out = { 0 };
	struct error err = { 0 };

	memset(buf_reserve(&zeros, 1 << 22), 0, 1 << 22);
	gzip_pack(zeros.data, 1 << 22, &packed);
	ck_assert_int_lt(gzip_unpack(packed.data, packed.len, 1 << 20, &out, &err), 0);
	ck_assert_uint_lt(out.len, (1 << 20) + 70000);
	buf_clear(&out);
	ck_assert_int_eq(gzip_unpack(packed.data, packed.len, 1 << 22, &out, &err), 0);
	buf_add_char(&packed, 'x');
	ck_assert_int_lt(gzip_unpack(packed.data, packed.len, 1 << 23, &out, &err), 0);
	ck_assert_int_lt(gzip_unpack(packed.data, packed.len / 2, 1 << 23, &out, &err), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gzip");
	TCase *tc = tcase_create("gzip");

	tcase_add_test(tc, test_there_and_back);
	tcase_add_test(tc, test_bomb);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_disk.c - what is left of a disk, as a number and in words.
 */
#include "runtime/base/disk.h"

#include <check.h>
#include <stdlib.h>

#include "runtime/base/error.h"
#include "tests/run.h"

#define GIB (INT64_C(1) << 30)

START_TEST(test_words) /* [D11] a disk that is nearly full */
{
	const struct disk full = { 100 * GIB, 0 }, low = { 100 * GIB, 7 * GIB }, unknown = { 0 };
	char out[80];

	ck_assert(disk_free_percent(&full) == 0);
	ck_assert(disk_free_percent(&low) > 6.99 && disk_free_percent(&low) < 7.01);
	ck_assert(disk_free_percent(&unknown) == 100);
	ck_assert_str_eq(disk_words(&low, out, sizeof(out)), "7 GiB of 100 GiB free (7 %)");
}
END_TEST

START_TEST(test_look)
{
	struct error err = { 0 };
	struct disk d = { 0 };

	ck_assert_int_eq(disk_look("/", &d, &err), 0);
	ck_assert(d.total_bytes > 0 && d.free_bytes >= 0 && d.free_bytes <= d.total_bytes);
	ck_assert_int_eq(disk_look("/nowhere/at/all", &d, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("disk");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_words);
	tcase_add_test(tc, test_look);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

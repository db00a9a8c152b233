/*
 * test_resample.c - the stream is splitmix64, every number is below n, and none is favoured.
 */
#include "bench/record/resample.h"

#include <check.h>

#include "tests/run.h"

START_TEST(test_known)
{
	uint64_t state = 0;

	/* the low halves of what splitmix64 gives for the seed 0 */
	ck_assert_uint_eq(resample(&state, 1ULL << 32), 0x7b1dcdaf);
	ck_assert_uint_eq(resample(&state, 1ULL << 32), 0xa1b965f4);
	ck_assert_uint_eq(resample(&state, 1ULL << 32), 0x8009454f);
}
END_TEST

START_TEST(test_fair)
{
	uint64_t state = 42, seen[7] = { 0 };

	for (int i = 0; i < 70000; i++)
		seen[resample(&state, 7)]++;
	for (int i = 0; i < 7; i++)
		ck_assert(seen[i] > 9500 && seen[i] < 10500);
	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_eq(resample(&state, 1), 0);
		ck_assert_uint_lt(resample(&state, UINT64_MAX / 2 + 2), UINT64_MAX / 2 + 2);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("resample");
	TCase *t = tcase_create("all");

	tcase_add_test(t, test_known);
	tcase_add_test(t, test_fair);
	suite_add_tcase(s, t);
	return run_suite(s);
}

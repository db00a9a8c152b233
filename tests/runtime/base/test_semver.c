/*
 * test_semver.c - which texts are versions, and their order.
 */
#include "runtime/base/semver.h"

#include <check.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

/* Each is older than the next, as semver.org has it. */
static const char *const in_order[] = { "0.0.1", "0.1.0", "0.9.0", "0.10.0", "1.0.0-0", "1.0.0-9",
	"1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
	"1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "2.0.0",
	"999999999.999999999.999999999" };

START_TEST(test_order)
{
	for (size_t i = 0; i < ARRAY_LEN(in_order); i++) {
		ck_assert_msg(semver_valid(in_order[i]), "%s", in_order[i]);
		for (size_t k = 0; k < ARRAY_LEN(in_order); k++) {
			const int rc = semver_compare(in_order[i], in_order[k]);

			ck_assert_msg((rc < 0) == (i < k) && (rc > 0) == (i > k), "%s and %s: %d",
			    in_order[i], in_order[k], rc);
		}
	}
}
END_TEST

START_TEST(test_form)
{
	static const char *const bad[] = { "", "1", "1.0", "1.0.0.0", "01.0.0", "1.00.0", "1.0.0-",
		"1.0.0-.a", "1.0.0-a.", "1.0.0-a..b", "1.0.0-01", "1.0.0+build", "v1.0.0", " 1.0.0",
		"1.0.0 ", "1.0.0\n", "-1.0.0", "1.-1.0", "1.0.0-\xc3\xa4", "9999999999.0.0",
		"1.0.0-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!semver_valid(bad[i]), "%s", bad[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("semver");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_form);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

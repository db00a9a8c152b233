/*
 * test_writer.c - who sets the clock of the machine does not keep the writer waiting.
 */
#include <sched.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"
#include "tests/wall_clock.h"

START_TEST(test_set_back) /* [J01] usage is written soon, though the clock is set back */
{
	struct store_stats stats;
	struct usage_row row = { .status = 200 };

	wall_is_noon();
	row.at_ms = clock_wall_ms();
	strcpy(row.request_id, "req_1");
	store_add_usage(store, &row);
	do { /* without that it takes hours, and the test its timeout */
		sched_yield();
		store_stats(store, &stats);
	} while (stats.chats_today == 0);
	ck_assert_uint_eq(stats.batches, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("writer");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_set_back);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

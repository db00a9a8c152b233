/*
 * test_quota.c - budgets and rates: cases, and what holds whatever happens.
 */
#include "controlplane/platform/quota.h"
#include "tests/must.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/run.h"

static struct quota_amounts
all(int64_t n)
{
	struct quota_amounts a;

	for (int i = 0; i < QUOTA_COUNT; i++)
		a.of[i] = n;
	return a;
}

START_TEST(test_holds)
{
	struct quota_meter m = { 0 };
	const struct quota_amounts limits = { { 2, 100, 50, QUOTA_UNLIMITED, 0 } };
	const struct quota_amounts call = { { 1, 60, 10, INT64_MAX, 0 } };
	const struct quota_amounts used = { { 1, 40, 10, 5, 0 } };
	enum quota_kind which;

	ck_assert(quota_fits(&m, &limits, &call, &which));
	quota_hold(&m, &call);
	ck_assert(!quota_fits(&m, &limits, &call, &which)); /* [H09] 60 + 60 > 100 */
	ck_assert_int_eq(which, QUOTA_TOKENS);
	ck_assert_int_eq(quota_left(&m, &limits, QUOTA_TOKENS), 40);
	quota_settle(&m, &call, &used);
	ck_assert_int_eq(m.held.of[QUOTA_TOKENS], 0);
	ck_assert_int_eq(m.spent.of[QUOTA_TOKENS], 40);
	ck_assert_int_eq(quota_left(&m, &limits, QUOTA_TOKENS), 60); /* exactly at the edge */
	ck_assert(quota_fits(&m, &limits, &call, &which));
	quota_hold(&m, &call);
	quota_settle(&m, &call, &used);
	ck_assert(!quota_fits(&m, &limits, &call, &which));
	ck_assert_int_eq(which, QUOTA_REQUESTS);
	const struct quota_amounts sandbox = { { 0, 0, 0, 0, 1 } };
	ck_assert(!quota_fits(&m, &limits, &sandbox, &which)); /* a limit of nothing */
	ck_assert_int_eq(which, QUOTA_SANDBOX);
}
END_TEST

START_TEST(test_odd_amounts) /* [H09] negative and overflowing usage never gives money back */
{
	struct quota_meter m = { 0 };
	const struct quota_amounts limits = all(1000), zero = all(0);
	struct quota_amounts odd = all(-5);
	enum quota_kind which;

	quota_settle(&m, &zero, &odd);
	for (int i = 0; i < QUOTA_COUNT; i++)
		ck_assert_int_eq(m.spent.of[i], 0);
	odd = all(INT64_MAX);
	quota_settle(&m, &zero, &odd);
	quota_settle(&m, &zero, &odd);
	quota_hold(&m, &odd);
	for (int i = 0; i < QUOTA_COUNT; i++) {
		ck_assert_int_eq(m.spent.of[i], INT64_MAX);
		ck_assert_int_eq(quota_left(&m, &limits, (enum quota_kind)i), 0);
	}
	odd = all(1);
	ck_assert(!quota_fits(&m, &limits, &odd, &which));
}
END_TEST

#define CALLS 64

/* Whatever comes in whatever order: while calls use no more than they held, no limit is passed, and
 * when all are over nothing is held and what was spent is the sum. */
START_TEST(test_property) /* [H09] 100 concurrent calls at the edge */
{
	struct quota_amounts held[CALLS], sum = all(0);
	struct quota_meter m = { 0 };
	struct quota_amounts limits;
	int running = 0;

	srandom((unsigned)_i + 1);
	for (int i = 0; i < QUOTA_COUNT; i++)
		limits.of[i] = random() % 5 == 0 ? QUOTA_UNLIMITED : random() % 10000;
	for (int step = 0; step < 2000 || running > 0; step++) {
		const bool begin = step < 2000 && running < CALLS && random() % 2 == 0;
		enum quota_kind which;

		if (begin) {
			struct quota_amounts *h = &held[running];

			for (int i = 0; i < QUOTA_COUNT; i++)
				h->of[i] = random() % 300;
			if (quota_fits(&m, &limits, h, &which)) {
				quota_hold(&m, h);
				running++;
			} else {
				must(quota_left(&m, &limits, which) < h->of[which]);
			}
		} else if (running > 0) {
			const int at = (int)(random() % running);
			struct quota_amounts used;

			for (int i = 0; i < QUOTA_COUNT; i++) {
				used.of[i] = random() % (held[at].of[i] + 1);
				sum.of[i] += used.of[i];
			}
			quota_settle(&m, &held[at], &used);
			held[at] = held[--running];
		}
		for (int i = 0; i < QUOTA_COUNT; i++) {
			must(m.held.of[i] >= 0);
			must(m.spent.of[i] + m.held.of[i] <= limits.of[i]);
		}
	}
	for (int i = 0; i < QUOTA_COUNT; i++) {
		must(m.held.of[i] == 0);
		must(m.spent.of[i] == sum.of[i]);
	}
}
END_TEST

START_TEST(test_rate) /* never more in any minute than twice the rate, and evenly after that */
{
	static const int64_t rates[] = { 1, 7, 60, 600, 100000 };
	const int64_t rate = rates[_i];
	struct quota_rate r = { 0 };
	int64_t taken = 0, wait_ms = 0;

	for (int64_t now = 1000000; now < 1000000 + 120000; now += 7)
		for (int burst = 0; burst < 40; burst++) {
			if (quota_rate_take(&r, rate, now, &wait_ms))
				taken++;
			else
				must(wait_ms >= 1);
		}
	must(taken >= 2 * (rate < 60000 ? rate : 60000));
	must(taken <= 3 * (rate < 60000 ? rate + 1 : 60000));
	must(quota_rate_take(&r, 0, 5, &wait_ms)); /* no limit */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("quota");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_holds);
	tcase_add_test(tc, test_odd_amounts);
	tcase_add_loop_test(tc, test_property, 0, 200);
	tcase_add_loop_test(tc, test_rate, 0, 5);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

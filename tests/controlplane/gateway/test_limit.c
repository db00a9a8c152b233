/*
 * test_limit.c - limits by a model clock: case by case, and with threads that all want at once.
 */
#include "controlplane/gateway/limit.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/guess.h"
#include "controlplane/registry/keys.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

#define DAY_MS INT64_C(86400000)
#define NOON (INT64_C(20000) * DAY_MS + DAY_MS / 2) /* 2024-10-04 12:00 UTC */
#define USD INT64_C(1000000)

static struct key_meter *m;

static void
set_up(void)
{
	m = key_meter_new();
}

static void
tear_down(void)
{
	key_meter_unref(m);
}

static struct limit_clock
at(int64_t ms)
{
	return (struct limit_clock){ ms, NOON + ms };
}

static enum limit_verdict
once(const struct key_limits *l, int64_t ms, int64_t tokens, int64_t micro_usd)
{
	struct limit_hold h = { 0 };
	const enum limit_verdict v = limit_take(m, l, at(ms), &h);

	ck_assert_int_eq(h.held, v == LIMIT_OK);
	limit_settle(m, at(ms), &h, tokens, micro_usd);
	return v;
}

START_TEST(test_minute) /* [L14] no edge of the clock lets more through */
{
	const struct key_limits l = { .requests_per_minute = 3 };

	ck_assert_int_eq(once(&l, 59000, 0, 0), LIMIT_OK);
	ck_assert_int_eq(once(&l, 59999, 0, 0), LIMIT_OK);
	ck_assert_int_eq(once(&l, 60000, 0, 0), LIMIT_OK);
	ck_assert_int_eq(once(&l, 60001, 0, 0), LIMIT_REQUESTS);
	ck_assert_int_eq(once(&l, 118999, 0, 0), LIMIT_REQUESTS);
	ck_assert_int_eq(once(&l, 119999, 0, 0), LIMIT_REQUESTS); /* the second counts as a whole */
	ck_assert_int_eq(limit_retry_ms(m, at(119999), LIMIT_REQUESTS), 1);
	ck_assert_int_eq(once(&l, 120000, 0, 0), LIMIT_OK);
	ck_assert_int_eq(once(&l, 120000, 0, 0), LIMIT_OK);
	ck_assert_int_eq(once(&l, 120000, 0, 0), LIMIT_REQUESTS);
	ck_assert_int_eq(once(&l, 1000000, 0, 0), LIMIT_OK);
	ck_assert_int_eq(m->in_flight, 0);
}
END_TEST

START_TEST(test_concurrency)
{
	const struct key_limits l = { .concurrency = 2 };
	struct limit_hold a = { 0 }, b = { 0 }, c = { 0 };

	ck_assert_int_eq(limit_take(m, &l, at(0), &a), LIMIT_OK);
	ck_assert_int_eq(limit_take(m, &l, at(0), &b), LIMIT_OK);
	ck_assert_int_eq(limit_take(m, &l, at(0), &c), LIMIT_CONCURRENCY);
	limit_settle(m, at(1), &c, 1, 1); /* not held: nothing happens */
	limit_settle(m, at(1), &a, 0, 0);
	limit_settle(m, at(1), &a, 0, 0); /* once only */
	ck_assert_int_eq(limit_take(m, &l, at(2), &c), LIMIT_OK);
	ck_assert_int_eq(limit_take(m, &l, at(2), &a), LIMIT_CONCURRENCY);
	limit_settle(m, at(3), &b, 0, 0);
	limit_settle(m, at(3), &c, 0, 0);
	ck_assert_int_eq(m->in_flight, 0);
}
END_TEST

START_TEST(test_tokens)
{
	const struct key_limits l = { .tokens_per_minute = 100 };
	struct limit_left left;

	ck_assert_int_eq(once(&l, 1000, 60, 0), LIMIT_OK);
	ck_assert_int_eq(once(&l, 2000, -5, 0), LIMIT_OK); /* nonsense counts as nothing */
	limit_left(m, &l, at(2000), NULL, &left);
	ck_assert_int_eq(left.tokens, 40);
	ck_assert_int_eq(left.requests, -1);
	ck_assert_int_eq(left.tokens_reset_ms, 60000);
	ck_assert_int_eq(once(&l, 3000, 60, 0), LIMIT_OK); /* over by what ran */
	ck_assert_int_eq(once(&l, 4000, 0, 0), LIMIT_TOKENS);
	ck_assert_int_eq(limit_retry_ms(m, at(4000), LIMIT_TOKENS), 58000);
	ck_assert_int_eq(once(&l, 62000, 0, 0), LIMIT_OK);
}
END_TEST

START_TEST(test_budget) /* [H09] reserved before, settled after */
{
	const struct key_limits l = { .day_micro_usd = USD, .month_micro_usd = 3 * USD };
	struct limit_hold a = { 0 }, b = { 0 };
	struct limit_left left;

	ck_assert_int_eq(once(&l, 0, 0, 600000), LIMIT_OK);
	ck_assert_int_eq(limit_take(m, &l, at(1), &a), LIMIT_OK); /* reserves as much again */
	ck_assert_int_eq(limit_take(m, &l, at(1), &b), LIMIT_DAY);
	limit_left(m, &l, at(1), &a, &left);
	ck_assert_int_eq(left.budget_micro_usd, 400000);
	limit_settle(m, at(2), &a, 0, -1); /* nothing said: the reservation comes back */
	ck_assert_int_eq(limit_take(m, &l, at(3), &b), LIMIT_OK);
	limit_settle(m, at(3), &b, 0, 400000);
	ck_assert_int_eq(once(&l, 4, 0, 0), LIMIT_DAY);
	ck_assert_int_eq(limit_retry_ms(m, at(4), LIMIT_DAY), DAY_MS / 2 - 4);
	ck_assert_int_eq(once(&l, DAY_MS / 2, 0, USD), LIMIT_OK); /* the next day */
	ck_assert_int_eq(once(&l, DAY_MS / 2 - 10, 0, 0), LIMIT_DAY); /* a clock set back */
	ck_assert_int_eq(once(&l, DAY_MS * 2, 0, USD), LIMIT_OK);
	ck_assert_int_eq(once(&l, DAY_MS * 3, 0, 0), LIMIT_MONTH);
	ck_assert_int_eq(limit_retry_ms(m, at(DAY_MS * 3), LIMIT_MONTH), DAY_MS * 24 + DAY_MS / 2);
	ck_assert_int_eq(once(&l, DAY_MS * 30, 0, 0), LIMIT_OK);
	ck_assert_int_eq(m->in_flight, 0);
}
END_TEST

START_TEST(test_midnight) /* what was reserved yesterday is settled yesterday */
{
	const struct key_limits l = { .day_micro_usd = USD };
	struct limit_hold a = { 0 };

	ck_assert_int_eq(limit_take(m, &l, at(DAY_MS / 2 - 1), &a), LIMIT_OK);
	ck_assert_int_eq(once(&l, DAY_MS / 2 + 1, 0, 900000), LIMIT_OK);
	limit_settle(m, at(DAY_MS / 2 + 2), &a, 0, 900000);
	ck_assert_int_eq(once(&l, DAY_MS / 2 + 3, 0, 0), LIMIT_OK);
}
END_TEST

START_TEST(
    test_charge) /* [G12] a call is dearer than was said: so is its day, and the next reservation */
{
	const struct key_limits l = { .day_micro_usd = USD, .month_micro_usd = 2 * USD };
	struct limit_hold a = { 0 };
	struct limit_left left;

	ck_assert_int_eq(once(&l, 0, 0, 100000), LIMIT_OK);
	limit_charge(m, NOON, 200000, 300000);
	limit_left(m, &l, at(1), NULL, &left);
	ck_assert_int_eq(left.budget_micro_usd, 700000);
	ck_assert_int_eq(limit_take(m, &l, at(1), &a), LIMIT_OK);
	limit_left(m, &l, at(1), NULL, &left);
	ck_assert_int_eq(left.budget_micro_usd, 400000); /* reserved */
	limit_charge(m, NOON + 1, 300000, 300000); /* while another runs */
	limit_settle(m, at(2), &a, 0, 0);
	limit_left(m, &l, at(2), NULL, &left);
	ck_assert_int_eq(left.budget_micro_usd, 400000);
	/* Told the next day: what was yesterday's is not today's. */
	ck_assert_int_eq(once(&l, DAY_MS / 2 + 1, 0, 0), LIMIT_OK);
	limit_charge(m, NOON + 2, 900000, 900000);
	limit_left(m, &l, at(DAY_MS / 2 + 2), NULL, &left);
	ck_assert_int_eq(left.budget_micro_usd, 500000); /* the month's: 0.6 and 0.9 of 2 */
	ck_assert_int_eq(once(&l, DAY_MS / 2 + 3, 0, 500000), LIMIT_OK);
	ck_assert_int_eq(once(&l, DAY_MS / 2 + 4, 0, 0), LIMIT_MONTH);
	ck_assert_int_eq(m->in_flight, 0);
}
END_TEST

START_TEST(test_restart) /* [L14] what the database knows counts after a start */
{
	const struct key_limits l = {
		.requests_per_minute = 2, .tokens_per_minute = 50, .day_micro_usd = USD
	};
	struct limit_left left;

	limit_restore_request(m, at(5000), NOON + 5000 - 30000, NOON + 5000 - 20000, 20);
	limit_restore_request(m, at(5000), NOON + 5000 - 70000, NOON + 5000 - 10000, 10);
	limit_restore_request(m, at(5000), NOON - 700000, NOON - 600000, 1000);
	limit_restore_spent(m, NOON, 250000, 250000, 250000);
	limit_left(m, &l, at(5000), NULL, &left);
	ck_assert_int_eq(left.requests, 1);
	ck_assert_int_eq(left.tokens, 20);
	ck_assert_int_eq(left.budget_micro_usd, 750000);
	ck_assert_int_eq(once(&l, 5000, 0, 0), LIMIT_OK);
	ck_assert_int_eq(once(&l, 5000, 0, 0), LIMIT_REQUESTS);
}
END_TEST

/* ---- with threads ---- */

#define THREADS 8
#define TRIES 20000
#define LIMIT 50
#define COST 700

static _Atomic int64_t clock_ms;
static _Atomic int64_t running, most_running, spent;
static const struct key_limits threaded = {
	.requests_per_minute = LIMIT, .concurrency = 3, .day_micro_usd = 400 * COST
};

struct admitted {
	int64_t *at_ms;
	size_t len;
	int64_t budget_refusals;
};

static void *
want(void *arg)
{
	struct admitted *a = arg;

	for (int i = 0; i < TRIES; i++) {
		const int64_t ms = atomic_fetch_add(&clock_ms, 7);
		struct limit_hold h = { 0 };
		const enum limit_verdict v = limit_take(m, &threaded, at(ms), &h);

		a->budget_refusals += v == LIMIT_DAY;
		if (v != LIMIT_OK)
			continue;
		const int64_t n = atomic_fetch_add(&running, 1) + 1;
		for (int64_t seen = most_running;
		     n > seen && !atomic_compare_exchange_weak(&most_running, &seen, n);)
			;
		a->at_ms[a->len++] = ms;
		spent += COST;
		running--;
		limit_settle(m, at(ms), &h, 3, COST);
	}
	return NULL;
}

static int
by_time(const void *x, const void *y)
{
	const int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

START_TEST(test_threads) /* [L14] [H09] a burst of threads: never over, whatever the interleaving */
{
	struct admitted per[THREADS] = { 0 };
	pthread_t threads[THREADS];
	_cleanup_free_ int64_t *all = calloc(THREADS * TRIES, sizeof(*all));
	int64_t refused = 0;
	size_t n = 0;

	atomic_store(&m->dearest_micro_usd, COST);
	for (int i = 0; i < THREADS; i++) {
		per[i].at_ms = calloc(TRIES, sizeof(int64_t));
		pthread_create(&threads[i], NULL, want, &per[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		memcpy(all + n, per[i].at_ms, per[i].len * sizeof(*all));
		n += per[i].len;
		refused += per[i].budget_refusals;
		free(per[i].at_ms);
	}
	qsort(all, n, sizeof(*all), by_time);
	for (size_t i = 0; i + LIMIT < n; i++)
		ck_assert_msg(all[i + LIMIT] - all[i] >= 60000, "%d in %lld ms", LIMIT + 1,
		    (long long)(all[i + LIMIT] - all[i]));
	ck_assert_int_le(most_running, threaded.concurrency);
	ck_assert_int_eq(spent, 400 * COST); /* all of it, and no more */
	ck_assert_int_gt(refused, 0);
	ck_assert_int_eq(m->in_flight, 0);
	ck_assert_int_eq((int64_t)(m->day & ((UINT64_C(1) << 48) - 1)), spent);
}
END_TEST

START_TEST(
    test_guesses) /* [L02] an address that guesses is not looked at; others, and good keys, are */
{
	_cleanup_free_ struct guesses *g = calloc(1, sizeof(*g));
	char other[40];

	g->seed = 12345;
	guess_good(g, "good", 4);
	for (int i = 0; i < 20; i++) {
		ck_assert(guess_allowed(g, "192.0.2.1", "bad", 3, 1000));
		guess_failed(g, "192.0.2.1", 1000);
	}
	ck_assert(!guess_allowed(g, "192.0.2.1", "bad", 3, 1000));
	ck_assert(guess_allowed(g, "192.0.2.1", "good", 4, 1000));
	ck_assert(guess_allowed(g, "192.0.2.2", "bad", 3, 1000));
	ck_assert(guess_allowed(g, "192.0.2.1", "bad", 3, 1200));
	ck_assert(guess_allowed(g, "192.0.2.1", "bad", 3, 100000));
	for (int i = 0; i < 20; i++)
		guess_failed(g, "2001:db8::1", 2000);
	ck_assert(!guess_allowed(g, "2001:db8::ffff:1", "bad", 3, 2000)); /* the same /64 */
	ck_assert(guess_allowed(g, "2001:db8:1::1", "bad", 3, 2000));
	/* Ten thousand addresses do not lock out one more. */
	for (int i = 0; i < 10000; i++) {
		snprintf(other, sizeof(other), "10.0.%d.%d", i / 250, i % 250);
		guess_failed(g, other, 3000);
	}
	ck_assert(guess_allowed(g, "198.51.100.7", "bad", 3, 3000));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("limit");
	TCase *tc = tcase_create("limit");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_minute);
	tcase_add_test(tc, test_concurrency);
	tcase_add_test(tc, test_tokens);
	tcase_add_test(tc, test_budget);
	tcase_add_test(tc, test_midnight);
	tcase_add_test(tc, test_charge);
	tcase_add_test(tc, test_restart);
	tcase_add_test(tc, test_threads);
	tcase_add_test(tc, test_guesses);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

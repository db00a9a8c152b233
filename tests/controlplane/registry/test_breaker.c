/*
 * test_breaker.c - when it opens, for how long, who may try; and what no sequence may do.
 */
#include "controlplane/registry/breaker.h"

#include <check.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct breaker_rules rules = {
	.failures = 5,
	.ratio_percent = 50,
	.ratio_least = 20,
	.window_ms = 30000,
	.open_ms = 5000,
	.open_max_ms = 60000,
};

static bool
attempt(struct breaker *b, enum breaker_result result, int64_t retry_ms, int64_t now_ms)
{
	struct breaker_pass pass;

	ck_assert(breaker_enter(b, now_ms, &pass));
	return breaker_report(b, &rules, &pass, result, retry_ms, now_ms);
}

static void
fail_until_open(struct breaker *b, int64_t now_ms)
{
	for (int i = 1; i <= 5; i++)
		ck_assert_int_eq(attempt(b, BREAKER_BAD, 0, now_ms), i == 5);
	ck_assert_int_eq(b->state, BREAKER_OPEN);
}

START_TEST(test_in_a_row) /* [C01] so many failures in a row, and nobody goes there */
{
	struct breaker b;
	struct breaker_pass pass;

	breaker_init(&b, 0);
	for (int i = 0; i < 4; i++)
		ck_assert(!attempt(&b, BREAKER_BAD, 0, 100));
	ck_assert(!attempt(&b, BREAKER_NEUTRAL, 0, 100)); /* says nothing either way */
	breaker_good(&b, &rules, 1, 100);
	fail_until_open(&b, 100);
	ck_assert(!breaker_enter(&b, 5099, &pass));
	ck_assert(breaker_enter(&b, 5100, &pass));
	ck_assert(pass.probe);
	ck_assert_int_eq(b.state, BREAKER_HALF_OPEN);
	ck_assert(!breaker_admits(&b, 1000000)); /* one probe at a time */
}
END_TEST

START_TEST(test_probe)
{
	struct breaker b;

	breaker_init(&b, 0);
	fail_until_open(&b, 0);
	ck_assert(attempt(&b, BREAKER_BAD, 0, 5000)); /* twice as long, and so on */
	ck_assert_int_eq(b.until_ms, 5000 + 10000);
	ck_assert(attempt(&b, BREAKER_NEUTRAL, 0, 15000)); /* its client left: the next one */
	ck_assert(breaker_admits(&b, 15000));
	for (int64_t at = 15000, i = 0; i < 30; i++, at = b.until_ms) {
		ck_assert(attempt(&b, BREAKER_BAD, 0, at));
		ck_assert_int_le(b.until_ms - at, 60000);
	}
	ck_assert(attempt(&b, BREAKER_GOOD, 0, b.until_ms));
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	fail_until_open(&b, 10000000); /* the back-off begins again */
	ck_assert_int_eq(b.until_ms, 10005000);
}
END_TEST

START_TEST(test_retry_after) /* [C14] its retry-after is the back-off, within reason */
{
	static const struct {
		int64_t retry_ms, open_ms;
	} cases[] = { { 0, 5000 }, { 1000, 1000 }, { 7000, 7000 }, { 3600000, 60000 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct breaker b;

		breaker_init(&b, 0);
		for (int n = 0; n < 4; n++)
			attempt(&b, BREAKER_BAD, 3600000, 50);
		ck_assert(attempt(&b, BREAKER_BAD, cases[i].retry_ms, 50));
		ck_assert_int_eq(b.until_ms, 50 + cases[i].open_ms);
	}
}
END_TEST

START_TEST(test_share)
{
	struct breaker b;

	breaker_init(&b, 0);
	for (int i = 0; i < 9; i++) { /* every second one fails, never two in a row */
		ck_assert(!attempt(&b, BREAKER_BAD, 0, 1000 + i));
		ck_assert(!attempt(&b, BREAKER_GOOD, 0, 1000 + i));
	}
	ck_assert(!attempt(&b, BREAKER_GOOD, 0, 1010));
	ck_assert(attempt(&b, BREAKER_BAD, 0, 1011)); /* 10 of 20 */

	breaker_init(&b, 0);
	for (int i = 0; i < 100; i++) { /* the same, but spread over time */
		ck_assert(!attempt(&b, BREAKER_BAD, 0, i * 4000));
		ck_assert(!attempt(&b, BREAKER_GOOD, 0, i * 4000));
	}
	/* Many good ones long ago do not hide what fails now. */
	breaker_init(&b, 0);
	breaker_good(&b, &rules, 100000, 3600000);
	ck_assert_uint_lt(b.slices[1200 % BREAKER_SLICES].good, 1000);
}
END_TEST

START_TEST(test_off)
{
	const struct breaker_rules never = { .window_ms = 30000, .open_ms = 1, .open_max_ms = 1 };
	struct breaker b;
	struct breaker_pass pass;

	breaker_init(&b, 0);
	for (int i = 0; i < 1000; i++) {
		ck_assert(breaker_enter(&b, 1, &pass));
		ck_assert(!breaker_report(&b, &never, &pass, BREAKER_BAD, 1000, 1));
	}
}
END_TEST

/* ---- any sequence of attempts, in any interleaving ---- */

#define FLYING 16
#define STEPS 30000

struct flying {
	struct breaker_pass pass;
	bool is;
};

START_TEST(test_any_sequence) /* [C01] one probe at a time; bounded; no old result counts */
{
	struct flying all[FLYING] = { 0 };
	struct breaker b;
	int64_t now_ms = 1;
	int probes = 0, opened = 0, closed = 0;
	unsigned in_row = 0;

	srand(7);
	breaker_init(&b, now_ms);
	for (int step = 0; step < STEPS; step++) {
		struct flying *f = &all[rand() % FLYING];
		const struct breaker before = b;

		now_ms += rand() % 3 == 0 ? rand() % 4000 : 0;
		if (!f->is) {
			const bool admits = breaker_admits(&b, now_ms);

			f->is = breaker_enter(&b, now_ms, &f->pass);
			ck_assert_int_eq(f->is, admits);
			if (before.state == BREAKER_CLOSED)
				ck_assert(f->is && !f->pass.probe);
			if (before.state == BREAKER_OPEN)
				ck_assert_int_eq(f->is, now_ms >= before.until_ms);
			if (before.state == BREAKER_HALF_OPEN)
				ck_assert(!f->is);
			probes += f->is && f->pass.probe;
			ck_assert_int_le(probes, 1);
			ck_assert_int_eq(probes == 1, b.state == BREAKER_HALF_OPEN);
			continue;
		}
		const enum breaker_result result = (enum breaker_result)(rand() % 3);
		const bool counts = f->pass.round == b.round;
		const bool changed = breaker_report(
		    &b, &rules, &f->pass, result, rand() % 2 * (rand() % 100000), now_ms);

		f->is = false;
		probes -= f->pass.probe;
		ck_assert_int_eq(changed, b.state != before.state);
		if (!counts)
			ck_assert(!changed && b.in_row == before.in_row);
		if (f->pass.probe)
			ck_assert_int_eq(
			    b.state, result == BREAKER_GOOD ? BREAKER_CLOSED : BREAKER_OPEN);
		if (b.state == BREAKER_OPEN && changed)
			ck_assert(b.until_ms >= now_ms && b.until_ms <= now_ms + 60000);
		if (before.state == BREAKER_CLOSED && counts && result != BREAKER_NEUTRAL)
			in_row = result == BREAKER_BAD ? in_row + 1 : 0;
		if (before.state == BREAKER_CLOSED)
			ck_assert(result == BREAKER_BAD || !changed);
		if (b.state != BREAKER_CLOSED)
			in_row = 0;
		ck_assert_uint_lt(in_row, 5);
		opened += changed && b.state == BREAKER_OPEN;
		closed += changed && b.state == BREAKER_CLOSED;
	}
	ck_assert_int_gt(opened, 100);
	ck_assert_int_gt(closed, 100);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("breaker");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_in_a_row);
	tcase_add_test(tc, test_probe);
	tcase_add_test(tc, test_retry_after);
	tcase_add_test(tc, test_share);
	tcase_add_test(tc, test_off);
	tcase_add_test(tc, test_any_sequence);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

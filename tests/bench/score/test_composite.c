/*
 * test_composite.c - properties of the numbers of a run, over many made-up runs.
 */
#include "bench/score/score.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

#define ITEMS_MAX 40

struct run {
	struct item items[ITEMS_MAX];
	struct result results[ITEMS_MAX * 2]; /* up to two epochs */
	struct scored scored[ITEMS_MAX * 2];
	size_t n;
};

static struct scoring scoring;

static void
setup(void)
{
	const char *text = scoring_builtin(NULL);

	ck_assert_int_eq(scoring_parse(text, strlen(text), &scoring, NULL), 0);
	scoring.samples = 300; /* the properties hold for any number */
}

static double
part(uint64_t *seed)
{
	return (double)resample(seed, 1001) / 1000;
}

static void
make_result(struct result *r, enum item_modality modality, uint64_t *seed)
{
	*r = (struct result){ .counts = resample(seed, 10) > 0, .passed = resample(seed, 3) > 0 };
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		r->has[d] = r->counts && (d != SCORE_MODALITY || modality != ITEM_TEXT);
		r->score[d] = r->has[d] && r->passed ? part(seed) : 0;
	}
}

static void
make_run(struct run *run, uint64_t seed)
{
	const size_t items = (size_t)resample(&seed, ITEMS_MAX) + 1;
	const int epochs = (int)resample(&seed, 2) + 1;

	*run = (struct run){ .n = 0 };
	for (size_t i = 0; i < items; i++) {
		struct item *it = &run->items[i];

		snprintf(it->id, sizeof(it->id), "i%02zu", i);
		it->weight = 0.5 + part(&seed);
		it->modality = (enum item_modality)resample(&seed, ITEM_MODALITY_COUNT);
		for (int e = 0; e < epochs; e++) {
			make_result(&run->results[run->n], it->modality, &seed);
			run->scored[run->n] = (struct scored){ it, &run->results[run->n] };
			run->n++;
		}
	}
}

static void
shuffle(struct run *run, uint64_t seed)
{
	for (size_t i = run->n; i > 1; i--) {
		const size_t k = (size_t)resample(&seed, i);
		const struct scored had = run->scored[i - 1];

		run->scored[i - 1] = run->scored[k];
		run->scored[k] = had;
	}
}

static void
within(const struct interval *v)
{
	ck_assert(v->value >= 0 && v->value <= 1 + 1e-12);
	ck_assert(v->low <= v->value && v->value <= v->high);
	ck_assert(v->low >= 0 && v->high <= 1 + 1e-12);
}

START_TEST(test_bounds)
{
	struct run run;
	struct composite c;
	double low = 1, high = 0, weights = 0;

	make_run(&run, (uint64_t)_i);
	composite_of(run.scored, run.n, &scoring, 42, &c);
	within(&c.composite);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		within(&c.dimension[d]);
		weights += c.weights[d];
		if (c.dimension[d].n == 0) {
			ck_assert(c.weights[d] == 0 && c.dimension[d].value == 0);
			continue;
		}
		low = c.dimension[d].value < low ? c.dimension[d].value : low;
		high = c.dimension[d].value > high ? c.dimension[d].value : high;
	}
	ck_assert_uint_eq(c.counted + c.excluded, run.n);
	ck_assert_uint_eq(c.passed + c.failed, c.counted);
	if (c.counted > 0) {
		ck_assert(weights > 1 - 1e-9 && weights < 1 + 1e-9);
		ck_assert(c.composite.value >= low - 1e-9 && c.composite.value <= high + 1e-9);
	}
}
END_TEST

/* Bit for bit: the same in any order, and again. */
START_TEST(test_order)
{
	struct run run;
	struct composite a, b;

	make_run(&run, (uint64_t)_i + 1000);
	composite_of(run.scored, run.n, &scoring, 7, &a);
	shuffle(&run, (uint64_t)_i);
	composite_of(run.scored, run.n, &scoring, 7, &b);
	ck_assert_mem_eq(&a, &b, sizeof(a));
}
END_TEST

/* Better in one place is never worse as a whole. */
START_TEST(test_monotone)
{
	struct run run;
	struct composite before, after;
	uint64_t seed = (uint64_t)_i;

	make_run(&run, (uint64_t)_i + 2000);
	composite_of(run.scored, run.n, &scoring, 1, &before);
	struct result *r = &run.results[resample(&seed, run.n)];
	const int d = (int)resample(&seed, SCORE_DIMENSION_COUNT);
	if (r->has[d])
		r->score[d] += (1 - r->score[d]) / 2;
	composite_of(run.scored, run.n, &scoring, 1, &after);
	ck_assert(after.composite.value >= before.composite.value - 1e-12);
	ck_assert(after.dimension[d].value >= before.dimension[d].value - 1e-12);
	ck_assert(after.composite.low >= before.composite.low - 1e-12);
}
END_TEST

START_TEST(test_seed_moves_only_the_interval)
{
	struct run run;
	struct composite a, b;

	make_run(&run, 5);
	composite_of(run.scored, run.n, &scoring, 1, &a);
	composite_of(run.scored, run.n, &scoring, 2, &b);
	ck_assert(a.composite.value == b.composite.value);
	ck_assert(a.composite.low != b.composite.low || a.composite.high != b.composite.high);
}
END_TEST

START_TEST(test_extremes)
{
	struct item item = { .id = "a", .weight = 1 };
	struct result good = { .counts = true,
		.passed = true,
		.score = { 1, 1, 1, 1, 0 },
		.has = { true, true, true, true, false } };
	struct result left_out = { .counts = false };
	const struct scored all[] = { { &item, &good }, { &item, &left_out } };
	struct composite c;

	composite_of(all, 2, &scoring, 1, &c);
	ck_assert(c.composite.value == 1 && c.composite.low == 1 && c.composite.high == 1);
	ck_assert_uint_eq(c.excluded, 1);
	ck_assert_uint_eq(c.dimension[SCORE_MODALITY].n, 0);
	/* 45, 20, 15 and 10 of 90 */
	ck_assert(c.weights[SCORE_QUALITY] > 0.4999 && c.weights[SCORE_QUALITY] < 0.5001);
	composite_of(all + 1, 1, &scoring, 1, &c);
	ck_assert(c.composite.value == 0 && c.composite.n == 0);
	composite_of(NULL, 0, &scoring, 1, &c);
	ck_assert(c.composite.n == 0);
}
END_TEST

/* The example of docs/scoring.md. */
START_TEST(test_worked_example)
{
	struct item a = { .id = "a", .weight = 1 }, b = { .id = "b", .weight = 3 };
	struct result right = { .counts = true,
		.passed = true,
		.score = { 1, 0.9, 0.8, 1, 0 },
		.has = { true, true, true, true, false } };
	struct result wrong = { .counts = true, .has = { true, true, true, true, false } };
	const struct scored all[] = { { &a, &wrong }, { &b, &right }, { &b, &wrong } };
	struct composite c;
	char line[120];

	composite_of(all, 3, &scoring, 42, &c);
	snprintf(line, sizeof(line), "%.2f %.2f %.2f %.2f = %.2f",
	    c.dimension[SCORE_QUALITY].value * 100, c.dimension[SCORE_SPEED].value * 100,
	    c.dimension[SCORE_COST].value * 100, c.dimension[SCORE_STREAMING].value * 100,
	    c.composite.value * 100);
	ck_assert_str_eq(line, "37.50 33.75 30.00 37.50 = 35.42");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("composite");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, test_bounds, 0, 60);
	tcase_add_loop_test(t, test_order, 0, 60);
	tcase_add_loop_test(t, test_monotone, 0, 60);
	tcase_add_test(t, test_seed_moves_only_the_interval);
	tcase_add_test(t, test_extremes);
	tcase_add_test(t, test_worked_example);
	suite_add_tcase(s, t);
	return run_suite(s);
}

/*
 * test_plan.c - bench/plan.c: the same plan of the same seed, whatever the order of the files [J07].
 */
#include "bench/plan.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/suite.h"
#include "tests/run.h"

#define ITEMS 50

static struct item items[ITEMS];
static struct suite suite = { .items = items, .len = ITEMS };

static void
setup(void)
{
	for (int i = 0; i < ITEMS; i++)
		snprintf(items[i].id, sizeof(items[i].id), "item-%02d", i);
}

static bool
same_order(const struct plan *a, const struct plan *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (a->at[i].item != b->at[i].item || a->at[i].epoch != b->at[i].epoch)
			return false;
	return true;
}

START_TEST(deterministic)
{
	struct plan a, b, c;

	plan_make(&suite, 42, 100, 2, &a);
	plan_make(&suite, 42, 100, 2, &b);
	plan_make(&suite, 43, 100, 2, &c);
	ck_assert(same_order(&a, &b));
	ck_assert(!same_order(&a, &c));
	ck_assert(a.whole);
	ck_assert_uint_eq(a.nitems, ITEMS);
	ck_assert_uint_eq(a.len, 2 * ITEMS);
	/* the largest seed there is works like any */
	plan_done(&c);
	plan_make(&suite, UINT64_MAX, 100, 2, &c);
	ck_assert_uint_eq(c.len, 2 * ITEMS);
	plan_done(&a);
	plan_done(&b);
	plan_done(&c);
}
END_TEST

/* Every item of the sample once an epoch, all of an epoch before the next. */
START_TEST(each_once)
{
	struct plan p;

	plan_make(&suite, (uint64_t)_i, 30, 3, &p);
	ck_assert_uint_eq(p.nitems, 15);
	ck_assert(!p.whole);
	for (int e = 0; e < 3; e++)
		for (size_t k = 0; k < p.nitems; k++) {
			size_t seen = 0;

			for (size_t i = 0; i < p.nitems; i++) {
				const struct planned *at = &p.at[(size_t)e * p.nitems + i];

				ck_assert_int_eq(at->epoch, e);
				seen += at->item == p.items[k];
			}
			ck_assert_uint_eq(seen, 1);
		}
	plan_done(&p);
}
END_TEST

START_TEST(next)
{
	struct plan p;
	int64_t wait_ms;

	plan_make(&suite, 1, 4, 1, &p);
	ck_assert_uint_eq(p.len, 2);
	ck_assert_ptr_eq(plan_next(&p, 100, &wait_ms), &p.at[0]);
	p.at[0].state = PLANNED_UNDER_WAY;
	p.at[1].not_before_ms = 150;
	ck_assert_ptr_null(plan_next(&p, 100, &wait_ms));
	ck_assert_int_eq(wait_ms, 50);
	ck_assert_ptr_eq(plan_next(&p, 150, &wait_ms), &p.at[1]);
	p.at[1].state = PLANNED_DONE;
	ck_assert_ptr_null(plan_next(&p, 150, &wait_ms));
	ck_assert_int_eq(wait_ms, -1);
	plan_done(&p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");

	tcase_add_unchecked_fixture(t, setup, NULL);
	tcase_add_test(t, deterministic);
	tcase_add_loop_test(t, each_once, 0, 5);
	tcase_add_test(t, next);
	suite_add_tcase(s, t);

	return run_suite(s);
}

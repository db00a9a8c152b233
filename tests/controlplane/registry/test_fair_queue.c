/*
 * test_fair_queue.c - turns, classes, and what happens when it is full; and any sequence at all.
 */
#include "controlplane/registry/fair_queue.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "tests/must.h"
#include "tests/run.h"

struct waiter {
	struct fair_entry entry; /* first */
	char key;
	enum fair_class class;
	int number;
	bool waits;
};

static struct waiter *
of(struct fair_entry *e)
{
	return (struct waiter *)(void *)e;
}

static struct fair_entry *
pop(struct fair_queue *q, int64_t now_ms)
{
	struct fair_entry *e = fair_next(q, NULL, NULL);

	if (e != NULL)
		fair_turn(q, e, now_ms);
	return e;
}

static bool
push(struct fair_queue *q, struct waiter *w, struct fair_entry **out)
{
	const char name[2] = { w->key, '\0' };

	*out = NULL;
	w->waits = fair_push(q, w->class, name, &w->entry, 0, out);
	if (*out != NULL)
		of(*out)->waits = false;
	return w->waits;
}

/* Each letter waits, upper case is a benchmark; then all have their turn. */
static const struct order {
	const char *come, *go;
} orders[] = {
	{ "", "" },
	{ "aaa", "aaa" },
	{ "aaabbc", "abcaba" },
	{ "AbAbc", "bcbAA" },
	{ "ABAab", "abABA" },
	{ "aab", "aba" },
};

START_TEST(test_order)
{
	struct fair_queue q = { .max = 100 };
	struct waiter all[16] = { 0 };
	struct fair_entry *out;
	char went[17] = "";
	size_t n = 0;

	for (const char *p = orders[_i].come; *p != '\0'; p++, n++) {
		all[n].key = *p;
		all[n].class = *p < 'a' ? FAIR_BENCH : FAIR_INTERACTIVE;
		ck_assert(push(&q, &all[n], &out));
	}
	for (size_t i = 0; i < n; i++)
		went[i] = of(pop(&q, 0))->key;
	ck_assert_str_eq(went, orders[_i].go);
	ck_assert_ptr_null(pop(&q, 0));
}
END_TEST

/* The queue takes four: who has to go when the last one comes?  '-': the newcomer. */
static const struct full {
	const char *come;
	char goes;
	int which;
} fulls[] = {
	{ "aaaab", 'a', 3 },
	{ "aaaaa", '-', 4 },
	{ "aabbc", 'a', 1 },
	{ "abcde", '-', 4 },
	{ "aabba", '-', 4 },
	{ "abcAd", 'A', 3 },
	{ "abcdA", '-', 4 },
	{ "AAAAa", 'A', 3 },
	{ "AAAAB", 'A', 3 },
	{ "abAAB", 'A', 3 },
	{ "aaaAB", '-', 4 },
};

START_TEST(test_full)
{
	const struct full *f = &fulls[_i];
	struct fair_queue q = { .max = 4 };
	struct waiter all[5] = { 0 };
	struct fair_entry *out = NULL;

	for (int i = 0; i < 5; i++) {
		all[i].key = f->come[i];
		all[i].class = f->come[i] < 'a' ? FAIR_BENCH : FAIR_INTERACTIVE;
		push(&q, &all[i], &out);
	}
	for (int i = 0; i < 5; i++)
		ck_assert_msg(all[i].waits == (i != f->which), "%s: %d", f->come, i);
	ck_assert_int_eq(q.len, 4);
	while (pop(&q, 0) != NULL)
		;
}
END_TEST

static bool
is_odd(const struct fair_entry *e, const void *arg)
{
	(void)arg;
	return ((const struct waiter *)(const void *)e)->number % 2 != 0;
}

START_TEST(
    test_only_those_that_fit) /* [M10] in turn as well; whoever is passed over keeps its place */
{
	static const char come[] = "aabbccA";
	struct fair_queue q = { .max = 100 };
	struct waiter all[7] = { 0 };
	struct fair_entry *e, *out;
	char went[8] = "";

	for (int i = 0; i < 7; i++) {
		all[i].key = come[i];
		all[i].class = come[i] < 'a' ? FAIR_BENCH : FAIR_INTERACTIVE;
		all[i].number = i >= 2; /* no a fits */
		ck_assert(push(&q, &all[i], &out));
	}
	for (int i = 0; (e = fair_next(&q, is_odd, NULL)) != NULL; i++) {
		if (i == 2) /* b and c had a turn each: a is next, if it may be */
			ck_assert_ptr_eq(fair_next(&q, NULL, NULL), &all[0].entry);
		went[i] = of(e)->key;
		fair_turn(&q, e, 0);
	}
	ck_assert_str_eq(went, "bcbcA");
	ck_assert_uint_eq(q.len, 2);
	ck_assert_ptr_eq(pop(&q, 0), &all[0].entry);
	ck_assert_ptr_eq(pop(&q, 0), &all[1].entry);
}
END_TEST

START_TEST(test_none_may_wait)
{
	struct fair_queue q = { 0 };
	struct waiter w = { .key = 'a' };
	struct fair_entry *out;

	ck_assert(!push(&q, &w, &out));
}
END_TEST

START_TEST(test_eta)
{
	struct fair_queue q = { .max = 100 };
	struct waiter all[8] = { 0 };
	struct fair_entry *out;

	for (int i = 0; i < 8; i++) {
		all[i].key = 'a';
		push(&q, &all[i], &out);
	}
	ck_assert_int_eq(fair_eta_ms(&q, &all[7].entry), -1); /* nothing to go by */
	pop(&q, 500);
	pop(&q, 1000);
	ck_assert_int_eq(fair_eta_ms(&q, &all[2].entry), 500);
	ck_assert_int_eq(fair_eta_ms(&q, &all[7].entry), 3000);
	pop(&q, 900); /* a clock that another thread read earlier */
	ck_assert_int_ge(fair_eta_ms(&q, &all[7].entry), 0);
	while (pop(&q, 1000) != NULL)
		;
}
END_TEST

/* ---- any sequence ---- */

#define WAITERS 48
#define KEYS 7
#define MAX 24
#define ROUNDS 3000

static void
change(struct fair_queue *q, struct waiter *all, int *number)
{
	struct waiter *w = &all[rand() % WAITERS];
	struct fair_entry *out;
	const size_t before = q->len;

	if (w->waits && rand() % 3 == 0) {
		fair_remove(q, &w->entry);
		w->waits = false;
	} else if (rand() % 4 == 0) {
		struct fair_entry *e = pop(q, rand());

		must((e != NULL) == (before > 0));
		if (e != NULL) {
			of(e)->waits = false;
			must(e->key == NULL);
		}
	} else if (!w->waits) {
		w->key = (char)('a' + rand() % KEYS);
		w->class = rand() % 3 == 0 ? FAIR_BENCH : FAIR_INTERACTIVE;
		w->number = ++*number;
		push(q, w, &out);
		must(w->waits || before == MAX);
		must(out == NULL || (before == MAX && out != &w->entry));
		if (out != NULL && of(out)->class == w->class)
			must(of(out)->key != w->key);
		must(out == NULL || of(out)->class >= w->class);
	}
}

static void
check_counts(const struct fair_queue *q, const struct waiter *all)
{
	size_t depth[FAIR_CLASS_COUNT] = { 0 };

	for (int i = 0; i < WAITERS; i++)
		depth[all[i].class] += all[i].waits;
	must(q->len == depth[0] + depth[1]);
	must(q->depth[0] == depth[0]);
	must(q->depth[1] == depth[1]);
	must(q->len <= MAX);
}

/* Empty it by turns: positions were told right, nobody has two turns while another waits for its
 * first, and each key keeps its own order. */
static void
check_turns(struct fair_queue *q, struct waiter *all)
{
	size_t ahead[WAITERS], served[FAIR_CLASS_COUNT][KEYS] = { 0 };
	size_t left[FAIR_CLASS_COUNT][KEYS] = { 0 };
	int last[FAIR_CLASS_COUNT][KEYS] = { 0 };
	struct fair_entry *e;

	for (int i = 0; i < WAITERS; i++)
		if (all[i].waits) {
			ahead[i] = fair_ahead(q, &all[i].entry);
			left[all[i].class][all[i].key - 'a']++;
		}
	for (size_t n = 0; (e = pop(q, 0)) != NULL; n++) {
		struct waiter *w = of(e);
		const int key = w->key - 'a';

		must(ahead[w - all] == n);
		must(w->class == FAIR_INTERACTIVE || q->depth[FAIR_INTERACTIVE] == 0);
		for (int k = 0; k < KEYS; k++)
			if (left[w->class][k] > 0)
				must(served[w->class][key] <= served[w->class][k]);
		must(w->number > last[w->class][key]);
		last[w->class][key] = w->number;
		served[w->class][key]++;
		left[w->class][key]--;
		w->waits = false;
	}
	must(q->len == 0);
}

START_TEST(test_any_sequence) /* [M10] bounded, and fair whatever comes and goes */
{
	struct fair_queue q = { .max = MAX };
	struct waiter all[WAITERS] = { 0 };
	int number = 0;

	srand(11);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = rand() % 200; i > 0; i--) {
			change(&q, all, &number);
			check_counts(&q, all);
		}
		check_turns(&q, all);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fair_queue");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_order, 0, (int)ARRAY_LEN(orders));
	tcase_add_loop_test(tc, test_full, 0, (int)ARRAY_LEN(fulls));
	tcase_add_test(tc, test_only_those_that_fit);
	tcase_add_test(tc, test_none_may_wait);
	tcase_add_test(tc, test_eta);
	tcase_add_test(tc, test_any_sequence);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

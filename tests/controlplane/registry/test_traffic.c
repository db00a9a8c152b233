/*
 * test_traffic.c - slots, turns and the breaker, from many loops at once.
 */
#include "controlplane/registry/traffic.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

#define LOOPS 4
#define CLIENTS 40 /* of each loop, at once */
#define ROUNDS 400 /* of each client */
#define LIMIT 3

static struct route_target *target;

static struct route_target *
target_new(const struct traffic_rules *rules, int limit)
{
	struct route_target *t = route_target_new();

	t->traffic = traffic_new(rules);
	t->limit = limit;
	return t;
}

/* ---- one loop, step by step ---- */

static struct loop *loop;
static int turns[8], nturns;
static enum turn last_turn;

static void
note(enum turn turn, struct route_target *t, void *arg)
{
	ck_assert_int_eq(t != NULL, turn == TURN_SLOT);
	last_turn = turn;
	turns[nturns++] = *(int *)arg;
}

static void
set_up(void)
{
	struct error err = { 0 };
	const struct traffic_rules rules = { .queue_max = 3, .breaker = traffic_defaults.breaker };

	loop = loop_new(&err);
	target = target_new(&rules, 1);
	nturns = 0;
}

static void
tear_down(void)
{
	loop_run_posted(loop);
	route_target_unref(target);
	loop_free(loop);
}

static struct ticket *
wait_as(const char *key, int *who)
{
	return traffic_wait(target->traffic, FAIR_INTERACTIVE, key, "", loop, note, who);
}

START_TEST(test_slots)
{
	static int who[] = { 1, 2, 3, 4 };

	ck_assert(route_target_take(target));
	ck_assert(route_target_full(target));
	ck_assert(!route_target_take(target));
	ck_assert_ptr_nonnull(wait_as("a", &who[0]));
	struct ticket *second = wait_as("a", &who[1]);
	ck_assert_ptr_nonnull(wait_as("b", &who[2]));
	ck_assert(traffic_crowded(target->traffic));
	ck_assert_uint_eq(traffic_place_of(second).position, 3);
	ck_assert_ptr_null(wait_as("b", &who[3])); /* full, and nobody has much more */
	route_target_give(target);
	ck_assert_int_eq(target->in_flight, 1); /* taken at once, for the first */
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 1);
	ck_assert_int_eq(turns[0], 1);
	route_target_give(target);
	route_target_give(target); /* nobody had given that one twice: the third's */
	loop_run_posted(loop);
	ck_assert_int_eq(turns[1], 3);
	ck_assert_int_eq(turns[2], 2);
	target->in_flight = 0;
}
END_TEST

START_TEST(test_leaving) /* whoever leaves is out at once; a slot on its way goes on */
{
	static int who[] = { 1, 2, 3 };
	struct traffic_view v;

	ck_assert(route_target_take(target));
	struct ticket *first = wait_as("a", &who[0]), *second = wait_as("b", &who[1]);
	ck_assert_ptr_nonnull(wait_as("c", &who[2]));
	traffic_leave(first);
	traffic_look(target->traffic, 0, &v);
	ck_assert_uint_eq(v.depth[FAIR_INTERACTIVE], 2);
	route_target_give(target);
	traffic_leave(second); /* it has been called, but does not know yet */
	loop_run_posted(loop);
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 1);
	ck_assert_int_eq(turns[0], 3);
	route_target_give(target);
	ck_assert_int_eq(target->in_flight, 0);
}
END_TEST

START_TEST(test_versions) /* a slot goes to the first whom its version may answer */
{
	static int who[] = { 1, 2, 3 };
	struct route_target *other = route_target_new();

	other->traffic = traffic_ref(target->traffic);
	strcpy(target->version, "ver_one");
	strcpy(other->version, "ver_two");
	target->limit = other->limit = 1;
	ck_assert(route_target_take(target) && route_target_take(other));
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(traffic_wait(target->traffic, FAIR_INTERACTIVE, "a",
		    i < 2 ? "ver_one" : "", loop, note, &who[i]));
	route_target_give(other);
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 1);
	ck_assert_int_eq(turns[0], 3);
	route_target_give(other); /* nobody may have it: it stays free */
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 1);
	ck_assert_int_eq(other->in_flight, 0);
	ck_assert(traffic_crowded(target->traffic));
	route_target_give(target);
	route_target_give(target);
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 3);
	ck_assert_int_eq(turns[1], 1);
	ck_assert_int_eq(turns[2], 2);
	route_target_give(target);
	route_target_unref(other);
}
END_TEST

START_TEST(test_closed) /* an instance that drains gives its slots to nobody */
{
	static int who[] = { 1 };

	ck_assert(route_target_take(target));
	ck_assert_ptr_nonnull(wait_as("a", &who[0]));
	target->closed = true;
	route_target_give(target);
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 0);
	target->closed = false;
	traffic_offer(target);
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 1);
	route_target_give(target);
}
END_TEST

START_TEST(test_opening) /* [C01] when the breaker opens, those who wait look elsewhere */
{
	static int who[] = { 1, 2 };
	struct traffic_change change = { 0 };
	struct breaker_pass pass;
	int64_t wait_ms;

	ck_assert(route_target_take(target));
	ck_assert_ptr_nonnull(wait_as("a", &who[0]));
	ck_assert_ptr_nonnull(wait_as("b", &who[1]));
	for (int i = 0; i < 5; i++) {
		ck_assert(traffic_enter(target->traffic, 1000, &pass, &change));
		ck_assert_int_eq(
		    traffic_report(target->traffic, &pass, BREAKER_BAD, 0, 1000, &change), i == 4);
	}
	ck_assert_int_eq(change.to, BREAKER_OPEN);
	ck_assert_int_eq(change.open_ms, 5000);
	loop_run_posted(loop);
	ck_assert_int_eq(nturns, 2);
	ck_assert_int_eq(last_turn, TURN_AGAIN);
	ck_assert(traffic_shut(target->traffic, 2000, &wait_ms));
	ck_assert_int_eq(wait_ms, 4000);
	ck_assert(!traffic_enter(target->traffic, 2000, &pass, &change));
	ck_assert(traffic_enter(target->traffic, 6000, &pass, &change));
	ck_assert_int_eq(change.to, BREAKER_HALF_OPEN);
	ck_assert(traffic_report(target->traffic, &pass, BREAKER_GOOD, 0, 6000, &change));
	ck_assert(!traffic_shut(target->traffic, 6000, &wait_ms));
	route_target_give(target);
}
END_TEST

/* ---- many loops ---- */

struct client {
	struct loop *loop;
	struct ticket *ticket;
	unsigned seed;
	char key[8];
	int rounds;
};
static struct lane {
	struct loop *loop;
	pthread_t thread;
	struct client clients[CLIENTS];
} lanes[LOOPS];
static _Atomic int running, most, served, left, full, playing;

static void begin(void *arg);

static void
end(void *arg)
{
	struct client *c = arg;

	running--;
	served++;
	route_target_give(target);
	begin(c);
}

static void
serve(struct client *c)
{
	const int n = ++running;

	for (int seen = most; n > seen && !atomic_compare_exchange_weak(&most, &seen, n);)
		;
	loop_post(c->loop, end, c);
}

static void
on_turn(enum turn turn, struct route_target *t, void *arg)
{
	struct client *c = arg;

	c->ticket = NULL;
	if (turn == TURN_SLOT) {
		ck_assert_ptr_eq(t, target);
		serve(c);
	} else {
		full++;
		begin(c);
	}
}

static void
leave(void *arg)
{
	struct client *c = arg;

	if (c->ticket == NULL)
		return; /* its turn came, or will be told next */
	traffic_leave(c->ticket);
	c->ticket = NULL;
	left++;
	begin(c);
}

static void
begin(void *arg)
{
	struct client *c = arg;

	if (c->rounds-- == 0) {
		if (--playing == 0)
			for (int i = 0; i < LOOPS; i++)
				loop_stop(lanes[i].loop);
		return;
	}
	if (!traffic_crowded(target->traffic) && route_target_take(target)) {
		serve(c);
		return;
	}
	c->ticket = traffic_wait(target->traffic, (enum fair_class)(rand_r(&c->seed) % 2), c->key,
	    "", c->loop, on_turn, c);
	if (c->ticket == NULL) {
		full++;
		loop_post(c->loop, begin, c);
		return;
	}
	const bool leaves = rand_r(&c->seed) % 8 == 0;
	traffic_offer(target);
	if (leaves)
		leave(c);
}

static void *
run(void *arg)
{
	loop_run(arg);
	return NULL;
}

START_TEST(
    test_threads) /* [M10] never over the limit, nobody forgotten, whatever the interleaving */
{
	struct traffic_rules rules = traffic_defaults;
	struct error err = { 0 };

	rules.queue_max = 100;
	target = target_new(&rules, LIMIT);
	playing = LOOPS * CLIENTS;
	for (int i = 0; i < LOOPS; i++) {
		lanes[i].loop = loop_new(&err);
		for (int k = 0; k < CLIENTS; k++) {
			struct client *c = &lanes[i].clients[k];

			*c = (struct client){ lanes[i].loop, NULL, (unsigned)(i * CLIENTS + k), "",
				ROUNDS };
			snprintf(c->key, sizeof(c->key), "%d", k % 9);
			loop_post(c->loop, begin, c);
		}
	}
	for (int i = 0; i < LOOPS; i++)
		pthread_create(&lanes[i].thread, NULL, run, lanes[i].loop);
	for (int i = 0; i < LOOPS; i++)
		pthread_join(lanes[i].thread, NULL);
	for (int i = 0; i < LOOPS; i++)
		loop_free(lanes[i].loop);
	ck_assert_int_le(most, LIMIT);
	ck_assert_int_eq(served + left + full, LOOPS * CLIENTS * ROUNDS);
	ck_assert_int_gt(served, 0);
	ck_assert_int_gt(left, 0);
	ck_assert_int_eq(target->in_flight, 0);
	ck_assert(!traffic_crowded(target->traffic));
	route_target_unref(target);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("traffic");
	TCase *tc = tcase_create("steps"), *many = tcase_create("threads");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_slots);
	tcase_add_test(tc, test_leaving);
	tcase_add_test(tc, test_versions);
	tcase_add_test(tc, test_closed);
	tcase_add_test(tc, test_opening);
	tcase_set_timeout(many, 120);
	tcase_add_test(many, test_threads);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, many);
	return run_suite(suite);
}

/*
 * test_queue.c - the order of runs, and what random lives of workers, daemons and clocks may not break.
 */
#include "controlplane/schedule/queue.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/must.h"
#include "tests/run.h"

#define RUNS 6
#define ITEMS 8
#define WORKERS 5
#define LEASE_MS 20000

static uint64_t seed;
static int64_t
draw(int64_t below) /* splitmix64 */
{
	uint64_t x = seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return (int64_t)((x ^ x >> 31) % (uint64_t)below);
}

struct world {
	struct queued runs[RUNS], *list[RUNS];
	struct queue_rules rules;
	struct queue queue;
	int64_t now_ms, wall_ms;
	bool ready[RUNS]; /* by run */
};

static bool
is_ready(const struct run *r, void *arg)
{
	const struct world *w = arg;

	for (size_t i = 0; i < RUNS; i++)
		if (r == &w->runs[i].row)
			return w->ready[i];
	return false;
}

static void
world_init(struct world *w)
{
	*w = (struct world){ .rules = { .runners = 2,
				 .requeues_max = 3,
				 .lease_ms = LEASE_MS,
				 .timeout_ms = 3600000,
				 .has_runner = true },
		.now_ms = 1000,
		.wall_ms = INT64_C(1764000000000) };
	w->queue = (struct queue){ w->list, RUNS, &w->rules, is_ready, w };
	for (int i = 0; i < RUNS; i++) {
		struct run *r = &w->runs[i].row;

		snprintf(r->id, sizeof(r->id), "run_%d", i);
		snprintf(r->competitor_id, sizeof(r->competitor_id), "cpt_%d", i % 4);
		snprintf(r->slug, sizeof(r->slug), "c%d", i % 4);
		r->created_at_ms = w->wall_ms + i;
		w->list[i] = &w->runs[i];
		w->ready[i] = true;
	}
}

START_TEST(test_order)
{
	struct world w;
	struct error err = { 0 };

	world_init(&w);
	w.runs[0].row.cause = CAUSE_SCHEDULE;
	w.runs[1].row.cause = CAUSE_SUBMISSION;
	w.runs[2].row.cause = CAUSE_SUBMISSION;
	w.runs[2].row.created_at_ms = 1;
	ck_assert_ptr_eq(queue_first(&w.queue, w.now_ms), &w.runs[3]); /* a person's */
	for (int i = 3; i < RUNS; i++)
		w.runs[i].row.state = RUN_FINISHED;
	ck_assert_ptr_eq(
	    queue_first(&w.queue, w.now_ms), &w.runs[2]); /* the earlier submission's */
	w.ready[2] = false;
	ck_assert_int_eq(queue_waits(&w.queue, &w.runs[2], w.now_ms), QUEUE_COMPETITOR);
	ck_assert_ptr_eq(queue_first(&w.queue, w.now_ms), &w.runs[1]); /* nobody waits for it */
	w.runs[1].starting = true;
	ck_assert_int_eq(queue_waits(&w.queue, &w.runs[1], w.now_ms), QUEUE_STARTING);
	ck_assert_ptr_eq(queue_first(&w.queue, w.now_ms), &w.runs[0]);
	ck_assert_int_eq(queue_lease(&w.queue, &w.runs[0], "a:1", w.now_ms, w.wall_ms, &err), 0);
	w.ready[2] = true;
	ck_assert_int_eq(queue_waits(&w.queue, &w.runs[2], w.now_ms), QUEUE_RUNNERS);
	ck_assert_ptr_null(queue_first(&w.queue, w.now_ms));
	w.rules.runners = 9;
	w.runs[4].row.state = RUN_QUEUED; /* of the competitor whose run 0 is under way */
	ck_assert_int_eq(queue_waits(&w.queue, &w.runs[4], w.now_ms), QUEUE_RUN);
	ck_assert_int_lt(queue_lease(&w.queue, &w.runs[4], "a:2", w.now_ms, w.wall_ms, &err), 0);
	w.runs[2].retry_at_ms = w.now_ms + 5;
	ck_assert_int_eq(queue_waits(&w.queue, &w.runs[2], w.now_ms), QUEUE_LATER);
	w.runs[2].row.requeues = 1;
	ck_assert_int_eq(queue_waits(&w.queue, &w.runs[2], w.now_ms), QUEUE_RETRY);
	w.rules.has_runner = false;
	ck_assert_int_eq(queue_waits(&w.queue, &w.runs[2], w.now_ms + 5), QUEUE_NO_RUNNER);
}
END_TEST

START_TEST(test_same_run_twice) /* [J06] the same run started twice has one worker */
{
	struct world w;
	struct error err = { 0 };

	world_init(&w);
	ck_assert_int_eq(queue_lease(&w.queue, &w.runs[0], "a:1", w.now_ms, w.wall_ms, &err), 0);
	ck_assert_int_lt(queue_lease(&w.queue, &w.runs[0], "a:2", w.now_ms, w.wall_ms, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_str_eq(w.runs[0].row.worker, "a:1");
	ck_assert_int_eq(w.runs[0].row.lease, 1);
}
END_TEST

START_TEST(test_paused_worker) /* [J04] its number is old, not its time: what it sends is refused */
{
	struct world w;
	struct error err = { 0 };
	struct queued *q;

	world_init(&w);
	q = &w.runs[0];
	queue_lease(&w.queue, q, "a:1", w.now_ms, w.wall_ms, &err);
	ck_assert(!queue_expire(&w.queue, q, w.now_ms + LEASE_MS - 1, w.wall_ms));
	ck_assert(queue_expire(&w.queue, q, w.now_ms + LEASE_MS, w.wall_ms));
	ck_assert_int_eq(q->row.state, RUN_QUEUED);
	ck_assert_int_lt(queue_alive(&w.queue, q, 1, w.now_ms, &err), 0);
	ck_assert_int_eq(queue_lease(&w.queue, q, "a:2", w.now_ms, w.wall_ms, &err), 0);
	ck_assert_int_eq(q->row.lease, 2);
	ck_assert_int_lt(queue_progress(&w.queue, q, 1, w.now_ms, &err), 0);
	ck_assert_int_lt(queue_finish(q, 1, RUN_FINISHED, "", "", "", w.wall_ms, &err), 0);
	ck_assert_int_eq(queue_finish(q, 2, RUN_FINISHED, "", "", "", w.wall_ms, &err), 0);
	ck_assert_int_eq(queue_finish(q, 2, RUN_FINISHED, "", "", "", w.wall_ms, &err), 1);
	ck_assert_int_lt(queue_finish(q, 2, RUN_FAILED, "x", "platform", "", w.wall_ms, &err), 0);
}
END_TEST

START_TEST(test_requeues) /* [J04] [N08] at most three in a row; the platform's fault */
{
	struct world w;
	struct error err = { 0 };
	struct queued *q;

	world_init(&w);
	q = &w.runs[0];
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(queue_lease(&w.queue, q, "a:1", w.now_ms, w.wall_ms, &err), 0);
		ck_assert_int_eq(queue_progress(&w.queue, q, q->row.lease, w.now_ms, &err), 0);
		ck_assert(queue_lost(&w.queue, q, "killed", w.now_ms, w.wall_ms));
		ck_assert_int_eq(q->row.state, RUN_QUEUED);
	}
	q->row.requeues = 0;
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(queue_lease(&w.queue, q, "a:1", w.now_ms, w.wall_ms, &err), 0);
		ck_assert(queue_lost(&w.queue, q, "killed", w.now_ms, w.wall_ms));
	}
	ck_assert_int_eq(q->row.state, RUN_FAILED);
	ck_assert_str_eq(q->row.code, "worker_lost");
	ck_assert_str_eq(q->row.fault, "platform");
}
END_TEST

START_TEST(test_cancel_and_finish) /* [J06] [N02] cancel and finish race: the first has won */
{
	struct world w;
	struct error err = { 0 };

	world_init(&w);
	queue_lease(&w.queue, &w.runs[0], "a:1", w.now_ms, w.wall_ms, &err);
	ck_assert_int_eq(queue_cancel(&w.runs[0], w.wall_ms, &err), 0);
	ck_assert_int_eq(queue_cancel(&w.runs[0], w.wall_ms, &err), 1);
	ck_assert_int_eq(w.runs[0].row.state, RUN_RUNNING);
	ck_assert_int_eq(queue_finish(&w.runs[0], 1, RUN_FINISHED, "", "", "", w.wall_ms, &err), 0);
	ck_assert_int_eq(w.runs[0].row.state, RUN_CANCELLED);
	ck_assert_int_eq(queue_finish(&w.runs[0], 1, RUN_FINISHED, "", "", "", w.wall_ms, &err), 1);
	ck_assert_int_eq(queue_cancel(&w.runs[0], w.wall_ms, &err), 1);

	queue_lease(&w.queue, &w.runs[1], "a:1", w.now_ms, w.wall_ms, &err);
	ck_assert_int_eq(queue_finish(&w.runs[1], 1, RUN_FINISHED, "", "", "", w.wall_ms, &err), 0);
	ck_assert_int_lt(queue_cancel(&w.runs[1], w.wall_ms, &err), 0);
	ck_assert_int_eq(w.runs[1].row.state, RUN_FINISHED);

	ck_assert_int_eq(
	    queue_cancel(&w.runs[2], w.wall_ms, &err), 0); /* while it waits: at once */
	ck_assert_int_eq(w.runs[2].row.state, RUN_CANCELLED);
	ck_assert_int_lt(queue_lease(&w.queue, &w.runs[2], "a:1", w.now_ms, w.wall_ms, &err), 0);

	queue_lease(&w.queue, &w.runs[3], "a:1", w.now_ms, w.wall_ms, &err);
	queue_cancel(&w.runs[3], w.wall_ms, &err);
	ck_assert(queue_expire(&w.queue, &w.runs[3], w.now_ms + LEASE_MS, w.wall_ms)); /* silent */
	ck_assert_int_eq(w.runs[3].row.state, RUN_CANCELLED);
}
END_TEST

/* ---- random lives ---- */

struct worker { /* as it sees itself */
	int run; /* -1: none */
	int64_t lease;
	int next; /* item */
	bool paused;
};
struct random_life { /* what must be true of each run, whatever happens */
	int64_t lease;
	int items[ITEMS]; /* how often each was taken */
	enum run_state ended; /* RUN_QUEUED: not yet */
};

static void
check_world(const struct world *w, struct random_life *h)
{
	int active = 0;

	for (int i = 0; i < RUNS; i++) {
		const struct queued *q = &w->runs[i];

		must(q->row.lease >= h[i].lease);
		h[i].lease = q->row.lease;
		active += queue_active(q);
		for (int k = i + 1; k < RUNS; k++)
			must(!queue_active(q) || !queue_active(&w->runs[k]) ||
			    strcmp(q->row.competitor_id, w->runs[k].row.competitor_id) != 0);
		for (int k = 0; k < ITEMS; k++)
			must(h[i].items[k] <= 1);
		if (h[i].ended != RUN_QUEUED)
			must(q->row.state == h[i].ended);
		else if (run_is_final(q->row.state))
			h[i].ended = q->row.state;
	}
	must(active <= w->rules.runners);
}

/* At most one worker holds a run, whoever believes it does. */
static void
check_holders(const struct world *w, const struct worker *workers)
{
	for (int i = 0; i < RUNS; i++) {
		int holders = 0;

		for (int k = 0; k < WORKERS; k++)
			holders += workers[k].run == i &&
			    queue_holds(&w->runs[i], workers[k].lease, NULL) == 0;
		must(holders <= 1);
	}
}

static void
send_item(struct world *w, struct worker *k, struct random_life *h, int item)
{
	struct random_life *of = &h[k->run];

	if (queue_holds(&w->runs[k->run], k->lease, NULL) < 0) {
		k->run = -1; /* its lease is lost: it ends itself */
		return;
	}
	if (of->items[item] == 0) {
		queue_progress(&w->queue, &w->runs[k->run], k->lease, w->now_ms, NULL);
		of->items[item]++;
	}
}

static void
work(struct world *w, struct worker *k, struct random_life *h)
{
	struct error err = { 0 };

	if (k->run < 0) {
		struct queued *q =
		    draw(4) == 0 ? &w->runs[draw(RUNS)] : queue_first(&w->queue, w->now_ms);

		if (q == NULL || queue_lease(&w->queue, q, "w", w->now_ms, w->wall_ms, &err) < 0)
			return;
		k->run = (int)(q - w->runs);
		k->lease = q->row.lease;
		k->next = 0;
	} else if (draw(3) == 0) {
		if (queue_alive(&w->queue, &w->runs[k->run], k->lease, w->now_ms, &err) < 0)
			k->run = -1;
	} else if (k->next < ITEMS) {
		while (k->next < ITEMS && h[k->run].items[k->next] != 0)
			k->next++; /* done already, as its lease told it */
		if (k->next < ITEMS)
			send_item(w, k, h, k->next);
		if (draw(5) == 0 && k->run >= 0 && k->next < ITEMS)
			send_item(w, k, h, k->next); /* the answer was lost: once more */
	} else {
		queue_finish(&w->runs[k->run], k->lease, draw(8) == 0 ? RUN_FAILED : RUN_FINISHED,
		    "x", "miner", "", w->wall_ms, &err);
		k->run = -1;
	}
}

static void
happen(struct world *w, struct worker *workers, struct random_life *h)
{
	struct worker *k = &workers[draw(WORKERS)];
	const int i = (int)draw(RUNS);

	switch (draw(60)) {
	case 0: k->run = -1; break; /* killed; nobody noticed */
	case 1: /* killed, and its parent saw it */
		if (k->run >= 0 && queue_holds(&w->runs[k->run], k->lease, NULL) == 0)
			queue_lost(&w->queue, &w->runs[k->run], "killed", w->now_ms, w->wall_ms);
		k->run = -1;
		break;
	case 2: k->paused = !k->paused; break;
	case 3: /* the daemon was killed: what is in memory only is gone */
		for (int r = 0; r < RUNS; r++) {
			w->runs[r].retry_at_ms = w->runs[r].lease_until_ms = 0;
			queue_adopt(&w->queue, &w->runs[r], w->now_ms);
		}
		break;
	case 4:
		w->wall_ms += draw(2) != 0 ? INT64_C(86400000) * draw(9000) : -draw(90000000);
		break;
	case 5: w->now_ms += draw(2 * LEASE_MS); break;
	case 6:
		if (draw(4) == 0)
			queue_cancel(&w->runs[i], w->wall_ms, NULL);
		break;
	case 7: w->ready[i] = !w->ready[i]; break;
	case 8:
		if (draw(4) == 0)
			queue_release(&w->runs[i], w->now_ms, w->wall_ms);
		break;
	case 9:
		if (draw(8) == 0)
			queue_fail(&w->runs[i], "version_retired", "client", "", w->wall_ms);
		break;
	default:
		if (!k->paused)
			work(w, k, h);
	}
	w->now_ms += draw(1500);
	for (int r = 0; r < RUNS; r++)
		queue_expire(&w->queue, &w->runs[r], w->now_ms, w->wall_ms);
}

START_TEST(
    test_random_lives) /* [J04] [J06] never two holders, nothing doubled, no end undone, none stuck */
{
	for (int round = 0; round < 300; round++) {
		struct world w;
		struct worker workers[WORKERS];
		struct random_life h[RUNS] = { 0 };
		int left = RUNS;

		seed = (uint64_t)_i * 1000 + (uint64_t)round;
		world_init(&w);
		for (int k = 0; k < WORKERS; k++)
			workers[k] = (struct worker){ .run = -1 };
		for (int step = 0; step < 400; step++) {
			happen(&w, workers, h);
			check_world(&w, h);
			check_holders(&w, workers);
		}
		/* From here on all is well: every run comes to its end. */
		for (int i = 0; i < RUNS; i++)
			w.ready[i] = true;
		for (int k = 0; k < WORKERS; k++)
			workers[k] = (struct worker){ .run = -1 };
		for (int step = 0; step < 3000 && left > 0; step++) {
			work(&w, &workers[draw(WORKERS)], h);
			w.now_ms += draw(1500);
			left = 0;
			for (int i = 0; i < RUNS; i++) {
				queue_expire(&w.queue, &w.runs[i], w.now_ms, w.wall_ms);
				left += !run_is_final(w.runs[i].row.state);
			}
			check_world(&w, h);
		}
		ck_assert_msg(left == 0, "round %d of %d: %d runs are stuck", round, _i, left);
		for (int i = 0; i < RUNS; i++)
			for (int k = 0; k < ITEMS && w.runs[i].row.state == RUN_FINISHED; k++)
				ck_assert_int_eq(h[i].items[k], 1);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("queue");
	TCase *t = tcase_create("queue");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_same_run_twice);
	tcase_add_test(t, test_paused_worker);
	tcase_add_test(t, test_requeues);
	tcase_add_test(t, test_cancel_and_finish);
	tcase_add_loop_test(t, test_random_lives, 0, 8);
	suite_add_tcase(s, t);
	return run_suite(s);
}

/*
 * test_loop.c - timers, descriptors, messages and workers meet on one loop.
 *
 * The heap is tried with random operations; JANUS_TEST_SEED repeats a run.
 */
#include "runtime/loop/loop.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/heap.h"
#include "tests/run.h"
#include "tests/wall_clock.h"

static struct loop *loop;
static char trace[256]; /* what happened, a letter each */

static void
set_up(void)
{
	struct error err = { 0 };

	trace[0] = '\0';
	loop = loop_new(&err);
	ck_assert_msg(loop != NULL, "%s", err.text);
}

static void
tear_down(void)
{
	loop_free(loop);
}

static void
note(const char *what)
{
	ck_assert_uint_lt(strlen(trace) + strlen(what), sizeof(trace));
	strcat(trace, what);
}

/* ---- the heap ---- */

static uint64_t seed;

static uint64_t
draw(void)
{
	seed ^= seed << 13; /* xorshift */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

enum { TIMERS = 200 };

static int64_t
earliest(const struct timer *list, size_t n)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < n; i++)
		if (list[i].at != 0 && list[i].due_ms < due)
			due = list[i].due_ms;
	return due;
}

START_TEST(test_heap)
{
	const char *again = getenv("JANUS_TEST_SEED");
	struct timer list[TIMERS] = { 0 };
	struct timer_heap heap = { 0 };
	size_t set = 0;
	uint64_t first;

	first = seed = again != NULL ? strtoull(again, NULL, 0)
				     : UINT64_C(0x9e3779b97f4a7c15) * (unsigned)(_i + 1);
	for (int step = 0; step < 5000; step++) {
		struct timer *t = &list[draw() % TIMERS];

		if (t->at != 0) {
			timer_heap_remove(&heap, t);
			set--;
		}
		if (draw() % 5 < 3) {
			t->due_ms = (int64_t)(draw() % 50); /* many are due together */
			timer_heap_add(&heap, t);
			set++;
		}
		const struct timer *top = timer_heap_first(&heap);
		ck_assert_msg(heap.len == set && (top == NULL) == (set == 0), "seed %#llx step %d",
		    (unsigned long long)first, step);
		if (top != NULL)
			ck_assert_msg(top->due_ms == earliest(list, TIMERS) && top->at == 1,
			    "seed %#llx step %d", (unsigned long long)first, step);
	}
	for (int64_t last = -1; heap.len > 0;) {
		struct timer *top = timer_heap_first(&heap);

		ck_assert_int_ge(top->due_ms, last);
		last = top->due_ms;
		timer_heap_remove(&heap, top);
		ck_assert_uint_eq(top->at, 0);
	}
	timer_heap_done(&heap);
}
END_TEST

/* ---- timers ---- */

static struct timer timers[8];

static void
on_letter(struct timer *t, void *arg)
{
	ck_assert(!timer_is_set(t));
	ck_assert_int_ge(loop_now_ms(loop), t->due_ms);
	note(arg);
	if (strcmp(arg, "z") == 0)
		loop_stop(loop);
}

START_TEST(test_timers_in_order)
{
	static const struct {
		int64_t delay_ms;
		char name[2];
	} order[] = { { 30, "z" }, { 5, "b" }, { 20, "d" }, { 1, "a" }, { 10, "c" }, { -9, "0" } };
	monotonic_stands = true;
	const int64_t begin_ms = clock_now_ms();
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		timer_set(loop, &timers[i], order[i].delay_ms, on_letter, (void *)order[i].name);
	monotonic_stands = false;
	loop_run(loop);
	ck_assert_str_eq(trace, "0abcdz");
	ck_assert_int_ge(clock_now_ms() - begin_ms, 30);
}
END_TEST

START_TEST(test_timers_about)
{
	monotonic_stands = true;
	const int64_t now_ms = clock_now_ms();
	for (int i = 0; i < 6; i++) {
		const int64_t delay_ms = i == 5 ? 2 * TIMER_ABOUT_MS : i * TIMER_ABOUT_MS / 4;

		timer_set_about(loop, &timers[i], delay_ms, on_letter, i == 5 ? "z" : "a");
		ck_assert_int_eq(timers[i].due_ms % TIMER_ABOUT_MS, 0);
		ck_assert_int_ge(timers[i].due_ms, now_ms + delay_ms);
		ck_assert_int_lt(timers[i].due_ms, now_ms + delay_ms + TIMER_ABOUT_MS);
	}
	timer_set_about(loop, &timers[6], -9, on_letter, "a");
	ck_assert_int_lt(timers[6].due_ms, now_ms + TIMER_ABOUT_MS);
	monotonic_stands = false;
	loop_run(loop);
	ck_assert_str_eq(trace, "aaaaaaz");
}
END_TEST

static void
on_meddle(struct timer *t, void *arg)
{
	(void)arg;
	monotonic_stands = true;
	note("m");
	timer_cancel(&timers[1]);
	timer_cancel(&timers[1]); /* fine when not set */
	timer_set(loop, &timers[2], 15, on_letter, "c");
	timer_set(loop, &timers[3], 30, on_letter, "z");
	if (strlen(trace) < 4)
		timer_set(loop, t, 1, on_meddle, NULL);
	monotonic_stands = false;
}

START_TEST(test_timers_meddle)
{
	timer_set(loop, &timers[0], 0, on_meddle, NULL);
	timer_set(loop, &timers[1], 1, on_letter, "never");
	timer_set(loop, &timers[2], 1, on_letter, "late");
	timer_set(loop, &timers[4], 9, on_letter, "never");
	timer_set(loop, &timers[4], 2, on_letter, "");
	timer_cancel(&timers[5]); /* never set */
	timers[0].due_ms = timers[1].due_ms - 1;
	loop_run(loop);
	ck_assert_str_eq(trace, "mmmmcz");
	ck_assert(!timer_is_set(&timers[0]) && !timer_is_set(&timers[1]));
}
END_TEST

/* ---- descriptors ---- */

static struct watch watches[2];
static int pipes[2][2];

static void
on_either(struct watch *w, uint32_t events, void *arg)
{
	char c;

	(void)arg;
	ck_assert_uint_eq(events & EPOLLIN, EPOLLIN);
	ck_assert_int_eq(read(w->fd, &c, 1), 1);
	note("r");
	loop_unwatch(&watches[0]);
	loop_unwatch(&watches[1]);
	loop_unwatch(&watches[1]);
	timer_set(loop, &timers[0], 1, on_letter, "z");
}

START_TEST(test_removed_by_another)
{
	struct error err = { 0 };

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pipe(pipes[i]), 0);
		ck_assert_int_eq(
		    loop_watch(loop, &watches[i], pipes[i][0], EPOLLIN, on_either, NULL, &err), 0);
		ck_assert_int_eq(write(pipes[i][1], "x", 1), 1);
	}
	loop_run(loop);
	ck_assert_str_eq(trace, "rz"); /* both were ready; one was told */
	ck_assert_int_eq(loop_watch(loop, &watches[0], -1, EPOLLIN, on_either, NULL, &err), -1);
	ck_assert_ptr_null(watches[0].loop);
	loop_unwatch(&watches[0]);
	for (int i = 0; i < 2; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}
END_TEST

static void
on_quiet(struct watch *w, uint32_t events, void *arg)
{
	(void)arg;
	note(events & EPOLLIN ? "i" : events & EPOLLHUP ? "h" : "?");
	if (events & EPOLLIN) {
		char c;

		ck_assert_int_eq(read(w->fd, &c, 1), 1);
		loop_rewatch(w, 0); /* 0 still tells of the end */
		close(pipes[0][1]);
	} else {
		loop_unwatch(w);
		loop_stop(loop);
	}
}

START_TEST(test_rewatch)
{
	ck_assert_int_eq(pipe(pipes[0]), 0);
	ck_assert_int_eq(loop_watch(loop, &watches[0], pipes[0][0], 0, on_quiet, NULL, NULL), 0);
	ck_assert_int_eq(write(pipes[0][1], "xy", 2), 2);
	loop_rewatch(&watches[0], EPOLLIN);
	loop_run(loop);
	ck_assert_str_eq(trace, "ih");
	close(pipes[0][0]);
}
END_TEST

static void
on_signal(int signo, void *arg)
{
	note(signo == SIGUSR1 ? "1" : "2");
	if (signo == SIGUSR2)
		loop_stop(arg);
	else
		raise(SIGUSR2);
}

START_TEST(test_signals)
{
	ck_assert_int_eq(
	    loop_signals(loop, (const int[]){ SIGUSR1, SIGUSR2, 0 }, on_signal, loop, NULL), 0);
	raise(SIGUSR1);
	loop_run(loop);
	ck_assert_str_eq(trace, "12");
}
END_TEST

/* ---- messages ---- */

enum { THREADS = 4, POSTS = 20000 };
struct message {
	int thread, n;
};
static struct message messages[THREADS][POSTS];
static int next[THREADS], arrived;

static void
on_message(void *arg)
{
	const struct message *m = arg;

	ck_assert_int_eq(m->n, next[m->thread]++);
	if (++arrived == THREADS * POSTS)
		loop_stop(loop);
}

static void *
post_all(void *arg)
{
	const int thread = (int)(intptr_t)arg;

	for (int i = 0; i < POSTS; i++) {
		messages[thread][i] = (struct message){ thread, i };
		loop_post(loop, on_message, &messages[thread][i]);
	}
	return NULL;
}

START_TEST(test_posts)
{
	pthread_t ids[THREADS];

	for (intptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, post_all, (void *)i), 0);
	loop_run(loop);
	ck_assert_int_eq(arrived, THREADS * POSTS);
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
}
END_TEST

static void
on_post(void *arg)
{
	note(arg);
}

static void
on_stop(void *arg)
{
	note(arg);
	loop_stop(loop);
	loop_post(loop, on_post, "c"); /* what is left runs before loop_run returns */
}

START_TEST(test_nothing_posted_is_lost)
{
	loop_post(loop, on_post, "a");
	loop_run_posted(loop);
	ck_assert_str_eq(trace, "a");
	loop_post(loop, on_stop, "b");
	loop_run(loop);
	ck_assert_str_eq(trace, "abc");
	loop_post(loop, on_post, "d");
	loop_free(loop);
	loop = NULL;
	ck_assert_str_eq(trace, "abcd");
}
END_TEST

static void
on_call(struct watch *w, uint32_t events, void *arg)
{
	(void)events;
	(void)arg;
	note("call ");
	loop_unwatch(w);
	loop_stop(loop);
}

/* Its descriptor is ready first, and is told of after what was posted before the loop looked. */
START_TEST(test_posts_come_first)
{
	ck_assert_int_eq(pipe(pipes[0]), 0);
	ck_assert_int_eq(write(pipes[0][1], "x", 1), 1);
	ck_assert_int_eq(
	    loop_watch(loop, &watches[0], pipes[0][0], EPOLLIN, on_call, NULL, NULL), 0);
	loop_post(loop, on_post, "post ");
	loop_run(loop);
	ck_assert_str_eq(trace, "post call ");
	close(pipes[0][0]);
	close(pipes[0][1]);
}
END_TEST

static void
on_unwatch(void *arg)
{
	loop_unwatch(arg);
	memset(arg, 0xff, sizeof(struct watch)); /* its owner is gone */
	loop_stop(loop);
}

START_TEST(test_post_unwatches_what_is_ready)
{
	ck_assert_int_eq(pipe(pipes[0]), 0);
	ck_assert_int_eq(write(pipes[0][1], "x", 1), 1);
	ck_assert_int_eq(
	    loop_watch(loop, &watches[0], pipes[0][0], EPOLLIN, on_call, NULL, NULL), 0);
	loop_post(loop, on_unwatch, &watches[0]);
	loop_run(loop);
	ck_assert_str_eq(trace, "");
	close(pipes[0][0]);
	close(pipes[0][1]);
}
END_TEST

/* A timer that sets itself for at once keeps nobody else from his turn. */
static void
on_busy(struct timer *t, void *arg)
{
	timer_set(loop, t, 0, on_busy, arg);
}

START_TEST(test_busy_timer)
{
	timer_set(loop, &timers[0], 0, on_busy, NULL);
	timer_set(loop, &timers[1], 20, on_letter, "z");
	loop_post(loop, on_post, "p");
	loop_run(loop);
	ck_assert_str_eq(trace, "pz");
}
END_TEST

/* ---- workers ---- */

static atomic_int running, most, worked;
static int done;
static sem_t all_run, go;
static pthread_t loop_thread;

static void
work_plain(void *arg)
{
	const int now = ++running;

	(void)arg;
	for (int seen = most; now > seen && !atomic_compare_exchange_weak(&most, &seen, now);)
		;
	worked++;
	running--;
}

static void
work(void *arg)
{
	ck_assert(!pthread_equal(pthread_self(), loop_thread));
	*(int *)arg *= 2;
	work_plain(arg);
}

static void
on_done(void *arg)
{
	ck_assert(pthread_equal(pthread_self(), loop_thread));
	ck_assert_int_eq(*(int *)arg, 2 * done++);
	if (done == 500)
		loop_stop(loop);
}

START_TEST(test_one_worker_keeps_order)
{
	struct workers *w = workers_new(1);
	int values[500];

	loop_thread = pthread_self();
	for (int i = 0; i < 500; i++) {
		values[i] = i;
		worker_run(w, loop, work, on_done, &values[i]);
	}
	loop_run(loop);
	ck_assert_int_eq(done, 500);
	ck_assert_int_eq(most, 1);
	workers_free(w);
}
END_TEST

/* Ends when all of them run at once: so many threads there are. */
static void
meet(void *arg)
{
	work_plain(arg);
	running++;
	if (running == 3)
		for (int i = 0; i < 3; i++)
			sem_post(&all_run);
	sem_wait(&all_run);
	running--;
}

static void
count_done(void *arg)
{
	if (++done == *(int *)arg)
		loop_stop(loop);
}

START_TEST(test_workers_are_bounded)
{
	struct workers *w = workers_new(3);
	int jobs = 303;

	sem_init(&all_run, 0, 0);
	for (int i = 0; i < 3; i++)
		worker_run(w, loop, meet, NULL, NULL);
	for (int i = 0; i < 303; i++)
		worker_run(w, loop, work_plain, count_done, &jobs);
	loop_run(loop);
	ck_assert_int_eq(done, 303);
	ck_assert_int_eq(worked, 306);
	ck_assert_int_le(most, 3);
	workers_free(w);
	sem_destroy(&all_run);
}
END_TEST

static void
block(void *arg)
{
	(void)arg;
	worked++;
	sem_post(&all_run);
	sem_wait(&go);
}

static void *
release(void *arg)
{
	sem_post(&go);
	return arg;
}

static void
just_count(void *arg)
{
	(void)arg;
	done++;
}

START_TEST(test_free_while_queued)
{
	struct workers *w = workers_new(1);
	pthread_t other;
	int value = 0;

	sem_init(&all_run, 0, 0);
	sem_init(&go, 0, 0);
	worker_run(w, loop, block, just_count, NULL);
	for (int i = 0; i < 50; i++)
		worker_run(w, loop, work_plain, just_count, &value);
	sem_wait(&all_run); /* the first one runs, the others wait behind it */
	ck_assert_int_eq(worked, 1);
	ck_assert_int_eq(pthread_create(&other, NULL, release, NULL), 0);
	workers_free(w);
	pthread_join(other, NULL);
	ck_assert_int_eq(done, 0);
	loop_run_posted(loop);
	ck_assert_int_eq(done, 51); /* everyone is told, done or dropped */
	ck_assert_int_le(worked, 51);
	workers_free(NULL);
	workers_free(workers_new(4)); /* no thread was ever needed */
	sem_destroy(&all_run);
	sem_destroy(&go);
}
END_TEST

static pthread_key_t life; /* its destructor runs when a thread that set it ends */
static atomic_int begun, ended;
static pthread_barrier_t all_met;

static void
on_thread_end(void *arg)
{
	(void)arg;
	ended++;
}

static void
live(void *arg)
{
	if (pthread_getspecific(life) == NULL) {
		pthread_setspecific(life, arg);
		begun++;
	}
}

static void
live_and_meet(void *arg)
{
	live(arg);
	pthread_barrier_wait(&all_met);
}

/* Work all the time, one after the other, until one thread is left. */
static void
go_on(void *arg)
{
	if (begun - ended == 1)
		loop_stop(loop);
	else
		worker_run(arg, loop, live, go_on, arg);
}

START_TEST(test_idle_workers_end)
{
	struct workers *w = workers_new(3);

	ck_assert_int_eq(pthread_key_create(&life, on_thread_end), 0);
	pthread_barrier_init(&all_met, NULL, 3);
	workers_keep_idle(w, 20);
	for (int burst = 1; burst <= 3; burst++) {
		for (int i = 0; i < 3; i++)
			worker_run(w, loop, live_and_meet, just_count, w);
		worker_run(w, loop, live, go_on, w);
		loop_run(loop);
		ck_assert_int_eq(done, 3 * burst);
		ck_assert_int_ge(begun, 1 + 2 * burst);
	}
	workers_free(w);
	ck_assert_int_eq(begun, ended);
	pthread_key_delete(life);
	pthread_barrier_destroy(&all_met);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_heap, 0, 20);
	tcase_add_test(tc, test_timers_in_order);
	tcase_add_test(tc, test_timers_about);
	tcase_add_test(tc, test_timers_meddle);
	tcase_add_test(tc, test_removed_by_another);
	tcase_add_test(tc, test_rewatch);
	tcase_add_test(tc, test_signals);
	tcase_add_test(tc, test_posts);
	tcase_add_test(tc, test_nothing_posted_is_lost);
	tcase_add_test(tc, test_posts_come_first);
	tcase_add_test(tc, test_post_unwatches_what_is_ready);
	tcase_add_test(tc, test_busy_timer);
	tcase_add_test(tc, test_one_worker_keeps_order);
	tcase_add_test(tc, test_workers_are_bounded);
	tcase_add_test(tc, test_free_while_queued);
	tcase_add_test(tc, test_idle_workers_end);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

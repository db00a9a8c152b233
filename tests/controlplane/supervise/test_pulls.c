/*
 * test_pulls.c - who waits for which pull, against an engine that pulls when it is told to.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/registry.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define TRIALS 4

/* ---- the engine ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int began, cancelled; /* pulls */
	int may_end; /* so many of those that began */
	enum error_kind outcome;
	int64_t max_bytes;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int
fake_pull(struct engine *e, const char *ref, const char *digest, const struct pull_limits *limits,
    pull_progress_fn *fn, void *arg, const atomic_bool *cancel, struct error *err)
{
	const struct pull_progress half = { .bytes = 50, .total_bytes = 100 };
	struct timespec until;

	(void)e;
	(void)ref;
	(void)digest;
	pthread_mutex_lock(&fake.lock);
	const int number = ++fake.began;
	fake.max_bytes = limits->max_bytes;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
	fn(&half, arg);
	pthread_mutex_lock(&fake.lock);
	while (fake.may_end < number && !atomic_load(cancel)) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec = (until.tv_nsec + 5000000) % 1000000000;
		until.tv_sec += until.tv_nsec < 5000000;
		pthread_cond_timedwait(&fake.changed, &fake.lock, &until);
	}
	fake.cancelled += atomic_load(cancel);
	const enum error_kind kind = atomic_load(cancel) ? ERROR_CANCELLED : fake.outcome;
	pthread_mutex_unlock(&fake.lock);
	return kind == ERROR_NONE ? 0 : error_set(err, kind, "as told");
}

static void
wait_began(int n)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.began < n)
		pthread_cond_wait(&fake.changed, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

static void
let_end(int n, enum error_kind outcome)
{
	pthread_mutex_lock(&fake.lock);
	fake.may_end = n;
	fake.outcome = outcome;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

/* ---- the house ---- */

static const struct engine_driver driver = { .name = "fake", .pull = fake_pull };
static struct engine engine = { &driver };
static struct registry registry;
static struct rules rules = { .limits = { .image_bytes = 77 } };
static struct supervisor sup;
static struct submission subs[TRIALS];
static struct trial trials[TRIALS];
static int told, shown, works;

static void
on_submission(const struct submission *s, void *arg)
{
	(void)arg;
	shown += s->bytes == 50;
}

static void
on_work(const struct supervisor_work *w, void *arg)
{
	(void)arg;
	works++;
	ck_assert(w->is_pull && w->bytes == 50);
}

static void
set_up(void)
{
	told = shown = works = 0;
	sup = (struct supervisor){ .c = { .loop = loop_new(NULL),
				       .pullers = workers_new(4),
				       .registry = &registry,
				       .engine = &engine,
				       .rules = &rules,
				       .retry_ms = 1000,
				       .on_submission = on_submission,
				       .on_work = on_work },
		.engine.ok = true };
	for (int i = 0; i < TRIALS; i++) {
		subs[i] = (struct submission){ .state = SUBMISSION_PULLING };
		snprintf(subs[i].reference, sizeof(subs[i].reference), "h.example/owl:v%d", i);
		snprintf(subs[i].digest, sizeof(subs[i].digest), "%s", D1);
		/* Over: what a result leads to is another test's. */
		trials[i] = (struct trial){ .sup = &sup, .sub = &subs[i], .over = true };
	}
}

/* Ends what is left, as a stop of the daemon does. */
static void
finish(void)
{
	pulls_cancel(&sup);
	workers_free(sup.c.pullers);
	loop_run_posted(sup.c.loop);
	ck_assert_ptr_null(sup.pulls);
	loop_free(sup.c.loop);
}

/* Until nobody waits for that pull. */
static void
run_until_done(const struct trial *t)
{
	while (t->pull != NULL)
		loop_run_posted(sup.c.loop);
}

START_TEST(test_one_pull) /* [E07] of one digest: one pull, as many results; progress for all */
{
	for (int i = 0; i < 3; i++)
		pull_join(&trials[i]);
	wait_began(1);
	let_end(1, ERROR_NONE);
	run_until_done(&trials[0]);
	for (int i = 0; i < 3; i++)
		ck_assert(trials[i].done && !trials[i].failed && !trials[i].busy);
	ck_assert_int_eq(fake.began, 1);
	ck_assert_int_eq(fake.max_bytes, 77);
	ck_assert_int_eq(works, 1);
	ck_assert_int_eq(shown, 3);
	ck_assert_str_eq(subs[2].detail, "pulling 50 B of 100 B");
	finish();
}
END_TEST

START_TEST(test_failure) /* [E07] a failure is everybody's, and each tries again by itself */
{
	for (int i = 0; i < 3; i++)
		pull_join(&trials[i]);
	wait_began(1);
	let_end(1, ERROR_UPSTREAM);
	run_until_done(&trials[0]);
	for (int i = 0; i < 3; i++) {
		ck_assert(trials[i].failed && trials[i].error.kind == ERROR_UPSTREAM);
		ck_assert_int_gt(subs[i].retry_at_ms, 0);
	}
	pull_join(&trials[1]);
	wait_began(2);
	ck_assert_int_eq(fake.cancelled, 0);
	finish();
}
END_TEST

START_TEST(test_leaving) /* [E07] [E05] who leaves ends no pull but his own */
{
	pull_join(&trials[0]);
	pull_join(&trials[1]);
	wait_began(1);
	pull_leave(&trials[0]);
	ck_assert(!trials[0].busy && trials[0].pull == NULL);
	pull_leave(&trials[0]); /* twice is as good */
	let_end(1, ERROR_NONE);
	run_until_done(&trials[1]);
	ck_assert(trials[1].done && !trials[0].done && !trials[0].failed);
	ck_assert_int_eq(fake.cancelled, 0);

	pull_join(&trials[0]);
	pull_join(&trials[1]);
	wait_began(2);
	pull_leave(&trials[0]);
	pull_leave(&trials[1]); /* nobody waits: it ends, and who comes now begins another */
	pull_join(&trials[2]);
	wait_began(3);
	let_end(3, ERROR_NONE);
	run_until_done(&trials[2]);
	ck_assert(trials[2].done);
	finish();
	ck_assert_int_eq(fake.cancelled, 1);
}
END_TEST

START_TEST(test_others) /* [E05] of another digest, or another repository: another pull */
{
	snprintf(subs[1].digest, sizeof(subs[1].digest), "%s", D2);
	snprintf(subs[2].reference, sizeof(subs[2].reference), "other.example/owl:v0");
	for (int i = 0; i < 3; i++)
		pull_join(&trials[i]);
	wait_began(3);
	let_end(3, ERROR_NONE);
	for (int i = 0; i < 3; i++)
		run_until_done(&trials[i]);
	finish();
	ck_assert_int_eq(works, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pulls");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, test_one_pull);
	tcase_add_test(tc, test_failure);
	tcase_add_test(tc, test_leaving);
	tcase_add_test(tc, test_others);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

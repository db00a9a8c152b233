/*
 * test_decide_lives.c - what holds in every life of an instance and of a submission.
 *
 * The lives are random, from a seed that a failure prints; JANUS_TEST_SEED runs it again.
 */
#include "controlplane/supervise/decide.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

#define A(name) INSTANCE_##name
#define S(name) SUBMISSION_##name

/* ---- chance ---- */

static uint64_t seed;

static uint64_t
draw(void)
{
	seed ^= seed << 13; /* xorshift */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int
below(int n)
{
	return (int)(draw() % (unsigned)n);
}

static bool
one_in(int n)
{
	return below(n) == 0;
}

static uint64_t
start_of_walk(int i)
{
	const char *again = getenv("JANUS_TEST_SEED");

	seed = again != NULL ? strtoull(again, NULL, 0)
			     : UINT64_C(0x9e3779b97f4a7c15) * (unsigned)(i + 1);
	return seed;
}

/* Asserted thousands of times a second: Check writes down each place that it passes. */
#define HOLDS(cond, what)                                                    \
	do {                                                                 \
		if (!(cond))                                                 \
			ck_abort_msg("seed %#llx, step %d, %s: " what,       \
			    (unsigned long long)w->seed, w->steps, w->name); \
	} while (0)

/* ---- instances: random lives ---- */

/* What may follow what, as the states are documented in store/nouns.h. */
static const unsigned follows[INSTANCE_STATE_COUNT] = {
	[A(ABSENT)] = 1u << A(STARTING),
	[A(PULLING)] = 1u << A(STARTING) | 1u << A(BACKOFF) | 1u << A(DRAINING),
	[A(STARTING)] = 1u << A(READY) | 1u << A(PULLING) | 1u << A(BACKOFF) | 1u << A(DRAINING),
	[A(READY)] = 1u << A(BACKOFF) | 1u << A(DRAINING) | 1u << A(FROZEN),
	[A(FROZEN)] = 1u << A(READY) | 1u << A(BACKOFF) | 1u << A(DRAINING),
	[A(DRAINING)] = 1u << A(ABSENT),
	[A(BACKOFF)] = 1u << A(STARTING) | 1u << A(FAILED) | 1u << A(ABSENT),
	[A(FAILED)] = 1u << A(DRAINING),
};

/* One instance and its world: what act.c and jobs.c do to it, without doing it. */
struct walk {
	uint64_t seed;
	int steps;
	const char *name;
	enum instance_state state;
	struct instance_seen seen;
	bool jobs_succeed, miner_is_good; /* nothing but the platform goes wrong */
	const char
	    *health; /* its probes in turn, '+' or '-', and nothing else happens; NULL: chance */
	int probes, starts;
	bool pod; /* may there be one on the host? */
	bool stopped; /* was it ended since BACKOFF was entered? */
	enum action job; /* under way while busy */
	bool forgotten;
	int failures;
	unsigned visited;
};

static void
enter(struct walk *w, const struct decision *d)
{
	struct instance_seen *s = &w->seen;

	HOLDS((follows[w->state] >> d->state & 1) != 0, "an undocumented transition");
	HOLDS(d->reason != NULL, "a transition without a reason");
	HOLDS(!d->is_failure || d->state == A(BACKOFF), "a failure elsewhere than in backoff");
	if (w->state == A(BACKOFF) && d->state == A(STARTING))
		HOLDS(w->stopped, "started before the pod was ended");
	if (w->state == A(BACKOFF) && d->state == A(STARTING))
		HOLDS(s->now_ms >= s->next_try_ms, "started too soon");
	if (w->state == A(STARTING) && d->state == A(READY))
		HOLDS(s->passes >= (s->failures > 0 ? 2 : 1), "ready after too few good probes");
	if (w->state == A(READY) && d->state == A(BACKOFF) && strcmp(d->reason, "not_healthy") == 0)
		HOLDS(s->fails >= 3, "given up after too few bad probes");
	w->starts += d->state == A(STARTING);
	if (d->state == A(FAILED))
		HOLDS(s->failures == FAILURES_TO_QUARANTINE, "quarantine not at the limit");
	w->state = d->state;
	w->visited |= 1u << d->state;
	s->entered_ms = s->now_ms;
	s->passes = s->fails = 0;
	s->stop_done = w->stopped = s->pause_failed = false;
	if (d->state == A(READY))
		HOLDS(!s->paused, "ready though paused");
	if (d->state == A(STARTING)) {
		s->paused = false;
		s->start_done = s->start_failed = s->pull_failed = s->ever_connected = false;
		s->phase_known = s->on_trial = false;
	} else if (d->state == A(PULLING)) {
		s->start_failed = s->pull_failed = false;
	} else if (d->state == A(ABSENT)) {
		/* What is started anew by a person begins without a past. */
		s->phase_known = false;
		s->failures = w->failures = 0;
	} else if (d->state == A(BACKOFF)) {
		w->failures += d->is_failure;
		s->failures = w->failures;
		s->next_try_ms = s->now_ms + (d->is_failure ? backoff_ms(s->failures) : 2000);
	}
}

static void
begin(struct walk *w, enum action action)
{
	if (action == ACT_NONE || action == ACT_ANNOUNCE)
		return;
	if (action == ACT_FORGET) {
		HOLDS(!w->pod, "forgotten with a pod on the host");
		HOLDS(!w->seen.wanted, "forgotten though wanted");
		w->forgotten = true;
		return;
	}
	if (action == ACT_START) {
		HOLDS(w->state == A(STARTING), "a start in another state");
		HOLDS(w->seen.is_url || w->seen.may_start || w->seen.wanted, "an unwanted start");
		w->pod = !w->seen.is_url;
	}
	if (action == ACT_FREEZE) {
		HOLDS(w->state == A(FROZEN) && w->seen.in_flight == 0, "paused under a chat");
		HOLDS(w->seen.now_ms >= w->seen.entered_ms + SETTLE_MS, "paused too soon");
	}
	if (action == ACT_THAW)
		HOLDS(w->seen.paused, "nothing to thaw");
	w->job = action;
	w->seen.busy = true;
}

static void
job_ends(struct walk *w)
{
	struct instance_seen *s = &w->seen;
	const bool fine = w->jobs_succeed || one_in(2);
	static const enum error_kind ours[] = { ERROR_IO, ERROR_TIMEOUT, ERROR_UNAVAILABLE,
		ERROR_UPSTREAM, ERROR_INTERNAL, ERROR_CONFLICT, ERROR_DENIED, ERROR_NOT_FOUND };

	s->busy = false;
	s->job_error = fine ? ERROR_NONE : ours[below(ARRAY_LEN(ours))];
	if (!fine && !w->miner_is_good && one_in(3))
		s->job_error = ERROR_INVALID;
	switch (w->job) {
	case ACT_START:
		s->start_failed = !fine;
		if (!fine)
			return;
		s->start_done = true;
		s->started_ms = s->now_ms;
		s->phase_known = !s->is_url;
		s->phase = POD_RUNNING;
		s->link_running = true;
		return;
	case ACT_PULL: s->pull_failed = !fine; return;
	case ACT_FREEZE:
	case ACT_THAW:
		s->pause_failed = !fine;
		if (!fine)
			return;
		s->paused = w->job == ACT_FREEZE;
		s->phase = s->paused ? POD_PAUSED : POD_RUNNING;
		return;
	case ACT_STOP:
		s->stop_done = w->stopped = fine;
		w->pod = w->pod && !fine;
		return;
	default: return;
	}
}

static void
something_happens(struct walk *w)
{
	struct instance_seen *s = &w->seen;

	s->now_ms += below(4000);
	s->in_flight = one_in(2) ? 0 : below(3);
	s->may_start = w->jobs_succeed || one_in(2);
	if (w->pod && s->phase_known && w->health == NULL && one_in(12)) {
		static const enum pod_phase outside[] = { POD_ABSENT, POD_PAUSED, POD_EXITED };

		/* A good one is taken away while ready; while starting its end is always its own. */
		if (!w->miner_is_good)
			s->phase = outside[below(3)];
		else if (w->state == A(READY))
			s->phase = outside[below(2)];
		else
			s->link_running = false;
	}
	if (w->state == A(STARTING) || w->state == A(READY)) {
		const bool healthy = w->health != NULL
		    ? w->health[(size_t)w->probes++ % strlen(w->health)] == '+'
		    : w->miner_is_good || one_in(2);

		s->ever_connected |= healthy;
		s->passes = healthy && s->start_done ? s->passes + 1 : 0;
		s->fails = healthy ? 0 : s->fails + 1;
	}
}

static void
step(struct walk *w)
{
	const struct decision d = instance_decide(w->state, &w->seen);
	const struct decision same = instance_decide(w->state, &w->seen);

	w->steps++;
	HOLDS(d.state == same.state && d.action == same.action, "it is not a function");
	HOLDS(d.wait_until_ms == 0 || d.wait_until_ms > w->seen.now_ms, "waits for the past");
	if (w->seen.busy)
		HOLDS(d.state == w->state && d.action == ACT_NONE, "decided while busy");
	if (w->miner_is_good)
		HOLDS(!d.is_failure, "trouble of the platform was counted");
	if (d.state != w->state)
		enter(w, &d);
	begin(w, d.action);
	if (w->forgotten)
		return;
	something_happens(w);
	if (w->seen.busy && one_in(2))
		job_ends(w);
}

static struct walk
walk_new(int i, const char *name)
{
	struct walk w = { .seed = start_of_walk(i), .name = name, .state = A(ABSENT) };

	w.seen = (struct instance_seen){
		.wanted = true, .is_url = one_in(4), .start_limit_ms = 20000, .drain_limit_ms = 8000
	};
	return w;
}

#define WALKS 400
static unsigned visited_by_all;

START_TEST(test_random_lives)
{
	visited_by_all = 0;
	for (int i = 0; i < WALKS; i++) {
		struct walk w = walk_new(i, "any life");

		while (w.steps < 400 && !w.forgotten) {
			if (one_in(25))
				w.seen.wanted = !w.seen.wanted;
			if (!w.seen.is_url && one_in(15))
				w.seen.freeze = !w.seen.freeze;
			w.seen.no_room = one_in(8);
			if (w.state == A(BACKOFF) && one_in(10))
				w.seen.on_trial = !w.seen.on_trial;
			step(&w);
		}
		visited_by_all |= w.visited;
	}
	ck_assert_uint_eq(visited_by_all, (1u << INSTANCE_STATE_COUNT) - 1);
}
END_TEST

START_TEST(test_platform_never_counts) /* [N08] a good image on a bad platform never fails */
{
	for (int i = 0; i < WALKS; i++) {
		struct walk w = walk_new(i, "a good image on a bad platform");

		w.miner_is_good = true;
		while (w.steps < 400)
			step(&w);
		ck_assert_int_eq(w.failures, 0);
		ck_assert_int_eq(w.visited >> A(FAILED) & 1, 0);
	}
}
END_TEST

START_TEST(test_bad_image_is_quarantined)
{
	for (int i = 0; i < WALKS; i++) {
		struct walk life = walk_new(i, "a bad image"), *const w = &life;

		w->jobs_succeed = true;
		w->seen.is_url = false;
		while (w->steps < 3000 && w->state != A(FAILED)) {
			step(w);
			w->seen.phase = w->seen.phase_known ? POD_EXITED : w->seen.phase;
			w->seen.passes = 0;
		}
		HOLDS(w->state == A(FAILED), "never given up");
		HOLDS(w->failures == FAILURES_TO_QUARANTINE, "not at the limit");
	}
}
END_TEST

/* Each is what it answers again and again, from somewhere in it on. */
static const struct flapping {
	const char *name, *health;
	bool is_borne;
} flappers[] = {
	{ "[F04] every other probe fails", "+-", true },
	{ "[F04] two of three fail", "--+", true },
	{ "[F04] it passes once in ten", "+---------", false },
	{ "[F04] it is good for long, then bad for long", "++++++++++----------", false },
	{ "[F04] three bad ones now and then", "++++---+-+--+", false },
};

START_TEST(test_flapping)
{
	const struct flapping *f = &flappers[_i];

	for (int i = 0; i < WALKS / 10; i++) {
		struct walk life = walk_new(i, f->name), *const w = &life;
		int64_t least_ms = 0;

		w->jobs_succeed = true;
		w->health = f->health;
		w->probes = below((int)strlen(f->health));
		w->seen.is_url = false;
		w->seen.start_limit_ms = 60000;
		while (w->steps < 3000 && w->state != A(FAILED))
			step(w);
		if (f->is_borne) {
			HOLDS(w->state == A(READY) && w->starts == 1,
			    "restarted though it was borne");
			continue;
		}
		HOLDS(w->state == A(FAILED), "never given up");
		HOLDS(w->starts == FAILURES_TO_QUARANTINE, "started more often than it may fail");
		for (int n = 1; n < FAILURES_TO_QUARANTINE; n++)
			least_ms += backoff_ms(n);
		HOLDS(w->seen.now_ms >= least_ms, "started again and again at once");
	}
}
END_TEST

START_TEST(test_unwanted_always_goes)
{
	for (int i = 0; i < WALKS; i++) {
		struct walk life = walk_new(i, "unwanted after a while"), *const w = &life;
		const int wanted = below(200);

		while (w->steps < wanted)
			step(w);
		w->seen.wanted = w->seen.on_trial = false;
		w->jobs_succeed = true;
		for (int k = 0; k < 200 && !w->forgotten; k++)
			step(w);
		HOLDS(w->forgotten, "it never went");
		HOLDS(w->state == A(ABSENT), "forgotten in another state");
	}
}
END_TEST

/* ---- submissions: random lives ---- */

enum world { BAD_PLATFORM, BAD_MINER, BOTH };

static const unsigned leads_to[SUBMISSION_STATE_COUNT] = {
	[S(RECEIVED)] = 1u << S(RESOLVING) | 1u << S(STARTING),
	[S(RESOLVING)] = 1u << S(PULLING) | 1u << S(SCANNING) | 1u << S(REJECTED),
	[S(PULLING)] = 1u << S(SCANNING) | 1u << S(REJECTED),
	[S(SCANNING)] = 1u << S(STARTING) | 1u << S(REJECTED),
	[S(STARTING)] = 1u << S(CONFORMING) | 1u << S(REJECTED),
	[S(CONFORMING)] = 1u << S(STARTING) | 1u << S(READY) | 1u << S(REJECTED),
};

struct trial {
	uint64_t seed;
	int steps;
	const char *name;
	enum world world;
	enum submission_state state;
	struct submission_seen seen;
	enum submission_action job;
};

static bool
platform_fails(const struct trial *w)
{
	return w->world != BAD_MINER && one_in(4);
}

static bool
miner_fails(const struct trial *w)
{
	return w->world != BAD_PLATFORM && one_in(4);
}

/* The trial instance moves as decide.c would move it. */
static void
instance_moves(struct trial *w)
{
	struct submission_seen *s = &w->seen;

	if (!s->has_instance || s->instance_failed) {
		s->evidence_in = s->instance_failed && one_in(2);
		return;
	}
	if (s->instance != A(STARTING) && s->instance != A(READY)) {
		s->instance = A(STARTING);
	} else if (miner_fails(w)) {
		s->instance = A(BACKOFF);
		s->instance_failed = true;
		s->instance_reason = "exited";
	} else if (platform_fails(w)) {
		s->instance = A(BACKOFF);
		s->instance_reason = "link_lost";
	} else {
		s->instance = A(READY);
		s->instance_reason = "";
	}
}

static void
trial_job_ends(struct trial *w)
{
	static const enum error_kind ours[] = { ERROR_IO, ERROR_INTERNAL, ERROR_CANCELLED,
		ERROR_UNAVAILABLE, ERROR_TIMEOUT, ERROR_BUSY };
	static const enum error_kind theirs[] = { ERROR_INVALID, ERROR_NOT_FOUND };
	struct submission_seen *s = &w->seen;
	bool fine = true;

	s->busy = false;
	if (w->job == SUBMIT_CONFORM) {
		/* Whatever takes the instance away breaks the answer, too. */
		instance_moves(w);
		fine = s->instance == A(READY) && !miner_fails(w);
		s->error.kind = ERROR_INVALID;
		s->retry_ms = s->now_ms + 1000;
	} else if (miner_fails(w)) {
		fine = false;
		s->error.kind = theirs[below(ARRAY_LEN(theirs))];
	} else if (platform_fails(w)) {
		fine = false;
		/* What the engine cannot do is no try of the registry (submit_jobs.c). */
		s->engine_ok = false;
		s->attempts = 1;
		s->error.kind = ours[below(ARRAY_LEN(ours))];
		s->retry_ms = s->now_ms + 1 + below(3000);
	}
	s->done = fine;
	s->failed = !fine;
}

static void
trial_step(struct trial *w)
{
	struct submission_seen *s = &w->seen;
	const struct submission_decision d = submission_decide(w->state, s);

	w->steps++;
	HOLDS(d.wait_until_ms == 0 || d.wait_until_ms > s->now_ms, "waits for the past");
	if (d.state != w->state) {
		HOLDS(!s->busy, "decided while busy");
		HOLDS((leads_to[w->state] >> d.state & 1) != 0, "an undocumented transition");
		HOLDS(d.state != S(FAILED) || w->world != BAD_MINER,
		    "the miner's fault ended in failed");
		HOLDS(d.state != S(REJECTED) || w->world != BAD_PLATFORM,
		    "the platform's fault ended in rejected");
		HOLDS((d.state == S(REJECTED)) == (d.fault != NULL), "a fault and no rejection");
		w->state = d.state;
		s->done = s->failed = false;
		s->attempts = 0;
		s->retry_ms = 0;
	}
	if (d.action != SUBMIT_NONE && !submission_is_final(w->state)) {
		HOLDS(!s->busy, "two jobs at once");
		if (d.action == SUBMIT_START) {
			HOLDS(!s->has_instance, "a second instance for one trial");
			s->has_instance = true;
			s->instance = A(STARTING);
		} else {
			s->attempts++;
			s->done = s->failed = false;
			s->busy = true;
			w->job = d.action;
		}
	}
	/* submit.c forgets an answer when the instance that gave it was taken away. */
	if (w->state == S(CONFORMING) && s->instance != A(READY))
		s->failed = false;
	s->now_ms += below(1500);
	s->engine_ok = w->world == BAD_MINER || one_in(2);
	if (s->busy && one_in(2))
		trial_job_ends(w);
	else if (!s->busy)
		instance_moves(w);
}

START_TEST(test_random_submissions) /* [N08] no rejection is ever the platform's fault */
{
	static const char *const names[] = { "a bad platform", "a bad miner", "both are bad" };
	int ends[3][SUBMISSION_STATE_COUNT] = { 0 };

	for (int i = 0; i < 3 * WALKS; i++) {
		struct trial life = { .seed = start_of_walk(i), .world = (enum world)(i % 3) };
		struct trial *const w = &life;

		w->name = names[w->world];
		w->seen.is_url = one_in(4);
		w->seen.is_local = one_in(4);
		while (w->steps < 2000 && !submission_is_final(w->state))
			trial_step(w);
		HOLDS(submission_is_final(w->state), "it never ended");
		ends[w->world][w->state]++;
	}
	ck_assert_int_eq(ends[BAD_PLATFORM][S(READY)], WALKS);
	ck_assert_int_gt(ends[BAD_MINER][S(REJECTED)], WALKS / 4);
	ck_assert_int_gt(ends[BAD_MINER][S(READY)], 0);
	ck_assert_int_gt(ends[BOTH][S(REJECTED)], WALKS / 4);
	ck_assert_int_gt(ends[BOTH][S(READY)], 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("decide_lives");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_random_lives);
	tcase_add_test(tc, test_platform_never_counts);
	tcase_add_test(tc, test_bad_image_is_quarantined);
	tcase_add_loop_test(tc, test_flapping, 0, (int)ARRAY_LEN(flappers));
	tcase_add_test(tc, test_unwanted_always_goes);
	tcase_add_test(tc, test_random_submissions);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

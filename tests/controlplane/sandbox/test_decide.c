/*
 * test_decide.c - a sandbox's life, line by line and at random; who may have one.
 */
#include "controlplane/sandbox/decide.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

struct rule {
	const char *name;
	struct sandbox_facts facts;
	int64_t now_ms;
	enum sandbox_state to;
	enum sandbox_act act;
	enum sandbox_reason reason;
	int64_t wake_ms;
};

static const struct rule rules[] = {
	{ "waits for its agent",
	    { .state = SANDBOX_STARTING, .started = true, .start_limit_ms = 9 }, 5,
	    SANDBOX_STARTING, ACT_NOTHING, REASON_NONE, 9 },
	{ "an answer before the engine is done is none yet",
	    { .state = SANDBOX_STARTING, .answered = true, .start_limit_ms = 9 }, 5,
	    SANDBOX_STARTING, ACT_NOTHING, REASON_NONE, 9 },
	{ "nobody asked for it: it is kept warm",
	    { .state = SANDBOX_STARTING, .started = true, .answered = true, .start_limit_ms = 9 },
	    5, SANDBOX_WARM, ACT_NOTHING, REASON_NONE, 0 },
	{ "somebody did: it is handed over",
	    { .state = SANDBOX_STARTING,
		.started = true,
		.answered = true,
		.claimed = true,
		.start_limit_ms = 9 },
	    5, SANDBOX_RUNNING, ACT_HAND_OVER, REASON_NONE, 0 },
	{ "too slow to start is a failure",
	    { .state = SANDBOX_STARTING, .started = true, .start_limit_ms = 9 }, 9, SANDBOX_ENDING,
	    ACT_CLOSE, REASON_FAILED, 0 },
	{ "the engine could not make it",
	    { .state = SANDBOX_STARTING, .failed = true, .start_limit_ms = 9 }, 1, SANDBOX_ENDING,
	    ACT_CLOSE, REASON_FAILED, 0 },
	{ "stopped while it starts",
	    { .state = SANDBOX_STARTING,
		.busy = true,
		.wanted = REASON_STOPPING,
		.start_limit_ms = 9 },
	    1, SANDBOX_ENDING, ACT_CLOSE, REASON_STOPPING, 0 },
	{ "a warm one has no time limit", { .state = SANDBOX_WARM }, 1000000, SANDBOX_WARM,
	    ACT_NOTHING, REASON_NONE, 0 },
	{ "a warm one is claimed", { .state = SANDBOX_WARM, .claimed = true }, 5, SANDBOX_RUNNING,
	    ACT_HAND_OVER, REASON_NONE, 0 },
	{ "a warm one that is lost is given to nobody",
	    { .state = SANDBOX_WARM, .claimed = true, .wanted = REASON_LOST }, 5, SANDBOX_ENDING,
	    ACT_CLOSE, REASON_LOST, 0 },
	{ "runs until its time is over", { .state = SANDBOX_RUNNING, .expires_ms = 10 }, 9,
	    SANDBOX_RUNNING, ACT_NOTHING, REASON_NONE, 10 },
	{ "its time is over", { .state = SANDBOX_RUNNING, .expires_ms = 10 }, 10, SANDBOX_ENDING,
	    ACT_CLOSE, REASON_EXPIRED, 0 },
	{ "terminated before its time",
	    { .state = SANDBOX_RUNNING, .expires_ms = 10, .wanted = REASON_TERMINATED }, 10,
	    SANDBOX_ENDING, ACT_CLOSE, REASON_TERMINATED, 0 },
	{ "what is still being made is not removed yet", { .state = SANDBOX_ENDING, .busy = true },
	    5, SANDBOX_ENDING, ACT_NOTHING, REASON_NONE, 0 },
	{ "is removed", { .state = SANDBOX_ENDING }, 5, SANDBOX_ENDING, ACT_REMOVE, REASON_NONE,
	    0 },
	{ "the engine refused: later again", { .state = SANDBOX_ENDING, .retry_ms = 50 }, 5,
	    SANDBOX_ENDING, ACT_NOTHING, REASON_NONE, 50 },
	{ "later has come", { .state = SANDBOX_ENDING, .retry_ms = 50 }, 50, SANDBOX_ENDING,
	    ACT_REMOVE, REASON_NONE, 0 },
	{ "is forgotten only when it is removed", { .state = SANDBOX_ENDING, .removed = true }, 5,
	    SANDBOX_ENDED, ACT_FORGET, REASON_NONE, 0 },
};

START_TEST(test_rules)
{
	const struct rule *r = &rules[_i];
	const struct sandbox_decision d = sandbox_decide(&r->facts, r->now_ms);

	ck_assert_msg(d.to == r->to && d.act == r->act && d.reason == r->reason &&
		(d.to != r->facts.state || d.wake_ms == r->wake_ms),
	    "%s: to %s, act %d, reason %s, wake %lld", r->name, sandbox_state_name(d.to),
	    (int)d.act, sandbox_reason_name(d.reason), (long long)d.wake_ms);
}
END_TEST

/* A life in which everything may happen at any time, told by a seed. */
struct life {
	struct sandbox_facts f;
	int64_t now_ms;
	bool pod; /* there is one, or one is being made */
	bool handed, closed, forgotten;
	int removals;
};

static void
happen(struct life *l)
{
	switch (rand() % 12) {
	case 0:
		if (l->f.busy && l->f.state == SANDBOX_STARTING) {
			l->f.busy = false;
			l->f.started = rand() % 3 != 0;
			l->f.failed = !l->f.started;
		}
		break;
	case 1: l->f.answered = l->f.answered || l->f.started; break;
	case 2: l->f.claimed = l->f.claimed || l->f.state <= SANDBOX_WARM; break;
	case 3:
		if (l->f.wanted == REASON_NONE && rand() % 3 == 0)
			l->f.wanted = (enum sandbox_reason)(1 + rand() % REASON_STOPPING);
		break;
	case 4:
	case 5:
		if (!l->f.busy || l->f.state == SANDBOX_STARTING)
			break;
		l->f.busy = false;
		if (l->removals > 0 && rand() % 2 == 0) {
			l->f.removed = true;
			l->pod = false;
		} else {
			l->f.retry_ms = l->now_ms + rand() % 20;
		}
		break;
	default: l->now_ms += rand() % 15;
	}
}

static void
obey(struct life *l)
{
	for (;;) {
		const struct sandbox_decision d = sandbox_decide(&l->f, l->now_ms);
		const enum sandbox_state from = l->f.state;

		ck_assert_msg(d.to >= from, "never back: %s to %s", sandbox_state_name(from),
		    sandbox_state_name(d.to));
		if (d.to != from)
			l->f.since_ms = l->now_ms;
		l->f.state = d.to;
		switch (d.act) {
		case ACT_NOTHING:
			if (d.to != from)
				continue;
			ck_assert_msg(d.wake_ms == 0 || d.wake_ms > l->now_ms,
			    "what is due is done, not waited for");
			return;
		case ACT_HAND_OVER:
			ck_assert_msg(l->f.claimed && !l->handed && l->f.started && l->f.answered,
			    "handed over once, to somebody, and whole");
			l->handed = true;
			l->f.expires_ms = l->now_ms + 30;
			break;
		case ACT_CLOSE:
			ck_assert_msg(
			    !l->closed && d.reason != REASON_NONE, "closed once, and why");
			l->closed = true;
			break;
		case ACT_REMOVE:
			ck_assert_msg(!l->f.busy && l->closed, "one engine call at a time");
			l->f.busy = true;
			l->removals++;
			break;
		case ACT_FORGET:
			ck_assert_msg(!l->pod, "nothing is forgotten that is still there");
			l->forgotten = true;
			return;
		}
	}
}

START_TEST(test_lives)
{
	for (unsigned seed = 1; seed <= 3000; seed++) {
		struct life l = {
			.f = { .state = SANDBOX_STARTING, .busy = true, .start_limit_ms = 100 },
			.pod = true
		};

		srand(seed);
		for (int i = 0; i < 400 && !l.forgotten; i++) {
			happen(&l);
			obey(&l);
		}
		/* Whatever happened, once it is asked to end and the engine obeys, it ends. */
		if (!l.forgotten && l.f.wanted == REASON_NONE)
			l.f.wanted = REASON_STOPPING;
		for (int i = 0; i < 4 && !l.forgotten; i++) {
			l.f.busy = false;
			l.now_ms += 1000;
			if (l.removals > 0) {
				l.f.removed = true;
				l.pod = false;
			}
			obey(&l);
		}
		ck_assert_msg(
		    l.forgotten, "seed %u: not ended, in %s", seed, sandbox_state_name(l.f.state));
	}
}
END_TEST

/* --- who may have one --- */

static const struct capacity two = { .max = 2, .memory_bytes = 100, .each_bytes = 10 };
static const struct capacity tight = { .max = 9, .memory_bytes = 25, .each_bytes = 10 };

#define RUNS(prio, may, since)                                                      \
	{                                                                           \
		.state = SANDBOX_RUNNING, .priority = (prio), .preemptable = (may), \
		.since_ms = (since)                                                 \
	}
static const struct {
	const char *name;
	const struct capacity *capacity;
	struct tenant tenants[4];
	size_t n;
	int priority;
	enum admission wanted;
	size_t victim;
} admissions[] = {
	{ "an empty house", &two, { { 0 } }, 0, 3, ADMIT_NOW, 0 },
	{ "one free place", &two, { RUNS(0, false, 1) }, 1, 3, ADMIT_NOW, 0 },
	{ "full of those who stay", &two, { RUNS(3, false, 1), RUNS(3, false, 2) }, 2, 0,
	    ADMIT_NEVER, 0 },
	{ "memory counts too", &tight, { RUNS(3, false, 1), RUNS(3, false, 2) }, 2, 0, ADMIT_NEVER,
	    0 },
	{ "one is leaving", &two, { RUNS(0, false, 1), { .state = SANDBOX_ENDING } }, 2, 3,
	    ADMIT_SOON, 0 },
	{ "one is told to leave", &two,
	    { RUNS(0, false, 1), { .state = SANDBOX_RUNNING, .leaving = true } }, 2, 3, ADMIT_SOON,
	    0 },
	{ "the less important goes", &two, { RUNS(2, true, 1), RUNS(3, true, 1) }, 2, 1,
	    ADMIT_AFTER, 1 },
	{ "of equals the youngest", &two, { RUNS(3, true, 9), RUNS(3, true, 1) }, 2, 1, ADMIT_AFTER,
	    0 },
	{ "nobody goes for an equal", &two, { RUNS(1, true, 9), RUNS(1, true, 1) }, 2, 1,
	    ADMIT_NEVER, 0 },
	{ "who may not be taken stays", &two, { RUNS(3, false, 9), RUNS(2, true, 1) }, 2, 1,
	    ADMIT_AFTER, 1 },
	{ "a spare one first", &two, { RUNS(3, true, 9), { .state = SANDBOX_WARM, .spare = true } },
	    2, 1, ADMIT_AFTER, 1 },
	{ "a spare one even for the least", &two,
	    { RUNS(0, false, 9), { .state = SANDBOX_WARM, .spare = true } }, 2, 3, ADMIT_AFTER, 1 },
	{ "who has ended takes no place", &two, { RUNS(0, false, 9), { .state = SANDBOX_ENDED } },
	    2, 3, ADMIT_NOW, 0 },
};

START_TEST(test_admissions)
{
	size_t victim = 0;
	const enum admission got = capacity_decide(admissions[_i].capacity, admissions[_i].tenants,
	    admissions[_i].n, admissions[_i].priority, &victim);

	ck_assert_msg(
	    got == admissions[_i].wanted && (got != ADMIT_AFTER || victim == admissions[_i].victim),
	    "%s: %d, victim %zu", admissions[_i].name, (int)got, victim);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox decide");
	TCase *t = tcase_create("decide");

	tcase_add_loop_test(t, test_rules, 0, (int)ARRAY_LEN(rules));
	tcase_add_test(t, test_lives);
	tcase_add_loop_test(t, test_admissions, 0, (int)ARRAY_LEN(admissions));
	suite_add_tcase(s, t);
	return run_suite(s);
}

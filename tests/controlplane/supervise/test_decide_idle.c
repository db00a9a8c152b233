/*
 * test_decide_idle.c - idle stop and freeze race with chats: none is ever sent to what is paused or
 * stopped, and each that waits is sent.
 *
 * Three parties that know of each other late: gateways route by a snapshot that may be SETTLE_MS
 * old, the control loop decides when it has news or said it would, and the engine takes its time.
 * The lives are random, from a seed that a failure prints; JANUS_TEST_SEED runs it again.
 */
#include "controlplane/supervise/decide.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/run.h"

#define A(name) INSTANCE_##name
#define CHATS 8 /* at once */
#define CHATS_OF_A_RACE 200
#define IDLE_MS 3000
#define HOURS_MS (INT64_C(5) * 3600 * 1000)
#define PATIENCE_MS 20000 /* the longest way to an answer: a stop that is under way, then a start */

struct race {
	uint64_t seed, start;
	int64_t now_ms, wake_ms; /* when the control loop wants to look again */
	bool news; /* or has to */
	bool exists; /* else the instance is forgotten */
	enum instance_state state;
	struct instance_seen seen;
	int64_t activation;
	enum action pending; /* to do when the state is stored */
	int64_t stored_ms; /* 0: nothing is being stored */
	enum action job;
	int64_t job_ms; /* when it ends; 0: none */
	bool paused, stopped; /* the pod, really */
	bool routed, was_routed; /* in the snapshot; and in the one before */
	int64_t heard_ms; /* when the gateways know the snapshot */
	int64_t asked_ms, used_ms, last_sent_ms;
	int64_t ends_ms[CHATS]; /* of chats that run; 0: none */
	int64_t waits_ms; /* since when chats wait; 0: none does */
	int waiting, sent, freezes, stops;
};

static int
below(struct race *r, int n)
{
	r->seed ^= r->seed << 13; /* xorshift */
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return (int)(r->seed % (unsigned)n);
}

/* Asserted thousands of times a second: Check writes down each place that it passes. */
#define HOLDS(cond, what)                                                       \
	do {                                                                    \
		if (!(cond))                                                    \
			ck_abort_msg("seed %#llx, at %lld ms, %s: " what,       \
			    (unsigned long long)r->start, (long long)r->now_ms, \
			    instance_state_name(r->state));                     \
	} while (0)

static void
publish(struct race *r)
{
	const bool now = r->exists && r->state == A(READY);

	if (now == r->routed)
		return;
	r->was_routed = r->now_ms < r->heard_ms ? r->was_routed : r->routed;
	r->routed = now;
	r->heard_ms = r->now_ms + below(r, SETTLE_MS);
}

/* ---- the gateways ---- */

static int
running(const struct race *r)
{
	int n = 0;

	for (int i = 0; i < CHATS; i++)
		n += r->ends_ms[i] != 0;
	return n;
}

static void
send_chat(struct race *r)
{
	for (int i = 0; i < CHATS; i++)
		if (r->ends_ms[i] == 0) {
			r->ends_ms[i] = r->now_ms + 1 + below(r, 2500);
			r->used_ms = r->last_sent_ms = r->now_ms;
			r->sent++;
			return;
		}
}

static void
gateways(struct race *r, bool chat_comes)
{
	const bool routed = r->now_ms >= r->heard_ms ? r->routed : r->was_routed;

	for (int i = 0; i < CHATS; i++)
		if (r->ends_ms[i] != 0 && r->now_ms >= r->ends_ms[i]) {
			r->ends_ms[i] = 0;
			r->used_ms = r->now_ms;
		}
	r->waiting += chat_comes;
	for (; routed && r->waiting > 0; r->waiting--)
		send_chat(r);
	if (r->waiting == 0)
		r->waits_ms = 0;
	else if (r->waits_ms == 0)
		r->waits_ms = r->now_ms;
	if (!routed && chat_comes) { /* the supervisor is told */
		r->asked_ms = r->now_ms;
		r->news = true;
	}
}

/* ---- the engine ---- */

static void
begin(struct race *r, enum action action)
{
	switch (action) {
	case ACT_ANNOUNCE: publish(r); return;
	case ACT_FORGET:
		r->exists = false;
		publish(r);
		return;
	case ACT_START:
		r->job_ms = r->now_ms + 100 + below(r, 2 * IDLE_MS);
		r->stopped = true;
		break;
	case ACT_STOP: /* TERM comes at once, the end when it likes */
		r->stopped = true;
		r->stops++;
		r->job_ms = r->now_ms + 50 + below(r, 2000);
		break;
	case ACT_FREEZE:
		r->paused = true;
		r->freezes++;
		r->job_ms = r->now_ms + 5 + below(r, 300);
		break;
	case ACT_THAW: r->job_ms = r->now_ms + 5 + below(r, 300); break;
	default: return;
	}
	r->job = action;
	r->seen.busy = true;
}

static void
job_ends(struct race *r)
{
	r->job_ms = 0;
	r->seen.busy = false;
	r->news = true;
	switch (r->job) {
	case ACT_START:
		r->stopped = r->paused = r->seen.paused = false;
		r->seen.start_done = r->seen.phase_known = r->seen.link_running = true;
		r->seen.started_ms = r->now_ms;
		r->seen.phase = POD_RUNNING;
		r->seen.passes = 1;
		return;
	case ACT_STOP: r->seen.stop_done = true; return;
	case ACT_FREEZE:
		r->seen.paused = true;
		r->seen.phase = POD_PAUSED;
		return;
	case ACT_THAW:
		r->paused = r->seen.paused = false;
		r->seen.phase = POD_RUNNING;
		return;
	default: return;
	}
}

/* ---- the control loop ---- */

static void
look(struct race *r)
{
	struct instance_seen *s = &r->seen;
	const struct life_seen life = { .activation = r->activation,
		.now_ms = r->now_ms,
		.used_ms = r->asked_ms > r->used_ms ? r->asked_ms : r->used_ms,
		.idle_ms = IDLE_MS,
		.in_flight = running(r),
		.waited_for = r->waiting > 0 };
	const enum life now = life_decide(&life, &s->idle_due_ms);

	s->now_ms = r->now_ms;
	s->in_flight = life.in_flight;
	s->wanted = now != LIFE_STOP;
	s->freeze = now == LIFE_FREEZE;
	s->may_start = true;
	s->start_limit_ms = 30000;
	s->drain_limit_ms = 30000;
}

static void
enter(struct race *r, const struct decision *d)
{
	const enum instance_state old = r->state;

	HOLDS(!d->is_failure, "a failure though nothing fails");
	r->state = d->state;
	r->seen.entered_ms = r->now_ms;
	r->seen.stop_done = false;
	r->seen.passes = 0;
	if (d->state == A(STARTING))
		r->seen.start_done = r->seen.paused = r->seen.phase_known = false;
	if (old == A(READY))
		publish(r);
	r->pending = d->action;
	r->stored_ms = r->now_ms + 1 + below(r, 40);
}

static void
control(struct race *r)
{
	if (r->stored_ms != 0) {
		if (r->now_ms < r->stored_ms)
			return;
		r->stored_ms = 0;
		r->news = true;
		begin(r, r->pending);
	}
	if (!r->exists && r->waiting > 0) {
		r->exists = r->news = true;
		r->state = A(ABSENT);
		r->seen = (struct instance_seen){ .entered_ms = r->now_ms };
	}
	while (r->exists && r->stored_ms == 0 && r->job_ms == 0 &&
	    (r->news || (r->wake_ms != 0 && r->now_ms >= r->wake_ms))) {
		r->news = false;
		r->wake_ms = 0;
		look(r);
		const struct decision d = instance_decide(r->state, &r->seen);

		if (d.state != r->state) {
			enter(r, &d);
		} else {
			begin(r, d.action);
			r->wake_ms = d.wait_until_ms;
		}
	}
}

/* ---- all of them ---- */

static void
tick(struct race *r, bool chat_comes)
{
	r->now_ms += 1 + below(r, 30);
	if (r->job_ms != 0 && r->now_ms >= r->job_ms)
		job_ends(r);
	control(r);
	gateways(r, chat_comes);
	HOLDS(running(r) == 0 || (!r->paused && !r->stopped),
	    "a chat in one that is paused or stopped");
	HOLDS(r->waits_ms == 0 || r->now_ms - r->waits_ms < PATIENCE_MS, "a chat waits for ever");
}

static struct race
race_new(int i, int64_t activation)
{
	const char *again = getenv("JANUS_TEST_SEED");
	const uint64_t seed = again != NULL ? strtoull(again, NULL, 0)
					    : UINT64_C(0x9e3779b97f4a7c15) * (unsigned)(i + 1);

	return (struct race){ .seed = seed,
		.start = seed,
		.now_ms = 1000000,
		.activation = activation,
		.stopped = true };
}

/* Chats come about as far apart as the silence that stops it, where the race is. */
static void
run(struct race *r)
{
	for (int turns = 0; turns < CHATS_OF_A_RACE; turns++) {
		const int64_t quiet_until_ms =
		    r->now_ms + (below(r, 20) == 0 ? HOURS_MS : 2000 + below(r, 4000));

		while (r->now_ms < quiet_until_ms) {
			/* What happens in hours happens in their first seconds. */
			if (quiet_until_ms - r->now_ms > 30000 && r->job_ms == 0 &&
			    r->stored_ms == 0 && running(r) == 0 &&
			    r->now_ms - r->last_sent_ms > 4 * IDLE_MS && r->waits_ms == 0) {
				HOLDS(!r->exists || r->paused, "awake after hours of silence");
				r->now_ms = quiet_until_ms;
			}
			tick(r, false);
		}
		tick(r, true);
	}
	for (int i = 0; i < 5000 && r->waits_ms != 0; i++)
		tick(r, false);
	HOLDS(r->waits_ms == 0, "never answered");
	HOLDS(r->sent == CHATS_OF_A_RACE, "a chat was lost");
}

#define RACES 20

START_TEST(test_thaw_race) /* [F09] never sent into one that is frozen, also after hours of sleep */
{
	int freezes = 0;

	for (int i = 0; i < RACES; i++) {
		struct race r = race_new(i, ACTIVATION_FROZEN);

		run(&r);
		ck_assert_int_eq(r.stops, 0);
		freezes += r.freezes;
	}
	ck_assert_int_gt(freezes, 20 * RACES);
}
END_TEST

START_TEST(test_idle_stop_race) /* [F09] never sent into one that is stopped for silence */
{
	int stops = 0;

	for (int i = 0; i < RACES; i++) {
		struct race r = race_new(i, ACTIVATION_ON_DEMAND);

		run(&r);
		ck_assert_int_eq(r.freezes, 0);
		stops += r.stops;
	}
	ck_assert_int_gt(stops, 20 * RACES);
}
END_TEST

/* ---- more than fit ---- */

#define REGISTERED 50
#define FIT 5

START_TEST(
    test_fifty_of_which_five_fit) /* [F09] whoever is asked gets room, of those silent for longest */
{
	struct race *r = &(struct race){ .seed = 1, .start = 1 };
	struct evictable all[REGISTERED] = { 0 };
	bool runs[REGISTERED] = { false };
	int n = 0;

	for (int turn = 1; turn < 5000; turn++) {
		const int asked = below(r, REGISTERED), busy = below(r, REGISTERED);

		r->now_ms = turn;
		for (int k = 0; !runs[asked] && k < 3; k++) {
			for (int i = 0; i < REGISTERED; i++) {
				all[i].memory_bytes = runs[i] ? 1 : 0;
				all[i].busy = !runs[i] || i == busy;
			}
			if (n < FIT) {
				runs[asked] = true;
				n++;
				break;
			}
			const size_t gone = evict_pick(all, REGISTERED, 1);

			HOLDS(gone < REGISTERED && runs[gone], "nobody makes room");
			HOLDS((int)gone != busy, "one that is busy goes");
			for (int i = 0; i < REGISTERED; i++)
				HOLDS(!runs[i] || i == busy || all[i].used_ms >= all[gone].used_ms,
				    "another was silent for longer");
			runs[gone] = false;
			n--;
		}
		HOLDS(runs[asked], "who is asked does not run");
		HOLDS(n <= FIT, "more than fit");
		all[asked].used_ms = turn;
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("decide_idle");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_thaw_race);
	tcase_add_test(tc, test_idle_stop_race);
	tcase_add_test(tc, test_fifty_of_which_five_fit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

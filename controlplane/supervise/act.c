/*
 * act.c - carry out what decide.c decides about instances: store first, then do.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define TROUBLE_WAIT_MAX_MS 30000
#define STORE_RETRY_MS 1000
#define URL_START_LIMIT_MS 5000

static void on_timer(struct timer *, void *);

static const struct version *
version_of(const struct live *l)
{
	return registry_version(l->sup->c.registry, l->in->version_id);
}

static bool
is_url(const struct live *l)
{
	const struct version *v = version_of(l);

	return v != NULL && v->is_url;
}

/* One of the newest, as many as the policy asks for, of the current version. */
static bool
is_serving(const struct live *l, const struct competitor *c)
{
	const int newer = registry_replica(l->sup->c.registry, c, c->version_id, l->in);

	return newer >= 0 && newer < c->replicas;
}

static bool
is_candidate(const struct live *l, const struct competitor *c)
{
	return c->candidate_id[0] != '\0' &&
	    registry_replica(l->sup->c.registry, c, c->candidate_id, l->in) == 0;
}

bool
live_is_pod(const struct live *l)
{
	return !is_url(l);
}

bool
live_serves(const struct live *l, const struct competitor *c)
{
	return l->in->state == INSTANCE_READY && is_serving(l, c);
}

/* Does a competitor have a ready instance of its current version? */
static bool
is_served(const struct registry *reg, const struct competitor *c)
{
	for (size_t i = 0; i < reg->ninstances; i++)
		if (live_serves(reg->instances[i]->live, c))
			return true;
	return false;
}

static bool
is_wanted(const struct live *l)
{
	const struct competitor *c = registry_competitor(l->sup->c.registry, l->in->competitor_id);

	if (c == NULL)
		return false;
	if (trial_holds(l->sup, l->in))
		return true;
	if (!c->wanted)
		return false;
	if (is_serving(l, c) || is_candidate(l, c))
		return true;
	/* The old one, of whatever accepted version, serves until the new one can. */
	return l->in->state == INSTANCE_READY && registry_accepted(l->sup->c.registry, l->in) &&
	    !is_served(l->sup->c.registry, c);
}

static struct instance_seen
look(struct live *l)
{
	const bool url = is_url(l);
	const bool starts = l->in->state == INSTANCE_ABSENT || l->in->state == INSTANCE_BACKOFF;
	int64_t due_ms;
	const enum life life = life_of(l, &due_ms);
	const bool wanted = is_wanted(l) && life != LIFE_STOP;

	return (struct instance_seen){
		.now_ms = clock_now_ms(),
		.entered_ms = l->entered_ms,
		.wanted = wanted,
		.no_room = starts && wanted && !fits_budget(l),
		.freeze = life == LIFE_FREEZE,
		.paused = l->paused,
		.pause_failed = l->pause_failed,
		.idle_due_ms = due_ms,
		.on_trial = trial_holds(l->sup, l->in) && l->failed_once,
		.is_url = url,
		.may_start = may_start(l->sup),
		.busy = l->busy,
		.start_done = l->start_done,
		.start_failed = l->start_failed,
		.pull_failed = l->pull_failed,
		.stop_done = l->stop_done,
		.job_error = l->job_error,
		.phase_known = l->phase_known && !url,
		.phase = l->phase,
		.link_running = l->link_running,
		.started_ms = l->started_ms,
		.start_limit_ms = url ? URL_START_LIMIT_MS : l->manifest.start_timeout_ms,
		.drain_limit_ms = l->sup->c.drain_ms,
		.passes = l->passes,
		.fails = health_counts(l) ? l->fails : 0,
		.ever_connected = l->ever_connected,
		.in_flight = l->target->in_flight,
		.failures = l->in->failures,
		.next_try_ms = l->next_try_ms,
	};
}

/* ---- entering a state ---- */

static void
new_token(struct live *l)
{
	char digits[44];

	snprintf(l->token, sizeof(l->token), "jns_rt_%s", id_random_base62(digits, 43));
	hash_sha256_hex(l->token, strlen(l->token), l->in->token_sha256);
}

static void
note_failure(struct live *l, bool is_failure)
{
	const int64_t now_ms = clock_now_ms();
	int64_t wait_ms = backoff_ms(++l->troubles);

	l->failed_once = is_failure;
	if (is_failure) {
		if (now_ms - l->last_failure_ms > FAILURE_WINDOW_MS)
			l->in->failures = 0;
		l->in->failures++;
		l->last_failure_ms = now_ms;
		wait_ms = backoff_ms(l->in->failures);
	} else if (wait_ms > TROUBLE_WAIT_MAX_MS) {
		wait_ms = TROUBLE_WAIT_MAX_MS;
	}
	l->next_try_ms = now_ms + wait_ms;
	l->in->next_try_ms = clock_wall_ms() + wait_ms;
}

/* What is known of an instance starts afresh with each state. */
static void
prepare(struct live *l, const struct decision *d, enum instance_state old)
{
	l->entered_ms = clock_now_ms();
	l->passes = l->fails = 0;
	l->stop_done = l->pause_failed = false;
	l->in->next_try_ms = 0;
	switch (d->state) {
	case INSTANCE_STARTING:
		l->start_done = l->start_failed = l->pull_failed = l->ever_connected = false;
		l->phase_known = l->failed_once = l->paused = l->evicted = false;
		l->in->restarts += old == INSTANCE_BACKOFF;
		new_token(l);
		break;
	case INSTANCE_PULLING: l->start_failed = l->pull_failed = false; break;
	case INSTANCE_READY:
		l->troubles = 0;
		if (old == INSTANCE_FROZEN)
			watch_health(l);
		break;
	case INSTANCE_BACKOFF: note_failure(l, d->is_failure); break;
	case INSTANCE_ABSENT: l->phase_known = false; break;
	default: break;
	}
	if (d->state != INSTANCE_STARTING && d->state != INSTANCE_READY)
		unwatch_health(l);
}

static void act(struct live *, enum action);
static void committed(const struct error *, void *);

static void
store_state(struct live *l, struct store_batch *b)
{
	store_put_instance(b, l->in);
	l->committing = true;
	store_commit(l->sup->c.store, b, committed, l);
}

static void
on_store_retry(struct timer *t, void *arg)
{
	(void)t;
	store_state(arg, store_batch_new());
}

static void
committed(const struct error *err, void *arg)
{
	struct live *l = arg;
	const enum action action = l->pending;

	if (l->sup->stopping)
		return; /* what is stored goes on after the next start */
	if (err != NULL) {
		/* Not stored is not decided: store it again, do nothing meanwhile. */
		timer_set(l->sup->c.loop, &l->timer, STORE_RETRY_MS, on_store_retry, l);
		return;
	}
	l->committing = false;
	l->pending = ACT_NONE;
	if (action != ACT_NONE)
		act(l, action);
	else
		live_evaluate(l);
}

/* A start is over, one way or the other. */
static void
tell_start(const struct live *l, const struct decision *d)
{
	const struct registry *reg = l->sup->c.registry;
	const struct competitor *c = registry_competitor(reg, l->in->competitor_id);
	const struct version *v = version_of(l);
	const int64_t now_ms = clock_now_ms();
	const struct supervisor_work work = {
		.ok = d->state == INSTANCE_READY,
		.competitor = c != NULL ? c->slug : "removed",
		.id = l->in->id,
		.image = v != NULL ? v->reference : "",
		.digest = v != NULL ? v->digest : "",
		.reason = d->reason != NULL ? d->reason : "",
		.duration_ms = now_ms - l->entered_ms,
		.health_ms = l->start_done ? now_ms - l->started_ms : 0,
	};

	if (l->sup->c.on_work != NULL)
		l->sup->c.on_work(&work, l->sup->c.arg);
}

static void
enter(struct live *l, const struct decision *d)
{
	struct instance *in = l->in;
	const enum instance_state old = in->state;
	struct store_batch *b = store_batch_new();

	in->state = d->state;
	in->since_ms = in->updated_at_ms = clock_wall_ms();
	if (d->reason != NULL)
		snprintf(in->reason, sizeof(in->reason), "%s", d->reason);
	if (d->state == INSTANCE_READY || d->state == INSTANCE_STARTING)
		in->detail[0] = '\0';
	/* One that is no longer wanted was neither good nor bad. */
	if (old == INSTANCE_STARTING && d->state != INSTANCE_DRAINING &&
	    d->state != INSTANCE_PULLING)
		tell_start(l, d);
	prepare(l, d, old);
	log_info("instance.state", F_STR("instance_id", in->id),
	    F_STR("from", instance_state_name(old)), F_STR("to", instance_state_name(d->state)),
	    F_STR("reason", in->reason[0] != '\0' ? in->reason : NULL));
	if (old == INSTANCE_READY)
		publish_routes(l->sup);

	store_add_event(b,
	    &(struct store_event){ .who = OURSELVES,
		.action = "instance.state",
		.object_id = in->id,
		.reason = in->reason,
		.before = instance_state_name(old),
		.after = instance_state_name(d->state) });
	l->pending = d->action;
	store_state(l, b);
	l->sup->c.on_status(l->sup->c.arg);
}

/* ---- actions ---- */

static void
forget(struct live *l)
{
	struct supervisor *sup = l->sup;
	struct instance *in = l->in;
	struct store_batch *b = store_batch_new();

	in->removed_at_ms = in->updated_at_ms = clock_wall_ms();
	store_put_instance(b, in);
	store_commit(sup->c.store, b, NULL, NULL);
	live_free(l);
	registry_forget_instance(sup->c.registry, in);
	live_evaluate_all(sup); /* there may be room for another now */
}

/* Only the hash of a token is stored: a start that a crash cut short begins with a new one. */
static void
start_pod(struct live *l)
{
	if (l->token[0] != '\0') {
		job_start_pod(l);
		return;
	}
	new_token(l);
	l->pending = ACT_START;
	store_state(l, store_batch_new());
}

static void
act(struct live *l, enum action action)
{
	switch (action) {
	case ACT_NONE: break;
	case ACT_PULL: job_pull_image(l); return;
	case ACT_FREEZE: job_pause_pod(l, true); return;
	case ACT_THAW: job_pause_pod(l, false); return;
	case ACT_START:
		if (!is_url(l)) {
			start_pod(l);
			return;
		}
		l->start_done = true;
		l->started_ms = clock_now_ms();
		watch_health(l);
		break;
	case ACT_ANNOUNCE:
		publish_routes(l->sup);
		trial_instance_changed(l->sup, l->in);
		live_evaluate_all(l->sup); /* what it replaces may go now */
		return;
	case ACT_STOP:
		if (!is_url(l)) {
			job_stop_pod(l);
			return;
		}
		l->stop_done = true;
		if (l->in->state == INSTANCE_BACKOFF)
			snprintf(l->in->detail, sizeof(l->in->detail), "%s",
			    l->health.error[0] != '\0' ? l->health.error
						       : "GET /health did not answer 200");
		trial_instance_changed(l->sup, l->in);
		break;
	case ACT_FORGET: forget(l); return;
	}
	live_evaluate(l);
}

void
live_evaluate(struct live *l)
{
	const int64_t now_ms = clock_now_ms();

	/* While it is being stored the timer is the next try of that. */
	if (l->sup->stopping || !l->sup->started || l->committing || l->busy)
		return;
	timer_cancel(&l->timer);
	if (!l->sup->adopted && !is_url(l))
		return; /* what runs is not known yet */
	if (now_ms < l->not_before_ms) {
		timer_set(l->sup->c.loop, &l->timer, l->not_before_ms - now_ms, on_timer, l);
		return;
	}
	const struct instance_seen seen = look(l);
	const struct decision d = instance_decide(l->in->state, &seen);

	if (d.state != l->in->state) {
		enter(l, &d);
		trial_instance_changed(l->sup, l->in);
		return;
	}
	if (d.reason != NULL && strcmp(d.reason, l->in->reason) != 0)
		snprintf(l->in->reason, sizeof(l->in->reason), "%s", d.reason);
	if (d.action != ACT_NONE)
		act(l, d.action);
	else if (d.wait_until_ms != 0)
		timer_set(l->sup->c.loop, &l->timer, d.wait_until_ms - now_ms, on_timer, l);
}

static void
on_timer(struct timer *t, void *arg)
{
	(void)t;
	live_evaluate(arg);
}

void
live_evaluate_all(struct supervisor *sup)
{
	/* From the end: an evaluation may forget the instance itself, or another. */
	for (size_t i = sup->c.registry->ninstances; i-- > 0;)
		if (i < sup->c.registry->ninstances)
			live_evaluate(sup->c.registry->instances[i]->live);
}

/*
 * decide.c - one small function a state.
 */
#include "controlplane/supervise/decide.h"

#include <stddef.h>
#include <string.h>

#define BUSY_FACTOR 10
#define RETRY_MAX_MS INT64_C(3600000)

static struct decision
go(enum instance_state state, enum action action, const char *reason)
{
	return (struct decision){ .state = state, .action = action, .reason = reason };
}

static struct decision
stay(enum instance_state state, const char *reason, int64_t until_ms)
{
	return (struct decision){ .state = state, .reason = reason, .wait_until_ms = until_ms };
}

static struct decision
fail(const char *reason)
{
	return (struct decision){
		.state = INSTANCE_BACKOFF, .action = ACT_STOP, .reason = reason, .is_failure = true
	};
}

/* Trouble of the engine or of ourselves is never the image's fault and costs it nothing. */
static bool
is_platform_trouble(enum error_kind kind)
{
	return kind != ERROR_INVALID && kind != ERROR_NOT_FOUND;
}

int64_t
backoff_ms(int failures)
{
	int64_t ms = 1000;

	for (int i = 1; i < failures && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

static struct decision
in_absent(const struct instance_seen *seen)
{
	if (!seen->wanted)
		return go(INSTANCE_ABSENT, ACT_FORGET, "");
	if (!seen->is_url && !seen->may_start)
		return stay(INSTANCE_ABSENT, "engine_unavailable", 0);
	if (seen->no_room)
		return stay(INSTANCE_ABSENT, "memory_budget", 0);
	return go(INSTANCE_STARTING, ACT_START, "starting");
}

static struct decision
in_pulling(const struct instance_seen *seen)
{
	if (!seen->wanted)
		return go(INSTANCE_DRAINING, ACT_STOP, "stopped");
	if (seen->pull_failed)
		return go(INSTANCE_BACKOFF, ACT_STOP,
		    seen->job_error == ERROR_IO ? "low_disk" : "pull_failed");
	return go(INSTANCE_STARTING, ACT_START, "starting");
}

static struct decision
start_failed(const struct instance_seen *seen)
{
	if (seen->job_error == ERROR_NOT_FOUND)
		return go(INSTANCE_PULLING, ACT_PULL, "image_gone");
	if (is_platform_trouble(seen->job_error))
		return go(INSTANCE_BACKOFF, ACT_STOP, "engine_trouble");
	return fail("start_refused");
}

static struct decision
in_starting(const struct instance_seen *seen)
{
	const int64_t late_ms = seen->started_ms + seen->start_limit_ms;

	if (!seen->wanted)
		return go(INSTANCE_DRAINING, ACT_STOP, "stopped");
	if (seen->start_failed)
		return start_failed(seen);
	if (!seen->start_done) /* the daemon was restarted in between */
		return seen->is_url || seen->may_start
		    ? go(INSTANCE_STARTING, ACT_START, "starting")
		    : stay(INSTANCE_STARTING, "engine_unavailable", 0);
	if (seen->phase_known && seen->phase != POD_RUNNING)
		return fail("exited");
	if (seen->phase_known && !seen->link_running)
		return go(INSTANCE_BACKOFF, ACT_STOP, "link_lost");
	/* One that failed lately must hold out: it may only flap. */
	if (seen->passes >= (seen->failures > 0 ? PROBE_PASSES : 1))
		return go(INSTANCE_READY, ACT_ANNOUNCE, "");
	if (seen->now_ms >= late_ms)
		return fail(seen->ever_connected ? "not_healthy" : "not_listening");
	return stay(INSTANCE_STARTING,
	    seen->ever_connected ? "not_healthy_yet" : "not_listening_yet", late_ms);
}

static struct decision
in_ready(const struct instance_seen *seen)
{
	if (!seen->wanted)
		return (struct decision){ INSTANCE_DRAINING, ACT_ANNOUNCE, "stopped", false, 0 };
	if (seen->phase_known && seen->phase == POD_PAUSED)
		return go(INSTANCE_BACKOFF, ACT_STOP, "changed_outside");
	if (seen->phase_known && seen->phase == POD_ABSENT)
		return go(INSTANCE_BACKOFF, ACT_STOP, "changed_outside");
	if (seen->phase_known && seen->phase != POD_RUNNING)
		return fail("exited");
	if (seen->phase_known && !seen->link_running)
		return go(INSTANCE_BACKOFF, ACT_STOP, "link_lost");
	if (seen->fails >= PROBE_FAILURES)
		return fail("not_healthy");
	if (seen->freeze && seen->in_flight == 0)
		return go(INSTANCE_FROZEN, ACT_ANNOUNCE, "idle");
	return stay(INSTANCE_READY, "", seen->idle_due_ms);
}

/* Entered as soon as nobody is sent to it any more; paused a moment later, when none can be on the way. */
static struct decision
in_frozen(const struct instance_seen *seen)
{
	const int64_t settled_ms = seen->entered_ms + SETTLE_MS;

	/* Not paused yet, a chat may be on its way to it. */
	if (!seen->wanted)
		return go(INSTANCE_DRAINING, seen->paused ? ACT_STOP : ACT_ANNOUNCE, "stopped");
	if (seen->pause_failed)
		return go(INSTANCE_BACKOFF, ACT_STOP, "engine_trouble");
	if (seen->phase_known && seen->phase != POD_RUNNING && seen->phase != POD_PAUSED)
		return seen->phase == POD_ABSENT ? go(INSTANCE_BACKOFF, ACT_STOP, "changed_outside")
						 : fail("exited");
	if (seen->phase_known && !seen->link_running)
		return go(INSTANCE_BACKOFF, ACT_STOP, "link_lost");
	if (!seen->freeze || seen->in_flight > 0)
		return seen->paused ? go(INSTANCE_FROZEN, ACT_THAW, "waking")
				    : go(INSTANCE_READY, ACT_ANNOUNCE, "");
	if (seen->paused)
		return stay(INSTANCE_FROZEN, "idle", 0);
	if (seen->now_ms < settled_ms)
		return stay(INSTANCE_FROZEN, "idle", settled_ms);
	return go(INSTANCE_FROZEN, ACT_FREEZE, "idle");
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static struct decision
in_draining(const struct instance_seen *seen)
{
	const int64_t late_ms = seen->entered_ms + seen->drain_limit_ms;
	const int64_t settled_ms = sooner(seen->entered_ms + SETTLE_MS, late_ms);

	if (seen->stop_done)
		return go(INSTANCE_ABSENT, ACT_NONE, "");
	if (seen->now_ms < settled_ms)
		return stay(INSTANCE_DRAINING, "streams_in_flight", settled_ms);
	if (seen->in_flight == 0 || seen->now_ms >= late_ms)
		return go(INSTANCE_DRAINING, ACT_STOP, "stopping");
	/* Nobody tells when the last stream ends. */
	return stay(
	    INSTANCE_DRAINING, "streams_in_flight", sooner(late_ms, seen->now_ms + DRAIN_POLL_MS));
}

static struct decision
in_backoff(const struct instance_seen *seen)
{
	if (!seen->stop_done)
		return go(INSTANCE_BACKOFF, ACT_STOP, NULL);
	if (!seen->wanted)
		return go(INSTANCE_ABSENT, ACT_NONE, "");
	if (seen->on_trial)
		return stay(INSTANCE_BACKOFF, NULL, 0);
	/* An endpoint is somebody else's: it costs nothing to ask it again. */
	if (seen->failures >= FAILURES_TO_QUARANTINE && !seen->is_url)
		return go(INSTANCE_FAILED, ACT_NONE, "crash_loop");
	if (seen->now_ms < seen->next_try_ms)
		return stay(INSTANCE_BACKOFF, NULL, seen->next_try_ms);
	if (!seen->is_url && (!seen->may_start || seen->no_room))
		return stay(INSTANCE_BACKOFF, NULL, 0);
	return go(INSTANCE_STARTING, ACT_START, "starting");
}

static struct decision
until_unwanted(enum instance_state state, const struct instance_seen *seen)
{
	if (!seen->wanted)
		return go(INSTANCE_DRAINING, ACT_STOP, "stopped");
	return stay(state, NULL, 0);
}

struct decision
instance_decide(enum instance_state state, const struct instance_seen *seen)
{
	if (seen->busy)
		return stay(state, NULL, 0);
	switch (state) {
	case INSTANCE_ABSENT: return in_absent(seen);
	case INSTANCE_PULLING: return in_pulling(seen);
	case INSTANCE_STARTING: return in_starting(seen);
	case INSTANCE_READY: return in_ready(seen);
	case INSTANCE_FROZEN: return in_frozen(seen);
	case INSTANCE_DRAINING: return in_draining(seen);
	case INSTANCE_BACKOFF: return in_backoff(seen);
	case INSTANCE_FAILED: return until_unwanted(state, seen);
	case INSTANCE_STATE_COUNT: break;
	}
	return stay(state, NULL, 0);
}

/* ---- does it run? ---- */

enum life
life_decide(const struct life_seen *seen, int64_t *due_ms)
{
	const int64_t silent_ms = seen->now_ms - seen->used_ms;

	*due_ms = 0;
	if (seen->is_url || seen->activation == ACTIVATION_ALWAYS)
		return LIFE_RUN;
	if (seen->in_flight > 0) {
		*due_ms = seen->now_ms + seen->idle_ms;
		return LIFE_RUN;
	}
	if (seen->evicted)
		return LIFE_STOP;
	if (seen->waited_for) {
		*due_ms = seen->now_ms + seen->idle_ms;
		return LIFE_RUN;
	}
	if (seen->used_ms != 0 && silent_ms < seen->idle_ms) {
		*due_ms = seen->used_ms + seen->idle_ms;
		return LIFE_RUN;
	}
	return seen->activation == ACTIVATION_FROZEN ? LIFE_FREEZE : LIFE_STOP;
}

size_t
evict_pick(const struct evictable *all, size_t n, int64_t need)
{
	int64_t room = 0;
	size_t oldest = n;

	for (size_t i = 0; i < n; i++) {
		if (all[i].busy)
			continue;
		room += all[i].memory_bytes;
		if (oldest == n || all[i].used_ms < all[oldest].used_ms)
			oldest = i;
	}
	return room >= need ? oldest : n;
}

/* ---- submissions ---- */

static struct submission_decision
next(enum submission_state state, enum submission_action action, const char *reason)
{
	return (struct submission_decision){ .state = state, .action = action, .reason = reason };
}

static struct submission_decision
reject(
    const struct submission_seen *seen, const char *reason, const char *fault, const char *detail)
{
	return (struct submission_decision){
		.state = SUBMISSION_REJECTED,
		.action = seen->has_instance ? SUBMIT_DROP : SUBMIT_NONE,
		.reason = reason,
		.fault = fault,
		.detail = detail,
	};
}

int64_t
step_retry_ms(int64_t base_ms, int n, const struct error *err, unsigned random)
{
	int64_t wait_ms = base_ms * (1 << (n < 6 ? n : 6)) / 2;

	if (err->kind == ERROR_BUSY)
		wait_ms = err->retry_after_s > 0 ? INT64_C(1000) * err->retry_after_s
						 : wait_ms * BUSY_FACTOR;
	if (wait_ms > RETRY_MAX_MS)
		wait_ms = RETRY_MAX_MS;
	return wait_ms + wait_ms / 4 * (random % 1024) / 1024;
}

/* Whose it is that a step is waited for. */
static const char *
fault_of(enum error_kind kind, const char *reason)
{
	if (strcmp(reason, "registry_retry") == 0 || strcmp(reason, "registry_busy") == 0)
		return "upstream";
	return kind == ERROR_IO ? "platform" : NULL;
}

/* Try the step again: at once the first time, later after a failure that is not the miner's. */
static struct submission_decision
again(enum submission_state state, enum submission_action action,
    const struct submission_seen *seen, const char *reason)
{
	if (seen->failed && seen->now_ms < seen->retry_ms)
		return (struct submission_decision){ .state = state,
			.reason = reason,
			.fault = fault_of(seen->error.kind, reason),
			.detail = seen->error.text,
			.wait_until_ms = seen->retry_ms };
	return next(state, action, reason);
}

/* A registry step failed: whose is it, and is it worth another try? */
static struct submission_decision
registry_failed(
    enum submission_state state, enum submission_action action, const struct submission_seen *seen)
{
	switch (seen->error.kind) {
	case ERROR_INVALID: return reject(seen, "invalid_reference", "miner", seen->error.text);
	case ERROR_NOT_FOUND: return reject(seen, "image_not_found", "miner", seen->error.text);
	case ERROR_DENIED: return reject(seen, "image_auth", "miner", seen->error.text);
	case ERROR_TOO_BIG: return reject(seen, "image_refused", "miner", seen->error.text);
	case ERROR_CONFLICT: return reject(seen, "wrong_architecture", "miner", seen->error.text);
	case ERROR_IO: return again(state, action, seen, "low_disk");
	case ERROR_BUSY:
		if (seen->attempts >= BUSY_TRIES)
			return reject(seen, "registry_busy", "upstream", seen->error.text);
		return again(state, action, seen, "registry_busy");
	case ERROR_UNAVAILABLE:
	case ERROR_UPSTREAM:
	case ERROR_TIMEOUT:
		if (!seen->engine_ok)
			return again(state, action, seen, "engine_unavailable");
		if (seen->attempts >= REGISTRY_TRIES)
			return reject(seen, "registry_unreachable", "upstream", seen->error.text);
		return again(state, action, seen, "registry_retry");
	default: return again(state, action, seen, "engine_trouble");
	}
}

static struct submission_decision
in_received(const struct submission_seen *seen)
{
	if (seen->is_url)
		return next(SUBMISSION_STARTING, SUBMIT_START, "starting");
	if (seen->is_archive)
		return next(SUBMISSION_IMPORTING, SUBMIT_IMPORT, "checking_archive");
	if (seen->resolved)
		return seen->is_local ? next(SUBMISSION_SCANNING, SUBMIT_SCAN, "inspecting_image")
				      : next(SUBMISSION_PULLING, SUBMIT_PULL, "pulling_layers");
	return next(SUBMISSION_RESOLVING, SUBMIT_RESOLVE, "asking_registry");
}

static struct submission_decision
in_resolving(const struct submission_seen *seen)
{
	if (seen->failed)
		return registry_failed(SUBMISSION_RESOLVING, SUBMIT_RESOLVE, seen);
	if (!seen->done)
		return next(SUBMISSION_RESOLVING, SUBMIT_RESOLVE, "asking_registry");
	if (seen->is_local)
		return next(SUBMISSION_SCANNING, SUBMIT_SCAN, "inspecting_image");
	return next(SUBMISSION_PULLING, SUBMIT_PULL, "pulling_layers");
}

static struct submission_decision
in_pulling_image(const struct submission_seen *seen)
{
	if (seen->failed)
		return registry_failed(SUBMISSION_PULLING, SUBMIT_PULL, seen);
	if (!seen->done)
		return next(SUBMISSION_PULLING, SUBMIT_PULL, "pulling_layers");
	return next(SUBMISSION_SCANNING, SUBMIT_SCAN, "inspecting_image");
}

/* The archive was looked at when it came: what it is refused for now, the engine says. */
static struct submission_decision
in_importing(const struct submission_seen *seen)
{
	if (seen->failed)
		switch (seen->error.kind) {
		case ERROR_INVALID:
		case ERROR_TOO_BIG:
			return reject(seen, "invalid_archive", "miner", seen->error.text);
		case ERROR_NOT_FOUND:
			return reject(seen, "archive_missing", "platform", seen->error.text);
		default:
			return again(SUBMISSION_IMPORTING, SUBMIT_IMPORT, seen,
			    seen->engine_ok ? "engine_trouble" : "engine_unavailable");
		}
	if (!seen->done)
		return next(SUBMISSION_IMPORTING, SUBMIT_IMPORT, "checking_archive");
	return next(SUBMISSION_SCANNING, SUBMIT_SCAN, "inspecting_image");
}

static struct submission_decision
in_scanning(const struct submission_seen *seen)
{
	if (seen->failed) {
		switch (seen->error.kind) {
		case ERROR_TOO_BIG:
		case ERROR_INVALID: return reject(seen, "image_refused", "miner", seen->error.text);
		case ERROR_CONFLICT:
			return reject(seen, "wrong_architecture", "miner", seen->error.text);
		case ERROR_UPSTREAM:
			return reject(seen, "invalid_manifest", "miner", seen->error.text);
		case ERROR_NOT_FOUND:
			return reject(seen, "image_not_found", "miner", seen->error.text);
		default: return again(SUBMISSION_SCANNING, SUBMIT_SCAN, seen, "engine_trouble");
		}
	}
	if (!seen->done)
		return next(SUBMISSION_SCANNING, SUBMIT_SCAN, "inspecting_image");
	return next(SUBMISSION_STARTING, SUBMIT_START, "starting");
}

/* The trial instance failed: its own reason and words, once the evidence is in. */
static struct submission_decision
instance_failed(enum submission_state state, const struct submission_seen *seen, const char *reason)
{
	if (!seen->evidence_in)
		return next(state, SUBMIT_NONE, "gathering_evidence");
	return reject(seen, reason, "miner", seen->instance_detail);
}

static struct submission_decision
in_trial_start(const struct submission_seen *seen)
{
	if (!seen->has_instance)
		return next(SUBMISSION_STARTING, SUBMIT_START, "starting");
	switch (seen->instance) {
	case INSTANCE_READY: return next(SUBMISSION_CONFORMING, SUBMIT_CONFORM, "checking");
	case INSTANCE_BACKOFF:
	case INSTANCE_FAILED:
		/* Without a failure of its own it is we who must try again. */
		if (seen->instance_failed)
			return instance_failed(SUBMISSION_STARTING, seen,
			    seen->is_url ? "endpoint_unreachable" : seen->instance_reason);
		return next(SUBMISSION_STARTING, SUBMIT_NONE, "engine_trouble");
	default: return next(SUBMISSION_STARTING, SUBMIT_NONE, seen->instance_reason);
	}
}

static struct submission_decision
in_conforming(const struct submission_seen *seen)
{
	if (seen->done)
		return seen->check_only ? next(SUBMISSION_RETIRED, SUBMIT_DROP, "checked")
					: next(SUBMISSION_READY, SUBMIT_ACCEPT, "");
	/* An instance that died under the question explains a missing answer better than the answer. */
	if (seen->has_instance && seen->instance_failed)
		return instance_failed(SUBMISSION_CONFORMING, seen, "crash_loop");
	if (!seen->has_instance)
		return next(SUBMISSION_STARTING, SUBMIT_START, "starting");
	if (seen->instance != INSTANCE_READY)
		return next(SUBMISSION_CONFORMING, SUBMIT_NONE, "instance_not_ready");
	/* Is it dying?  Its end is news that comes in a moment.  Or could we not ask it? */
	if (seen->now_ms < seen->retry_ms)
		return (struct submission_decision){ .state = SUBMISSION_CONFORMING,
			.reason = "checking",
			.wait_until_ms = seen->retry_ms };
	if (seen->failed)
		return reject(seen, seen->fail_reason, "miner", seen->error.text);
	return next(SUBMISSION_CONFORMING, SUBMIT_CONFORM, "checking");
}

struct submission_decision
submission_decide(enum submission_state state, const struct submission_seen *seen)
{
	if (seen->busy)
		return next(state, SUBMIT_NONE, NULL);
	switch (state) {
	case SUBMISSION_RECEIVED: return in_received(seen);
	case SUBMISSION_RESOLVING: return in_resolving(seen);
	case SUBMISSION_PULLING: return in_pulling_image(seen);
	case SUBMISSION_IMPORTING: return in_importing(seen);
	case SUBMISSION_SCANNING: return in_scanning(seen);
	case SUBMISSION_STARTING: return in_trial_start(seen);
	case SUBMISSION_CONFORMING: return in_conforming(seen);
	default: return next(state, SUBMIT_NONE, NULL);
	}
}

/*
 * test_decide.c - what becomes of instances and submissions, rule by rule.
 */
#include "controlplane/supervise/decide.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

/* A case is what it has in common with others, and what it overrides. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define A(name) INSTANCE_##name
#define S(name) SUBMISSION_##name

/* ---- instances: the rules ---- */

#define ALIVE                                                                       \
	.wanted = true, .may_start = true, .start_done = true, .phase_known = true, \
	.phase = POD_RUNNING, .link_running = true, .start_limit_ms = 30000,        \
	.drain_limit_ms = 5000
#define PLATFORM(kind)                                                        \
	{                                                                     \
#kind " at the start is the engine's", A(STARTING),           \
		    { ALIVE, .start_done = false, .start_failed = true,       \
			     .job_error = ERROR_##kind },                     \
			     A(BACKOFF), ACT_STOP, "engine_trouble", false, 0 \
	}

static const struct rule {
	const char *name;
	enum instance_state state;
	struct instance_seen seen;
	enum instance_state to;
	enum action action;
	const char *reason; /* NULL: as it was */
	bool is_failure;
	int64_t until_ms;
} rules[] = {
	{ "absent and unwanted is forgotten", A(ABSENT), { 0 }, A(ABSENT), ACT_FORGET, "", false,
	    0 },
	{ "absent waits for the engine", A(ABSENT), { .wanted = true }, A(ABSENT), ACT_NONE,
	    "engine_unavailable", false, 0 },
	{ "a URL needs no engine", A(ABSENT), { .wanted = true, .is_url = true }, A(STARTING),
	    ACT_START, "starting", false, 0 },
	{ "absent and wanted starts", A(ABSENT), { .wanted = true, .may_start = true }, A(STARTING),
	    ACT_START, "starting", false, 0 },
	{ "a pull is dropped when unwanted", A(PULLING), { 0 }, A(DRAINING), ACT_STOP, "stopped",
	    false, 0 },
	{ "a failed pull is tried again later", A(PULLING), { .wanted = true, .pull_failed = true },
	    A(BACKOFF), ACT_STOP, "pull_failed", false, 0 },
	{ "a finished pull starts", A(PULLING), { .wanted = true, .may_start = true }, A(STARTING),
	    ACT_START, "starting", false, 0 },
	{ "a start is dropped when unwanted", A(STARTING), { .start_done = true, .passes = 1 },
	    A(DRAINING), ACT_STOP, "stopped", false, 0 },
	{ "a start without its image pulls", A(STARTING),
	    { ALIVE, .start_done = false, .start_failed = true, .job_error = ERROR_NOT_FOUND },
	    A(PULLING), ACT_PULL, "image_gone", false, 0 },
	{ "a refused start is the image's failure", A(STARTING),
	    { ALIVE, .start_done = false, .start_failed = true, .job_error = ERROR_INVALID },
	    A(BACKOFF), ACT_STOP, "start_refused", true, 0 },
	PLATFORM(CONFLICT),
	PLATFORM(DENIED),
	PLATFORM(TOO_BIG),
	PLATFORM(BUSY),
	PLATFORM(TIMEOUT),
	PLATFORM(UPSTREAM),
	PLATFORM(UNAVAILABLE),
	PLATFORM(CANCELLED),
	PLATFORM(IO),
	PLATFORM(INTERNAL),
	{ "a start of another daemon's life begins again", A(STARTING),
	    { .wanted = true, .may_start = true }, A(STARTING), ACT_START, "starting", false, 0 },
	{ "but not without the engine", A(STARTING), { .wanted = true }, A(STARTING), ACT_NONE,
	    "engine_unavailable", false, 0 },
	{ "a URL's does", A(STARTING), { .wanted = true, .is_url = true }, A(STARTING), ACT_START,
	    "starting", false, 0 },
	{ "exit while starting is a failure", A(STARTING), { ALIVE, .phase = POD_EXITED },
	    A(BACKOFF), ACT_STOP, "exited", true, 0 },
	{ "an exit counts more than a passed probe", A(STARTING),
	    { ALIVE, .phase = POD_EXITED, .passes = 1 }, A(BACKOFF), ACT_STOP, "exited", true, 0 },
	{ "a lost link while starting is ours", A(STARTING), { ALIVE, .link_running = false },
	    A(BACKOFF), ACT_STOP, "link_lost", false, 0 },
	{ "the first passed probe makes it ready", A(STARTING), { ALIVE, .passes = 1 }, A(READY),
	    ACT_ANNOUNCE, "", false, 0 },
	{ "a passed probe at the last moment counts", A(STARTING),
	    { ALIVE, .passes = 1, .now_ms = 30000 }, A(READY), ACT_ANNOUNCE, "", false, 0 },
	{ "one that failed lately must pass twice", A(STARTING),
	    { ALIVE, .passes = PROBE_PASSES - 1, .failures = 1, .ever_connected = true },
	    A(STARTING), ACT_NONE, "not_healthy_yet", false, 30000 },
	{ "then it is ready", A(STARTING), { ALIVE, .passes = PROBE_PASSES, .failures = 1 },
	    A(READY), ACT_ANNOUNCE, "", false, 0 },
	{ "nothing listens yet", A(STARTING), { ALIVE, .now_ms = 29999 }, A(STARTING), ACT_NONE,
	    "not_listening_yet", false, 30000 },
	{ "something listens, not healthy yet", A(STARTING),
	    { ALIVE, .started_ms = 7, .ever_connected = true }, A(STARTING), ACT_NONE,
	    "not_healthy_yet", false, 30007 },
	{ "nothing listened in time", A(STARTING), { ALIVE, .now_ms = 30000 }, A(BACKOFF), ACT_STOP,
	    "not_listening", true, 0 },
	{ "never healthy in time", A(STARTING), { ALIVE, .now_ms = 30000, .ever_connected = true },
	    A(BACKOFF), ACT_STOP, "not_healthy", true, 0 },
	{ "ready stays ready", A(READY), { ALIVE }, A(READY), ACT_NONE, "", false, 0 },
	{ "ready and unwanted leaves the routes first", A(READY), { ALIVE, .wanted = false },
	    A(DRAINING), ACT_ANNOUNCE, "stopped", false, 0 },
	{ "paused by someone else is no failure", A(READY), { ALIVE, .phase = POD_PAUSED },
	    A(BACKOFF), ACT_STOP, "changed_outside", false, 0 },
	{ "removed by someone else is no failure", A(READY), { ALIVE, .phase = POD_ABSENT },
	    A(BACKOFF), ACT_STOP, "changed_outside", false, 0 },
	{ "exit while ready is a failure", A(READY), { ALIVE, .phase = POD_EXITED }, A(BACKOFF),
	    ACT_STOP, "exited", true, 0 },
	{ "a lost link while ready is ours", A(READY), { ALIVE, .link_running = false }, A(BACKOFF),
	    ACT_STOP, "link_lost", false, 0 },
	{ "what is not known is not held against it", A(READY),
	    { ALIVE, .phase_known = false, .phase = POD_ABSENT, .link_running = false }, A(READY),
	    ACT_NONE, "", false, 0 },
	{ "two failed probes are borne", A(READY), { ALIVE, .fails = PROBE_FAILURES - 1 }, A(READY),
	    ACT_NONE, "", false, 0 },
	{ "three are a failure", A(READY), { ALIVE, .fails = PROBE_FAILURES }, A(BACKOFF), ACT_STOP,
	    "not_healthy", true, 0 },
	{ "silent for long is frozen", A(READY), { ALIVE, .freeze = true }, A(FROZEN), ACT_ANNOUNCE,
	    "idle", false, 0 },
	{ "but not under a chat", A(READY), { ALIVE, .freeze = true, .in_flight = 1 }, A(READY),
	    ACT_NONE, "", false, 0 },
	{ "looked at again when it will have been silent for long", A(READY),
	    { ALIVE, .idle_due_ms = 77 }, A(READY), ACT_NONE, "", false, 77 },
	{ "frozen waits until nobody can be on the way", A(FROZEN),
	    { ALIVE, .freeze = true, .entered_ms = 100, .now_ms = 100 }, A(FROZEN), ACT_NONE,
	    "idle", false, 100 + SETTLE_MS },
	{ "then pauses", A(FROZEN),
	    { ALIVE, .freeze = true, .entered_ms = 100, .now_ms = 100 + SETTLE_MS }, A(FROZEN),
	    ACT_FREEZE, "idle", false, 0 },
	{ "frozen stays frozen", A(FROZEN),
	    { ALIVE, .freeze = true, .paused = true, .phase = POD_PAUSED }, A(FROZEN), ACT_NONE,
	    "idle", false, 0 },
	{ "a chat wakes it", A(FROZEN), { ALIVE, .paused = true, .phase = POD_PAUSED }, A(FROZEN),
	    ACT_THAW, "waking", false, 0 },
	{ "one that slipped in wakes it too", A(FROZEN),
	    { ALIVE, .freeze = true, .paused = true, .phase = POD_PAUSED, .in_flight = 1 },
	    A(FROZEN), ACT_THAW, "waking", false, 0 },
	{ "awake it is ready", A(FROZEN), { ALIVE }, A(READY), ACT_ANNOUNCE, "", false, 0 },
	{ "an engine that cannot pause is no fault of its", A(FROZEN),
	    { ALIVE, .freeze = true, .pause_failed = true }, A(BACKOFF), ACT_STOP, "engine_trouble",
	    false, 0 },
	{ "killed in its sleep", A(FROZEN), { ALIVE, .freeze = true, .phase = POD_EXITED },
	    A(BACKOFF), ACT_STOP, "exited", true, 0 },
	{ "no room in the budget is waited for", A(ABSENT),
	    { .wanted = true, .may_start = true, .no_room = true }, A(ABSENT), ACT_NONE,
	    "memory_budget", false, 0 },
	{ "frozen and unwanted ends", A(FROZEN),
	    { ALIVE, .wanted = false, .paused = true, .phase = POD_PAUSED }, A(DRAINING), ACT_STOP,
	    "stopped", false, 0 },
	{ "not paused yet it drains: a chat may be on the way", A(FROZEN),
	    { ALIVE, .wanted = false }, A(DRAINING), ACT_ANNOUNCE, "stopped", false, 0 },
	{ "draining waits for open streams and looks again", A(DRAINING),
	    { ALIVE, .in_flight = 1, .entered_ms = 10, .now_ms = 300 }, A(DRAINING), ACT_NONE,
	    "streams_in_flight", false, 300 + DRAIN_POLL_MS },
	{ "but not past its limit", A(DRAINING),
	    { ALIVE, .in_flight = 1, .entered_ms = 10, .now_ms = 5009 }, A(DRAINING), ACT_NONE,
	    "streams_in_flight", false, 5010 },
	{ "draining waits no longer than its limit", A(DRAINING),
	    { ALIVE, .in_flight = 1, .entered_ms = 10, .now_ms = 5010 }, A(DRAINING), ACT_STOP,
	    "stopping", false, 0 },
	{ "draining waits until nobody can be on the way", A(DRAINING),
	    { ALIVE, .entered_ms = 10, .now_ms = 9 + SETTLE_MS }, A(DRAINING), ACT_NONE,
	    "streams_in_flight", false, 10 + SETTLE_MS },
	{ "then nothing in flight ends it", A(DRAINING),
	    { ALIVE, .entered_ms = 10, .now_ms = 10 + SETTLE_MS }, A(DRAINING), ACT_STOP,
	    "stopping", false, 0 },
	{ "no time to drain, no time to settle", A(DRAINING),
	    { ALIVE, .drain_limit_ms = 0, .in_flight = 1 }, A(DRAINING), ACT_STOP, "stopping",
	    false, 0 },
	{ "drained and stopped is absent", A(DRAINING),
	    { ALIVE, .stop_done = true, .in_flight = 1 }, A(ABSENT), ACT_NONE, "", false, 0 },
	{ "backoff ends the pod first", A(BACKOFF),
	    { ALIVE, .failures = 9, .next_try_ms = 0, .now_ms = 9 }, A(BACKOFF), ACT_STOP, NULL,
	    false, 0 },
	{ "also when unwanted", A(BACKOFF), { 0 }, A(BACKOFF), ACT_STOP, NULL, false, 0 },
	{ "backoff and unwanted is absent", A(BACKOFF), { .stop_done = true, .failures = 9 },
	    A(ABSENT), ACT_NONE, "", false, 0 },
	{ "on trial the submission decides", A(BACKOFF),
	    { ALIVE, .stop_done = true, .on_trial = true, .failures = 9, .now_ms = 9 }, A(BACKOFF),
	    ACT_NONE, NULL, false, 0 },
	{ "four failures are tried again", A(BACKOFF),
	    { ALIVE, .stop_done = true, .failures = FAILURES_TO_QUARANTINE - 1 }, A(STARTING),
	    ACT_START, "starting", false, 0 },
	{ "five are quarantine", A(BACKOFF),
	    { ALIVE, .stop_done = true, .failures = FAILURES_TO_QUARANTINE }, A(FAILED), ACT_NONE,
	    "crash_loop", false, 0 },
	{ "an endpoint of somebody else is never given up", A(BACKOFF),
	    { .wanted = true,
		.is_url = true,
		.stop_done = true,
		.failures = 10 * FAILURES_TO_QUARANTINE },
	    A(STARTING), ACT_START, "starting", false, 0 },
	{ "backoff waits its time", A(BACKOFF),
	    { ALIVE, .stop_done = true, .next_try_ms = 100, .now_ms = 99 }, A(BACKOFF), ACT_NONE,
	    NULL, false, 100 },
	{ "then starts", A(BACKOFF),
	    { ALIVE, .stop_done = true, .next_try_ms = 100, .now_ms = 100 }, A(STARTING), ACT_START,
	    "starting", false, 0 },
	{ "or waits for the engine", A(BACKOFF), { ALIVE, .stop_done = true, .may_start = false },
	    A(BACKOFF), ACT_NONE, NULL, false, 0 },
	{ "a URL waits for none", A(BACKOFF), { .wanted = true, .is_url = true, .stop_done = true },
	    A(STARTING), ACT_START, "starting", false, 0 },
	{ "failed waits for a person", A(FAILED), { ALIVE, .stop_done = true, .passes = 5 },
	    A(FAILED), ACT_NONE, NULL, false, 0 },
	{ "failed and unwanted ends", A(FAILED), { 0 }, A(DRAINING), ACT_STOP, "stopped", false,
	    0 },
};

START_TEST(test_rule)
{
	const struct rule *r = &rules[_i];
	const struct decision d = instance_decide(r->state, &r->seen);

	ck_assert_msg(d.state == r->to, "%s: to %s", r->name, instance_state_name(d.state));
	ck_assert_msg(d.action == r->action, "%s: action %d", r->name, (int)d.action);
	ck_assert_msg(str_eq(d.reason, r->reason), "%s: '%s'", r->name, d.reason);
	ck_assert_msg(d.is_failure == r->is_failure, "%s", r->name);
	ck_assert_msg(
	    d.wait_until_ms == r->until_ms, "%s: %lld", r->name, (long long)d.wait_until_ms);
}
END_TEST

START_TEST(test_backoff)
{
	static const int64_t waits[] = { 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000,
		256000, 300000, 300000 };

	for (int i = 0; i < (int)ARRAY_LEN(waits); i++)
		ck_assert_int_eq(backoff_ms(i + 1), waits[i]);
	ck_assert_int_eq(backoff_ms(INT32_MAX), BACKOFF_MAX_MS);
	ck_assert_int_eq(backoff_ms(0), 1000);
}
END_TEST

/* ---- submissions: the rules ---- */

#define WHY(kind_) .error = { .kind = ERROR_##kind_, .text = "why" }
#define FAILED_STEP(kind_) .failed = true, .attempts = 1, .engine_ok = true, WHY(kind_)
#define TRIAL(state_)                                                              \
	.has_instance = true, .instance = A(state_), .instance_reason = "because", \
	.instance_detail = "seen"

static const struct submission_rule {
	const char *name;
	enum submission_state state;
	struct submission_seen seen;
	enum submission_state to;
	enum submission_action action;
	const char *reason, *fault, *detail;
	int64_t until_ms;
} submission_rules[] = {
	{ "an image is resolved first", S(RECEIVED), { 0 }, S(RESOLVING), SUBMIT_RESOLVE,
	    "asking_registry", NULL, NULL, 0 },
	{ "an archive is imported", S(RECEIVED), { .is_archive = true }, S(IMPORTING),
	    SUBMIT_IMPORT, "checking_archive", NULL, NULL, 0 },
	{ "after a restart it is imported again", S(IMPORTING), { .is_archive = true },
	    S(IMPORTING), SUBMIT_IMPORT, "checking_archive", NULL, NULL, 0 },
	{ "[E13] one that the engine refuses", S(IMPORTING), { FAILED_STEP(INVALID) }, S(REJECTED),
	    SUBMIT_NONE, "invalid_archive", "miner", "why", 0 },
	{ "[E13] one that unpacks to too much", S(IMPORTING), { FAILED_STEP(TOO_BIG) }, S(REJECTED),
	    SUBMIT_NONE, "invalid_archive", "miner", "why", 0 },
	{ "one whose file has gone is ours", S(IMPORTING), { FAILED_STEP(NOT_FOUND) }, S(REJECTED),
	    SUBMIT_NONE, "archive_missing", "platform", "why", 0 },
	{ "the engine's trouble while importing is waited out", S(IMPORTING),
	    { FAILED_STEP(UPSTREAM), .attempts = 99 }, S(IMPORTING), SUBMIT_IMPORT,
	    "engine_trouble", NULL, NULL, 0 },
	{ "and so is its absence", S(IMPORTING),
	    { FAILED_STEP(UNAVAILABLE), .engine_ok = false, .retry_ms = 5 }, S(IMPORTING),
	    SUBMIT_NONE, "engine_unavailable", NULL, "why", 5 },
	{ "imported is looked at", S(IMPORTING), { .done = true, .is_local = true }, S(SCANNING),
	    SUBMIT_SCAN, "inspecting_image", NULL, NULL, 0 },
	{ "a URL is tried at once", S(RECEIVED), { .is_url = true }, S(STARTING), SUBMIT_START,
	    "starting", NULL, NULL, 0 },
	{ "after a restart the registry is asked again", S(RESOLVING), { 0 }, S(RESOLVING),
	    SUBMIT_RESOLVE, "asking_registry", NULL, NULL, 0 },
	{ "resolved is pulled", S(RESOLVING), { .done = true }, S(PULLING), SUBMIT_PULL,
	    "pulling_layers", NULL, NULL, 0 },
	{ "a local image is not", S(RESOLVING), { .done = true, .is_local = true }, S(SCANNING),
	    SUBMIT_SCAN, "inspecting_image", NULL, NULL, 0 },
	{ "a bad reference", S(RESOLVING), { FAILED_STEP(INVALID) }, S(REJECTED), SUBMIT_NONE,
	    "invalid_reference", "miner", "why", 0 },
	{ "no such image", S(RESOLVING), { FAILED_STEP(NOT_FOUND) }, S(REJECTED), SUBMIT_NONE,
	    "image_not_found", "miner", "why", 0 },
	{ "a private image", S(RESOLVING), { FAILED_STEP(DENIED) }, S(REJECTED), SUBMIT_NONE,
	    "image_auth", "miner", "why", 0 },
	{ "[E09] an image of other machines only", S(PULLING), { FAILED_STEP(CONFLICT) },
	    S(REJECTED), SUBMIT_NONE, "wrong_architecture", "miner", "why", 0 },
	{ "too big an image", S(PULLING), { FAILED_STEP(TOO_BIG) }, S(REJECTED), SUBMIT_NONE,
	    "image_refused", "miner", "why", 0 },
	{ "no engine is waited for, however often", S(PULLING),
	    { FAILED_STEP(UNAVAILABLE), .engine_ok = false, .attempts = 99, .retry_ms = 5 },
	    S(PULLING), SUBMIT_NONE, "engine_unavailable", NULL, "why", 5 },
	{ "and tried again in time", S(PULLING),
	    { FAILED_STEP(UNAVAILABLE), .engine_ok = false, .retry_ms = 5, .now_ms = 5 },
	    S(PULLING), SUBMIT_PULL, "engine_unavailable", NULL, NULL, 0 },
	{ "a silent registry is asked three times more", S(RESOLVING),
	    { FAILED_STEP(TIMEOUT), .attempts = REGISTRY_TRIES - 1 }, S(RESOLVING), SUBMIT_RESOLVE,
	    "registry_retry", NULL, NULL, 0 },
	{ "then it is the registry's fault", S(RESOLVING),
	    { FAILED_STEP(TIMEOUT), .attempts = REGISTRY_TRIES }, S(REJECTED), SUBMIT_NONE,
	    "registry_unreachable", "upstream", "why", 0 },
	{ "[E04] and in between it is the registry's", S(PULLING),
	    { FAILED_STEP(UPSTREAM), .attempts = REGISTRY_TRIES - 1, .retry_ms = 5 }, S(PULLING),
	    SUBMIT_NONE, "registry_retry", "upstream", "why", 5 },
	{ "[E03] a registry that asks to wait is waited for", S(PULLING),
	    { FAILED_STEP(BUSY), .attempts = BUSY_TRIES - 1, .retry_ms = 5 }, S(PULLING),
	    SUBMIT_NONE, "registry_busy", "upstream", "why", 5 },
	{ "[E03] and then asked", S(RESOLVING),
	    { FAILED_STEP(BUSY), .attempts = REGISTRY_TRIES, .retry_ms = 5, .now_ms = 5 },
	    S(RESOLVING), SUBMIT_RESOLVE, "registry_busy", NULL, NULL, 0 },
	{ "[E03] but not for ever", S(RESOLVING), { FAILED_STEP(BUSY), .attempts = BUSY_TRIES },
	    S(REJECTED), SUBMIT_NONE, "registry_busy", "upstream", "why", 0 },
	{ "[D11] a full disk is ours", S(PULLING), { FAILED_STEP(IO), .attempts = 99 }, S(PULLING),
	    SUBMIT_PULL, "low_disk", NULL, NULL, 0 },
	{ "[D11] and waited for", S(PULLING), { FAILED_STEP(IO), .attempts = 99, .retry_ms = 5 },
	    S(PULLING), SUBMIT_NONE, "low_disk", "platform", "why", 5 },
	{ "pulled is looked at", S(PULLING), { .done = true }, S(SCANNING), SUBMIT_SCAN,
	    "inspecting_image", NULL, NULL, 0 },
	{ "after a restart it is pulled again", S(PULLING), { 0 }, S(PULLING), SUBMIT_PULL,
	    "pulling_layers", NULL, NULL, 0 },
	{ "a refused image", S(SCANNING), { FAILED_STEP(INVALID) }, S(REJECTED), SUBMIT_NONE,
	    "image_refused", "miner", "why", 0 },
	{ "another architecture", S(SCANNING), { FAILED_STEP(CONFLICT) }, S(REJECTED), SUBMIT_NONE,
	    "wrong_architecture", "miner", "why", 0 },
	{ "a bad manifest", S(SCANNING), { FAILED_STEP(UPSTREAM) }, S(REJECTED), SUBMIT_NONE,
	    "invalid_manifest", "miner", "why", 0 },
	{ "an image that went", S(SCANNING), { FAILED_STEP(NOT_FOUND) }, S(REJECTED), SUBMIT_NONE,
	    "image_not_found", "miner", "why", 0 },
	{ "an engine that went", S(SCANNING), { FAILED_STEP(UNAVAILABLE), .attempts = 99 },
	    S(SCANNING), SUBMIT_SCAN, "engine_trouble", NULL, NULL, 0 },
	{ "after a restart it is looked at again", S(SCANNING), { 0 }, S(SCANNING), SUBMIT_SCAN,
	    "inspecting_image", NULL, NULL, 0 },
	{ "what may run is tried", S(SCANNING), { .done = true }, S(STARTING), SUBMIT_START,
	    "starting", NULL, NULL, 0 },
	{ "a trial without an instance makes one", S(STARTING), { 0 }, S(STARTING), SUBMIT_START,
	    "starting", NULL, NULL, 0 },
	{ "an instance on its way is waited for", S(STARTING), { TRIAL(STARTING) }, S(STARTING),
	    SUBMIT_NONE, "because", NULL, NULL, 0 },
	{ "ready is put to the checks", S(STARTING), { TRIAL(READY) }, S(CONFORMING),
	    SUBMIT_CONFORM, "checking", NULL, NULL, 0 },
	{ "the engine's trouble is waited out", S(STARTING), { TRIAL(BACKOFF) }, S(STARTING),
	    SUBMIT_NONE, "engine_trouble", NULL, NULL, 0 },
	{ "its own failure waits for the evidence", S(STARTING),
	    { TRIAL(BACKOFF), .instance_failed = true }, S(STARTING), SUBMIT_NONE,
	    "gathering_evidence", NULL, NULL, 0 },
	{ "then rejects with its own words", S(STARTING),
	    { TRIAL(BACKOFF), .instance_failed = true, .evidence_in = true }, S(REJECTED),
	    SUBMIT_DROP, "because", "miner", "seen", 0 },
	{ "a URL that does not answer", S(STARTING),
	    { TRIAL(BACKOFF), .is_url = true, .instance_failed = true, .evidence_in = true },
	    S(REJECTED), SUBMIT_DROP, "endpoint_unreachable", "miner", "seen", 0 },
	{ "a good answer is accepted", S(CONFORMING), { TRIAL(READY), .done = true }, S(READY),
	    SUBMIT_ACCEPT, "", NULL, NULL, 0 },
	{ "dying under the question waits for the evidence", S(CONFORMING),
	    { TRIAL(BACKOFF), FAILED_STEP(INVALID), .instance_failed = true }, S(CONFORMING),
	    SUBMIT_NONE, "gathering_evidence", NULL, NULL, 0 },
	{ "then rejects", S(CONFORMING),
	    { TRIAL(BACKOFF), FAILED_STEP(INVALID), .instance_failed = true, .evidence_in = true },
	    S(REJECTED), SUBMIT_DROP, "crash_loop", "miner", "seen", 0 },
	{ "a bad answer waits for a death that explains it", S(CONFORMING),
	    { TRIAL(READY), FAILED_STEP(INVALID), .retry_ms = 9, .now_ms = 8 }, S(CONFORMING),
	    SUBMIT_NONE, "checking", NULL, NULL, 9 },
	{ "a bad answer rejects", S(CONFORMING),
	    { TRIAL(READY), FAILED_STEP(INVALID), .fail_reason = "not_conforming", .retry_ms = 9,
		.now_ms = 9 },
	    S(REJECTED), SUBMIT_DROP, "not_conforming", "miner", "why", 0 },
	{ "[M03] what we had no descriptor to ask is asked again, a little later", S(CONFORMING),
	    { TRIAL(READY), .retry_ms = 9, .now_ms = 8 }, S(CONFORMING), SUBMIT_NONE, "checking",
	    NULL, NULL, 9 },
	{ "what is only checked is not accepted", S(CONFORMING),
	    { TRIAL(READY), .done = true, .check_only = true }, S(RETIRED), SUBMIT_DROP, "checked",
	    NULL, NULL, 0 },
	{ "a known digest is not asked for again", S(RECEIVED), { .resolved = true }, S(PULLING),
	    SUBMIT_PULL, "pulling_layers", NULL, NULL, 0 },
	{ "nor is a local image pulled", S(RECEIVED), { .resolved = true, .is_local = true },
	    S(SCANNING), SUBMIT_SCAN, "inspecting_image", NULL, NULL, 0 },
	{ "after a restart the instance is waited for", S(CONFORMING), { TRIAL(STARTING) },
	    S(CONFORMING), SUBMIT_NONE, "instance_not_ready", NULL, NULL, 0 },
	{ "and asked again", S(CONFORMING), { TRIAL(READY) }, S(CONFORMING), SUBMIT_CONFORM,
	    "checking", NULL, NULL, 0 },
	{ "a bad answer of one that we took away is not judged", S(CONFORMING),
	    { TRIAL(BACKOFF), FAILED_STEP(INVALID), .retry_ms = 9, .now_ms = 9 }, S(CONFORMING),
	    SUBMIT_NONE, "instance_not_ready", NULL, NULL, 0 },
	{ "a trial whose instance is gone makes another", S(CONFORMING), { 0 }, S(STARTING),
	    SUBMIT_START, "starting", NULL, NULL, 0 },
};

START_TEST(test_submission_rule)
{
	const struct submission_rule *r = &submission_rules[_i];
	const struct submission_decision d = submission_decide(r->state, &r->seen);

	ck_assert_msg(d.state == r->to, "%s: to %s", r->name, submission_state_name(d.state));
	ck_assert_msg(d.action == r->action, "%s: action %d", r->name, (int)d.action);
	ck_assert_msg(str_eq(d.reason, r->reason), "%s: '%s'", r->name, d.reason);
	ck_assert_msg(str_eq(d.fault, r->fault), "%s: fault '%s'", r->name, d.fault);
	ck_assert_msg(str_eq(d.detail, r->detail), "%s: '%s'", r->name, d.detail);
	ck_assert_msg(
	    d.wait_until_ms == r->until_ms, "%s: %lld", r->name, (long long)d.wait_until_ms);
}
END_TEST

START_TEST(test_retry) /* [E03] longer each time, as long as asked, and never all at once */
{
	const struct error upstream = { .kind = ERROR_UPSTREAM }, busy = { .kind = ERROR_BUSY },
			   asked = { .kind = ERROR_BUSY, .retry_after_s = 7 },
			   never = { .kind = ERROR_BUSY, .retry_after_s = INT32_MAX };
	int64_t before = 0;

	for (int n = 1; n < 100; n++) {
		const int64_t wait = step_retry_ms(1000, n, &upstream, 0);

		ck_assert_int_ge(wait, before);
		ck_assert_int_eq(step_retry_ms(1000, n, &busy, 0), 10 * wait);
		ck_assert_int_eq(step_retry_ms(1000, n, &asked, 0), 7000);
		before = wait;
	}
	ck_assert_int_eq(step_retry_ms(1000, 1, &upstream, 0), 1000);
	ck_assert_int_eq(before, 32000);
	for (unsigned random = 0; random < 5000; random += 7) {
		const int64_t wait = step_retry_ms(1000, 1, &asked, random);

		ck_assert(wait >= 7000 && wait < 7000 + 1750);
	}
	ck_assert_int_gt(step_retry_ms(1000, 1, &asked, 512), step_retry_ms(1000, 1, &asked, 1));
	ck_assert_int_eq(step_retry_ms(1000, 1, &never, 0), 3600000);
}
END_TEST

START_TEST(test_submission_waits)
{
	for (int state = 0; state < SUBMISSION_STATE_COUNT; state++) {
		const struct submission_seen busy = { .busy = true, .done = true, TRIAL(READY) };
		const struct submission_seen idle = { .done = true, TRIAL(READY) };
		struct submission_decision d =
		    submission_decide((enum submission_state)state, &busy);

		ck_assert_int_eq((int)d.state, state);
		ck_assert_int_eq(d.action, SUBMIT_NONE);
		if (!submission_is_final((enum submission_state)state))
			continue;
		d = submission_decide((enum submission_state)state, &idle);
		ck_assert_int_eq((int)d.state, state);
		ck_assert_int_eq(d.action, SUBMIT_NONE);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("decide");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_rule, 0, (int)ARRAY_LEN(rules));
	tcase_add_test(tc, test_backoff);
	tcase_add_loop_test(tc, test_submission_rule, 0, (int)ARRAY_LEN(submission_rules));
	tcase_add_test(tc, test_submission_waits);
	tcase_add_test(tc, test_retry);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

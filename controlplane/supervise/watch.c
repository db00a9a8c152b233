/*
 * watch.c - ask each instance for its health, every quarter second while it starts, every ten
 * seconds when it is ready.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "controlplane/supervise/probe.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/engine/link.h"

#define PROBE_LIMIT_MS 2000
#define BODY_MAX 2047

static void on_probe_timer(struct timer *, void *);

/* 200 and a JSON object whose status is "ok". */
static bool
is_healthy(const struct probe_result *r, char *why, size_t cap)
{
	_cleanup_json_ cJSON *json = NULL;
	const char *status;

	if (r->error[0] != '\0') {
		snprintf(why, cap, "%s", r->error);
		return false;
	}
	if (r->status != 200) {
		snprintf(why, cap, "GET /health answered status %d", r->status);
		return false;
	}
	if (r->cut || json_parse(r->body, r->len, &json, NULL) < 0) {
		snprintf(why, cap, "GET /health answered 200 without a JSON body");
		return false;
	}
	status = json_str(json, "status");
	if (status == NULL || strcmp(status, "ok") != 0) {
		snprintf(why, cap, "GET /health answered 200 without \"status\":\"ok\"");
		return false;
	}
	why[0] = '\0';
	return true;
}

static bool
is_elsewhere(const struct live *l)
{
	return live_is_pod(l) && !l->target->is_pod;
}

/* An engine elsewhere tells of no deaths, and may be away itself: it is asked, and what fails once more after
 * it has found the pod there is the competitor's own. */
bool
health_counts(const struct live *l)
{
	return !is_elsewhere(l) ||
	    (l->fails > PROBE_FAILURES && l->sup->list_done > l->judge_after && !l->last.is_guess);
}

static void
on_probed(const struct probe_result *r, void *arg)
{
	struct live *l = arg;
	const bool healthy = is_healthy(r, l->health.error, sizeof(l->health.error));

	l->probe = NULL;
	l->health.at_ms = clock_wall_ms();
	l->health.status = r->status;
	l->ever_connected = l->ever_connected || r->connected;
	snprintf(l->health_body, sizeof(l->health_body), "%s", r->body);
	if (healthy) {
		l->passes++;
		l->fails = 0;
	} else if (!r->not_asked) {
		l->fails++;
		l->passes = 0;
		if (is_elsewhere(l) && l->last.is_guess)
			l->fails = 0;
		if (l->fails == PROBE_FAILURES)
			l->judge_after = l->sup->list_began;
	}
	/* Is it the pod, and none of its doing?  That is to be known before it counts. */
	if (!healthy && !r->not_asked && l->in->state == INSTANCE_READY && live_is_pod(l))
		reconcile_now(l->sup);
	/* A ready one that failed is asked again soon: three failures are six seconds, not thirty. */
	timer_set(l->sup->c.loop, &l->probe_timer,
	    l->in->state == INSTANCE_READY && healthy ? l->sup->c.probe_ready_ms
		: l->in->state == INSTANCE_READY      ? PROBE_LIMIT_MS
						      : l->sup->c.probe_start_ms,
	    on_probe_timer, l);
	live_evaluate(l);
}

static void
on_probe_timer(struct timer *t, void *arg)
{
	struct live *l = arg;
	struct supervisor *sup = l->sup;

	(void)t;
	if (l->probe != NULL)
		return;
	if (l->target->is_pod && l->link == NULL)
		l->link = link_open(sup->c.loop, l->target->link_path);
	const struct probe_ask ask = {
		.path = "/health", .max_body = BODY_MAX, .timeout_ms = PROBE_LIMIT_MS
	};
	l->probe = probe_start(sup->c.loop, sup->dialer, l->link, l->target, &ask, on_probed, l);
}

void
watch_health(struct live *l)
{
	timer_set(l->sup->c.loop, &l->probe_timer, 0, on_probe_timer, l);
}

void
unwatch_health(struct live *l)
{
	timer_cancel(&l->probe_timer);
	probe_cancel(l->probe);
	l->probe = NULL;
}

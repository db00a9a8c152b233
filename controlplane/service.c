/*
 * service.c - what the service manager is told of janusd.
 */
#include <stdio.h>

#include "controlplane/janus.h"
#include "controlplane/store/store.h"
#include "runtime/base/clock.h"

#define LOOK_MS 100 /* until it is ready */
#define TELL_MS 10000
#define ALONE_MS \
	30000 /* competitors may all be out of order: that is not Janus's failing to start */
#define START_MORE_MS 30000

struct view {
	bool database, engine, isolated;
	size_t routes, ready;
};

static struct view
look(struct janus *j)
{
	struct store_stats stats;
	struct view v;

	store_stats(j->store, &stats);
	pthread_mutex_lock(&j->summary_lock);
	v = (struct view){ !stats.failing, j->summary.engine_ok, j->summary.isolated,
		j->summary.routes, j->summary.routes_ready };
	pthread_mutex_unlock(&j->summary_lock);
	return v;
}

static void
words(const struct janus *j, const struct view *v, char *out, size_t cap)
{
	const char *trouble = !v->database ? "the database cannot be written"
	    : !v->engine                   ? "waiting for the container engine"
	    : !v->isolated                 ? "proving the isolation of pods"
					   : NULL;

	if (trouble != NULL)
		snprintf(out, cap, "%s; listening on %s", trouble, j->listen);
	else
		snprintf(out, cap, "%zu of %zu competitors ready; listening on %s", v->ready,
		    v->routes, j->listen);
}

/* As /readyz, but for competitors: with none there is nothing to wait for, and where none gets ready
 * somebody has to be able to look. */
static bool
is_ready(struct janus *j, const struct view *v, int64_t now_ms)
{
	if (!v->database || !v->engine || !v->isolated) {
		j->good_since_ms = 0;
		return false;
	}
	if (j->good_since_ms == 0)
		j->good_since_ms = now_ms;
	return v->ready > 0 || v->routes == 0 || now_ms - j->good_since_ms >= ALONE_MS;
}

static void
on_look(struct timer *t, void *arg)
{
	struct janus *j = arg;
	const struct notify *n = &j->heartbeat.notify;
	const struct view v = look(j);
	const int64_t now_ms = clock_now_ms();
	char status[160];

	if (j->draining || j->leaving)
		return;
	words(j, &v, status, sizeof(status));
	if (!j->told_ready && is_ready(j, &v, now_ms)) {
		j->told_ready = true;
		notify_ready(n, status);
		j->service_told_ms = now_ms;
	} else if (now_ms - j->service_told_ms >= TELL_MS || j->service_told_ms == 0) {
		notify_status(n, status);
		if (!j->told_ready) /* it serves what it can, and shall not be killed for it */
			notify_extend(n, START_MORE_MS);
		j->service_told_ms = now_ms;
	}
	timer_set(j->control, t, j->told_ready ? TELL_MS : LOOK_MS, on_look, j);
}

void
service_begin(struct janus *j)
{
	heartbeat_start(&j->heartbeat, j->control);
	if (notify_is_wanted(&j->heartbeat.notify))
		timer_set(j->control, &j->service, 0, on_look, j);
}

void
service_end(struct janus *j)
{
	timer_cancel(&j->service);
	heartbeat_stop(&j->heartbeat);
}

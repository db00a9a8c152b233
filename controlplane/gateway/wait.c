/*
 * wait.c - a ticket, a timer, and words.
 */
#include "controlplane/gateway/wait.h"

#include <stdio.h>

#include "controlplane/gateway/auth.h"
#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/openai/chunk.h"

enum fair_class
wait_class(const struct auth *a)
{
	return a != NULL && (a->scopes & (SCOPE(BENCH) | SCOPE(CHAT))) == SCOPE(BENCH)
	    ? FAIR_BENCH
	    : FAIR_INTERACTIVE;
}

void
wait_key(const struct auth *a, const char *client, char out[WAIT_KEY_MAX])
{
	if (a != NULL && a->key_id[0] != '\0')
		snprintf(out, WAIT_KEY_MAX, "%s", a->key_id);
	else
		snprintf(out, WAIT_KEY_MAX, "from %s", client);
}

/* Out of the queue, however. */
static void
is_over(struct wait *w)
{
	w->ticket = NULL;
	w->last_us = clock_now_us() - w->began_us;
	w->total_us += w->last_us;
	timer_cancel(&w->late);
}

static void
on_turn(enum turn turn, struct route_target *target, void *arg)
{
	struct wait *w = arg;

	is_over(w);
	w->events->on_turn(turn, target, w->arg);
}

static void
on_late(struct timer *t, void *arg)
{
	struct wait *w = arg;

	(void)t;
	wait_end(w);
	w->events->on_late(w->arg);
}

bool
wait_begin(struct wait *w, struct loop *loop, const struct route *r, const char *version,
    enum fair_class class, const char *key, int64_t limit_ms, const struct wait_events *events,
    void *arg)
{
	const int64_t left_ms = limit_ms - w->total_us / 1000;

	w->ticket = traffic_wait(route_traffic(r), class, key, version, loop, on_turn, w);
	if (w->ticket == NULL)
		return false;
	w->events = events;
	w->arg = arg;
	w->class = class;
	w->starts = !route_ready(r, version);
	snprintf(w->competitor, sizeof(w->competitor), "%s", r->competitor);
	snprintf(w->version, sizeof(w->version), "%s", version);
	w->began_us = clock_now_us();
	if (w->first_us == 0)
		w->first_us = w->began_us;
	timer_set(loop, &w->late, left_ms > 0 ? left_ms : 0, on_late, w);
	for (size_t i = 0; i < r->ntargets; i++)
		traffic_offer(r->targets[i]);
	return true;
}

void
wait_end(struct wait *w)
{
	if (w->ticket == NULL)
		return;
	traffic_leave(w->ticket);
	is_over(w);
}

int64_t
wait_us(const struct wait *w)
{
	return w->total_us + (w->ticket != NULL ? clock_now_us() - w->began_us : 0);
}

void
wait_tell(const struct wait *w, bool progress, const struct chat_ids *ids, struct buf *out)
{
	const struct traffic_place p = traffic_place_of(w->ticket);
	const long long eta = (long long)(p.eta_ms + 999) / 1000;
	char payload[80], seconds[24] = "null";

	if (p.position == 0)
		return; /* called, and about to go */
	if (w->starts) {
		if (progress)
			chunk_janus(out, ids, "starting", "{}");
		else
			buf_add_str(out, ": starting\n\n");
		return;
	}
	if (p.eta_ms >= 0)
		snprintf(seconds, sizeof(seconds), "%lld", eta);
	if (progress) {
		snprintf(payload, sizeof(payload), "{\"position\":%zu,\"eta_seconds\":%s}",
		    p.position, seconds);
		chunk_janus(out, ids, "queued", payload);
		return;
	}
	buf_printf(out, ": queued position=%zu", p.position);
	if (p.eta_ms >= 0)
		buf_printf(out, " eta_seconds=%s", seconds);
	buf_add_str(out, "\n\n");
}

/*
 * heartbeat.c - a timer that never ends by itself.
 */
#include "runtime/loop/heartbeat.h"

static void
beat(struct timer *t, void *arg)
{
	struct heartbeat *h = arg;
	const int64_t half_ms = h->notify.watchdog_ms / 2;

	notify_send(&h->notify, NOTIFY_ALIVE);
	timer_set(h->loop, t, half_ms > 0 ? half_ms : 1, beat, h);
}

void
heartbeat_start(struct heartbeat *h, struct loop *loop)
{
	notify_init(&h->notify);
	h->loop = loop;
	if (h->notify.watchdog_ms > 0)
		timer_set(loop, &h->timer, 0, beat, h);
}

void
heartbeat_stop(struct heartbeat *h)
{
	timer_cancel(&h->timer);
}

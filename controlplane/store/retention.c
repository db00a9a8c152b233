/*
 * retention.c - a sweep is a batch of two deletes.
 */
#include "controlplane/store/retention.h"

#include <stdlib.h>

#include "controlplane/store/batch.h"
#include "controlplane/store/core.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "sql_queries.h"

#define FIRST_MS 1000
#define SOON_MS 200
#define LATER_MS 3600000
#define JUMP_MS 3600000
#define QUIET_MS 86400000

bool
retention_may(struct retention_clock *c, int64_t wall_ms, int64_t now_ms)
{
	const int64_t offset_ms = wall_ms - now_ms, by_ms = offset_ms - c->offset_ms;

	if (c->seen && (by_ms > JUMP_MS || by_ms < -JUMP_MS))
		c->quiet_until_ms = now_ms + QUIET_MS;
	c->seen = true;
	c->offset_ms = offset_ms;
	return now_ms >= c->quiet_until_ms;
}

struct sweep {
	int64_t before_ms;
	int *most; /* borrowed: see struct retention */
};

static int
sweep(struct sql *s, enum sql_id id, const struct sweep *w, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[id];
	struct columns p = { .q = q };

	put_int(&p, w->before_ms);
	put_int(&p, RETENTION_AT_ONCE);
	if (write_done(&p, err) < 0)
		return -1;
	const int n = sqlite3_changes(s->db);
	*w->most = n > *w->most ? n : *w->most;
	return 0;
}

static int
sweep_usage(struct sql *s, const void *row, struct error *err)
{
	return sweep(s, SQL_USAGE_SWEEP, row, err);
}

static int
sweep_events(struct sql *s, const void *row, struct error *err)
{
	return sweep(s, SQL_EVENT_SWEEP, row, err);
}

static void on_timer(struct timer *, void *arg);

static void
on_swept(const struct error *err, void *arg)
{
	struct retention *r = arg;

	r->sweeping = false;
	if (r->store == NULL) {
		free(r);
		return;
	}
	if (err == NULL && r->last > 0)
		log_info("retention.swept", F_INT("rows", r->last));
	timer_set(r->store->control, &r->timer,
	    err == NULL && r->last == RETENTION_AT_ONCE ? SOON_MS : LATER_MS, on_timer, r);
}

static void
add(struct store_batch *b, table_write_fn *write, int64_t kept_ms, int64_t now_ms, int *most)
{
	const struct sweep w = { now_ms - kept_ms, most };

	if (kept_ms != 0)
		batch_add(b, write, &w, sizeof(w), NULL);
}

static void
on_timer(struct timer *t, void *arg)
{
	struct retention *r = arg;
	const int64_t wall_ms = clock_wall_ms();
	struct store_batch *b;

	if (!retention_may(&r->clock, wall_ms, clock_now_ms())) {
		log_warn("retention.clock_jumped");
		timer_set(r->store->control, t, LATER_MS, on_timer, r);
		return;
	}
	b = store_batch_new();
	r->last = 0;
	r->sweeping = true;
	add(b, sweep_usage, r->usage_ms, wall_ms, &r->last);
	add(b, sweep_events, r->events_ms, wall_ms, &r->last);
	store_commit(r->store, b, on_swept, r);
}

void
store_retain(struct store *s, int64_t usage_ms, int64_t events_ms)
{
	struct retention *r = mem_zalloc(sizeof(*r));

	r->store = s;
	r->usage_ms = usage_ms;
	r->events_ms = events_ms;
	retention_may(&r->clock, clock_wall_ms(), clock_now_ms());
	if (usage_ms != 0 || events_ms != 0)
		timer_set(s->control, &r->timer, FIRST_MS, on_timer, r);
	s->retention = r;
}

void
retention_stop(struct retention *r)
{
	if (r == NULL)
		return;
	timer_cancel(&r->timer);
	r->store = NULL;
	if (!r->sweeping)
		free(r);
}

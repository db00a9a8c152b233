/*
 * scheduler.c - the life of the scheduler: load, look at what is due, store what changed.
 */
#include "controlplane/schedule/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/registry.h"
#include "controlplane/schedule/scheduler_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define BUSY_LOOK_MS 1000 /* while any run is not at its end */
#define OURS                        \
	&(const struct store_actor) \
	{                           \
		"janusd", NULL      \
	}

char item_coming, item_stored;

/* ---- may it go on? ---- */

/* NULL: it may; else the code of why not. */
static const char *
broken_by(const struct scheduler *s, const struct run *r, char detail[DETAIL_MAX])
{
	const struct competitor *c = registry_competitor(s->c.registry, r->competitor_id);
	const struct version *v = registry_version(s->c.registry, r->version_id);

	if (c == NULL || v == NULL) {
		snprintf(detail, DETAIL_MAX, "competitor '%s' was removed", r->slug);
		return "competitor_removed";
	}
	if (v->retired_at_ms != 0) {
		snprintf(detail, DETAIL_MAX, "version %s was retired", v->id);
		return "version_retired";
	}
	if (strcmp(c->version_id, v->id) != 0) {
		snprintf(detail, DETAIL_MAX, "version %s serves '%s' now, and chats reach no other",
		    c->version_id, c->slug);
		return "version_superseded";
	}
	return NULL;
}

static bool
is_ready(const struct run *r, void *arg)
{
	const struct scheduler *s = arg;
	const struct competitor *c = registry_competitor(s->c.registry, r->competitor_id);
	const struct instance *in = c != NULL ? registry_serving(s->c.registry, c) : NULL;

	return c != NULL && c->wanted &&
	    ((in != NULL && in->state == INSTANCE_READY &&
		 strcmp(in->version_id, r->version_id) == 0) ||
		c->wakes);
}

struct queue
scheduler_queue(const struct scheduler *s)
{
	return (struct queue){ s->queued, s->len, &s->c.rules, is_ready, (void *)s };
}

/* ---- what is held ---- */

struct held *
held_of(const struct scheduler *s, const struct run *r)
{
	(void)s;
	return (struct held *)(uintptr_t)r; /* its first member's first member */
}
_Static_assert(offsetof(struct held, q) == 0 && offsetof(struct queued, row) == 0, "held_of");

static void
grow(void *list, size_t len)
{
	void ***at = list;

	if ((len & (len - 1)) != 0) /* full at every power of two */
		return;
	*at = mem_realloc(*at, (len != 0 ? len * 2 : 1) * sizeof(void *));
}

struct held *
held_add(struct scheduler *s, const struct run *row)
{
	struct held *h = mem_zalloc(sizeof(*h));

	h->q.row = *row;
	grow(&s->runs, s->len);
	grow(&s->queued, s->len);
	s->runs[s->len] = h;
	s->queued[s->len++] = &h->q;
	h->counted = (int)row->state;
	h->settled = run_is_final(row->state);
	count_state(s, row->suite, -1, h->counted);
	return h;
}

void
held_event(struct store_batch *b, const struct store_actor *who, const char *action,
    const struct held *h, const char *reason)
{
	store_add_event(b,
	    &(struct store_event){
		.who = who != NULL ? *who : *(OURS),
		.action = action,
		.object_id = h->q.row.id,
		.reason = reason,
	    });
}

struct change {
	struct scheduler *scheduler;
	struct held *held;
	scheduler_done_fn *done;
	void *arg;
};

static void
stored(const struct error *err, void *arg)
{
	struct change *ch = arg;
	struct scheduler *s = ch->scheduler;

	if (err != NULL && err->kind == ERROR_CONFLICT) /* a run of that tick is there already */
		ch->held->q.row.state = RUN_CANCELLED;
	else
		ch->held->dirty |= err != NULL;
	if (err == NULL && !s->stopping)
		s->c.on_run(&ch->held->q.row, s->c.arg);
	if (ch->done != NULL)
		ch->done(err, ch->held->q.row.id, ch->arg);
	free(ch);
}

static void
log_state(const struct run *r)
{
	log_info("run.state", F_STR("run_id", r->id), F_STR("competitor_id", r->competitor_id),
	    F_STR("to", run_state_name(r->state)), F_STR("reason", r->reason),
	    F_STR("detail", r->detail), F_STR("worker", r->worker), F_INT("lease", r->lease));
}

/* At its end: nobody needs its key, its process, or what items came. */
static void
settle(struct scheduler *s, struct held *h, struct store_batch *b)
{
	const struct run *r = &h->q.row;

	count_state(s, r->suite, h->counted, (int)r->state);
	h->counted = (int)r->state;
	if (!run_is_final(r->state) || h->settled)
		return;
	h->settled = true;
	if (r->state == RUN_FINISHED)
		count_seconds(s, r);
	runner_forget_key(s, h, b);
	runner_end(h);
	map_done(&h->items);
	held_event(b, NULL,
	    r->state == RUN_FINISHED     ? "run.finish"
		: r->state == RUN_FAILED ? "run.fail"
					 : "run.cancelled",
	    h, r->state == RUN_FAILED ? r->detail : NULL);
}

void
held_changed(
    struct scheduler *s, struct held *h, struct store_batch *b, scheduler_done_fn *done, void *arg)
{
	struct change *ch = mem_zalloc(sizeof(*ch));

	*ch = (struct change){ s, h, done, arg };
	if (b == NULL)
		b = store_batch_new();
	settle(s, h, b);
	store_put_run(b, &h->q.row);
	log_state(&h->q.row);
	store_commit(s->c.store, b, stored, ch);
}

/* ---- load ---- */

static void
load_run(const struct run *row, void *arg)
{
	struct scheduler *s = arg;
	struct held *h = held_add(s, row);
	const struct queue q = scheduler_queue(s);

	queue_adopt(&q, &h->q, clock_now_ms());
	if (row->state == RUN_QUEUED && row->not_before_ms > clock_wall_ms()) {
		const int64_t left_ms = row->not_before_ms - clock_wall_ms();

		h->q.retry_at_ms =
		    clock_now_ms() + (left_ms < JITTER_MAX_MS ? left_ms : JITTER_MAX_MS);
	}
}

static void
load_item(const struct run_item *i, void *arg)
{
	struct scheduler *s = arg;
	const struct run *r = scheduler_run_id(s, i->run_id);
	_cleanup_free_ char *key = str_printf("%lld %s", (long long)i->epoch, i->item);

	if (r != NULL) {
		map_put(&held_of(s, r)->items, key, ITEM_STORED);
		held_of(s, r)->q.row.done = (int64_t)held_of(s, r)->items.len;
	}
	run_item_row_done((struct run_item *)(uintptr_t)i);
}

static void
load_schedule(const struct schedule *row, void *arg)
{
	timed_add(arg, row);
}

struct scheduler *
scheduler_new(const struct scheduler_config *config, struct error *err)
{
	struct scheduler *s = mem_zalloc(sizeof(*s));

	s->c = *config;
	if (store_load_runs(s->c.store, &(struct run_rows){ load_run, load_item }, s, err) == 0 &&
	    store_run_count(s->c.store, &s->unloaded, err) == 0 &&
	    store_load_schedules(s->c.store, load_schedule, s, err) == 0) {
		s->unloaded -= (int64_t)s->len;
		return s;
	}
	scheduler_free(s);
	return NULL;
}

void
scheduler_free(struct scheduler *s)
{
	if (s == NULL)
		return;
	while (s->runners != NULL)
		runner_free(s->runners);
	for (size_t i = 0; i < s->len; i++) {
		map_done(&s->runs[i]->items);
		run_row_done(&s->runs[i]->q.row);
		free(s->runs[i]);
	}
	for (size_t i = 0; i < s->ntimed; i++)
		timed_free(s->timed[i]);
	free(s->runs);
	free(s->queued);
	free(s->timed);
	free(s);
}

/* ---- what is due ---- */

static void
fail(struct scheduler *s, struct held *h, const char *code, const char *fault, const char *detail)
{
	queue_fail(&h->q, code, fault, detail, clock_wall_ms());
	held_changed(s, h, NULL, NULL, NULL);
}

/* One that waits for its competitor, or runs, for longer than it may. */
static bool
is_late(struct scheduler *s, const struct held *h, int64_t now_ms)
{
	const struct queue q = scheduler_queue(s);

	return now_ms - h->q.since_mono_ms >= s->c.rules.timeout_ms &&
	    (h->q.row.state == RUN_RUNNING || queue_waits(&q, &h->q, now_ms) == QUEUE_COMPETITOR);
}

static void
look_at(struct scheduler *s, struct held *h, int64_t now_ms)
{
	const struct queue q = scheduler_queue(s);
	const enum run_state from = h->q.row.state;
	char detail[DETAIL_MAX];
	const char *code;

	if (h->dirty) {
		h->dirty = false;
		held_changed(s, h, NULL, NULL, NULL);
	}
	if (run_is_final(from))
		return;
	if ((code = broken_by(s, &h->q.row, detail)) != NULL) {
		fail(s, h, code, "client", detail);
	} else if (is_late(s, h, now_ms) && from == RUN_RUNNING) {
		fail(s, h, "run_timeout", "platform", "it took longer than bench.timeout");
	} else if (is_late(s, h, now_ms)) {
		fail(s, h, "competitor_not_ready", "miner",
		    "its competitor was not ready for as long as bench.timeout");
	} else if (queue_expire(&q, &h->q, now_ms, clock_wall_ms())) {
		metric_add(&s->expirations, 1);
		runner_kill(h);
		held_changed(s, h, NULL, NULL, NULL);
	} else if (from == RUN_RUNNING) {
		runner_bound_log(s, h);
	}
}

static bool
any_left(const struct scheduler *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (!run_is_final(s->runs[i]->q.row.state) || s->runs[i]->dirty)
			return true;
	return false;
}

static void
on_tick(struct timer *t, void *arg)
{
	(void)t;
	scheduler_evaluate(arg);
}

void
scheduler_evaluate(struct scheduler *s)
{
	const struct queue q = scheduler_queue(s);
	const int64_t now_ms = clock_now_ms();
	struct queued *next;

	if (!s->started || s->stopping)
		return;
	for (size_t i = 0; i < s->len; i++)
		look_at(s, s->runs[i], now_ms);
	while ((next = queue_first(&q, now_ms)) != NULL)
		runner_start(s, held_of(s, &next->row));
	const int64_t due_ms = due_look(s, clock_wall_ms());
	timer_set(s->c.loop, &s->tick, any_left(s) && due_ms > BUSY_LOOK_MS ? BUSY_LOOK_MS : due_ms,
	    on_tick, s);
}

void
scheduler_start(struct scheduler *s)
{
	s->started = true;
	/* On the loop's first turn: the supervisor begins there too. */
	timer_set(s->c.loop, &s->tick, 0, on_tick, s);
}

void
scheduler_stop(struct scheduler *s)
{
	if (s == NULL || s->stopping)
		return;
	timer_cancel(&s->tick);
	for (size_t i = 0; i < s->len; i++)
		if (s->runs[i]->runner != NULL &&
		    queue_release(&s->runs[i]->q, clock_now_ms(), clock_wall_ms()))
			held_changed(s, s->runs[i], NULL, NULL, NULL);
	runners_stop(s);
	s->stopping = true;
}

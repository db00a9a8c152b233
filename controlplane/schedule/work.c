/*
 * work.c - what workers and people say of a run: lease, heartbeat, item, end, cancel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/schedule/scheduler_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

void
scheduler_lease(struct scheduler *s, const struct run *r, const char *worker,
    scheduler_done_fn *done, void *arg)
{
	struct held *h = held_of(s, r);
	const struct queue q = scheduler_queue(s);
	struct error err = { 0 };

	if (s->stopping)
		error_set(&err, ERROR_CANCELLED, "Janus is stopping.");
	else if (queue_lease(&q, &h->q, worker, clock_now_ms(), clock_wall_ms(), &err) == 0) {
		held_changed(s, h, NULL, done, arg);
		scheduler_evaluate(s);
		return;
	}
	done(&err, r->id, arg);
}

void
scheduler_done_items(const struct scheduler *s, const struct run *r, cJSON *array)
{
	const struct held *h = held_of(s, r);
	const char *key;
	void *value;

	for (size_t at = 0; map_next(&h->items, &at, &key, &value);) {
		cJSON *pair;
		char *item;

		if (value != ITEM_STORED)
			continue;
		const long long epoch = strtoll(key, &item, 10);
		pair = cJSON_CreateArray();
		cJSON_AddItemToArray(pair, cJSON_CreateString(item + 1));
		cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)epoch));
		cJSON_AddItemToArray(array, pair);
	}
}

int
scheduler_heartbeat(struct scheduler *s, const struct run *r, int64_t number,
    const struct run_beat *beat, bool *cancel, struct error *err)
{
	struct held *h = held_of(s, r);
	const struct queue q = scheduler_queue(s);
	struct run *row = &h->q.row;

	if (queue_alive(&q, &h->q, number, clock_now_ms(), err) < 0)
		return -1;
	if (beat->total >= 0)
		row->total = beat->total;
	if (beat->done > row->done)
		row->done = beat->done;
	row->eta_seconds = beat->eta_seconds;
	row->score = beat->score;
	str_copy(row->item, sizeof(row->item), beat->item);
	*cancel = row->cancelling;
	s->c.on_run(row, s->c.arg);
	return 0;
}

/* ---- items ---- */

struct arrival {
	struct scheduler *scheduler;
	struct held *held;
	char *key; /* owned; of the item */
	char state[16];
	bool first;
	scheduler_done_fn *done;
	void *arg;
};

static void
item_stored_now(const struct error *err, void *arg)
{
	struct arrival *a = arg;
	struct held *h = a->held;
	const bool open = map_get(&h->items, a->key) != NULL; /* its run may be over by now */

	if (err == NULL && open) {
		map_put(&h->items, a->key, ITEM_STORED);
	} else if (err != NULL && open && a->first) {
		map_remove(&h->items, a->key);
	}
	if (err == NULL && a->first)
		count_item(a->scheduler, h->q.row.suite, a->state);
	if (err == NULL && !a->scheduler->stopping)
		a->scheduler->c.on_run(&h->q.row, a->scheduler->c.arg);
	a->done(err, h->q.row.id, a->arg);
	free(a->key);
	free(a);
}

int
scheduler_item(struct scheduler *s, const struct run *r, int64_t number, const struct run_item *i,
    bool *known, scheduler_done_fn *done, void *arg, struct error *err)
{
	struct held *h = held_of(s, r);
	const struct queue q = scheduler_queue(s);
	_cleanup_free_ char *key = str_printf("%lld %s", (long long)i->epoch, i->item);
	void *const there = map_get(&h->items, key);
	struct store_batch *b;
	struct arrival *a;

	if ((there == NULL ? queue_progress(&q, &h->q, number, clock_now_ms(), err)
			   : queue_alive(&q, &h->q, number, clock_now_ms(), err)) < 0)
		return -1;
	*known = there != NULL;
	if (there == ITEM_STORED) {
		done(NULL, r->id, arg);
		return 0;
	}
	if (there == NULL) {
		map_put(&h->items, key, ITEM_COMING);
		s->c.on_item(r, i, s->c.arg);
		if ((int64_t)h->items.len > h->q.row.done)
			h->q.row.done = (int64_t)h->items.len;
	}
	a = mem_zalloc(sizeof(*a));
	*a = (struct arrival){ s, h, TAKE(key), "", there == NULL, done, arg };
	str_copy(a->state, sizeof(a->state), i->state);
	b = store_batch_new();
	store_put_run_item(b, i);
	store_commit(s->c.store, b, item_stored_now, a);
	return 0;
}

/* ---- the end ---- */

void
scheduler_finish(struct scheduler *s, const struct run *r, int64_t number,
    const struct run_end *end, scheduler_done_fn *done, void *arg)
{
	struct held *h = held_of(s, r);
	struct error err = { 0 };
	const int rc = queue_finish(
	    &h->q, number, end->state, end->code, end->fault, end->detail, clock_wall_ms(), &err);

	if (rc != 0 && !(rc == 1 && h->dirty)) {
		done(rc < 0 ? &err : NULL, r->id, arg);
		return;
	}
	if (rc == 0) {
		str_replace(&h->q.row.report, end->report);
		/* Heartbeats are not stored: of one that began under another janusd none may have come. */
		if (h->q.row.state == RUN_FINISHED && end->expected > 0)
			h->q.row.total = end->expected;
		h->q.row.is_whole = h->q.row.state == RUN_FINISHED && end->is_whole &&
		    h->q.row.params.subset_percent == 100;
	}
	h->dirty = false;
	held_changed(s, h, NULL, done, arg);
	scheduler_evaluate(s);
}

void
scheduler_cancel(struct scheduler *s, const struct run *r, const struct store_actor *who,
    scheduler_done_fn *done, void *arg)
{
	struct held *h = held_of(s, r);
	struct error err = { 0 };
	struct store_batch *b;
	const int rc = queue_cancel(&h->q, clock_wall_ms(), &err);

	if (rc != 0) {
		done(rc < 0 ? &err : NULL, r->id, arg);
		return;
	}
	b = store_batch_new();
	held_event(b, who, "run.cancel", h, NULL);
	if (h->q.row.state == RUN_RUNNING)
		runner_end(h);
	held_changed(s, h, b, done, arg);
	scheduler_evaluate(s);
}

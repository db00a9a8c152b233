/*
 * batch.c - gather rows into a batch: each is copied as it is now, with what it owns.
 */
#include "controlplane/store/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"

struct store_batch *
store_batch_new(void)
{
	struct store_batch *b = mem_zalloc(sizeof(*b));

	b->last = &b->first;
	return b;
}

void *
batch_add(struct store_batch *b, table_write_fn *write, const void *row, size_t size,
    void (*row_done)(void *))
{
	struct item *i = mem_zalloc(sizeof(*i));

	i->write = write;
	i->row = mem_zalloc(size);
	memcpy(i->row, row, size);
	i->row_done = row_done;
	*b->last = i;
	b->last = &i->next;
	return i->row;
}

void
batch_free(struct store_batch *b)
{
	for (struct item *i = b->first, *next; i != NULL; i = next) {
		next = i->next;
		if (i->row_done != NULL)
			i->row_done(i->row);
		free(i->row);
		free(i);
	}
	free(b);
}

bool
batch_is_of_streams(const struct store_batch *b)
{
	bool tells = b->nchats > 0 || b->is_egress;

	for (const struct item *i = b->first; i != NULL; i = i->next) {
		if (i->write == artifacts_write || i->write == battles_write)
			tells = true;
		else if (i->write != events_write && i->write != egress_write)
			return false;
	}
	return tells;
}

void
batch_names(
    const struct store_batch *b, void (*fn)(const char *noun, const char *id, void *arg), void *arg)
{
	for (const struct item *i = b->first; i != NULL; i = i->next)
		if (i->write == artifacts_write)
			fn("artifact", ((const struct artifact *)i->row)->id, arg);
		else if (i->write == battles_write)
			fn("battle", ((const struct battle *)i->row)->id, arg);
}

static void
version_row_done(void *row)
{
	version_done(row);
}

static void
submission_row_done(void *row)
{
	submission_done(row);
}

static void
instance_row_done(void *row)
{
	instance_done(row);
}

void
store_put_competitor(struct store_batch *b, const struct competitor *c)
{
	batch_add(b, competitors_write, c, sizeof(*c), NULL);
}

void
store_put_version(struct store_batch *b, const struct version *v)
{
	struct version *copy = batch_add(b, versions_write, v, sizeof(*v), version_row_done);

	copy->manifest = str_dup(v->manifest);
}

void
store_put_submission(struct store_batch *b, const struct submission *s)
{
	struct submission *copy =
	    batch_add(b, submissions_write, s, sizeof(*s), submission_row_done);

	copy->manifest = str_dup(s->manifest);
	copy->evidence = str_dup(s->evidence);
}

void
store_put_instance(struct store_batch *b, const struct instance *i)
{
	struct instance *copy = batch_add(b, instances_write, i, sizeof(*i), instance_row_done);

	copy->evidence = str_dup(i->evidence);
}

void
store_put_key(struct store_batch *b, const struct key *k)
{
	batch_add(b, keys_write, k, sizeof(*k), NULL);
}

void
store_put_artifact(struct store_batch *b, const struct artifact *a)
{
	batch_add(b, artifacts_write, a, sizeof(*a), NULL);
}

void
store_delete_artifact(struct store_batch *b, const char *id)
{
	char row[NOUN_ID_MAX];

	snprintf(row, sizeof(row), "%s", id);
	batch_add(b, artifacts_delete, row, sizeof(row), NULL);
}

void
store_put_battle(struct store_batch *b, const struct battle *row)
{
	batch_add(b, battles_write, row, sizeof(*row), NULL);
}

void
store_sweep_battles(struct store_batch *b, int64_t now_ms, int64_t before_ms)
{
	const struct battle_sweep sweep = { now_ms, before_ms };

	batch_add(b, battles_sweep, &sweep, sizeof(sweep), NULL);
}

static void
run_drop(void *row)
{
	run_row_done(row);
}

static void
run_item_drop(void *row)
{
	run_item_row_done(row);
}

void
store_put_run(struct store_batch *b, const struct run *r)
{
	struct run *copy = batch_add(b, runs_write, r, sizeof(*r), run_drop);

	copy->report = str_dup(r->report);
}

void
store_put_run_item(struct store_batch *b, const struct run_item *i)
{
	struct run_item *copy = batch_add(b, run_items_write, i, sizeof(*i), run_item_drop);

	copy->result = str_dup(i->result);
}

static void
reign_drop(void *row)
{
	reign_row_done(row);
}

void
store_put_reign(struct store_batch *b, const struct reign *r)
{
	struct reign *copy = batch_add(b, reigns_write, r, sizeof(*r), reign_drop);

	copy->proof = str_dup(r->proof);
}

void
store_put_schedule(struct store_batch *b, const struct schedule *h)
{
	batch_add(b, schedules_write, h, sizeof(*h), NULL);
}

static void
component_drop(void *row)
{
	component_row_done(row);
}

void
store_put_component(struct store_batch *b, const struct component *c)
{
	struct component *copy = batch_add(b, components_write, c, sizeof(*c), component_drop);

	copy->manifest = str_dup(c->manifest);
	copy->contract = str_dup(c->contract);
}

static void
idempotency_done(void *row)
{
	idempotency_row_done(row);
}

void
store_put_idempotency(struct store_batch *b, const struct idempotency_row *row)
{
	struct idempotency_row *copy =
	    batch_add(b, idempotency_write, row, sizeof(*row), idempotency_done);

	copy->sealed = str_dup(row->sealed);
}

void
store_add_event(struct store_batch *b, const struct store_event *event)
{
	struct event_row e = { .at_ms = clock_wall_ms() };
	const struct {
		char *to;
		size_t cap;
		const char *from;
	} texts[] = {
		{ e.actor, sizeof(e.actor), event->who.name },
		{ e.request_id, sizeof(e.request_id), event->who.request_id },
		{ e.action, sizeof(e.action), event->action },
		{ e.object_id, sizeof(e.object_id), event->object_id },
		{ e.detail, sizeof(e.detail), event->reason },
		{ e.before, sizeof(e.before), event->before },
		{ e.after, sizeof(e.after), event->after },
	};

	id_new("evt", e.id);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].from != NULL)
			snprintf(texts[i].to, texts[i].cap, "%s", texts[i].from);
	snprintf(b->object_id, sizeof(b->object_id), "%s", e.object_id);
	batch_add(b, events_write, &e, sizeof(e), NULL);
	b->has_events = true;
}

/*
 * runs.c - the tables of runs and of what came of their items.
 */
#include "controlplane/store/runs.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/store/tables.h"
#include "runtime/base/str.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "sql_queries.h"

static const char *const states[] = {
#define X(name, text) text,
	RUN_STATES(X)
#undef X
};
static const char *const causes[] = {
#define X(name, text) text,
	RUN_CAUSES(X)
#undef X
};

const char *
run_state_name(enum run_state s)
{
	return states[s];
}

enum run_state
run_state_named(const char *name)
{
	return (enum run_state)str_find(states, RUN_STATE_COUNT, name);
}

bool
run_is_final(enum run_state s)
{
	return s >= RUN_FINISHED;
}

const char *
run_cause_name(enum run_cause c)
{
	return causes[c];
}

enum run_cause
run_cause_named(const char *name)
{
	return (enum run_cause)str_find(causes, CAUSE_COUNT, name);
}

void
run_row_done(struct run *r)
{
	free(r->report);
	r->report = NULL;
}

void
run_item_row_done(struct run_item *i)
{
	free(i->result);
	i->result = NULL;
}

static void
put_pinned(struct columns *p, const struct run *r)
{
	put_text(p, r->id);
	put_text(p, r->competitor_id);
	put_text(p, r->version_id);
	put_text(p, r->slug);
	put_text(p, r->digest);
	put_text(p, r->suite);
	put_text(p, r->suite_digest);
	put_text(p, r->scoring);
	put_int(p, r->params.seed);
	put_int(p, r->params.subset_percent);
	put_int(p, r->params.epochs);
	put_int(p, r->params.concurrency);
	put_text(p, run_cause_name(r->cause));
	put_text(p, r->cause_id);
	put_int(p, r->tick_ms);
	put_int(p, r->not_before_ms);
}

int
runs_write(struct sql *s, const void *row, struct error *err)
{
	const struct run *r = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_RUN_PUT];
	struct columns p = { .q = q };

	put_pinned(&p, r);
	put_text(&p, run_state_name(r->state));
	put_text(&p, r->reason);
	put_text(&p, r->detail);
	put_int(&p, r->since_ms);
	put_int(&p, r->lease);
	put_text(&p, r->worker);
	put_int(&p, r->requeues);
	put_int(&p, r->cancelling);
	put_int(&p, r->done);
	put_int(&p, r->total);
	put_text(&p, r->code);
	put_text(&p, r->fault);
	put_int(&p, r->is_whole);
	put_text(&p, r->report != NULL ? r->report : "");
	put_text(&p, r->key_id);
	put_int(&p, r->created_at_ms);
	put_int(&p, r->updated_at_ms);
	put_int(&p, r->started_at_ms);
	put_int(&p, r->finished_at_ms);
	return write_done(&p, err);
}

static void
get_pinned(struct columns *g, struct run *r)
{
	get_text(g, r->id, sizeof(r->id));
	get_text(g, r->competitor_id, sizeof(r->competitor_id));
	get_text(g, r->version_id, sizeof(r->version_id));
	get_text(g, r->slug, sizeof(r->slug));
	get_text(g, r->digest, sizeof(r->digest));
	get_text(g, r->suite, sizeof(r->suite));
	get_text(g, r->suite_digest, sizeof(r->suite_digest));
	get_text(g, r->scoring, sizeof(r->scoring));
	r->params.seed = get_int(g);
	r->params.subset_percent = (int)get_int(g);
	r->params.epochs = (int)get_int(g);
	r->params.concurrency = (int)get_int(g);
}

static int
get_run(sqlite3_stmt *q, struct run *r, struct error *err)
{
	struct columns g = { .q = q };
	char cause[16], state[16];

	get_pinned(&g, r);
	get_text(&g, cause, sizeof(cause));
	get_text(&g, r->cause_id, sizeof(r->cause_id));
	r->tick_ms = get_int(&g);
	r->not_before_ms = get_int(&g);
	get_text(&g, state, sizeof(state));
	r->cause = run_cause_named(cause);
	r->state = run_state_named(state);
	if (r->cause == CAUSE_COUNT || r->state == RUN_STATE_COUNT)
		return error_set(err, ERROR_IO, "run %s has an unknown state '%s' or cause '%s'",
		    r->id, state, cause);
	get_text(&g, r->reason, sizeof(r->reason));
	get_text(&g, r->detail, sizeof(r->detail));
	r->since_ms = get_int(&g);
	r->lease = get_int(&g);
	get_text(&g, r->worker, sizeof(r->worker));
	r->requeues = (int)get_int(&g);
	r->cancelling = get_int(&g) != 0;
	r->done = get_int(&g);
	r->total = get_int(&g);
	get_text(&g, r->code, sizeof(r->code));
	get_text(&g, r->fault, sizeof(r->fault));
	r->is_whole = get_int(&g) != 0;
	r->report = get_dup(&g);
	if (r->report != NULL && r->report[0] == '\0')
		run_row_done(r);
	get_text(&g, r->key_id, sizeof(r->key_id));
	r->created_at_ms = get_int(&g);
	r->updated_at_ms = get_int(&g);
	r->started_at_ms = get_int(&g);
	r->finished_at_ms = get_int(&g);
	r->score = -1;
	r->eta_seconds = -1;
	return 0;
}

int
run_items_write(struct sql *s, const void *row, struct error *err)
{
	const struct run_item *i = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_RUN_ITEM_PUT];
	struct columns p = { .q = q };

	put_text(&p, i->run_id);
	put_text(&p, i->item);
	put_int(&p, i->epoch);
	put_text(&p, i->id);
	put_text(&p, i->state);
	put_text(&p, i->fault);
	put_text(&p, i->result != NULL ? i->result : "");
	put_int(&p, i->lease);
	put_int(&p, i->at_ms);
	return write_done(&p, err);
}

static void
get_item(sqlite3_stmt *q, struct run_item *i)
{
	struct columns g = { .q = q };

	get_text(&g, i->run_id, sizeof(i->run_id));
	get_text(&g, i->item, sizeof(i->item));
	i->epoch = get_int(&g);
	get_text(&g, i->id, sizeof(i->id));
	get_text(&g, i->state, sizeof(i->state));
	get_text(&g, i->fault, sizeof(i->fault));
	i->result = get_dup(&g);
	i->lease = get_int(&g);
	i->at_ms = get_int(&g);
}

static int
load_items(sqlite3_stmt *q, run_item_fn *fn, bool lends, void *arg, struct error *err)
{
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct run_item i = { 0 };

		get_item(q, &i);
		fn(&i, arg);
		if (lends)
			run_item_row_done(&i);
	}
	return rc;
}

int
runs_load(struct sql *s, const struct run_rows *rows, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_RUN_ALL];
	_cleanup_reset_ sqlite3_stmt *items = s->stmt[SQL_RUN_ITEM_OPEN];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct run r = { 0 };

		if (get_run(q, &r, err) < 0)
			return -1;
		rows->run(&r, arg);
	}
	return rc < 0 ? -1 : load_items(items, rows->item, false, arg, err);
}

int
runs_find(struct sql *s, const char *id, struct run *out, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_RUN_ALL];

	sql_bind_text(q, 1, id);
	const int rc = sql_step(q, err);
	return rc != 1 ? rc : get_run(q, out, err) < 0 ? -1 : 1;
}

int
runs_count(struct sql *s, int64_t *n, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_RUN_COUNT];

	if (sql_step(q, err) < 0)
		return -1;
	*n = sqlite3_column_int64(q, 0);
	return 0;
}

int
runs_load_whole(struct sql *s, const char *suite, run_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_RUN_WHOLE];
	int rc;

	sql_bind_text(q, 1, suite != NULL ? suite : "");
	while ((rc = sql_step(q, err)) == 1) {
		_cleanup_(run_row_done) struct run r = { 0 };

		if (get_run(q, &r, err) < 0)
			return -1;
		fn(&r, arg);
	}
	return rc;
}

int
run_items_load(struct sql *s, const char *run_id, run_item_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_RUN_ITEM_OF];

	sql_bind_text(q, 1, run_id);
	return load_items(q, fn, true, arg, err);
}

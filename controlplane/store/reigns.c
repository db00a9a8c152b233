/*
 * reigns.c - one row a reign.
 */
#include "controlplane/store/reigns.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/store/tables.h"
#include "runtime/base/str.h"
#include "sql_queries.h"

static const char *const states[] = {
#define X(name, text) text,
	REIGN_STATES(X)
#undef X
};
static const char *const causes[] = {
#define X(name, text) text,
	REIGN_CAUSES(X)
#undef X
};

const char *
reign_state_name(enum reign_state s)
{
	return states[s];
}

enum reign_state
reign_state_named(const char *name)
{
	return (enum reign_state)str_find(states, REIGN_STATE_COUNT, name);
}

const char *
reign_cause_name(enum reign_cause c)
{
	return causes[c];
}

enum reign_cause
reign_cause_named(const char *name)
{
	return (enum reign_cause)str_find(causes, REIGN_CAUSE_COUNT, name);
}

void
reign_row_done(struct reign *r)
{
	free(r->proof);
	r->proof = NULL;
}

static void
put_live(struct columns *p, const struct reign_live *l)
{
	put_int(p, l->chats);
	put_int(p, l->bad);
	put_int(p, l->timed);
	put_int(p, l->ttft_p95_ms);
}

static void
get_live(struct columns *g, struct reign_live *l)
{
	l->chats = get_int(g);
	l->bad = get_int(g);
	l->timed = get_int(g);
	l->ttft_p95_ms = get_int(g);
}

int
reigns_write(struct sql *s, const void *row, struct error *err)
{
	const struct reign *r = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_REIGN_PUT];
	struct columns p = { .q = q };

	put_text(&p, r->id);
	put_text(&p, r->competitor_id);
	put_text(&p, r->slug);
	put_text(&p, r->version_id);
	put_text(&p, reign_state_name(r->state));
	put_text(&p, reign_cause_name(r->cause));
	put_text(&p, r->actor);
	put_text(&p, r->reason);
	put_text(&p, r->end_reason);
	put_text(&p, r->detail);
	put_text(&p, r->previous_id);
	put_int(&p, r->percent);
	put_text(&p, r->proof != NULL ? r->proof : "");
	put_live(&p, &r->base);
	put_live(&p, &r->trial);
	put_int(&p, r->created_at_ms);
	put_int(&p, r->crowned_at_ms);
	put_int(&p, r->ended_at_ms);
	put_int(&p, r->updated_at_ms);
	return write_done(&p, err);
}

int
reigns_load(struct sql *s, reign_row_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_REIGN_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct reign r = { 0 };
		char word[16];

		get_text(&g, r.id, sizeof(r.id));
		get_text(&g, r.competitor_id, sizeof(r.competitor_id));
		get_text(&g, r.slug, sizeof(r.slug));
		get_text(&g, r.version_id, sizeof(r.version_id));
		get_text(&g, word, sizeof(word));
		r.state = reign_state_named(word);
		get_text(&g, word, sizeof(word));
		r.cause = reign_cause_named(word);
		get_text(&g, r.actor, sizeof(r.actor));
		get_text(&g, r.reason, sizeof(r.reason));
		get_text(&g, r.end_reason, sizeof(r.end_reason));
		get_text(&g, r.detail, sizeof(r.detail));
		get_text(&g, r.previous_id, sizeof(r.previous_id));
		r.percent = (int)get_int(&g);
		r.proof = get_dup(&g);
		get_live(&g, &r.base);
		get_live(&g, &r.trial);
		r.created_at_ms = get_int(&g);
		r.crowned_at_ms = get_int(&g);
		r.ended_at_ms = get_int(&g);
		r.updated_at_ms = get_int(&g);
		fn(&r, arg);
	}
	return rc;
}

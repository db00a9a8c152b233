/*
 * components.c - the table of components.
 */
#include "controlplane/store/components.h"

#include <stdlib.h>

#include "controlplane/store/tables.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "sql_queries.h"

static const char *const states[] = {
#define X(name, text) text,
	COMPONENT_STATES(X)
#undef X
};

const char *
component_state_name(enum component_state s)
{
	return states[s];
}

enum component_state
component_state_named(const char *name)
{
	return (enum component_state)str_find(states, COMPONENT_STATE_COUNT, name);
}

void
component_row_done(struct component *c)
{
	free(c->manifest);
	free(c->contract);
}

int
components_write(struct sql *s, const void *row, struct error *err)
{
	const struct component *c = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_COMPONENT_PUT];
	struct columns p = { .q = q };

	put_text(&p, c->id);
	put_text(&p, c->version);
	put_text(&p, component_state_name(c->state));
	put_text(&p, c->reason);
	put_text(&p, c->owner);
	put_text(&p, c->author);
	put_text(&p, c->reviewer);
	put_text(&p, c->manifest);
	put_text(&p, c->contract);
	put_int(&p, c->created_at_ms);
	put_int(&p, c->updated_at_ms);
	put_int(&p, c->reviewed_at_ms);
	return write_done(&p, err);
}

int
component_rows_load(struct sql *s, component_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_COMPONENT_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct component c = { 0 };
		char state[16];

		get_text(&g, c.id, sizeof(c.id));
		get_text(&g, c.version, sizeof(c.version));
		get_text(&g, state, sizeof(state));
		c.state = component_state_named(state);
		if (c.state == COMPONENT_STATE_COUNT)
			return error_set(
			    err, ERROR_IO, "component %s has an unknown state '%s'", c.id, state);
		get_text(&g, c.reason, sizeof(c.reason));
		get_text(&g, c.owner, sizeof(c.owner));
		get_text(&g, c.author, sizeof(c.author));
		get_text(&g, c.reviewer, sizeof(c.reviewer));
		c.manifest = get_dup(&g);
		c.contract = get_dup(&g);
		c.created_at_ms = get_int(&g);
		c.updated_at_ms = get_int(&g);
		c.reviewed_at_ms = get_int(&g);
		fn(&c, arg);
	}
	return rc;
}

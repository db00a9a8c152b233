/*
 * events.c - what was decided, and by whom.
 */
#include "controlplane/store/tables.h"
#include "sql_queries.h"

int
events_write(struct sql *s, const void *row, struct error *err)
{
	const struct event_row *e = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EVENT_ADD];
	struct columns p = { .q = q };

	put_text(&p, e->id);
	put_int(&p, e->at_ms);
	put_text(&p, e->actor);
	put_text(&p, e->action);
	put_text(&p, e->object_id);
	put_text(&p, e->detail);
	return write_done(&p, err);
}

int
events_load(struct sql *s, int limit, void (*fn)(const struct event_row *, void *arg), void *arg,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EVENT_LAST];
	int rc;

	sql_bind_int(q, 1, limit);
	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct event_row e = { 0 };

		get_text(&g, e.id, sizeof(e.id));
		e.at_ms = get_int(&g);
		get_text(&g, e.actor, sizeof(e.actor));
		get_text(&g, e.action, sizeof(e.action));
		get_text(&g, e.object_id, sizeof(e.object_id));
		get_text(&g, e.detail, sizeof(e.detail));
		fn(&e, arg);
	}
	return rc;
}

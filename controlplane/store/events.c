/*
 * events.c - what was decided, and by whom: each row sealed to the one before it.
 */
#include <stdio.h>

#include "controlplane/store/tables.h"
#include "runtime/base/clock.h"
#include "sql_queries.h"

/* The newest hash as this transaction sees it. */
static int
read_head(struct sql *s, char out[AUDIT_HASH_MAX], struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EVENT_HEAD];
	const int rc = sql_step(q, err);

	out[0] = '\0';
	if (rc == 1)
		snprintf(out, AUDIT_HASH_MAX, "%s", sql_text(q, 0));
	return rc < 0 ? -1 : 0;
}

int
events_write(struct sql *s, const void *row, struct error *err)
{
	const struct event_row *e = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EVENT_ADD];
	struct columns p = { .q = q };
	char prev[AUDIT_HASH_MAX], hash[AUDIT_HASH_MAX], at[CLOCK_TEXT_MAX];

	if (read_head(s, prev, err) < 0)
		return -1;
	const struct audit_entry entry = { prev, e->id, clock_format(e->at_ms, at), e->actor,
		e->action, e->object_id, e->request_id, e->detail, e->before, e->after };
	put_text(&p, e->id);
	put_int(&p, e->at_ms);
	put_text(&p, e->actor);
	put_text(&p, e->action);
	put_text(&p, e->object_id);
	put_text(&p, e->detail);
	put_text(&p, e->request_id);
	put_text(&p, e->before);
	put_text(&p, e->after);
	put_text(&p, prev);
	put_text(&p, audit_hash(&entry, hash));
	return write_done(&p, err);
}

int
events_load(
    struct sql *s, const struct event_query *query, event_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q =
	    s->stmt[query->oldest_first ? SQL_EVENT_OLDEST : SQL_EVENT_NEWEST];
	int rc;

	sql_bind_int(q, 1, query->limit);
	sql_bind_text(q, 2, query->after != NULL ? query->after : "");
	sql_bind_text(q, 3, query->object_id != NULL ? query->object_id : "");
	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct event_row e = { 0 };

		get_text(&g, e.id, sizeof(e.id));
		e.at_ms = get_int(&g);
		get_text(&g, e.actor, sizeof(e.actor));
		get_text(&g, e.action, sizeof(e.action));
		get_text(&g, e.object_id, sizeof(e.object_id));
		get_text(&g, e.detail, sizeof(e.detail));
		get_text(&g, e.request_id, sizeof(e.request_id));
		get_text(&g, e.before, sizeof(e.before));
		get_text(&g, e.after, sizeof(e.after));
		get_text(&g, e.prev, sizeof(e.prev));
		get_text(&g, e.hash, sizeof(e.hash));
		fn(&e, arg);
	}
	return rc;
}

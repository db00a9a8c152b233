/*
 * competitors.c - the table of names.
 */
#include <string.h>

#include "controlplane/store/tables.h"
#include "sql_queries.h"

int
competitors_write(struct sql *s, const void *row, struct error *err)
{
	const struct competitor *c = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_COMPETITOR_PUT];
	struct columns p = { .q = q };

	put_text(&p, c->id);
	put_text(&p, c->slug);
	put_text(&p, c->wanted ? "running" : "stopped");
	put_text(&p, c->version_id[0] != '\0' ? c->version_id : NULL);
	put_int(&p, c->created_at_ms);
	put_int(&p, c->updated_at_ms);
	put_int(&p, c->removed_at_ms);
	put_text(&p, c->policy);
	put_text(&p, c->candidate_id);
	put_int(&p, c->candidate_percent);
	put_int(&p, c->generation);
	return write_done(&p, err);
}

int
competitors_load(struct sql *s, const struct store_rows *rows, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_COMPETITOR_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct competitor c = { 0 };
		char wanted[16];

		get_text(&g, c.id, sizeof(c.id));
		get_text(&g, c.slug, sizeof(c.slug));
		get_text(&g, wanted, sizeof(wanted));
		c.wanted = strcmp(wanted, "running") == 0;
		get_text(&g, c.version_id, sizeof(c.version_id));
		c.created_at_ms = get_int(&g);
		c.updated_at_ms = get_int(&g);
		c.removed_at_ms = get_int(&g);
		get_text(&g, c.policy, sizeof(c.policy));
		get_text(&g, c.candidate_id, sizeof(c.candidate_id));
		c.candidate_percent = (int)get_int(&g);
		c.generation = get_int(&g);
		rows->competitor(&c, arg);
	}
	return rc;
}

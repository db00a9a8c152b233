/*
 * versions.c - the table of immutable versions.
 */
#include <string.h>

#include "controlplane/store/tables.h"
#include "sql_queries.h"

int
versions_write(struct sql *s, const void *row, struct error *err)
{
	const struct version *v = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_VERSION_PUT];
	struct columns p = { .q = q };

	put_text(&p, v->id);
	put_text(&p, v->competitor_id);
	put_text(&p, v->is_url ? "url" : "image");
	put_text(&p, v->reference);
	put_text(&p, v->digest);
	put_text(&p, v->image_id);
	put_text(&p, v->manifest != NULL ? v->manifest : "");
	put_int(&p, v->accepted_at_ms);
	put_int(&p, v->retired_at_ms);
	put_int(&p, v->created_at_ms);
	put_int(&p, v->updated_at_ms);
	return write_done(&p, err);
}

int
versions_load(struct sql *s, const struct store_rows *rows, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_VERSION_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct version v = { 0 };
		char kind[16];

		get_text(&g, v.id, sizeof(v.id));
		get_text(&g, v.competitor_id, sizeof(v.competitor_id));
		get_text(&g, kind, sizeof(kind));
		v.is_url = strcmp(kind, "url") == 0;
		get_text(&g, v.reference, sizeof(v.reference));
		get_text(&g, v.digest, sizeof(v.digest));
		get_text(&g, v.image_id, sizeof(v.image_id));
		v.manifest = get_dup(&g);
		v.accepted_at_ms = get_int(&g);
		v.retired_at_ms = get_int(&g);
		v.created_at_ms = get_int(&g);
		v.updated_at_ms = get_int(&g);
		rows->version(&v, arg);
	}
	return rc;
}

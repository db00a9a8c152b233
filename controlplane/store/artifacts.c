/*
 * artifacts.c - one row an artifact or upload.
 */
#include "controlplane/store/artifacts.h"

#include "controlplane/store/tables.h"
#include "sql_queries.h"

int
artifacts_write(struct sql *s, const void *row, struct error *err)
{
	const struct artifact *a = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_ARTIFACT_PUT];
	struct columns p = { .q = q };

	put_text(&p, a->id);
	put_text(&p, a->owner);
	put_text(&p, a->request_id);
	put_text(&p, a->competitor);
	put_text(&p, a->declared_id);
	put_text(&p, a->purpose);
	put_text(&p, a->name);
	put_text(&p, a->kind);
	put_text(&p, a->type);
	put_text(&p, a->sha256);
	put_int(&p, a->size);
	put_int(&p, a->created_at_ms);
	put_int(&p, a->expires_at_ms);
	return write_done(&p, err);
}

int
artifacts_delete(struct sql *s, const void *row, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_ARTIFACT_DELETE];
	struct columns p = { .q = q };

	put_text(&p, row);
	return write_done(&p, err);
}

int
artifacts_load(struct sql *s, const char *id, artifact_row_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[id != NULL ? SQL_ARTIFACT_ONE : SQL_ARTIFACT_ALL];
	int rc;

	if (id != NULL)
		sql_bind_text(q, 1, id);
	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct artifact a = { 0 };

		get_text(&g, a.id, sizeof(a.id));
		get_text(&g, a.owner, sizeof(a.owner));
		get_text(&g, a.request_id, sizeof(a.request_id));
		get_text(&g, a.competitor, sizeof(a.competitor));
		get_text(&g, a.declared_id, sizeof(a.declared_id));
		get_text(&g, a.purpose, sizeof(a.purpose));
		get_text(&g, a.name, sizeof(a.name));
		get_text(&g, a.kind, sizeof(a.kind));
		get_text(&g, a.type, sizeof(a.type));
		get_text(&g, a.sha256, sizeof(a.sha256));
		a.size = get_int(&g);
		a.created_at_ms = get_int(&g);
		a.expires_at_ms = get_int(&g);
		fn(&a, arg);
	}
	return rc;
}

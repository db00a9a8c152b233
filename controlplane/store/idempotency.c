/*
 * idempotency.c - the table of answers to requests with an Idempotency-Key.
 */
#include "controlplane/store/idempotency.h"

#include <stdio.h>
#include <stdlib.h>

#include "controlplane/store/tables.h"
#include "sql_queries.h"

void
idempotency_row_done(struct idempotency_row *row)
{
	free(row->sealed);
	row->sealed = NULL;
}

static int
expire(struct sql *s, int64_t now_ms, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_IDEMPOTENCY_EXPIRE];
	struct columns p = { .q = q };

	put_int(&p, now_ms - IDEMPOTENCY_LIFE_MS);
	return write_done(&p, err);
}

int
idempotency_write(struct sql *s, const void *row, struct error *err)
{
	const struct idempotency_row *r = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_IDEMPOTENCY_PUT];
	struct columns p = { .q = q };

	put_text(&p, r->id);
	put_text(&p, r->request_sha256);
	put_text(&p, r->object_id);
	put_int(&p, r->status);
	put_text(&p, r->sealed != NULL ? r->sealed : "");
	put_int(&p, r->at_ms);
	return write_done(&p, err) < 0 ? -1 : expire(s, r->at_ms, err);
}

int
idempotency_load(
    struct sql *s, const char *id, int64_t now_ms, struct idempotency_row *out, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_IDEMPOTENCY_GET];
	struct columns p = { .q = q }, g = { .q = q };

	put_text(&p, id);
	put_int(&p, now_ms - IDEMPOTENCY_LIFE_MS);
	const int rc = sql_step(q, err);
	if (rc != 1)
		return rc;
	snprintf(out->id, sizeof(out->id), "%s", id);
	get_text(&g, out->request_sha256, sizeof(out->request_sha256));
	get_text(&g, out->object_id, sizeof(out->object_id));
	out->status = (int)get_int(&g);
	out->sealed = get_dup(&g);
	out->at_ms = get_int(&g);
	return 1;
}

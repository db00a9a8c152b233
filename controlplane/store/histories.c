/*
 * histories.c - one row a bundle that tells of a competitor's past.
 */
#include "controlplane/store/histories.h"

#include "controlplane/store/batch.h"
#include "controlplane/store/tables.h"
#include "runtime/base/str.h"
#include "sql_queries.h"

static void
history_row_done(void *row)
{
	history_done(row);
}

void
store_add_history(struct store_batch *b, const struct history *h)
{
	struct history *copy = batch_add(b, histories_write, h, sizeof(*h), history_row_done);

	copy->manifest = str_dup(h->manifest);
	copy->signature = str_dup(h->signature);
	copy->story = str_dup(h->story);
}

int
histories_write(struct sql *s, const void *row, struct error *err)
{
	const struct history *h = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_HISTORY_ADD];
	struct columns p = { .q = q };

	put_text(&p, h->submission_id);
	put_int(&p, h->place);
	put_text(&p, h->signer);
	put_int(&p, h->exported_at_ms);
	put_int(&p, h->imported_at_ms);
	put_text(&p, h->manifest);
	put_text(&p, h->signature);
	put_text(&p, h->story);
	return write_done(&p, err);
}

int
histories_load(
    struct sql *s, const char *competitor_id, history_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_HISTORY_OF_COMPETITOR];
	int rc;

	sql_bind_text(q, 1, competitor_id);
	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct history h = { 0 };

		get_text(&g, h.submission_id, sizeof(h.submission_id));
		h.place = get_int(&g);
		get_text(&g, h.signer, sizeof(h.signer));
		h.exported_at_ms = get_int(&g);
		h.imported_at_ms = get_int(&g);
		h.manifest = get_dup(&g);
		h.signature = get_dup(&g);
		h.story = get_dup(&g);
		fn(&h, arg);
		history_done(&h);
	}
	return rc;
}

/*
 * requests.c - the rows of usage.c read back: which chats there were.
 */
#include "controlplane/store/tables.h"
#include "sql_queries.h"

static void
read_row(sqlite3_stmt *q, struct usage_row *u)
{
	struct columns g = { .q = q };

	get_text(&g, u->request_id, sizeof(u->request_id));
	u->at_ms = get_int(&g);
	get_text(&g, u->competitor, sizeof(u->competitor));
	get_text(&g, u->version_id, sizeof(u->version_id));
	get_text(&g, u->instance_id, sizeof(u->instance_id));
	get_text(&g, u->code, sizeof(u->code));
	u->status = (int)get_int(&g);
	u->stream = get_int(&g) != 0;
	u->attempts = (int)get_int(&g);
	u->prompt_tokens = get_int(&g);
	u->completion_tokens = get_int(&g);
	u->is_estimated = get_int(&g) != 0;
	u->cost_micro_usd = get_int(&g);
	u->duration_ms = get_int(&g);
	u->ttft_ms = get_int(&g);
	u->max_gap_ms = get_int(&g);
	u->queue_ms = get_int(&g);
	u->bytes_in = get_int(&g);
	u->bytes_out = get_int(&g);
	get_text(&g, u->fault, sizeof(u->fault));
}

int
requests_load(
    struct sql *s, const struct request_query *wanted, request_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q =
	    s->stmt[wanted->id != NULL ? SQL_USAGE_ONE : SQL_USAGE_RECENT];
	int rc;

	if (wanted->id != NULL) {
		sql_bind_text(q, 1, wanted->id);
	} else {
		sql_bind_text(q, 1, wanted->competitor_id);
		sql_bind_text(q, 2, wanted->code);
		sql_bind_text(q, 3, wanted->after);
		sql_bind_int(q, 4, wanted->limit);
	}
	while ((rc = sql_step(q, err)) == 1) {
		struct usage_row u = { 0 };

		read_row(q, &u);
		fn(&u, arg);
	}
	return rc;
}

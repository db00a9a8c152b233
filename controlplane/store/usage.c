/*
 * usage.c - one row a chat.
 */
#include "controlplane/store/tables.h"
#include "sql_queries.h"

int
usage_write(struct sql *s, const void *row, struct error *err)
{
	const struct usage_row *u = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_USAGE_ADD];
	struct columns p = { .q = q };

	put_text(&p, u->request_id);
	put_int(&p, u->at_ms);
	put_text(&p, u->competitor);
	put_text(&p, u->version_id);
	put_text(&p, u->instance_id);
	put_text(&p, u->code);
	put_int(&p, u->status);
	put_int(&p, u->stream);
	put_int(&p, u->attempts);
	put_int(&p, u->prompt_tokens);
	put_int(&p, u->completion_tokens);
	put_int(&p, u->is_estimated);
	put_int(&p, u->cost_micro_usd);
	put_int(&p, u->duration_ms);
	put_int(&p, u->ttft_ms);
	put_int(&p, u->max_gap_ms);
	put_int(&p, u->bytes_in);
	put_int(&p, u->bytes_out);
	return write_done(&p, err);
}

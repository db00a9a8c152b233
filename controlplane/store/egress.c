/*
 * egress.c - one row a call, or a run of calls refused alike; the oldest go.
 */
#include "controlplane/store/egress.h"

#include "controlplane/store/tables.h"
#include "runtime/base/str.h"
#include "sql_queries.h"

#define ROWS_KEPT 500000
#define TRIM_EVERY 1024
#define DAY_MS INT64_C(86400000)

static int
trim(struct sql *s, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EGRESS_TRIM];

	sql_bind_int(q, 1, ROWS_KEPT);
	return sql_step(q, err) < 0 ? -1 : 0;
}

/* The rows go one day; how often what was called stays. */
static int
count(struct sql *s, const struct egress_row *e, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EGRESS_COUNT];
	struct columns p = { .q = q };

	if (!str_eq(e->decision, "allowed"))
		return 0;
	put_text(&p, e->service);
	put_text(&p, e->operation);
	put_text(&p, e->competitor);
	put_int(&p, e->at_ms / DAY_MS);
	put_int(&p, e->calls);
	return write_done(&p, err);
}

int
egress_write(struct sql *s, const void *row, struct error *err)
{
	const struct egress_row *e = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EGRESS_ADD];
	struct columns p = { .q = q };

	put_text(&p, e->id);
	put_int(&p, e->at_ms);
	put_text(&p, e->competitor);
	put_text(&p, e->instance_id);
	put_text(&p, e->request_id);
	put_text(&p, e->service);
	put_text(&p, e->operation);
	put_text(&p, e->target);
	put_text(&p, e->decision);
	put_text(&p, e->code);
	put_int(&p, e->status);
	put_int(&p, e->calls);
	put_int(&p, e->duration_ms);
	put_int(&p, e->bytes_in);
	put_int(&p, e->bytes_out);
	put_int(&p, e->prompt_tokens);
	put_int(&p, e->completion_tokens);
	put_int(&p, e->sandbox_ms);
	put_int(&p, e->cost_micro_usd);
	if (write_done(&p, err) < 0)
		return -1;
	const int64_t row_id = sqlite3_last_insert_rowid(s->db);
	if (count(s, e, err) < 0)
		return -1;
	return row_id % TRIM_EVERY == 0 ? trim(s, err) : 0;
}

static void
read_row(sqlite3_stmt *q, struct egress_row *e)
{
	struct columns g = { .q = q };

	get_text(&g, e->id, sizeof(e->id));
	e->at_ms = get_int(&g);
	get_text(&g, e->competitor, sizeof(e->competitor));
	get_text(&g, e->instance_id, sizeof(e->instance_id));
	get_text(&g, e->request_id, sizeof(e->request_id));
	get_text(&g, e->service, sizeof(e->service));
	get_text(&g, e->operation, sizeof(e->operation));
	get_text(&g, e->target, sizeof(e->target));
	get_text(&g, e->decision, sizeof(e->decision));
	get_text(&g, e->code, sizeof(e->code));
	e->status = (int)get_int(&g);
	e->calls = get_int(&g);
	e->duration_ms = get_int(&g);
	e->bytes_in = get_int(&g);
	e->bytes_out = get_int(&g);
	e->prompt_tokens = get_int(&g);
	e->completion_tokens = get_int(&g);
	e->sandbox_ms = get_int(&g);
	e->cost_micro_usd = get_int(&g);
}

static sqlite3_stmt *
select_rows(struct sql *s, const struct egress_query *wanted)
{
	sqlite3_stmt *q =
	    s->stmt[wanted->instance_id != NULL ? SQL_EGRESS_OF_REQUEST : SQL_EGRESS_RECENT];

	if (wanted->instance_id != NULL) {
		sql_bind_text(q, 1, wanted->request_id);
		sql_bind_text(q, 2, wanted->instance_id);
		sql_bind_int(q, 3, wanted->limit);
		return q;
	}
	sql_bind_text(q, 1, wanted->competitor);
	sql_bind_text(q, 2, wanted->request_id);
	sql_bind_text(q, 3, wanted->decision);
	sql_bind_text(q, 4, wanted->service);
	sql_bind_text(q, 5, wanted->after);
	sql_bind_int(q, 6, wanted->limit);
	return q;
}

int
egress_load(
    struct sql *s, const struct egress_query *wanted, egress_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = select_rows(s, wanted);
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct egress_row e = { 0 };

		read_row(q, &e);
		fn(&e, arg);
	}
	return rc;
}

int
egress_load_sums(struct sql *s, int64_t since_day, egress_sum_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EGRESS_SUMS];
	int rc;

	sql_bind_int(q, 1, since_day);
	while ((rc = sql_step(q, err)) == 1)
		fn(&(struct egress_sum){ sql_text(q, 0), sql_text(q, 1), sql_text(q, 2),
		       sql_int(q, 3), sql_int(q, 4) },
		    arg);
	return rc;
}

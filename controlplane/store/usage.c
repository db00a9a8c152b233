/*
 * usage.c - one row a chat, and how many there are of today.
 */
#include "controlplane/store/core.h"
#include "controlplane/store/tables.h"
#include "sql_queries.h"

#define DAY_MS 86400000

int
usage_write(struct sql *s, const struct usage_row *u, int64_t cost_micro_usd, struct error *err)
{
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
	put_int(&p, cost_micro_usd);
	put_int(&p, u->duration_ms);
	put_int(&p, u->ttft_ms);
	put_int(&p, u->max_gap_ms);
	put_int(&p, u->queue_ms);
	put_int(&p, u->bytes_in);
	put_int(&p, u->bytes_out);
	put_text(&p, u->key_id);
	put_text(&p, u->fault);
	return write_done(&p, err);
}

static const enum sql_id report_by[] = {
	[USAGE_BY_KEY] = SQL_USAGE_BY_KEY,
	[USAGE_BY_COMPETITOR] = SQL_USAGE_BY_COMPETITOR,
	[USAGE_BY_DAY] = SQL_USAGE_BY_DAY,
};

int
usage_load(struct sql *s, enum usage_by by, int64_t since_ms, usage_sum_fn *fn, void *arg,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[report_by[by]];
	int rc;

	sql_bind_int(q, 1, since_ms);
	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct usage_sum u = { 0 };

		get_text(&g, u.of, sizeof(u.of));
		u.requests = get_int(&g);
		u.failed = get_int(&g);
		u.prompt_tokens = get_int(&g);
		u.completion_tokens = get_int(&g);
		u.cost_micro_usd = get_int(&g);
		u.duration_ms = get_int(&g);
		u.last_at_ms = get_int(&g);
		fn(&u, arg);
	}
	return rc;
}

int
tally_load(struct tally *t, struct sql *s, int64_t now_wall_ms, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_USAGE_SINCE];

	t->day = now_wall_ms / DAY_MS;
	sql_bind_int(q, 1, t->day * DAY_MS);
	if (sql_step(q, err) < 0)
		return -1;
	t->chats = sqlite3_column_int64(q, 0);
	return 0;
}

void
tally_add(struct tally *t, int64_t at_ms)
{
	const int64_t day = at_ms / DAY_MS;

	if (day > t->day)
		*t = (struct tally){ .day = day };
	t->chats += day == t->day; /* a chat that began before midnight is yesterday's */
}

int64_t
tally_of(const struct tally *t, int64_t now_wall_ms)
{
	return t->day == now_wall_ms / DAY_MS ? t->chats : 0;
}

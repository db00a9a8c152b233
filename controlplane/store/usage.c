/*
 * usage.c - one row a chat, what it cost, and how many there are of today.
 */
#include "controlplane/store/core.h"
#include "controlplane/store/tables.h"
#include "sql_queries.h"

#define DAY_MS 86400000

/* What the platform measured of a chat so far, whose row is or will be that one.  A call is the chat's that ran
 * when it began. */
static int
measured(struct sql *s, int64_t row, const char *request, const char *instance, int64_t at_ms,
    int64_t duration_ms, int64_t *micro_usd, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_EGRESS_COST];
	struct columns p = { .q = q };

	put_text(&p, request);
	put_text(&p, instance);
	put_int(&p, at_ms);
	put_int(&p, at_ms + duration_ms + 1); /* milliseconds are cut */
	put_int(&p, row);
	if (sql_step(q, err) < 0)
		return -1;
	*micro_usd = sqlite3_column_int64(q, 0);
	return 0;
}

int
usage_charge(struct sql *s, const struct egress_row *e, struct late_cost *out, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_USAGE_OF_CALL];
	_cleanup_reset_ sqlite3_stmt *cost = s->stmt[SQL_USAGE_COST];
	struct columns p = { .q = q };

	*out = (struct late_cost){ 0 };
	if (e->cost_micro_usd <= 0 || e->request_id[0] == '\0')
		return 0;
	put_text(&p, e->request_id);
	put_text(&p, e->instance_id);
	put_int(&p, e->at_ms);
	const int rc = sql_step(q, err);
	if (rc <= 0)
		return rc; /* 0: the chat runs; its row will know */
	struct columns g = { .q = q };
	const int64_t row = get_int(&g);
	get_text(&g, out->key_id, sizeof(out->key_id));
	out->at_ms = get_int(&g);
	const int64_t duration_ms = get_int(&g), had = get_int(&g);
	if (measured(s, row, e->request_id, e->instance_id, out->at_ms, duration_ms,
		&out->micro_usd, err) < 0)
		return -1;
	if (out->micro_usd <= had)
		return 0;
	out->beyond_micro_usd = out->micro_usd - (had > 0 ? had : 0);
	sql_bind_int(cost, 1, row);
	sql_bind_int(cost, 2, out->micro_usd);
	return sql_step(cost, err) < 0 ? -1 : 0;
}

int
usage_measure(struct sql *s, struct usage_row *u, struct error *err)
{
	int64_t micro_usd;

	if (measured(s, INT64_MAX, u->request_id, u->instance_id, u->at_ms, u->duration_ms,
		&micro_usd, err) < 0)
		return -1;
	if (micro_usd > u->cost_micro_usd && micro_usd > 0) {
		u->beyond_micro_usd += micro_usd - (u->cost_micro_usd > 0 ? u->cost_micro_usd : 0);
		u->cost_micro_usd = micro_usd;
	}
	return 0;
}

int
usage_write(struct sql *s, const struct usage_row *u, struct error *err)
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
	put_int(&p, u->cost_micro_usd);
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

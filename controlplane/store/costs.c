/*
 * costs.c - two rows that find each other, and a message.
 */
#include "controlplane/store/costs.h"

#include <stdlib.h>

#include "controlplane/store/batch.h"
#include "controlplane/store/tables.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "sql_queries.h"

/* A competitor that knows no cost reports less than none. */
static int64_t
beyond(int64_t measured, int64_t reported)
{
	const int64_t had = reported > 0 ? reported : 0;

	return measured > had ? measured - had : 0;
}

/* What the platform measured so far of a chat whose row is or will be that one.  A call is the chat's that ran when
 * it began. */
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
costs_of_chat(
    const struct costs *c, struct sql *s, struct batch_chat *chat, bool theirs, struct error *err)
{
	const struct usage_row *u = &chat->row;
	int64_t micro_usd;

	chat->cost_micro_usd = u->cost_micro_usd;
	chat->beyond_micro_usd = 0;
	/* Where no call with a price began since the chat did, it made none; of calls written by another process
	 * we do not know. */
	if (!theirs && u->at_ms > c->priced_ms)
		return 0;
	if (measured(s, INT64_MAX, u->request_id, u->instance_id, u->at_ms, u->duration_ms,
		&micro_usd, err) < 0)
		return -1;
	chat->beyond_micro_usd = beyond(micro_usd, u->cost_micro_usd);
	if (chat->beyond_micro_usd > 0)
		chat->cost_micro_usd = micro_usd;
	return 0;
}

/* A chat's row, and what it has of it. */
struct found {
	int64_t row, duration_ms, cost_micro_usd;
};

/* Returns 1, or 0 if the chat runs: its row will know. */
static int
find_chat(struct sql *s, const struct egress_row *e, struct found *f, struct late_cost *out,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_USAGE_OF_CALL];
	struct columns p = { .q = q }, g = { .q = q };

	put_text(&p, e->request_id);
	put_text(&p, e->instance_id);
	put_int(&p, e->at_ms);
	const int rc = sql_step(q, err);
	if (rc <= 0)
		return rc;
	f->row = get_int(&g);
	get_text(&g, out->key_id, sizeof(out->key_id));
	out->at_ms = get_int(&g);
	f->duration_ms = get_int(&g);
	f->cost_micro_usd = get_int(&g);
	return 1;
}

int
costs_of_call(struct costs *c, struct sql *s, const struct egress_row *e, struct late_cost *out,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *cost = s->stmt[SQL_USAGE_COST];
	struct found f;

	*out = (struct late_cost){ 0 };
	if (e->cost_micro_usd <= 0)
		return 0;
	if (e->at_ms > c->priced_ms)
		c->priced_ms = e->at_ms;
	if (e->request_id[0] == '\0')
		return 0;
	const int rc = find_chat(s, e, &f, out, err);
	if (rc <= 0)
		return rc;
	if (measured(s, f.row, e->request_id, e->instance_id, out->at_ms, f.duration_ms,
		&out->micro_usd, err) < 0)
		return -1;
	out->beyond_micro_usd = beyond(out->micro_usd, f.cost_micro_usd);
	if (out->beyond_micro_usd == 0)
		return 0;
	sql_bind_int(cost, 1, f.row);
	sql_bind_int(cost, 2, out->micro_usd);
	return sql_step(cost, err) < 0 ? -1 : 0;
}

/* ---- who is told ---- */

struct news { /* may outlive the store */
	late_cost_fn *fn;
	void *arg;
	struct late_cost cost;
};

static void
tell(void *arg)
{
	struct news *n = arg;

	n->fn(&n->cost, n->arg);
	free(n);
}

static void
post(const struct costs *c, struct late_cost cost, struct loop *loop)
{
	if (cost.beyond_micro_usd == 0 || c->fn == NULL)
		return;
	struct news *n = mem_zalloc(sizeof(*n));
	*n = (struct news){ c->fn, c->arg, cost };
	loop_post(loop, tell, n);
}

void
costs_tell(const struct costs *c, const struct store_batch *b, struct loop *loop)
{
	for (size_t i = 0; i < b->nchats; i++) {
		const struct batch_chat *chat = &b->chats[i];
		struct late_cost cost = { .at_ms = chat->row.at_ms,
			.beyond_micro_usd = chat->beyond_micro_usd,
			.micro_usd = chat->cost_micro_usd };

		str_copy(cost.key_id, sizeof(cost.key_id), chat->row.key_id);
		post(c, cost, loop);
	}
	post(c, b->late, loop);
}

/*
 * schedules.c - the table of schedules.
 */
#include "controlplane/store/schedules.h"

#include <string.h>

#include "controlplane/store/tables.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "sql_queries.h"

static const char *const policies[] = {
#define X(name, text) text,
	MISSED_POLICIES(X)
#undef X
};

const char *
missed_policy_name(enum missed_policy m)
{
	return policies[m];
}

enum missed_policy
missed_policy_named(const char *name)
{
	return (enum missed_policy)str_find(policies, MISSED_COUNT, name);
}

int
schedules_write(struct sql *s, const void *row, struct error *err)
{
	const struct schedule *h = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_SCHEDULE_PUT];
	struct columns p = { .q = q };

	put_text(&p, h->id);
	put_text(&p, h->cron);
	put_text(&p, h->zone);
	put_text(&p, h->suite);
	put_text(&p, h->competitor_id);
	put_text(&p, missed_policy_name(h->missed));
	put_int(&p, h->jitter_ms);
	put_int(&p, h->params.seed);
	put_int(&p, h->params.subset_percent);
	put_int(&p, h->params.epochs);
	put_int(&p, h->params.concurrency);
	put_int(&p, h->looked_at_ms);
	put_int(&p, h->created_at_ms);
	put_int(&p, h->updated_at_ms);
	put_int(&p, h->removed_at_ms);
	return write_done(&p, err);
}

int
schedules_load(struct sql *s, schedule_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_SCHEDULE_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct schedule h = { 0 };
		char missed[8];

		get_text(&g, h.id, sizeof(h.id));
		get_text(&g, h.cron, sizeof(h.cron));
		get_text(&g, h.zone, sizeof(h.zone));
		get_text(&g, h.suite, sizeof(h.suite));
		get_text(&g, h.competitor_id, sizeof(h.competitor_id));
		get_text(&g, missed, sizeof(missed));
		h.missed = missed_policy_named(missed);
		if (h.missed == MISSED_COUNT)
			return error_set(
			    err, ERROR_IO, "schedule %s has an unknown policy '%s'", h.id, missed);
		h.jitter_ms = get_int(&g);
		h.params.seed = get_int(&g);
		h.params.subset_percent = (int)get_int(&g);
		h.params.epochs = (int)get_int(&g);
		h.params.concurrency = (int)get_int(&g);
		h.looked_at_ms = get_int(&g);
		h.created_at_ms = get_int(&g);
		h.updated_at_ms = get_int(&g);
		h.removed_at_ms = get_int(&g);
		fn(&h, arg);
	}
	return rc;
}

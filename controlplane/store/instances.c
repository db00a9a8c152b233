/*
 * instances.c - the table of instances.
 */
#include <string.h>

#include "controlplane/store/tables.h"
#include "runtime/base/error.h"
#include "sql_queries.h"

int
instances_write(struct sql *s, const void *row, struct error *err)
{
	const struct instance *i = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_INSTANCE_PUT];
	struct columns p = { .q = q };

	put_text(&p, i->id);
	put_text(&p, i->competitor_id);
	put_text(&p, i->version_id);
	put_text(&p, instance_state_name(i->state));
	put_text(&p, i->reason);
	put_text(&p, i->detail);
	put_int(&p, i->since_ms);
	put_int(&p, i->uid);
	put_text(&p, i->token_sha256);
	put_text(&p, i->spec_hash);
	put_int(&p, i->restarts);
	put_int(&p, i->failures);
	put_int(&p, i->next_try_ms);
	put_text(&p, i->evidence != NULL ? i->evidence : "");
	put_int(&p, i->created_at_ms);
	put_int(&p, i->updated_at_ms);
	put_int(&p, i->removed_at_ms);
	put_int(&p, i->generation);
	return write_done(&p, err);
}

int
instances_load(struct sql *s, const struct store_rows *rows, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_INSTANCE_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct instance i = { 0 };
		char state[24];

		get_text(&g, i.id, sizeof(i.id));
		get_text(&g, i.competitor_id, sizeof(i.competitor_id));
		get_text(&g, i.version_id, sizeof(i.version_id));
		get_text(&g, state, sizeof(state));
		i.state = instance_state_named(state);
		if (i.state == INSTANCE_STATE_COUNT)
			return error_set(
			    err, ERROR_IO, "instance %s has an unknown state '%s'", i.id, state);
		get_text(&g, i.reason, sizeof(i.reason));
		get_text(&g, i.detail, sizeof(i.detail));
		i.since_ms = get_int(&g);
		i.uid = (unsigned)get_int(&g);
		get_text(&g, i.token_sha256, sizeof(i.token_sha256));
		get_text(&g, i.spec_hash, sizeof(i.spec_hash));
		i.restarts = (int)get_int(&g);
		i.failures = (int)get_int(&g);
		i.next_try_ms = get_int(&g);
		i.evidence = get_dup(&g);
		i.created_at_ms = get_int(&g);
		i.updated_at_ms = get_int(&g);
		i.removed_at_ms = get_int(&g);
		i.generation = get_int(&g);
		rows->instance(&i, arg);
	}
	return rc;
}

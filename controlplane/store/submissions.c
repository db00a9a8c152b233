/*
 * submissions.c - the table of submissions.
 */
#include <string.h>

#include "controlplane/store/tables.h"
#include "runtime/base/error.h"
#include "sql_queries.h"

int
submissions_write(struct sql *s, const void *row, struct error *err)
{
	const struct submission *b = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_SUBMISSION_PUT];
	struct columns p = { .q = q };

	put_text(&p, b->id);
	put_text(&p, b->slug);
	put_text(&p, b->is_url ? "url" : "image");
	put_text(&p, b->reference);
	put_text(&p, b->manifest != NULL ? b->manifest : "");
	put_text(&p, submission_state_name(b->state));
	put_text(&p, b->reason);
	put_text(&p, b->detail);
	put_int(&p, b->since_ms);
	put_text(&p, b->digest);
	put_int(&p, b->is_local);
	put_text(&p, b->image_id);
	put_text(&p, b->version_id);
	put_text(&p, b->competitor_id);
	put_text(&p, b->instance_id);
	put_text(&p, b->fault);
	put_text(&p, b->evidence != NULL ? b->evidence : "");
	put_int(&p, b->attempts);
	put_int(&p, b->created_at_ms);
	put_int(&p, b->updated_at_ms);
	put_int(&p, b->check_only);
	put_text(&p, b->archive);
	return write_done(&p, err);
}

static int
get_submission(sqlite3_stmt *q, struct submission *b, struct error *err)
{
	struct columns g = { .q = q };
	char kind[16], state[24];

	get_text(&g, b->id, sizeof(b->id));
	get_text(&g, b->slug, sizeof(b->slug));
	get_text(&g, kind, sizeof(kind));
	b->is_url = strcmp(kind, "url") == 0;
	get_text(&g, b->reference, sizeof(b->reference));
	b->manifest = get_dup(&g);
	get_text(&g, state, sizeof(state));
	b->state = submission_state_named(state);
	if (b->state == SUBMISSION_STATE_COUNT) {
		submission_done(b);
		return error_set(
		    err, ERROR_IO, "submission %s has an unknown state '%s'", b->id, state);
	}
	get_text(&g, b->reason, sizeof(b->reason));
	get_text(&g, b->detail, sizeof(b->detail));
	b->since_ms = get_int(&g);
	get_text(&g, b->digest, sizeof(b->digest));
	b->is_local = get_int(&g) != 0;
	get_text(&g, b->image_id, sizeof(b->image_id));
	get_text(&g, b->version_id, sizeof(b->version_id));
	get_text(&g, b->competitor_id, sizeof(b->competitor_id));
	get_text(&g, b->instance_id, sizeof(b->instance_id));
	get_text(&g, b->fault, sizeof(b->fault));
	b->evidence = get_dup(&g);
	b->attempts = (int)get_int(&g);
	b->created_at_ms = get_int(&g);
	b->updated_at_ms = get_int(&g);
	b->check_only = get_int(&g) != 0;
	get_text(&g, b->archive, sizeof(b->archive));
	return 0;
}

int
submissions_load(struct sql *s, const struct store_rows *rows, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_SUBMISSION_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct submission b = { 0 };

		if (get_submission(q, &b, err) < 0)
			return -1;
		rows->submission(&b, arg);
	}
	return rc;
}

int
submissions_find(struct sql *s, const char *id, struct submission *out, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_SUBMISSION_ALL];

	sql_bind_text(q, 1, id);
	const int rc = sql_step(q, err);
	return rc != 1 ? rc : get_submission(q, out, err) < 0 ? -1 : 1;
}

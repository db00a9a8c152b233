/*
 * check.c - what must hold, one statement each.
 */
#include "controlplane/store/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/core.h"
#include "controlplane/store/tables.h"
#include "runtime/base/audit.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "runtime/sql/sql.h"
#include "sql_queries.h"

#define SHOWN_MAX 200 /* bytes of what is told of faults */
#define RESTORE "restore a backup: janusctl list backups, then janusctl restore backup ID"
#define REPORT "keep the database and report it: no step of Janus leaves it so"

static const struct rule {
	enum sql_id query;
	const char *name, *fix;
} rules[] = {
	{ SQL_CHECK_INSTANCE_VERSION, "instance_version", REPORT },
	{ SQL_CHECK_COMPETITOR_VERSION, "competitor_version", REPORT },
	{ SQL_CHECK_SUBMISSION_READY, "submission_version", REPORT },
	{ SQL_CHECK_LEASE_OWNER, "lease_owner", REPORT },
	{ SQL_CHECK_REIGN, "champion", REPORT },
	{ SQL_CHECK_VOTE, "votes", REPORT },
};

struct tale { /* what is wrong, as far as there is room to tell */
	struct buf text;
	int faults;
};

static void
add_fault(const char *text, void *arg)
{
	struct tale *t = arg;

	if (t->text.len < SHOWN_MAX)
		buf_printf(&t->text, "%s%.120s", t->faults > 0 ? "; " : "", text);
	t->faults++;
}

static int
tell(struct tale *t, const char *name, const char *fine, const char *fix, check_fn *fn, void *arg)
{
	const struct check_finding f = { name, t->faults > 0 ? buf_str(&t->text) : fine, fix,
		t->faults };
	const int bad = t->faults > 0;

	fn(&f, arg);
	buf_done(&t->text);
	return bad;
}

static int
check_rule(struct sql *s, const struct rule *r, struct tale *t, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[r->query];
	int rc;

	while ((rc = sql_step(q, err)) == 1)
		add_fault(sql_text(q, 0), t);
	return rc;
}

/* ---- the chain of events ---- */

struct chain {
	char head[AUDIT_HASH_MAX], last[NOUN_ID_MAX];
	int64_t seen;
	bool sealed;
	struct tale tale;
};

static void
check_event(const struct event_row *e, void *arg)
{
	struct chain *c = arg;
	char at[CLOCK_TEXT_MAX], hash[AUDIT_HASH_MAX];
	const struct audit_entry entry = { e->prev, e->id, clock_format(e->at_ms, at), e->actor,
		e->action, e->object_id, e->request_id, e->detail, e->before, e->after };

	c->seen++;
	str_copy(c->last, sizeof(c->last), e->id);
	if (e->hash[0] == '\0' && !c->sealed)
		return; /* from before there was a chain */
	if (strcmp(e->hash, audit_hash(&entry, hash)) != 0 ||
	    (c->sealed && strcmp(e->prev, c->head) != 0))
		add_fault(e->id, &c->tale);
	c->sealed = true;
	str_copy(c->head, sizeof(c->head), e->hash);
}

static int
check_chain(struct sql *s, check_fn *fn, void *arg, struct error *err)
{
	struct chain c = { 0 };
	int64_t before;

	do {
		_cleanup_free_ char *after = str_dup(c.last);
		const struct event_query query = { 500, true, after, NULL };

		before = c.seen;
		if (events_load(s, &query, check_event, &c, err) < 0) {
			buf_done(&c.tale.text);
			return -1;
		}
	} while (c.seen > before);
	return tell(&c.tale, "events", "the chain of what was decided is whole",
	    "somebody changed the record; restore a backup from before, or keep it as it is: "
	    "janusctl verify events says where",
	    fn, arg);
}

/* ---- bytes ---- */

static int
each_blob(struct sql *s, check_blob_fn *blob, void *arg, struct tale *t, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_CHECK_ARTIFACT];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct error why = { 0 };

		if (blob(sql_text(q, 0), sql_int(q, 1), arg, &why) < 0)
			add_fault(sql_text(q, 2), t);
	}
	return rc;
}

static int
check_rows(struct sql *s, check_fn *fn, check_blob_fn *blob, void *arg, struct error *err)
{
	struct tale pages = { 0 };
	int bad;

	sql_check(s, add_fault, &pages);
	bad = tell(&pages, "integrity", "every page, index and reference is as it should be",
	    RESTORE, fn, arg);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct tale t = { 0 };

		if (check_rule(s, &rules[i], &t, err) < 0) {
			buf_done(&t.text);
			return -1;
		}
		bad += tell(&t, rules[i].name, "holds for all", rules[i].fix, fn, arg);
	}
	if (blob != NULL) {
		struct tale t = { 0 };

		if (each_blob(s, blob, arg, &t, err) < 0) {
			buf_done(&t.text);
			return -1;
		}
		bad += tell(&t, "artifact_bytes", "the bytes of all are there",
		    "the next start forgets them; or restore a backup that has them", fn, arg);
	}
	const int chain = check_chain(s, fn, arg, err);
	return chain < 0 ? -1 : bad + chain;
}

int
store_check(struct store *st, int64_t *schema, check_fn *fn, check_blob_fn *blob, void *arg,
    struct error *err)
{
	_cleanup_(sql_close) struct sql s = { 0 };

	if (store_file_open(st->path, &s, err) < 0 || sql_version(&s, schema, err) < 0)
		return -1;
	/* One moment of it, though others write. */
	if (sql_exec(&s, "BEGIN", err) < 0)
		return -1;
	const int bad = check_rows(&s, fn, blob, arg, err);
	sql_exec(&s, "COMMIT", NULL);
	return bad;
}

int
store_copy(struct store *st, const char *to, struct error *err)
{
	_cleanup_(sql_close) struct sql s = { 0 };

	return store_file_open(st->path, &s, err) < 0 ? -1 : sql_copy(&s, to, err);
}

/* ---- a file on its own ---- */

int
store_file_check(const char *path, int64_t *schema, struct error *err)
{
	_cleanup_(sql_close) struct sql s = { 0 };
	struct tale t = { 0 };

	if (store_file_look(path, &s, schema, err) < 0)
		return -1;
	sql_check(&s, add_fault, &t);
	if (t.faults > 0)
		error_set(err, ERROR_INVALID, "the database is damaged: %.160s", buf_str(&t.text));
	buf_done(&t.text);
	return t.faults > 0 ? -1 : 0;
}

int
store_file_counts(struct sql *s, store_count_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_CHECK_COUNTS];
	int rc;

	while ((rc = sql_step(q, err)) == 1)
		fn(sql_text(q, 0), sql_int(q, 1), arg);
	return rc;
}

static int
drop_rows(struct sql *s, const char *sha256, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_ARTIFACT_DROP_SUM];

	sql_bind_text(q, 1, sha256);
	return sql_step(q, err) < 0 ? -1 : 0;
}

struct lost {
	check_blob_fn *fn;
	void *arg;
	struct buf sums; /* of HASH_HEX_MAX bytes each */
};

static int
note_lost(const char *sha256, int64_t size, void *arg, struct error *err)
{
	struct lost *l = arg;
	char sum[HASH_HEX_MAX] = "";

	if (l->fn(sha256, size, l->arg, err) == 0)
		return 0;
	str_copy(sum, sizeof(sum), sha256);
	buf_add(&l->sums, sum, sizeof(sum));
	return -1;
}

int
store_file_blobs(struct sql *s, check_blob_fn *fn, void *arg, struct error *err)
{
	struct lost lost = { .fn = fn, .arg = arg };
	struct tale t = { 0 };
	int rc = each_blob(s, note_lost, &lost, &t, err);

	for (size_t at = 0; rc == 0 && at < lost.sums.len; at += HASH_HEX_MAX)
		rc = drop_rows(s, lost.sums.data + at, err);
	buf_done(&lost.sums);
	buf_done(&t.text);
	return rc < 0 ? -1 : t.faults;
}

/*
 * keys.c - the table of API keys, and their names.
 */
#include "controlplane/store/keys.h"

#include <string.h>
#include <time.h>

#include "controlplane/store/tables.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "sql_queries.h"

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS 60000
#define LONGEST_MS \
	600000 /* a chat that ended within the last minute began at most so long before */

static const char *const kinds[] = {
#define X(name, text) text,
	KEY_KINDS(X)
#undef X
};
static const char *const scopes[] = {
#define X(name, text) text,
	SCOPES(X)
#undef X
};

const char *
key_kind_name(enum key_kind k)
{
	return kinds[k];
}

enum key_kind
key_kind_named(const char *name)
{
	return (enum key_kind)str_find(kinds, KEY_KIND_COUNT, name);
}

const char *
scope_name(enum scope_at s)
{
	return scopes[s];
}

unsigned
scope_named(const char *word, size_t len)
{
	for (unsigned i = 0; i < SCOPE_COUNT; i++)
		if (strlen(scopes[i]) == len && memcmp(scopes[i], word, len) == 0)
			return 1U << i;
	return 0;
}

void
scopes_text(struct buf *out, unsigned bits)
{
	const char *gap = "";

	for (unsigned i = 0; i < SCOPE_COUNT; i++)
		if ((bits >> i & 1) != 0) {
			buf_printf(out, "%s%s", gap, scopes[i]);
			gap = " ";
		}
}

static unsigned
scopes_parse(const char *text)
{
	unsigned bits = 0;

	for (size_t len; *text != '\0'; text += len, text += *text == ' ') {
		len = strcspn(text, " ");
		bits |= scope_named(text, len);
	}
	return bits;
}

int64_t
day_start_ms(int64_t wall_ms)
{
	return wall_ms / DAY_MS * DAY_MS;
}

int64_t
month_start_ms(int64_t wall_ms)
{
	const time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return day_start_ms(wall_ms) - (tm.tm_mday - 1) * DAY_MS;
}

int
keys_write(struct sql *s, const void *row, struct error *err)
{
	const struct key *k = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_KEY_PUT];
	_cleanup_buf_ struct buf words = { 0 };
	struct columns p = { .q = q };

	scopes_text(&words, k->scopes);
	put_text(&p, k->id);
	put_text(&p, k->name);
	put_text(&p, key_kind_name(k->kind));
	put_text(&p, buf_str(&words));
	put_text(&p, k->sha256);
	put_text(&p, k->old_sha256);
	put_int(&p, k->old_until_ms);
	put_text(&p, k->prefix);
	put_text(&p, k->last_four);
	put_int(&p, k->limits.requests_per_minute);
	put_int(&p, k->limits.concurrency);
	put_int(&p, k->limits.tokens_per_minute);
	put_int(&p, k->limits.day_micro_usd);
	put_int(&p, k->limits.month_micro_usd);
	put_int(&p, k->expires_at_ms);
	put_int(&p, k->rotated_at_ms);
	put_int(&p, k->revoked_at_ms);
	put_int(&p, k->created_at_ms);
	put_int(&p, k->updated_at_ms);
	return write_done(&p, err);
}

static int
load_rows(struct sql *s, const struct key_rows *rows, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_KEY_ALL];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct key k = { 0 };
		char kind[8], words[64];

		get_text(&g, k.id, sizeof(k.id));
		get_text(&g, k.name, sizeof(k.name));
		get_text(&g, kind, sizeof(kind));
		k.kind = key_kind_named(kind);
		get_text(&g, words, sizeof(words));
		k.scopes = scopes_parse(words);
		get_text(&g, k.sha256, sizeof(k.sha256));
		get_text(&g, k.old_sha256, sizeof(k.old_sha256));
		k.old_until_ms = get_int(&g);
		get_text(&g, k.prefix, sizeof(k.prefix));
		get_text(&g, k.last_four, sizeof(k.last_four));
		k.limits.requests_per_minute = get_int(&g);
		k.limits.concurrency = get_int(&g);
		k.limits.tokens_per_minute = get_int(&g);
		k.limits.day_micro_usd = get_int(&g);
		k.limits.month_micro_usd = get_int(&g);
		k.expires_at_ms = get_int(&g);
		k.rotated_at_ms = get_int(&g);
		k.revoked_at_ms = get_int(&g);
		k.created_at_ms = get_int(&g);
		k.updated_at_ms = get_int(&g);
		rows->key(&k, arg);
	}
	return rc;
}

static int
load_spent(struct sql *s, const struct key_rows *rows, int64_t now_ms, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_KEY_SPENT];
	int rc;

	sql_bind_int(q, 1, month_start_ms(now_ms));
	sql_bind_int(q, 2, day_start_ms(now_ms));
	while ((rc = sql_step(q, err)) == 1)
		rows->spent(sql_text(q, 0), sql_int(q, 1), sql_int(q, 2), sql_int(q, 3), arg);
	return rc;
}

static int
load_recent(
    struct sql *s, const struct key_rows *rows, int64_t now_ms, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_KEY_RECENT];
	int rc;

	sql_bind_int(q, 1, now_ms - MINUTE_MS - LONGEST_MS);
	while ((rc = sql_step(q, err)) == 1) {
		const int64_t at_ms = sql_int(q, 1);

		rows->recent(sql_text(q, 0), at_ms, at_ms + sql_int(q, 2), sql_int(q, 3), arg);
	}
	return rc;
}

int
keys_load(struct sql *s, const struct key_rows *rows, int64_t now_ms, void *arg, struct error *err)
{
	if (load_rows(s, rows, arg, err) < 0 || load_spent(s, rows, now_ms, arg, err) < 0)
		return -1;
	return load_recent(s, rows, now_ms, arg, err);
}

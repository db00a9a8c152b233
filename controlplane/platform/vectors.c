/*
 * vectors.c - rows, limits, and a heap of the nearest.
 */
#include "controlplane/platform/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

static const struct sql_migration migrations[] = {
	{ "CREATE TABLE vectors (\n"
	  "	competitor	TEXT NOT NULL,\n"
	  "	space		TEXT NOT NULL,\n"
	  "	id		TEXT NOT NULL,\n"
	  "	vector		BLOB NOT NULL,	-- float32 of this machine, of length 1\n"
	  "	content		TEXT NOT NULL,\n"
	  "	source		TEXT NOT NULL,\n"
	  "	metadata	TEXT NOT NULL,	-- JSON, or ''\n"
	  "	bytes		INTEGER NOT NULL,\n"
	  "	PRIMARY KEY (competitor, space, id)\n"
	  ") STRICT;\n" },
};

enum { SIZE, DIMENSIONS, PUT, SCAN, GET, DROP, DROP_ALL, COUNT, STATEMENTS };
static const char *const statements[STATEMENTS] = {
	[SIZE] = "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM vectors WHERE competitor = ?1",
	[DIMENSIONS] = "SELECT LENGTH(vector) FROM vectors WHERE competitor = ?1 AND space = ?2 "
		       "LIMIT 1",
	[PUT] = "REPLACE INTO vectors (competitor, space, id, vector, content, source, metadata, "
		"bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SCAN] = "SELECT rowid, vector FROM vectors WHERE competitor = ?1 AND space = ?2 "
		 "ORDER BY id",
	[GET] = "SELECT id, content, source, metadata FROM vectors WHERE rowid = ?1",
	[DROP] = "DELETE FROM vectors WHERE competitor = ?1 AND space = ?2 AND id = ?3",
	[DROP_ALL] = "DELETE FROM vectors WHERE competitor = ?1 AND space = ?2",
	[COUNT] = "SELECT COUNT(*) FROM vectors WHERE competitor = ?1 AND space = ?2",
};

/* As SCAN, but only those that can be among the nearest: the extension computes in float32, so
 * that its distances may be off by a little. */
static const char near_sql[] =
    "WITH d(row, far) AS MATERIALIZED (SELECT rowid, vec_distance_cosine(vector, ?3) FROM vectors "
    "WHERE competitor = ?1 AND space = ?2 AND LENGTH(vector) = LENGTH(?3)) "
    "SELECT rowid, vector FROM vectors WHERE rowid IN (SELECT row FROM d WHERE far <= 0.001 + "
    "(SELECT MAX(far) FROM (SELECT far FROM d ORDER BY far LIMIT ?4))) ORDER BY id";

static int
load(struct vectors *v, const char *path, struct error *err)
{
	sqlite3 *const db = v->sql.db;
	sqlite3_stmt *q = NULL;
	char *text = NULL;

	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
	const int rc = sqlite3_load_extension(db, path, NULL, &text);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	error_set(err, ERROR_INVALID, "%s", text != NULL ? text : sqlite3_errmsg(db));
	sqlite3_free(text);
	if (rc != SQLITE_OK)
		return -1;
	if (sqlite3_prepare_v2(db, "SELECT vec_version()", -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW ||
	    sqlite3_prepare_v2(db, near_sql, -1, &v->near, NULL) != SQLITE_OK)
		error_set(err, ERROR_INVALID, "%s: %s", path, sqlite3_errmsg(db));
	else
		str_copy(v->extension, sizeof(v->extension), sql_text(q, 0));
	sqlite3_finalize(q);
	return v->near != NULL ? 0 : -1;
}

int
vectors_open(struct vectors *v, const char *path, const char *extension, struct error *err)
{
	struct error why = { 0 };

	if (sql_open(&v->sql, path, true, migrations, ARRAY_LEN(migrations), err) < 0)
		return error_add(err, "vectors %s", path);
	if (sql_prepare(&v->sql, statements, STATEMENTS, err) < 0) {
		sql_close(&v->sql);
		return -1;
	}
	v->is_open = true;
	if (extension != NULL && load(v, extension, &why) < 0)
		log_info("vector.no_extension", F_STR("reason", why.text));
	log_info("vector.open", F_STR("engine", v->near != NULL ? "sqlite-vec" : "built-in"),
	    F_STR("version", v->extension));
	return 0;
}

void
vectors_close(struct vectors *v)
{
	if (!v->is_open)
		return;
	sqlite3_finalize(v->near);
	sql_close(&v->sql);
	*v = (struct vectors){ 0 };
}

bool
vector_normalise(float *at, int dimensions)
{
	double sum = 0;

	for (int i = 0; i < dimensions; i++) {
		if (!isfinite(at[i]))
			return false;
		sum += (double)at[i] * (double)at[i];
	}
	if (!(sum > 0) || !isfinite(sum))
		return false;
	const double length = sqrt(sum);
	for (int i = 0; i < dimensions; i++)
		at[i] = (float)((double)at[i] / length);
	return true;
}

/* A row's number, 0 where there is no row. */
static int64_t
number(struct vectors *v, int statement, const char *competitor, const char *space, int column,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = v->sql.stmt[statement];

	sql_bind_text(q, 1, competitor);
	if (space != NULL)
		sql_bind_text(q, 2, space);
	const int rc = sql_step(q, err);
	return rc < 0 ? -1 : rc == 0 ? 0 : sql_int(q, column);
}

static int
check_dimensions(
    struct vectors *v, const char *competitor, const char *space, int dimensions, struct error *err)
{
	const int64_t bytes = number(v, DIMENSIONS, competitor, space, 0, err);

	if (bytes < 0)
		return -1;
	if (bytes != 0 && bytes != dimensions * (int64_t)sizeof(float))
		return error_set(err, ERROR_INVALID,
		    "the namespace '%.60s' has vectors of %lld dimensions, not %d", space,
		    (long long)(bytes / (int64_t)sizeof(float)), dimensions);
	return bytes != 0;
}

static int
put_one(struct vectors *v, const char *competitor, const char *space, const struct vector_item *it,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = v->sql.stmt[PUT];
	const size_t size = (size_t)it->dimensions * sizeof(float);
	_cleanup_free_ float *unit = mem_zalloc(size);

	memcpy(unit, it->at, size);
	if (!vector_normalise(unit, it->dimensions))
		return error_set(err, ERROR_INVALID,
		    "the vector of '%.60s' is not finite, or has no length", it->id);
	sql_bind_text(q, 1, competitor);
	sql_bind_text(q, 2, space);
	sql_bind_text(q, 3, it->id);
	sqlite3_bind_blob64(q, 4, unit, size, SQLITE_TRANSIENT);
	sql_bind_text(q, 5, it->content);
	sql_bind_text(q, 6, it->source);
	sql_bind_text(q, 7, it->metadata);
	sql_bind_int(q, 8,
	    (int64_t)(size + strlen(it->id) + strlen(it->content) + strlen(it->source) +
		strlen(it->metadata)));
	return sql_step(q, err) < 0 ? -1 : 0;
}

static int
put_all(struct vectors *v, const char *competitor, const char *space,
    const struct vector_item *items, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (check_dimensions(v, competitor, space, items[i].dimensions, err) < 0 ||
		    put_one(v, competitor, space, &items[i], err) < 0)
			return -1;
	}
	const int64_t count = number(v, SIZE, competitor, NULL, 0, err);
	const int64_t bytes = number(v, SIZE, competitor, NULL, 1, err);
	if (count < 0 || bytes < 0)
		return -1;
	if (count > VECTORS_MAX || bytes > VECTORS_MAX_BYTES)
		return error_set(err, ERROR_TOO_BIG,
		    "a competitor may keep %d vectors and %lld MiB; this would be %lld and %lld",
		    VECTORS_MAX, VECTORS_MAX_BYTES >> 20, (long long)count,
		    (long long)(bytes >> 20));
	return 0;
}

int
vectors_put(struct vectors *v, const char *competitor, const char *space,
    const struct vector_item *items, size_t n, struct error *err)
{
	if (sql_exec(&v->sql, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (put_all(v, competitor, space, items, n, err) < 0 ||
	    sql_exec(&v->sql, "COMMIT", err) < 0) {
		sql_exec(&v->sql, "ROLLBACK", NULL);
		return -1;
	}
	return 0;
}

/* ---- finding ---- */

struct near {
	int64_t row;
	double score;
};

/* Into its place among the best so far; of two alike the first stays first. */
static void
keep(struct near *best, int *n, int top, struct near one)
{
	int at = *n;

	while (at > 0 && best[at - 1].score < one.score)
		at--;
	if (at == top)
		return;
	if (*n < top)
		++*n;
	memmove(&best[at + 1], &best[at], (size_t)(*n - at - 1) * sizeof(*best));
	best[at] = one;
}

static double
dot(const float *a, const float *b, int dimensions)
{
	double sum = 0;

	for (int i = 0; i < dimensions; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

static int
scan(struct vectors *v, const char *competitor, const char *space, const float *unit,
    int dimensions, int top, struct near *best, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = v->near != NULL ? v->near : v->sql.stmt[SCAN];
	_cleanup_free_ float *each = mem_zalloc((size_t)dimensions * sizeof(*each));
	int n = 0, rc;

	sql_bind_text(q, 1, competitor);
	sql_bind_text(q, 2, space);
	if (v->near != NULL) {
		sqlite3_bind_blob64(
		    q, 3, unit, (size_t)dimensions * sizeof(*unit), SQLITE_TRANSIENT);
		sql_bind_int(q, 4, top);
	}
	while ((rc = sql_step(q, err)) == 1) {
		const void *blob = sqlite3_column_blob(q, 1);

		if (sqlite3_column_bytes(q, 1) != dimensions * (int)sizeof(*each))
			continue;
		memcpy(each, blob, (size_t)dimensions * sizeof(*each)); /* aligned */
		keep(best, &n, top, (struct near){ sql_int(q, 0), dot(each, unit, dimensions) });
	}
	return rc < 0 ? -1 : n;
}

static int
tell(struct vectors *v, const struct near *near, vector_hit_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = v->sql.stmt[GET];

	sql_bind_int(q, 1, near->row);
	if (sql_step(q, err) < 0)
		return -1;
	const struct vector_hit hit = { sql_text(q, 0), sql_text(q, 1), sql_text(q, 2),
		sql_text(q, 3),
		near->score > 1        ? 1
		    : near->score < -1 ? -1
				       : near->score };
	fn(&hit, arg);
	return 0;
}

int
vectors_find(struct vectors *v, const char *competitor, const char *space, const float *at,
    int dimensions, int top, vector_hit_fn *fn, void *arg, struct error *err)
{
	_cleanup_free_ float *unit = mem_zalloc((size_t)dimensions * sizeof(*unit));
	struct near best[VECTOR_TOP_MAX];

	memcpy(unit, at, (size_t)dimensions * sizeof(*unit));
	if (!vector_normalise(unit, dimensions))
		return error_set(err, ERROR_INVALID, "the vector is not finite, or has no length");
	const int known = check_dimensions(v, competitor, space, dimensions, err);
	if (known <= 0)
		return known;
	const int n = scan(v, competitor, space, unit, dimensions,
	    top < VECTOR_TOP_MAX ? top : VECTOR_TOP_MAX, best, err);
	for (int i = 0; i < n; i++)
		if (tell(v, &best[i], fn, arg, err) < 0)
			return -1;
	return n;
}

int64_t
vectors_drop(struct vectors *v, const char *competitor, const char *space, const char *const *ids,
    size_t n, struct error *err)
{
	const int before = sqlite3_total_changes(v->sql.db);

	for (size_t i = 0; i < (ids != NULL ? n : 1); i++) {
		_cleanup_reset_ sqlite3_stmt *q = v->sql.stmt[ids != NULL ? DROP : DROP_ALL];

		sql_bind_text(q, 1, competitor);
		sql_bind_text(q, 2, space);
		if (ids != NULL)
			sql_bind_text(q, 3, ids[i]);
		if (sql_step(q, err) < 0)
			return -1;
	}
	return sqlite3_total_changes(v->sql.db) - before;
}

int64_t
vectors_count(struct vectors *v, const char *competitor, const char *space, struct error *err)
{
	return number(v, COUNT, competitor, space, 0, err);
}

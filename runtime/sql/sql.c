/*
 * sql.c - SQLite behind our own contract.
 */
#include "runtime/sql/sql.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define APPLICATION_ID 0x4a414e55 /* "JANU" */
#define FAULTS_MAX "20"
#define BUSY_MS 5000

static int
fail(struct error *err, sqlite3 *db, const char *what)
{
	const int code = db != NULL ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
	enum error_kind kind = ERROR_IO;

	if ((code & 0xff) == SQLITE_CONSTRAINT)
		kind = ERROR_CONFLICT;
	else if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		kind = ERROR_BUSY;
	else if ((code & 0xff) == SQLITE_ERROR || (code & 0xff) == SQLITE_MISUSE)
		kind = ERROR_INTERNAL;
	return error_set(err, kind, "%s: %s", what, db != NULL ? sqlite3_errmsg(db) : "no memory");
}

int
sql_exec(struct sql *s, const char *text, struct error *err)
{
	if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return fail(err, s->db, "database");
	return 0;
}

static int
pragma_int(struct sql *s, const char *text, int64_t *out, struct error *err)
{
	sqlite3_stmt *q = NULL;

	if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW) {
		fail(err, s->db, text);
		sqlite3_finalize(q);
		return -1;
	}
	*out = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return 0;
}

int
sql_version(struct sql *s, int64_t *version, struct error *err)
{
	return pragma_int(s, "PRAGMA user_version", version, err);
}

/* The database is ours, and not from the future. */
static int
check(struct sql *s, size_t known, int64_t *version, struct error *err)
{
	int64_t application;

	if (pragma_int(s, "PRAGMA application_id", &application, err) < 0 ||
	    sql_version(s, version, err) < 0)
		return -1;
	if (application != APPLICATION_ID)
		return error_set(err, ERROR_CONFLICT, "this is another application's database");
	if (*version > (int64_t)known)
		return error_set(err, ERROR_CONFLICT,
		    "its schema is version %lld, this program knows %zu: use the newer program",
		    (long long)*version, known);
	return 0;
}

/* And whole; this reads all of it, so the writer does it once. */
static int
check_pages(struct sql *s, struct error *err)
{
	sqlite3_stmt *q = NULL;
	const bool answered =
	    sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW;
	const bool whole = answered && strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0;

	sqlite3_finalize(q);
	return whole ? 0
		     : error_set(err, answered ? ERROR_INVALID : ERROR_IO,
			   "the database is damaged: restore a backup");
}

/* SQLite syncs nothing of what it makes so. */
int
sql_copy(struct sql *s, const char *to, struct error *err)
{
	_cleanup_free_ char *part = str_printf("%s.part", to), *dir = str_dup(to);
	char *text = sqlite3_mprintf("VACUUM INTO %Q", part), *slash = strrchr(dir, '/');

	remove(part);
	int rc = sql_exec(s, text, err);
	sqlite3_free(text);
	if (rc == 0)
		rc = file_sync(part, err);
	if (rc == 0 && rename(part, to) < 0)
		rc = error_errno(err, "%s", to);
	if (rc < 0) {
		remove(part);
		return -1;
	}
	if (slash != NULL)
		*slash = '\0';
	return file_sync(slash != NULL ? dir : ".", err);
}

/* Copy an existing database aside before its schema changes. */
static int
backup(struct sql *s, const char *path, int64_t version, struct error *err)
{
	_cleanup_free_ char *to = str_printf("%s.before-%lld", path, (long long)version + 1);

	return sql_copy(s, to, err);
}

/* Rows of a check; "ok" is none. */
static int
tell_faults(struct sql *s, const char *text, sql_fault_fn *fn, void *arg)
{
	struct error err = { 0 };
	sqlite3_stmt *q = NULL;
	int n = 0, rc = -1;

	if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) != SQLITE_OK)
		fail(&err, s->db, "check");
	else
		while ((rc = sql_step(q, &err)) == 1)
			if (strcmp(sql_text(q, 0), "ok") != 0) {
				fn(sql_text(q, 0), arg);
				n++;
			}
	sqlite3_finalize(q);
	if (rc == 0)
		return n;
	fn(err.text, arg);
	return n + 1;
}

int
sql_check(struct sql *s, sql_fault_fn *fn, void *arg)
{
	const int pages = tell_faults(s, "PRAGMA integrity_check(" FAULTS_MAX ")", fn, arg);

	return pages +
	    tell_faults(s,
		"SELECT printf('%s: row %d names one of %s that is not there', \"table\", rowid, "
		"parent) FROM pragma_foreign_key_check LIMIT " FAULTS_MAX,
		fn, arg);
}

bool
sql_is_full(const struct sql *s)
{
	const int code = sqlite3_errcode(s->db), system = sqlite3_system_errno(s->db);

	return (code & 0xff) == SQLITE_FULL ||
	    ((code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT));
}

bool
sql_checkpoint(struct sql *s)
{
	sqlite3_busy_timeout(s->db, 0);
	const bool done = sqlite3_wal_checkpoint_v2(
			      s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK;
	sqlite3_busy_timeout(s->db, BUSY_MS);
	return done;
}

static int
migrate(
    struct sql *s, const struct sql_migration *m, size_t count, int64_t version, struct error *err)
{
	char text[96];

	if (sql_exec(s, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	for (size_t i = (size_t)version; i < count; i++)
		if (sql_exec(s, m[i].text, err) < 0) {
			error_add(err, "migration %zu", i + 1);
			sql_exec(s, "ROLLBACK", NULL);
			return -1;
		}
	snprintf(text, sizeof(text), "PRAGMA application_id=%d; PRAGMA user_version=%zu; COMMIT",
	    APPLICATION_ID, count);
	return sql_exec(s, text, err);
}

/* Made under another name: a crash on the way leaves nothing that looks like a lost database. */
static int
create(const char *path, const struct sql_migration *m, size_t count, struct error *err)
{
	_cleanup_free_ char *fresh = str_printf("%s.new", path);
	_cleanup_free_ char *journal = str_printf("%s.new-journal", path);
	struct sql s = { 0 };
	int rc = -1;

	remove(fresh);
	remove(journal);
	if (sqlite3_open_v2(fresh, &s.db,
		SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		NULL) != SQLITE_OK)
		fail(err, s.db, fresh);
	else
		rc = migrate(&s, m, count, 0, err);
	sql_close(&s);
	if (rc == 0 && rename(fresh, path) < 0)
		rc = error_errno(err, "%s", path);
	return rc;
}

static bool
is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && errno == ENOENT;
}

/* The log is memory that all who have the database open share: there is none between machines. */
static int
check_place(const char *path, struct error *err)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} remote[] = {
		{ NFS_SUPER_MAGIC, "NFS" },
		{ SMB_SUPER_MAGIC, "SMB" },
		{ SMB2_SUPER_MAGIC, "SMB" },
		{ CIFS_SUPER_MAGIC, "CIFS" },
		{ AFS_SUPER_MAGIC, "AFS" },
		{ CEPH_SUPER_MAGIC, "Ceph" },
	};
	_cleanup_free_ char *dir = str_dup(path);
	char *slash = strrchr(dir, '/');
	struct statfs fs;

	if (slash != NULL)
		*slash = '\0';
	if (statfs(slash != NULL ? dir : ".", &fs) < 0)
		return 0; /* opening it says more */
	for (size_t i = 0; i < ARRAY_LEN(remote); i++)
		if ((unsigned long)fs.f_type == remote[i].magic)
			return error_set(err, ERROR_INVALID,
			    "%s is on a network file system (%s), where a database cannot be: use "
			    "a local disk",
			    path, remote[i].name);
	return 0;
}

/* A database that was there and is no more is not a new one. */
static int
find_or_create(const char *path, const struct sql_migration *m, size_t count, struct error *err)
{
	_cleanup_free_ char *wal = str_printf("%s-wal", path);
	struct stat st;

	if (is_missing(path)) {
		if (!is_missing(wal))
			return error_set(err, ERROR_IO,
			    "%s is missing but its log is there: a database was lost here; restore "
			    "a backup or remove the log",
			    path);
		return create(path, m, count, err);
	}
	if (stat(path, &st) == 0 && st.st_size == 0)
		return error_set(err, ERROR_IO,
		    "%s is empty: a database was lost here; restore a backup or remove the file",
		    path);
	return 0;
}

/* Was it what the file says that was refused, and not the reading of it? */
static bool
is_damaged(const struct sql *s)
{
	const int code = sqlite3_errcode(s->db) & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

int
sql_open(struct sql *s, const char *path, bool writer, const struct sql_migration *m, size_t count,
    struct error *err)
{
	int64_t version = 0;

	*s = (struct sql){ 0 };
	if (check_place(path, err) < 0 || (writer && find_or_create(path, m, count, err) < 0))
		return -1;
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK) {
		fail(err, s->db, path);
		sql_close(s);
		return -1;
	}
	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_extended_result_codes(s->db, 1);
	if (sql_exec(s,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
		"PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF",
		err) < 0 ||
	    check(s, count, &version, err) < 0 || (writer && check_pages(s, err) < 0))
		goto refuse;
	if (writer && version < (int64_t)count) {
		if (backup(s, path, version, err) < 0 || migrate(s, m, count, version, err) < 0)
			goto refuse;
	}
	return 0;
refuse:
	if (err != NULL && is_damaged(s))
		err->kind = ERROR_INVALID;
	error_add(err, "%s", path);
	sql_close(s);
	return -1;
}

/* A copy, brought to our schema and asked what we will ask. */
static int
rehearse_migrations(struct sql *now, const char *path, const struct sql_migration *m, size_t count,
    int64_t version, const char *const *texts, size_t ntexts, struct error *err)
{
	_cleanup_free_ char *copy = str_printf("%s.rehearsal", path);
	char *text = sqlite3_mprintf("VACUUM INTO %Q", copy);
	_cleanup_(sql_close) struct sql s = { 0 };

	remove(copy);
	int rc = sql_exec(now, text, err);
	sqlite3_free(text);
	if (rc == 0 &&
	    sqlite3_open_v2(copy, &s.db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, NULL) !=
		SQLITE_OK)
		rc = fail(err, s.db, copy);
	if (rc == 0 &&
	    (migrate(&s, m, count, version, err) < 0 || sql_prepare(&s, texts, ntexts, err) < 0))
		rc = -1;
	sql_close(&s);
	remove(copy);
	return rc;
}

int
sql_rehearse(const char *path, const struct sql_migration *m, size_t count,
    const char *const *texts, size_t ntexts, struct error *err)
{
	_cleanup_(sql_close) struct sql s = { 0 };
	int64_t version = 0;
	int rc;

	if (is_missing(path))
		return 0;
	if (sql_open(&s, path, false, m, count, err) < 0)
		return -1;
	if (sql_version(&s, &version, err) < 0)
		rc = -1;
	else if (version < (int64_t)count)
		rc = rehearse_migrations(&s, path, m, count, version, texts, ntexts, err);
	else
		rc = sql_prepare(&s, texts, ntexts, err);
	return rc < 0 ? error_add(err, "%s", path) : 0;
}

int
sql_revert(struct sql *s, const char *path, size_t count, struct error *err)
{
	_cleanup_free_ char *from = str_printf("%s.before-%zu", path, count + 1);
	_cleanup_(sql_close) struct sql before = { 0 };
	int64_t version = 0;

	if (sql_version(s, &version, err) < 0)
		return -1;
	if (version <= (int64_t)count)
		return 0;
	if (sql_open(&before, from, false, NULL, count, err) < 0)
		return error_add(err, "the schema has become version %lld", (long long)version);
	sqlite3_backup *copy = sqlite3_backup_init(s->db, "main", before.db, "main");
	if (copy == NULL)
		return fail(err, s->db, "put the database back");
	const int rc = sqlite3_backup_step(copy, -1);
	if (sqlite3_backup_finish(copy) != SQLITE_OK || rc != SQLITE_DONE)
		return fail(err, s->db, "put the database back");
	return 1;
}

int
sql_prepare(struct sql *s, const char *const *texts, size_t count, struct error *err)
{
	s->stmt = mem_zalloc(count * sizeof(sqlite3_stmt *));
	s->count = count;
	for (size_t i = 0; i < count; i++)
		if (sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[i],
			NULL) != SQLITE_OK)
			return fail(err, s->db, texts[i]);
	return 0;
}

void
sql_close(struct sql *s)
{
	for (size_t i = 0; i < s->count; i++)
		sqlite3_finalize(s->stmt[i]);
	free(s->stmt);
	sqlite3_close(s->db);
	*s = (struct sql){ 0 };
}

void
sql_bind_text(sqlite3_stmt *q, int at, const char *value)
{
	if (value == NULL)
		sqlite3_bind_null(q, at);
	else
		sqlite3_bind_text(q, at, value, -1, SQLITE_TRANSIENT);
}

void
sql_lend_text(sqlite3_stmt *q, int at, const char *value)
{
	sqlite3_bind_text(q, at, value, -1, SQLITE_STATIC); /* NULL there is NULL */
}

void
sql_bind_int(sqlite3_stmt *q, int at, int64_t value)
{
	sqlite3_bind_int64(q, at, value);
}

int
sql_step(sqlite3_stmt *q, struct error *err)
{
	switch (sqlite3_step(q)) {
	case SQLITE_ROW: return 1;
	case SQLITE_DONE: return 0;
	default: return fail(err, sqlite3_db_handle(q), "database");
	}
}

const char *
sql_text(sqlite3_stmt *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q, column);

	return text != NULL ? text : "";
}

char *
sql_text_dup(sqlite3_stmt *q, int column)
{
	return str_dup((const char *)sqlite3_column_text(q, column));
}

int64_t
sql_int(sqlite3_stmt *q, int column)
{
	return sqlite3_column_int64(q, column);
}

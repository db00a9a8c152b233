/*
 * sql.h - SQLite with one way to open, bind, step and migrate.
 *
 * A struct sql is one connection with all its named statements prepared; it belongs to one thread
 * at a time.  SQLite's own conventions stop here.
 */
#ifndef JANUS_SQL_SQL_H
#define JANUS_SQL_SQL_H
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;

struct sql {
	sqlite3 *db;
	sqlite3_stmt **stmt; /* by statement id */
	size_t count;
};
struct sql_migration { /* numbered from 1 by its place in the list */
	const char *text;
};

/**
 * sql_open - open or make the database at path.
 *
 * A writer runs the migrations that are missing, all in one transaction, after copying an existing
 * database to <path>.before-<version>.  A newer schema than we know, another application's file,
 * a damaged one (INVALID), one on a network file system, or an empty file where there was a database
 * is refused with words.
 */
int sql_open(struct sql *, const char *path, bool writer, const struct sql_migration *,
    size_t count, struct error *);
/**
 * sql_rehearse - would sql_open as a writer, and then sql_prepare, succeed?
 *
 * Beside whoever has the database now, and without changing it: missing migrations run on a copy,
 * <path>.rehearsal, which is removed again.  A database that is not there yet is fine.
 */
int sql_rehearse(const char *path, const struct sql_migration *, size_t count,
    const char *const *texts, size_t ntexts, struct error *);
/**
 * sql_revert - if the schema has become newer than the one we know, put back the copy that was made before.
 *
 * For a migration whose program ended before it did anything with it.  1: it was put back; 0: there was
 * no need; -1 with err.
 */
int sql_revert(struct sql *, const char *path, size_t count, struct error *);
/** sql_prepare - all statements at once: a typo stops start-up. texts are borrowed for the call. */
int sql_prepare(struct sql *, const char *const *texts, size_t count, struct error *);
void sql_close(struct sql *);
/** sql_version - of its schema. */
int sql_version(struct sql *, int64_t *version, struct error *);
/** sql_copy - all of the database as it is at one moment, to a file of its own that replaces `to`
 *  when it is whole and on the disk.  Others read and write meanwhile. */
int sql_copy(struct sql *, const char *to, struct error *);
typedef void sql_fault_fn(const char *text, void *arg);
/** sql_check - read every page, index and reference: fn is told what is wrong, at most 20 of each
 *  kind.  Returns how many that are; what cannot be read is one. */
int sql_check(struct sql *, sql_fault_fn *fn, void *arg);
/** sql_is_full - did the last call fail because there is no room on the disk? */
bool sql_is_full(const struct sql *);
/** sql_checkpoint - bring the log into the database and make it empty; false if readers are in the
 *  way: it does not wait for them.  A busy handler is to be set anew. */
bool sql_checkpoint(struct sql *);
/** sql_exec - statements without parameters. */
int sql_exec(struct sql *, const char *text, struct error *);

void sql_bind_text(sqlite3_stmt *, int at, const char *value); /* NULL binds NULL; copied */
/** sql_lend_text - the same without a copy: value must live until the statement was stepped. */
void sql_lend_text(sqlite3_stmt *, int at, const char *value);
void sql_bind_int(sqlite3_stmt *, int at, int64_t value);
/** sql_step - 1 a row, 0 done, -1 with err (CONFLICT for a constraint, IO for a full disk). */
int sql_step(sqlite3_stmt *, struct error *);
const char *sql_text(sqlite3_stmt *, int column); /* "" for NULL; borrowed until the next step */
char *sql_text_dup(sqlite3_stmt *, int column); /* NULL for NULL; the caller's */
int64_t sql_int(sqlite3_stmt *, int column);

static inline void
sql_resetp(sqlite3_stmt **q)
{
	if (*q != NULL) {
		sqlite3_reset(*q);
		sqlite3_clear_bindings(*q);
	}
}
#define _cleanup_reset_ __attribute__((cleanup(sql_resetp)))
#endif

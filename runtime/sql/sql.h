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
 * a damaged one, or an empty file where there was a database is refused with words.
 */
int sql_open(struct sql *, const char *path, bool writer, const struct sql_migration *,
    size_t count, struct error *);
/** sql_prepare - all statements at once: a typo stops start-up. texts are borrowed for the call. */
int sql_prepare(struct sql *, const char *const *texts, size_t count, struct error *);
void sql_close(struct sql *);
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

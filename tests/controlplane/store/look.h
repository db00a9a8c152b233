/*
 * look.h - behind the back of the house's store: what its file says.
 */
#ifndef JANUS_TEST_STORE_LOOK_H
#define JANUS_TEST_STORE_LOOK_H
#include <check.h>
#include <sqlite3.h>
#include <stdint.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"

static inline sqlite3 *
look(void)
{
	_cleanup_free_ char *path = str_printf("%s/janus.db", dir);
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

static inline int64_t
number(const char *text)
{
	sqlite3 *db = look();
	sqlite3_stmt *q = NULL;

	ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &q, NULL) == SQLITE_OK, "%s: %s", text,
	    sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
	const int64_t n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

static inline void
change_file(const char *text)
{
	sqlite3 *db = look();
	char *why = NULL;

	ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	sqlite3_close(db);
}

static inline void
is_whole(void)
{
	ck_assert_int_eq(number("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}
#endif

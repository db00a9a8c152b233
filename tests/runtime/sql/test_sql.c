/*
 * test_sql.c - a database is ours, whole and of our time, or it is refused with words.
 */
#include "runtime/sql/sql.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const struct sql_migration migrations[] = {
	{ "CREATE TABLE owls (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	  " nest INTEGER REFERENCES owls (id), CHECK (name <> 'crow')) STRICT" },
	{ "ALTER TABLE owls ADD COLUMN age INTEGER NOT NULL DEFAULT 7;"
	  "CREATE TABLE mice (id INTEGER PRIMARY KEY) STRICT" },
	{ "INSERT INTO mice VALUES (1); SYNTAX ERROR" },
};
#define OLD 1
#define NEW 2
#define BROKEN 3

static char dir[64], path[96];

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/janus_sql_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/owls.db", dir);
}

static void
tear_down(void)
{
	struct error err = { 0 };

	ck_assert_msg(file_remove_tree(dir, &err) == 0, "%s", err.text);
}

static void
open_fine(struct sql *s, size_t version)
{
	struct error err = { 0 };

	ck_assert_msg(sql_open(s, path, true, migrations, version, &err) == 0, "%s", err.text);
}

/* Open, run a statement, close. */
static void
with(size_t version, const char *text)
{
	struct error err = { 0 };
	struct sql s;

	open_fine(&s, version);
	ck_assert_msg(sql_exec(&s, text, &err) == 0, "%s", err.text);
	sql_close(&s);
}

static int64_t
number(struct sql *s, const char *text)
{
	sqlite3_stmt *q = NULL;
	int64_t n;

	ck_assert_msg(sqlite3_prepare_v2(s->db, text, -1, &q, NULL) == SQLITE_OK, "%s", text);
	ck_assert_int_eq(sql_step(q, NULL), 1);
	n = sql_int(q, 0);
	sqlite3_finalize(q);
	return n;
}

static void
refused(bool writer, size_t version, enum error_kind kind, const char *words)
{
	struct error err = { 0 };
	struct sql s;

	ck_assert_int_eq(sql_open(&s, path, writer, migrations, version, &err), -1);
	ck_assert_msg(err.kind == kind, "%s: %s", error_kind_name(err.kind), err.text);
	ck_assert_msg(strstr(err.text, words) != NULL, "'%s' has no '%s'", err.text, words);
	ck_assert_msg(strstr(err.text, "owls.db") != NULL, "'%s' names no file", err.text);
	ck_assert_ptr_null(s.db);
}

START_TEST(test_new_and_again) /* [I02] [N04] a commit is on disk before it is told */
{
	struct sql s;

	with(OLD, "INSERT INTO owls (id, name) VALUES (1, 'it''s')");
	open_fine(&s, OLD);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM owls"), 1);
	ck_assert_int_eq(number(&s, "PRAGMA user_version"), OLD);
	ck_assert_int_eq(number(&s, "PRAGMA synchronous"), 2);
	ck_assert_int_eq(number(&s, "PRAGMA foreign_keys"), 1);
	sql_close(&s);
	/* What stays is the database alone: no log, no half-made one. */
	ck_assert_int_eq(access(path, R_OK), 0);
	_cleanup_free_ char *fresh = str_printf("%s.new", path);
	ck_assert_int_eq(access(fresh, F_OK), -1);
}
END_TEST

START_TEST(test_reader)
{
	struct error err = { 0 };
	struct sql writer, reader;

	refused(false, OLD, ERROR_IO, "");
	ck_assert_int_eq(access(path, F_OK), -1); /* it makes nothing */
	open_fine(&writer, OLD);
	ck_assert_msg(sql_open(&reader, path, false, migrations, OLD, &err) == 0, "%s", err.text);
	ck_assert_int_eq(sql_exec(&writer, "BEGIN; INSERT INTO owls (name) VALUES ('a')", &err), 0);
	ck_assert_int_eq(number(&reader, "SELECT count(*) FROM owls"), 0);
	ck_assert_int_eq(sql_exec(&writer, "COMMIT", &err), 0);
	ck_assert_int_eq(number(&reader, "SELECT count(*) FROM owls"), 1);
	sql_close(&reader);
	sql_close(&writer);
}
END_TEST

START_TEST(test_migration) /* [I08] an old schema is copied aside, then changed */
{
	_cleanup_free_ char *kept = str_printf("%s.before-%d", path, NEW);
	struct sql s, old;

	with(OLD, "INSERT INTO owls (name) VALUES ('a'), ('b')");
	open_fine(&s, NEW);
	ck_assert_int_eq(number(&s, "SELECT sum(age) FROM owls"), 14);
	ck_assert_int_eq(number(&s, "PRAGMA user_version"), NEW);
	sql_close(&s);

	/* The copy is a whole database of the old version. */
	snprintf(path, sizeof(path), "%s", kept);
	open_fine(&old, OLD);
	ck_assert_int_eq(number(&old, "PRAGMA user_version"), OLD);
	ck_assert_int_eq(number(&old, "SELECT count(*) FROM owls"), 2);
	sql_close(&old);
}
END_TEST

START_TEST(test_broken_migration) /* [I08] one that fails half way leaves nothing */
{
	struct sql s;

	with(NEW, "INSERT INTO owls (name) VALUES ('a')");
	refused(true, BROKEN, ERROR_INTERNAL, "migration 3");
	refused(
	    true, BROKEN, ERROR_INTERNAL, "migration 3"); /* again, over the copy that is there */
	open_fine(&s, NEW);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM mice"), 0); /* not half of it */
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM owls"), 1);
	ck_assert_int_eq(number(&s, "PRAGMA user_version"), NEW);
	sql_close(&s);
}
END_TEST

START_TEST(test_broken_first_migration) /* [I08] nor does the first of all */
{
	static const struct sql_migration bad[] = { { "CREATE TABLE half (id); SYNTAX ERROR" } };
	struct error err = { 0 };
	struct sql s;

	ck_assert_int_eq(sql_open(&s, path, true, bad, 1, &err), -1);
	ck_assert_msg(strstr(err.text, "migration 1") != NULL, "%s", err.text);
	open_fine(&s, OLD); /* nothing is left in the way */
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM owls"), 0);
	sql_close(&s);
}
END_TEST

START_TEST(test_newer) /* [I08] [M06] a newer schema is refused with words */
{
	with(NEW, "INSERT INTO owls (name) VALUES ('a')");
	refused(true, OLD, ERROR_CONFLICT, "version 2, this program knows 1");
	refused(false, OLD, ERROR_CONFLICT, "version 2, this program knows 1");
}
END_TEST

static int
rehearse(size_t version, const char *text, struct error *err)
{
	return sql_rehearse(path, migrations, version, &text, 1, err);
}

START_TEST(test_rehearsal) /* [M06] */
{
	_cleanup_free_ char *copy = str_printf("%s.rehearsal", path);
	struct error err = { 0 };
	struct sql s;

	ck_assert_int_eq(rehearse(NEW, "SELECT age FROM owls", &err), 0); /* nothing is there yet */
	ck_assert_int_eq(access(path, F_OK), -1);
	with(OLD, "INSERT INTO owls (name) VALUES ('a')");
	open_fine(&s, OLD); /* somebody uses it */
	ck_assert_msg(rehearse(NEW, "SELECT age FROM owls", &err) == 0, "%s", err.text);
	ck_assert_int_eq(rehearse(NEW, "SELECT wings FROM owls", &err), -1);
	ck_assert_int_eq(rehearse(OLD, "SELECT age FROM owls", &err), -1);
	ck_assert_int_eq(rehearse(BROKEN, "SELECT 1", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "migration 3"));
	ck_assert_int_eq(number(&s, "PRAGMA user_version"), OLD);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM owls"), 1);
	ck_assert_int_eq(access(copy, F_OK), -1);
	sql_close(&s);
	with(NEW, "SELECT 1");
	ck_assert_int_eq(rehearse(OLD, "SELECT 1", &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
}
END_TEST

START_TEST(test_revert) /* [M06] a newer program has migrated, and ended */
{
	struct error err = { 0 };
	struct sql s;

	with(OLD, "INSERT INTO owls (name) VALUES ('a')");
	open_fine(&s, OLD); /* ours, all the time */
	ck_assert_int_eq(sql_revert(&s, path, OLD, &err), 0);
	with(NEW, "INSERT INTO mice VALUES (5)");
	ck_assert_int_eq(number(&s, "PRAGMA user_version"), NEW);
	ck_assert_msg(sql_revert(&s, path, OLD, &err) == 1, "%s", err.text);
	ck_assert_int_eq(number(&s, "PRAGMA user_version"), OLD);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM owls"), 1);
	sql_close(&s);
	with(OLD, "INSERT INTO owls (name) VALUES ('b')");
	with(NEW, "INSERT INTO mice VALUES (6)"); /* and the next one may try again */
	/* Without the copy it stays as it is, and is told of. */
	_cleanup_free_ char *kept = str_printf("%s.before-%d", path, NEW);
	ck_assert_int_eq(remove(kept), 0);
	open_fine(&s, NEW);
	ck_assert_int_eq(sql_revert(&s, path, OLD, &err), -1);
	ck_assert_int_eq(number(&s, "PRAGMA user_version"), NEW);
	sql_close(&s);
}
END_TEST

/* ---- files that are no database of ours ---- */

static void
put(const void *bytes, size_t len)
{
	struct error err = { 0 };

	ck_assert_msg(file_write(path, bytes, len, 0644, &err) == 0, "%s", err.text);
}

START_TEST(test_strange_files) /* [I05] no database, or not ours, or nothing */
{
	static const char *const others[] = {
		/* with an id of its own, with a version, with neither */
		"PRAGMA application_id = 7; CREATE TABLE t (a)",
		"PRAGMA user_version = 1; CREATE TABLE t (a)",
		"CREATE TABLE t (a)",
	};
	static const char text[] =
	    "This is a letter and no database at all. It goes on for a while.";
	char *garbage = mem_zalloc(65536);

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		sqlite3 *db;

		unlink(path);
		ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
		ck_assert_int_eq(sqlite3_exec(db, others[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		refused(true, OLD, ERROR_CONFLICT, "another application's");
	}
	put("", 0);
	refused(true, OLD, ERROR_IO, "is empty");
	put(text, sizeof(text) - 1);
	refused(true, OLD, ERROR_INVALID, "not a database");
	memset(garbage, 0xa5, 65536);
	put(garbage, 65536);
	refused(true, OLD, ERROR_INVALID, "not a database");
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	refused(true, OLD, ERROR_IO, "");
	free(garbage);
}
END_TEST

START_TEST(test_lost_database) /* [I05] a log without its database */
{
	_cleanup_free_ char *wal = str_printf("%s-wal", path);
	struct error err = { 0 };

	ck_assert_int_eq(file_write(wal, "log", 3, 0644, &err), 0);
	refused(true, OLD, ERROR_IO, "lost");
}
END_TEST

static void
many_rows(struct sql *s)
{
	struct error err = { 0 };

	ck_assert_msg(
	    sql_exec(s,
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
		"INSERT INTO owls (name) SELECT printf('%0100d', i) FROM n",
		&err) == 0,
	    "%s", err.text);
}

START_TEST(test_damage) /* [I05] pages that are damaged, a file that is cut */
{
	struct error err = { 0 };
	struct sql s;
	size_t len;

	open_fine(&s, NEW);
	many_rows(&s);
	sql_close(&s);
	_cleanup_free_ char *whole = NULL;
	ck_assert_int_eq(file_read(path, 64 << 20, &whole, &len, &err), 0);
	ck_assert_uint_gt(len, 40 * 4096);

	/* Each page in turn; the first holds the header, the second is the root of a table. */
	for (size_t at = 0; at < 12 * 4096; at += 4096) {
		_cleanup_free_ char *copy = mem_zalloc(len);

		memcpy(copy, whole, len);
		memset(copy + at, 0xff, 4096);
		put(copy, len);
		refused(true, NEW, ERROR_INVALID, "");
	}
	put(whole, len / 2 / 4096 * 4096); /* cut short */
	refused(true, NEW, ERROR_INVALID, "");
	put(whole, len);
	open_fine(&s, NEW);
	sql_close(&s);
}
END_TEST

/* Read but not write: root may everything, so root becomes somebody else first. */
static int
try_read_only(void)
{
	struct error err = { 0 };
	struct sql s;

	if (geteuid() == 0 ? setuid(65534) < 0 : chmod(dir, 0555) < 0)
		return 9;
	if (sql_open(&s, path, true, migrations, OLD, &err) == 0)
		return 1;
	return strstr(err.text, "owls.db") != NULL && s.db == NULL ? 0 : 2;
}

static void
read_only_is_refused(void)
{
	const pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(try_read_only());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x", (unsigned)status);
	ck_assert_int_eq(chmod(dir, 0755), 0);
}

START_TEST(test_read_only) /* [I05] one that may not be written */
{
	ck_assert_int_eq(chmod(dir, 0755), 0);
	read_only_is_refused();
	ck_assert_int_eq(access(path, F_OK), -1);
	with(OLD, "INSERT INTO owls (name) VALUES ('a')");
	read_only_is_refused();
}
END_TEST

/* ---- copies, checks, the log ---- */

static void
count_fault(const char *text, void *arg)
{
	ck_assert(text[0] != '\0');
	++*(int *)arg;
}

START_TEST(test_copy) /* [I09] it has what the log holds */
{
	_cleanup_free_ char *to = str_printf("%s/copy.db", dir), *part = str_printf("%s.part", to);
	struct error err = { 0 };
	struct sql writer, reader;
	int faults = 0;

	open_fine(&writer, NEW);
	many_rows(&writer);
	ck_assert_int_eq(sql_open(&reader, path, false, migrations, NEW, &err), 0);
	ck_assert_int_eq(sql_exec(&writer, "BEGIN; DELETE FROM owls", &err), 0); /* not yet */
	ck_assert_int_eq(file_write(to, "old", 3, 0600, &err), 0);
	ck_assert_int_eq(file_write(part, "of one that was killed", 22, 0600, &err), 0);
	ck_assert_msg(sql_copy(&reader, to, &err) == 0, "%s", err.text);
	ck_assert_int_eq(access(part, F_OK), -1);
	ck_assert_int_eq(sql_exec(&writer, "COMMIT", &err), 0);
	sql_close(&reader);
	sql_close(&writer);
	snprintf(path, sizeof(path), "%s", to);
	open_fine(&reader, NEW);
	ck_assert_int_eq(number(&reader, "SELECT count(*) FROM owls"), 3000);
	ck_assert_int_eq(sql_check(&reader, count_fault, &faults), 0);
	sql_close(&reader);
}
END_TEST

START_TEST(test_copy_to_nowhere)
{
	_cleanup_free_ char *to = str_printf("%s/nowhere/copy.db", dir);
	struct error err = { 0 };
	struct sql s;

	open_fine(&s, OLD);
	ck_assert_int_eq(sql_copy(&s, to, &err), -1);
	ck_assert(err.text[0] != '\0');
	sql_close(&s);
}
END_TEST

START_TEST(test_check)
{
	struct error err = { 0 };
	int faults = 0;
	struct sql s;

	open_fine(&s, NEW);
	many_rows(&s);
	ck_assert_int_eq(sql_exec(&s,
			     "PRAGMA foreign_keys=OFF; UPDATE owls SET nest = 99999 WHERE id < 4;"
			     "PRAGMA foreign_keys=ON",
			     &err),
	    0);
	ck_assert_int_eq(sql_check(&s, count_fault, &faults), 3);
	ck_assert_int_eq(faults, 3);
	ck_assert_int_eq(sql_exec(&s,
			     "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = 2 "
			     "WHERE name = 'sqlite_autoindex_owls_1'; PRAGMA writable_schema=RESET",
			     &err),
	    0);
	ck_assert_int_gt(sql_check(&s, count_fault, &faults), 3);
	sql_close(&s);
}
END_TEST

static int64_t
log_bytes(void)
{
	_cleanup_free_ char *wal = str_printf("%s-wal", path);
	struct stat st;

	return stat(wal, &st) == 0 ? st.st_size : -1;
}

START_TEST(test_checkpoint) /* [I06] a reader keeps the log long, and nobody waits for him */
{
	struct error err = { 0 };
	struct sql writer, reader;

	open_fine(&writer, NEW);
	ck_assert_int_eq(sql_open(&reader, path, false, migrations, NEW, &err), 0);
	ck_assert_int_eq(sql_exec(&reader, "BEGIN; SELECT count(*) FROM owls", &err), 0);
	many_rows(&writer);
	ck_assert_int_gt(log_bytes(), 100000);
	ck_assert(!sql_checkpoint(&writer));
	ck_assert_int_eq(sql_exec(&reader, "COMMIT", &err), 0);
	ck_assert(sql_checkpoint(&writer));
	ck_assert_int_eq(log_bytes(), 0);
	ck_assert_int_eq(number(&reader, "SELECT count(*) FROM owls"), 3000);
	sql_close(&reader);
	sql_close(&writer);
}
END_TEST

/* ---- statements ---- */

static const struct kind {
	const char *text;
	enum error_kind kind;
	const char *words;
} kinds[] = {
	{ "INSERT INTO owls (id, name) VALUES (1, 'b')", ERROR_CONFLICT, "owls.id" },
	{ "INSERT INTO owls (name) VALUES ('a')", ERROR_CONFLICT, "owls.name" },
	{ "INSERT INTO owls (name) VALUES (NULL)", ERROR_CONFLICT, "NOT NULL" },
	{ "INSERT INTO owls (name) VALUES ('crow')", ERROR_CONFLICT, "CHECK" },
	{ "INSERT INTO owls (name, nest) VALUES ('c', 99)", ERROR_CONFLICT, "FOREIGN KEY" },
	{ "INSERT INTO owls (name, nest) VALUES ('c', 'x')", ERROR_CONFLICT, "TEXT" },
	{ "DELETE FROM owls WHERE id = 1", ERROR_CONFLICT, "FOREIGN KEY" },
	{ "SELECT 1 FROM nowhere", ERROR_INTERNAL, "nowhere" },
	{ "COMMIT", ERROR_INTERNAL, "transaction" },
};

START_TEST(test_kinds)
{
	const struct kind *k = &kinds[_i];
	struct error err = { 0 };
	struct sql s;

	open_fine(&s, OLD);
	ck_assert_int_eq(
	    sql_exec(
		&s, "INSERT INTO owls (id, name, nest) VALUES (1, 'a', NULL), (2, 'z', 1)", &err),
	    0);
	ck_assert_int_eq(sql_exec(&s, k->text, &err), -1);
	ck_assert_msg(
	    err.kind == k->kind, "%s: %s: %s", k->text, error_kind_name(err.kind), err.text);
	ck_assert_msg(strstr(err.text, k->words) != NULL, "%s", err.text);
	sql_close(&s);
}
END_TEST

START_TEST(test_statements)
{
	static const char *const texts[] = {
		"INSERT INTO owls (id, name) VALUES (?1, ?2)",
		"SELECT name, nest, id FROM owls ORDER BY id",
	};
	static const char *const typo[] = { "SELECT 1", "SELEKT 2" };
	static const char *const names[] = { "'; DROP TABLE owls; --", "\xe2\x98\x83", "\xff\xfe",
		"" };
	struct error err = { 0 };
	struct sql s, other;

	open_fine(&s, OLD);
	ck_assert_int_eq(sql_prepare(&s, texts, 2, &err), 0);
	for (int i = 0; i < (int)ARRAY_LEN(names); i++) {
		_cleanup_reset_ sqlite3_stmt *q = s.stmt[0];

		sql_bind_int(q, 1, INT64_MAX - i);
		sql_bind_text(q, 2, names[i]);
		ck_assert_int_eq(sql_step(q, &err), 0);
	}
	sql_bind_int(s.stmt[0], 1, 5);
	sql_bind_text(s.stmt[0], 2, NULL);
	ck_assert_int_eq(sql_step(s.stmt[0], &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	for (int i = (int)ARRAY_LEN(names); i-- > 0;) {
		_cleanup_free_ char *copy = NULL, *null = NULL;

		ck_assert_int_eq(sql_step(s.stmt[1], &err), 1);
		ck_assert_str_eq(sql_text(s.stmt[1], 0), names[i]);
		ck_assert_str_eq(copy = sql_text_dup(s.stmt[1], 0), names[i]);
		ck_assert_str_eq(sql_text(s.stmt[1], 1), "");
		ck_assert_ptr_null(null = sql_text_dup(s.stmt[1], 1));
		ck_assert_int_eq(sql_int(s.stmt[1], 2), INT64_MAX - i);
	}
	ck_assert_int_eq(sql_step(s.stmt[1], &err), 0);
	sql_close(&s);

	open_fine(&other, OLD);
	ck_assert_int_eq(sql_prepare(&other, typo, 2, &err), -1);
	ck_assert_msg(strstr(err.text, "SELEKT") != NULL, "%s", err.text);
	sql_close(&other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sql");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_new_and_again);
	tcase_add_test(tc, test_reader);
	tcase_add_test(tc, test_migration);
	tcase_add_test(tc, test_broken_migration);
	tcase_add_test(tc, test_broken_first_migration);
	tcase_add_test(tc, test_newer);
	tcase_add_test(tc, test_rehearsal);
	tcase_add_test(tc, test_revert);
	tcase_add_test(tc, test_strange_files);
	tcase_add_test(tc, test_lost_database);
	tcase_add_test(tc, test_damage);
	tcase_add_test(tc, test_read_only);
	tcase_add_test(tc, test_copy);
	tcase_add_test(tc, test_copy_to_nowhere);
	tcase_add_test(tc, test_check);
	tcase_add_test(tc, test_checkpoint);
	tcase_add_loop_test(tc, test_kinds, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(tc, test_statements);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

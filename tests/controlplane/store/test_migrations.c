/*
 * test_migrations.c - [I08] every schema there ever was becomes the present one, with what was in it, also
 * when the first tries are killed; before that it is copied aside.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/store/check.h"
#include "controlplane/store/core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

static char path[96];

static void
begin(void)
{
	set_up();
	store_close(store);
	store = NULL;
	snprintf(path, sizeof(path), "%s/janus.db", dir);
	ck_assert_int_eq(unlink(path), 0);
}

/* A database as the program of that schema left it. */
static void
furnish(size_t schema)
{
	struct error err = { 0 };
	struct sql s;

	ck_assert_msg(
	    sql_open(&s, path, true, store_migrations, schema, &err) == 0, "%s", err.text);
	ck_assert_msg(
	    sql_exec(&s,
		"INSERT INTO competitors (id, slug, wanted, version_id, created_at_ms, "
		"updated_at_ms)"
		" VALUES ('cpt_1', 'owl', 'running', 'ver_1', 1, 1);"
		"INSERT INTO versions (id, competitor_id, kind, reference, digest, image_id, "
		"manifest,"
		" accepted_at_ms, created_at_ms, updated_at_ms)"
		" VALUES ('ver_1', 'cpt_1', 'url', 'http://owl', '', '', '', 1, 1, 1);"
		"INSERT INTO events (id, at_ms, actor, action, object_id, detail)"
		" VALUES ('evt_1', 1, 'janusd', 'owl.hatched', 'cpt_1', '');"
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
		"INSERT INTO usage (request_id, at_ms, competitor, version_id, instance_id, code, "
		"status,"
		" stream, attempts, prompt_tokens, completion_tokens, is_estimated, cost_micro_usd,"
		" duration_ms, ttft_ms, max_gap_ms, bytes_in, bytes_out)"
		" SELECT 'req_' || i, i, 'owl', 'ver_1', '', '', 200, 1, 1, 1, 1, 0, 0, 1, 1, 1, "
		"1, 1"
		" FROM n",
		&err) == 0,
	    "%s", err.text);
	sql_close(&s);
}

static void
count(const struct check_finding *f, void *arg)
{
	*(int *)arg += f->faults;
	if (f->faults > 0)
		printf("%s: %s\n", f->name, f->saw);
}

static int64_t
rows(const char *file, const char *text)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	int64_t n = -1;

	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, text, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

static void
is_present_and_whole(void)
{
	struct error err = { 0 };
	int64_t schema = 0;
	int faults = 0;

	store = store_open(dir, loop, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	ck_assert_int_eq(store_check(store, &schema, count, NULL, &faults, &err), 0);
	ck_assert_int_eq(faults, 0);
	ck_assert_uint_eq((size_t)schema, store_schema);
	ck_assert_int_eq(rows(path, "SELECT COUNT(*) FROM usage"), 3000);
	ck_assert_int_eq(
	    rows(path, "SELECT COUNT(*) FROM competitors WHERE version_id = 'ver_1'"), 1);
}

START_TEST(test_every_schema) /* [I08] every released schema becomes the present one */
{
	const size_t old = (size_t)_i;
	_cleanup_free_ char *kept = str_printf("%s.before-%zu", path, old + 1);
	_cleanup_free_ char *half = str_printf("%s.part", kept);

	furnish(old);
	is_present_and_whole();
	ck_assert_int_eq(rows(kept, "PRAGMA user_version"), (int64_t)old);
	ck_assert_int_eq(rows(kept, "SELECT COUNT(*) FROM usage"), 3000);
	ck_assert_int_eq(access(half, F_OK), -1);
}
END_TEST

START_TEST(test_killed) /* [I01] [I08] killed while it is changed, again and again */
{
	int status = 0, killed = 0;

	furnish(1);
	for (int i = 0; i < 12 && (i == 0 || WIFSIGNALED(status)); i++) {
		const pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			struct error err = { 0 };

			alarm(20);
			store = store_open(dir, loop_new(NULL), &err);
			_exit(store != NULL ? 0 : 1);
		}
		usleep((unsigned)(500 + 900 * i)); /* at some moment of it */
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		killed += WIFSIGNALED(status);
		ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
		if (killed == 0) { /* we slept for longer than it took: the same again */
			ck_assert_int_eq(file_remove_tree(dir, NULL), 0);
			ck_assert_int_eq(mkdir(dir, 0700), 0);
			furnish(1);
			i = -1;
		}
	}
	is_present_and_whole();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("migrations");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, begin, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_every_schema, 1, (int)store_schema);
	tcase_add_test(tc, test_killed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

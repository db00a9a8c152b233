/*
 * test_power.c - the power fails: what was not synced is gone, or came to the medium in any order.
 */
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/controlplane/store/forgetful.h"
#include "tests/run.h"

#define LIVES 60

static struct {
	atomic_int told; /* batches that were acknowledged, from 0 on */
	atomic_int kept; /* of which so many when the power failed; -1 before */
	char left[sizeof(dir)];
} now;

static void
on_failed(void)
{
	now.kept = now.told;
}

static void
on_done(const struct error *err, void *arg)
{
	(void)arg;
	ck_assert_ptr_null(err);
	now.told++;
	if (now.kept >= 0)
		loop_stop(loop);
	else
		store_commit(store, batch(now.told), on_done, NULL);
}

/* The machine is gone; what is left of its disk is ours. */
static void
leave(void)
{
	struct error err = { 0 };

	forgetful_end();
	ck_assert_msg(file_remove_tree(dir, &err) == 0, "%s", err.text);
	str_copy(dir, sizeof(dir), now.left);
}

static void
make_left(void)
{
	snprintf(now.left, sizeof(now.left), "/tmp/janus_left_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(now.left));
}

/* Store until the power fails, and start the machine again with what is left. */
static void
live(unsigned writes)
{
	make_left();
	now.kept = -1;
	forgetful_fail_at(writes, now.left, on_failed);
	store_commit(store, batch(now.told), on_done, NULL);
	loop_run(loop);
	store_close(store);
	store = NULL;
	leave();
	now.told = now.kept;
	forgetful_begin(dir);
	reopen();
}

START_TEST(test_power) /* [I02] it fails: what was not synced is lost, or reordered */
{
	store_close(store);
	store = NULL;
	forgetful_begin(dir);
	reopen();
	for (int i = 0; i < LIVES; i++) {
		live(1 +
		    (unsigned)(draw() %
			(i % 4 == 0 ? 4000 : 60))); /* the log is emptied at 1,000 */
		is_whole();
		are_there(now.told);
		ck_assert_int_eq(number("SELECT count(*) FROM competitors"),
		    number("SELECT count(*) FROM versions"));
	}
	ck_assert_uint_gt(forgetful.lost, 1000);
	ck_assert_int_gt(now.told, 100);
}
END_TEST

START_TEST(test_levels) /* [I02] with less than synchronous=FULL, acknowledged rows are lost */
{
	static const char insert[] =
	    "INSERT INTO meta (key, value) VALUES (hex(randomblob(8)), 'owl')";
	static const struct {
		const char *pragma;
		bool all;
	} cases[] = { { "PRAGMA synchronous=FULL", true }, { "PRAGMA synchronous=NORMAL", false },
		{ "PRAGMA synchronous=OFF", false } };
	sqlite3 *db;

	store_close(store);
	store = NULL;
	forgetful_begin(dir);
	db = look();
	ck_assert_int_eq(sqlite3_exec(db, cases[_i].pragma, NULL, NULL, NULL), SQLITE_OK);
	make_left();
	now.kept = -1;
	for (now.told = 0; now.told < 50; now.told++)
		ck_assert_int_eq(sqlite3_exec(db, insert, NULL, NULL, NULL), SQLITE_OK);
	forgetful_fail_at(1, now.left, on_failed); /* in the next one */
	ck_assert_int_eq(sqlite3_exec(db, insert, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(now.kept, 50);
	sqlite3_close(db);
	leave();
	is_whole();
	ck_assert_int_eq(
	    number("SELECT count(*) >= 50 FROM meta WHERE value = 'owl'"), cases[_i].all);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("power");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_power);
	tcase_add_loop_test(tc, test_levels, 0, 3);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_hold.c - another process becomes the one that decides: what is written by whom, and that nothing is lost.
 */
#include <string.h>
#include <unistd.h>

#include "controlplane/store/artifacts.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/look.h"
#include "tests/run.h"

static int settled, refused;

static void
on_done(const struct error *err, void *arg)
{
	const int *until = arg;

	refused += err != NULL;
	if (err != NULL)
		ck_assert_int_eq(err->kind, ERROR_CANCELLED);
	if (++settled == *until)
		loop_stop(loop);
}

static void
on_held(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static int told;

static void
on_row(const char *noun, const char *id, void *arg)
{
	(void)arg;
	ck_assert_str_eq(noun, "artifact");
	ck_assert(str_starts(id, "artf_"));
	told++;
}

static struct store_batch *
decision(int n)
{
	struct store_batch *b = store_batch_new();
	struct competitor c = { .created_at_ms = 1000 + n };

	snprintf(c.id, sizeof(c.id), "cpt_%022d", n);
	snprintf(c.slug, sizeof(c.slug), "owl-%d", n);
	store_put_competitor(b, &c);
	store_add_event(b,
	    &(struct store_event){
		.who = { "test", NULL }, .action = "owl.hatched", .object_id = c.id });
	return b;
}

static struct store_batch *
artifact(int n)
{
	struct store_batch *b = store_batch_new();
	struct artifact a = { .kind = "file", .type = "text/plain", .size = 1, .created_at_ms = n };

	snprintf(a.id, sizeof(a.id), "artf_%021d", n);
	memset(a.sha256, 'a', 64);
	store_put_artifact(b, &a);
	return b;
}

static void
used(int n)
{
	struct usage_row row = { .competitor = "owl", .status = 200, .at_ms = clock_wall_ms() };

	snprintf(row.request_id, sizeof(row.request_id), "request-%d", n);
	store_add_usage(store, &row);
}

/* [M06] What was decided before is written, what waits is not, and all of it is once it is ours again. */
START_TEST(test_held_and_taken_back)
{
	struct error err = { 0 };
	static int until = 3;

	settled = refused = 0;
	store_commit(store, decision(1), NULL, NULL);
	used(1);
	store_hold(store, on_held, NULL);
	loop_run(loop);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM usage"), 1);

	used(2);
	store_commit(store, decision(2), on_done, &until);
	store_commit(store, artifact(1), on_done, &until);
	ck_assert_int_eq(store_take_back(store, &err), 0); /* the schema is as it was */
	ck_assert_int_eq(number("SELECT count(*) FROM usage"), 1);
	store_let_go(store, on_row, NULL);
	used(3);
	store_commit(store, artifact(2), on_done, &until);
	loop_run(loop);
	/* What streams did is kept; what was decided is not, and whoever asked knows. */
	ck_assert_int_eq(refused, 1);
	ck_assert_int_eq(told, 2); /* the other process has not seen these */
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM artifacts"), 2);
	struct store_stats stats;
	store_stats(store, &stats);
	ck_assert(!stats.failing);
	store_close(store);
	store = NULL;
	ck_assert_int_eq(number("SELECT count(*) FROM usage"), 3);
}
END_TEST

/* [M06] Two write at the same time, of which one only what streams did: every row is there, and the chain of
 * events holds. */
START_TEST(test_two_writers)
{
	enum { N = 200 };
	static int until = N;
	struct error err = { 0 };
	struct store *old = store;

	settled = refused = 0;
	store_hold(old, on_held, NULL);
	loop_run(loop);
	store = store_open(dir, loop, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	store_let_go(old, on_row, NULL);
	for (int i = 0; i < N; i++) {
		struct usage_row row = { .competitor = "owl", .status = 200 };

		snprintf(row.request_id, sizeof(row.request_id), "old-%d", i);
		store_add_usage(old, &row);
		used(i);
		store_commit(old, artifact(i), NULL, NULL);
		store_commit(store, decision(i), on_done, &until);
	}
	loop_run(loop);
	store_close(old);
	store_close(store);
	store = NULL;
	ck_assert_int_eq(refused, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM usage"), 2 * N);
	ck_assert_int_eq(number("SELECT count(*) FROM artifacts"), N);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), N);
	ck_assert_int_eq(number("SELECT count(*) FROM events e WHERE prev <> '' AND NOT EXISTS "
				"(SELECT 1 FROM events b WHERE b.hash = e.prev)"),
	    0);
}
END_TEST

/* A store that ends while it is held writes nothing but what streams did: the other one has it. */
START_TEST(test_ends_while_held)
{
	store_hold(store, on_held, NULL);
	loop_run(loop);
	used(1);
	store_commit(store, decision(1), NULL, NULL);
	store_close(store);
	store = NULL;
	ck_assert_int_eq(number("SELECT count(*) FROM usage"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 0);
}
END_TEST

START_TEST(test_rehearsal) /* [M06][I06] */
{
	struct error err = { 0 };

	ck_assert_msg(store_rehearse(dir, &err) == 0, "%s", err.text);
	ck_assert_int_eq(store_rehearse("/tmp/nowhere-at-all", &err), 0); /* it would be made */
	change_file("PRAGMA user_version = 999");
	ck_assert_int_eq(store_rehearse(dir, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "use the newer program"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hold");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_held_and_taken_back);
	tcase_add_test(tc, test_two_writers);
	tcase_add_test(tc, test_ends_while_held);
	tcase_add_test(tc, test_rehearsal);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

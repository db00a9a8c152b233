/*
 * test_check.c - what must hold is looked for, and what does not hold is found; copies are whole.
 */
#include "controlplane/store/check.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/artifacts.h"
#include "controlplane/store/core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

static void
on_stored(const struct error *err, void *arg)
{
	(void)arg;
	ck_assert_msg(err == NULL, "%s", err != NULL ? err->text : "");
	loop_stop(loop);
}

static void
commit(struct store_batch *b)
{
	store_commit(store, b, on_stored, NULL);
	loop_run(loop);
}

/* One of each, as it should be. */
static void
furnish(void)
{
	struct store_batch *b = store_batch_new();
	const struct competitor c = { .id = "cpt_1", .slug = "owl", .version_id = "ver_1" };
	const struct version v = { .id = "ver_1", .competitor_id = "cpt_1", .accepted_at_ms = 5 };
	const struct instance i = {
		.id = "ins_1", .competitor_id = "cpt_1", .version_id = "ver_1"
	};
	const struct artifact a = { .id = "artf_1", .sha256 = "5d", .size = 3 };

	store_put_competitor(b, &c);
	store_put_version(b, &v);
	store_put_instance(b, &i);
	store_put_artifact(b, &a);
	for (int n = 0; n < 5; n++)
		store_add_event(b,
		    &(struct store_event){
			.who = { "test", NULL }, .action = "owl.hatched", .object_id = "cpt_1" });
	commit(b);
}

static void
behind(const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/janus.db", dir);
	char *why = NULL;
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK, "%s: %s", text, why);
	sqlite3_close(db);
}

struct seen {
	char bad[200], saw[300]; /* names of what does not hold, blanks between them */
	bool blob_there;
	int findings;
};

static void
on_finding(const struct check_finding *f, void *arg)
{
	struct seen *s = arg;
	const size_t len = strlen(s->bad);

	s->findings++;
	ck_assert(f->saw[0] != '\0');
	if (f->faults == 0)
		return;
	ck_assert(f->fix[0] != '\0');
	snprintf(s->bad + len, sizeof(s->bad) - len, "%s%s", len > 0 ? " " : "", f->name);
	str_copy(s->saw, sizeof(s->saw), f->saw);
}

static int
on_blob(const char *sha256, int64_t size, void *arg, struct error *err)
{
	const struct seen *s = arg;

	ck_assert_str_eq(sha256, "5d");
	ck_assert_int_eq(size, 3);
	return s->blob_there ? 0 : error_set(err, ERROR_NOT_FOUND, "gone");
}

static void
look(struct seen *s)
{
	struct error err = { 0 };
	int64_t schema = 0;
	const int bad = store_check(store, &schema, on_finding, on_blob, s, &err);

	ck_assert_msg(bad >= 0, "%s", err.text);
	ck_assert_int_eq(bad > 0, s->bad[0] != '\0');
	ck_assert_int_gt(schema, 18);
	ck_assert_int_ge(s->findings, 9);
}

static const struct fault {
	const char *what, *text, *finding, *saw;
} faults[] = {
	{ "an instance of no version",
	    "PRAGMA foreign_keys=OFF; UPDATE instances SET version_id = 'ver_9'",
	    "integrity instance_version", "ins_1" },
	{ "an instance of another's version",
	    "INSERT INTO competitors (id, slug, wanted, created_at_ms, updated_at_ms)"
	    " VALUES ('cpt_2', 'crow', 'running', 1, 1);"
	    "UPDATE instances SET competitor_id = 'cpt_2'",
	    "instance_version", "ins_1" },
	{ "a competitor whose version is not there", "UPDATE competitors SET version_id = 'ver_9'",
	    "competitor_version", "cpt_1" },
	{ "or was never accepted", "UPDATE versions SET accepted_at_ms = 0", "competitor_version",
	    "cpt_1" },
	{ "a candidate that is not there", "UPDATE competitors SET candidate_id = 'ver_9'",
	    "competitor_version", "cpt_1" },
	{ "a lease without an owner",
	    "INSERT INTO runs SELECT 'run_1', 'cpt_1', 'ver_1', 'owl', '', 'public/dev', '', '', 1,"
	    " 1, 1, 1, 'manual', '', 0, 0, 'running', '', '', 1, 1, '', 0, 0, 0, 0, '', '', 0, '',"
	    " '', 1, 1, 1, 0",
	    "lease_owner", "run_1" },
	{ "a reign of nobody",
	    "INSERT INTO reigns SELECT 'rgn_1', 'cpt_9', '', '', 'reigning', 'manual', '', '', '',"
	    " '', '', 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1",
	    "champion", "rgn_1" },
	{ "an event that was changed", "UPDATE events SET actor = 'nobody' WHERE rowid = 3",
	    "events", "evt_" },
	{ "one that was taken out", "DELETE FROM events WHERE rowid = 3", "events", "evt_" },
};

START_TEST(test_fine)
{
	struct seen s = { .blob_there = true };

	furnish();
	look(&s);
	ck_assert_str_eq(s.bad, "");
}
END_TEST

START_TEST(test_faults)
{
	const struct fault *f = &faults[_i];
	struct seen s = { .blob_there = true };

	furnish();
	behind(f->text);
	look(&s);
	ck_assert_msg(strcmp(s.bad, f->finding) == 0, "%s: '%s'", f->what, s.bad);
	ck_assert_msg(strstr(s.saw, f->saw) != NULL, "%s: '%s'", f->what, s.saw);
}
END_TEST

START_TEST(test_no_bytes)
{
	struct seen s = { .blob_there = false };

	furnish();
	look(&s);
	ck_assert_str_eq(s.bad, "artifact_bytes");
	ck_assert(strstr(s.saw, "artf_1") != NULL);
}
END_TEST

START_TEST(test_copy) /* [I09] it has what the log holds */
{
	_cleanup_free_ char *to = str_printf("%s/copy.db", dir);
	_cleanup_(sql_close) struct sql s = { 0 };
	struct error err = { 0 };
	struct seen seen = { 0 };
	int64_t schema = 0;

	furnish();
	ck_assert_msg(store_copy(store, to, &err) == 0, "%s", err.text);
	ck_assert_msg(store_file_check(to, &schema, &err) == 0, "%s", err.text);
	ck_assert_int_eq(store_file_open(to, &s, &err), 0);
	ck_assert_int_eq(store_file_blobs(&s, on_blob, &seen, &err), 1); /* it is not there */
	ck_assert_int_eq(store_file_blobs(&s, on_blob, &seen, &err), 0); /* nor is its row now */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_fine);
	tcase_add_loop_test(tc, test_faults, 0, (int)ARRAY_LEN(faults));
	tcase_add_test(tc, test_no_bytes);
	tcase_add_test(tc, test_copy);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

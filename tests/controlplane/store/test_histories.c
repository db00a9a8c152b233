/*
 * test_histories.c - what was told of a competitor's past is there with the submission that brought it.
 */
#include "controlplane/store/histories.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

static struct submission
submission(const char *id, const char *competitor_id, enum submission_state state)
{
	struct submission s = { .state = state };
	static char manifest[] = "";

	snprintf(s.id, sizeof(s.id), "%s", id);
	snprintf(s.slug, sizeof(s.slug), "owl");
	snprintf(s.competitor_id, sizeof(s.competitor_id), "%s", competitor_id);
	s.manifest = manifest;
	return s;
}

static void
add(struct store_batch *b, const char *submission_id, int place, const char *signer, char *manifest)
{
	static char signature[] = "seal", story[] = "told";
	struct history h = {
		.place = place,
		.exported_at_ms = 1000 + place,
		.imported_at_ms = 2000,
		.manifest = manifest,
		.signature = signature,
		.story = story,
	};

	snprintf(h.submission_id, sizeof(h.submission_id), "%s", submission_id);
	snprintf(h.signer, sizeof(h.signer), "%s", signer);
	store_add_history(b, &h);
}

static void
on_history(const struct history *h, void *arg)
{
	ck_assert_str_eq(h->signature, "seal");
	ck_assert_str_eq(h->story, "told");
	ck_assert_int_eq(h->exported_at_ms, 1000 + h->place);
	ck_assert_int_eq(h->imported_at_ms, 2000);
	buf_printf(arg, "%s/%d:%s:%s ", h->submission_id, (int)h->place, h->signer, h->manifest);
}

static void
told(const char *competitor_id, const char *wanted)
{
	_cleanup_buf_ struct buf seen = { 0 };
	struct error err = { 0 };

	ck_assert_msg(
	    store_histories(store, competitor_id, on_history, &seen, &err) == 0, "%s", err.text);
	ck_assert_str_eq(buf_str(&seen), wanted);
}

/* A submission, and what two signers told with it. */
static void
bring(const char *id, enum submission_state state, char *first, char *second)
{
	struct store_batch *b = store_batch_new();
	const struct submission s = submission(id, "cpt_1", state);

	store_put_submission(b, &s);
	add(b, id, 0, "a", first);
	add(b, id, 1, "b", second);
	store_commit(store, b, NULL, NULL);
}

static char one[] = "one", two[] = "two", three[] = "three";

START_TEST(test_accepted) /* of those that were accepted, in the order they came, each once */
{
	struct submission s = submission("sub_2", "cpt_1", SUBMISSION_READY);
	struct store_batch *b = store_batch_new();

	bring("sub_1", SUBMISSION_READY, one, two);
	bring("sub_2", SUBMISSION_SCANNING, two, three);
	bring("sub_3", SUBMISSION_REJECTED, three, one);
	reopen();
	told("cpt_1", "sub_1/0:a:one sub_1/1:b:two ");
	told("cpt_2", "");
	store_put_submission(b, &s);
	store_commit(store, b, NULL, NULL);
	bring("sub_4", SUBMISSION_READY, one, two); /* once more */
	reopen();
	told("cpt_1", "sub_1/0:a:one sub_1/1:b:two sub_2/0:a:two sub_2/1:b:three ");
}
END_TEST

static int failed;

static void
on_done(const struct error *err, void *arg)
{
	(void)arg;
	failed = err != NULL;
	loop_stop(loop);
}

START_TEST(test_together) /* with the submission, or neither */
{
	struct store_batch *b = store_batch_new();
	const struct submission s = submission("sub_1", "cpt_1", SUBMISSION_READY);

	store_put_submission(b, &s);
	add(b, "sub_1", 0, "a", one);
	add(b, "sub_1", 0, "b", two); /* the place is taken */
	store_commit(store, b, on_done, NULL);
	loop_run(loop);
	ck_assert_int_eq(failed, 1);
	told("cpt_1", "");
	b = store_batch_new();
	add(b, "sub_1", 0, "a", one); /* of a submission that is not there */
	store_commit(store, b, on_done, NULL);
	loop_run(loop);
	ck_assert_int_eq(failed, 1);
	bring("sub_1", SUBMISSION_READY, one, two);
	reopen();
	told("cpt_1", "sub_1/0:a:one sub_1/1:b:two ");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("histories");
	TCase *tc = tcase_create("histories");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_accepted);
	tcase_add_test(tc, test_together);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

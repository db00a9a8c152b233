/*
 * test_idempotency.c - the record of a request is there exactly when its effect is.
 */
#include "controlplane/store/idempotency.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/keys.h"
#include "runtime/base/clock.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

#define NOW INT64_C(1800000000000)

static struct idempotency_row found;

static void
forget(void)
{
	idempotency_row_done(&found);
	tear_down();
}

static int
find(const char *id, int64_t now_ms)
{
	struct error err = { 0 };

	idempotency_row_done(&found);
	memset(&found, 0, sizeof(found));
	const int rc = store_find_idempotency(store, id, now_ms, &found, &err);
	ck_assert_msg(rc >= 0, "%s", err.text);
	return rc;
}

static struct idempotency_row
row_of(const char *id, int status, char *sealed)
{
	struct idempotency_row row = { .request_sha256 = "hash", .status = status, .at_ms = NOW };

	snprintf(row.id, sizeof(row.id), "%s", id);
	row.sealed = sealed;
	return row;
}

static struct store_batch *
key_batch(const char *id, const char *name, const char *sha256)
{
	struct key k = { .scopes = SCOPE(READ) };
	struct store_batch *b = store_batch_new();

	snprintf(k.id, sizeof(k.id), "%s", id);
	snprintf(k.name, sizeof(k.name), "%s", name);
	snprintf(k.sha256, sizeof(k.sha256), "%s", sha256);
	store_put_key(b, &k);
	store_add_event(b,
	    &(struct store_event){ .who = { "admin", NULL },
		.action = "key.create",
		.object_id = id,
		.reason = name });
	return b;
}

START_TEST(
    test_with_effect) /* [A21] stored in the transaction of the effect, then with its answer */
{
	struct idempotency_row row = row_of("a", 0, NULL);
	struct store_batch *b;
	char sealed[] = "00ff";

	store_tag(store, &row);
	b = store_batch_new();
	store_commit(store, b, NULL, NULL); /* decides nothing: not the effect */
	store_commit(store, key_batch("key_1", "one", "s1"), NULL, NULL);
	store_commit(store, key_batch("key_2", "two", "s2"), NULL, NULL); /* the tag is used up */
	reopen();
	ck_assert_int_eq(find("a", NOW), 1);
	ck_assert_str_eq(found.object_id, "key_1");
	ck_assert_str_eq(found.request_sha256, "hash");
	ck_assert_int_eq(found.status, 0);

	row = row_of("a", 201, sealed);
	b = store_batch_new();
	store_put_idempotency(b, &row);
	store_commit(store, b, NULL, NULL);
	reopen();
	ck_assert_int_eq(find("a", NOW), 1);
	ck_assert_str_eq(found.object_id, "key_1");
	ck_assert_str_eq(found.sealed, sealed);
	ck_assert_int_eq(found.status, 201);
	ck_assert_int_eq(find("b", NOW), 0);
}
END_TEST

START_TEST(test_without_effect) /* [A21] an effect that was not stored leaves no record */
{
	const struct idempotency_row row = row_of("a", 0, NULL);

	store_commit(store, key_batch("key_1", "one", "s1"), NULL, NULL);
	store_tag(store, &row);
	store_commit(store, key_batch("key_2", "one", "s2"), NULL, NULL); /* the name is taken */
	store_tag(store, NULL);
	reopen();
	ck_assert_int_eq(find("a", NOW), 0);
}
END_TEST

START_TEST(test_life) /* [A21] for 24 hours */
{
	struct idempotency_row row = row_of("a", 201, NULL);
	struct store_batch *b = store_batch_new();

	store_put_idempotency(b, &row);
	store_commit(store, b, NULL, NULL);
	reopen();
	ck_assert_int_eq(find("a", NOW + IDEMPOTENCY_LIFE_MS - 1), 1);
	ck_assert_int_eq(find("a", NOW + IDEMPOTENCY_LIFE_MS), 0);
	row = row_of("b", 201, NULL);
	row.at_ms = NOW + IDEMPOTENCY_LIFE_MS;
	b = store_batch_new();
	store_put_idempotency(b, &row);
	store_commit(store, b, NULL, NULL);
	reopen();
	ck_assert_int_eq(find("a", NOW), 0); /* written over, it is gone for good */
	ck_assert_int_eq(find("b", NOW + IDEMPOTENCY_LIFE_MS), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("idempotency");
	TCase *tc = tcase_create("idempotency");

	tcase_add_checked_fixture(tc, set_up, forget);
	tcase_add_test(tc, test_with_effect);
	tcase_add_test(tc, test_without_effect);
	tcase_add_test(tc, test_life);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

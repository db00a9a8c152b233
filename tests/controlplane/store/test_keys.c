/*
 * test_keys.c - keys and what they used come back from the database as they were.
 */
#include "controlplane/store/keys.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

#define DAY_MS INT64_C(86400000)

static struct seen {
	struct key keys[4];
	int nkeys, nspent, nrecent;
	int64_t day, month, dearest, recent_tokens;
} seen;

static void
see_key(const struct key *k, void *arg)
{
	(void)arg;
	seen.keys[seen.nkeys++] = *k;
}

static void
see_spent(const char *id, int64_t day, int64_t month, int64_t dearest, void *arg)
{
	(void)arg;
	ck_assert_str_eq(id, "key_1");
	seen.nspent++;
	seen.day = day;
	seen.month = month;
	seen.dearest = dearest;
}

static void
see_recent(const char *id, int64_t at_ms, int64_t done_at_ms, int64_t tokens, void *arg)
{
	(void)arg;
	ck_assert_str_eq(id, "key_1");
	ck_assert_int_eq(done_at_ms - at_ms, 1500);
	seen.nrecent++;
	seen.recent_tokens += tokens;
}

static void
load(int64_t now_ms)
{
	static const struct key_rows rows = { see_key, see_spent, see_recent };
	struct error err = { 0 };

	memset(&seen, 0, sizeof(seen));
	ck_assert_msg(store_load_keys(store, &rows, now_ms, NULL, &err) == 0, "%s", err.text);
}

START_TEST(test_row)
{
	struct key k = {
		.id = "key_1",
		.name = "app",
		.kind = KEY_MINER,
		.scopes = SCOPE(READ) | SCOPE(SUBMIT),
		.sha256 = "abc",
		.prefix = "jns_mn_abcd",
		.last_four = "wxyz",
		.limits = { 1, 2, 3, 4, 5 },
		.expires_at_ms = 6,
		.created_at_ms = 7,
		.updated_at_ms = 8,
	};
	struct store_batch *b = store_batch_new();

	store_put_key(b, &k);
	store_commit(store, b, NULL, NULL);
	reopen();
	load(DAY_MS);
	ck_assert_int_eq(seen.nkeys, 1);
	ck_assert_mem_eq(&seen.keys[0].limits, &k.limits, sizeof(k.limits));
	ck_assert_str_eq(seen.keys[0].name, "app");
	ck_assert_str_eq(seen.keys[0].prefix, "jns_mn_abcd");
	ck_assert_str_eq(seen.keys[0].last_four, "wxyz");
	ck_assert_int_eq(seen.keys[0].kind, KEY_MINER);
	ck_assert_uint_eq(seen.keys[0].scopes, k.scopes);
	ck_assert_int_eq(seen.keys[0].expires_at_ms, 6);

	strcpy(k.old_sha256, "abc");
	strcpy(k.sha256, "def");
	k.old_until_ms = 9;
	k.rotated_at_ms = 10;
	k.revoked_at_ms = 11;
	b = store_batch_new();
	store_put_key(b, &k);
	store_commit(store, b, NULL, NULL);
	reopen();
	load(DAY_MS);
	ck_assert_int_eq(seen.nkeys, 1);
	ck_assert_str_eq(seen.keys[0].sha256, "def");
	ck_assert_str_eq(seen.keys[0].old_sha256, "abc");
	ck_assert_int_eq(seen.keys[0].old_until_ms, 9);
	ck_assert_int_eq(seen.keys[0].rotated_at_ms, 10);
	ck_assert_int_eq(seen.keys[0].revoked_at_ms, 11);
}
END_TEST

static void
use(const char *key, int64_t at_ms, int64_t tokens, int64_t micro_usd)
{
	struct usage_row u = { .request_id = "req_1",
		.competitor = "cpt_1",
		.at_ms = at_ms,
		.prompt_tokens = tokens,
		.cost_micro_usd = micro_usd,
		.duration_ms = 1500,
		.status = 200 };

	snprintf(u.key_id, sizeof(u.key_id), "%s", key);
	store_add_usage(store, &u);
}

static int64_t summed;

static void
sum(const struct usage_sum *u, void *arg)
{
	ck_assert_str_eq(u->of, arg);
	ck_assert_int_eq(u->requests, 4);
	summed += u->cost_micro_usd;
}

START_TEST(test_used) /* [H09] what was spent is recomputed; a negative cost is none */
{
	const int64_t month = month_start_ms(INT64_C(20000) * DAY_MS),
		      now = month + 10 * DAY_MS + 5000000;
	struct error err = { 0 };

	ck_assert_int_eq(month % DAY_MS, 0);
	ck_assert_int_eq(day_start_ms(now), month + 10 * DAY_MS);
	use("key_1", month - 1, 1, 1000000); /* the month before */
	use("key_1", month, 2, 20);
	use("key_1", now - 100000, 4, -1);
	use("key_1", now - 10, 8, 300);
	use("", now - 10, 16, 4000); /* without a key */
	reopen();
	load(now);
	ck_assert_int_eq(seen.nspent, 1);
	ck_assert_int_eq(seen.day, 300);
	ck_assert_int_eq(seen.month, 320);
	ck_assert_int_eq(seen.dearest, 300);
	ck_assert_int_eq(seen.nrecent, 2);
	ck_assert_int_eq(seen.recent_tokens, 12);

	char key[] = "cpt_1";
	ck_assert_int_eq(store_usage(store, USAGE_BY_COMPETITOR, month, sum, key, &err), 0);
	ck_assert_int_eq(summed, 4320);
}
END_TEST

START_TEST(test_words)
{
	ck_assert_uint_eq(scope_named("chat", 4), SCOPE(CHAT));
	ck_assert_uint_eq(scope_named("chatter", 7), 0);
	ck_assert_uint_eq(scope_named("", 0), 0);
	ck_assert_int_eq(key_kind_named("rt"), KEY_KIND_COUNT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keys");
	TCase *tc = tcase_create("keys");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_row);
	tcase_add_test(tc, test_used);
	tcase_add_test(tc, test_words);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

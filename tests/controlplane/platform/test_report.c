/*
 * test_report.c - calls gathered: bounded whatever a competitor does; and accounts kept in a file.
 */
#include "controlplane/platform/report.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/platform/account.h"
#include "controlplane/platform/control.h"
#include "controlplane/platform/offline_embedding.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static struct report
call(const char *target, enum decision decision)
{
	struct report r = { .service = SERVICE_WEB,
		.operation = "fetch",
		.code = "",
		.decision = decision,
		.calls = 1,
		.at_ms = 1,
		.bytes_in = 10 };

	snprintf(r.instance, sizeof(r.instance), "ins_1");
	snprintf(r.competitor, sizeof(r.competitor), "owl");
	snprintf(r.target, sizeof(r.target), "%s", target);
	return r;
}

static int64_t
calls_in(const struct reports *all)
{
	int64_t n = (int64_t)all->dropped;

	for (size_t i = 0; i < all->len; i++)
		n += all->at[i].calls;
	return n;
}

START_TEST(test_merge)
{
	struct reports all = { 0 };
	struct report r = call("a", DECISION_DENIED);

	reports_merge(&all, &r);
	reports_merge(&all, &r);
	ck_assert_uint_eq(all.len, 1);
	ck_assert_int_eq(all.at[0].calls, 2);
	ck_assert_int_eq(all.at[0].bytes_in, 20);
	all.at[0].is_told = true; /* the log has its number */
	reports_merge(&all, &r);
	ck_assert_uint_eq(all.len, 2);
	r = call("a", DECISION_ALLOWED); /* what was spent is never put together */
	reports_merge(&all, &r);
	reports_merge(&all, &r);
	ck_assert_uint_eq(all.len, 4);
	reports_done(&all);
}
END_TEST

START_TEST(test_flood) /* [G07] a million different refusals are a few rows, and all are counted */
{
	struct reports all = { 0 };
	char target[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(target, sizeof(target), "t%d", i);
		const struct report r =
		    call(target, i % 3 == 0 ? DECISION_ALLOWED : DECISION_DENIED);

		reports_merge(&all, &r);
	}
	ck_assert_uint_le(all.len, REPORTS_MAX);
	ck_assert_int_eq(calls_in(&all), 20000);
	reports_done(&all);
}
END_TEST

START_TEST(test_packets) /* every packet is whole JSON below its limit, and nothing is left out */
{
	struct reports all = { 0 };
	char target[160];
	size_t sent = 0;

	for (int i = 0; i < 300; i++) {
		memset(target, i % 2 == 0 ? '"' : '\x01', sizeof(target) - 1);
		snprintf(target, 12, "%d", i);
		target[strlen(target)] = '\xff';
		target[sizeof(target) - 1] = '\0';
		const struct report r = call(target, DECISION_DENIED);

		reports_merge(&all, &r);
	}
	while (all.len > 0) {
		_cleanup_buf_ struct buf packet = { 0 };
		_cleanup_json_ cJSON *json = NULL;
		const size_t n = reports_packet(&all, &packet, CONTROL_PACKET_MAX);

		ck_assert_uint_gt(n, 0);
		ck_assert_uint_le(packet.len, CONTROL_PACKET_MAX);
		ck_assert_int_eq(json_parse(packet.data, packet.len, &json, NULL), 0);
		ck_assert_int_eq(cJSON_GetArraySize(json_get(json, "calls")), (int)n);
		sent += n;
		all.len -= n;
		memmove(all.at, all.at + n, all.len * sizeof(*all.at));
	}
	ck_assert_uint_eq(sent, 300);
	reports_done(&all);
}
END_TEST

START_TEST(
    test_accounts) /* [H09] held and spent outlive the broker; a new day begins with nothing */
{
	struct accounts a = { 0 }, b = { 0 }, c = { 0 };
	const int64_t today = 20000 * DAY_MS + 5;
	struct quota_amounts three = { { 1, 30, 5, 7, 0 } };

	struct account *owl = account_of(&a, "owl", today);
	quota_hold(&owl->day, &three);
	quota_settle(&owl->day, &three, &three);
	quota_hold(&owl->day, &three);
	_cleanup_free_ char *text = accounts_text(&a);
	ck_assert_int_eq(accounts_read(&b, text, strlen(text), today, NULL), 0);
	ck_assert_int_eq(account_of(&b, "owl", today)->day.spent.of[QUOTA_TOKENS], 60);
	ck_assert_int_eq(accounts_read(&c, text, strlen(text), today + DAY_MS, NULL), 0);
	ck_assert_int_eq(account_of(&c, "owl", today + DAY_MS)->day.spent.of[QUOTA_TOKENS], 0);
	/* The day turns while a call is under way. */
	ck_assert_int_eq(account_of(&a, "owl", today + DAY_MS)->day.spent.of[QUOTA_TOKENS], 0);
	ck_assert_int_eq(owl->day.held.of[QUOTA_TOKENS], 30);
	static const char *const bad[] = { "", "[", "{\"day\":20000,\"competitors\":{\"a\":[1]}}",
		"{\"day\":20000,\"competitors\":{\"a\":[1,2,3,4,-5]}}",
		"{\"day\":20000,\"competitors\":[[1,2,3,4,5]]}" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(
		    accounts_read(&c, bad[i], strlen(bad[i]), today, NULL) == -1, "%s", bad[i]);
	accounts_close(&a);
	accounts_close(&b);
	accounts_close(&c);
}
END_TEST

START_TEST(test_offline_embedding)
{
	float a[OFFLINE_EMBEDDING_DIMENSIONS], b[OFFLINE_EMBEDDING_DIMENSIONS],
	    c[OFFLINE_EMBEDDING_DIMENSIONS];
	double near = 0, far = 0, length = 0;

	offline_embedding("the quick red fox jumps", 23, a);
	offline_embedding("The quick, red FOX sleeps!", 26, b);
	offline_embedding("tax law of 1913", 15, c);
	for (int i = 0; i < OFFLINE_EMBEDDING_DIMENSIONS; i++) {
		near += (double)a[i] * (double)b[i];
		far += (double)a[i] * (double)c[i];
		length += (double)a[i] * (double)a[i];
	}
	ck_assert_double_eq_tol(length, 1, 1e-5);
	ck_assert_double_gt(near, far + 0.3);
	ck_assert_uint_eq(offline_embedding("?!", 2, a), 0);
	ck_assert_uint_eq(offline_embedding("", 0, a), 0);
	ck_assert_double_eq_tol((double)a[0], 1, 1e-9);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_merge);
	tcase_add_test(tc, test_flood);
	tcase_add_test(tc, test_packets);
	tcase_add_test(tc, test_accounts);
	tcase_add_test(tc, test_offline_embedding);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

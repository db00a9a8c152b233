/*
 * test_policy.c - the two files of the platform: who may do what, and what models cost.
 */
#include "controlplane/platform/policy.h"

#include <check.h>
#include <string.h>

#include "controlplane/platform/prices.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

#define P(rest) "{\"version\":\"1\"," rest "}"

START_TEST(test_built_in)
{
	struct policy p;
	struct prices prices;

	ck_assert_int_eq(policy_load(&p, NULL, NULL), 0);
	ck_assert_int_eq(prices_load(&prices, NULL, NULL), 0);
	const struct policy_rules *r = policy_of(&p, "anybody");
	ck_assert(policy_allows_model(r, "anything"));
	ck_assert(!policy_allows_host(r, "example.org", 443)); /* nothing leaves by default */
	ck_assert_int_eq(r->day.of[QUOTA_COST], QUOTA_UNLIMITED);
	ck_assert_int_lt(r->day.of[QUOTA_REQUESTS], QUOTA_UNLIMITED);
	ck_assert_int_eq(prices_cost(&prices, "janus-offline-responder", 1000, 1000), 0);
	policy_done(&p);
	prices_done(&prices);
}
END_TEST

START_TEST(test_rules)
{
	static const char text[] =
	    P("\"default\":{\"models\":[\"gpt-*\"],\"domains\":[\"example.org\",\"*.wiki.org\","
	      "\"files.net:8443\",\"[2001:db8::1]:80\"],\"rates\":{\"web\":3},"
	      "\"budget\":{\"cost_usd\":1.5,\"sandbox_seconds\":2,\"tokens\":null}},"
	      "\"competitors\":{\"owl\":{\"models\":[],\"budget\":{\"cost_usd\":null}}}");
	static const struct {
		const char *host;
		int port;
		bool is_allowed;
	} hosts[] = { { "example.org", 443, true }, { "example.org", 80, true },
		{ "example.org", 8080, false }, { "www.example.org", 443, false },
		{ "en.wiki.org", 443, true }, { "a.b.wiki.org", 443, true },
		{ "wiki.org", 443, false }, { "evilwiki.org", 443, false },
		{ "files.net", 8443, true }, { "files.net", 443, false },
		{ "2001:db8::1", 80, true }, { "2001:db8::1", 443, false },
		{ "example.org.evil.net", 443, false }, { "", 443, false } };
	struct policy p;

	ck_assert_int_eq(policy_parse(&p, text, strlen(text), NULL), 0);
	const struct policy_rules *r = policy_of(&p, "else"), *owl = policy_of(&p, "owl");
	ck_assert(policy_allows_model(r, "gpt-9"));
	ck_assert(!policy_allows_model(r, "xgpt-9"));
	ck_assert(!policy_allows_model(owl, "gpt-9"));
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		ck_assert_msg(
		    policy_allows_host(r, hosts[i].host, hosts[i].port) == hosts[i].is_allowed,
		    "%s:%d", hosts[i].host, hosts[i].port);
	ck_assert_int_eq(r->day.of[QUOTA_COST], 1500000);
	ck_assert_int_eq(r->day.of[QUOTA_SANDBOX], 2000);
	ck_assert_int_eq(r->day.of[QUOTA_TOKENS], QUOTA_UNLIMITED);
	ck_assert_int_lt(r->day.of[QUOTA_BYTES], QUOTA_UNLIMITED); /* as built in */
	ck_assert_int_eq(owl->day.of[QUOTA_COST], QUOTA_UNLIMITED);
	ck_assert_int_eq(owl->day.of[QUOTA_SANDBOX], 2000);
	ck_assert_int_eq(owl->rates[SERVICE_WEB], 3);
	policy_done(&p);
}
END_TEST

START_TEST(test_bad_policies)
{
	static const char *const bad[] = { "", "[]", "{}", P("\"x\":1"), P("\"default\":[]"),
		P("\"default\":{\"model\":[]}"), P("\"default\":{\"models\":\"*\"}"),
		P("\"default\":{\"models\":[1]}"), P("\"default\":{\"domains\":[\"\"]}"),
		P("\"default\":{\"budget\":{\"cost\":1}}"),
		P("\"default\":{\"budget\":{\"cost_usd\":-1}}"),
		P("\"default\":{\"budget\":{\"cost_usd\":\"1\"}}"),
		P("\"default\":{\"budget\":{\"requests\":1e300}}"),
		P("\"default\":{\"rates\":{\"telepathy\":1}}"), P("\"competitors\":[{}]"),
		P("\"competitors\":{\"owl\":7}"), "{\"version\":\"1\",\"version\":\"2\"}" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = { 0 };
		struct policy p;

		ck_assert_msg(policy_parse(&p, bad[i], strlen(bad[i]), &err) == -1, "%s", bad[i]);
		ck_assert_msg(err.text[0] != '\0', "%s", bad[i]);
	}
}
END_TEST

START_TEST(test_prices) /* [H08] a price that is not known is said to be so */
{
	static const char text[] =
	    "{\"version\":\"v\",\"models\":{\"b\":{\"input\":2.5,\"output\":10},"
	    "\"a\":{\"input\":0,\"output\":0.15}}}";
	struct prices p;

	ck_assert_int_eq(prices_parse(&p, text, strlen(text), NULL), 0);
	ck_assert_int_eq(prices_cost(&p, "b", 1000000, 1000000), 12500000);
	ck_assert_int_eq(prices_cost(&p, "b", 1, 0), 3); /* 2.5 micro-USD, rounded up */
	ck_assert_int_eq(prices_cost(&p, "a", 5, 0), 0);
	ck_assert_int_eq(prices_cost(&p, "c", 5, 5), -1);
	ck_assert_int_eq(prices_cost(&p, "", 5, 5), -1);
	ck_assert_int_eq(prices_cost(&p, "b", -5, -5), 0);
	ck_assert_int_gt(prices_cost(&p, "b", INT64_MAX, INT64_MAX), 0);
	prices_done(&p);
	static const char *const bad[] = { "", "{}", "{\"version\":\"1\"}",
		"{\"version\":\"1\",\"models\":[]}", "{\"version\":\"1\",\"models\":{\"a\":1}}",
		"{\"version\":\"1\",\"models\":{\"a\":{\"input\":1}}}",
		"{\"version\":\"1\",\"models\":{\"a\":{\"input\":-1,\"output\":1}}}",
		"{\"version\":\"1\",\"models\":{\"a\":{\"input\":1,\"output\":1,\"x\":1}}}",
		"{\"version\":\"1\",\"models\":{},\"x\":1}" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(prices_parse(&p, bad[i], strlen(bad[i]), NULL) == -1, "%s", bad[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_built_in);
	tcase_add_test(tc, test_rules);
	tcase_add_test(tc, test_bad_policies);
	tcase_add_test(tc, test_prices);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_top_rates.c - counters to rates and percentiles.
 */
#include "controlplane/ctl/top_rates.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "tests/run.h"

START_TEST(test_percentiles)
{
	static const struct {
		const char *what;
		double counts[4], q, wanted;
	} rules[] = {
		{ "nothing", { 0, 0, 0, 0 }, 0.5, -1 },
		{ "half of the first bucket", { 10, 0, 0, 0 }, 0.5, 5 },
		{ "the middle of the second", { 0, 10, 0, 0 }, 0.5, 15 },
		{ "across", { 5, 5, 0, 0 }, 0.95, 19 },
		{ "exactly at a bound", { 5, 5, 0, 0 }, 0.5, 10 },
		{ "beyond all bounds", { 0, 0, 0, 3 }, 0.5, 40 },
	};
	static const double le[] = { 10, 20, 40 };

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		ck_assert_msg(fabs(top_percentile(le, rules[i].counts, 3, rules[i].q) -
				  rules[i].wanted) < 1e-9,
		    "%s", rules[i].what);
}
END_TEST

static cJSON *
parse(const char *text)
{
	cJSON *json = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
	return json;
}

START_TEST(test_rates)
{
	_cleanup_json_ cJSON *before = parse(
	    "{\"at_ms\":1000,\"data\":[{\"name\":\"owl\",\"requests\":10,\"completion_tokens\":100,"
	    "\"ttft\":{\"le_ms\":[10,20],\"counts\":[10,0,0]}}]}");
	_cleanup_json_ cJSON *now =
	    parse("{\"at_ms\":3000,\"data\":[{\"name\":\"owl\",\"state\":\"ready\",\"in_flight\":2,"
		  "\"requests\":14,\"errors\":1,"
		  "\"completion_tokens\":300,\"longest_gap_ms\":31,\"ttft\":{\"le_ms\":[10,20],"
		  "\"counts\":[10,4,0]}},"
		  "{\"name\":\"new\",\"requests\":6,\"longest_gap_ms\":null,\"ttft\":{\"le_ms\":["
		  "10,20],\"counts\":[0,0,0]}}]}");
	_cleanup_json_ cJSON *list = top_rates(before, now), *alone = top_rates(NULL, now),
			     *restarted = top_rates(now, before);
	const cJSON *owl = json_path(list, "data.0"), *fresh = json_path(list, "data.1");

	ck_assert_double_eq(json_num(owl, "requests_per_second", -1), 2);
	ck_assert_double_eq(json_num(owl, "tokens_per_second", -1), 100);
	ck_assert_double_eq(
	    json_num(owl, "ttft_p50_ms", -1), 15); /* of the four that came in between */
	ck_assert_int_eq(json_int(owl, "in_flight", -1), 2);
	ck_assert_int_eq(json_int(owl, "longest_gap_ms", -1), 31);
	ck_assert_int_eq(json_int(owl, "errors", -1), 1);
	ck_assert_double_eq(json_num(fresh, "requests_per_second", -1), 3);
	ck_assert(cJSON_IsNull(json_get(fresh, "ttft_p95_ms")));
	ck_assert(cJSON_IsNull(json_get(fresh, "longest_gap_ms")));
	owl = json_path(alone, "data.0");
	ck_assert(cJSON_IsNull(json_get(owl, "requests_per_second")));
	ck_assert_double_gt(json_num(owl, "ttft_p50_ms", -1), 0);
	/* Started anew in between: what is there counts, never less than nothing. */
	ck_assert_int_eq(cJSON_GetArraySize(json_get(restarted, "data")), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("top_rates");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_percentiles);
	tcase_add_test(tc, test_rates);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

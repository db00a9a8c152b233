/*
 * test_filter.c - choosing, ordering and showing the objects of a list.
 */
#include "controlplane/ctl/filter.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/output.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const char list[] = "[{\"id\":\"a\",\"name\":\"owl\",\"state\":\"ready\",\"instances\":10,"
			   "\"image\":\"i/owl\",\"health\":{\"status\":200}},"
			   "{\"id\":\"b\",\"name\":\"cat\",\"state\":\"failed\",\"instances\":9,"
			   "\"image\":null,\"url\":\"http://c\",\"health\":null},"
			   "{\"id\":\"c\",\"name\":\"ant\",\"state\":\"ready\",\"instances\":null,"
			   "\"is_default\":true,\"health\":{\"status\":500}}]";

static cJSON *
data(void)
{
	cJSON *json = NULL;

	ck_assert_int_eq(json_parse(list, sizeof(list) - 1, &json, NULL), 0);
	return json;
}

static char *
ids(const cJSON *json)
{
	struct buf out = { 0 };
	const cJSON *item;

	json_for_each(item, json) {
		buf_add_str(&out, json_str(item, "id"));
	}
	return buf_take(&out);
}

static const struct {
	struct option_list terms;
	const char *ids; /* NULL: refused */
} filters[] = {
	{ { { 0 }, 0 }, "abc" },
	{ { { "state=ready" }, 1 }, "ac" },
	{ { { "state!=ready" }, 1 }, "b" },
	{ { { "name~=*t" }, 1 }, "bc" },
	{ { { "state=ready", "name=ant" }, 2 }, "c" },
	{ { { "instances=9" }, 1 }, "b" },
	{ { { "instances=" }, 1 }, "c" },
	{ { { "is_default=true" }, 1 }, "c" },
	{ { { "default=true" }, 1 }, "c" },
	{ { { "source=http://c" }, 1 }, "b" },
	{ { { "health.status=500" }, 1 }, "c" },
	{ { { "state=nowhere" }, 1 }, "" },
	{ { { "stat=ready" }, 1 }, NULL },
	{ { { "state" }, 1 }, NULL },
	{ { { "=x" }, 1 }, NULL },
	{ { { "!=x" }, 1 }, NULL },
};

START_TEST(test_filters)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		_cleanup_json_ cJSON *json = data();
		struct error err = { 0 };
		const int result =
		    ctl_filter(json, ctl_kind_of("competitor"), &filters[i].terms, &err);
		_cleanup_free_ char *got = ids(json);

		ck_assert_msg(result == (filters[i].ids == NULL ? -1 : 0), "%zu: %s", i, err.text);
		if (result == 0)
			ck_assert_msg(str_eq(got, filters[i].ids), "%zu: %s", i, got);
		else
			ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
}
END_TEST

static const struct {
	const char *spec, *ids;
} sorts[] = {
	{ "name", "cba" },
	{ "-name", "abc" },
	{ "instances", "bac" },
	{ "-instances", "abc" },
	{ "state,name", "bca" },
	{ "-state,-id", "cab" },
	{ "source", "bac" },
	{ "", NULL },
	{ "nme", NULL },
	{ "a,b,c,d,e,f,g,h,i,j", NULL },
};

START_TEST(test_sorts)
{
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		_cleanup_json_ cJSON *json = data();
		struct error err = { 0 };
		const int result = ctl_sort(json, ctl_kind_of("competitor"), sorts[i].spec, &err);
		_cleanup_free_ char *got = ids(json);

		ck_assert_msg(
		    result == (sorts[i].ids == NULL ? -1 : 0), "%s: %s", sorts[i].spec, err.text);
		ck_assert_msg(
		    str_eq(got, result == 0 ? sorts[i].ids : "abc"), "%s: %s", sorts[i].spec, got);
	}
}
END_TEST

START_TEST(test_cut)
{
	static const struct {
		size_t n;
		const char *ids;
	} cuts[] = { { 0, "abc" }, { 1, "a" }, { 3, "abc" }, { 9, "abc" } };

	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		_cleanup_json_ cJSON *json = data();
		_cleanup_free_ char *got = NULL;

		ctl_cut(json, cuts[i].n);
		got = ids(json);
		ck_assert_str_eq(got, cuts[i].ids);
	}
}
END_TEST

START_TEST(test_ages)
{
	static const struct {
		int64_t s;
		const char *text;
	} ages[] = { { -5, "0s" }, { 0, "0s" }, { 119, "119s" }, { 120, "2m" }, { 7199, "119m" },
		{ 7200, "2h" }, { 172799, "47h" }, { 172800, "2d" }, { 86400 * 400, "400d" } };
	char text[24];

	for (size_t i = 0; i < ARRAY_LEN(ages); i++)
		ck_assert_str_eq(ctl_age(ages[i].s * 1000, text), ages[i].text);
}
END_TEST

START_TEST(test_cells)
{
	static const char object[] = "{\"t\":\"1970-01-01T00:00:10.000Z\",\"d\":\"sha256:"
				     "0123456789abcdef\",\"yes\":true,\"n\":3,"
				     "\"none\":null,\"odd\":\"soon\"}";
	static const struct {
		struct ctl_column column;
		bool full;
		const char *text;
	} cells[] = {
		{ { "t", "t", CTL_COL_AGE, false }, false, "50s" },
		{ { "t", "t", CTL_COL_AGE, false }, true, "1970-01-01T00:00:10.000Z" },
		{ { "odd", "odd", CTL_COL_AGE, false }, false, "soon" },
		{ { "d", "d", CTL_COL_DIGEST, false }, false, "sha256:0123456789ab" },
		{ { "d", "d", CTL_COL_DIGEST, false }, true, "sha256:0123456789abcdef" },
		{ { "yes", "yes", CTL_COL_TEXT, false }, false, "yes" },
		{ { "n", "none|n", CTL_COL_NUMBER, false }, false, "3" },
		{ { "none", "none", CTL_COL_TEXT, false }, false, "" },
		{ { "gone", "gone.x", CTL_COL_TEXT, false }, false, "" },
	};
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_int_eq(json_parse(object, sizeof(object) - 1, &json, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		_cleanup_buf_ struct buf out = { 0 };

		ctl_cell_text(&out, json, &cells[i].column, cells[i].full, 60000);
		ck_assert_msg(str_eq(buf_str(&out), cells[i].text), "%zu: %s", i, buf_str(&out));
	}
}
END_TEST

START_TEST(test_csv_and_json)
{
	static const struct {
		const char *in, *out;
	} csv[] = { { "", "" }, { "a b", "a b" }, { "a,b", "\"a,b\"" }, { "a\"b", "\"a\"\"b\"" },
		{ "a\nb", "a\\x0ab" } };
	_cleanup_buf_ struct buf safe = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(csv); i++) {
		_cleanup_buf_ struct buf out = { 0 };

		ctl_csv_cell(&out, csv[i].in);
		ck_assert_str_eq(buf_str(&out), csv[i].out);
	}
	ctl_json_safe(&safe, "\"\x7f \xc2\x9b \xc2\xa9\"");
	ck_assert_str_eq(buf_str(&safe), "\"\\u007f \\u009b \xc2\xa9\"");
}
END_TEST

START_TEST(test_formats)
{
	ck_assert_int_eq(ctl_format_named("table"), CTL_TABLE);
	ck_assert_int_eq(ctl_format_named("jsonl"), CTL_JSONL);
	ck_assert_int_eq(ctl_format_named("id"), CTL_ID);
	ck_assert_int_eq(ctl_format_named("yaml"), -1);
}
END_TEST

START_TEST(test_times)
{
	static const struct {
		const char *text;
		int64_t ms; /* at 1_000_000_000_000 */
	} cases[] = {
		{ "0s", INT64_C(1000000000000) },
		{ "1h", INT64_C(999996400000) },
		{ "7d", INT64_C(999395200000) },
		{ "90000d", 0 }, /* before all times */
		{ "2001-09-09T01:46:40Z", INT64_C(1000000000000) },
		{ "2001-09-09T01:46:40.000Z", INT64_C(1000000000000) },
		{ "yesterday", -1 },
		{ "-1h", -1 },
		{ "", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };

		ck_assert_int_eq(
		    ctl_time_parse(cases[i].text, INT64_C(1000000000000), &err), cases[i].ms);
		ck_assert_int_eq(err.kind, cases[i].ms < 0 ? ERROR_INVALID : ERROR_NONE);
	}
}
END_TEST

START_TEST(test_within)
{
	static const char text[] = "[{\"at\":\"2001-09-09T01:46:40.000Z\"},"
				   "{\"created_at\":\"2001-09-09T01:46:41.000Z\"},{\"n\":1}]";
	const int64_t at = INT64_C(1000000000000);
	static const struct {
		int64_t since, until;
		int kept;
	} cases[] = {
		{ -1, -1, 3 },
		{ 0, -1, 2 },
		{ 0, 1, 2 },
		{ 1, -1, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_json_ cJSON *data = NULL;
		const int64_t since = cases[i].since < 0 ? -1 : at + cases[i].since * 1000,
			      until = cases[i].until < 0 ? -1 : at + cases[i].until * 1000;

		ck_assert_int_eq(json_parse(text, strlen(text), &data, NULL), 0);
		ctl_within(data, since, until);
		ck_assert_int_eq(cJSON_GetArraySize(data), cases[i].kept);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_filters);
	tcase_add_test(tc, test_sorts);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_ages);
	tcase_add_test(tc, test_cells);
	tcase_add_test(tc, test_csv_and_json);
	tcase_add_test(tc, test_formats);
	tcase_add_test(tc, test_times);
	tcase_add_test(tc, test_within);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

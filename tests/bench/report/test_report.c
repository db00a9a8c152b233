/*
 * test_report.c - what is made of a run: numbers, tables, CSV, a page; and what is hostile in it.
 */
#include "bench/report/report.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/html_text.h"
#include "bench/report/result_internal.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static cJSON *
parse(const char *text)
{
	struct error err = { 0 };
	cJSON *json = NULL;

	ck_assert_msg(json_parse(text, strlen(text), &json, &err) == 0, "%s: %s", text, err.text);
	return json;
}

/* A line with quality q (below 0: none), so long a duration. */
static cJSON *
add_line(cJSON *lines, const char *item, const char *state, double quality, double ms)
{
	cJSON *line = json_add_obj(lines, NULL), *scores, *m;

	json_add_str(line, "object", "item");
	json_add_str(line, "item", item);
	json_add_str(line, "task_type", strchr(item, 'r') != NULL ? "research" : "chat");
	json_add_int(line, "epoch", 0);
	json_add_int(line, "attempt", 1);
	json_add_str(line, "state", state);
	json_add_bool(line, "passed", strcmp(state, "passed") == 0);
	add_number(line, "weight", 1);
	scores = json_add_obj(line, "scores");
	add_number(scores, "quality", quality < 0 ? NAN : quality);
	add_number(scores, "speed", quality < 0 ? NAN : quality);
	m = json_add_obj(line, "measured");
	json_add_bool(m, "complete", true);
	add_number(m, "ttft_ms", ms / 10);
	add_number(m, "duration_ms", ms);
	add_number(m, "max_gap_ms", ms / 5);
	add_number(m, "completion_tokens", 100);
	return line;
}

static cJSON *
manifest(void)
{
	return parse(
	    "{\"object\":\"evidence\",\"id\":\"evd_1\",\"suite\":\"public/dev\",\"suite_digest\":"
	    "\"sha256:a\",\"scoring_digest\":\"sha256:b\",\"seed\":42,\"model\":\"m\","
	    "\"state\":\"finished\",\"is_whole\":true,\"scores\":{\"composite\":{\"value\":70,"
	    "\"low\":60,\"high\":80,\"n\":4}},\"weights\":{\"quality\":60,\"speed\":40},"
	    "\"items\":{\"expected\":4,\"counted\":3,\"passed\":2,\"failed\":1,"
	    "\"excluded\":1},\"bootstrap\":{\"seed\":42,\"samples\":2000}}");
}

/* ---- numbers ---- */

START_TEST(test_percentile)
{
	double v[] = { 4, 1, 3, 2 };

	ck_assert_double_eq(percentile(v, 4, 0.5), 2.5);
	ck_assert_double_eq(percentile(v, 4, 0), 1);
	ck_assert_double_eq(percentile(v, 4, 1), 4);
	ck_assert_double_eq(percentile(v, 1, 0.95), 1);
	ck_assert(isnan(percentile(v, 0, 0.5)));
}
END_TEST

START_TEST(test_report_and_analysis)
{
	_cleanup_json_ cJSON *m = manifest(), *lines = cJSON_CreateArray();
	cJSON *first = add_line(lines, "a", "error", -1, 1);

	json_add_str(first, "fault", "platform");
	json_add_str(first, "error", "no runner");
	json_add_int(json_add_obj(first, "frames"), "at", 0);
	add_line(lines, "a", "passed", 100, 1000);
	add_line(lines, "b", "passed", 80, 1000);
	json_add_str(add_line(lines, "c", "failed", 0, 5000), "why", "not what is accepted");
	add_line(lines, "r", "error", -1, 1);
	_cleanup_json_ cJSON *r = report_of(m, lines), *a = analyze(r);
	ck_assert_str_eq(json_str(r, "object"), "report");
	ck_assert_int_eq(cJSON_GetArraySize(json_get(r, "results")), 5);
	ck_assert_ptr_null(json_path(r, "results.0.frames"));
	ck_assert_int_eq(json_int(json_path(r, "latency.duration_ms"), "n", 0), 3);
	ck_assert_double_eq(json_num(json_path(r, "latency.duration_ms"), "p50", 0), 1000);
	ck_assert_double_eq(json_num(json_path(r, "by_task.chat.scores"), "quality", 0), 60);
	ck_assert_int_eq(json_int(json_path(r, "by_task.chat"), "items", 0), 3);
	ck_assert_int_eq(json_int(json_path(r, "by_task.research"), "excluded", 0), 1);
	ck_assert_ptr_null(json_path(r, "by_task.coding"));
	ck_assert_str_eq(json_str(json_path(a, "failed.0"), "item"), "c");
	ck_assert_str_eq(json_str(json_path(a, "slow.0"), "item"), "c");
	ck_assert_double_eq(json_num(json_path(a, "slow.0"), "times", 0), 5);
	ck_assert_int_eq(cJSON_GetArraySize(json_get(a, "retried")), 2);
}
END_TEST

/* ---- compare ---- */

static cJSON *
run_of(int n, double quality, double spread, const char *suite_digest)
{
	_cleanup_json_ cJSON *m = manifest(), *lines = cJSON_CreateArray();

	cJSON_ReplaceItemInObjectCaseSensitive(m, "suite_digest", cJSON_CreateString(suite_digest));
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *item = str_printf("%s%d", i % 2 ? "r" : "c", i);

		add_line(lines, item, "passed", quality + (i * 7 % 5 - 2) * spread, 1000);
	}
	return report_of(m, lines);
}

START_TEST(test_compare)
{
	_cleanup_json_ cJSON *a = run_of(40, 80, 2, "sha256:a"), *b = run_of(30, 70, 2, "sha256:a"),
			     *c = run_of(30, 80, 2, "sha256:a"), *d = run_of(3, 1, 1, "sha256:x");
	cJSON *out = NULL, *again = NULL;
	struct error err = { 0 };

	ck_assert_int_eq(compare(a, b, &out, &err), 0);
	ck_assert_int_eq(json_int(out, "items", 0), 30); /* those that both have */
	ck_assert_str_eq(json_str(out, "winner"), "a");
	ck_assert_double_eq_tol(json_num(json_get(out, "composite"), "delta", 0), 10, 1e-9);
	ck_assert_double_ge(json_num(json_get(out, "composite"), "low", 0), 5);
	ck_assert_str_eq(json_str(json_path(out, "dimensions.quality"), "winner"), "a");
	ck_assert(cJSON_IsNull(json_path(out, "dimensions.modality.delta")));
	ck_assert_int_eq(json_int(json_path(out, "by_task.chat"), "items", 0), 15);
	ck_assert_int_eq(compare(a, b, &again, &err), 0);
	_cleanup_free_ char *x = json_print(out), *y = json_print(again);
	ck_assert_str_eq(x, y); /* the same seed */
	cJSON_Delete(out);
	cJSON_Delete(again);
	ck_assert_int_eq(compare(b, a, &out, &err), 0);
	ck_assert_str_eq(json_str(out, "winner"), "b");
	cJSON_Delete(out);
	ck_assert_int_eq(compare(a, c, &out, &err), 0);
	ck_assert(cJSON_IsNull(json_get(out, "winner")));
	cJSON_Delete(out);
	ck_assert_int_lt(compare(a, d, &out, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "suite_digest"));
}
END_TEST

START_TEST(test_chance) /* better on average, but one item decides */
{
	_cleanup_json_ cJSON *m = manifest(), *la = cJSON_CreateArray(), *lb = cJSON_CreateArray();
	_cleanup_json_ cJSON *out = NULL;

	for (int i = 0; i < 10; i++) {
		_cleanup_free_ char *item = str_printf("c%d", i);

		add_line(la, item, "passed", i == 0 ? 100 : 70, 1);
		add_line(lb, item, "passed", i == 0 ? 0 : 72, 1);
	}
	_cleanup_json_ cJSON *a = report_of(m, la), *b = report_of(m, lb);
	ck_assert_int_eq(compare(a, b, &out, NULL), 0);
	ck_assert_double_gt(json_num(json_get(out, "composite"), "delta", 0), 5);
	ck_assert(cJSON_IsNull(json_get(out, "winner")));
}
END_TEST

/* ---- the page ---- */

static const struct {
	const char *what, *text, *want;
} texts[] = {
	{ "an element", "</pre><script>x</script>", "&lt;/pre&gt;&lt;script&gt;x&lt;/script&gt;" },
	{ "an attribute", "\" onload='x` ", "&quot; onload=&#39;x&#96; " },
	{ "a reference", "&lt;", "&amp;lt;" },
	{ "a direction", "a\u202egnp.exe", "a[U+202E]gnp.exe" },
	{ "an isolate", "\u2066x\u2069", "[U+2066]x[U+2069]" },
	{ "nothing to see", "a\u200bb\ufeff", "a[U+200B]b[U+FEFF]" },
	{ "control", "a\x01\x1b[31m", "a[U+0001][U+001B][31m" },
	{ "line breaks stay", "a\n\tb", "a\n\tb" },
	{ "no UTF-8", "a\xff\xc3", "a\ufffd\ufffd" },
	{ "a surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd" },
	{ "languages stay", "Vltava \u0159\u00ed\u010dka \u6cb3 \xf0\x9f\x98\x80",
	    "Vltava \u0159\u00ed\u010dka \u6cb3 \xf0\x9f\x98\x80" },
	{ "none", "", "" },
};

START_TEST(test_html_text)
{
	_cleanup_buf_ struct buf out = { 0 };

	html_text(&out, texts[_i].text, 1000);
	ck_assert_msg(
	    strcmp(buf_str(&out), texts[_i].want) == 0, "%s: %s", texts[_i].what, buf_str(&out));
}
END_TEST

/* Every "<" begins one of the elements that the page is made of, and no attribute is another's. */
static void
assert_harmless(const char *html)
{
	static const char *const elements[] = { "html", "head", "meta", "title", "style", "body",
		"main", "header", "div", "h1", "h2", "h3", "small", "bdi", "p", "b", "span",
		"section", "svg", "rect", "path", "text", "circle", "details", "summary", "dl",
		"dt", "dd", "pre", NULL };
	static const char *const never[] = { " on", " src=", " href=", " style=", " action=" };

	for (const char *at = strchr(html, '<'); at != NULL; at = strchr(at + 1, '<')) {
		const char *name = at + 1 + (at[1] == '/');
		const size_t len = strcspn(name, " />\n");
		const char *const *e = elements;

		if (strncmp(at, "<!doctype html>", 15) == 0)
			continue;
		while (*e != NULL && (strlen(*e) != len || strncmp(*e, name, len) != 0))
			e++;
		ck_assert_msg(*e != NULL, "an element '%.60s'", at);
		const char *end = strchr(at, '>');
		ck_assert_ptr_nonnull(end);
		for (size_t i = 0; i < ARRAY_LEN(never); i++) {
			const char *found = strcasestr(at, never[i]);

			ck_assert_msg(found == NULL || found > end, "%s: %.80s", never[i], at);
		}
	}
	ck_assert_ptr_null(strcasestr(html, "<script"));
	ck_assert_ptr_null(strstr(html, "\u202e"));
	const char *style = strstr(html, "<style>"), *end = strstr(html, "</style>"),
		   *url = strstr(style, "url(");
	ck_assert(end != NULL && (url == NULL || url > end));
}

static const char *const attacks[] = {
	"</title></style><script>alert(1)</script>",
	"\"><img src=x onerror=alert(1)>",
	"' onmouseover='alert(1)",
	"\u202e\u2066</svg><foreignObject><iframe src=//evil>",
	"<!--",
	"]]>",
	"javascript:alert(1)",
	"<style>*{background:url(//evil)}</style>",
};

/* Every text of a report is the attack, and every number a wild one. */
static void
poison(cJSON *json, const char *attack)
{
	static const double wild[] = { 1e308, -1e308, 0, 1e-300, -5, 4e9 };
	static size_t turn;
	cJSON *item;

	for (item = json->child; item != NULL; item = item->next) {
		if (cJSON_IsString(item) && !str_eq(item->string, "state") &&
		    !str_eq(item->string, "item"))
			cJSON_SetValuestring(item, attack);
		if (cJSON_IsNumber(item))
			cJSON_SetNumberValue(item, wild[turn++ % ARRAY_LEN(wild)]);
		poison(item, attack);
	}
}

static cJSON *
big_report(const char *text)
{
	_cleanup_json_ cJSON *m = manifest(), *lines = cJSON_CreateArray();
	static const char *const members[] = { "why", "error", "fault", "code", "answer", "id",
		"task_type", "started_at" };
	static const char *const tops[] = { "model", "target", "run", "competitor", "suite",
		"scoring", "image_digest", "started_at", "version" };

	for (size_t i = 0; i < 3; i++) {
		cJSON *line = add_line(lines, text, i == 0 ? "failed" : "passed", 50, 1000);

		cJSON_DeleteItemFromObjectCaseSensitive(line, "task_type");
		for (size_t k = 0; k < ARRAY_LEN(members); k++)
			json_add_str(line, members[k], text);
		cJSON *check = json_add_obj(json_add_arr(line, "checks"), NULL);
		json_add_str(check, "check", text);
		json_add_str(check, "seen", text);
		cJSON *run = json_add_obj(json_add_arr(line, "executions"), NULL);
		json_add_int(run, "exit", 1);
		json_add_str(run, "stdout", text);
		json_add_str(run, "stderr", text);
		cJSON *measured = cJSON_GetObjectItem(line, "measured");
		json_add_str(measured, "model", text);
		json_add_str(measured, "odd", text);
		json_add_str(measured, "finish_reason", text);
	}
	for (size_t k = 0; k < ARRAY_LEN(tops); k++) {
		cJSON_DeleteItemFromObjectCaseSensitive(m, tops[k]);
		json_add_str(m, tops[k], text);
	}
	cJSON *r = report_of(m, lines);
	cJSON *by_task = cJSON_GetObjectItem(r, "by_task");
	add_number(json_add_obj(by_task, text), "items", 3);
	cJSON *traces =
	    parse("[{\"item\":\"\",\"task_type\":\"\",\"duration_ms\":10,\"events\":[[1,2,"
		  "false],[1e300,-7,true],[],\"x\",[null]],\"turns\":[0,\"x\",1e300]}]");
	cJSON_ReplaceItemInObjectCaseSensitive(traces->child, "item", cJSON_CreateString(text));
	cJSON_AddItemToObject(r, "traces", traces);
	return r;
}

START_TEST(test_html_hostile)
{
	const char *attack = attacks[_i];
	_cleanup_json_ cJSON *r = big_report(attack);
	_cleanup_buf_ struct buf out = { 0 }, wild = { 0 };

	report_html(r, &out);
	assert_harmless(out.data);
	ck_assert_ptr_nonnull(strstr(out.data, "Content-Security-Policy"));
	poison(r, attack);
	report_html(r, &wild);
	assert_harmless(wild.data);
	ck_assert_ptr_null(strstr(wild.data, "=\"nan"));
	ck_assert_ptr_null(strstr(wild.data, "=\"inf"));
	ck_assert_ptr_null(strstr(wild.data, "=\"-nan"));
}
END_TEST

START_TEST(test_html_huge) /* an answer of 5 MB */
{
	const size_t len = 5 << 20;
	_cleanup_free_ char *text = mem_zalloc(len + 1);
	_cleanup_buf_ struct buf out = { 0 };

	memset(text, '<', len);
	_cleanup_json_ cJSON *r = big_report(text);
	report_html(r, &out);
	ck_assert_uint_lt(out.len, 1 << 20);
	assert_harmless(out.data);
}
END_TEST

START_TEST(test_html_nothing) /* what is no report of ours */
{
	static const char *const odd[] = { "{}", "{\"results\":[1,null,\"x\",{}],\"traces\":{}}",
		"{\"results\":{},\"by_task\":[1],\"scores\":[],\"items\":3,\"latency\":\"x\"}",
		"{\"results\":[{\"item\":\"a\",\"state\":7,\"measured\":3,\"scores\":[],\"checks\":"
		"{\"a\":"
		"1},\"executions\":\"x\"}]}" };

	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		_cleanup_json_ cJSON *r = parse(odd[i]), *a = analyze(r), *c = NULL;
		_cleanup_buf_ struct buf out = { 0 }, csv = { 0 };
		FILE *none = fopen("/dev/null", "w");

		report_html(r, &out);
		assert_harmless(out.data);
		report_csv(r, &csv);
		show_report(r, 0, none);
		show_analysis(a, 0, none);
		show_comparison(r, 0, none);
		show_verification(r, 0, none);
		show_replay(r, 0, none);
		ck_assert_int_lt(compare(r, r, &c, NULL), 0);
		fclose(none);
	}
}
END_TEST

/* ---- tables and CSV ---- */

START_TEST(test_csv)
{
	_cleanup_json_ cJSON *m = manifest(), *lines = cJSON_CreateArray();
	_cleanup_buf_ struct buf out = { 0 };
	size_t commas[2] = { 0, 0 };

	json_add_str(add_line(lines, "=cmd|' /C calc'!A0", "failed", 0, 5), "why", "say \"no\"");
	_cleanup_json_ cJSON *r = report_of(m, lines);
	report_csv(r, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "\n\"'=cmd|' /C calc'!A0\","));
	ck_assert_ptr_nonnull(strstr(out.data, "\"say \"\"no\"\"\""));
	ck_assert(str_starts(out.data, "item,task_type,"));
	const char *line = out.data;
	for (int i = 0; i < 2; i++) { /* as many cells as the head has */
		for (; *line != '\n'; line++)
			commas[i] += *line == ',';
		ck_assert_int_eq(line[-1], '\r');
		line++;
	}
	ck_assert_uint_eq(commas[0], commas[1]);
	ck_assert_int_eq(*line, '\0');
}
END_TEST

START_TEST(test_tables)
{
	_cleanup_json_ cJSON *m = manifest(), *lines = cJSON_CreateArray();
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	json_add_str(add_line(lines, "c\x1b[31m", "failed", 0, 12345), "why", "wrong\x1b]0;x\x07");
	add_line(lines, "a", "passed", 100, 500);
	_cleanup_json_ cJSON *r = report_of(m, lines);
	show_report(r, 0, to);
	fclose(to);
	ck_assert_ptr_null(strchr(text, '\x1b'));
	ck_assert_msg(strstr(text, "composite       70.0   60.0 to 80.0") != NULL, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "items passed"));
	ck_assert_ptr_nonnull(strstr(text, "wrong\\x1b]0;x\\x07"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("report");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_percentile);
	tcase_add_test(tc, test_report_and_analysis);
	tcase_add_test(tc, test_compare);
	tcase_add_test(tc, test_chance);
	tcase_add_loop_test(tc, test_html_text, 0, ARRAY_LEN(texts));
	tcase_add_loop_test(tc, test_html_hostile, 0, ARRAY_LEN(attacks));
	tcase_add_test(tc, test_html_huge);
	tcase_add_test(tc, test_html_nothing);
	tcase_add_test(tc, test_csv);
	tcase_add_test(tc, test_tables);
	suite_add_tcase(s, tc);
	return run_suite(s);
}

/*
 * output.c - JSON, tables, CSV, HTML.
 */
#include "bench/output.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/cli.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/table.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static void
as_json(const cJSON *report, struct buf *out)
{
	_cleanup_free_ char *text = json_print(report);

	buf_printf(out, "%s\n", text);
}

static const struct {
	const char *ending;
	void (*render)(const cJSON *report, struct buf *out);
} forms[] = {
	{ ".json", as_json },
	{ ".html", report_html },
	{ ".csv", report_csv },
};

int
output_check(const char *path, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (str_ends(path, forms[i].ending))
			return 0;
	return error_set(
	    err, ERROR_INVALID, "--output '%.80s': a name with .json, .html or .csv", path);
}

int
output_write(const char *path, const cJSON *report, struct error *err)
{
	_cleanup_buf_ struct buf text = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (str_ends(path, forms[i].ending)) {
			forms[i].render(report, &text);
			return file_write(path, buf_str(&text), text.len, 0644, err);
		}
	return output_check(path, err);
}

void
output_json(const cJSON *json)
{
	_cleanup_buf_ struct buf text = { 0 };

	as_json(json, &text);
	fputs(buf_str(&text), stdout);
}

void
output_print(const struct bench_call *c, const cJSON *report)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (bench_format_is(c, "json")) {
		output_json(report);
	} else if (bench_format_is(c, "jsonl")) {
		_cleanup_json_ cJSON *rest = cJSON_Duplicate(report, true);

		cJSON_DeleteItemFromObjectCaseSensitive(rest, "results");
		output_json(rest);
	} else if (bench_format_is(c, "csv")) {
		report_csv(report, &text);
		fputs(buf_str(&text), stdout);
	} else {
		show_report(report, table_width(stdout), stdout);
	}
}

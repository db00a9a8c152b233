/*
 * verb_suites.c - janus-bench list and check.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/output.h"
#include "bench/suites.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/table.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define SUITES_DEPTH 3

/* ---- which are there ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char **at; /* owned, each too */
	size_t len;
};

static void
find(const char *dir, const char *name, int depth, struct names *out)
{
	_cleanup_free_ char *path = str_printf("%s%s%s", dir, name[0] == '\0' ? "" : "/", name);
	_cleanup_free_ char *head = str_printf("%s/suite.json", path);
	const struct dirent *e;
	DIR *d;

	if (access(head, R_OK) == 0) {
		out->at = mem_realloc(out->at, (out->len + 1) * sizeof(*out->at));
		out->at[out->len++] = str_dup(name);
		return;
	}
	d = depth == 0 ? NULL : opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		_cleanup_free_ char *below =
		    str_printf("%s%s%s", name, name[0] == '\0' ? "" : "/", e->d_name);

		if (e->d_name[0] != '.')
			find(dir, below, depth - 1, out);
	}
	if (d != NULL)
		closedir(d);
}

static cJSON *
render(const char *name, const struct suite *s)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "object", "suite");
	json_add_str(json, "name", name);
	json_add_str(json, "title", s->title);
	json_add_str(json, "description", s->description);
	json_add_str(json, "version", s->version);
	json_add_str(json, "scoring", s->scoring);
	json_add_str(json, "digest", s->digest);
	json_add_int(json, "items", (int64_t)s->len);
	return json;
}

static cJSON *
list_of(cJSON *data)
{
	cJSON *list = cJSON_CreateObject();

	json_add_str(list, "object", "list");
	cJSON_AddItemToObject(list, "data", data);
	return list;
}

struct column {
	const char *key; /* its title, too */
	unsigned flags;
};

static void
print_rows(const struct column *columns, size_t n, const cJSON *data)
{
	struct table *t = table_new();
	const cJSON *row;

	for (size_t i = 0; i < n; i++)
		table_column(t, columns[i].key, columns[i].flags);
	json_for_each(row, data) {
		table_row(t);
		for (size_t i = 0; i < n; i++) {
			const cJSON *v = json_get(row, columns[i].key);
			_cleanup_free_ char *number =
			    cJSON_IsNumber(v) ? str_printf("%.0f", v->valuedouble) : NULL;

			table_cell(t, i, number != NULL ? number : cJSON_GetStringValue(v));
		}
	}
	table_print(t, true, table_width(stdout), stdout);
	table_free(t);
}

/* As --output-format says; data is taken over. */
static void
print_list(const struct bench_call *c, const struct column *columns, size_t n, cJSON *data)
{
	_cleanup_json_ cJSON *list = list_of(data);
	const cJSON *row;

	if (bench_format_is(c, "json")) {
		output_json(list);
	} else if (bench_format_is(c, "jsonl")) {
		json_for_each(row, data) {
			output_json(row);
		}
	} else {
		print_rows(columns, n, data);
	}
}

static int
list_suites(struct bench_call *c)
{
	static const struct column columns[] = { { "name", 0 }, { "items", TABLE_RIGHT },
		{ "version", 0 }, { "scoring", 0 }, { "title", TABLE_CUT } };
	_cleanup_free_ char *dir = suites_dir(c);
	cJSON *data = cJSON_CreateArray();
	struct names names = { 0 };
	int rc = -1;

	find(dir, "", SUITES_DEPTH, &names);
	if (names.len > 0)
		qsort(names.at, names.len, sizeof(*names.at), by_name);
	for (size_t i = 0; i < names.len; i++) {
		struct suite_open s = { 0 };

		if (rc < 0)
			rc = suites_open(c, names.at[i], &s);
		if (rc < 0)
			cJSON_AddItemToArray(data, render(names.at[i], &s.suite));
		suites_close(&s);
		free(names.at[i]);
	}
	free(names.at);
	if (rc >= 0) {
		cJSON_Delete(data);
		return rc;
	}
	print_list(c, columns, ARRAY_LEN(columns), data);
	return BENCH_OK;
}

/* ---- what is in one ---- */

static cJSON *
tasks_of(const struct suite *s)
{
	cJSON *data = cJSON_CreateArray();

	for (int t = 0; t < ITEM_TASK_COUNT; t++) {
		cJSON *row = cJSON_CreateObject();
		int64_t items = 0, not_text = 0;

		for (size_t i = 0; i < s->len; i++) {
			const bool is_one = s->items[i].task == (enum item_task)t;

			items += is_one;
			not_text += is_one && s->items[i].modality != ITEM_TEXT;
		}
		json_add_str(row, "name", item_task_name((enum item_task)t));
		json_add_int(row, "items", items);
		json_add_int(row, "files or pictures", not_text);
		if (items > 0)
			cJSON_AddItemToArray(data, row);
		else
			cJSON_Delete(row);
	}
	return data;
}

static int
list_benchmarks(struct bench_call *c)
{
	static const struct column columns[] = { { "name", 0 }, { "items", TABLE_RIGHT },
		{ "files or pictures", TABLE_RIGHT } };
	struct suite_open s;
	const int rc = suites_open(c, c->opt.suite != NULL ? c->opt.suite : "public/dev", &s);

	if (rc < 0)
		print_list(c, columns, ARRAY_LEN(columns), tasks_of(&s.suite));
	suites_close(&s);
	return rc < 0 ? BENCH_OK : rc;
}

int
verb_list(struct bench_call *c)
{
	struct error err = { 0 };

	if (str_eq(c->words[0], "suites") || str_eq(c->words[0], "suite"))
		return list_suites(c);
	if (str_eq(c->words[0], "benchmarks") || str_eq(c->words[0], "benchmark"))
		return list_benchmarks(c);
	error_set(&err, ERROR_INVALID, "list what? suites or benchmarks");
	bench_complain(c, &err);
	return BENCH_USAGE;
}

/* ---- is it one? ---- */

int
verb_check(struct bench_call *c)
{
	struct suite_open s;
	const int rc = suites_open(c, c->words[0], &s);

	if (rc < 0 && (bench_format_is(c, "json") || bench_format_is(c, "jsonl"))) {
		_cleanup_json_ cJSON *json = render(s.suite.name, &s.suite);

		output_json(json);
	} else if (rc < 0) {
		printf("%s: %zu items, scored by %s, %s\n", s.suite.name, s.suite.len,
		    s.suite.scoring, s.suite.digest);
	}
	suites_close(&s);
	return rc < 0 ? BENCH_OK : rc;
}

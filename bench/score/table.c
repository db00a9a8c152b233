/*
 * table.c - a CSV file's header, rows, sums and cells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/score/scorers.h"
#include "bench/score/text.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define CELLS_MAX 200000
#define SUM_TOLERANCE 0.005

struct table { /* cells one after another; cell i is text from at[i] to its NUL */
	struct buf text;
	size_t *at;
	size_t cells, cap;
	size_t columns, rows; /* with the header's */
	bool ragged; /* rows of different lengths, a quote that is not closed, too many cells */
};

static void
table_done(struct table *t)
{
	buf_done(&t->text);
	free(t->at);
}

static void
cell_begins(struct table *t)
{
	if (t->cells == t->cap) {
		t->cap = t->cap * 2 + 64;
		t->at = mem_realloc(t->at, t->cap * sizeof(*t->at));
	}
	t->at[t->cells++] = t->text.len;
}

/* A cell without spaces around it; returns where it ended: at a comma, a line's end or the end. */
static const char *
read_cell(struct table *t, const char *p, const char *end)
{
	cell_begins(t);
	while (p < end && *p == ' ')
		p++;
	if (p < end && *p == '"') {
		for (p++; p < end && (*p != '"' || (p + 1 < end && p[1] == '"')); p++) {
			p += *p == '"';
			buf_add_char(&t->text, *p);
		}
		t->ragged |= p == end;
		p += p < end;
		while (p < end && (*p == ' ' || *p == '\r'))
			p++;
		t->ragged |= p < end && *p != ',' && *p != '\n';
	}
	while (p < end && *p != ',' && *p != '\n')
		buf_add_char(&t->text, *p++);
	while (t->text.len > t->at[t->cells - 1] &&
	    strchr(" \r\t", t->text.data[t->text.len - 1]) != NULL)
		t->text.len--;
	buf_add_char(&t->text, '\0');
	return p;
}

static void
read_table(struct table *t, const char *p, const char *end)
{
	if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < end && !t->ragged) {
		const size_t before = t->cells;

		if (*p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n')) { /* an empty line */
			p += *p == '\r' ? 2 : 1;
			continue;
		}
		for (p = read_cell(t, p, end); p < end && *p == ',' && t->cells <= CELLS_MAX;)
			p = read_cell(t, p + 1, end);
		p += p < end;
		if (t->rows++ == 0)
			t->columns = t->cells;
		t->ragged |= t->cells - before != t->columns || t->cells > CELLS_MAX;
	}
}

static const char *
cell(const struct table *t, size_t row, size_t column)
{
	return t->text.data + t->at[row * t->columns + column];
}

static size_t
column_of(const struct table *t, const char *name)
{
	size_t c = 0;

	while (c < t->columns && strcmp(cell(t, 0, c), name) != 0)
		c++;
	return c;
}

static bool
header_is(const struct table *t, const cJSON *header)
{
	const cJSON *name;
	size_t c = 0;

	json_for_each(name, header) {
		if (c == t->columns || strcmp(cell(t, 0, c++), name->valuestring) != 0)
			return false;
	}
	return header == NULL || c == t->columns;
}

static bool
sum_is(const struct table *t, const cJSON *sum)
{
	const size_t c = column_of(t, sum->string);
	double all = 0, n;

	if (c == t->columns)
		return false;
	for (size_t row = 1; row < t->rows; row++) {
		if (!text_decimal(cell(t, row, c), strlen(cell(t, row, c)), &n))
			return false;
		all += n;
	}
	return text_close(all, sum->valuedouble, SUM_TOLERANCE);
}

static bool
cell_is(const struct table *t, const cJSON *check)
{
	const int64_t row = json_int(check, "row", 1);
	const size_t c = column_of(t, json_str(check, "column"));

	if (c == t->columns || (size_t)row >= t->rows)
		return false;
	_cleanup_json_ cJSON *got = cJSON_CreateString(cell(t, (size_t)row, c));
	return same_loosely(json_get(check, "value"), got);
}

static bool
says(char *note, size_t cap, const char *what)
{
	str_copy(note, cap, what);
	return false;
}

static bool
table_is(const struct table *t, const cJSON *csv, char *note, size_t cap)
{
	const cJSON *check;

	if (t->ragged || t->rows == 0)
		return says(note, cap, "no table: rows of different lengths, or none");
	if (!header_is(t, json_get(csv, "header")))
		return says(note, cap, "header");
	if (json_int(csv, "columns", (int64_t)t->columns) != (int64_t)t->columns)
		return says(note, cap, "columns");
	if (json_int(csv, "rows", (int64_t)t->rows - 1) != (int64_t)t->rows - 1)
		return says(note, cap, "rows");
	json_for_each(check, json_get(csv, "sum")) {
		if (!sum_is(t, check))
			return says(note, cap, "sum");
	}
	json_for_each(check, json_get(csv, "cells")) {
		if (!cell_is(t, check))
			return says(note, cap, "cells");
	}
	return true;
}

bool
table_right(const cJSON *csv, const struct buf *bytes, char *note, size_t cap)
{
	struct table t = { 0 };
	const char *text = buf_str(bytes);

	read_table(&t, text, text + bytes->len);
	const bool ok = memchr(text, '\0', bytes->len) == NULL ? table_is(&t, csv, note, cap)
							       : says(note, cap, "no text");
	table_done(&t);
	return ok;
}

int
check_table(const cJSON *csv, struct error *err)
{
	static const char *const known[] = { "header", "rows", "columns", "sum", "cells", NULL };
	const cJSON *header = json_get(csv, "header"), *sum = json_get(csv, "sum"),
		    *cells = json_get(csv, "cells"), *c;

	if (spec_known(csv, known, err) < 0 || spec_number(csv, "rows", 1, 1e5, true, err) < 0 ||
	    spec_number(csv, "columns", 1, 1e3, true, err) < 0)
		return -1;
	if ((header != NULL && !cJSON_IsArray(header)) || (sum != NULL && !cJSON_IsObject(sum)) ||
	    (cells != NULL && !cJSON_IsArray(cells)))
		return spec_wrong(err, "header, sum, cells", "an array, an object, an array");
	json_for_each(c, header) {
		if (!cJSON_IsString(c))
			return spec_wrong(err, "header", "an array of texts");
	}
	json_for_each(c, sum) {
		if (!cJSON_IsNumber(c))
			return spec_wrong(err, "sum", "numbers by column");
	}
	json_for_each(c, cells) {
		if (json_str(c, "column") == NULL || json_get(c, "value") == NULL ||
		    spec_number(c, "row", 1, 1e5, true, err) < 0)
			return spec_wrong(err, "cells", "each is {\"row\",\"column\",\"value\"}");
	}
	return sum != NULL || cells != NULL
	    ? 0
	    : spec_wrong(err, "csv", "sum or cells: a header alone is easily guessed");
}

/*
 * output.c - data on stdout, in the format asked for.
 */
#include "controlplane/ctl/output.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/filter.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/table.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define COLUMNS_MAX 32
#define DIGEST_SHOWN (strlen("sha256:") + 12)

static void
table_freep(struct table **t)
{
	table_free(*t);
}

int
ctl_format_named(const char *word)
{
	static const char *const names[] = { "table", "wide", "json", "jsonl", "csv", "id" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], word))
			return (int)i;
	return -1;
}

const char *
ctl_age(int64_t ms, char buf[24])
{
	const long long s = ms < 0 ? 0 : ms / 1000;

	if (s < 120)
		snprintf(buf, 24, "%llds", s);
	else if (s < 120 * 60)
		snprintf(buf, 24, "%lldm", s / 60);
	else if (s < 48 * 3600)
		snprintf(buf, 24, "%lldh", s / 3600);
	else
		snprintf(buf, 24, "%lldd", s / 86400);
	return buf;
}

void
ctl_json_safe(struct buf *out, const char *json)
{
	const unsigned char *s = (const unsigned char *)json;

	for (; *s != '\0'; s++) {
		if (*s == 0x7f) {
			buf_add_str(out, "\\u007f");
		} else if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0) {
			buf_printf(out, "\\u%04x", s[1]);
			s++;
		} else {
			buf_add_char(out, (char)*s);
		}
	}
}

void
ctl_print_json(const cJSON *json, FILE *out)
{
	_cleanup_free_ char *text = json_print(json);
	_cleanup_buf_ struct buf safe = { 0 };

	ctl_json_safe(&safe, text);
	fprintf(out, "%s\n", buf_str(&safe));
}

void
ctl_csv_cell(struct buf *out, const char *text)
{
	_cleanup_buf_ struct buf safe = { 0 };
	const char *s;

	str_add_escaped(&safe, text, strlen(text));
	s = buf_str(&safe);
	if (strpbrk(s, ",\"") == NULL) {
		buf_add_str(out, s);
		return;
	}
	buf_add_char(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			buf_add_char(out, '"');
		buf_add_char(out, *s);
	}
	buf_add_char(out, '"');
}

void
ctl_cell_text(
    struct buf *out, const cJSON *object, const struct ctl_column *c, bool full, int64_t now_ms)
{
	_cleanup_buf_ struct buf text = { 0 };
	char age[24];
	int64_t at_ms;

	ctl_field_text(&text, object, c->path);
	if (c->type == CTL_COL_AGE && !full && (at_ms = clock_parse(buf_str(&text))) >= 0)
		buf_add_str(out, ctl_age(now_ms - at_ms, age));
	else if (c->type == CTL_COL_DIGEST && !full && text.len > DIGEST_SHOWN)
		buf_add(out, buf_str(&text), DIGEST_SHOWN);
	else if (c->type == CTL_COL_POINTS && !str_eq(buf_str(&text), "-") && text.len > 0)
		buf_printf(out, "%.1f", strtod(buf_str(&text), NULL));
	else if (str_eq(buf_str(&text), "true") || str_eq(buf_str(&text), "false"))
		buf_add_str(out, buf_str(&text)[0] == 't' ? "yes" : "no");
	else
		buf_add_str(out, buf_str(&text));
}

/* The column a word of --columns means: its title or its path. */
static const struct ctl_column *
column_named(const struct ctl_kind *kind, const char *word)
{
	for (size_t i = 0; i < kind->columns_len; i++)
		if (strcasecmp(kind->columns[i].title, word) == 0 ||
		    str_eq(kind->columns[i].path, word))
			return &kind->columns[i];
	return NULL;
}

static int
unknown_column(const struct ctl_kind *kind, const char *word, struct error *err)
{
	_cleanup_buf_ struct buf all = { 0 };

	for (size_t i = 0; i < kind->columns_len; i++)
		buf_printf(&all, "%s%s", i == 0 ? "" : ",", kind->columns[i].title);
	return error_set(
	    err, ERROR_INVALID, "no column '%.40s'; there are %s", word, buf_str(&all));
}

static int
choose_columns(const struct ctl *ctl, const struct ctl_kind *kind,
    const struct ctl_column *out[COLUMNS_MAX], size_t *len, struct error *err)
{
	const bool wide = ctl->format == CTL_WIDE || ctl->format == CTL_CSV;
	_cleanup_free_ char *words = str_dup(ctl->opt.columns);
	char *rest = NULL;

	*len = 0;
	if (words == NULL) {
		for (size_t i = 0; i < kind->columns_len && *len < COLUMNS_MAX; i++)
			if (wide || !kind->columns[i].wide_only)
				out[(*len)++] = &kind->columns[i];
		return 0;
	}
	for (char *word = strtok_r(words, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		const struct ctl_column *c = column_named(kind, word);

		if (c == NULL)
			return unknown_column(kind, word, err);
		if (*len < COLUMNS_MAX)
			out[(*len)++] = c;
	}
	return *len > 0 ? 0 : error_set(err, ERROR_INVALID, "--columns takes A,B,...");
}

int
ctl_columns_check(const struct ctl *ctl, const struct ctl_kind *kind, struct error *err)
{
	const struct ctl_column *columns[COLUMNS_MAX];
	size_t len;

	return choose_columns(ctl, kind, columns, &len, err);
}

static void
print_table(const struct ctl *ctl, const struct ctl_kind *kind, const cJSON *data, FILE *out)
{
	_cleanup_(table_freep) struct table *t = table_new();
	const struct ctl_column *columns[COLUMNS_MAX];
	const bool full = ctl->opt.utc || ctl->format == CTL_WIDE;
	const int64_t now_ms = clock_wall_ms();
	const cJSON *item;
	size_t len;

	if (choose_columns(ctl, kind, columns, &len, NULL) < 0)
		return;
	for (size_t i = 0; i < len; i++)
		table_column(t, columns[i]->title,
		    columns[i]->type == CTL_COL_NUMBER || columns[i]->type == CTL_COL_POINTS
			? TABLE_RIGHT
			: columns[i]->type == CTL_COL_FREE ? TABLE_CUT
							   : 0);
	json_for_each(item, data) {
		table_row(t);
		for (size_t i = 0; i < len; i++) {
			_cleanup_buf_ struct buf text = { 0 };

			ctl_cell_text(&text, item, columns[i], full, now_ms);
			table_cell(t, i, buf_str(&text));
		}
	}
	table_print(t, !ctl->opt.no_headers, ctl->opt.no_trunc ? 0 : table_width(out), out);
}

static void
print_csv(const struct ctl *ctl, const struct ctl_kind *kind, const cJSON *data, FILE *out)
{
	const struct ctl_column *columns[COLUMNS_MAX];
	const cJSON *item;
	size_t len;

	if (choose_columns(ctl, kind, columns, &len, NULL) < 0)
		return;
	if (!ctl->opt.no_headers)
		for (size_t i = 0; i < len; i++)
			fprintf(out, "%s%s", columns[i]->title, i + 1 < len ? "," : "\n");
	json_for_each(item, data) {
		_cleanup_buf_ struct buf line = { 0 };

		for (size_t i = 0; i < len; i++) {
			_cleanup_buf_ struct buf text = { 0 };

			ctl_field_text(&text, item, columns[i]->path);
			ctl_csv_cell(&line, buf_str(&text));
			buf_add_char(&line, i + 1 < len ? ',' : '\n');
		}
		fputs(buf_str(&line), out);
	}
}

static void
print_ids(const cJSON *data, FILE *out)
{
	const cJSON *item;

	json_for_each(item, data) {
		const char *id = json_str(item, "id");
		_cleanup_buf_ struct buf safe = { 0 };

		if (id == NULL)
			id = json_str(item, "name");
		if (id == NULL)
			continue;
		str_add_escaped(&safe, id, strlen(id));
		fprintf(out, "%s\n", buf_str(&safe));
	}
}

static void
print_rows(const struct ctl *ctl, const struct ctl_kind *kind, const cJSON *data, FILE *out)
{
	const cJSON *item;

	switch (ctl->format) {
	case CTL_TABLE:
	case CTL_WIDE: print_table(ctl, kind, data, out); return;
	case CTL_CSV: print_csv(ctl, kind, data, out); return;
	case CTL_ID: print_ids(data, out); return;
	case CTL_JSON:
	case CTL_JSONL: json_for_each(item, data) { ctl_print_json(item, out);
		}
		return;
	}
}

void
ctl_print_list(const struct ctl *ctl, const struct ctl_kind *kind, const cJSON *list, FILE *out)
{
	if (ctl->format == CTL_JSON)
		ctl_print_json(list, out);
	else
		print_rows(ctl, kind, json_get(list, "data"), out);
}

void
ctl_print_object(const struct ctl *ctl, const struct ctl_kind *kind, const cJSON *object, FILE *out)
{
	_cleanup_json_ cJSON *data = cJSON_CreateArray();

	cJSON_AddItemReferenceToArray(data, (cJSON *)(uintptr_t)object);
	print_rows(ctl, kind, data, out);
}

/* One line a field; objects inside become "health.status", lists of words one line each. */
static void
add_fields(struct table *t, const cJSON *object, const char *prefix)
{
	const cJSON *item;
	size_t at = 0;

	json_for_each(item, object) {
		char number[24];
		_cleanup_free_ char *name = NULL;
		_cleanup_buf_ struct buf text = { 0 };

		snprintf(number, sizeof(number), "%zu", at++);
		name = str_printf("%s%s%s", prefix, prefix[0] == '\0' ? "" : ".",
		    item->string != NULL ? item->string : number);
		if ((cJSON_IsObject(item) || cJSON_IsArray(item)) && item->child != NULL) {
			add_fields(t, item, name);
			continue;
		}
		if (!cJSON_IsObject(item) && !cJSON_IsArray(item))
			ctl_value_text(&text, item);
		table_row(t);
		table_cell(t, 0, name);
		table_cell(t, 1, buf_str(&text));
	}
}

void
ctl_print_fields(const struct ctl *ctl, const struct ctl_kind *kind, const cJSON *object, FILE *out)
{
	_cleanup_(table_freep) struct table *t = NULL;

	if (ctl->format == CTL_JSON || ctl->format == CTL_JSONL) {
		ctl_print_json(object, out);
		return;
	}
	if (ctl->format == CTL_CSV || ctl->format == CTL_ID || ctl->opt.columns != NULL) {
		ctl_print_object(ctl, kind, object, out);
		return;
	}
	t = table_new();
	table_column(t, "field", 0);
	table_column(t, "value", 0);
	add_fields(t, object, "");
	table_print(t, !ctl->opt.no_headers, 0, out);
}

int
ctl_show_trial(struct ctl *ctl, const cJSON *object)
{
	const char *name = json_str(object, "name");

	if (ctl->format == CTL_JSON || ctl->format == CTL_JSONL)
		ctl_print_object(ctl, ctl_kind_of(ctl->command->noun), object, stdout);
	ctl_note(ctl, "dry run: %s %s would be done; nothing was changed", ctl->command->verb,
	    name != NULL ? name : ctl->words[0]);
	return CTL_OK;
}

/*
 * table.c - rows and columns for people (libsmartcols).
 *
 * libsmartcols lays out; cutting is ours because it cuts without an ellipsis.
 */
#include "runtime/base/cli/table.h"

#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

#define COLUMNS_MAX 32
#define CUT_MIN 8 /* a column is not cut below this */
#define GAP 2

struct table {
	size_t columns, rows, rows_cap;
	struct {
		char *title; /* owned */
		unsigned flags;
	} column[COLUMNS_MAX];
	char **cells; /* owned: rows * columns; NULL is none */
};

struct table *
table_new(void)
{
	return mem_zalloc(sizeof(struct table));
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	for (size_t i = 0; i < t->columns; i++)
		free(t->column[i].title);
	free(t->cells);
	free(t);
}

void
table_column(struct table *t, const char *title, unsigned flags)
{
	char *upper;

	if (t->columns == COLUMNS_MAX || t->rows > 0)
		return;
	upper = str_dup(title);
	for (char *c = upper; *c != '\0'; c++)
		*c = *c == '_' || *c == '.' ? ' ' : (char)toupper((unsigned char)*c);
	t->column[t->columns].title = upper;
	t->column[t->columns++].flags = flags;
}

void
table_row(struct table *t)
{
	if (t->rows == t->rows_cap) {
		t->rows_cap = t->rows_cap == 0 ? 16 : t->rows_cap * 2;
		t->cells =
		    mem_realloc(t->cells, t->rows_cap * (t->columns + 1) * sizeof(*t->cells));
	}
	for (size_t i = 0; i < t->columns; i++)
		t->cells[t->rows * t->columns + i] = NULL;
	t->rows++;
}

void
table_cell(struct table *t, size_t column, const char *text)
{
	struct buf safe = { 0 };
	char **cell;

	if (t->rows == 0 || column >= t->columns)
		return;
	cell = &t->cells[(t->rows - 1) * t->columns + column];
	free(*cell);
	*cell = NULL;
	if (text == NULL || text[0] == '\0')
		return;
	str_add_escaped(&safe, text, strlen(text));
	*cell = buf_take(&safe);
}

/* Columns one character takes; what the locale cannot show takes one. */
static size_t
char_width(const char *s, size_t *bytes)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	const size_t n = mbrtowc(&wide, s, MB_CUR_MAX, &state);
	int width;

	if (n == 0 || n == (size_t)-1 || n == (size_t)-2) {
		*bytes = 1;
		return 1;
	}
	*bytes = n;
	width = wcwidth(wide);
	return width < 0 ? 1 : (size_t)width;
}

static size_t
text_width(const char *s)
{
	size_t width = 0, bytes;

	for (; *s != '\0'; s += bytes)
		width += char_width(s, &bytes);
	return width;
}

void
table_cut(struct buf *out, const char *text, size_t width)
{
	const char *const ellipsis = MB_CUR_MAX > 1 ? "…" : "~";
	size_t used = 0, bytes;

	if (text_width(text) <= width) {
		buf_add_str(out, text);
		return;
	}
	for (; *text != '\0'; text += bytes) {
		const size_t w = char_width(text, &bytes);

		if (used + w + 1 > width)
			break;
		used += w;
		buf_add(out, text, bytes);
	}
	if (width > 0)
		buf_add_str(out, ellipsis);
}

size_t
table_width(FILE *f)
{
	struct winsize size = { 0 };
	const int fd = fileno(f);
	const char *columns = getenv("COLUMNS");
	int64_t n;

	if (fd < 0 || !isatty(fd))
		return 0;
	if (columns != NULL && str_parse_int(columns, 20, 10000, &n, NULL) == 0)
		return (size_t)n;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void
measure(const struct table *t, bool headers, size_t *widths)
{
	for (size_t c = 0; c < t->columns; c++) {
		widths[c] = headers ? text_width(t->column[c].title) : 1;
		for (size_t r = 0; r < t->rows; r++) {
			const char *cell = t->cells[r * t->columns + c];
			const size_t w = cell == NULL ? 1 : text_width(cell);

			if (w > widths[c])
				widths[c] = w;
		}
	}
}

/* Take a column at a time from the widest that may be cut, until all fit. */
static void
shrink(const struct table *t, size_t width, size_t *widths)
{
	size_t total = (t->columns - 1) * GAP;

	for (size_t c = 0; c < t->columns; c++)
		total += widths[c];
	while (total > width) {
		size_t widest = t->columns;

		for (size_t c = 0; c < t->columns; c++)
			if ((t->column[c].flags & TABLE_CUT) != 0 && widths[c] > CUT_MIN &&
			    (widest == t->columns || widths[c] > widths[widest]))
				widest = c;
		if (widest == t->columns)
			break;
		widths[widest]--;
		total--;
	}
}

static struct libscols_table *
layout(bool headers, FILE *out)
{
	struct libscols_table *st = scols_new_table();

	if (st == NULL)
		mem_out();
	scols_table_enable_noheadings(st, !headers);
	scols_table_enable_noencoding(st, 1); /* cells are escaped already */
	scols_table_enable_minout(st, 1); /* nothing after the last cell */
	scols_table_set_column_separator(st, "  ");
	scols_table_set_termforce(st, SCOLS_TERMFORCE_NEVER);
	scols_table_set_stream(st, out);
	return st;
}

void
table_print(struct table *t, bool headers, size_t width, FILE *out)
{
	size_t widths[COLUMNS_MAX];
	struct libscols_table *st;

	if (t->columns == 0 || (t->rows == 0 && !headers))
		return;
	measure(t, headers, widths);
	if (width > 0)
		shrink(t, width, widths);
	st = layout(headers, out);
	for (size_t c = 0; c < t->columns; c++)
		scols_table_new_column(st, headers ? t->column[c].title : "", 0,
		    (t->column[c].flags & TABLE_RIGHT) != 0 ? SCOLS_FL_RIGHT : 0);
	for (size_t r = 0; r < t->rows; r++) {
		struct libscols_line *line = scols_table_new_line(st, NULL);

		if (line == NULL)
			mem_out();
		for (size_t c = 0; c < t->columns; c++) {
			const char *cell = t->cells[r * t->columns + c];
			_cleanup_buf_ struct buf text = { 0 };

			table_cut(&text, cell == NULL ? "-" : cell, widths[c]);
			if (scols_line_set_data(line, c, buf_str(&text)) != 0)
				mem_out();
		}
	}
	if (t->rows > 0) {
		scols_print_table(st);
	} else { /* libsmartcols prints nothing for an empty table */
		for (size_t c = 0; c < t->columns; c++)
			fprintf(out, "%s%s", c > 0 ? "  " : "", t->column[c].title);
		fputc('\n', out);
	}
	scols_unref_table(st);
}

/*
 * table.h - rows and columns for people (libsmartcols).
 *
 * Upper-case headers, two spaces between columns, "-" for none, control characters escaped, and
 * cut with an ellipsis only where a width is given.
 */
#ifndef JANUS_BASE_CLI_TABLE_H
#define JANUS_BASE_CLI_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
struct buf;

enum table_flags {
	TABLE_RIGHT = 1, /* numbers */
	TABLE_CUT = 2, /* may be cut to fit */
};

struct table; /* rows and the widths they need */

struct table *table_new(void);
void table_free(struct table *);
/** table_column - add a column; title is copied and printed in upper case. Before the first row. */
void table_column(struct table *, const char *title, unsigned flags);
/** table_row - begin a row; cells not set show "-". */
void table_row(struct table *);
/** table_cell - text of a cell in the current row, copied and escaped; NULL or "" shows "-". */
void table_cell(struct table *, size_t column, const char *text);
/** table_print - write all; width 0 cuts nothing. */
void table_print(struct table *, bool headers, size_t width, FILE *);

/** table_width - columns of the terminal at f, 0 where it is none. */
size_t table_width(FILE *f);
/** table_cut - append at most width columns of text, the last an ellipsis if it was cut. */
void table_cut(struct buf *out, const char *text, size_t width);
#endif

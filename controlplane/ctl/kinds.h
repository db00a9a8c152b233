/*
 * kinds.h - what the API lists, and the columns people see.
 */
#ifndef JANUS_CTL_KINDS_H
#define JANUS_CTL_KINDS_H
#include <stdbool.h>
#include <stddef.h>

enum ctl_column_type {
	CTL_COL_TEXT,
	CTL_COL_FREE, /* text that may be cut to fit */
	CTL_COL_NUMBER, /* to the right */
	CTL_COL_POINTS, /* a score: with one decimal, to the right */
	CTL_COL_AGE, /* a time; "3m" unless times were asked for */
	CTL_COL_DIGEST, /* shortened, but not in wide */
};

struct ctl_column {
	const char *title;
	const char *path; /* into the object; "a|b" is the first that is there */
	enum ctl_column_type type;
	bool wide_only;
};

struct ctl_kind {
	const char *noun;
	const struct ctl_column *columns;
	size_t columns_len;
};

/** ctl_kind_of - the kind of a noun; never NULL for a noun of the command table. */
const struct ctl_kind *ctl_kind_of(const char *noun);
#endif

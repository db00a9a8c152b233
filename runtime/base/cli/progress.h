/*
 * progress.h - one line on a terminal that is drawn over itself.
 */
#ifndef JANUS_BASE_CLI_PROGRESS_H
#define JANUS_BASE_CLI_PROGRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
struct buf;

struct progress { /* embedded; {0} shows nothing */
	FILE *out; /* NULL: not a terminal, or not wanted */
	size_t width; /* of the terminal */
	int64_t drawn_ms; /* monotonic; 0 while the line is clear */
};

/** progress_init - draw on f if wanted and f is a terminal that can. */
void progress_init(struct progress *, FILE *f, bool wanted);
/** progress_show - label and, where total is above 0, a bar of bytes; at most ten times a second. */
void progress_show(struct progress *, const char *label, int64_t done, int64_t total);
/** progress_line - any other line, at most width - 1 columns and without control codes; as often. */
void progress_line(struct progress *, const char *line);
/** progress_clear - take the line away: before any other output, and at the end. */
void progress_clear(struct progress *);
/** progress_format - the line without control codes, at most width columns. Pure. */
void progress_format(struct buf *out, size_t width, const char *label, int64_t done, int64_t total);
#endif

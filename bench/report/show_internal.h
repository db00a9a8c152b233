/*
 * show_internal.h - the pieces that tables on a terminal are made of.
 */
#ifndef JANUS_BENCH_SHOW_INTERNAL_H
#define JANUS_BENCH_SHOW_INTERNAL_H
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdio.h>

#include "runtime/base/cli/table.h"

/** text_number - "" of what is no number. */
const char *text_number(double v, const char *format, char out[40]);
const char *text_ms(double ms, char out[40]); /* "812 ms", "14.2 s" */
const char *why_of(
    const cJSON *line); /* the first that says anything: why, error, code, fault; NULL */

void show_title(const char *title, FILE *);
void show_head(const cJSON *report, FILE *);
void show_tasks(const cJSON *by_task, size_t width, FILE *);
/** show_lines - item, task and why of each; nothing if there are none. */
void show_lines(const char *title, const cJSON *lines, const char *last, size_t width, FILE *);
void show_excluded(const cJSON *excluded, size_t width, FILE *);
#endif

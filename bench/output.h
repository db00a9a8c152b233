/*
 * output.h - a report to standard output or a file.
 */
#ifndef JANUS_BENCH_OUTPUT_H
#define JANUS_BENCH_OUTPUT_H
#include <cjson/cJSON.h>

#include "bench/report/report.h"
struct bench_call;
struct error;

/** output_check - can a report be written so? INVALID: its name ends with none of .json .html .csv. */
int output_check(const char *path, struct error *);
/** output_write - in the form that its name ends with. */
int output_write(const char *path, const cJSON *report, struct error *);
/** output_print - as --output-format says; with jsonl the report without its results, which came before. */
void output_print(const struct bench_call *, const cJSON *report);
/** output_json - an object on a line of its own. */
void output_json(const cJSON *);
#endif

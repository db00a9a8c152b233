/*
 * result_internal.h - what the files of this room share.
 */
#ifndef JANUS_BENCH_RESULT_INTERNAL_H
#define JANUS_BENCH_RESULT_INTERNAL_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct map;
struct result;

#define PAIR_MAX 96 /* "<item> <epoch>" */

/** add_number - null where it is no number. */
void add_number(cJSON *object, const char *key, double value);
void add_copy(cJSON *object, const char *key, const cJSON *value); /* NULL adds null */

/** result_counts - of a line: did the attempt end with a score? */
bool result_counts(const cJSON *line);
/** result_read - a line's scores, 0 to 1; checks and why stay empty. */
void result_read(const cJSON *line, struct result *out);

/** pair_name - of a line; returns out. */
const char *pair_name(const char *item, int epoch, char out[PAIR_MAX]);
/** last_lines - of each (item, epoch) the line that stands for it: the last one that counts, else the
 *  last. Keys are pair names, values borrowed lines; the caller's, map_done. */
void last_lines(const cJSON *lines, struct map *out);

/** measured_number - of a line: a member of its measured, or tokens_per_second; NAN. */
double measured_number(const cJSON *line, const char *name);
extern const char *const latency_names[]; /* NULL-ended */

/* The lines that stand for their (item, epoch), in order. */
struct standing {
	const cJSON **lines; /* owned array of borrowed lines */
	size_t n;
};
void standing_of(const cJSON *lines, struct standing *);
void standing_done(struct standing *);
/** standing_values - of a task (NULL: all) those that count and came to their end; how many. */
size_t standing_values(const struct standing *, const char *task, const char *name, double *out);
/** add_percentiles - {"p50","p90","p95","p99","max","n"} of that. */
void add_percentiles(cJSON *to, const struct standing *, const char *task, const char *name);

/** percentile - p of 0 to 1 of values, which are sorted then; linear between two. NAN of none. */
double percentile(double *values, size_t n, double p);
#endif

/*
 * opened.h - a run's evidence, as a directory, with what it was asked and judged by.
 */
#ifndef JANUS_BENCH_OPENED_H
#define JANUS_BENCH_OPENED_H
#include <cjson/cJSON.h>
#include <stdbool.h>

#include "bench/record/suite.h"
#include "bench/report/result.h"
struct error;

/* A directory, or a .tar.gz of one in a directory of its own while it is open. */
struct unpacked {
	char *dir; /* owned */
	char *temp; /* owned; to be removed; NULL */
};
/** unpacked_open - NOT_FOUND: nothing is there; INVALID: neither. BLOCKS. */
int unpacked_open(const char *path, struct unpacked *out, struct error *);
void unpacked_done(struct unpacked *);

struct opened {
	cJSON *manifest; /* owned */
	struct suite suite; /* owned */
	const struct item **items; /* owned; those of the run */
	size_t nitems;
	struct scoring scoring;
	const char *seal_key; /* borrowed */
};
/** opened_run - manifest, suite and scoring of a directory. INVALID with what does not fit: a digest, a
 *  version; DENIED: the suite is sealed, and seal_key NULL or another. */
int opened_run(const char *dir, const char *seal_key, struct opened *out, struct error *);
void opened_done(struct opened *);
/** opened_tally - the totals again, from lines as they stand in items.jsonl. */
int opened_tally(const struct opened *, const cJSON *lines, cJSON **out, struct error *);
/** opened_differs - what of a manifest is not as in those totals: the dotted name, or NULL. */
const char *opened_differs(const cJSON *manifest, const cJSON *totals, char out[80]);
#endif

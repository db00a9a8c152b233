/*
 * result.h - results as JSON and back: what items.jsonl, manifest.json and report.json say of scores.
 *
 * Pure.  Scores are 0 to 1 in C and 0 to 100 here.  All of a run's totals are made from the lines, never
 * from what a process still remembers: a run that was resumed, and a replay, give the same bits.
 */
#ifndef JANUS_BENCH_RESULT_H
#define JANUS_BENCH_RESULT_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/score/score.h"
struct error;

/** result_line - the members that evidence_append takes: task_type, modality, weight, state, measured,
 *  scores, passed, cost_from, why, checks. The caller's. */
cJSON *result_line(
    const struct item *, const struct attempt *, const struct measured *, const struct result *);

/** What was to be asked, and how: what totals are made with. */
struct tally_of {
	const struct item *const *items; /* those of this run, sampled; borrowed */
	size_t nitems;
	int epochs;
	const char *seal_key; /* of a sealed run: lines have hashed names; NULL */
	const struct scoring *scoring;
	uint64_t seed;
	bool whole_suite; /* items are all of the suite */
};
/**
 * tally - the end of a manifest, from the lines so far.
 *
 * {"is_whole","items":{"expected","counted","passed","failed","excluded"},"excluded":[...],
 * "scores":{"composite":{"value","low","high","n"},...},"weights","cost_from","bootstrap"}; the caller adds
 * state and finished_at, and closes with it.  Of an (item, epoch) the last attempt that is not `error`
 * counts; without one it is excluded, with what its last attempt said.  Lines of items that are not asked
 * for are INVALID.
 */
int tally(const cJSON *lines, const struct tally_of *, cJSON **out, struct error *);
/** tally_composite - the composite so far, 0 to 100, without intervals: for a progress line. */
double tally_composite(const cJSON *lines, const struct tally_of *);
#endif

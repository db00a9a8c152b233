/*
 * evidence.h - the directory of a run: all that was seen of it, written so that it may end at any byte.
 *
 * items.jsonl has a line for each attempt that ended, frames.jsonl.gz a gzip member with its bytes and
 * their times, artifacts/<sha256> the files that came with it; suite/ and scoring.json are copies of
 * what it was asked and judged by.  At the end manifest.json has its result, SHA256SUMS is over all
 * files, signature over that.  docs/evidence.md has the format.
 *
 * An attempt is written in the order artifacts, frames, line, each fsync'ed before the next: what has
 * no whole line was not done, is dropped when the directory is opened again, and is asked again.
 *
 * Of a sealed run (seal_key) ids are hashed, texts, frames and artifacts encrypted: frames.sealed takes
 * the place of frames.jsonl.gz.
 *
 * All of it BLOCKS; one thread, one process (a second one is BUSY).
 */
#ifndef JANUS_BENCH_EVIDENCE_H
#define JANUS_BENCH_EVIDENCE_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/record/attempt.h"
struct error;

#define EVIDENCE_ITEMS "items.jsonl"
#define EVIDENCE_FRAMES "frames.jsonl.gz"
#define EVIDENCE_FRAMES_SEALED "frames.sealed"
#define EVIDENCE_ARTIFACTS "artifacts"
#define EVIDENCE_SUITE "suite"
#define EVIDENCE_SCORING "scoring.json"
#define EVIDENCE_ENV "env.json"
#define EVIDENCE_MANIFEST "manifest.json"
#define EVIDENCE_SUMS "SHA256SUMS"
#define EVIDENCE_SIGNATURE "signature"

/* ---- writing ---- */

struct evidence_setup { /* all borrowed for the call */
	const char *dir; /* made, with its parents, 0755 (sealed: 0700); or one that was begun */
	/* What is known before anything is asked; id, object, started_at and state are added where it has
	 * none.  A directory that was begun must say the same of suite_digest, scoring_digest, seed,
	 * subset_percent, epochs, target, model and run: else CONFLICT. */
	const cJSON *manifest;
	const char *suite_dir; /* its files, recursively, become suite/; CONFLICT if they are not
				* those of the manifest's suite_digest (any more) */
	const char *scoring; /* the text that becomes scoring.json */
	const char *seal_key; /* of a sealed suite; NULL */
};
struct evidence;
/** evidence_open - make the directory, or go on with one that was begun. BUSY: another process has it.
 *  INVALID: damaged, with file and line. NULL with err. */
struct evidence *evidence_open(const struct evidence_setup *, struct error *);
/** evidence_finished - it was closed already: nothing may be appended; results and manifest stand. */
bool evidence_finished(const struct evidence *);
/** evidence_results - the lines of items.jsonl, in order, those appended too; borrowed array. */
const cJSON *evidence_results(const struct evidence *);
const cJSON *evidence_manifest(const struct evidence *); /* borrowed */
const char *evidence_dir(const struct evidence *);
/** evidence_attempts - how many attempts at that item are there already, and did one end other than in
 *  `error`?  item as the suite calls it, sealed or not. */
int evidence_attempts(const struct evidence *, const char *item, int epoch, bool *settled);

/**
 * evidence_append - one attempt that ended; it is on the disk when this returns.
 *
 * judged  borrowed: the members of its line that scoring made: task_type, state (passed or failed),
 *         measured, scores, passed, cost_from, why, checks (bench/report/result.h)
 *
 * Returns the whole line, borrowed until evidence_free; NULL with err (IO: the disk is full or will not
 * be written: what was there before is as it was).
 *
 * On reading back attempt.state is ERROR or SKIPPED where it was, else FAILED if fault is set and PASSED
 * if not: whoever asks sets them so before it scores.
 */
const cJSON *evidence_append(
    struct evidence *, const struct attempt *, const cJSON *judged, struct error *);
/** evidence_close - write manifest (members of `end` replace those it has), sums and signature. key_path
 *  holds the key, made if there is none. What fails may be tried again. */
int evidence_close(struct evidence *, const cJSON *end, const char *key_path, struct error *);
void evidence_free(
    struct evidence *); /* NULL is fine; without evidence_close it may be gone on with */

/* ---- reading ---- */

struct evidence_record {
	size_t line; /* of items.jsonl, from 1 */
	const cJSON *json; /* opened, if it was sealed and the key given */
	const struct attempt *attempt; /* whole: frames, files with bytes, executions, judge */
};
typedef int evidence_record_fn(const struct evidence_record *, void *arg, struct error *);
/** evidence_each - every attempt of a directory in order, borrowed for the call; -1 of fn ends it.
 *  INVALID with file and line; DENIED: sealed, and seal_key is not its key (it is not looked at if the
 *  run is not sealed). */
int evidence_each(
    const char *dir, const char *seal_key, evidence_record_fn *, void *arg, struct error *);
/** evidence_lines - only the lines, as an array that is the caller's; seal_key may be NULL always: sealed
 *  lines stay so. A cut last line is left out. */
int evidence_lines(const char *dir, const char *seal_key, cJSON **out, struct error *);
/** evidence_read_json - one of its small files (manifest.json, env.json, ...); the caller's. */
int evidence_read_json(const char *dir, const char *name, cJSON **out, struct error *);
/** evidence_item_name - what an item is called in the evidence of a sealed run: a keyed hash. */
const char *evidence_item_name(const char *seal_key, const char *item, char out[ITEM_ID_MAX]);
#endif

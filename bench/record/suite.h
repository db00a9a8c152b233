/*
 * suite.h - a set of tasks on disk: suite.json, *.jsonl with one item a line, files/.
 *
 * Strict: what is unknown, doubled, missing or of the wrong shape is INVALID, with "file:line: reason".
 * All files of a suite are read into memory first and nothing else is looked at, so no name in an item
 * can lead out of its directory.  The same code reads a suite that was sealed: from a list of files.
 */
#ifndef JANUS_BENCH_SUITE_H
#define JANUS_BENCH_SUITE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/record/item.h"
#include "runtime/base/buf.h"
struct error;

#define SUITE_NAME_MAX 64
#define SUITE_DIGEST_MAX 72 /* "sha256:" and 64 hex digits */
#define SUITE_ITEMS_MAX 10000
#define SUITE_FILE_MAX (16U << 20)
#define SUITE_BYTES_MAX (128U << 20)

/* ---- its files ---- */

struct suite_file {
	char *name; /* owned; relative, "files/a.png" */
	struct buf bytes; /* owned */
};
struct suite_files { /* zero-initialised; in byte order of their names */
	struct suite_file *at; /* owned */
	size_t len;
};
/** suite_files_read - every file below dir.  INVALID: something in it is no regular file, or has a
 *  name that is not UTF-8; TOO_BIG. *out is the caller's in any case: suite_files_done.  Blocks. */
int suite_files_read(const char *dir, struct suite_files *out, struct error *);
/** suite_files_add - bytes (taken over) as a file of that name; INVALID: the name is there already, or
 *  leads out of the directory. */
int suite_files_add(struct suite_files *, const char *name, struct buf *bytes, struct error *);
const struct suite_file *suite_files_find(const struct suite_files *, const char *name);
/** suite_files_digest - "sha256:" over the lines "<sha256>  <name>\n" of all files. */
void suite_files_digest(const struct suite_files *, char out[SUITE_DIGEST_MAX]);
void suite_files_done(struct suite_files *);

/* ---- the suite ---- */

struct suite {
	char name[SUITE_NAME_MAX]; /* "public/dev" */
	char version[32], scoring[24];
	char title[128], description[512];
	char digest[SUITE_DIGEST_MAX];
	struct item *items; /* owned; sorted by id */
	size_t len;
	struct suite_files files; /* owned: what references and evidence take from it */
};
/**
 * What else must hold of an item (its scorer can score, its simulator can answer: rooms above this
 * one know); 0, or -1 with INVALID, to which the place is then added.
 */
typedef int suite_check_fn(const struct item *, struct error *);

/** suite_of_files - files (taken over, left empty) to a suite. check may be NULL. */
int suite_of_files(struct suite_files *, suite_check_fn *check, struct suite *out, struct error *);
/** suite_load - the suite in a directory. NOT_FOUND: there is none.  Blocks. */
int suite_load(const char *dir, suite_check_fn *check, struct suite *out, struct error *);
void suite_done(struct suite *);
/** suite_item - by its id; NULL. */
const struct item *suite_item(const struct suite *, const char *id);
/** suite_distinct - have suites that are run together no id in common?  INVALID names one. */
int suite_distinct(const struct suite *const *, size_t n, struct error *);

/**
 * suite_sample - which items a run of so many percent (1 to 100) takes: the indexes into items,
 * rising, the caller's to free; *n of them, at least one.  The same seed takes the same ones, whatever
 * the order in which files and lines came.
 */
size_t *suite_sample(const struct suite *, uint64_t seed, int percent, size_t *n);

/** suite_item_parse - one line to an item whose inputs are in files; *out is the caller's, item_done.
 *  INVALID says what is wrong, without the place. */
int suite_item_parse(const char *line, size_t len, const struct suite_files *files,
    struct item *out, struct error *);
void item_done(struct item *);
#endif

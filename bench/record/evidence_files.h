/*
 * evidence_files.h - what evidence.c, evidence_close.c and evidence_read.c share.
 */
#ifndef JANUS_BENCH_EVIDENCE_FILES_H
#define JANUS_BENCH_EVIDENCE_FILES_H
#include <stdbool.h>
#include <stdint.h>

#include "bench/record/evidence_line.h"
struct error;

#define ITEMS_MAX_BYTES ((size_t)1 << 30)
#define SMALL_MAX_BYTES ((size_t)64 << 20)
#define ARTIFACT_MAX_BYTES ((size_t)512 << 20)

struct evidence { /* a directory that is being written; evidence.h has what may be done with it */
	char *dir, *seal_key; /* owned; seal_key NULL: not sealed */
	int lock, items, frames; /* descriptors; lock is the directory's */
	int64_t items_end, frames_end; /* of what is whole */
	cJSON *manifest, *lines; /* owned */
	bool finished;
};

/** files_path - of one of its files; the caller's. */
char *files_path(const struct evidence *, const char *name);
/** files_write_json - replace one, with a line break behind; it is on the disk then. */
int files_write_json(const struct evidence *, const char *name, const cJSON *, struct error *);
/** files_lines - items.jsonl of a directory; a missing one is empty. INVALID names file and line. */
int files_lines(const char *dir, cJSON **out, struct lines *, struct error *);
/** files_extent - where the frames of a line are; bytes 0: it has none. INVALID. */
int files_extent(const cJSON *line, int64_t *at, int64_t *bytes, struct error *);
/** files_artifact - what a file is called in artifacts/; out of 65 bytes. */
const char *files_artifact(const char *seal_key, const char *sha256, char *out);
/** files_open_line - the line as it was before it was sealed, a copy if it was not; NULL with DENIED. */
cJSON *files_open_line(const cJSON *line, const char *seal_key, struct error *);
/** files_frames - the name of the frames' file. */
const char *files_frames(bool sealed);
#endif

/*
 * index.h - the rows in memory and the blobs they name (internal to artifacts/).
 *
 * Pure: no clock, no disk, no lock.
 */
#ifndef JANUS_ARTIFACTS_INDEX_H
#define JANUS_ARTIFACTS_INDEX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "controlplane/artifacts/reason.h"
#include "controlplane/store/artifacts.h"
#include "runtime/base/map.h"

struct blob {
	char sha256[HASH_HEX_MAX];
	int64_t size;
	unsigned refs, pins; /* rows that name it; those about to add one */
	/* the file that was last read through and found true */
	uint64_t inode;
	struct timespec changed;
};
struct entry {
	struct artifact row;
	struct blob *blob;
	struct entry *next, *prev; /* in the order they came */
	struct entry *next_of_request;
};
/* What one competitor, or one caller with uploads, has. */
struct tally {
	int64_t bytes, reserved;
	uint64_t counts[ARTIFACT_REASON_COUNT];
	bool is_competitor;
};
struct index { /* zero-initialised */
	struct map by_id, by_sha256, by_request, tallies;
	struct entry *first, *last;
	int64_t count, uploads, blob_bytes, reserved, nreserved;
};

void index_done(struct index *);
struct tally *index_tally(struct index *, const struct artifact *);
struct blob *index_blob(struct index *, const char *sha256);
/** index_pin - the blob is made if it is not known. */
struct blob *index_pin(struct index *, const char *sha256, int64_t size);
/** index_unpin - true: nobody names it now. */
bool index_unpin(struct index *, const char *sha256);
/** index_add - a row; false if its id is taken. */
bool index_add(struct index *, const struct artifact *);
/** index_remove - true: nobody names its blob now, whose hash is put into sha256. */
bool index_remove(struct index *, const char *id, char sha256[HASH_HEX_MAX]);
/** index_forget - a blob that nobody names or pins: gone from the index; false: somebody does. */
bool index_forget(struct index *, const char *sha256);
#endif

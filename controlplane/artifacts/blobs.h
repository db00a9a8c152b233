/*
 * blobs.h - files known by the SHA-256 of what is in them.
 *
 * <dir>/sha256/ab/cdef... holds a blob, <dir>/tmp what is being written and what is being removed.
 * Everything here blocks: for workers and for start-up.
 */
#ifndef JANUS_ARTIFACTS_BLOBS_H
#define JANUS_ARTIFACTS_BLOBS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/hash.h"
struct error;

/** blobs_prepare - make the directories. */
int blobs_prepare(const char *dir, struct error *);
/** blobs_clear_tmp - what nobody writes any more: only where no other process has begun some. */
void blobs_clear_tmp(const char *dir);

struct blob_writer;
/** blob_begin - a new file of no name yet. */
struct blob_writer *blob_begin(const char *dir, struct error *);
int blob_write(struct blob_writer *, const void *bytes, size_t len, struct error *);
/** blob_sum - what was written: its bytes and their SHA-256; nothing may be written after it. */
int64_t blob_sum(struct blob_writer *, char sha256[HASH_HEX_MAX]);
/** blob_keep - make it last, under the name of its sum.  One that is there already is replaced by
 *  the same bytes. */
int blob_keep(struct blob_writer *, struct error *);
/** blob_drop - frees; what was not kept is gone. NULL is fine. */
void blob_drop(struct blob_writer *);

/** blob_open - a descriptor to read from; -1 with err: NOT_FOUND, or INTERNAL if it has another size. */
int blob_open(const char *dir, const char *sha256, int64_t size, struct error *);
/** blob_is_true - is what the descriptor reads what its name says? Reads all of it. */
bool blob_is_true(int fd, const char *sha256);
/** blob_set_aside - out of its place, quickly; blob_sweep_aside removes it. */
void blob_set_aside(const char *dir, const char *sha256);
void blob_sweep_aside(const char *dir, const char *sha256);
/** blobs_each - the names of all blobs. */
typedef void blob_fn(const char *sha256, int64_t size, void *arg);
int blobs_each(const char *dir, blob_fn *fn, void *arg, struct error *);
#endif

/*
 * check.h - does the database hold what it must?  And a database file on its own: a copy, a backup.
 *
 * All of it blocks and reads much: for workers and for start-up.
 */
#ifndef JANUS_STORE_CHECK_H
#define JANUS_STORE_CHECK_H
#include <stdint.h>
struct error;
struct sql;
struct store;

/** One finding: ok, or with what is wrong; and what would be done about it. Borrowed for the call. */
struct check_finding {
	const char *name, *saw, *fix;
	int faults; /* 0: as it should be */
};
typedef void check_fn(const struct check_finding *, void *arg);
/** Are these bytes there? 0, or -1 with why not. */
typedef int check_blob_fn(const char *sha256, int64_t size, void *arg, struct error *);

/**
 * store_check - pages and references, what must hold among rows, the chain of events.
 *
 * blob NULL: nobody looks for artifacts' bytes.  Returns how many findings are faults, or -1.
 */
int store_check(
    struct store *, int64_t *schema, check_fn *fn, check_blob_fn *blob, void *arg, struct error *);
/** store_copy - the database as it is at one moment, to a file. */
int store_copy(struct store *, const char *to, struct error *);

/** store_file_open - a connection of its own to a database file, a store's or another, of our schema;
 *  with all statements. */
int store_file_open(const char *path, struct sql *out, struct error *);
/** store_file_check - is it ours, of a schema we know, and whole in every page and reference? */
int store_file_check(const char *path, int64_t *schema, struct error *);
typedef void store_count_fn(const char *what, int64_t n, void *arg);
int store_file_counts(struct sql *, store_count_fn *fn, void *arg, struct error *);
/** store_file_blobs - the files its artifacts need; those for which fn says -1 lose their rows.
 *  Returns how many did, or -1. */
int store_file_blobs(struct sql *, check_blob_fn *fn, void *arg, struct error *);
#endif

/*
 * vectors.h - vectors of competitors, kept in SQLite and compared exactly, by cosine.
 *
 * Every competitor has namespaces of its own and sees no other's.  All vectors of a namespace have
 * the same number of dimensions.  Blocking: one worker at a time.
 *
 * Where the SQLite extension sqlite-vec loads, it says which vectors are near enough to be looked at;
 * what is told of them is computed here, so that it is the same without.
 */
#ifndef JANUS_PLATFORM_VECTORS_H
#define JANUS_PLATFORM_VECTORS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/sql/sql.h"
struct error;

#define VECTOR_DIMENSIONS_MAX 4096
#define VECTORS_MAX 20000 /* of a competitor, in all its namespaces */
#define VECTORS_MAX_BYTES (256LL << 20) /* vectors and texts of a competitor */
#define VECTOR_TOP_MAX 100

struct vectors {
	struct sql sql;
	bool is_open;
	sqlite3_stmt *near; /* by the extension; NULL: every vector is looked at */
	char extension[32]; /* its version; "" without */
};
struct vector_item {
	const char *id;
	const float *at; /* of any length but zero */
	int dimensions;
	const char *content, *source, *metadata; /* "" for none; metadata is JSON text */
};
struct vector_hit {
	const char *id, *content, *source, *metadata;
	double score; /* cosine: from -1 to 1 */
};
typedef void vector_hit_fn(const struct vector_hit *, void *arg);

/** vectors_open - the file at path; extension: of sqlite-vec, as dlopen(3) finds it, NULL for none.
 *  One that does not load is logged. */
int vectors_open(struct vectors *, const char *path, const char *extension, struct error *);
void vectors_close(struct vectors *);
/** vectors_put - add or replace all of them, or none: INVALID (dimensions that are not the
 *  namespace's), TOO_BIG (over the competitor's limits). */
int vectors_put(struct vectors *, const char *competitor, const char *space,
    const struct vector_item *, size_t n, struct error *);
/** vectors_find - the `top` nearest, best first, ties by id; INVALID for other dimensions.  Returns how
 *  many, 0 for a namespace without vectors. */
int vectors_find(struct vectors *, const char *competitor, const char *space, const float *at,
    int dimensions, int top, vector_hit_fn *, void *arg, struct error *);
/** vectors_drop - remove the ids (NULL: the whole namespace); returns how many there were, or -1. */
int64_t vectors_drop(struct vectors *, const char *competitor, const char *space,
    const char *const *ids, size_t n, struct error *);
/** vectors_count - in a namespace. */
int64_t vectors_count(struct vectors *, const char *competitor, const char *space, struct error *);

/** vector_normalise - make it one of length 1; false if it is not finite, or nothing. Pure. */
bool vector_normalise(float *at, int dimensions);
#endif

/*
 * library.h - a folder of documents and its full-text index (SQLite FTS5).
 *
 * The index is a cache: made when it is missing, made anew when it cannot be read, and brought up to
 * date when files change.  Blocking: one worker at a time.
 */
#ifndef JANUS_PLATFORM_LIBRARY_H
#define JANUS_PLATFORM_LIBRARY_H
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/sql/sql.h"
struct error;

#define LIBRARY_FILES_MAX 20000
#define LIBRARY_FILE_MAX_BYTES (2 << 20)

struct library {
	struct sql sql;
	char *dir; /* owned */
	int64_t looked_ms; /* when the folder was last looked at; 0: never */
	int64_t documents; /* in the index */
};

/** library_open - of the folder dir, with its index in the file at path. */
int library_open(struct library *, const char *dir, const char *path, struct error *);
void library_close(struct library *);
/** library_refresh - look at the folder: index what is new or changed, forget what is gone.  Files
 *  ending .md .txt .rst, not hidden, no links; at most LIBRARY_FILES_MAX of at most
 *  LIBRARY_FILE_MAX_BYTES. */
int library_refresh(struct library *, struct error *);

struct library_hit {
	const char *path; /* relative to the folder */
	const char *title, *snippet;
};
typedef void library_hit_fn(const struct library_hit *, void *arg);
/** library_find - the best `most` documents with all words of the query, else with any; borrowed.
 *  Returns how many, -1 with err.  A query without a word finds nothing. */
int library_find(struct library *, const char *query, size_t len, int most, library_hit_fn *,
    void *arg, struct error *);
#endif

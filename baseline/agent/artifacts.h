/*
 * artifacts.h - the files that agents made, kept in memory for a while and served.
 *
 * Bounded: a file, an answer's files, all of them; the oldest make room.
 */
#ifndef BASELINE_AGENT_ARTIFACTS_H
#define BASELINE_AGENT_ARTIFACTS_H
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/hash.h"
#include "runtime/base/id.h"
struct buf;

#define ARTIFACT_MAX_BYTES (16u << 20) /* one */
#define ARTIFACTS_MAX 32 /* of an answer */
#define ARTIFACTS_ANSWER_BYTES (32u << 20) /* and together */
#define ARTIFACTS_MAX_BYTES (64u << 20) /* all that are kept */
#define ARTIFACT_TTL_MS (3600 * 1000LL)
#define ARTIFACT_NAME_MAX 128

struct artifact {
	char id[ID_MAX], name[ARTIFACT_NAME_MAX], sha256[HASH_HEX_MAX];
	char *bytes; /* owned */
	size_t len;
	int64_t made_at_ms; /* wall */
	struct artifact *next; /* older */
};
struct artifacts { /* embedded; zero-initialised */
	struct artifact *newest;
	size_t bytes;
	uint64_t kept; /* ever */
};
/** artifacts_keep - bytes (taken over) under a file's name; borrowed until others make it go. */
const struct artifact *artifacts_keep(
    struct artifacts *, const char *name, char *bytes, size_t len, int64_t wall_ms);
/** artifacts_find - by the path it is served at, "/artifacts/ID/NAME"; NULL: none, or its time is over. */
const struct artifact *artifacts_find(struct artifacts *, const char *path, int64_t wall_ms);
/** artifact_describe - its descriptor as JSON, added. */
void artifact_describe(const struct artifact *, struct buf *out);
/** artifact_mime - by the end of a name; "application/octet-stream" where it says nothing. */
const char *artifact_mime(const char *name);
void artifacts_done(struct artifacts *);
#endif

/*
 * artifacts.h - what competitors made and callers uploaded: rows; the bytes are files elsewhere.
 */
#ifndef JANUS_STORE_ARTIFACTS_H
#define JANUS_STORE_ARTIFACTS_H
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "runtime/base/hash.h"
struct error;
struct store;
struct store_batch;

struct artifact {
	char id[NOUN_ID_MAX]; /* artf_..., or file-... of an upload */
	char owner[NOUN_ID_MAX]; /* who may have it: a key, "socket", or "" */
	char request_id[132], competitor[SLUG_MAX]; /* "" of an upload */
	char declared_id[132]; /* what the competitor called it */
	char purpose[24]; /* "" of an artifact */
	char name[160], kind[16], type[96];
	char sha256[HASH_HEX_MAX];
	int64_t size, created_at_ms, expires_at_ms; /* expires 0: never */
};
/* Each copies the row as it is now. */
void store_put_artifact(struct store_batch *, const struct artifact *);
void store_delete_artifact(struct store_batch *, const char *id);
typedef void artifact_row_fn(const struct artifact *, void *arg);
/** store_load_artifacts - all, in the order they were made; at start. fn borrows the row. */
int store_load_artifacts(struct store *, artifact_row_fn *fn, void *arg, struct error *);
/** store_load_artifact - that one, if it is there; on a worker. */
int store_load_artifact(
    struct store *, const char *id, artifact_row_fn *fn, void *arg, struct error *);
#endif

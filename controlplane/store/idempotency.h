/*
 * idempotency.h - what was answered to requests that came with an Idempotency-Key.
 *
 * A record is written twice: in the transaction of the request's effect, so that after a crash one
 * is never there without the other, and again with the answer.
 */
#ifndef JANUS_STORE_IDEMPOTENCY_H
#define JANUS_STORE_IDEMPOTENCY_H
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "runtime/base/hash.h"
struct error;
struct store;
struct store_batch;

#define IDEMPOTENCY_LIFE_MS INT64_C(86400000)

struct idempotency_row {
	char id[HASH_HEX_MAX], request_sha256[HASH_HEX_MAX];
	char object_id[NOUN_ID_MAX]; /* "": of nothing */
	int status; /* 0: done, but its answer was not stored */
	char *sealed; /* owned; NULL: none */
	int64_t at_ms;
};
void idempotency_row_done(struct idempotency_row *);

/** store_put_idempotency - copies the row; also forgets those that are older than their life. */
void store_put_idempotency(struct store_batch *, const struct idempotency_row *);
/**
 * store_tag - the next commit with an event in it writes this row too, with that event's object.
 *
 * row is borrowed until that commit or store_tag(NULL). Control loop only, and only while the
 * request's handler is on the stack: what it decides is what the row stands for.
 */
void store_tag(struct store *, const struct idempotency_row *);
/** store_find_idempotency - 1 found, 0 not, -1 with err; on a worker. */
int store_find_idempotency(
    struct store *, const char *id, int64_t now_ms, struct idempotency_row *out, struct error *);
#endif

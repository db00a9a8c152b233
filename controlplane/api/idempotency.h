/*
 * idempotency.h - a POST with an Idempotency-Key is carried out once, however often it comes
 * (internal to api/).
 *
 * The record of it is stored in the transaction of its effect, the answer after that; an answer
 * that was never stored because the process was killed in between is told anew from the object.
 * Records belong to the caller, live for 24 hours and are sealed with caller and key: what a
 * database holds of a secret that was shown once is of no use without the key.
 */
#ifndef JANUS_API_IDEMPOTENCY_H
#define JANUS_API_IDEMPOTENCY_H
#include <cjson/cJSON.h>
#include <stdbool.h>
struct api_call;
struct buf;

/** once_key_valid - 1 to 128 visible ASCII characters. Pure. */
bool once_key_valid(const char *key);
/** once_begin - answer as before, or refuse, or have the handler run and its answer kept. */
void once_begin(struct api_call *, void (*handle)(struct api_call *));
/**
 * once_promise - in a handler, before its commit: this will be the answer if that succeeds.
 *
 * For answers that cannot be made again.  Does nothing without an Idempotency-Key.
 */
void once_promise(struct api_call *, int status, const cJSON *answer);
/** once_resume - the rest of a handler that had to wait for something before it could decide: what it
 *  commits now is what its record stands for. */
void once_resume(struct api_call *, void (*decide)(struct api_call *));
/** once_guards - is the key good enough to seal a secret with? Also where there is none. */
bool once_guards(const struct api_call *);
/** once_keeps - true: takes the bytes, and calls reply_bytes again when they are stored. */
bool once_keeps(struct api_call *, int status, struct buf *bytes);
/** once_drop - nothing of this call is kept. */
void once_drop(struct api_call *);
#endif

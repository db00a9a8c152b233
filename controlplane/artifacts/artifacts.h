/*
 * artifacts.h - what was made and uploaded: which there are, whose, for how long, and where their
 * bytes are.
 *
 * One for all loops, behind a lock that is held for moments.  A row is committed before anybody is
 * told of it, a blob is on the disk before its row, and a blob without a row goes: killed at any
 * moment, nothing points at nothing.  Blobs are counted by the rows that name them and pinned by
 * whoever is about to add one.
 */
#ifndef JANUS_ARTIFACTS_ARTIFACTS_H
#define JANUS_ARTIFACTS_ARTIFACTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/artifacts/reason.h"
#include "controlplane/artifacts/sign.h"
#include "controlplane/store/artifacts.h"
struct artifacts;
struct blob_writer;
struct buf;
struct error;
struct loop;
struct store;
struct workers;

struct artifacts_config { /* strings are borrowed */
	const char *dir; /* of the blobs and the key that links are sealed with */
	const char *base_url; /* what stands before the path in links; "" */
	int64_t max_bytes, inline_bytes; /* of one; of one in a data: URL */
	int64_t competitor_bytes, total_bytes, count; /* of all that are kept */
	int64_t ttl_ms, max_ttl_ms; /* where none is announced; the longest */
	int64_t fetch_ms; /* how long an event waits for what it announces */
	int64_t per_request; /* most in one answer */
	int64_t file_bytes, owner_bytes; /* of one upload; of all of one caller */
	int64_t sweep_ms; /* between looks for what has expired */
	bool shared; /* from the beginning: artifacts_share */
};
extern const struct artifacts_config artifacts_defaults;

/** artifacts_open - read what there is, and clear away what nobody names.  Blocks. */
struct artifacts *artifacts_open(const struct artifacts_config *, struct store *,
    struct loop *control, struct workers *, struct error *);
/** artifacts_share - another process keeps some in the same place now, or does no more: nothing is cleared
 *  away meanwhile, for neither knows what the other one is about to name. Control loop. */
void artifacts_share(struct artifacts *, bool shared);
/** artifacts_learn - one that the other process has stored. Control loop. */
void artifacts_learn(struct artifacts *, const char *id);
/** artifacts_stop - nothing is stored from now on; before the workers are freed. Control loop. */
void artifacts_stop(struct artifacts *);
/** artifacts_free - when no loop turns any more. NULL is fine. */
void artifacts_free(struct artifacts *);
const struct artifacts_config *artifacts_config(const struct artifacts *);
struct workers *artifacts_workers(const struct artifacts *);
bool artifacts_stopping(const struct artifacts *);

/* All below: any thread. */

/** artifacts_reserve - room for one of that size; a reason if there is none.  Given back by
 *  artifacts_unreserve with the same row. */
enum artifact_reason artifacts_reserve(struct artifacts *, const struct artifact *);
void artifacts_unreserve(struct artifacts *, const struct artifact *);
/** artifacts_keep_blob - pin its hash and put the blob in its place; blocks. Then artifacts_unpin. */
int artifacts_keep_blob(
    struct artifacts *, struct blob_writer *, const struct artifact *, struct error *);
void artifacts_unpin(struct artifacts *, const char *sha256);

/** On the loop that was given. */
typedef void artifacts_done_fn(const struct error *err, void *arg);
/** artifacts_add - store the row; its blob must be pinned until done. */
void artifacts_add(
    struct artifacts *, const struct artifact *, struct loop *, artifacts_done_fn *, void *arg);
/** artifacts_remove - forget it, and its blob if it is the last to name it. */
void artifacts_remove(
    struct artifacts *, const char *id, struct loop *, artifacts_done_fn *, void *arg);

/** artifacts_get - a copy; false: there is none, or it has expired. */
bool artifacts_get(struct artifacts *, const char *id, struct artifact *out);
struct artifact_query { /* NULL fits all */
	const char *competitor, *request_id, *owner;
	bool uploads; /* those, or what was announced */
};
/** artifacts_list - copies, newest first; the caller frees *out. */
size_t artifacts_list(struct artifacts *, const struct artifact_query *, struct artifact **out);
/** artifacts_of_request - those announced in a chat, in the order they came. fn borrows the row
 *  and must not call back. */
void artifacts_of_request(
    struct artifacts *, const char *request_id, artifact_row_fn *fn, void *arg);
/** artifacts_read - a descriptor of its bytes, which are what they were; blocks (the first time it
 *  reads them all). NOT_FOUND, or INTERNAL when they are damaged. */
int artifacts_read(struct artifacts *, const struct artifact *, struct error *);

/** artifacts_url - append the link for its owner, as long as it is kept. */
void artifacts_url(const struct artifacts *, const struct artifact *, struct buf *out);
enum sign_verdict artifacts_check(
    const struct artifacts *, const char *id, const char *owner, const char *sig, const char *exp);

/** artifacts_count - what became of one that was announced; NONE: it is there. */
void artifacts_count(struct artifacts *, const char *competitor, enum artifact_reason);
/** artifacts_event - write down that one was refused. */
void artifacts_event(
    struct artifacts *, const char *competitor, const char *request_id, enum artifact_reason);
/** artifacts_served - a download, and how many bytes of it went out. */
void artifacts_served(struct artifacts *, int status, uint64_t bytes);
void artifacts_metrics(struct artifacts *, struct buf *out);
#endif

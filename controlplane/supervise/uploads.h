/*
 * uploads.h - archives that were sent here and wait to be imported: files named by their digest.
 *
 * Below the state directory, in bundles/.  An upload has no name until it was checked, so that one
 * that breaks off leaves nothing.  All of it may be called from any thread.
 */
#ifndef JANUS_SUPERVISE_UPLOADS_H
#define JANUS_SUPERVISE_UPLOADS_H
#include <stdbool.h>
#include <stdint.h>
struct error;

#define UPLOAD_AGE_MAX_MS (60 * 60 * 1000) /* of one that nobody submits */
#define UPLOADS_MAX 16 /* that wait at once */

/** uploads_begin - a nameless file for one of up to max_bytes; -1 with BUSY: too many wait, IO. */
int uploads_begin(const char *state_dir, int64_t max_bytes, struct error *);
/** uploads_keep - give it its name, "sha256:..."; one of that name that is there stays. */
int uploads_keep(const char *state_dir, int fd, const char *digest, struct error *);
/** uploads_open - the file of that digest; -1 with NOT_FOUND. */
int uploads_open(const char *state_dir, const char *digest, struct error *);
/** uploads_scratch - a nameless file beside them. */
int uploads_scratch(const char *state_dir, struct error *);
void uploads_remove(const char *state_dir, const char *digest);
/** uploads_sweep - remove what is older than age_ms and not in use. */
void uploads_sweep(const char *state_dir, int64_t age_ms,
    bool (*in_use)(const char *digest, void *arg), void *arg);
/** upload_digest_valid - "sha256:" and 64 hex digits. */
bool upload_digest_valid(const char *digest);
#endif

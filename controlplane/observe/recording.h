/*
 * recording.h - the file of a chat that is being recorded: redacted, compressed, written.
 *
 * Writer thread only.  Its head says that it is not complete until it is: what a crash leaves can
 * be read up to there.
 */
#ifndef JANUS_OBSERVE_RECORDING_H
#define JANUS_OBSERVE_RECORDING_H
#include <stddef.h>
#include <stdint.h>
struct capture_head;
struct error;
struct recording_file;

/** recording_file_new - make <dir>/<id>.capture; never NULL. */
struct recording_file *recording_file_new(const char *dir, const struct capture_head *);
/** recording_file_add - frames, whole ones; they are redacted in place. */
int recording_file_add(struct recording_file *, char *frames, size_t len, struct error *);
/** recording_file_end - the last: write the head as it is now known, and be freed.  0 with the size
 *  of the file, or -1 with err and no file. */
int recording_file_end(
    struct recording_file *, struct capture_head *, int64_t *file_bytes, struct error *);
#endif

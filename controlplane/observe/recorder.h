/*
 * recorder.h - the flight recorder: chats that were asked for, frame by frame, in files.
 *
 * Off unless capture.enabled.  On a gateway's loop a frame is copied into memory, no more; a thread
 * of its own redacts, compresses and writes.  Everything is bounded: what does not fit is counted
 * and left out, and the oldest files go.  Files are 0600, one a chat; see capture.h.
 */
#ifndef JANUS_OBSERVE_RECORDER_H
#define JANUS_OBSERVE_RECORDER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/capture/capture.h"
struct buf;
struct error;
struct gateway_capture;
struct gateway_usage;
struct recorder;
struct relay_tap;

struct recorder_config { /* strings are borrowed */
	bool enabled;
	bool content; /* keep texts */
	double share; /* of all chats, 0 to 1 */
	const char *competitors, *keys; /* "a,b": slugs, ids of keys; every chat of those */
	int64_t max_bytes; /* of one chat, before compression */
	int64_t total_bytes, count, age_ms; /* of all that is kept */
	const char *state_dir; /* captures/ below it holds the files */
};

/** recorder_new - NULL with err if the directory cannot be used while it is wanted. */
struct recorder *recorder_new(const struct recorder_config *, struct error *);
/** recorder_enabled - is anything to be recorded at all? */
bool recorder_enabled(const struct recorder *);
/** recorder_begin - record this chat? A tap for its relay, which ends it; or NULL. Any thread. */
struct relay_tap *recorder_begin(struct recorder *, const struct gateway_capture *);
/** recorder_settle - what became of the chat of a tap; before the tap ends. NULL tap is fine. */
void recorder_settle(struct relay_tap *, const struct gateway_usage *);

struct capture_file {
	struct capture_head head;
	int64_t file_bytes;
};
/** recorder_list - what is kept, oldest first; *out is the caller's. Any thread. */
size_t recorder_list(struct recorder *, struct capture_file **out);
/** recorder_find - by the id of a capture or of its request. Any thread. */
bool recorder_find(struct recorder *, const char *ref, struct capture_file *out);
/** recorder_path - of a capture's file; out of 512 bytes; returns it. */
const char *recorder_path(const struct recorder *, const char *id, char *out);
/** recorder_remove - forget one and remove its file; NOT_FOUND. Any thread; blocks for the disk. */
int recorder_remove(struct recorder *, const char *id, struct error *);
/** recorder_reopen - look at the directory anew: files may have been moved away. Soon, elsewhere. */
void recorder_reopen(struct recorder *);
/** recorder_metrics - counters of the recorder. Any thread. */
void recorder_metrics(struct recorder *, struct buf *out);
/** recorder_free - writes what is queued; taps must have ended. NULL is fine. */
void recorder_free(struct recorder *);
#endif

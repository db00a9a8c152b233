/*
 * frames_list.h - the frames of one attempt, as a list for whoever wants to look at them (internal to
 * api/).
 */
#ifndef JANUS_API_FRAMES_LIST_H
#define JANUS_API_FRAMES_LIST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct error;

#define FRAMES_LIST_MAX 20000 /* in one answer */
#define FRAMES_LIST_BYTES_MAX ((size_t)4 << 20) /* of their bytes */

struct frames_seen {
	size_t frames; /* there are */
	int64_t bytes; /* of all of them */
	bool is_cut; /* some were left out, or told without their bytes */
};
/** frames_list - append the lines that janus-bench wrote (docs/evidence.md) as the elements of an
 *  array: turn, t_ms, kind, size and bytes or base64.  After FRAMES_LIST_BYTES_MAX there are no bytes,
 *  after FRAMES_LIST_MAX frames are only counted.  Pure.  INVALID: the line, and what is wrong with it. */
int frames_list(
    const char *text, size_t len, struct buf *out, struct frames_seen *seen, struct error *);
#endif

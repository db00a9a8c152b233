/*
 * capture.h - the file of one recorded chat: a head that is read at once, and frames.
 *
 * Pure.  The file begins with CAPTURE_HEAD_BYTES: CAPTURE_MAGIC, a JSON object on one line, spaces, a
 * newline.  A zlib stream follows, flushed now and then, so that of a file that was cut what came
 * before the cut can be read.  In it, frame after frame: a byte of kind, microseconds since the
 * frame before, length (both as LEB128), bytes; CAPTURE_END and nothing else ends it.
 */
#ifndef JANUS_CAPTURE_CAPTURE_H
#define JANUS_CAPTURE_CAPTURE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct error;

#define CAPTURE_MAGIC "JANUSCAP1 "
#define CAPTURE_HEAD_BYTES 2048
#define CAPTURE_END 0xFF
#define CAPTURE_FRAME_MAX (64 << 20)

/* Who said it, to whom. */
#define CAPTURE_KINDS(X)                                     \
	X(REQUEST, "request") /* the client, to us */        \
	X(UPSTREAM, "upstream") /* the competitor, to us */  \
	X(CLIENT, "client") /* the competitor, through us */ \
	X(PING, "ping") /* we, in a silence */               \
	X(OURS, "ours") /* we: errors, [DONE], what was unfolded */

enum capture_kind {
#define X(name, word) CAPTURE_##name,
	CAPTURE_KINDS(X)
#undef X
	    CAPTURE_KIND_COUNT
};
const char *capture_kind_name(enum capture_kind);

struct capture_head {
	char id[40], request_id[132], competitor[48], competitor_id[40], digest[72], model[96],
	    instance_id[40], key_id[40], code[48];
	int64_t accepted_at_ms; /* wall */
	int64_t duration_us, ttft_us; /* -1: not known, none came */
	int status; /* 0: not known */
	bool stream, content; /* texts were kept */
	bool complete; /* it was written to its end */
	uint64_t frames, bytes; /* of it, before compression */
	uint64_t skipped; /* frames that were not kept: too many bytes, or the disk too slow */
};
/** capture_head_add - append exactly CAPTURE_HEAD_BYTES. */
void capture_head_add(struct buf *out, const struct capture_head *);
/** capture_head_read - from the first bytes of a file. INVALID if that is none of ours. */
int capture_head_read(const char *bytes, size_t len, struct capture_head *, struct error *);

struct capture_frame {
	enum capture_kind kind;
	uint64_t t_us; /* since the chat was accepted */
	const char *bytes; /* borrowed */
	size_t len;
};
/** capture_frame_add - append a frame, not compressed; t_us here since the frame before. */
void capture_frame_add(struct buf *out, const struct capture_frame *);
/** capture_frame_read - the frame at *at of so many bytes, and past it; t_us since the one before.
 *  0, 1 at CAPTURE_END, -1 if it is not whole (*at stays) or no frame. */
int capture_frame_read(const char *bytes, size_t len, size_t *at, struct capture_frame *);

typedef void capture_frame_fn(const struct capture_frame *, void *arg);
/**
 * capture_read - a whole file, that may be cut or damaged anywhere behind the first line.
 *
 * Calls fn for each frame that is whole, in order.  cut (of at least 120 bytes) becomes "" or says
 * why there is no more.  Returns 0, or -1 with err INVALID if it is none of ours.
 */
int capture_read(const char *file, size_t len, struct capture_head *, capture_frame_fn *fn,
    void *arg, char cut[120], struct error *);
#endif

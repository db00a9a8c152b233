/*
 * inflow.h - bytes, out of at most one compression, counted (internal to
 * bundle/).
 */
#ifndef JANUS_BUNDLE_INFLOW_H
#define JANUS_BUNDLE_INFLOW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/bundle/bundle.h"
struct archive;
struct error;

#define INFLOW_BLOCK 65536

/* Where the bytes come from: as read(2), -1 with err. */
typedef ssize_t inflow_source_fn(void *arg, void *out, size_t len, struct error *);

struct inflow {
	inflow_source_fn *source;
	void *arg;
	struct archive *filter; /* NULL: the bytes are as they are */
	const struct bundle_limits *limits; /* borrowed */
	int64_t max_out; /* bytes, with what an archive puts between files */
	int64_t in, out; /* read, handed out */
	int64_t zeros; /* at the end of what was handed out */
	unsigned char head[512]; /* what was read to tell the format */
	size_t head_len, head_at;
	char in_block[INFLOW_BLOCK], block[INFLOW_BLOCK];
	bool ended;
};

enum inflow_kind { INFLOW_NONE, INFLOW_PLAIN, INFLOW_ZIP, INFLOW_GZIP, INFLOW_ZSTD, INFLOW_XZ };
/** inflow_begin - read the first bytes; limits and arg are borrowed for its life. */
int inflow_begin(
    struct inflow *, inflow_source_fn *, void *arg, const struct bundle_limits *, struct error *);
/** inflow_of_fd - a source: *(int *)arg. */
inflow_source_fn inflow_of_fd;
enum inflow_kind inflow_kind(const struct inflow *);
/** inflow_open - be ready to read; not for INFLOW_ZIP. */
int inflow_open(struct inflow *, enum inflow_kind, struct error *);
/** inflow_read - the next block, filled but for the last; 0 at the end; -1 with err. */
ssize_t inflow_read(struct inflow *, const void **out, struct error *);
/** inflow_end - read to the end: nothing but zeros from the byte `from` on, INVALID otherwise. */
int inflow_end(struct inflow *, int64_t from, struct error *);
void inflow_done(struct inflow *);

/** inflow_each - all that is to come, at most once unpacked, to fn. A zip is as it is. */
int inflow_each(inflow_source_fn *, void *source, const struct bundle_limits *, bundle_bytes_fn *,
    void *arg, struct error *);

/** said_by - what libarchive says of a failure, as err. */
int said_by(struct archive *, const char *what, struct error *);
#endif

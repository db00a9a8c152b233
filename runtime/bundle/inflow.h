/*
 * inflow.h - the bytes of a descriptor, out of at most one compression, counted (internal to
 * bundle/).
 */
#ifndef JANUS_BUNDLE_INFLOW_H
#define JANUS_BUNDLE_INFLOW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
struct archive;
struct bundle_limits;
struct error;

#define INFLOW_BLOCK 65536

struct inflow {
	int fd;
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
/** inflow_begin - read the first bytes of fd; limits are borrowed for its life. */
int inflow_begin(struct inflow *, int fd, const struct bundle_limits *, struct error *);
enum inflow_kind inflow_kind(const struct inflow *);
/** inflow_open - be ready to read; not for INFLOW_ZIP. */
int inflow_open(struct inflow *, enum inflow_kind, struct error *);
/** inflow_read - the next block, filled but for the last; 0 at the end; -1 with err. */
ssize_t inflow_read(struct inflow *, const void **out, struct error *);
/** inflow_end - read to the end: nothing but zeros from the byte `from` on, INVALID otherwise. */
int inflow_end(struct inflow *, int64_t from, struct error *);
void inflow_done(struct inflow *);

/** said_by - what libarchive says of a failure, as err. */
int said_by(struct archive *, const char *what, struct error *);
#endif

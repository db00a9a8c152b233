/*
 * bundle.h - archives, read within bounds and written the same way each time (libarchive).
 *
 * Read: tar, as it is or in exactly one of gzip, zstd and xz, and zip.  Nothing else is enabled.
 * Whatever an entry claims, what is counted while reading decides: entries, bytes, ratio.  An entry
 * is a regular file or a directory; links, devices and setuid bits are refused, and so are names
 * that leave the archive, hide something or clash with another (name.h).  Owners, times, modes,
 * attributes of an entry are not taken over.  A refusal names the entry.
 *
 * All of it BLOCKS: for workers and command-line programs.
 */
#ifndef JANUS_BUNDLE_BUNDLE_H
#define JANUS_BUNDLE_BUNDLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
struct error;

/* ---- reading ---- */

struct bundle_limits {
	int64_t entries; /* 10,000 */
	int64_t bytes; /* of all files together as they come out; 1 GiB */
	int64_t ratio; /* of bytes out to bytes in, once more than ratio_free came out: 100 */
	int64_t ratio_free_bytes; /* 1 MiB */
	size_t name_bytes; /* 1024 */
	size_t depth; /* directories within each other: 32 */
	size_t text_bytes; /* of the manifest of a signed bundle (signed.h); 0: 8 MiB */
	bool links; /* hand symbolic links over, for a caller who judges each; they are still
		     * never made.  false: refused like all others */
};
extern const struct bundle_limits bundle_limits_default;

struct bundle_entry { /* borrowed until the next one is asked for */
	const char *name; /* without "./" before it or "/" behind */
	bool is_dir;
	bool is_executable;
	int64_t size; /* as it says; -1 if it does not */
	const char *link; /* what a symbolic link points to; NULL for all others */
};

struct bundle_reader;
/**
 * bundle_open - begin to read the archive in fd, which is borrowed.  limits are copied.
 *
 * A zip must be a regular file (its directory is at the end); a tar may come through a pipe.
 * NULL with INVALID if it is none of the formats, or not in one piece.
 */
struct bundle_reader *bundle_open(int fd, const struct bundle_limits *, struct error *);
/** bundle_next - 1 and an entry, 0 at the proper end, -1 with INVALID or TOO_BIG (IO: our side). What
 *  is left of the entry before is read and counted. */
int bundle_next(struct bundle_reader *, struct bundle_entry *out, struct error *);
/** bundle_read - bytes of the entry; 0 at its end; -1 as bundle_next. */
ssize_t bundle_read(struct bundle_reader *, void *out, size_t len, struct error *);
/** bundle_read_all - the whole of an entry of at most max bytes; *out has a NUL behind; the caller's. */
int bundle_read_all(struct bundle_reader *, size_t max, char **out, size_t *len, struct error *);
void bundle_close(struct bundle_reader *);
/** bundle_reader_closep - for _cleanup_. */
void bundle_reader_closep(struct bundle_reader **);
#define _cleanup_bundle_ __attribute__((cleanup(bundle_reader_closep)))

/**
 * bundle_extract - write all that is left of an archive below a new directory `name` of dir_fd.
 *
 * The directory must not exist.  Files are 0644 or 0755, directories 0755, all ours; nothing is
 * written through a link.  When anything is refused or fails, the directory is gone again.
 */
int bundle_extract(struct bundle_reader *, int dir_fd, const char *name, struct error *);

/** bundle_unpack - the bytes of one file out of gzip, zstd or xz, or as they are, within limits: each
 *  run of them goes to fn, which ends it with -1 and err. Returns 0, or -1. */
typedef int bundle_bytes_fn(const void *bytes, size_t len, void *arg, struct error *);
int bundle_unpack(
    int fd, const struct bundle_limits *, bundle_bytes_fn *, void *arg, struct error *);

/* ---- writing ---- */

enum bundle_format { BUNDLE_TAR, BUNDLE_TAR_GZ, BUNDLE_ZIP };

struct bundle_file {
	const char *name; /* UTF-8, as name.h has it */
	int64_t size; /* exactly so many bytes follow */
	bool is_executable;
	bool is_dir;
};

/**
 * bundle_writer_new - entries become bytes for fn as they come; nothing is kept.
 *
 * The same entries give the same bytes: no times, owners or names of the machine are written.
 */
struct bundle_writer;
struct bundle_writer *bundle_writer_new(enum bundle_format, bundle_bytes_fn *, void *arg);
/** bundle_add - begin an entry; the one before is complete. INVALID: the name, or its size. */
int bundle_add(struct bundle_writer *, const struct bundle_file *, struct error *);
/** bundle_write - bytes of the entry.  What fn said, or INVALID: more than it has. */
int bundle_write(struct bundle_writer *, const void *bytes, size_t len, struct error *);
/** bundle_add_bytes - an entry that is at hand. */
int bundle_add_bytes(
    struct bundle_writer *, const char *name, const void *bytes, size_t len, struct error *);
/** bundle_add_fd - an entry from a descriptor, of file->size bytes from where it stands. */
int bundle_add_fd(struct bundle_writer *, const struct bundle_file *, int fd, struct error *);
/** bundle_add_tree - a directory's files and directories in the order of their names; links and
 *  whatever else is there are INVALID.  limits: as for reading. */
int bundle_add_tree(
    struct bundle_writer *, int dir_fd, const struct bundle_limits *, struct error *);
/** bundle_end - write the archive's end.  The writer remains the caller's to free. */
int bundle_end(struct bundle_writer *, struct error *);
void bundle_writer_free(struct bundle_writer *);
void bundle_writer_freep(struct bundle_writer **);
#define _cleanup_bundle_writer_ __attribute__((cleanup(bundle_writer_freep)))
/** bundle_to_fd - a bundle_bytes_fn that writes to *(int *)arg. */
int bundle_to_fd(const void *bytes, size_t len, void *arg, struct error *);
#endif

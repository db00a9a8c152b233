/*
 * image_files.h - what the entries of an image archive are (internal to bundle/).
 */
#ifndef JANUS_BUNDLE_IMAGE_FILES_H
#define JANUS_BUNDLE_IMAGE_FILES_H
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/hash.h"
#include "runtime/base/map.h"
#include "runtime/bundle/bundle.h"

struct image_file {
	char *name; /* owned, as all here */
	char *link; /* the entry it stands for; NULL for a file */
	int64_t size;
	char digest[HASH_HEX_MAX];
	char unpacked[HASH_HEX_MAX]; /* digest of what it unpacks to; "": it does not */
	int64_t unpacked_size;
	char why[160]; /* it does not unpack */
	char *text; /* of what may be JSON and is not large; NULL */
};

struct image_files {
	struct map files; /* by name */
	int64_t max_bytes; /* of all of them, unpacked */
	int64_t unpacked; /* so far */
	size_t kept; /* bytes of texts */
};
/** image_limits - for archives of images with at most so many bytes in layers. */
struct bundle_limits image_limits(int64_t max_bytes);
/** image_files_read - read the whole archive, from its begin. */
int image_files_read(struct image_files *, int fd, struct error *);
/** image_files_find - the file of that name, links followed once; NULL if there is none. */
const struct image_file *image_files_find(const struct image_files *, const char *name);
void image_files_done(struct image_files *);
#endif

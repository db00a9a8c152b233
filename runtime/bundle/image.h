/*
 * image.h - an archive that holds one container image: "docker save", or an OCI layout.
 *
 * Everything an engine would believe is checked before it sees any of it: the manifest, that it names
 * one image, the configuration's digest, and every layer's, as it is and as it unpacks.  What then
 * goes to an engine is written anew, and holds nothing but that.
 *
 * BLOCKS, for as long as the archive is large.
 */
#ifndef JANUS_BUNDLE_IMAGE_H
#define JANUS_BUNDLE_IMAGE_H
#include <stddef.h>
#include <stdint.h>

#include "runtime/bundle/bundle.h"
struct error;

#define IMAGE_DIGEST_MAX 72 /* "sha256:" and 64 hex, NUL */
#define IMAGE_LAYERS_MAX 127

struct image_layer {
	char *entry; /* owned: where its bytes are in the archive */
	char digest[IMAGE_DIGEST_MAX]; /* of what it unpacks to */
	int64_t size; /* of that */
};

struct image_archive {
	char id[IMAGE_DIGEST_MAX]; /* of its configuration: what engines call the image's id */
	char arch[32];
	char *config_entry, *config; /* owned */
	struct image_layer *layers; /* owned; from the bottom up */
	size_t nlayers;
	int64_t bytes; /* of all layers, unpacked */
};

/**
 * image_archive_read - what image is in the archive, and is it whole?
 *
 * fd must be a file, and is read from its begin; max_bytes bounds the layers as they unpack.
 * INVALID or TOO_BIG with the entry.  *out is the caller's, image_archive_done.
 */
int image_archive_read(int fd, int64_t max_bytes, struct image_archive *out, struct error *);
/** image_archive_write - as "docker save" has it, under one name ("repository:tag"), to fn. The
 *  archive is the one the image was read from. */
int image_archive_write(int fd, const struct image_archive *, const char *name, bundle_bytes_fn *,
    void *arg, struct error *);
void image_archive_done(struct image_archive *);
#endif

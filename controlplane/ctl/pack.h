/*
 * pack.h - what is handed in, as one file: an archive, or a directory made into one.
 */
#ifndef JANUS_CTL_PACK_H
#define JANUS_CTL_PACK_H
#include "runtime/base/hash.h"
struct ctl;
struct error;

/**
 * ctl_pack - a descriptor of an image archive, at its begin; -1 with err.
 *
 * path is such an archive; a directory that is an OCI layout, which is packed; or one with a
 * Containerfile (or Dockerfile), which the container engine of this machine builds and saves.
 */
int ctl_pack(struct ctl *, const char *path, struct error *);
/** ctl_digest - "sha256:..." of the file, which is at its begin again then. */
int ctl_digest(int fd, char out[7 + HASH_HEX_MAX], struct error *);
/** ctl_scratch - a file without a name. */
int ctl_scratch(struct error *);
#endif

/*
 * signed_stream.h - a signed bundle in pieces, for whoever sends it only as fast as it is taken.
 */
#ifndef JANUS_BUNDLE_SIGNED_STREAM_H
#define JANUS_BUNDLE_SIGNED_STREAM_H
#include <cjson/cJSON.h>
#include <stddef.h>

#include "runtime/bundle/bundle.h"
struct buf;
struct ed25519_key;
struct error;
struct signed_stream;

/** A descriptor of the i-th file of the manifest, at its begin; it is closed for you. -1 with err. */
typedef int signed_open_fn(size_t i, void *arg, struct error *);
/** signed_stream_new - of a manifest with all its files, which is taken over; key and arg are borrowed. */
struct signed_stream *signed_stream_new(
    enum bundle_format, cJSON *manifest, const struct ed25519_key *, signed_open_fn *, void *arg);
/**
 * signed_stream_more - append at least `enough` bytes, unless it ends before.
 *
 * 1: there is more, 0: that was all of it, -1 with err: it is of no use any more (INTERNAL: a file is
 * not what the manifest says).  BLOCKS.
 */
int signed_stream_more(struct signed_stream *, struct buf *out, size_t enough, struct error *);
void signed_stream_free(struct signed_stream *);
#endif

/*
 * send_bundle.h - a signed bundle as the answer, made by a worker as fast as the client takes it
 * (internal to api/).
 */
#ifndef JANUS_API_SEND_BUNDLE_H
#define JANUS_API_SEND_BUNDLE_H
#include <stddef.h>

#include "runtime/bundle/bundle.h"
struct api;
struct api_call;
struct buf;
struct error;
struct signed_stream;

/** send_bundle - begin the answer; the stream is taken over.  over (with arg) is called when the
 *  worker is done with the stream, whatever came of it.  One that fails on its way is cut. */
void send_bundle(struct api_call *, enum bundle_format, struct signed_stream *,
    void (*over)(void *arg), void *arg);
/** The next bytes, at least `enough` of them unless it ends before: 1 there are more, 0 that was all,
 *  -1 with err.  BLOCKS: on a worker. */
typedef int send_more_fn(void *arg, struct buf *out, size_t enough, struct error *);
/** send_pieces - the same of any bytes that are made in pieces; over ends what arg owns. */
void send_pieces(struct api_call *, const char *content_type, send_more_fn *more,
    void (*over)(void *arg), void *arg);
/** sendings_close - end them (daemon shutdown). */
void sendings_close(struct api *);
#endif

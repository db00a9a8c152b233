/*
 * send_bundle.h - a signed bundle as the answer, made by a worker as fast as the client takes it
 * (internal to api/).
 */
#ifndef JANUS_API_SEND_BUNDLE_H
#define JANUS_API_SEND_BUNDLE_H
#include "runtime/bundle/bundle.h"
struct api;
struct api_call;
struct signed_stream;

/** send_bundle - begin the answer; the stream is taken over.  over (with arg) is called when the
 *  worker is done with the stream, whatever came of it.  One that fails on its way is cut. */
void send_bundle(struct api_call *, enum bundle_format, struct signed_stream *,
    void (*over)(void *arg), void *arg);
/** sendings_close - end them (daemon shutdown). */
void sendings_close(struct api *);
#endif

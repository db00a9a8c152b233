/*
 * send_blob.h - the bytes of a stored file to a client: all of them, some, or none of them again.
 *
 * Read by workers, a quarter of a MiB at a time, as fast as the client takes them.
 */
#ifndef JANUS_GATEWAY_SEND_BLOB_H
#define JANUS_GATEWAY_SEND_BLOB_H
#include "controlplane/gateway/counters.h"
struct artifact;
struct gateway;
struct http_request;

/** send_blob - answer a GET or HEAD with it, as a download; ranges, If-Range and If-None-Match count.
 *  The request is its own from here on. */
void send_blob(
    struct gateway *, struct http_request *, enum gateway_route, const struct artifact *);
/** send_blob_abandon_all - the gateway goes away: cut what runs. */
void send_blob_abandon_all(struct gateway *);
#endif

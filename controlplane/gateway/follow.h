/*
 * follow.h - who follows a resumable stream: the client that began it, and those who come for it.
 *
 * GET, HEAD and DELETE of /v1/streams and what is below it.  A follower reads from the stream's ring
 * as fast as its own client takes it, with heartbeats of its own.  One that takes little holds the
 * stream up for all (streams.h), until the server cuts it off; when what it wants next is not kept
 * any more it is told so.
 */
#ifndef JANUS_GATEWAY_FOLLOW_H
#define JANUS_GATEWAY_FOLLOW_H
#include <stdint.h>
struct auth;
struct gateway;
struct http_header;
struct http_request;
struct stream;

#define STREAMS_PATH "/v1/streams"

void follow_list(struct gateway *, struct http_request *);
void follow_one(struct gateway *, struct http_request *);
/** follow_begin - the client who began a stream follows it from its first event: send the head,
 *  then what comes.  The request is the follower's; auth may be NULL. */
void follow_begin(struct gateway *, struct http_request *, struct stream *, struct auth *,
    const struct http_header *);
/** follow_owner - whose streams a caller may see: those of the same key; without one, those of all
 *  who call without one the same way (over TCP, or over the control socket). */
const char *follow_owner(const struct http_request *);
/** follow_end_revoked - end the followers whose key was taken back. */
void follow_end_revoked(struct gateway *);
/** follow_abandon_all - the gateway goes away: hand over what is there, end what goes on. */
void follow_abandon_all(struct gateway *);
#endif

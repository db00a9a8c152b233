/*
 * resume.h - the part of a chat that makes its stream one that can be resumed.
 *
 * Asked for with `x-janus-resume: 1`, the answer goes into a stream (streams.h) and the client who
 * asked is its first follower (follow.h).  The chat goes on when he has gone; it is stopped by
 * DELETE, by the relay's total timer, by a revoked key, when Janus stops, or when nobody has
 * followed for streams_limits.idle_ms.  On the chat's loop.
 */
#ifndef JANUS_GATEWAY_RESUME_H
#define JANUS_GATEWAY_RESUME_H
#include <stdbool.h>
struct auth;
struct chat_relay;
struct gateway;
struct http_header;
struct http_request;
struct resume;

/** resume_wanted - did the client ask for it? */
bool resume_wanted(const struct gateway *, const struct http_request *);
/** resume_open - NULL if there is no room for one more: then it is a stream like any other.  The
 *  request's id is borrowed as request_id, auth (NULL is fine) as long. */
struct resume *resume_open(struct gateway *, struct http_request *, struct chat_relay *,
    const char *request_id, const char *model, struct auth *);
/** resume_competitor - who answers now. */
void resume_competitor(struct resume *, const char *slug);
/** resume_header - x-janus-stream-id, once the stream has begun; returns how many (0 or 1). */
unsigned resume_header(const struct resume *, struct http_header *out);
/** resume_close - the chat is over; returns how often its stream was resumed so far. */
unsigned resume_close(struct resume *);
/** resume_end_alone - while draining: end the chats that nobody follows. */
void resume_end_alone(struct gateway *);
#endif

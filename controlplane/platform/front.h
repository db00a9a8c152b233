/*
 * front.h - a pod's listener: what is accepted on it, and who serves it.
 *
 * The first bytes are looked at and left where they are: a request for somebody else (CONNECT, or a
 * whole URL) is the proxy's, everything else the HTTP server's.
 */
#ifndef JANUS_PLATFORM_FRONT_H
#define JANUS_PLATFORM_FRONT_H
struct caller;
struct error;
struct front;

/** front_new - listen_fd is taken over, also on failure. */
struct front *front_new(struct caller *, int listen_fd, struct error *);
/** front_drain - accept no more. */
void front_drain(struct front *);
void front_free(struct front *);
#endif

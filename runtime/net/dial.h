/*
 * dial.h - get a connected transport on a loop: by name and port (libcurl: resolver, TLS), or by
 * connecting a socket that somebody handed us.
 *
 * Never blocks.  Every dial ends in exactly one callback, from the loop, never from inside the
 * call that started it.
 */
#ifndef JANUS_NET_DIAL_H
#define JANUS_NET_DIAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>
struct conn_home;
struct error;
struct loop;
struct url;
struct watch;

/* A connected byte stream: a plain socket, or one inside a libcurl handle that speaks TLS. */
struct transport {
	int fd; /* owned when curl is NULL, else borrowed from it; -1: none */
	void *curl; /* owned CURL easy handle, or NULL */
	struct watch *watch; /* owned; of fd, goes with it from one user to the next; or NULL */
	struct conn_home *home; /* where it may wait for another request, or NULL (conn_pool.h) */
};
/* What its watch is for while bytes are waited for: edge-triggered, it tells each time once. */
#define TRANSPORT_READABLE (EPOLLET | EPOLLIN | EPOLLRDHUP)
void transport_close(struct transport *);
/** transport_send/recv - as send(2) and recv(2): -1 with EAGAIN when it would block, 0 from recv
 *  at the end.  With curl, bytes may wait inside it while the descriptor stays quiet: receive
 *  until EAGAIN. */
ssize_t transport_send(struct transport *, const void *bytes, size_t len);
ssize_t transport_recv(struct transport *, void *bytes, size_t cap);

struct dialer; /* a curl multi handle on a loop, CONNECT_ONLY transfers */
struct dialer *dialer_new(struct loop *, struct error *);
/** dialer_set_ca - trust the certificates in this PEM file instead of the system's. */
void dialer_set_ca(struct dialer *, const char *path);
/** dialer_free - pending dials end CANCELLED; TLS transports must have been closed before (their
 *  connection lives in the multi handle). Not from a dial's callback. */
void dialer_free(struct dialer *);

struct dial; /* a dial under way */
/** On success t is the receiver's and err NULL; else t NULL and err says why (TIMEOUT, UNAVAILABLE; IO:
 *  for want of descriptors or memory here, which is none of the peer's doing). */
typedef void dial_fn(struct transport *t, const struct error *err, void *arg);
/** dial_url - resolve, connect, and for https verify and shake hands, within timeout_ms. */
struct dial *dial_url(
    struct dialer *, const struct url *, int64_t timeout_ms, dial_fn *, void *arg);
/** dial_fd - connect a non-blocking socket (taken over) to 127.0.0.1:port. */
struct dial *dial_fd(struct loop *, int fd, int port, int64_t timeout_ms, dial_fn *, void *arg);
/** dial_cancel - no callback comes any more; frees it. */
void dial_cancel(struct dial *);
#endif

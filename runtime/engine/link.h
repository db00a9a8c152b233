/*
 * link.h - ask a pod's link for sockets made in the pod's own network namespace.
 *
 * link_call blocks (workers only, deadline 2 s).  struct link is the same conversation on a loop,
 * kept open for the life of an instance there: requests are answered in order.
 */
#ifndef JANUS_ENGINE_LINK_H
#define JANUS_ENGINE_LINK_H
#include <stddef.h>
struct buf;
struct error;
struct loop;

#define LINK_SOCKET_NAME "link.sock"

/** link_call - one request (op of link_protocol.h) to the link at path; *fd (may be NULL) gets the
 *  descriptor or -1, text (may be NULL) what else was said. */
int link_call(const char *path, char op, int *fd, struct buf *text, struct error *);

struct link;
/** fd >= 0 is the receiver's; or -1 and err. Never from inside link_socket. */
typedef void link_fd_fn(int fd, const struct error *err, void *arg);
/** link_open - does not fail at once: a path nobody listens on fails the requests. */
struct link *link_open(struct loop *, const char *path);
/** link_socket - ask for a fresh unconnected TCP socket of the pod; the returned handle cancels. */
struct link_request *link_socket(struct link *, link_fd_fn *, void *arg);
/** link_cancel - no callback comes; a descriptor that still arrives is closed. */
void link_cancel(struct link_request *);
/** link_close - pending requests fail CANCELLED (their callbacks run before this returns). */
void link_close(struct link *);
#endif

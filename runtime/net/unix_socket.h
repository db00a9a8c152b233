/*
 * unix_socket.h - listening on a path, whatever a dead process left there.
 */
#ifndef JANUS_NET_UNIX_SOCKET_H
#define JANUS_NET_UNIX_SOCKET_H
struct error;
struct sockaddr_un;

/** unix_address - path as an address; INVALID if it is empty or too long. */
int unix_address(const char *path, struct sockaddr_un *out, struct error *);
/**
 * unix_listen - a listening socket of that type at path, with mode; -1 with err.
 *
 * Non-blocking, close-on-exec.  An old socket is replaced only if nobody answers on it: CONFLICT
 * when somebody does, or when the path is something else.
 */
int unix_listen(const char *path, unsigned mode, int type, struct error *);
#endif

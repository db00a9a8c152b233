/*
 * fdpass.h - packets with a descriptor over SOCK_SEQPACKET unix sockets.
 */
#ifndef JANUS_NET_FDPASS_H
#define JANUS_NET_FDPASS_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
struct error;
struct ucred;

/** fdpass_connect - connect to a unix SEQPACKET socket; non-blocking, close-on-exec; -1 with err. */
int fdpass_connect(const char *path, struct error *);
/** fdpass_listen - listen on one with mode, replacing a stale socket; -1 with err. */
int fdpass_listen(const char *path, unsigned mode, struct error *);
/** fdpass_send - one packet, with fd if it is not negative; 0, or -1 and errno. */
int fdpass_send(int sock, const void *bytes, size_t len, int fd);
/**
 * fdpass_recv - one packet of at most cap bytes; *fd is the descriptor in it or -1, the caller's.
 *
 * Close-on-exec is set. Returns the length, 0 at the end, -1 and errno; truncated data, truncated
 * control data or more than one descriptor are -1 EBADMSG and everything received is closed.
 */
ssize_t fdpass_recv(int sock, void *bytes, size_t cap, int *fd);
/** fdpass_peer_is_ours - is the other end root or our own user?  *peer: who it is. */
bool fdpass_peer_is_ours(int sock, struct ucred *peer);
#endif

/*
 * passed.h - listening sockets that somebody else opened: the service manager, or the process before us.
 *
 * Of the service manager's they are descriptors from 3 on, told of by $LISTEN_FDS, $LISTEN_PID and
 * $LISTEN_FDNAMES (sd_listen_fds(3)).
 */
#ifndef JANUS_NET_PASSED_H
#define JANUS_NET_PASSED_H
#include <stdbool.h>
#include <stddef.h>
struct error;

#define PASSED_MAX 136
#define PASSED_HOST_MAX 46

enum passed_use { PASSED_HTTP, PASSED_UI, PASSED_CONTROL, PASSED_HANDOVER, PASSED_USES };
struct passed_socket {
	int fd; /* owned; -1: taken */
	enum passed_use use;
};
struct passed {
	struct passed_socket at[PASSED_MAX];
	size_t len;
};

struct passed_address {
	char host[PASSED_HOST_MAX]; /* numeric */
	int port;
	bool loopback;
};

/** passed_use_name - "http", "ui", "control", or "handover" (of one process to the next). */
const char *passed_use_name(enum passed_use);
/**
 * passed_add - one more, which is taken over (closed on failure).
 *
 * name says what for; where it is none of ours, the socket tells: a unix one is the control socket,
 * a TCP one on ui_port the second port, any other the first.  INVALID for what does not listen.
 */
int passed_add(struct passed *, int received, const char *name, int ui_port, struct error *);
/** passed_from_manager - what the environment tells of, if it is meant for us; then it tells so no more. */
int passed_from_manager(struct passed *, int ui_port, struct error *);
/** passed_count - of that use. */
size_t passed_count(const struct passed *, enum passed_use);
/** passed_spread - at least n of that use, the further ones duplicates, if there is any of it. */
int passed_spread(struct passed *, enum passed_use, size_t n, struct error *);
/** passed_drop - close those of that use. */
void passed_drop(struct passed *, enum passed_use);
/** passed_take - the next for the i-th listener of n, the caller's; -1: it has all that are its. */
int passed_take(struct passed *, enum passed_use, size_t i, size_t n);
/** passed_is_at - is it bound to that numeric host and port? */
bool passed_is_at(int fd, const char *host, int port);
/**
 * passed_widest - where the one is bound that most can reach: at any address before at one, and that
 * before loopback; the first of equals, in the order of their uses.
 *
 * False: none has an address (unix sockets have not), and out is untouched.
 */
bool passed_widest(const struct passed *, struct passed_address *out);
void passed_close(struct passed *);
#endif

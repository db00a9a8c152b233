/*
 * peer.h - the other side of a connection, in a thread that follows a script.
 *
 * Included by tests only.  Each accepted connection runs the whole script from its start.
 */
#ifndef JANUS_TESTS_NET_PEER_H
#define JANUS_TESTS_NET_PEER_H
#include <arpa/inet.h>
#include <check.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/buf.h"

enum peer_do {
	PEER_END, /* close as everybody does */
	PEER_READ_HEAD, /* up to the first blank line */
	PEER_READ, /* until `text` came */
	PEER_SEND, /* text */
	PEER_DRIP, /* text, byte by byte */
	PEER_FLOOD, /* text, count times; until the other side closes */
	PEER_RESET, /* close with RST */
	PEER_SHUT, /* send FIN and go on */
	PEER_READ_END, /* until the other side closes */
};
struct peer_step {
	enum peer_do act;
	const char *text;
	int count;
};

struct peer {
	int listen_fd, port, connections;
	const struct peer_step *steps;
	pthread_t thread;
	struct buf got; /* everything received */
};

static bool
peer_read(struct peer *p, int fd)
{
	char bytes[65536];
	const ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	if (n > 0)
		buf_add(&p->got, bytes, (size_t)n);
	return n > 0;
}

static bool
peer_send(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static void
peer_follow(struct peer *p, int fd)
{
	const struct linger now = { .l_onoff = 1 };
	const size_t got_before = p->got.len;
	const int on = 1;

	/* Or a reset would drop bytes that wait in our own buffer. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (const struct peer_step *s = p->steps; s->act != PEER_END; s++) {
		const char *until = s->act == PEER_READ_HEAD ? "\r\n\r\n" : s->text;

		switch (s->act) {
		case PEER_READ_HEAD:
		case PEER_READ:
			while (memmem(buf_str(&p->got) + got_before, p->got.len - got_before, until,
				   strlen(until)) == NULL)
				if (!peer_read(p, fd))
					break;
			break;
		case PEER_SEND: peer_send(fd, s->text, strlen(s->text)); break;
		case PEER_DRIP:
			for (const char *c = s->text; *c != '\0'; c++)
				peer_send(fd, c, 1);
			break;
		case PEER_FLOOD:
			for (int i = 0; i < s->count; i++)
				if (!peer_send(fd, s->text, strlen(s->text)))
					break;
			break;
		case PEER_RESET: setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); break;
		case PEER_SHUT: shutdown(fd, SHUT_WR); break;
		case PEER_READ_END:
			while (peer_read(p, fd)) {
			}
			break;
		case PEER_END: break;
		}
	}
	close(fd);
}

static void *
peer_run(void *arg)
{
	struct peer *p = arg;

	for (int i = 0; i < p->connections; i++) {
		const int fd = accept(p->listen_fd, NULL, NULL);

		if (fd >= 0)
			peer_follow(p, fd);
	}
	return NULL;
}

static inline void
peer_listen(struct peer *p, const char *unix_path)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(in);

	if (unix_path != NULL) {
		strncpy(un.sun_path, unix_path, sizeof(un.sun_path) - 1);
		p->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(bind(p->listen_fd, (struct sockaddr *)&un, sizeof(un)), 0);
	} else {
		p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(bind(p->listen_fd, (struct sockaddr *)&in, sizeof(in)), 0);
		ck_assert_int_eq(getsockname(p->listen_fd, (struct sockaddr *)&in, &len), 0);
		p->port = ntohs(in.sin_port);
	}
	ck_assert_int_eq(listen(p->listen_fd, 16), 0);
}

/* Start; unix_path NULL is a port of 127.0.0.1. */
static inline void
peer_start(struct peer *p, const char *unix_path, const struct peer_step *steps, int connections)
{
	*p = (struct peer){ .steps = steps, .connections = connections };
	peer_listen(p, unix_path);
	ck_assert_int_eq(pthread_create(&p->thread, NULL, peer_run, p), 0);
}

/* Wait until it served its connections; p->got stays until peer_done. */
static inline void
peer_join(struct peer *p)
{
	pthread_join(p->thread, NULL);
	close(p->listen_fd);
}

static inline void
peer_done(struct peer *p)
{
	buf_done(&p->got);
}

/* A blocking connection to it. */
static inline int
peer_connect(const struct peer *p)
{
	const struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)p->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}
#endif

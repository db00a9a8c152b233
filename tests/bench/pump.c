/*
 * pump.c - the floor: a proxy that only moves bytes, one upstream connection for each client's.
 *
 * pump PORT UPSTREAM-PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct side {
	int fd;
	bool connecting, dead;
	struct side *other;
	struct side *dead_next;
};
static int epoll;
static struct sockaddr_in upstream = { .sin_family = AF_INET };
static struct side *dead;

static struct side *
side_new(int fd, uint32_t events)
{
	struct side *s = calloc(1, sizeof(*s));
	struct epoll_event ev = { .events = events, .data.ptr = s };
	const int on = 1;

	s->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	return s;
}

static void
drop(struct side *s)
{
	if (s->dead)
		return;
	/* Freed when the turn is over: its other events may still be in hand. */
	for (int i = 0; i < 2; i++, s = s->other) {
		s->dead = true;
		close(s->fd);
		s->dead_next = dead;
		dead = s;
	}
}

static void
on_accept(int listener)
{
	const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	const int up = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (up < 0 ||
	    (connect(up, (struct sockaddr *)&upstream, sizeof(upstream)) < 0 &&
		errno != EINPROGRESS)) {
		close(fd);
		if (up >= 0)
			close(up);
		return;
	}
	struct side *a = side_new(fd, EPOLLRDHUP), *b = side_new(up, EPOLLOUT);
	a->other = b;
	b->other = a;
	b->connecting = true;
}

static void
on_ready(struct side *s, uint32_t events)
{
	static char bytes[16384];
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };

	if (s->dead)
		return;
	if (s->connecting) {
		if (events & (EPOLLERR | EPOLLHUP)) {
			drop(s);
			return;
		}
		s->connecting = false;
		epoll_ctl(epoll, EPOLL_CTL_MOD, s->fd, &ev);
		ev.data.ptr = s->other;
		epoll_ctl(epoll, EPOLL_CTL_MOD, s->other->fd, &ev);
		return;
	}
	const ssize_t n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	/* It is for a client that keeps up: what a full socket does not take ends the connection. */
	if (n <= 0 || send(s->other->fd, bytes, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n)
		drop(s);
}

int
main(int argc, char **argv)
{
	const struct rlimit files = { 65536, 65536 };
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	struct epoll_event ready[256], ev = { .events = EPOLLIN };

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	upstream.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	upstream.sin_port = htons((uint16_t)atoi(argv[2]));
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 4096) < 0) {
		perror("pump: listen");
		return 1;
	}
	epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev);
	for (;;) {
		const int n = epoll_wait(epoll, ready, 256, -1);

		for (int i = 0; i < n; i++)
			if (ready[i].data.ptr == NULL)
				on_accept(listener);
			else
				on_ready(ready[i].data.ptr, ready[i].events);
		while (dead != NULL) {
			struct side *s = dead;

			dead = s->dead_next;
			free(s);
		}
	}
}

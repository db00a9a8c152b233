/*
 * link.c - janus-link, the first process of every pod.
 *
 * The pod's network namespace holds loopback and nothing else.  The link owns
 * that namespace: it keeps the broker's listener for the life of the pod, and
 * over one unix socket passes descriptors made inside out to the daemon.
 * Protocol: runtime/engine/link_protocol.h.  Static, no library, one thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/engine/link_protocol.h"

/* Room for two of the largest replies; a client further behind is dropped. */
#define CLIENT_SEND_BYTES (2 * LINK_REPLY_MAX_BYTES)

struct link {
	int broker; /* 127.0.0.1:8600, never accepted from here */
	int door; /* the unix socket */
	int client[LINK_CLIENTS_MAX];
	unsigned clients;
	char reply[LINK_REPLY_MAX_BYTES];
};

struct op {
	char op;
	bool (*answer)(struct link *, int client); /* false: drop the client */
};

static void
leave(int sig)
{
	(void)sig;
	_exit(0);
}

static void
die(const char *what)
{
	fprintf(stderr, "janus-link: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
catch_signals(void)
{
	/* Pid 1 gets no default action: without a handler TERM is lost. */
	signal(SIGTERM, leave);
	signal(SIGINT, leave);
	signal(SIGPIPE, SIG_IGN);
}

static int
tcp_socket(void)
{
	const int on = 1;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0) {
		const int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
broker_open(void)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(LINK_BROKER_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int on = 1;
	const int fd = tcp_socket();

	/*
	 * SO_REUSEADDR lets a new link listen while old connections linger; a
	 * second listener is still refused.  Never SO_REUSEPORT: with it the
	 * competitor could take a share of the broker's connections.
	 */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, LINK_BACKLOG) < 0)
		die("listen on 127.0.0.1:8600");
	return fd;
}

/* The name appears only when the socket listens: seeing it means ready. */
static int
door_open(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const int n = snprintf(at.sun_path, sizeof(at.sun_path), "%s.new", path);
	int fd;

	if (path[0] == '\0' || n < 0 || (size_t)n >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	unlink(at.sun_path);
	umask(0077);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, LINK_CLIENTS_MAX) < 0 || rename(at.sun_path, path) < 0)
		die(path);
	return fd;
}

/* The one place that sends.  False when the client does not keep up or is gone. */
static bool
send_packet(int client, const char *bytes, size_t len, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (char *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(client, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

static bool
send_failure(int client, int error)
{
	const uint32_t e = (uint32_t)error;
	const char packet[LINK_FAILURE_BYTES] = { LINK_FAILED, (char)(e & 0xff),
		(char)(e >> 8 & 0xff), (char)(e >> 16 & 0xff), (char)(e >> 24 & 0xff) };

	return send_packet(client, packet, sizeof(packet), -1);
}

/* Up to max bytes of a proc file, cut after the last whole line. */
static ssize_t
read_lines(const char *path, char *into, size_t max)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1; /* no IPv6 here: no snmp6, no tcp6 */
	while (len < max && (n = read(fd, into + len, max - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (n < 0)
		return -1;
	while (len > 0 && into[len - 1] != '\n')
		len--;
	return (ssize_t)len;
}

/* The first file gets half at most, so that it cannot push out the second. */
static bool
send_files(struct link *l, int client, const char *a, const char *b, size_t max)
{
	const ssize_t first = read_lines(a, l->reply + 1, max / 2);
	ssize_t second;

	if (first < 0)
		return send_failure(client, errno);
	second = read_lines(b, l->reply + 1 + first, max - (size_t)first);
	if (second < 0)
		return send_failure(client, errno);
	l->reply[0] = LINK_OK;
	return send_packet(client, l->reply, 1 + (size_t)first + (size_t)second, -1);
}

static bool
answer_socket(struct link *l, int client)
{
	const char ok = LINK_OK;
	const int fd = tcp_socket();
	bool sent;

	(void)l;
	if (fd < 0)
		return send_failure(client, errno);
	sent = send_packet(client, &ok, 1, fd);
	close(fd);
	return sent;
}

static bool
answer_listener(struct link *l, int client)
{
	const char ok = LINK_OK;

	return send_packet(client, &ok, 1, l->broker);
}

static bool
answer_counters(struct link *l, int client)
{
	return send_files(l, client, "/proc/net/snmp", "/proc/net/snmp6", LINK_COUNTERS_MAX_BYTES);
}

static bool
answer_table(struct link *l, int client)
{
	/* Listeners stand first in both files: they survive the cut. */
	return send_files(l, client, "/proc/net/tcp", "/proc/net/tcp6", LINK_TABLE_MAX_BYTES);
}

static bool
answer_ping(struct link *l, int client)
{
	static const char pong[] = "\0" LINK_VERSION; /* LINK_OK, then the text */

	(void)l;
	return send_packet(client, pong, sizeof(pong) - 1, -1);
}

static const struct op ops[] = {
	{ LINK_OP_SOCKET, answer_socket },
	{ LINK_OP_LISTENER, answer_listener },
	{ LINK_OP_COUNTERS, answer_counters },
	{ LINK_OP_TABLE, answer_table },
	{ LINK_OP_PING, answer_ping },
};

static bool
client_ready(struct link *l, int client)
{
	char request[LINK_REQUEST_BYTES];
	const ssize_t n = recv(client, request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (n != LINK_REQUEST_BYTES)
		return send_failure(client, EMSGSIZE);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (ops[i].op == request[0])
			return ops[i].answer(l, client);
	return send_failure(client, EINVAL);
}

static void
client_accept(struct link *l)
{
	const int room = CLIENT_SEND_BYTES;
	const int fd = accept4(l->door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			poll(NULL, 0, 20); /* the door stays readable: do not spin */
		return;
	}
	if (l->clients == LINK_CLIENTS_MAX) {
		send_failure(fd, EMFILE);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	l->client[l->clients++] = fd;
}

static void
turn(struct link *l)
{
	struct pollfd p[1 + LINK_CLIENTS_MAX] = { { .fd = l->door, .events = POLLIN } };

	for (unsigned i = 0; i < l->clients; i++)
		p[1 + i] = (struct pollfd){ .fd = l->client[i], .events = POLLIN };
	if (poll(p, 1 + l->clients, -1) < 0) {
		if (errno != EINTR)
			die("poll");
		return;
	}
	/* Downwards: the last client, already looked at, fills a gap. */
	for (unsigned i = l->clients; i-- > 0;) {
		if (p[1 + i].revents == 0 || client_ready(l, l->client[i]))
			continue;
		close(l->client[i]);
		l->client[i] = l->client[--l->clients];
	}
	if (p[0].revents != 0)
		client_accept(l);
}

int
main(int argc, char **argv)
{
	static struct link link;

	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return puts("janus-link " JANUS_VERSION) < 0;
	catch_signals();
	link.broker = broker_open();
	link.door = door_open(argc > 1 ? argv[1] : LINK_SOCKET_PATH);
	for (;;)
		turn(&link);
}

/*
 * try_net.c - attempts to reach anything by network.
 *
 * In a pod a connect must fail at once because there is no route.  A refusal
 * or a silence means that somebody could have answered: not contained.
 */
#include "controlplane/link/attempts.h"
#include "controlplane/link/try.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 700 /* below the deadline, so that the words are ours */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
address_parse(const char *where, long port, union address *at)
{
	memset(at, 0, sizeof(*at));
	if (inet_pton(AF_INET, where, &at->v4.sin_addr) == 1) {
		at->v4.sin_family = AF_INET;
		at->v4.sin_port = htons((uint16_t)port);
		return sizeof(at->v4);
	}
	inet_pton(AF_INET6, where, &at->v6.sin6_addr);
	at->v6.sin6_family = AF_INET6;
	at->v6.sin6_port = htons((uint16_t)port);
	if (IN6_IS_ADDR_LINKLOCAL(&at->v6.sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&at->v6.sin6_addr))
		at->v6.sin6_scope_id = 2; /* whatever comes after loopback */
	return sizeof(at->v6);
}

/* Socket, connected or connecting; -1 with errno. */
static int
reach(const struct attempt *a, int type, int protocol)
{
	union address at;
	const socklen_t len = address_parse(a->where, a->number, &at);
	const int fd = socket(at.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	const int on = 1;

	if (fd < 0)
		return -1;
	if (type == SOCK_DGRAM) /* or a broadcast is refused for our own good */
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	return connect(fd, &at.any, len) < 0 && errno != EINPROGRESS ? -1 : fd;
}

static int
connect_result(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (poll(&p, 1, ANSWER_MS) <= 0)
		return ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static int
no_way(int error)
{
	return error == ENETUNREACH || error == EADDRNOTAVAIL || error == EAFNOSUPPORT ||
	    error == ENODEV || error == ENETDOWN || error == EPERM || error == EACCES;
}

int
try_tcp(const struct attempt *a, char *saw, size_t size)
{
	const int fd = reach(a, SOCK_STREAM, 0);
	const int error = fd < 0 ? errno : connect_result(fd);

	if (error == 0)
		snprintf(saw, size, "connected");
	else
		snprintf(saw, size, "%s", strerror(error));
	return no_way(error) ? -1 : 0;
}

int
try_udp(const struct attempt *a, char *saw, size_t size)
{
	const int fd = reach(a, SOCK_DGRAM, 0);

	if (fd >= 0 && send(fd, "janus", 5, 0) == 5)
		return 0;
	snprintf(saw, size, "%s", strerror(errno));
	return no_way(errno) ? -1 : 0;
}

int
try_ping(const struct attempt *a, char *saw, size_t size)
{
	static const char echo[8] = { 8 };
	const int fd = reach(a, SOCK_DGRAM, IPPROTO_ICMP);

	(void)saw;
	(void)size;
	return fd >= 0 && send(fd, echo, sizeof(echo), 0) >= 0 ? 0 : -1;
}

/* Loopback has a route; here only an answer counts. */
int
try_loopback(const struct attempt *a, char *saw, size_t size)
{
	const int fd = reach(a, SOCK_STREAM, 0);
	const int error = fd < 0 ? errno : connect_result(fd);

	snprintf(saw, size, "%s", error == 0 ? "connected" : strerror(error));
	return error == 0 ? 0 : -1;
}

int
try_dns_packet(const struct attempt *a, char *saw, size_t size)
{
	static const char query[] = "\x4a\x4e\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
	const int fd = reach(a, SOCK_DGRAM, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char answer[512];

	if (fd < 0 || send(fd, query, sizeof(query) - 1, 0) < 0)
		return -1;
	if (strncmp(a->where, "127.", 4) != 0)
		return 0; /* it left */
	if (poll(&p, 1, ANSWER_MS) <= 0) {
		snprintf(saw, size, "no answer");
		return -1;
	}
	return recv(fd, answer, sizeof(answer), 0) < 0 ? -1 : 0;
}

static int64_t
ms_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

int
try_dns_name(const struct attempt *a, char *saw, size_t size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	const pid_t pid = fork(); /* the resolver's own patience is longer than ours */
	struct timespec now;
	int status = 0, error;

	if (pid < 0)
		return 0;
	if (pid == 0) {
		error = getaddrinfo(a->where, "80", &hints, &found);
		_exit(error == 0 ? 1 : error == EAI_NONAME || error == EAI_NODATA ? 2 : 3);
	}
	/* By the clock: where processors are short, five milliseconds are more. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	const int64_t until_ms = ms_of(&now) + ANSWER_MS;
	while (waitpid(pid, &status, WNOHANG) == 0 && ms_of(&now) < until_ms) {
		poll(NULL, 0, 5);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	kill(pid, SIGKILL);
	/*
	 * A silent resolver is contained: whether a packet could have left is
	 * the question of try_dns_packet.
	 */
	snprintf(saw, size, "%s",
	    !WIFEXITED(status) || status == 0 ? "no answer"
		: WEXITSTATUS(status) == 1    ? "resolved"
		: WEXITSTATUS(status) == 2    ? "a server answered: no such name"
					      : "no resolver");
	return status != 0 && WEXITSTATUS(status) < 3 ? 0 : -1;
}

int
try_socket(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return socket((int)(a->number >> 16), (int)(a->number >> 8 & 0xff),
		   (int)(a->number & 0xff)) < 0
	    ? -1
	    : 0;
}

int
try_routes(const struct attempt *a, char *saw, size_t size)
{
	char line[256];
	FILE *f = fopen("/proc/net/route", "re");

	(void)a;
	if (f == NULL)
		return -1;
	if (fgets(line, sizeof(line), f) != NULL && fgets(line, sizeof(line), f) != NULL) {
		snprintf(saw, size, "%s", line);
		return 0;
	}
	snprintf(saw, size, "no route");
	return -1;
}

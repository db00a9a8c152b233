/*
 * knock.c - a new connection every moment, each with one request: is somebody always there?
 *
 * knock PORT [SECONDS]: until TERM, or for so long.  Prints asked=, refused= (nobody listens), broken= (a connection without a
 * whole answer) and longest_ms= (from connect to the answer).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define WAIT_S 20
#define PAUSE_NS 1000000

static volatile sig_atomic_t stopped;

static void
on_term(int sig)
{
	(void)sig;
	stopped = 1;
}

enum answer { WHOLE, REFUSED, BROKEN };

static enum answer
knock(const struct sockaddr_in *at)
{
	static const char request[] =
	    "GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
	const struct timeval wait = { .tv_sec = WAIT_S };
	char text[2048];
	size_t len = 0;
	ssize_t n = 0;
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0) {
		const bool refused = errno == ECONNREFUSED;

		close(fd);
		return refused ? REFUSED : BROKEN;
	}
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1)
		n = -1;
	while (n >= 0 && len < sizeof(text) - 1 &&
	    (n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	return n == 0 && strncmp(text, "HTTP/1.1 200", 12) == 0 && strstr(text, "ok\n") != NULL
	    ? WHOLE
	    : BROKEN;
}

int
main(int argc, char **argv)
{
	const struct sigaction end = { .sa_handler = on_term };
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct sockaddr_in at = { .sin_family = AF_INET };
	unsigned long counts[3] = { 0 };
	int64_t longest_ns = 0;

	if (argc != 2 && argc != 3)
		return 2;
	sigaction(SIGTERM, &end, NULL);
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	const int64_t until_ns =
	    bench_now_ns() + (int64_t)((argc == 3 ? atof(argv[2]) : 3600) * 1e9);
	while (!stopped && bench_now_ns() < until_ns) {
		const int64_t began_ns = bench_now_ns();
		const enum answer answer = knock(&at);
		const int64_t ns = bench_now_ns() - began_ns;

		if (answer == BROKEN && stopped)
			break;
		counts[answer]++;
		if (answer == WHOLE && ns > longest_ns)
			longest_ns = ns;
		nanosleep(&pause, NULL);
	}
	printf("asked=%lu refused=%lu broken=%lu longest_ms=%lld\n",
	    counts[WHOLE] + counts[REFUSED] + counts[BROKEN], counts[REFUSED], counts[BROKEN],
	    (long long)(longest_ns / 1000000));
	return counts[REFUSED] + counts[BROKEN] > 0;
}

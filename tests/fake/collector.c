/*
 * collector.c - takes spans over OTLP/HTTP and writes each request as one line.
 *
 *	fake-collector --port N [--status NNN]
 *
 * A line on stdout per request: its path, a tab, its authorization header or "-", a tab, its body
 * (which the encoder writes without newlines).  Every request is answered with --status (200).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (4 << 20)

static char request[REQUEST_MAX + 1];

/* A header's value in the NUL-terminated head, up to the line's end; NULL if absent. */
static const char *
header(const char *head, const char *name)
{
	const size_t len = strlen(name);

	for (const char *line = head; (line = strstr(line, "\r\n")) != NULL;) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " ");
	}
	return NULL;
}

/* Read a whole request; returns its body, NULL if it never came. */
static const char *
receive(int fd)
{
	size_t len = 0, need = 0;
	char *body = NULL;

	while (body == NULL || len < need) {
		const ssize_t n = recv(fd, request + len, REQUEST_MAX - len, 0);

		if (n <= 0)
			return NULL;
		len += (size_t)n;
		request[len] = '\0';
		if (body == NULL && (body = strstr(request, "\r\n\r\n")) != NULL) {
			const char *length = header(request, "content-length");

			body += 4;
			need = (size_t)(body - request) +
			    (length != NULL ? strtoul(length, NULL, 10) : 0);
		}
	}
	return body;
}

static void
serve(int fd, int status)
{
	const char *body = receive(fd), *auth;
	char answer[160];
	int len;

	if (body == NULL)
		return;
	auth = header(request, "authorization");
	printf("%.*s\t%.*s\t%s\n", (int)strcspn(strchr(request, ' ') + 1, " "),
	    strchr(request, ' ') + 1, auth != NULL ? (int)strcspn(auth, "\r") : 1,
	    auth != NULL ? auth : "-", body);
	fflush(stdout);
	len = snprintf(answer, sizeof(answer),
	    "HTTP/1.1 %d x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
	    "connection: close\r\n\r\n{}",
	    status);
	(void)!send(fd, answer, (size_t)len, MSG_NOSIGNAL);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	int status = 200;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--port") == 0)
			at.sin_port = htons((unsigned short)atoi(argv[i + 1]));
		else if (strcmp(argv[i], "--status") == 0)
			status = atoi(argv[i + 1]);
	}
	signal(SIGPIPE, SIG_IGN);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0) {
		perror("collector");
		return 1;
	}
	for (;;) {
		const int client = accept(fd, NULL, NULL);

		if (client < 0)
			return 1;
		serve(client, status);
		close(client);
	}
}

/*
 * notify.c - one datagram a message.
 */
#include "runtime/base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"

static int64_t
number_of(const char *name)
{
	const char *text = getenv(name);
	int64_t n = 0;

	return text != NULL && str_parse_int(text, 0, INT64_MAX, &n, NULL) == 0 ? n : 0;
}

void
notify_init(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const int64_t pid = number_of("WATCHDOG_PID");

	*n = (struct notify){ 0 };
	if (path == NULL || (path[0] != '/' && path[0] != '@') || path[1] == '\0' ||
	    strlen(path) >= sizeof(n->path))
		return;
	strcpy(n->path, path);
	/* The time may be meant for the process that started us. */
	if (pid == 0 || pid == getpid())
		n->watchdog_ms = number_of("WATCHDOG_USEC") / 1000;
}

bool
notify_is_wanted(const struct notify *n)
{
	return n->path[0] != '\0';
}

bool
notify_send(const struct notify *n, const char *lines)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const size_t len = strlen(n->path);
	ssize_t sent;

	if (len == 0)
		return false;
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return false;
	memcpy(to.sun_path, n->path, len);
	if (n->path[0] == '@')
		to.sun_path[0] = '\0';
	/* An abstract name ends with the address, a path with its NUL. */
	const socklen_t size =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (n->path[0] == '@' ? 0 : 1));
	do
		sent =
		    sendto(sock, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&to, size);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

/* A line of ours cannot become two. */
static void
add_status(struct buf *out, const char *status)
{
	if (status == NULL)
		return;
	buf_add_str(out, "STATUS=");
	buf_add(out, status, strcspn(status, "\r\n"));
	buf_add_char(out, '\n');
}

void
notify_ready(const struct notify *n, const char *status)
{
	_cleanup_buf_ struct buf out = { 0 };

	buf_add_str(&out, "READY=1\n");
	add_status(&out, status);
	notify_send(n, buf_str(&out));
}

void
notify_status(const struct notify *n, const char *status)
{
	_cleanup_buf_ struct buf out = { 0 };

	add_status(&out, status);
	notify_send(n, buf_str(&out));
}

void
notify_reloading(const struct notify *n)
{
	char lines[80];

	/* By this the manager tells whether READY=1 answers this reload or an earlier one. */
	snprintf(
	    lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%lld\n", (long long)clock_now_us());
	notify_send(n, lines);
}

void
notify_stopping(const struct notify *n, const char *status)
{
	_cleanup_buf_ struct buf out = { 0 };

	buf_add_str(&out, "STOPPING=1\n");
	add_status(&out, status);
	notify_send(n, buf_str(&out));
}

void
notify_extend(const struct notify *n, int64_t ms)
{
	char line[60];

	snprintf(line, sizeof(line), "EXTEND_TIMEOUT_USEC=%lld\n", (long long)ms * 1000);
	notify_send(n, line);
}

void
notify_main_pid(const struct notify *n, pid_t pid)
{
	char line[40];

	snprintf(line, sizeof(line), "MAINPID=%lld\n", (long long)pid);
	notify_send(n, line);
}

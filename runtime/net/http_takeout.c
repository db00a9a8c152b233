/*
 * http_takeout.c - take an answer's connection out of libmicrohttpd, and give it back.
 *
 * libmicrohttpd keeps 24 KiB resident for each connection, and looks at all suspended ones when any
 * is resumed.  A stream needs nothing of it: the socket gets another descriptor, the one that
 * libmicrohttpd knows is pointed at nothing, and libmicrohttpd closes that.  That works only if it
 * has read nothing of a next request yet, which the kernel's count of bytes tells.  It gets the connection
 * back as a new one at the first request that is not plain (http_plain.c).
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stddef.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/net/http_server_internal.h"

int64_t
client_bytes_read(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	int before, waiting;

	/* What comes between the two counts would be in one of them alone. */
	do {
		if (ioctl(fd, SIOCINQ, &before) < 0 ||
		    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
		    len < offsetof(struct tcp_info, tcpi_bytes_received) +
			    sizeof(info.tcpi_bytes_received) ||
		    ioctl(fd, SIOCINQ, &waiting) < 0)
			return -1;
	} while (before != waiting);
	return (int64_t)info.tcpi_bytes_received - waiting;
}

bool
exchange_is_out(const struct exchange *ex)
{
	return ex->client != NULL && ex->client->mhd == NULL;
}

/* Does the client want the connection kept, and has it said nothing more? */
static bool
may_take_out(const struct exchange *ex)
{
	const struct client *c = ex->client;
	const char *wish = http_header_get(&ex->pub, "connection");

	return ex->suspended && ex->stage == STAGE_ANSWER && !ex->old && !ex->bodiless &&
	    !ex->bad_framing && !ex->pub.is_unix && !ex->pub.is_tls && !c->uncounted &&
	    !c->half_closed && (wish == NULL || strcasecmp(wish, "keep-alive") == 0) &&
	    client_bytes_read(c->fd) == (int64_t)c->request_bytes;
}

bool
exchange_take_out(struct exchange *ex)
{
	struct client *old = ex->client;
	struct http_server *s = ex->pub.server;
	const int on = 1;

	if (exchange_is_out(ex))
		return true;
	if (s->nobody < 0 || !may_take_out(ex))
		return false;
	const int fd = fcntl(old->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return false;
	loop_unwatch(&old->watch);
	timer_cancel(&old->timer);
	if (dup3(s->nobody, old->fd, O_CLOEXEC) < 0) {
		close(fd);
		client_watch(old);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ex->client = client_add(s, NULL, fd);
	ex->client->used = true;
	memcpy(ex->client->address, old->address, sizeof(old->address));
	client_watch(ex->client);
	ex->client->exchange = ex;
	old->exchange = NULL;
	ex->leaving = true;
	MHD_resume_connection(old->mhd);
	server_run_soon(s);
	return true;
}

/* libmicrohttpd, which stops listening when descriptors run out, begins again when it has closed a connection:
 * for one that we close, it gets one that is connected to nothing. */
static void
server_close(struct http_server *s, int fd)
{
	const struct sockaddr_in nobody = { .sin_family = AF_INET };

	close(fd);
	if (s->daemon == NULL || s->draining || (fd = fcntl(s->nobody, F_DUPFD_CLOEXEC, 0)) < 0)
		return;
	MHD_add_connection(s->daemon, fd, (const struct sockaddr *)&nobody, sizeof(nobody));
	server_run_soon(s);
}

void
client_put_back(struct client *c, bool keep)
{
	struct http_server *s = c->server;
	const int fd = c->fd;

	client_free(c);
	if (keep)
		http_server_take(s, fd);
	else
		server_close(s, fd);
}

void
exchange_close(struct exchange *ex)
{
	client_put_back(ex->client, false);
	exchange_free(ex);
}

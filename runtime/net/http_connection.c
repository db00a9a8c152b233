/*
 * http_connection.c - the connections of a server: from accept to close, how long each may be silent,
 * and whether the client is still there.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "runtime/base/str.h"
#include "runtime/net/http_server_internal.h"

void
client_hang_up(struct client *c)
{
	/* libmicrohttpd sees the end of input and closes. */
	shutdown(c->fd, SHUT_RDWR);
}

void
client_on_head_late(struct timer *t, void *arg)
{
	struct client *c = arg;

	(void)t;
	if (c->exchange != NULL)
		exchange_refuse(c->exchange, MHD_HTTP_REQUEST_TIMEOUT, "request_timeout");
	client_hang_up(c);
}

void
client_on_idle(struct timer *t, void *arg)
{
	(void)t;
	client_hang_up(arg);
}

void
client_on_body_check(struct timer *t, void *arg)
{
	struct client *c = arg;
	struct exchange *ex = c->exchange;
	const int64_t limit_ms = c->server->limits->body_timeout_ms;
	const int64_t quiet_ms = ex->body_byte_ms + limit_ms;
	const int64_t slow_ms =
	    ex->body_began_ms + limit_ms + ex->pub.body_bytes + (int64_t)ex->dropped;
	const int64_t left_ms =
	    (quiet_ms < slow_ms ? quiet_ms : slow_ms) - loop_now_ms(ex->pub.loop);

	if (left_ms > 0) {
		timer_set(ex->pub.loop, t, left_ms, client_on_body_check, c);
		return;
	}
	if (!ex->raw && !ex->over)
		exchange_refuse(ex, MHD_HTTP_REQUEST_TIMEOUT, "request_timeout");
	client_hang_up(c);
}

struct client *
client_add(struct http_server *s, struct MHD_Connection *mhd, int fd)
{
	struct client *c = mem_zalloc(sizeof(*c));

	c->server = s;
	c->mhd = mhd;
	c->fd = fd;
	c->next = s->clients;
	c->prev = &s->clients;
	if (c->next != NULL)
		c->next->prev = &c->next;
	s->clients = c;
	s->nclients++;
	return c;
}

static void
client_new(struct http_server *s, struct MHD_Connection *mhd, void **context)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct client *c = client_add(s, mhd, info->connect_fd);
	const int64_t bytes = client_bytes_read(c->fd);

	*context = c;
	c->uncounted = bytes < 0;
	c->request_bytes = bytes > 0 ? (uint64_t)bytes : 0;
	/* One that comes back has been read from before. */
	c->used = bytes > 0;
	if (c->used)
		timer_set(s->loop, &c->timer, s->limits->idle_timeout_ms, client_on_idle, c);
	else
		timer_set(s->loop, &c->timer, s->limits->header_timeout_ms, client_on_head_late, c);
	if (s->nclients > s->limits->connections)
		client_hang_up(c); /* libmicrohttpd does not count those that are out */
}

void
client_free(struct client *c)
{
	loop_unwatch(&c->watch);
	timer_cancel(&c->timer);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->server->nclients--;
	free(c);
}

void
client_on_connection(
    void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		client_new(cls, mhd, context);
	else if (*context != NULL)
		client_free(*context);
	/* libmicrohttpd stops listening when descriptors run out, and begins again in the run after
	 * the one that closed a connection: without it, nobody might wake it any more. */
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		server_run_soon(cls);
}

static void
on_client_event(struct watch *w, uint32_t events, void *arg)
{
	struct client *c = arg;
	struct exchange *ex = c->exchange;

	(void)w;
	if (events & EPOLLRDHUP)
		c->half_closed = true;
	if (c->mhd == NULL)
		c->heard |= (events & EPOLLIN) != 0;
	if (c->mhd == NULL && ex == NULL) {
		client_read(c);
		return;
	}
	/* While libmicrohttpd has the connection it finds out by itself. */
	if (ex == NULL || !ex->suspended)
		return;
	if (events & (EPOLLHUP | EPOLLERR))
		exchange_gone(ex);
	else if (events != EPOLLIN)
		exchange_tend(ex);
}

void
client_watch(struct client *c)
{
	/* Edge-triggered: a half-closed client must not wake us over and over.  If the watch cannot
	 * be had, the next write finds out. */
	if (c->watch.loop == NULL)
		loop_watch(
		    c->server->loop, &c->watch, c->fd, client_events(c), on_client_event, c, NULL);
}

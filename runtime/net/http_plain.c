/*
 * http_plain.c - further plain requests of a connection, read without libmicrohttpd.
 *
 * A connection is taken out of libmicrohttpd with its first stream, or when it has had some answers.  Its
 * next requests are looked at where they lie in the socket.  One that is whole and plain is read and
 * served here; at the first that is not, libmicrohttpd gets the connection back with that request unread,
 * so each request has one reader.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server_internal.h"
#include "runtime/net/plain_request.h"

/* The head, its parts ended by NUL bytes. */
struct plain_head {
	struct plain_request parts;
	char text[];
};

const char *
plain_header_get(const struct plain_head *p, const char *name)
{
	const size_t len = strlen(name);

	for (unsigned i = 0; i < p->parts.nheaders; i++)
		if (p->parts.headers[i].name.len == len &&
		    strcasecmp(p->text + p->parts.headers[i].name.at, name) == 0)
			return p->text + p->parts.headers[i].value.at;
	return NULL;
}

int
plain_header_count(const struct plain_head *p, const char *name)
{
	int n = 0;

	for (unsigned i = 0; i < p->parts.nheaders; i++)
		n += strcasecmp(p->text + p->parts.headers[i].name.at, name) == 0;
	return n;
}

static struct plain_head *
plain_head_new(const char *bytes, const struct plain_request *parts)
{
	struct plain_head *p = mem_zalloc(sizeof(*p) + parts->head_len);

	p->parts = *parts;
	memcpy(p->text, bytes, parts->head_len);
	p->text[parts->method.at + parts->method.len] = '\0';
	p->text[parts->target.at + parts->target.len] = '\0';
	for (unsigned i = 0; i < parts->nheaders; i++) {
		p->text[parts->headers[i].name.at + parts->headers[i].name.len] = '\0';
		p->text[parts->headers[i].value.at + parts->headers[i].value.len] = '\0';
	}
	return p;
}

static void
serve(struct client *c, const char *bytes, const struct plain_request *parts)
{
	struct http_server *s = c->server;
	struct plain_head *const head = plain_head_new(bytes, parts);
	struct exchange *ex = exchange_new(c, head->text + parts->target.at);

	c->exchange = ex;
	timer_cancel(&c->timer);
	ex->plain = head;
	ex->stage = STAGE_ANSWER;
	ex->suspended = true;
	ex->has_body = parts->body_len > 0;
	ex->body_declared = (int64_t)parts->body_len;
	exchange_identify(ex, head->text + parts->method.at);
	ex->body_max = s->handlers->on_head(&ex->pub, s->arg);
	if (ex->over)
		return;
	if (ex->body_declared > ex->body_max) {
		exchange_refuse(ex, MHD_HTTP_CONTENT_TOO_LARGE, "payload_too_large");
		return;
	}
	if (exchange_take_body(ex, bytes + parts->head_len, parts->body_len))
		s->handlers->on_request(&ex->pub, s->arg);
}

void
client_read(struct client *c)
{
	char bytes[PLAIN_REQUEST_MAX];
	struct plain_request parts;
	const ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	c->heard = false;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->heard = errno == EINTR;
		return;
	}
	if (n <= 0)
		client_put_back(c, false);
	else if (c->half_closed || (size_t)n >= c->server->limits->header_bytes ||
	    !plain_request_parse(bytes, (size_t)n, &parts) ||
	    parts.target.len > c->server->limits->url_bytes ||
	    recv(c->fd, bytes, (size_t)n, MSG_DONTWAIT) != n)
		client_put_back(c, true);
	else
		serve(c, bytes, &parts);
}

void
exchange_next(struct exchange *ex)
{
	struct client *c = ex->client;
	struct http_server *s = c->server;

	c->exchange = NULL;
	ex->client = NULL;
	exchange_free(ex);
	timer_set(s->loop, &c->timer, s->limits->idle_timeout_ms, client_on_idle, c);
	if (c->heard || c->half_closed)
		client_read(c);
}

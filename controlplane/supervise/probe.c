/*
 * probe.c - dial, ask, read, answer; all with one deadline.
 */
#include "controlplane/supervise/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"

struct probe {
	struct loop *loop;
	struct timer deadline;
	int64_t timeout_ms;
	int port;
	struct link_request *request;
	struct dial *dial;
	struct http_exchange *exchange;
	struct buf head;
	char *body;
	bool is_post, hang_up;
	int64_t began_ms, heard_ms; /* heard: the head, or the last of the body */
	struct buf reply;
	size_t max_body;
	struct probe_result result;
	probe_fn *fn;
	void *arg;
};

static void
release(struct probe *p)
{
	timer_cancel(&p->deadline);
	if (p->request != NULL)
		link_cancel(p->request);
	if (p->dial != NULL)
		dial_cancel(p->dial);
	if (p->exchange != NULL)
		http_exchange_close(p->exchange);
	buf_done(&p->head);
	buf_done(&p->reply);
	free(p->body);
	free(p);
}

static void
finish(struct probe *p, const char *error)
{
	snprintf(p->result.error, sizeof(p->result.error), "%s", error != NULL ? error : "");
	p->result.duration_ms = clock_now_ms() - p->began_ms;
	p->result.body = buf_str(&p->reply);
	p->result.len = p->reply.len;
	p->fn(&p->result, p->arg);
	release(p);
}

static void
on_deadline(struct timer *t, void *arg)
{
	struct probe *p = arg;
	char text[96];

	(void)t;
	snprintf(text, sizeof(text),
	    p->result.connected ? "no complete answer within %lld ms"
				: "no connection within %lld ms",
	    (long long)p->timeout_ms);
	finish(p, text);
}

static int
on_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct probe *p = arg;

	(void)x;
	p->result.status = head->status;
	snprintf(p->result.content_type, sizeof(p->result.content_type), "%s", head->content_type);
	p->heard_ms = clock_now_ms();
	return 0;
}

static void
on_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct probe *p = arg;
	const size_t room = p->max_body - p->reply.len;
	const int64_t now_ms = clock_now_ms();

	if (now_ms - p->heard_ms > p->result.longest_gap_ms)
		p->result.longest_gap_ms = now_ms - p->heard_ms;
	p->heard_ms = now_ms;
	if (len > room) {
		p->result.cut = true;
		len = room;
	}
	buf_add(&p->reply, bytes, len);
	if (p->hang_up) {
		p->result.hung_up = true;
		p->exchange = NULL;
		http_exchange_close(x);
		finish(p, NULL);
	}
}

static void
on_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct probe *p = arg;

	(void)x;
	p->exchange = NULL;
	switch (end) {
	case EXCHANGE_COMPLETE:
	case EXCHANGE_CLOSED: finish(p, NULL); break;
	case EXCHANGE_NO_RESPONSE: finish(p, "the connection was closed without an answer"); break;
	case EXCHANGE_DIED: finish(p, "the connection was lost in the middle of the answer"); break;
	case EXCHANGE_BAD_RESPONSE: finish(p, err->text); break;
	}
}

static void
on_dialed(struct transport *t, const struct error *err, void *arg)
{
	static const struct http_exchange_events events = { on_head, on_body, on_end };
	struct probe *p = arg;
	struct iovec parts[2];

	p->dial = NULL;
	if (t == NULL) {
		p->result.not_asked = err->kind == ERROR_IO;
		finish(p, err->text);
		return;
	}
	p->result.connected = true;
	parts[0] = (struct iovec){ p->head.data, p->head.len };
	parts[1] = (struct iovec){ p->body, p->body != NULL ? strlen(p->body) : 0 };
	p->exchange = http_exchange_open(
	    p->loop, t, p->is_post ? "POST" : "GET", parts, p->is_post ? 2 : 1, &events, p);
}

static void
on_socket(int fd, const struct error *err, void *arg)
{
	struct probe *p = arg;

	p->request = NULL;
	if (fd < 0) {
		p->result.not_asked = err->kind == ERROR_IO;
		finish(p, err->text);
		return;
	}
	p->dial = dial_fd(p->loop, fd, p->port, p->timeout_ms, on_dialed, p);
}

static void
write_head(struct probe *p, const struct route_target *t, const char *path)
{
	const char *base = !t->is_pod && strcmp(t->url.path, "/") != 0 ? t->url.path : "";
	const char *host = t->is_pod ? "127.0.0.1" : t->url.host;
	const int port = t->is_pod ? t->port : t->url.port;

	buf_printf(&p->head,
	    "%s %s%s HTTP/1.1\r\nHost: %s:%d\r\nAccept: application/json\r\nConnection: close\r\n",
	    p->is_post ? "POST" : "GET", base, path, host, port);
	if (p->is_post)
		buf_printf(&p->head, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
		    strlen(p->body));
	buf_add_str(&p->head, "\r\n");
}

struct probe *
probe_start(struct loop *loop, struct dialer *dialer, struct link *link,
    const struct route_target *t, const struct probe_ask *ask, probe_fn *fn, void *arg)
{
	struct probe *p = mem_zalloc(sizeof(*p));

	p->loop = loop;
	p->timeout_ms = ask->timeout_ms;
	p->port = t->port;
	p->max_body = ask->max_body;
	p->hang_up = ask->hang_up;
	p->body = str_dup(ask->body);
	p->is_post = ask->body != NULL;
	p->began_ms = clock_now_ms();
	p->fn = fn;
	p->arg = arg;
	write_head(p, t, ask->path);
	timer_set(loop, &p->deadline, ask->timeout_ms, on_deadline, p);
	if (t->is_pod)
		p->request = link_socket(link, on_socket, p);
	else
		p->dial = dial_url(dialer, &t->url, ask->timeout_ms, on_dialed, p);
	return p;
}

void
probe_cancel(struct probe *p)
{
	if (p != NULL)
		release(p);
}

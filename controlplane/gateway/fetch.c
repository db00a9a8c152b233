/*
 * fetch.c - a connection, one request, its answer.
 */
#include "controlplane/gateway/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/artifacts/source.h"
#include "controlplane/gateway/core.h"
#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/net/conn_pool.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"

struct fetch {
	struct gateway *gw;
	struct route_target *target; /* a reference */
	struct source source;
	const struct fetch_events *events;
	void *arg;
	struct buf head;
	struct iovec part;
	struct timer start, late;
	struct link_request *link_request;
	struct dial *dial;
	struct http_exchange *exchange;
	bool is_home; /* the port that chats go to */
	bool reused;
	enum artifact_reason reason;
};

static void connect_target(struct fetch *);

void
fetch_cancel(struct fetch *f)
{
	if (f == NULL)
		return;
	timer_cancel(&f->start);
	timer_cancel(&f->late);
	if (f->link_request != NULL)
		link_cancel(f->link_request);
	if (f->dial != NULL)
		dial_cancel(f->dial);
	if (f->exchange != NULL)
		http_exchange_close(f->exchange);
	route_target_unref(f->target);
	buf_done(&f->head);
	free(f);
}

static void
finish(struct fetch *f, enum artifact_reason reason)
{
	const struct fetch_events *events = f->events;
	void *arg = f->arg;

	fetch_cancel(f);
	events->on_end(reason, arg);
}

/* ---- the answer ---- */

static enum artifact_reason
judge_status(const struct http_head *head)
{
	if (head->status >= 300 && head->status < 400)
		return ARTIFACT_REDIRECT;
	if (head->status != 200)
		return ARTIFACT_STATUS;
	return head->encoded ? ARTIFACT_RESPONSE : ARTIFACT_NONE;
}

static void
on_stop(struct timer *t, void *arg)
{
	struct fetch *f = arg;

	(void)t;
	finish(f, f->reason);
}

static int
on_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct fetch *f = arg;

	(void)x;
	f->reason = judge_status(head);
	if (f->reason == ARTIFACT_NONE)
		f->reason = f->events->on_head(head, f->arg);
	if (f->reason == ARTIFACT_NONE)
		return 0;
	f->exchange = NULL; /* closed by what is returned */
	timer_set(f->gw->loop, &f->late, 0, on_stop, f);
	return -1;
}

static void
on_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct fetch *f = arg;

	if (!f->events->on_body(bytes, len, f->arg))
		http_exchange_pause(x, true); /* fine on one that was closed meanwhile */
}

static void
on_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct fetch *f = arg;

	(void)x;
	(void)err;
	f->exchange = NULL;
	if (end == EXCHANGE_NO_RESPONSE && f->reused) { /* it died as we took it */
		f->reused = false;
		connect_target(f);
		return;
	}
	finish(f,
	    end == EXCHANGE_COMPLETE || end == EXCHANGE_CLOSED ? ARTIFACT_NONE
		: end == EXCHANGE_NO_RESPONSE                  ? ARTIFACT_UNREACHABLE
							       : ARTIFACT_RESPONSE);
}

static const struct http_exchange_events exchange_events = { on_head, on_body, on_end };

/* ---- the request ---- */

static void
send_request(struct fetch *f, struct transport *t)
{
	if (f->is_home)
		conn_pool_adopt(f->gw->pool, f->target->instance, t);
	f->part = (struct iovec){ f->head.data, f->head.len };
	f->exchange = http_exchange_open(f->gw->loop, t, "GET", &f->part, 1, &exchange_events, f);
}

static void
on_dialed(struct transport *t, const struct error *err, void *arg)
{
	struct fetch *f = arg;

	(void)err;
	f->dial = NULL;
	if (t == NULL)
		finish(f, ARTIFACT_UNREACHABLE);
	else
		send_request(f, t);
}

static void
on_socket(int fd, const struct error *err, void *arg)
{
	struct fetch *f = arg;

	(void)err;
	f->link_request = NULL;
	timer_cancel(&f->late);
	if (fd < 0)
		finish(f, ARTIFACT_UNREACHABLE);
	else
		f->dial = dial_fd(
		    f->gw->loop, fd, f->source.port, f->gw->config.connect_ms, on_dialed, f);
}

static void
on_link_late(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, ARTIFACT_UNREACHABLE);
}

static void
connect_target(struct fetch *f)
{
	struct gateway *gw = f->gw;

	if (f->target->is_pod) {
		timer_set(gw->loop, &f->late, gw->config.connect_ms, on_link_late, f);
		f->link_request =
		    link_socket(pod_links_get(&gw->links, gw->loop, f->target), on_socket, f);
	} else {
		f->dial =
		    dial_url(gw->dialer, &f->target->url, gw->config.connect_ms, on_dialed, f);
	}
}

static void
on_start(struct timer *timer, void *arg)
{
	struct fetch *f = arg;
	struct transport t = { .fd = -1 };

	(void)timer;
	f->reused = f->is_home && conn_pool_take(f->gw->pool, f->target->instance, &t);
	if (f->reused)
		send_request(f, &t);
	else
		connect_target(f);
}

static void
add_host(struct buf *out, const struct route_target *t, int port)
{
	const struct url *url = &t->url;
	const bool v6 = strchr(url->host, ':') != NULL;

	if (t->is_pod) {
		buf_printf(out, "127.0.0.1:%d", port);
		return;
	}
	buf_printf(out, "%s%s%s", v6 ? "[" : "", url->host, v6 ? "]" : "");
	if (url->port != (url->tls ? 443 : 80))
		buf_printf(out, ":%d", url->port);
}

struct fetch *
fetch_begin(struct gateway *gw, struct route_target *target, const struct source *source,
    const char *request_id, const struct fetch_events *events, void *arg)
{
	struct fetch *f = mem_zalloc(sizeof(*f));

	f->gw = gw;
	f->target = route_target_ref(target);
	f->source = *source;
	f->events = events;
	f->arg = arg;
	f->is_home = !target->is_pod || source->port == target->port;
	buf_printf(&f->head, "GET %s HTTP/1.1\r\nhost: ", source->path);
	add_host(&f->head, target, source->port);
	buf_printf(&f->head,
	    "\r\naccept: */*\r\naccept-encoding: identity\r\nx-request-id: %s\r\n"
	    "user-agent: janus/" JANUS_VERSION "\r\n\r\n",
	    request_id);
	timer_set(gw->loop, &f->start, 0, on_start, f);
	return f;
}

void
fetch_go_on(struct fetch *f)
{
	if (f->exchange != NULL)
		http_exchange_pause(f->exchange, false);
}

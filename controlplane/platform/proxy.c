/*
 * proxy.c - the forward proxy: a head is read, checked and answered; then bytes go both ways.
 *
 * A whole URL is one request and one answer, CONNECT whatever comes.  Both are counted as they pass,
 * and end when the budget does not hold more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/proxy_head.h"
#include "controlplane/platform/web.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_server.h"

#define WAY_BYTES 32768
#define HOLD_FIRST (256 << 10)
#define HOLD_STEP (1 << 20)
#define ROUNDS 8 /* of reading and writing before others get their turn */
#define LINGER_BYTES (256 << 10)

struct way { /* bytes in one direction */
	int from, to;
	struct buf head; /* of ours, before the bytes that are read; owned */
	char *bytes; /* owned */
	size_t at, len;
	int64_t left; /* to be read still; -1: any */
	bool ended, told; /* nothing more comes; and the other side knows */
};
struct lookup { /* a worker's; outlives the tunnel if it is gone */
	struct tunnel *tunnel; /* NULL: gone */
	const struct web *web;
	char host[256];
	int port;
	struct egress_addresses found;
	struct error err;
};
struct tunnel {
	struct call call; /* first */
	struct proxy_head head;
	struct error bad; /* the head is none */
	int client, server; /* -1: none */
	struct watch client_watch, server_watch;
	struct lookup *lookup;
	struct egress_addresses found;
	size_t tried;
	struct dial *dial;
	struct way up, down; /* to the server, to the competitor */
	struct timer idle, total;
	bool is_open; /* the ways are */
};

static struct tunnel *
tunnel_of(struct call *call)
{
	return (struct tunnel *)call;
}

static struct web *
web_of(const struct tunnel *t)
{
	return t->call.caller->platform->web;
}

static struct loop *
loop_of(const struct tunnel *t)
{
	return t->call.caller->platform->loop;
}

/* ---- the end ---- */

/* Whoever is answered before all that he sent was read must not meet a reset instead. */
static void
close_client(struct tunnel *t)
{
	char bytes[4096];
	size_t total = 0;
	ssize_t n;

	if (t->client < 0)
		return;
	loop_unwatch(&t->client_watch);
	shutdown(t->client, SHUT_WR);
	while (
	    total < LINGER_BYTES && (n = recv(t->client, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		total += (size_t)n;
	close(TAKE_FD(t->client));
}

static void
done(struct call *call)
{
	struct tunnel *t = tunnel_of(call);

	if (t->lookup != NULL)
		t->lookup->tunnel = NULL;
	dial_cancel(t->dial);
	timer_cancel(&t->idle);
	timer_cancel(&t->total);
	loop_unwatch(&t->server_watch);
	if (t->server >= 0)
		close(t->server);
	close_client(t);
	proxy_head_done(&t->head);
	buf_done(&t->up.head);
	buf_done(&t->down.head);
	free(t->up.bytes);
	free(t->down.bytes);
}

/* An answer of ours; nothing has been sent before. */
static void
reply(
    struct call *call, int status, const struct http_header *headers, const char *body, size_t len)
{
	struct tunnel *t = tunnel_of(call);
	_cleanup_buf_ struct buf out = { 0 };

	buf_printf(&out, "HTTP/1.1 %d Refused\r\nconnection: close\r\nx-request-id: %s\r\n", status,
	    call->id);
	for (; headers != NULL && headers->name != NULL; headers++)
		buf_printf(&out, "%s: %s\r\n", headers->name, headers->value);
	buf_printf(&out, "content-length: %zu\r\n\r\n", len);
	buf_add(&out, body, len);
	if (send(t->client, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) < (ssize_t)out.len)
		close(TAKE_FD(t->client)); /* an empty socket takes so much, unless it is gone */
}

/* The tunnel is freed. */
static void
over(struct tunnel *t, enum wire_code code)
{
	call_end(&t->call, code == CODE_NONE ? 200 : wire_code_info(code)->status, code);
}

/* ---- bytes ---- */

static bool
way_is_empty(const struct way *w)
{
	return w->head.len == 0 && w->at == w->len;
}

/* May so many more pass? */
static bool
is_paid(struct tunnel *t)
{
	struct call *call = &t->call;

	return call->bytes_in + call->bytes_out + 2 * WAY_BYTES <= call->wanted.of[QUOTA_BYTES] ||
	    call_hold_more(call, QUOTA_BYTES, HOLD_STEP);
}

enum moved { MOVED_NONE, MOVED_SOME, MOVED_LOST };

static enum moved
fill(struct way *w, int64_t *count)
{
	size_t room = WAY_BYTES;

	if (w->ended || w->at < w->len)
		return MOVED_NONE;
	if (w->left >= 0 && (size_t)w->left < room)
		room = (size_t)w->left;
	if (room == 0)
		return MOVED_NONE;
	const ssize_t n = recv(w->from, w->bytes, room, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? MOVED_NONE : MOVED_LOST;
	if (n == 0) {
		w->ended = true;
		return MOVED_SOME;
	}
	w->at = 0;
	w->len = (size_t)n;
	*count += n;
	if (w->left >= 0)
		w->left -= n;
	return MOVED_SOME;
}

static enum moved
drain(struct way *w)
{
	const bool is_head = w->head.len > 0;
	const char *from = is_head ? w->head.data : w->bytes + w->at;
	const size_t len = is_head ? w->head.len : w->len - w->at;

	if (len == 0) {
		if (!w->ended || w->told)
			return MOVED_NONE;
		w->told = true;
		shutdown(w->to, SHUT_WR);
		return MOVED_SOME;
	}
	const ssize_t n = send(w->to, from, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? MOVED_NONE : MOVED_LOST;
	if (is_head)
		buf_drop(&w->head, (size_t)n);
	else
		w->at += (size_t)n;
	return MOVED_SOME;
}

static uint32_t
wants(const struct way *in, const struct way *out)
{
	const bool may_read = !in->ended && in->at == in->len && in->left != 0;

	return (may_read ? EPOLLIN : 0) | (way_is_empty(out) ? 0 : EPOLLOUT);
}

static void
on_idle(struct timer *timer, void *arg)
{
	(void)timer;
	over(arg, CODE_UPSTREAM_TIMEOUT_GAP);
}

static void
on_total(struct timer *timer, void *arg)
{
	(void)timer;
	over(arg, CODE_UPSTREAM_TIMEOUT_TOTAL);
}

/* The server has said all; or for CONNECT, both have. */
static bool
is_through(const struct tunnel *t)
{
	return t->down.told && (!t->head.is_connect || t->up.told);
}

static void
tend(struct tunnel *t)
{
	struct call *call = &t->call;
	bool moved = true, any = false;

	for (int i = 0; i < ROUNDS && moved; i++) {
		if (!is_paid(t)) {
			over(t, CODE_BUDGET_EXCEEDED);
			return;
		}
		const enum moved all[] = { fill(&t->up, &call->bytes_out),
			fill(&t->down, &call->bytes_in), drain(&t->up), drain(&t->down) };

		moved = false;
		for (size_t k = 0; k < ARRAY_LEN(all); k++)
			moved |= all[k] == MOVED_SOME;
		any |= moved;
		if (all[0] == MOVED_LOST || all[3] == MOVED_LOST) {
			over(t, CODE_CLIENT_CLOSED);
			return;
		}
		/* A plain server may answer and close before it has read all. */
		if (all[1] == MOVED_LOST || (all[2] == MOVED_LOST && t->head.is_connect)) {
			over(t, CODE_UPSTREAM_DIED);
			return;
		}
		if (all[2] == MOVED_LOST) {
			buf_clear(&t->up.head);
			t->up.at = t->up.len;
			t->up.left = 0;
		}
	}
	if (is_through(t)) {
		over(t, call->bytes_in > 0 || t->head.is_connect ? CODE_NONE : CODE_UPSTREAM_DIED);
		return;
	}
	if (any)
		timer_set(loop_of(t), &t->idle, web_of(t)->idle_ms, on_idle, t);
	loop_rewatch(&t->client_watch, wants(&t->up, &t->down));
	loop_rewatch(&t->server_watch, wants(&t->down, &t->up));
}

static void
on_client(struct watch *w, uint32_t events, void *arg)
{
	struct tunnel *t = arg;

	(void)w;
	/* A hang-up before all was read is an end like any other: what is left is read first. */
	const bool lost = (events & EPOLLERR) != 0 || ((events & EPOLLHUP) != 0 && t->up.ended);

	if (!t->is_open || lost)
		over(t, CODE_CLIENT_CLOSED);
	else
		tend(t);
}

static void
on_server(struct watch *w, uint32_t events, void *arg)
{
	struct tunnel *t = arg;

	(void)w;
	/* It is gone, and what it has said is read: nothing would ever change again. */
	if ((events & (EPOLLHUP | EPOLLERR)) != 0 && t->down.ended) {
		over(t, CODE_NONE);
		return;
	}
	tend(t);
}

/* ---- to the server ---- */

static void
open_ways(struct tunnel *t)
{
	struct web *web = web_of(t);

	t->is_open = true;
	t->up = (struct way){ .from = t->client,
		.to = t->server,
		.bytes = mem_zalloc(WAY_BYTES),
		.left = t->head.is_connect ? -1 : t->head.body };
	t->down = (struct way){
		.from = t->server, .to = t->client, .bytes = mem_zalloc(WAY_BYTES), .left = -1
	};
	if (t->head.is_connect)
		buf_add_str(&t->down.head, "HTTP/1.1 200 Connection established\r\n\r\n");
	else
		buf_add(&t->up.head, t->head.out.data, t->head.out.len);
	t->call.bytes_out += (int64_t)t->head.out.len;
	timer_set(loop_of(t), &t->total, web->tunnel_ms, on_total, t);
	timer_set(loop_of(t), &t->idle, web->idle_ms, on_idle, t);
}

static void try_next(struct tunnel *);

static void
on_dialled(struct transport *transport, const struct error *err, void *arg)
{
	struct tunnel *t = arg;

	(void)err;
	t->dial = NULL;
	if (transport == NULL) {
		try_next(t);
		return;
	}
	t->server = TAKE_FD(transport->fd);
	transport_close(transport); /* its watch */
	open_ways(t);
	if (loop_watch(loop_of(t), &t->server_watch, t->server, EPOLLIN | EPOLLOUT, on_server, t,
		NULL) < 0) {
		over(t, CODE_INTERNAL);
		return;
	}
	tend(t);
}

/* The next of the addresses that were looked at. */
static void
try_next(struct tunnel *t)
{
	struct url at = { .port = t->head.at.port, .path = "/" };

	if (t->tried == t->found.n) {
		call_fail(&t->call, CODE_UPSTREAM_CONNECT_FAILED, "%s could not be reached.",
		    t->head.at.host);
		return;
	}
	egress_address_text(&t->found.at[t->tried++], at.host, sizeof(at.host));
	t->dial = dial_url(web_of(t)->dialer, &at, web_of(t)->connect_ms, on_dialled, t);
}

static void
look(void *arg)
{
	struct lookup *l = arg;

	if (egress_resolve(&l->web->egress, l->host, l->port, &l->found, &l->err) == 0)
		l->err.kind = ERROR_NONE;
}

static void
looked(void *arg)
{
	struct lookup *l = arg;
	struct tunnel *t = l->tunnel;

	if (t != NULL) {
		t->lookup = NULL;
		t->found = l->found;
		if (l->err.kind == ERROR_NONE)
			try_next(t);
		else if (l->err.kind == ERROR_DENIED)
			call_refuse(&t->call, CODE_EGRESS_DENIED, NULL,
			    "%s leads to no public address.", l->host);
		else
			call_fail(&t->call, CODE_UPSTREAM_CONNECT_FAILED, "%s could not be found.",
			    l->host);
	}
	free(l);
}

/* ---- the call ---- */

static unsigned
tunnels_of(const struct call *call)
{
	unsigned n = 0;

	for (const struct call *each = call->caller->calls; each != NULL; each = each->next)
		n += each->kind == call->kind;
	return n;
}

static bool
prepare(struct call *call)
{
	struct tunnel *t = tunnel_of(call);
	const struct url *at = &t->head.at;

	snprintf(
	    call->target, sizeof(call->target), "%s %s:%d", t->head.method, at->host, at->port);
	/* What is denied is denied, however it was written. */
	if ((call->caller->is_sandbox && call->caller->owner == NULL) ||
	    (at->host[0] != '\0' && !policy_allows_host(call_rules(call), at->host, at->port))) {
		call_refuse(call, CODE_EGRESS_DENIED, NULL,
		    "%s, port %d, is not among the domains that this competitor may reach.",
		    at->host, at->port);
		return false;
	}
	if (t->bad.kind != ERROR_NONE) {
		call_refuse(call, CODE_BAD_REQUEST, NULL, "To the proxy: %s.", t->bad.text);
		return false;
	}
	if (tunnels_of(call) > WEB_TUNNELS_MAX) {
		call_refuse(call, CODE_CONCURRENCY, NULL, "At most %d connections at once.",
		    WEB_TUNNELS_MAX);
		return false;
	}
	call->wanted.of[QUOTA_BYTES] = HOLD_FIRST;
	return true;
}

static void
start(struct call *call)
{
	struct tunnel *t = tunnel_of(call);
	struct lookup *l = mem_zalloc(sizeof(*l));

	l->tunnel = t;
	l->web = web_of(t);
	l->port = t->head.at.port;
	memcpy(l->host, t->head.at.host, sizeof(l->host));
	t->lookup = l;
	worker_run(l->web->workers, loop_of(t), look, looked, l);
}

static void
stop(struct call *call)
{
	(void)call; /* done does it all */
}

static const struct call_kind web_proxy = {
	.service = SERVICE_WEB,
	.operation = "proxy",
	.size = sizeof(struct tunnel),
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.done = done,
	.reply = reply,
};

static bool
is_ours(const char *authorization, const void *caller)
{
	return caller_allows(caller, authorization);
}

void
proxy_begin(struct caller *c, int fd)
{
	struct tunnel *t = mem_zalloc(sizeof(*t));
	char bytes[PROXY_HEAD_MAX + 4], id[ID_MAX];
	const char *claimed;

	t->client = fd;
	t->server = -1;
	const ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	const long head =
	    n > 0 ? proxy_head_parse(bytes, (size_t)n, is_ours, c, &t->head, &t->bad) : 0;
	if (head == 0)
		error_set(&t->bad, ERROR_INVALID, "the head is not whole");
	else if (head > 0 && recv(fd, bytes, (size_t)head, MSG_DONTWAIT) != head)
		error_set(&t->bad, ERROR_INTERNAL, "the head has changed");
	if (loop_watch(c->platform->loop, &t->client_watch, fd, EPOLLRDHUP, on_client, t, NULL) < 0)
		error_set(&t->bad, ERROR_INTERNAL, "it cannot be watched");
	claimed = t->head.request_id[0] != '\0' ? t->head.request_id : NULL;
	call_begin_raw(c, &t->call, &web_proxy, id_new("req", id), claimed);
}

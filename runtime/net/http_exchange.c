/*
 * http_exchange.c - write the parts, read the head, hand out the body.
 */
#include "runtime/net/http_exchange.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/conn_pool.h"

#define PARTS_MAX 8
#define READ_BYTES 16384
#define READS_A_TURN 4 /* then others have their turn */
#define INTERIM_MAX 64
#define CACHE_LINE 64
#define STATUS_LINE_BYTES 16
#define FINISH_MS 200 /* for the last chunk, after what the owner took for the end */

struct http_exchange {
	/* what each piece of a body touches, first */
	struct loop *loop;
	struct transport transport;
	void *arg;
	size_t warm_bytes; /* of what arg points to */
	struct http_exchange_events events;
	struct http_body body;
	size_t part, nparts; /* part: the first not yet sent completely */
	bool has_head, got_bytes;
	bool send_failed; /* the answer may be there all the same: read it */
	bool paused;
	bool hung_up; /* the peer will send no more: read to the end */
	bool keep; /* the response allows another one after it */
	bool finished; /* by its owner: only the end is waited for */
	bool busy; /* a callback of ours is running: free later */
	bool closed; /* nothing of it may be used but the memory */

	struct timer kick; /* a turn without an event of the socket */
	struct iovec parts[PARTS_MAX];
	struct buf head; /* only while a head came in pieces */
	char method[16];
	int interim;
	struct conn_guest guest; /* of the pool, from then on */
};

static void
release(struct http_exchange *x)
{
	x->closed = true;
	conn_guest_left(&x->guest);
	timer_cancel(&x->kick);
	transport_close(&x->transport);
	buf_done(&x->head);
}

void
http_exchange_warm(struct http_exchange *x, size_t bytes)
{
	x->warm_bytes = bytes;
}

/* Between two requests, and the peer thinks so too? */
static bool
is_fit(const struct http_exchange *x, size_t left_over)
{
	return x->transport.home != NULL && x->keep && left_over == 0 && x->part == x->nparts &&
	    !x->send_failed && !x->paused;
}

void
http_exchange_close(struct http_exchange *x)
{
	if (x == NULL || x->closed)
		return;
	release(x);
	if (!x->busy)
		free(x);
}

static void
end(struct http_exchange *x, enum exchange_end how, const struct error *err)
{
	release(x);
	if (x->events.on_end != NULL)
		x->events.on_end(x, how, err, x->arg);
}

static void
end_cut(struct http_exchange *x, enum exchange_end how, const char *where, int why)
{
	struct error err = { 0 };
	char text[80] = "";

	if (why == 0)
		error_set(&err, ERROR_UPSTREAM, "the connection was closed %s", where);
	else
		error_set(&err, ERROR_UPSTREAM, "the connection was lost %s: %s", where,
		    strerror_r(why, text, sizeof(text)));
	end(x, how, &err);
}

/* The peer will send no more: why is 0 at a clean end, else an errno. */
static void
end_of_input(struct http_exchange *x, int why)
{
	struct http_head head;
	struct error err = { 0 };

	if (x->has_head) {
		/* Only a clean close can be the end of a body that has no other. */
		if (why == 0 && http_body_eof(&x->body))
			end(x, EXCHANGE_CLOSED, NULL);
		else
			end_cut(x, EXCHANGE_DIED, "before the end of the body", why);
	} else if (!x->got_bytes) {
		end_cut(x, EXCHANGE_NO_RESPONSE, "before a response", why);
	} else if (http_head_parse(buf_str(&x->head), x->head.len, &head, &err) < 0) {
		end(x, EXCHANGE_BAD_RESPONSE, &err);
	} else {
		end_cut(x, EXCHANGE_DIED, "before the end of the head", why);
	}
}

/* Is it worth parsing what came of a head?  Not at every byte of a dripping peer. */
static bool
head_may_be_whole(const char *bytes, size_t old_len, size_t len)
{
	const size_t from = old_len < 3 ? 0 : old_len - 3;

	return old_len < STATUS_LINE_BYTES || len >= HTTP_HEAD_MAX ||
	    memmem(bytes + from, len - from, "\n\r\n", 3) != NULL ||
	    memmem(bytes + from, len - from, "\n\n", 2) != NULL;
}

/* 1: the final head is there, and handed out; 0: more bytes are needed; -1: it is over. */
static int
handle_head(struct http_exchange *x, const struct http_head *head)
{
	struct error err = { 0 };

	if (head->status < 200 && (head->status == 101 || ++x->interim > INTERIM_MAX)) {
		error_set(&err, ERROR_UPSTREAM, "malformed response: %s",
		    head->status == 101 ? "switches protocols" : "too many interim answers");
		end(x, EXCHANGE_BAD_RESPONSE, &err);
		return -1;
	}
	if (head->status < 200)
		return 0;
	x->has_head = true;
	x->keep = !head->close && head->minor >= 1;
	http_body_begin(&x->body, head, x->method);
	if (x->events.on_head != NULL && x->events.on_head(x, head, x->arg) < 0 && !x->closed)
		http_exchange_close(x);
	return x->closed ? -1 : 1;
}

/* As handle_head; *at is moved past what belongs to heads. */
static int
take_head(struct http_exchange *x, const char *bytes, size_t len, size_t *at)
{
	struct http_head head;
	struct error err = { 0 };

	while (*at < len) {
		const size_t before = x->head.len;
		const char *from = bytes + *at;
		size_t have = len - *at;

		if (before > 0) {
			buf_add(&x->head, from, have);
			from = x->head.data;
			have = x->head.len;
		}
		const long n = head_may_be_whole(from, before, have)
		    ? http_head_parse(from, have, &head, &err)
		    : 0;
		if (n < 0) {
			end(x, EXCHANGE_BAD_RESPONSE, &err);
			return -1;
		}
		if (n == 0) {
			if (before == 0)
				buf_add(&x->head, from, have);
			*at = len;
			return 0;
		}
		*at += (size_t)n - before;
		_cleanup_buf_ struct buf pieces = x->head; /* the head's bytes may be in there */
		x->head = (struct buf){ 0 };
		head.bytes = from;
		head.len = (size_t)n;
		const int done = handle_head(x, &head);
		if (done != 0)
			return done;
	}
	return 0;
}

/* Decoded spans of one read, pushed together in the read's own buffer. */
struct gathered {
	char *to; /* where the next span goes */
	char *first;
};

static void
gather(const char *bytes, size_t len, void *arg)
{
	struct gathered *g = arg;

	if (g->first == NULL)
		g->first = g->to = (char *)bytes; /* into take_bytes' own buffer */
	else if (g->to != bytes)
		memmove(g->to, bytes, len);
	g->to += len;
}

/* What one read brought. The exchange may be over afterwards. */
static void
take_bytes(struct http_exchange *x, char *bytes, size_t len)
{
	const bool had_finished = x->finished;
	struct gathered g = { 0 };
	struct error err = { 0 };
	size_t at = 0;

	x->got_bytes = true;
	if (!x->has_head && take_head(x, bytes, len, &at) <= 0)
		return;
	const long n = http_body_feed(&x->body, bytes + at, len - at, gather, &g, &err);
	if (g.first != NULL && x->events.on_body != NULL)
		x->events.on_body(x, g.first, (size_t)(g.to - g.first), x->arg);
	if (x->closed)
		return;
	if (x->finished && had_finished && g.first != NULL) {
		http_exchange_close(x); /* more of a body that was over for its reader */
	} else if (n < 0) {
		end(x, EXCHANGE_BAD_RESPONSE, &err);
	} else if (x->body.ended) {
		if (is_fit(x, len - at - (size_t)n))
			conn_home_put(x->transport.home, &x->transport);
		end(x, EXCHANGE_COMPLETE, NULL);
	}
}

static void
sent_bytes(struct http_exchange *x, size_t n)
{
	while (x->part < x->nparts && n >= x->parts[x->part].iov_len)
		n -= x->parts[x->part++].iov_len;
	if (n > 0) {
		x->parts[x->part].iov_base = (char *)x->parts[x->part].iov_base + n;
		x->parts[x->part].iov_len -= n;
	}
}

static void
send_some(struct http_exchange *x)
{
	while (x->part < x->nparts && !x->send_failed) {
		struct iovec *const part = &x->parts[x->part];
		const struct msghdr msg = { .msg_iov = part, .msg_iovlen = x->nparts - x->part };
		const ssize_t n = x->transport.curl != NULL
		    ? transport_send(&x->transport, part->iov_base, part->iov_len)
		    : sendmsg(x->transport.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			sent_bytes(x, (size_t)n);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		else if (errno != EINTR)
			x->send_failed = true;
	}
}

/* Can this transport hold bytes that the socket's readiness does not show? */
static bool
may_hide_bytes(const struct http_exchange *x)
{
	return x->transport.curl != NULL;
}

static void on_kick(struct timer *, void *);

static void
receive_some(struct http_exchange *x)
{
	char bytes[READ_BYTES];

	for (int i = 0; i < READS_A_TURN && !x->paused; i++) {
		/* Its owner's state comes from memory while the kernel copies. */
		for (size_t at = 0; at < x->warm_bytes; at += CACHE_LINE)
			__builtin_prefetch((const char *)x->arg + at);
		const ssize_t n = transport_recv(&x->transport, bytes, sizeof(bytes));

		if (n > 0) {
			take_bytes(x, bytes, (size_t)n);
			if (x->closed)
				return;
			/* A short read emptied the socket; what comes later, epoll will tell. */
			if ((size_t)n < sizeof(bytes) && !may_hide_bytes(x) && !x->hung_up)
				return;
		} else if (n == 0) {
			end_of_input(x, 0);
			return;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (x->send_failed)
				end_of_input(x, EPIPE);
			return;
		} else if (errno != EINTR) {
			end_of_input(x, errno);
			return;
		}
	}
	/* There may be more, of which epoll has told already. */
	if (!x->paused && !x->finished)
		timer_set(x->loop, &x->kick, 0, on_kick, x);
}

static uint32_t
interest(const struct http_exchange *x)
{
	return (x->paused ? EPOLLET : TRANSPORT_READABLE) |
	    (x->part < x->nparts && !x->send_failed ? EPOLLOUT : 0);
}

static void on_ready(struct watch *, uint32_t, void *);

/* Keep the watch what it should be. */
static void
settle(struct http_exchange *x)
{
	struct error err = { 0 };

	if (x->transport.watch->loop != NULL)
		loop_rewatch(x->transport.watch, interest(x));
	else if (loop_watch(x->loop, x->transport.watch, x->transport.fd, interest(x), on_ready, x,
		     &err) < 0)
		end(x, x->got_bytes ? EXCHANGE_DIED : EXCHANGE_NO_RESPONSE, &err);
}

static void
turn(struct http_exchange *x, uint32_t events)
{
	x->busy = true;
	x->hung_up |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	send_some(x);
	if (!x->paused)
		receive_some(x);
	if (!x->closed)
		settle(x);
	x->busy = false;
	if (x->closed)
		free(x);
}

static void
on_ready(struct watch *w, uint32_t events, void *arg)
{
	struct http_exchange *x = arg;

	(void)w;
	/* Only writable: spare the read. */
	if (events == EPOLLOUT && x->transport.curl == NULL) {
		send_some(x);
		if (!x->send_failed) {
			loop_rewatch(x->transport.watch, interest(x));
			return;
		}
	}
	turn(x, events);
}

static void
on_kick(struct timer *t, void *arg)
{
	(void)t;
	turn(arg, 0);
}

/* Take over the watch that came with the transport, or begin one. */
static int
watch_transport(struct http_exchange *x)
{
	struct transport *t = &x->transport;

	if (t->watch == NULL)
		t->watch = mem_zalloc(sizeof(*t->watch));
	if (t->watch->loop == NULL)
		return loop_watch(x->loop, t->watch, t->fd, interest(x), on_ready, x, NULL);
	t->watch->fn = on_ready;
	t->watch->arg = x;
	loop_rewatch(t->watch, interest(x));
	return 0;
}

struct http_exchange *
http_exchange_open(struct loop *l, struct transport *transport, const char *method,
    const struct iovec *parts, size_t nparts, const struct http_exchange_events *events, void *arg)
{
	struct http_exchange *x = mem_zalloc(sizeof(*x));

	assert(nparts <= PARTS_MAX && strlen(method) < sizeof(x->method));
	x->loop = l;
	x->transport = *transport;
	*transport = (struct transport){ .fd = -1 };
	x->events = *events;
	x->arg = arg;
	memcpy(x->method, method, strlen(method));
	memcpy(x->parts, parts, nparts * sizeof(*parts));
	x->nparts = nparts;

	send_some(x);
	/* What fails here is reported by the first turn. */
	const bool watched = watch_transport(x) == 0;
	if (!watched || x->send_failed || may_hide_bytes(x))
		timer_set(l, &x->kick, 0, on_kick, x);
	return x;
}

void
http_exchange_pause(struct http_exchange *x, bool pause)
{
	if (x->closed || x->paused == pause)
		return;
	x->paused = pause;
	/* The turn that runs settles the watch at its end; but it may be past its reading. */
	if (!x->busy)
		loop_rewatch(x->transport.watch, interest(x));
	if (!pause && (x->busy || may_hide_bytes(x)))
		timer_set(x->loop, &x->kick, 0, on_kick, x);
}

bool
http_exchange_sent(const struct http_exchange *x)
{
	return x->part == x->nparts;
}

static void
on_finish_late(struct timer *t, void *arg)
{
	(void)t;
	http_exchange_close(arg);
}

static void
close_guest(struct conn_guest *g)
{
	http_exchange_close(
	    (struct http_exchange *)(void *)((char *)g - offsetof(struct http_exchange, guest)));
}

void
http_exchange_finish(struct http_exchange *x)
{
	if (x->closed || x->finished)
		return;
	if (!is_fit(x, 0) || !x->has_head) {
		http_exchange_close(x);
		return;
	}
	x->finished = true;
	x->guest.close = close_guest;
	x->events = (struct http_exchange_events){ 0 };
	conn_home_guest(x->transport.home, &x->guest);
	timer_set(x->loop, &x->kick, FINISH_MS, on_finish_late, x);
}

/*
 * inside_call.c - descriptor, connection, request, frames.
 */
#include "controlplane/sandbox/inside_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/inside/protocol.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"

#define CONNECT_MS 5000
#define READ_BYTES 65536
#define READS_A_TURN 4

struct inside_call {
	struct loop *loop;
	int port;
	struct link_request *asking; /* one of these three at a time */
	struct dial *dial;
	struct transport transport; /* fd -1: not yet */
	struct timer deadline;
	struct buf request;
	size_t sent;
	bool send_over; /* all sent, or nobody takes it: what counts is the answer */
	bool paused, busy, closed;
	struct inside_reader reader;
	struct inside_end end;
	bool have_end;
	uint64_t left;
	struct inside_events events;
	void *arg;
	struct error failed;
};

static void
release(struct inside_call *c)
{
	timer_cancel(&c->deadline);
	if (c->asking != NULL)
		link_cancel(c->asking);
	if (c->dial != NULL)
		dial_cancel(c->dial);
	transport_close(&c->transport);
	buf_done(&c->request);
	inside_reader_done(&c->reader);
	free(c);
}

static void
finish(struct inside_call *c, const struct error *err)
{
	const struct inside_events events = c->events;
	const struct inside_end end = c->end;
	void *arg = c->arg;
	const struct error why = err != NULL ? *err : (struct error){ 0 };

	release(c);
	events.on_end(err == NULL ? &end : NULL, err != NULL ? &why : NULL, arg);
}

static void
fail(struct inside_call *c, enum error_kind kind, const char *text)
{
	struct error err = { 0 };

	error_set(&err, kind, "%s", text);
	finish(c, &err);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	fail(arg, ERROR_TIMEOUT, "the sandbox's agent did not answer in time");
}

static int
on_frame(const struct inside_frame *f, void *arg)
{
	struct inside_call *c = arg;

	if (f->type == INSIDE_END) {
		c->have_end = true;
		return inside_end_parse(f, &c->end, &c->failed);
	}
	if (f->len > c->left)
		return error_set(&c->failed, ERROR_TOO_BIG,
		    "the sandbox's agent sent more than it was asked for");
	c->left -= f->len;
	if (c->events.on_frame(f, c->arg, &c->failed) < 0)
		return -1;
	return c->closed ? -1 : 0;
}

/* True if there may be more to read now. */
static bool
read_some(struct inside_call *c)
{
	static _Thread_local char bytes[READ_BYTES];
	const ssize_t n = transport_recv(&c->transport, bytes, sizeof(bytes));

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		error_set(&c->failed, ERROR_UPSTREAM,
		    "the sandbox's agent went away before its answer was complete");
		return false;
	}
	return inside_feed(&c->reader, bytes, (size_t)n, on_frame, c, &c->failed) == 0 &&
	    !c->have_end && !c->closed;
}

static void
send_some(struct inside_call *c)
{
	while (!c->send_over) {
		const ssize_t n = transport_send(
		    &c->transport, c->request.data + c->sent, c->request.len - c->sent);

		if (n < 0 && errno == EAGAIN)
			return;
		/* It may have refused early and closed: then its answer is there to read. */
		c->sent += n > 0 ? (size_t)n : 0;
		c->send_over = n <= 0 || c->sent == c->request.len;
	}
}

static uint32_t
interest(const struct inside_call *c)
{
	return (c->paused ? 0 : (uint32_t)EPOLLIN) | (c->send_over ? 0 : (uint32_t)EPOLLOUT);
}

static void
on_ready(struct watch *w, uint32_t events, void *arg)
{
	struct inside_call *c = arg;

	(void)w;
	c->busy = true;
	if ((events & EPOLLOUT) != 0)
		send_some(c);
	/* A hang-up cannot be waited out: a paused one is read on, its bytes are bounded. */
	if (!c->paused || (events & (EPOLLHUP | EPOLLERR)) != 0)
		for (int i = 0; i < READS_A_TURN && read_some(c); i++)
			;
	c->busy = false;
	if (c->closed)
		release(c);
	else if (c->failed.kind != ERROR_NONE)
		finish(c, &c->failed);
	else if (c->have_end)
		finish(c, NULL);
	else
		loop_rewatch(c->transport.watch, interest(c));
}

static void
on_dialed(struct transport *t, const struct error *err, void *arg)
{
	struct inside_call *c = arg;
	struct error why = { 0 };
	int rc = 0;

	c->dial = NULL;
	if (t == NULL) {
		error_set(&why, err->kind, "the sandbox's agent cannot be reached: %s", err->text);
		finish(c, &why);
		return;
	}
	c->transport = *t;
	if (c->transport.watch == NULL)
		c->transport.watch = mem_zalloc(sizeof(*c->transport.watch));
	if (c->transport.watch->loop == NULL) {
		rc = loop_watch(
		    c->loop, c->transport.watch, c->transport.fd, interest(c), on_ready, c, &why);
	} else {
		c->transport.watch->fn = on_ready;
		c->transport.watch->arg = c;
		loop_rewatch(c->transport.watch, interest(c));
	}
	if (rc < 0)
		finish(c, &why);
}

static void
on_socket(int fd, const struct error *err, void *arg)
{
	struct inside_call *c = arg;
	struct error why = { 0 };

	c->asking = NULL;
	if (fd < 0) {
		error_set(&why, err->kind, "the sandbox cannot be reached: %s", err->text);
		finish(c, &why);
		return;
	}
	c->dial = dial_fd(c->loop, fd, c->port, CONNECT_MS, on_dialed, c);
}

struct inside_call *
inside_call_open(struct loop *loop, struct link *link, int port, struct buf *request,
    int64_t deadline_ms, uint64_t max_bytes, const struct inside_events *events, void *arg)
{
	struct inside_call *c = mem_zalloc(sizeof(*c));

	c->loop = loop;
	c->port = port;
	c->transport.fd = -1;
	c->request = *request;
	*request = (struct buf){ 0 };
	c->left = max_bytes;
	c->events = *events;
	c->arg = arg;
	timer_set(loop, &c->deadline, deadline_ms, on_late, c);
	c->asking = link_socket(link, on_socket, c);
	return c;
}

void
inside_call_pause(struct inside_call *c, bool pause)
{
	c->paused = pause;
	if (c->transport.fd >= 0 && !c->busy)
		loop_rewatch(c->transport.watch, interest(c));
}

void
inside_call_close(struct inside_call *c)
{
	c->closed = true;
	if (!c->busy)
		release(c);
}

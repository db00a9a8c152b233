/*
 * link.c - ask a pod's link for sockets, blocking and on a loop.
 */
#include "runtime/engine/link.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"

#define DEADLINE_MS 2000
#define IN_FLIGHT_MAX 32 /* asked and not yet answered, on one connection */

/* What a packet says: 0, or -1 with err. A packet must be from the link: it is trusted no more. */
static int
reply_check(const char *bytes, size_t len, struct error *err)
{
	if (len == LINK_FAILURE_BYTES && bytes[0] == LINK_FAILED) {
		const unsigned char *e = (const unsigned char *)bytes + 1;

		errno = (int)((unsigned)e[0] | (unsigned)e[1] << 8 | (unsigned)e[2] << 16 |
		    (unsigned)e[3] << 24);
		error_errno(err, "link");
		if (err != NULL && err->kind == ERROR_IO) /* its own shortage, not ours */
			err->kind = ERROR_UPSTREAM;
		return -1;
	}
	if (len < 1 || bytes[0] != LINK_OK)
		return error_set(err, ERROR_UPSTREAM, "link: answered something that is no reply");
	return 0;
}

/* A link that cannot be reached is a pod that is going: whoever asked needs no finer word. */
static int
link_connect(const char *path, struct error *err)
{
	struct error why = { 0 };
	const int sock = fdpass_connect(path, &why);

	if (sock >= 0)
		return sock;
	return error_set(
	    err, errno_is_shortage(errno) ? ERROR_IO : ERROR_UNAVAILABLE, "link: %s", why.text);
}

/* A packet that is none is the pod's doing, whatever errno says it is like. */
static int
receive_failed(const char *path, struct error *err)
{
	const bool is_theirs = errno == EBADMSG;

	error_errno(err, "link %s", path);
	if (is_theirs && err != NULL)
		err->kind = ERROR_UPSTREAM;
	return -1;
}

static int
wait_readable(int sock, int64_t due_ms)
{
	for (;;) {
		struct pollfd p = { .fd = sock, .events = POLLIN };
		const int64_t left = due_ms - clock_now_ms();
		const int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			return 0;
		if (n == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (errno != EINTR)
			return -1;
	}
}

int
link_call(const char *path, char op, int *fd, struct buf *text, struct error *err)
{
	_cleanup_close_ int sock = link_connect(path, err);
	_cleanup_close_ int got = -1;
	_cleanup_free_ char *bytes = NULL;
	ssize_t n;

	if (sock < 0)
		return -1;
	if (fdpass_send(sock, &op, 1, -1) < 0 ||
	    wait_readable(sock, clock_now_ms() + DEADLINE_MS) < 0)
		return error_errno(err, "link %s", path);
	bytes = mem_zalloc(LINK_REPLY_MAX_BYTES);
	n = fdpass_recv(sock, bytes, LINK_REPLY_MAX_BYTES, &got);
	if (n < 0)
		return receive_failed(path, err);
	if (n == 0)
		return error_set(err, ERROR_UNAVAILABLE, "link %s: closed the connection", path);
	if (reply_check(bytes, (size_t)n, err) < 0)
		return -1;
	if (fd != NULL && got < 0 && (op == LINK_OP_SOCKET || op == LINK_OP_LISTENER))
		return error_set(err, ERROR_UPSTREAM, "link: the reply has no descriptor");
	if (text != NULL)
		buf_add(text, bytes + 1, (size_t)n - 1);
	if (fd != NULL)
		*fd = TAKE_FD(got);
	return 0;
}

/* --- on a loop --- */

struct link_request {
	struct link_request *next;
	struct link *link;
	link_fd_fn *fn; /* NULL: cancelled, only its reply is awaited */
	void *arg;
	bool sent;
	int64_t due_ms;
};

struct link {
	struct loop *loop;
	char *path;
	int sock; /* -1: not connected */
	struct watch watch;
	struct timer timer;
	struct link_request *first, **last; /* in order of asking: the sent ones, then the others */
	unsigned in_flight;
	unsigned busy; /* callbacks are running: link_close must leave the struct alone */
	bool closed;
};

static void link_pump(struct link *);

static struct link_request *
request_pop(struct link *l)
{
	struct link_request *r = l->first;

	l->first = r->next;
	if (l->first == NULL)
		l->last = &l->first;
	if (r->sent)
		l->in_flight--;
	return r;
}

static void
request_answer(struct link_request *r, int fd, const struct error *err)
{
	if (r->fn != NULL)
		r->fn(fd, err, r->arg);
	else if (fd >= 0)
		close(fd);
	free(r);
}

static void
disconnect(struct link *l)
{
	if (l->sock < 0)
		return;
	loop_unwatch(&l->watch);
	close(l->sock);
	l->sock = -1;
}

static void
link_release(struct link *l)
{
	if (--l->busy > 0 || !l->closed)
		return;
	free(l->path);
	free(l);
}

/* Fail what is asked now; what a callback asks anew waits for the next connection. */
static void
fail_all(struct link *l, const struct error *err)
{
	struct link_request *list = l->first;

	disconnect(l);
	l->first = NULL;
	l->last = &l->first;
	l->in_flight = 0;
	/* A callback may cancel another of the list: that only clears its fn. */
	for (struct link_request *r = list; r != NULL; r = r->next)
		r->sent = true;
	l->busy++;
	while (list != NULL) {
		struct link_request *r = list;

		list = r->next;
		request_answer(r, -1, err);
	}
	link_release(l);
}

static void
on_deadline(struct timer *t, void *arg)
{
	struct link *l = arg;
	struct error err = { 0 };

	(void)t;
	if (l->first == NULL)
		return;
	if (l->sock < 0) {
		link_pump(l); /* connect here, so that failing is never inside link_socket */
		return;
	}
	if (l->first->due_ms > loop_now_ms(l->loop)) {
		timer_set(
		    l->loop, &l->timer, l->first->due_ms - loop_now_ms(l->loop), on_deadline, l);
		return;
	}
	error_set(&err, ERROR_TIMEOUT, "link %s: no answer in %d ms", l->path, DEADLINE_MS);
	fail_all(l, &err);
}

/* One reply; returns false when there is none, or the link is gone. */
static bool
take_reply(struct link *l)
{
	struct error err = { 0 };
	char bytes[64];
	int fd = -1;
	const ssize_t n = fdpass_recv(l->sock, bytes, sizeof(bytes), &fd);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0 || l->first == NULL || !l->first->sent) {
		if (n < 0)
			receive_failed(l->path, &err);
		else
			error_set(&err, n == 0 ? ERROR_UNAVAILABLE : ERROR_UPSTREAM,
			    n == 0 ? "link %s: closed the connection" : "link %s: answered unasked",
			    l->path);
		if (fd >= 0)
			close(fd);
		fail_all(l, &err);
		return false;
	}
	if (reply_check(bytes, (size_t)n, &err) < 0) {
		if (fd >= 0)
			close(fd);
		fd = -1;
	} else if (fd < 0) {
		error_set(&err, ERROR_UPSTREAM, "link: the reply has no descriptor");
	}
	request_answer(request_pop(l), fd, fd >= 0 ? NULL : &err);
	return true;
}

static void
on_ready(struct watch *w, uint32_t events, void *arg)
{
	struct link *l = arg;

	(void)w;
	(void)events;
	l->busy++;
	while (!l->closed && l->sock >= 0 && take_reply(l))
		;
	if (!l->closed)
		link_pump(l);
	link_release(l);
}

static int
send_waiting(struct link *l)
{
	const char op = LINK_OP_SOCKET;

	for (struct link_request *r = l->first; r != NULL; r = r->next) {
		if (r->sent)
			continue;
		if (l->in_flight == IN_FLIGHT_MAX)
			break;
		if (fdpass_send(l->sock, &op, 1, -1) < 0) {
			if (errno != EAGAIN && errno != EINTR)
				return -1;
			loop_rewatch(&l->watch, EPOLLIN | EPOLLOUT);
			return 0;
		}
		r->sent = true;
		l->in_flight++;
	}
	loop_rewatch(&l->watch, EPOLLIN);
	return 0;
}

/* Connect if need be, ask what may be asked, and watch the time of the oldest. May fail all. */
static void
link_pump(struct link *l)
{
	struct error err = { 0 };

	if (l->first == NULL) {
		timer_cancel(&l->timer);
		return;
	}
	if (l->sock < 0) {
		l->sock = link_connect(l->path, &err);
		if (l->sock < 0 ||
		    loop_watch(l->loop, &l->watch, l->sock, EPOLLIN, on_ready, l, &err) < 0) {
			if (l->sock >= 0)
				close(l->sock);
			l->sock = -1;
			fail_all(l, &err);
			return;
		}
	}
	if (send_waiting(l) < 0) {
		error_errno(&err, "link %s", l->path);
		fail_all(l, &err);
		return;
	}
	const int64_t left = l->first->due_ms - loop_now_ms(l->loop);
	timer_set(l->loop, &l->timer, left > 0 ? left : 0, on_deadline, l);
}

struct link *
link_open(struct loop *loop, const char *path)
{
	struct link *l = mem_zalloc(sizeof(*l));

	l->loop = loop;
	l->path = str_dup(path);
	l->sock = -1;
	l->last = &l->first;
	return l;
}

struct link_request *
link_socket(struct link *l, link_fd_fn *fn, void *arg)
{
	struct link_request *r = mem_zalloc(sizeof(*r));

	r->link = l;
	r->fn = fn;
	r->arg = arg;
	r->due_ms = loop_now_ms(l->loop) + DEADLINE_MS;
	*l->last = r;
	l->last = &r->next;
	/* A live connection is asked at once; whatever may fail happens on the loop's next turn. */
	if (l->sock < 0 || send_waiting(l) < 0)
		timer_set(l->loop, &l->timer, 0, on_deadline, l);
	else if (!timer_is_set(&l->timer))
		timer_set(l->loop, &l->timer, DEADLINE_MS, on_deadline, l);
	return r;
}

void
link_cancel(struct link_request *r)
{
	struct link *l = r->link;

	r->fn = NULL;
	if (r->sent)
		return; /* its reply, or the end of the connection, frees it */
	for (struct link_request **at = &l->first; *at != NULL; at = &(*at)->next) {
		if (*at != r)
			continue;
		*at = r->next;
		if (l->last == &r->next)
			l->last = at;
		free(r);
		return;
	}
}

void
link_close(struct link *l)
{
	struct error err = { 0 };

	if (l == NULL)
		return;
	error_set(&err, ERROR_CANCELLED, "link closed");
	timer_cancel(&l->timer);
	l->closed = true;
	fail_all(l, &err);
}

/*
 * dial.c - connections by connect(2), the ends of every dial, and the bytes of what is connected.
 */
#include "runtime/net/dial.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/conn_pool.h"
#include "runtime/net/dial_internal.h"

static void
watch_free(struct watch *w)
{
	if (w != NULL)
		loop_unwatch(w);
	free(w);
}

void
transport_close(struct transport *t)
{
	if (t->home != NULL)
		conn_home_left(t->home);
	watch_free(t->watch);
	if (t->curl != NULL)
		curl_easy_cleanup(t->curl);
	else if (t->fd >= 0)
		close(t->fd);
	*t = (struct transport){ .fd = -1 };
}

static ssize_t
result_of_curl(CURLcode code, size_t n)
{
	if (code == CURLE_OK)
		return (ssize_t)n;
	errno = code == CURLE_AGAIN ? EAGAIN : ECONNRESET;
	return -1;
}

ssize_t
transport_send(struct transport *t, const void *bytes, size_t len)
{
	size_t n = 0;

	if (t->curl == NULL)
		return send(t->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	const CURLcode code = curl_easy_send(t->curl, bytes, len, &n);

	return result_of_curl(code, n);
}

ssize_t
transport_recv(struct transport *t, void *bytes, size_t cap)
{
	size_t n = 0;

	if (t->curl == NULL)
		return recv(t->fd, bytes, cap, MSG_DONTWAIT);
	const CURLcode code = curl_easy_recv(t->curl, bytes, cap, &n);

	return result_of_curl(code, n);
}

static void
dial_free(struct dial *d)
{
	if (d->ref != NULL) {
		*d->ref = d->next;
		if (d->next != NULL)
			d->next->ref = d->ref;
	}
	timer_cancel(&d->timer);
	watch_free(d->watch);
	if (d->fd >= 0)
		close(d->fd);
	if (d->easy != NULL)
		curl_easy_cleanup(d->easy);
	free(d);
}

void
dial_cancel(struct dial *d)
{
	if (d != NULL)
		dial_free(d);
}

void
dial_succeed(struct dial *d, struct transport *t)
{
	dial_fn *const fn = d->fn;
	void *const arg = d->arg;

	dial_free(d);
	fn(t, NULL, arg);
}

void
dial_fail(struct dial *d, const struct error *err)
{
	const struct error copy = *err;
	dial_fn *const fn = d->fn;
	void *const arg = d->arg;

	dial_free(d);
	fn(NULL, &copy, arg);
}

static void
on_failed(struct timer *t, void *arg)
{
	struct dial *d = arg;

	(void)t;
	dial_fail(d, &d->failed);
}

void
dial_fail_soon(struct dial *d)
{
	timer_set(d->loop, &d->timer, 0, on_failed, d);
}

static void
on_late(struct timer *t, void *arg)
{
	struct dial *d = arg;

	(void)t;
	error_set(&d->failed, ERROR_TIMEOUT, "cannot connect to %s: no answer within %lld ms",
	    d->peer, (long long)d->timeout_ms);
	dial_fail(d, &d->failed);
}

struct dial *
dial_new(struct loop *l, struct dialer *dialer, int64_t timeout_ms, dial_fn *fn, void *arg)
{
	struct dial *d = mem_zalloc(sizeof(*d));

	d->loop = l;
	d->dialer = dialer;
	d->fd = -1;
	d->timeout_ms = timeout_ms;
	d->fn = fn;
	d->arg = arg;
	if (dialer != NULL) {
		d->next = dialer->first;
		d->ref = &dialer->first;
		if (d->next != NULL)
			d->next->ref = &d->next;
		dialer->first = d;
	}
	return d;
}

/* Plain sockets. */

static void
set_no_delay(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only a loss of speed */
}

int
dial_refused(struct dial *d, int why)
{
	char text[80] = "";

	return error_set(&d->failed,
	    why == ETIMEDOUT             ? ERROR_TIMEOUT
		: errno_is_shortage(why) ? ERROR_IO
					 : ERROR_UNAVAILABLE,
	    "cannot connect to %s: %s", d->peer, strerror_r(why, text, sizeof(text)));
}

static void
on_connected(struct watch *w, uint32_t events, void *arg)
{
	struct dial *d = arg;
	int why = 0;
	socklen_t len = sizeof(why);

	(void)events;
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &why, &len) < 0)
		why = errno;
	if (why != 0) {
		dial_refused(d, why);
		dial_fail(d, &d->failed);
		return;
	}
	struct transport t = { .fd = d->fd, .watch = d->watch };
	d->fd = -1;
	d->watch = NULL;
	dial_succeed(d, &t);
}

void
dial_connect(struct dial *d, const struct sockaddr *to, socklen_t len)
{
	set_no_delay(d->fd);
	d->watch = mem_zalloc(sizeof(*d->watch));
	if (connect(d->fd, to, len) < 0 && errno != EINPROGRESS) {
		dial_refused(d, errno);
		dial_fail_soon(d);
	} else if (loop_watch(d->loop, d->watch, d->fd, EPOLLOUT, on_connected, d, &d->failed) <
	    0) {
		dial_fail_soon(d);
	} else {
		timer_set(d->loop, &d->timer, d->timeout_ms, on_late, d);
	}
}

struct dial *
dial_fd(struct loop *l, int fd, int port, int64_t timeout_ms, dial_fn *fn, void *arg)
{
	struct dial *d = dial_new(l, NULL, timeout_ms, fn, arg);
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	d->fd = fd;
	snprintf(d->peer, sizeof(d->peer), "127.0.0.1:%d", port);
	dial_connect(d, (const struct sockaddr *)&to, sizeof(to));
	return d;
}

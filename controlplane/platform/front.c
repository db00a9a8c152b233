/*
 * front.c - accept, peek, hand on.
 */
#include "controlplane/platform/front.h"

#include <errno.h>
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
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"

#define GUESTS_MAX 128 /* that have said nothing yet */
#define ACCEPTS_MAX 64 /* in a turn */
#define QUIET_MS 10000 /* for the first bytes of a connection */
#define AGAIN_MS 100 /* when there are no descriptors */

struct guest { /* accepted, and not yet known what for */
	struct front *front;
	int fd;
	struct watch watch;
	struct timer late;
	struct guest *next, **prev;
};
struct front {
	struct caller *caller;
	struct loop *loop;
	int fd; /* -1: drained */
	struct watch watch;
	struct timer again;
	struct guest *guests;
	unsigned nguests;
};

static void
guest_free(struct guest *g)
{
	loop_unwatch(&g->watch);
	timer_cancel(&g->late);
	*g->prev = g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	g->front->nguests--;
	if (g->fd >= 0)
		close(g->fd);
	free(g);
}

static void
on_quiet(struct timer *t, void *arg)
{
	(void)t;
	guest_free(arg);
}

static void
on_bytes(struct watch *w, uint32_t events, void *arg)
{
	struct guest *g = arg;
	struct caller *c = g->front->caller;
	char bytes[PROXY_HEAD_MAX + 4];

	(void)w;
	const ssize_t n = recv(g->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		guest_free(g);
		return;
	}
	const int asked = proxy_is_asked(bytes, (size_t)n);
	const bool is_whole = n == (ssize_t)sizeof(bytes) ||
	    memmem(bytes, (size_t)n, "\r\n\r\n", 4) != NULL ||
	    (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	if (asked != 0 && !is_whole)
		return; /* edge-triggered: more bytes wake us again */
	const int fd = TAKE_FD(g->fd);
	loop_unwatch(&g->watch);
	guest_free(g);
	if (asked > 0)
		proxy_begin(c, fd);
	else
		http_server_take(c->http, fd);
}

static void
receive(struct front *f, int accepted)
{
	_cleanup_close_ int fd = accepted;
	struct guest *g;

	if (f->nguests >= GUESTS_MAX)
		return; /* its own pod has filled the room */
	g = mem_zalloc(sizeof(*g));
	g->front = f;
	g->fd = TAKE_FD(fd);
	g->next = f->guests;
	g->prev = &f->guests;
	if (g->next != NULL)
		g->next->prev = &g->next;
	f->guests = g;
	f->nguests++;
	timer_set(f->loop, &g->late, QUIET_MS, on_quiet, g);
	if (loop_watch(
		f->loop, &g->watch, g->fd, EPOLLIN | EPOLLRDHUP | EPOLLET, on_bytes, g, NULL) < 0)
		guest_free(g);
}

static void on_connection(struct watch *, uint32_t, void *);

static void
on_again(struct timer *t, void *arg)
{
	struct front *f = arg;

	if (loop_watch(f->loop, &f->watch, f->fd, EPOLLIN, on_connection, f, NULL) < 0)
		timer_set(f->loop, t, AGAIN_MS, on_again, f);
}

static void
on_connection(struct watch *w, uint32_t events, void *arg)
{
	struct front *f = arg;

	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		const int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			receive(f, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			loop_unwatch(&f->watch);
			timer_set(f->loop, &f->again, AGAIN_MS, on_again, f);
		}
		return;
	}
}

struct front *
front_new(struct caller *c, int listen_fd, struct error *err)
{
	_cleanup_close_ int fd = listen_fd;
	struct front *f = mem_zalloc(sizeof(*f));

	f->caller = c;
	f->loop = c->platform->loop;
	if (loop_watch(f->loop, &f->watch, fd, EPOLLIN, on_connection, f, err) < 0) {
		free(f);
		return NULL;
	}
	f->fd = TAKE_FD(fd);
	return f;
}

void
front_drain(struct front *f)
{
	if (f->fd < 0)
		return;
	on_connection(&f->watch, 0, f); /* what the kernel has accepted for us is served */
	loop_unwatch(&f->watch);
	timer_cancel(&f->again);
	close(TAKE_FD(f->fd));
}

void
front_free(struct front *f)
{
	if (f == NULL)
		return;
	if (f->fd >= 0) {
		loop_unwatch(&f->watch);
		close(f->fd);
	}
	timer_cancel(&f->again);
	while (f->guests != NULL)
		guest_free(f->guests);
	free(f);
}

/*
 * conn_pool.c - a list of homes, each with what waits there, the latest first.
 */
#include "runtime/net/conn_pool.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"

#define WAIT_MS 500
#define SWEEP_MS 250
#define WAITING_MAX 256 /* at one home */

struct waiting {
	struct transport transport;
	int64_t since_ms;
};

struct conn_home {
	struct conn_pool *pool;
	struct conn_home *next;
	char name[64];
	bool forgotten; /* goes when its last connection does */
	unsigned out; /* connections in use */
	size_t len, cap;
	struct waiting *waiting; /* in the order they came */
};

struct conn_pool {
	struct loop *loop;
	struct conn_home *homes;
	struct conn_guest *guests;
	struct timer sweep;
	size_t waiting;
};

struct conn_pool *
conn_pool_new(struct loop *loop)
{
	struct conn_pool *p = mem_zalloc(sizeof(*p));

	p->loop = loop;
	return p;
}

static void
close_waiting(struct waiting *w)
{
	w->transport.home = NULL; /* it is not out */
	transport_close(&w->transport);
}

static void
drop_first(struct conn_home *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close_waiting(&h->waiting[i]);
	h->pool->waiting -= n;
	h->len -= n;
	if (n > 0)
		memmove(h->waiting, h->waiting + n, h->len * sizeof(*h->waiting));
}

static void
home_free(struct conn_home *h)
{
	free(h->waiting);
	free(h);
}

void
conn_pool_free(struct conn_pool *p)
{
	if (p == NULL)
		return;
	while (p->guests != NULL)
		p->guests->close(p->guests);
	while (p->homes != NULL) {
		struct conn_home *h = p->homes;

		assert(h->out == 0);
		drop_first(h, h->len);
		p->homes = h->next;
		home_free(h);
	}
	timer_cancel(&p->sweep);
	free(p);
}

static struct conn_home *
find(struct conn_pool *p, const char *name)
{
	struct conn_home *h = p->homes;

	while (h != NULL && (h->forgotten || strcmp(h->name, name) != 0))
		h = h->next;
	return h;
}

void
conn_pool_adopt(struct conn_pool *p, const char *name, struct transport *t)
{
	struct conn_home *h = find(p, name);

	if (t->curl != NULL || t->home != NULL || strlen(name) >= sizeof(h->name))
		return;
	if (h == NULL) {
		h = mem_zalloc(sizeof(*h));
		h->pool = p;
		snprintf(h->name, sizeof(h->name), "%s", name);
		h->next = p->homes;
		p->homes = h;
	}
	h->out++;
	t->home = h;
}

/* Open, and nobody has said anything on it. */
static bool
is_fit(const struct transport *t)
{
	char byte;

	return recv(t->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool
conn_pool_take(struct conn_pool *p, const char *name, struct transport *out)
{
	struct conn_home *h = find(p, name);

	while (h != NULL && h->len > 0) {
		struct waiting w = h->waiting[--h->len];

		p->waiting--;
		if (loop_now_ms(p->loop) - w.since_ms < WAIT_MS && is_fit(&w.transport)) {
			h->out++;
			w.transport.home = h;
			*out = w.transport;
			return true;
		}
		close_waiting(&w);
	}
	return false;
}

static void
on_sweep(struct timer *t, void *arg)
{
	struct conn_pool *p = arg;
	const int64_t old_ms = loop_now_ms(p->loop) - WAIT_MS;

	for (struct conn_home *h = p->homes; h != NULL; h = h->next) {
		size_t n = 0;

		while (n < h->len && h->waiting[n].since_ms <= old_ms)
			n++;
		drop_first(h, n);
	}
	if (p->waiting > 0)
		timer_set(p->loop, t, SWEEP_MS, on_sweep, p);
}

/* It said something, or closed, while nobody had asked. */
static void
on_unasked(struct watch *w, uint32_t events, void *arg)
{
	struct conn_home *h = arg;

	(void)events;
	for (size_t i = 0; i < h->len; i++) {
		if (h->waiting[i].transport.watch != w)
			continue;
		close_waiting(&h->waiting[i]);
		memmove(h->waiting + i, h->waiting + i + 1, (--h->len - i) * sizeof(*h->waiting));
		h->pool->waiting--;
		return;
	}
}

void
conn_home_put(struct conn_home *h, struct transport *t)
{
	struct conn_pool *p = h->pool;

	if (h->forgotten || h->len == WAITING_MAX) {
		transport_close(t);
		return;
	}
	if (h->len == h->cap) {
		h->cap = h->cap > 0 ? 2 * h->cap : 4;
		h->waiting = mem_realloc(h->waiting, h->cap * sizeof(*h->waiting));
	}
	h->out--;
	/* The watch stays with epoll as it is: changing hands costs no call. */
	if (t->watch != NULL) {
		t->watch->fn = on_unasked;
		t->watch->arg = h;
		loop_rewatch(t->watch, TRANSPORT_READABLE);
	}
	h->waiting[h->len++] = (struct waiting){ *t, loop_now_ms(p->loop) };
	*t = (struct transport){ .fd = -1 };
	p->waiting++;
	if (!timer_is_set(&p->sweep))
		timer_set(p->loop, &p->sweep, SWEEP_MS, on_sweep, p);
}

static void
forget_empty(struct conn_pool *p)
{
	for (struct conn_home **at = &p->homes, *h; (h = *at) != NULL;) {
		if (h->forgotten && h->out == 0) {
			*at = h->next;
			home_free(h);
		} else {
			at = &h->next;
		}
	}
}

void
conn_home_left(struct conn_home *h)
{
	if (--h->out == 0 && h->forgotten)
		forget_empty(h->pool);
}

void
conn_pool_keep(struct conn_pool *p, bool (*kept)(const char *, const void *), const void *arg)
{
	for (struct conn_home *h = p->homes; h != NULL; h = h->next) {
		if (kept(h->name, arg))
			continue;
		drop_first(h, h->len);
		h->forgotten = true;
	}
	forget_empty(p);
}

void
conn_home_guest(struct conn_home *h, struct conn_guest *g)
{
	struct conn_pool *p = h->pool;

	g->next = p->guests;
	g->prev = &p->guests;
	if (g->next != NULL)
		g->next->prev = &g->next;
	p->guests = g;
}

void
conn_guest_left(struct conn_guest *g)
{
	if (g->prev == NULL)
		return;
	*g->prev = g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	g->prev = NULL;
}

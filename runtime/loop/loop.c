/*
 * loop.c - the epoll loop.
 */
#include "runtime/loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/heap.h"

#define TURN_EVENTS 256

struct message {
	struct message *next;
	post_fn *fn;
	void *arg;
};

struct loop {
	int epoll, wake, signals;
	int64_t now_ms;
	struct timer_heap timers;
	struct turn_end *ends;
	struct epoll_event ready[TURN_EVENTS];
	int ready_len, ready_at; /* the part of ready[] not yet handed out */
	pthread_mutex_t lock;
	struct message *first, **last; /* under lock */
	_Atomic bool posted; /* first != NULL; written under lock */
	_Atomic bool stopping;
	struct watch wake_watch, signal_watch;
	signal_fn *signal_fn;
	void *signal_arg;
};

static void
run_messages(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	struct message *m = l->first;
	l->first = NULL;
	l->last = &l->first;
	l->posted = false;
	pthread_mutex_unlock(&l->lock);

	while (m != NULL) {
		struct message *next = m->next;

		m->fn(m->arg);
		free(m);
		m = next;
	}
}

void
loop_run_posted(struct loop *l)
{
	run_messages(l);
}

static void
on_wake(struct watch *w, uint32_t events, void *arg)
{
	uint64_t n;

	(void)events;
	if (read(w->fd, &n, sizeof(n)) > 0)
		run_messages(arg);
}

struct loop *
loop_new(struct error *err)
{
	struct loop *l = mem_zalloc(sizeof(*l));

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->signals = -1;
	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	l->now_ms = clock_now_ms();
	if (l->epoll < 0 || l->wake < 0) {
		error_errno(err, "event loop");
		loop_free(l);
		return NULL;
	}
	if (loop_watch(l, &l->wake_watch, l->wake, EPOLLIN, on_wake, l, err) < 0) {
		loop_free(l);
		return NULL;
	}
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (l->first != NULL) /* what runs may post more */
		run_messages(l);
	if (l->signals >= 0)
		close(l->signals);
	if (l->wake >= 0)
		close(l->wake);
	if (l->epoll >= 0)
		close(l->epoll);
	timer_heap_done(&l->timers);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

int64_t
loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

int
loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events, watch_fn *fn, void *arg,
    struct error *err)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	*w = (struct watch){ .fd = fd, .events = events, .fn = fn, .arg = arg };
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return error_errno(err, "watch descriptor %d", fd);
	w->loop = l;
	return 0;
}

void
loop_rewatch(struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (w->loop == NULL || w->events == events)
		return;
	w->events = events;
	epoll_ctl(w->loop->epoll, EPOLL_CTL_MOD, w->fd, &ev);
}

void
loop_unwatch(struct watch *w)
{
	struct loop *l = w->loop;

	if (l == NULL)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = l->ready_at; i < l->ready_len; i++)
		if (l->ready[i].data.ptr == w)
			l->ready[i].data.ptr = NULL;
	w->loop = NULL;
}

static void
set(struct loop *l, struct timer *t, int64_t due_ms, timer_fn *fn, void *arg)
{
	timer_cancel(t);
	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	t->due_ms = due_ms;
	timer_heap_add(&l->timers, t);
}

/* From the real now: a long callback must not shorten what it sets. */
static int64_t
due_in(int64_t delay_ms)
{
	return clock_now_ms() + (delay_ms > 0 ? delay_ms : 0);
}

void
timer_set(struct loop *l, struct timer *t, int64_t delay_ms, timer_fn *fn, void *arg)
{
	set(l, t, due_in(delay_ms), fn, arg);
}

void
timer_set_about(struct loop *l, struct timer *t, int64_t delay_ms, timer_fn *fn, void *arg)
{
	const int64_t late_ms = TIMER_ABOUT_MS - 1;

	set(l, t, (due_in(delay_ms) + late_ms) & ~late_ms, fn, arg);
}

void
timer_cancel(struct timer *t)
{
	if (t->at != 0)
		timer_heap_remove(&t->loop->timers, t);
}

bool
timer_is_set(const struct timer *t)
{
	return t->at != 0;
}

#define WAKE_TRIES 100
#define WARM_EVENTS 8 /* watches that are fetched ahead */

/* EAGAIN: the counter is full, so the loop is awake anyway.  A wake-up that is lost would be the
 * last: whoever posts next sees a queue that is not empty. */
static void
wake(struct loop *l)
{
	const uint64_t one = 1;

	for (int tries = 0; tries < WAKE_TRIES; tries++)
		if (write(l->wake, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN)
			return;
}

void
loop_post(struct loop *l, post_fn *fn, void *arg)
{
	struct message *m = mem_zalloc(sizeof(*m));

	m->fn = fn;
	m->arg = arg;
	pthread_mutex_lock(&l->lock);
	const bool was_empty = l->first == NULL;
	*l->last = m;
	l->last = &m->next;
	l->posted = true;
	pthread_mutex_unlock(&l->lock);
	if (was_empty)
		wake(l);
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
	wake(l);
}

static void
on_signal(struct watch *w, uint32_t events, void *arg)
{
	struct loop *l = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(w->fd, &info, sizeof(info)) == sizeof(info))
		l->signal_fn((int)info.ssi_signo, l->signal_arg);
}

int
loop_signals(struct loop *l, const int *signals, signal_fn *fn, void *arg, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *signals != 0; signals++)
		sigaddset(&set, *signals);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	l->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (l->signals < 0)
		return error_errno(err, "signalfd");
	l->signal_fn = fn;
	l->signal_arg = arg;
	return loop_watch(l, &l->signal_watch, l->signals, EPOLLIN, on_signal, l, err);
}

static void
run_timers(struct loop *l)
{
	/* Only what is due now: a timer that sets itself again waits for the next turn. */
	const int64_t now_ms = l->now_ms;
	struct timer *t;

	while ((t = timer_heap_first(&l->timers)) != NULL && t->due_ms <= now_ms) {
		timer_heap_remove(&l->timers, t);
		t->fn(t, t->arg);
	}
}

void
loop_at_turn_end(struct loop *l, struct turn_end *e, turn_end_fn *fn, void *arg)
{
	if (e->prev != NULL)
		return;
	*e = (struct turn_end){ .fn = fn, .arg = arg, .next = l->ends, .prev = &l->ends };
	if (e->next != NULL)
		e->next->prev = &e->next;
	l->ends = e;
}

void
turn_end_cancel(struct turn_end *e)
{
	if (e->prev == NULL)
		return;
	*e->prev = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	e->prev = NULL;
}

static void
run_ends(struct loop *l)
{
	struct turn_end *batch = l->ends, *e;

	l->ends = NULL;
	if (batch != NULL)
		batch->prev = &batch;
	while ((e = batch) != NULL) {
		turn_end_cancel(e);
		e->fn(e, e->arg);
	}
}

static int
wait_ms(const struct loop *l)
{
	const struct timer *t = timer_heap_first(&l->timers);
	const int64_t now_ms = clock_now_ms();

	if (l->ends != NULL)
		return 0;
	if (t == NULL)
		return -1;
	if (t->due_ms <= now_ms)
		return 0;
	return t->due_ms - now_ms > 3600000 ? 3600000 : (int)(t->due_ms - now_ms);
}

/* What the next ones are about comes from memory while this one is handled: their watches all at once,
 * and of the next what it is for. */
static void
warm_watches(const struct loop *l)
{
	for (int i = 0; i < l->ready_len && i < WARM_EVENTS; i++)
		__builtin_prefetch(l->ready[i].data.ptr);
}

static void
warm_next(const struct loop *l)
{
	const int next = l->ready_at, far = next + WARM_EVENTS - 1;

	if (far < l->ready_len)
		__builtin_prefetch(l->ready[far].data.ptr);
	if (next < l->ready_len && l->ready[next].data.ptr != NULL) {
		const char *arg = ((const struct watch *)l->ready[next].data.ptr)->arg;

		__builtin_prefetch(arg);
		__builtin_prefetch(arg + 64);
		__builtin_prefetch(arg + 128);
	}
}

void
loop_run(struct loop *l)
{
	while (!l->stopping) {
		int n = epoll_wait(l->epoll, l->ready, TURN_EVENTS, wait_ms(l));

		l->ready_len = n > 0 ? n : 0;
		l->ready_at = 0;
		warm_watches(l);
		log_gather();
		l->now_ms = clock_now_ms();
		warm_next(l);
		while (l->ready_at < l->ready_len) {
			if (l->posted) /* first: what comes now may rest on it */
				run_messages(l);

			const struct epoll_event ev = l->ready[l->ready_at++];
			struct watch *w = ev.data.ptr;

			warm_next(l);
			if (w != NULL)
				w->fn(w, ev.events, w->arg);
		}
		run_timers(l);
		run_ends(l);
		log_flush();
	}
	run_messages(l);
	l->stopping = false;
}

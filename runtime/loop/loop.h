/*
 * loop.h - one epoll: descriptors, timers, messages from other threads, signals.
 *
 * A loop belongs to the thread that runs it.  Everything here but loop_post and loop_stop must be
 * called from that thread (or before it starts).  Callbacks may add and remove anything,
 * themselves included.
 */
#ifndef JANUS_LOOP_LOOP_H
#define JANUS_LOOP_LOOP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
struct error;
struct loop;

struct loop *loop_new(struct error *); /* NULL on failure */
void loop_free(struct loop *);
/** loop_run - until loop_stop; runs posted messages that are left before it returns. */
void loop_run(struct loop *);
/** loop_run_posted - run what was posted so far, now: for an orderly shutdown. */
void loop_run_posted(struct loop *);
/** loop_stop - from any thread or a signal callback: loop_run returns after this turn. */
void loop_stop(struct loop *);
/** loop_now_ms - monotonic time of this turn. */
int64_t loop_now_ms(const struct loop *);

/* A descriptor: embedded by its owner, who keeps the descriptor open until after loop_unwatch. */
struct watch;
typedef void watch_fn(struct watch *, uint32_t events, void *arg);
struct watch {
	int fd;
	uint32_t events; /* EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLET; 0 still reports HUP and ERR */
	watch_fn *fn;
	void *arg;
	struct loop *loop; /* NULL while not watched */
};
/** loop_watch - start; w is filled in by this call. 0, or -1 with err (EMFILE and the like). */
int loop_watch(
    struct loop *, struct watch *w, int fd, uint32_t events, watch_fn *, void *arg, struct error *);
/** loop_rewatch - change the events; cheap when they are the same. */
void loop_rewatch(struct watch *, uint32_t events);
/** loop_unwatch - stop; no callback comes after it, not even one that is due in this turn. */
void loop_unwatch(struct watch *);

/* A timer: embedded, zero-initialised, one-shot. */
struct timer;
typedef void timer_fn(struct timer *, void *arg);
struct timer {
	int64_t due_ms; /* monotonic */
	timer_fn *fn;
	void *arg;
	struct loop *loop;
	size_t at; /* place in the heap + 1; 0 while not set */
};
/** timer_set - call fn once in delay_ms from now; replaces what was set. */
void timer_set(struct loop *, struct timer *, int64_t delay_ms, timer_fn *, void *arg);
/** timer_set_about - as timer_set, for what many have and may be up to TIMER_ABOUT_MS late: those
 *  of one such time are due together, and wake the loop once. */
void timer_set_about(struct loop *, struct timer *, int64_t delay_ms, timer_fn *, void *arg);
#define TIMER_ABOUT_MS 32 /* a power of two */
void timer_cancel(struct timer *); /* fine when not set */
bool timer_is_set(const struct timer *);

/* Work for the end of this turn, after its events and timers: embedded, zero-initialised. */
struct turn_end;
typedef void turn_end_fn(struct turn_end *, void *arg);
struct turn_end {
	turn_end_fn *fn;
	void *arg;
	struct turn_end *next, **prev; /* prev is NULL while it is not set */
};
/** loop_at_turn_end - call fn once when this turn ends; what it asks for comes in the next one. */
void loop_at_turn_end(struct loop *, struct turn_end *, turn_end_fn *, void *arg);
void turn_end_cancel(struct turn_end *); /* fine when not set */

/**
 * loop_post - from any thread: run fn(arg) on the loop, in the order of posting, before the loop
 * looks at a descriptor that became ready later.
 *
 * What was posted when the loop is freed is run then, so arg is never lost.
 */
typedef void post_fn(void *arg);
void loop_post(struct loop *, post_fn *, void *arg);

/** loop_signals - receive these signals (0-ended list) as callbacks; blocks them in this thread,
 *  so call it before other threads start. */
typedef void signal_fn(int signo, void *arg);
int loop_signals(struct loop *, const int *signals, signal_fn *, void *arg, struct error *);

/*
 * Workers: a bounded set of threads for work that blocks.  Threads are started on demand, and end
 * when they were idle for ten seconds, all but the last: a burst leaves nothing behind.
 */
struct workers;
typedef void work_fn(void *arg);
struct workers *workers_new(unsigned max_threads);
/** workers_free - waits for running work; work not yet started is dropped but its done is run. */
void workers_free(struct workers *);
/** workers_keep_idle - how long an idle thread is kept, from its next idleness on. */
void workers_keep_idle(struct workers *, int64_t ms);
/**
 * worker_run - run work(arg) on a worker, then done(arg) on the loop (done may be NULL).
 *
 * arg belongs to the worker until done is called.
 */
void worker_run(struct workers *, struct loop *, work_fn *work, post_fn *done, void *arg);
#endif

/*
 * worker.c - threads for work that blocks; results come back to a loop as messages.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/deadline.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define IDLE_MS 10000

struct job {
	struct job *next;
	struct loop *loop;
	work_fn *work;
	post_fn *done;
	void *arg;
};

/*
 * One thread.  Work goes to the one that became idle last: those of which there are more than the
 * work needs stay idle, and end.
 */
struct worker {
	struct workers *pool;
	pthread_t id;
	pthread_cond_t called;
	bool idle; /* in the pool's list */
	struct worker *next; /* in that list */
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t none_left;
	struct job *first, **last;
	struct worker *idle;
	struct worker *ended; /* the last that did, which joined the one before; not joined yet */
	unsigned threads, max;
	int64_t idle_ms;
	bool stopping;
};

static void
finish(struct job *job)
{
	if (job->done != NULL)
		loop_post(job->loop, job->done, job->arg);
	free(job);
}

static struct job *
next_job(struct workers *w)
{
	struct job *job = w->first;

	if (job == NULL)
		return NULL;
	w->first = job->next;
	if (w->first == NULL)
		w->last = &w->first;
	return job;
}

static void
call_one(struct workers *w)
{
	struct worker *top = w->idle;

	w->idle = top->next;
	top->idle = false;
	pthread_cond_signal(&top->called);
}

/* False: nothing called for as long as an idle thread is kept.  The last one is kept for good. */
static bool
wait_idle(struct worker *self)
{
	struct workers *w = self->pool;
	const int64_t until = clock_now_ms() + w->idle_ms;

	self->idle = true;
	self->next = w->idle;
	w->idle = self;
	while (self->idle) {
		if (w->threads == 1)
			pthread_cond_wait(&self->called, &w->lock);
		else if (!deadline_cond(&self->called, &w->lock, until) && w->threads > 1)
			break;
	}
	if (!self->idle)
		return true;
	struct worker **at = &w->idle;
	while (*at != self)
		at = &(*at)->next;
	*at = self->next;
	return false;
}

static void
join(struct worker *ended)
{
	if (ended == NULL)
		return;
	pthread_join(ended->id, NULL);
	pthread_cond_destroy(&ended->called);
	free(ended);
}

static void *
worker(void *arg)
{
	struct worker *self = arg;
	struct workers *w = self->pool;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct job *job = next_job(w);
		if (job == NULL) {
			if (w->stopping || !wait_idle(self))
				break;
			continue;
		}
		const bool skip = w->stopping;
		pthread_mutex_unlock(&w->lock);
		if (!skip)
			job->work(job->arg);
		finish(job);
		pthread_mutex_lock(&w->lock);
	}
	struct worker *before = w->ended;
	w->ended = self;
	if (--w->threads == 0)
		pthread_cond_signal(&w->none_left);
	pthread_mutex_unlock(&w->lock);
	join(before);
	return NULL;
}

struct workers *
workers_new(unsigned max_threads)
{
	struct workers *w = mem_zalloc(sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->none_left, NULL);
	w->last = &w->first;
	w->max = max_threads;
	w->idle_ms = IDLE_MS;
	return w;
}

void
workers_keep_idle(struct workers *w, int64_t ms)
{
	pthread_mutex_lock(&w->lock);
	w->idle_ms = ms;
	pthread_mutex_unlock(&w->lock);
}

void
workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	while (w->idle != NULL)
		call_one(w);
	while (w->threads > 0)
		pthread_cond_wait(&w->none_left, &w->lock);
	pthread_mutex_unlock(&w->lock);
	join(w->ended);
	pthread_cond_destroy(&w->none_left);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Nobody would ever do the work. */
static void
start_failed(void)
{
	static const char text[] = "no thread can be started: the process ends\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

/* Under the lock.  Workers take no signals: those are the control loop's. */
static void
start_one(struct workers *w)
{
	struct worker *one = mem_zalloc(sizeof(*one));
	sigset_t all, old;

	one->pool = w;
	pthread_cond_init(&one->called, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&one->id, NULL, worker, one) == 0) {
		w->threads++;
	} else {
		if (w->threads == 0)
			start_failed();
		pthread_cond_destroy(&one->called);
		free(one);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void
worker_run(struct workers *w, struct loop *loop, work_fn *work, post_fn *done, void *arg)
{
	struct job *job = mem_zalloc(sizeof(*job));

	*job = (struct job){ .loop = loop, .work = work, .done = done, .arg = arg };
	pthread_mutex_lock(&w->lock);
	*w->last = job;
	w->last = &job->next;
	if (w->idle != NULL)
		call_one(w);
	else if (w->threads < w->max)
		start_one(w);
	pthread_mutex_unlock(&w->lock);
}

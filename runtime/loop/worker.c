/*
 * worker.c - threads for work that blocks; results come back to a loop as messages.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

struct job {
	struct job *next;
	struct loop *loop;
	work_fn *work;
	post_fn *done;
	void *arg;
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *first, **last;
	unsigned waiting, threads, max;
	size_t queued;
	bool stopping;
	pthread_t *ids;
};

static void
finish(struct job *job)
{
	if (job->done != NULL)
		loop_post(job->loop, job->done, job->arg);
	free(job);
}

static void *
worker(void *arg)
{
	struct workers *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->first == NULL && !w->stopping) {
			w->waiting++;
			pthread_cond_wait(&w->more, &w->lock);
			w->waiting--;
		}
		struct job *job = w->first;
		if (job == NULL)
			break;
		w->first = job->next;
		w->queued--;
		if (w->first == NULL)
			w->last = &w->first;
		const bool skip = w->stopping;
		pthread_mutex_unlock(&w->lock);
		if (!skip)
			job->work(job->arg);
		finish(job);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct workers *
workers_new(unsigned max_threads)
{
	struct workers *w = mem_zalloc(sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	w->last = &w->first;
	w->max = max_threads;
	w->ids = mem_zalloc(max_threads * sizeof(*w->ids));
	return w;
}

void
workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->threads; i++)
		pthread_join(w->ids[i], NULL);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w->ids);
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
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&w->ids[w->threads], NULL, worker, w) == 0)
		w->threads++;
	else if (w->threads == 0)
		start_failed();
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
	w->queued++;
	if (w->queued > w->waiting && w->threads < w->max)
		start_one(w);
	else
		pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

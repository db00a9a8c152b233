/*
 * otlp.c - the queue of spans and the thread that sends them.
 */
#include "controlplane/observe/otlp.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controlplane/observe/requests.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"

#define QUEUE_MAX 2048 /* chats */
#define BATCH_MAX 256
#define BATCH_MS 1000 /* how long the first of a batch may wait for others */
#define SEND_MS 5000
#define RETRY_MS 1000
#define LAST_MS 2000 /* at the end: for all that waits */
#define REPLY_MAX 65536

struct otlp {
	const struct otlp_config *config;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct request_record *queue[QUEUE_MAX]; /* under lock, as all below; a ring */
	size_t first, len;
	bool stopping;
	struct otlp_stats stats;
	bool failing; /* the sender's own: the last batch could not be sent */
	atomic_bool cancel;
};

static struct request_record *
copy(const struct request_record *from)
{
	struct request_record *q = mem_zalloc(sizeof(*q));

	*q = *from;
	q->user_agent = str_dup(from->user_agent);
	q->text = str_dup(from->text);
	return q;
}

void
otlp_add(struct otlp *o, const struct request_record *q)
{
	struct request_record *mine;

	if (!otlp_sampled(o->config, q))
		return;
	mine = copy(q);
	pthread_mutex_lock(&o->lock);
	const bool room = o->len < QUEUE_MAX && !o->stopping;
	if (room) {
		o->queue[(o->first + o->len++) % QUEUE_MAX] = mine;
		if (o->len == 1 || o->len == BATCH_MAX)
			pthread_cond_signal(&o->more);
	} else {
		o->stats.dropped += otlp_span_count(q);
	}
	pthread_mutex_unlock(&o->lock);
	if (!room)
		request_record_free(mine);
}

struct otlp_stats
otlp_stats(struct otlp *o)
{
	struct otlp_stats stats = { 0 };

	if (o == NULL)
		return stats;
	pthread_mutex_lock(&o->lock);
	stats = o->stats;
	pthread_mutex_unlock(&o->lock);
	return stats;
}

/* ---- the sender ---- */

/* Wait, lock held, until told or for so long. */
static void
wait_ms(struct otlp *o, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&o->more, &o->lock, &until);
}

/* Returns how many were taken; 0: it is over. */
static size_t
take_batch(struct otlp *o, struct request_record **batch)
{
	size_t n = 0;

	pthread_mutex_lock(&o->lock);
	while (o->len == 0 && !o->stopping)
		pthread_cond_wait(&o->more, &o->lock);
	if (o->len < BATCH_MAX && !o->stopping)
		wait_ms(o, BATCH_MS);
	for (; n < BATCH_MAX && o->len > 0; o->len--) {
		batch[n++] = o->queue[o->first];
		o->first = (o->first + 1) % QUEUE_MAX;
	}
	pthread_mutex_unlock(&o->lock);
	return n;
}

static bool
is_retryable(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

static int
post(struct otlp *o, const struct buf *body, const char *const *headers, int *status,
    struct error *err)
{
	struct http_call call = {
		.method = "POST",
		.url = o->config->url,
		.headers = headers,
		.body = body->data,
		.body_len = body->len,
		.total_ms = SEND_MS,
		.max_body = REPLY_MAX,
		.cancel = &o->cancel,
	};
	const int rc = http_call(&call, err);

	*status = call.status;
	buf_done(&call.reply);
	if (rc < 0)
		return -1;
	if (call.status / 100 != 2)
		return error_set(
		    err, ERROR_UPSTREAM, "the collector answered with status %d", call.status);
	return 0;
}

/* Once more after a pause where that may help. */
static int
send_batch(struct otlp *o, const struct buf *body, struct error *err)
{
	const char *headers[OTLP_PAIRS_MAX + 2] = { "content-type: application/json" };
	char lines[OTLP_PAIRS_MAX][sizeof(struct otlp_pair) + 4];
	int status = 0;

	for (size_t i = 0; i < o->config->nheaders; i++) {
		snprintf(lines[i], sizeof(lines[i]), "%s: %s", o->config->headers[i].key,
		    o->config->headers[i].value);
		headers[i + 1] = lines[i];
	}
	if (post(o, body, headers, &status, err) == 0)
		return 0;
	if (!is_retryable(status))
		return -1;
	pthread_mutex_lock(&o->lock);
	if (!o->stopping)
		wait_ms(o, RETRY_MS);
	pthread_mutex_unlock(&o->lock);
	return post(o, body, headers, &status, err);
}

static void
settle(struct otlp *o, uint64_t spans, bool sent, const struct error *err)
{
	if (!sent && !o->failing)
		log_warn("otlp.send_failed", F_STR("error", err->text));
	else if (sent && o->failing)
		log_info("otlp.sends_again");
	o->failing = !sent;
	pthread_mutex_lock(&o->lock);
	if (sent)
		o->stats.sent += spans;
	else
		o->stats.dropped += spans;
	pthread_mutex_unlock(&o->lock);
}

static void *
sender(void *arg)
{
	struct otlp *o = arg;
	struct request_record *batch[BATCH_MAX];
	size_t n;

	while ((n = take_batch(o, batch)) > 0) {
		_cleanup_buf_ struct buf body = { 0 };
		struct error err = { 0 };
		uint64_t spans = 0;

		otlp_encode(&body, o->config, batch, n);
		const bool sent = send_batch(o, &body, &err) == 0;
		for (size_t i = 0; i < n; i++) {
			spans += otlp_span_count(batch[i]);
			request_record_free(batch[i]);
		}
		settle(o, spans, sent, &err);
	}
	http_calls_free();
	return NULL;
}

struct otlp *
otlp_new(const struct otlp_config *config, struct error *err)
{
	struct otlp *o = mem_zalloc(sizeof(*o));
	sigset_t all, old;

	o->config = config;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->more, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	const int rc = pthread_create(&o->thread, NULL, sender, o);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		free(o);
		errno = rc;
		error_errno(err, "span sender thread");
		return NULL;
	}
	return o;
}

void
otlp_free(struct otlp *o)
{
	struct timespec until;

	if (o == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	o->stopping = true;
	pthread_cond_broadcast(&o->more);
	pthread_mutex_unlock(&o->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LAST_MS / 1000;
	if (pthread_timedjoin_np(o->thread, NULL, &until) != 0) {
		atomic_store(&o->cancel, true);
		pthread_join(o->thread, NULL);
	}
	pthread_cond_destroy(&o->more);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

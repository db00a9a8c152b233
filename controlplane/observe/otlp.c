/*
 * otlp.c - the queue of spans and the thread that sends them.
 */
#include "controlplane/observe/otlp.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "controlplane/observe/calls.h"
#include "controlplane/observe/otlp_post.h"
#include "controlplane/observe/requests.h"
#include "controlplane/observe/work.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"

#define QUEUE_MAX 2048 /* chats, works and calls */
#define BATCH_MAX 256
#define BATCH_MS 1000 /* how long the first of a batch may wait for others */
#define RETRY_MS 1000
#define LAST_MS 2000 /* at the end: for all that waits */

struct otlp {
	const struct otlp_config *config;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct otlp_item queue[QUEUE_MAX]; /* owned; under lock, as all below; a ring */
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
	if (from->details != NULL) {
		q->details = mem_zalloc(sizeof(*q->details));
		*q->details = *from->details;
	}
	return q;
}

static void
item_done(struct otlp_item *item)
{
	request_record_free(item->chat);
	free(item->work);
	free(item->call);
}

/* Takes what the item holds. */
static void
enqueue(struct otlp *o, struct otlp_item item)
{
	pthread_mutex_lock(&o->lock);
	const bool room = o->len < QUEUE_MAX && !o->stopping;
	if (room) {
		o->queue[(o->first + o->len++) % QUEUE_MAX] = item;
		if (o->len == 1 || o->len == BATCH_MAX)
			pthread_cond_signal(&o->more);
	} else {
		o->stats.dropped += otlp_span_count(&item);
	}
	pthread_mutex_unlock(&o->lock);
	if (!room)
		item_done(&item);
}

bool
otlp_add(struct otlp *o, const struct request_record *q)
{
	if (!otlp_sampled(o->config, q))
		return false;
	enqueue(o, (struct otlp_item){ .chat = copy(q) });
	return true;
}

void
otlp_add_work(struct otlp *o, const struct work_record *w)
{
	struct otlp_item item = { .work = mem_zalloc(sizeof(*item.work)) };

	*item.work = *w;
	enqueue(o, item);
}

void
otlp_add_call(struct otlp *o, const struct call_record *call)
{
	struct otlp_item item = { .call = mem_zalloc(sizeof(*item.call)) };

	*item.call = *call;
	enqueue(o, item);
}

void
otlp_drop(struct otlp *o, uint64_t spans)
{
	pthread_mutex_lock(&o->lock);
	o->stats.dropped += spans;
	pthread_mutex_unlock(&o->lock);
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

/* Returns how many were taken; 0: it is over. */
static size_t
take_batch(struct otlp *o, struct otlp_item *batch)
{
	size_t n = 0;

	pthread_mutex_lock(&o->lock);
	while (o->len == 0 && !o->stopping)
		pthread_cond_wait(&o->more, &o->lock);
	if (o->len < BATCH_MAX && !o->stopping)
		deadline_cond(&o->more, &o->lock, clock_now_ms() + BATCH_MS);
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

/* Once more after a pause where that may help. */
static int
send_batch(struct otlp *o, const struct buf *body, struct error *err)
{
	int status = 0;

	if (otlp_post(o->config, o->config->url, body, &o->cancel, &status, err) == 0)
		return 0;
	if (!is_retryable(status))
		return -1;
	pthread_mutex_lock(&o->lock);
	if (!o->stopping)
		deadline_cond(&o->more, &o->lock, clock_now_ms() + RETRY_MS);
	pthread_mutex_unlock(&o->lock);
	return otlp_post(o->config, o->config->url, body, &o->cancel, &status, err);
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
	struct otlp_item batch[BATCH_MAX];
	size_t n;

	while ((n = take_batch(o, batch)) > 0) {
		_cleanup_buf_ struct buf body = { 0 };
		struct error err = { 0 };
		uint64_t spans = 0;

		otlp_encode(&body, o->config, batch, n);
		const bool sent = send_batch(o, &body, &err) == 0;
		for (size_t i = 0; i < n; i++) {
			spans += otlp_span_count(&batch[i]);
			item_done(&batch[i]);
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

	o->config = config;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->more, NULL);
	if (otlp_thread(&o->thread, sender, o, err) < 0) {
		free(o);
		return NULL;
	}
	return o;
}

void
otlp_free(struct otlp *o)
{
	if (o == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	o->stopping = true;
	pthread_cond_broadcast(&o->more);
	pthread_mutex_unlock(&o->lock);
	otlp_join(o->thread, LAST_MS, &o->cancel);
	pthread_cond_destroy(&o->more);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

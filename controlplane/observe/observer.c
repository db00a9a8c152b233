/*
 * observer.c - from a gateway's loop to the control loop, the ring and the sender.
 */
#include "controlplane/observe/observer.h"

#include <pthread.h>
#include <stdlib.h>

#include "controlplane/observe/calls.h"
#include "controlplane/observe/otlp.h"
#include "controlplane/observe/otlp_metrics.h"
#include "controlplane/observe/requests.h"
#include "runtime/base/buf.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

/* The first chat is told at once, those of the next moment together: a busy gateway must not wake
 * the control loop for each. */
#define GATHER_MS 20
#define SPARES_MAX 1024

struct observer {
	struct loop *control;
	pthread_mutex_t lock;
	struct request_record *first, **last; /* under lock */
	struct request_record *spares; /* records for chats to come; under lock */
	size_t nspares;
	bool awake; /* under lock: the control loop will look by itself */
	struct timer gather;
	struct requests requests;
	struct calls calls; /* while spans are on */
	struct otlp_config config;
	struct otlp *otlp; /* NULL: off */
	struct otlp_metrics *metrics; /* NULL: off */
	void (*fill)(struct request_record *, void *arg);
	void *fill_arg;
};

static void
free_list(struct request_record *list)
{
	for (struct request_record *next; list != NULL; list = next) {
		next = list->next;
		request_record_free(list);
	}
}

/* Those that were kept so far: freed here, they would keep the loops' malloc waiting. */
static void
give_back(struct observer *o, struct request_record *list)
{
	if (list == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	for (struct request_record *next; list != NULL && o->nspares < SPARES_MAX; list = next) {
		next = list->next;
		list->next = o->spares;
		o->spares = list;
		o->nspares++;
	}
	pthread_mutex_unlock(&o->lock);
	free_list(list);
}

static void
send_call(const struct call_record *call, void *arg)
{
	otlp_add_call(arg, call);
}

static void
trace(struct observer *o, const struct request_record *q)
{
	const bool sampled = otlp_add(o->otlp, q);

	calls_take(&o->calls, q, sampled ? send_call : NULL, o->otlp);
}

/* Returns whether there was any. */
static bool
take_news(struct observer *o)
{
	pthread_mutex_lock(&o->lock);
	struct request_record *list = o->first;

	o->first = NULL;
	o->last = &o->first;
	o->awake = list != NULL;
	pthread_mutex_unlock(&o->lock);
	const bool any = list != NULL;
	struct request_record *spare = NULL;
	for (struct request_record *q = list, *next; q != NULL; q = next) {
		next = q->next;
		if (q->details != NULL && o->fill != NULL)
			o->fill(q, o->fill_arg);
		if (o->otlp != NULL)
			trace(o, q);
		if (o->metrics != NULL)
			otlp_metrics_add(o->metrics, q);
		q = requests_add(&o->requests, q);
		if (q != NULL) {
			q->next = spare;
			spare = q;
		}
	}
	give_back(o, spare);
	return any;
}

static void
on_gather(struct timer *t, void *arg)
{
	struct observer *o = arg;

	if (take_news(o))
		timer_set(o->control, t, GATHER_MS, on_gather, o);
}

static void
on_news(void *arg)
{
	struct observer *o = arg;

	on_gather(&o->gather, o);
}

static struct request_record *
take_spare(struct observer *o)
{
	pthread_mutex_lock(&o->lock);
	struct request_record *q = o->spares;
	if (q != NULL) {
		o->spares = q->next;
		o->nspares--;
	}
	pthread_mutex_unlock(&o->lock);
	return q != NULL ? q : mem_zalloc(sizeof(*q));
}

void
observer_usage(struct observer *o, const struct gateway_usage *u)
{
	struct request_record *q = take_spare(o);

	request_record_fill(q, u);
	pthread_mutex_lock(&o->lock);
	*o->last = q;
	o->last = &q->next;
	const bool wake = !o->awake;
	o->awake = true;
	pthread_mutex_unlock(&o->lock);
	if (wake)
		loop_post(o->control, on_news, o);
}

struct observer *
observer_new(struct loop *control, const char *host, int port, struct error *err)
{
	struct observer *o = mem_zalloc(sizeof(*o));

	o->control = control;
	o->last = &o->first;
	pthread_mutex_init(&o->lock, NULL);
	bool good = otlp_config_read(&o->config, getenv, err) == 0;
	o->config.host = host;
	o->config.port = port;
	if (good && o->config.on)
		good = (o->otlp = otlp_new(&o->config, err)) != NULL;
	if (good && o->config.metrics_on)
		good = (o->metrics = otlp_metrics_new(&o->config, err)) != NULL;
	if (!good) {
		observer_free(o);
		return NULL;
	}
	if (o->otlp != NULL || o->metrics != NULL)
		log_info("otlp.on", F_STR("service", o->config.service));
	return o;
}

void
observer_names(struct observer *o, void (*fill)(struct request_record *, void *arg), void *arg)
{
	o->fill = fill;
	o->fill_arg = arg;
}

struct late_call {
	struct observer *observer;
	const struct egress_row *row;
};

static bool
add_to(const struct request_record *q, void *arg)
{
	const struct late_call *late = arg;
	struct call_record call;

	if (!call_record_fill(&call, q, late->row))
		return false;
	if (otlp_sampled(&late->observer->config, q))
		otlp_add_call(late->observer->otlp, &call);
	return true;
}

void
observer_call(struct observer *o, const struct egress_row *row)
{
	struct late_call late = { o, row };

	if (o->otlp == NULL || row->request_id[0] == '\0')
		return;
	if (!requests_since(&o->requests, row->at_ms, add_to, &late) && !calls_keep(&o->calls, row))
		otlp_drop(o->otlp, 1);
}

void
observer_work(struct observer *o, const struct work_record *w)
{
	if (o->otlp != NULL)
		otlp_add_work(o->otlp, w);
}

bool
observer_traces(const struct observer *o)
{
	return o->otlp != NULL;
}

const struct requests *
observer_requests(const struct observer *o)
{
	return &o->requests;
}

void
observer_metrics(struct observer *o, struct buf *out)
{
	const struct otlp_stats stats = otlp_stats(o->otlp);

	metrics_head(out, "janus_spans_sent_total", "counter", "Spans a collector has taken.");
	metrics_value(out, "janus_spans_sent_total", "", (double)stats.sent);
	metrics_head(out, "janus_spans_dropped_total", "counter",
	    "Spans that did not fit the queue or could not be sent.");
	metrics_value(out, "janus_spans_dropped_total", "", (double)stats.dropped);
}

void
observer_free(struct observer *o)
{
	if (o == NULL)
		return;
	timer_cancel(&o->gather);
	take_news(o);
	otlp_free(o->otlp);
	otlp_metrics_free(o->metrics);
	pthread_mutex_destroy(&o->lock);
	calls_done(&o->calls);
	requests_done(&o->requests);
	free_list(o->spares);
	free(o);
}

/*
 * otlp_metrics.c - histograms a competitor and model, and the thread that sends them.
 */
#include "controlplane/observe/otlp_metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/observe/otlp.h"
#include "controlplane/observe/otlp_attributes.h"
#include "controlplane/observe/otlp_post.h"
#include "controlplane/observe/requests.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"

#define SERIES_MAX 200 /* then "other" */
#define LAST_MS 2000
#define BOUNDS_MAX 14

struct bounds {
	size_t len;
	double le[BOUNDS_MAX];
};
/* As the conventions for generative AI clients advise. */
static const struct bounds tokens_bounds = { 14,
	{ 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216,
	    67108864 } };
static const struct bounds duration_bounds = { 14,
	{ 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96,
	    81.92 } };
static const struct bounds first_bounds = { 14,
	{ 0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 } };
static const struct bounds chunk_bounds = { 13,
	{ 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5 } };

struct histogram {
	uint64_t count, bucket[BOUNDS_MAX + 1];
	double sum;
};
struct series {
	const char *operation; /* of a dialect */
	char competitor[48], model[96];
	struct histogram tokens[2]; /* in, out */
	struct histogram *duration[CODE_COUNT]; /* owned; NULL until one ended so */
	struct histogram first, chunk;
};

struct otlp_metrics {
	const struct otlp_config *config;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct map series; /* by competitor and model; under lock, as stopping */
	bool stopping;
	bool failing; /* the sender's own */
	int64_t began_at_ms;
	atomic_bool cancel;
};

/* ---- counting ---- */

static void
observe(struct histogram *h, const struct bounds *b, double value, uint64_t times)
{
	size_t i = 0;

	while (i < b->len && value > b->le[i])
		i++;
	h->bucket[i] += times;
	h->count += times;
	h->sum += value * (double)times;
}

static struct series *
series_of(struct otlp_metrics *m, const char *operation, const char *competitor, const char *model)
{
	_cleanup_free_ char *name = str_printf("%s\n%s\n%s", operation, competitor, model);
	struct series *s = map_get(&m->series, name);

	if (s != NULL)
		return s;
	if (m->series.len >= SERIES_MAX && strcmp(competitor, "other") != 0)
		return series_of(m, operation, "other", "other");
	s = mem_zalloc(sizeof(*s));
	s->operation = operation;
	snprintf(s->competitor, sizeof(s->competitor), "%s", competitor);
	snprintf(s->model, sizeof(s->model), "%s", model);
	map_put(&m->series, name, s);
	return s;
}

void
otlp_metrics_add(struct otlp_metrics *m, const struct request_record *q)
{
	if (q->slug[0] == '\0')
		return; /* nobody was asked, and its model may be any text */
	pthread_mutex_lock(&m->lock);
	struct series *s = series_of(m, q->dialect->operation, q->slug, q->model);
	if (s->duration[q->code] == NULL)
		s->duration[q->code] = mem_zalloc(sizeof(*s->duration[q->code]));
	observe(s->duration[q->code], &duration_bounds, (double)q->duration_us / 1e6, 1);
	if (q->ttft_us >= 0) {
		observe(&s->tokens[0], &tokens_bounds, (double)q->prompt_tokens, 1);
		observe(&s->tokens[1], &tokens_bounds, (double)q->completion_tokens, 1);
	}
	if (q->stream && q->ttft_us >= 0)
		observe(&s->first, &first_bounds, (double)q->ttft_us / 1e6, 1);
	/* The time between two chunks is not kept of each: their mean stands for all of them. */
	if (q->stream && q->ttft_us >= 0 && q->chunks > 1)
		observe(&s->chunk, &chunk_bounds,
		    (double)(q->duration_us - q->ttft_us) / 1e6 / (double)(q->chunks - 1),
		    (uint64_t)q->chunks - 1);
	pthread_mutex_unlock(&m->lock);
}

/* ---- the message ---- */

struct point {
	struct buf *out;
	const struct series *s;
	int64_t from_ms, to_ms;
	const char *token_type, *error; /* NULL: not said */
};

static void
add_point(const struct point *p, const struct histogram *h, const struct bounds *b)
{
	struct buf *out = p->out;

	if (h->count == 0)
		return;
	if (out->data[out->len - 1] != '[')
		buf_add_char(out, ',');
	buf_add_str(out, "{\"attributes\":[");
	attr_text(out, "gen_ai.operation.name", p->s->operation);
	attr_text(out, "gen_ai.provider.name", "janus");
	attr_text(out, "gen_ai.request.model", p->s->model);
	attr_text(out, "janus.competitor", p->s->competitor);
	attr_text(out, "gen_ai.token.type", p->token_type);
	attr_text(out, "error.type", p->error);
	buf_printf(out,
	    "],\"startTimeUnixNano\":\"%" PRId64 "000000\",\"timeUnixNano\":\"%" PRId64
	    "000000\",\"count\":\"%" PRIu64 "\",\"sum\":%.6f,\"bucketCounts\":[",
	    p->from_ms, p->to_ms, h->count, h->sum);
	for (size_t i = 0; i <= b->len; i++)
		buf_printf(out, "%s\"%" PRIu64 "\"", i > 0 ? "," : "", h->bucket[i]);
	buf_add_str(out, "],\"explicitBounds\":[");
	for (size_t i = 0; i < b->len; i++)
		buf_printf(out, "%s%g", i > 0 ? "," : "", b->le[i]);
	buf_add_str(out, "]}");
}

enum metric { TOKENS, DURATION, FIRST_CHUNK, OUTPUT_CHUNK, METRIC_COUNT };
static const struct {
	const char *name, *unit, *help;
} metrics[METRIC_COUNT] = {
	[TOKENS] = { "gen_ai.client.token.usage", "{token}", "Tokens of chats." },
	[DURATION] = { "gen_ai.client.operation.duration", "s", "Duration of chats." },
	[FIRST_CHUNK] = { "gen_ai.client.operation.time_to_first_chunk", "s",
	    "From acceptance to the first content." },
	[OUTPUT_CHUNK] = { "gen_ai.client.operation.time_per_output_chunk", "s",
	    "Between chunks with content after the first; the mean of each chat." },
};

static void
add_points(struct point *p, enum metric which)
{
	const struct series *s = p->s;

	switch (which) {
	case TOKENS:
		p->token_type = "input";
		add_point(p, &s->tokens[0], &tokens_bounds);
		p->token_type = "output";
		add_point(p, &s->tokens[1], &tokens_bounds);
		p->token_type = NULL;
		break;
	case DURATION:
		for (unsigned code = 0; code < CODE_COUNT; code++)
			if (s->duration[code] != NULL) {
				p->error = code != CODE_NONE ? wire_code_info(code)->code : NULL;
				add_point(p, s->duration[code], &duration_bounds);
			}
		p->error = NULL;
		break;
	case FIRST_CHUNK: add_point(p, &s->first, &first_bounds); break;
	default: add_point(p, &s->chunk, &chunk_bounds); break;
	}
}

void
otlp_metrics_encode(struct otlp_metrics *m, struct buf *out, int64_t now_wall_ms)
{
	struct point p = { .out = out, .from_ms = m->began_at_ms, .to_ms = now_wall_ms };
	const char *name;
	void *s;

	buf_add_str(out, "{\"resourceMetrics\":[{");
	attr_resource(out, m->config);
	buf_add_str(out,
	    ",\"scopeMetrics\":[{\"scope\":{\"name\":\"janusd\",\"version\":\"" JANUS_VERSION
	    "\"},\"metrics\":[");
	pthread_mutex_lock(&m->lock);
	for (int i = 0; i < METRIC_COUNT; i++) {
		buf_printf(out,
		    "%s{\"name\":\"%s\",\"unit\":\"%s\",\"description\":\"%s\",\"histogram\":"
		    "{\"aggregationTemporality\":2,\"dataPoints\":[",
		    i > 0 ? "," : "", metrics[i].name, metrics[i].unit, metrics[i].help);
		for (size_t at = 0; map_next(&m->series, &at, &name, &s);) {
			p.s = s;
			add_points(&p, (enum metric)i);
		}
		buf_add_str(out, "]}}");
	}
	pthread_mutex_unlock(&m->lock);
	buf_add_str(out, "]}]}]}");
}

/* ---- the sender ---- */

static void
send_all(struct otlp_metrics *m)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct error err = { 0 };
	int status = 0;

	otlp_metrics_encode(m, &body, clock_wall_ms());
	const bool sent =
	    otlp_post(m->config, m->config->metrics_url, &body, &m->cancel, &status, &err) == 0;
	if (!sent && !m->failing)
		log_warn("otlp.metrics_failed", F_STR("error", err.text));
	else if (sent && m->failing)
		log_info("otlp.metrics_again");
	m->failing = !sent;
}

static void *
sender(void *arg)
{
	struct otlp_metrics *m = arg;
	bool stopping = false;

	while (!stopping) {
		const int64_t due_ms = clock_now_ms() + m->config->interval_ms;

		pthread_mutex_lock(&m->lock);
		while (!m->stopping && deadline_cond(&m->more, &m->lock, due_ms))
			;
		stopping = m->stopping;
		const bool any = m->series.len > 0;
		pthread_mutex_unlock(&m->lock);
		if (any)
			send_all(m);
	}
	http_calls_free();
	return NULL;
}

struct otlp_metrics *
otlp_metrics_new(const struct otlp_config *config, struct error *err)
{
	struct otlp_metrics *m = mem_zalloc(sizeof(*m));

	m->config = config;
	m->began_at_ms = clock_wall_ms();
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->more, NULL);
	if (otlp_thread(&m->thread, sender, m, err) < 0) {
		otlp_metrics_free(m);
		return NULL;
	}
	m->running = true;
	return m;
}

void
otlp_metrics_free(struct otlp_metrics *m)
{
	const char *name;
	void *value;

	if (m == NULL)
		return;
	pthread_mutex_lock(&m->lock);
	m->stopping = true;
	pthread_cond_broadcast(&m->more);
	pthread_mutex_unlock(&m->lock);
	if (m->running)
		otlp_join(m->thread, LAST_MS, &m->cancel);
	for (size_t at = 0; map_next(&m->series, &at, &name, &value);) {
		struct series *s = value;

		for (unsigned i = 0; i < CODE_COUNT; i++)
			free(s->duration[i]);
		free(s);
	}
	map_done(&m->series);
	pthread_cond_destroy(&m->more);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

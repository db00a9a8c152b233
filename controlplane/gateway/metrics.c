/*
 * metrics.c - the counters of all loops as one Prometheus text.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/gateway/counters.h"
#include "controlplane/gateway/gateway.h"
#include "revision.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#ifndef JANUS_VERSION
#define JANUS_VERSION "0"
#endif

static const char *const route_labels[GATEWAY_ROUTE_COUNT] = {
#define X(name, label) [GATEWAY_##name] = label,
	GATEWAY_ROUTES(X)
#undef X
};

/* The competitors of all loops, summed by name. */
struct sums {
	struct competitor_counters *at; /* owned */
	size_t len;
};

static void
add(metric_counter *dst, const metric_counter *src)
{
	metric_add(dst, atomic_load_explicit(src, memory_order_relaxed));
}

static struct competitor_counters *
sum_of(struct sums *sums, const char *slug)
{
	for (size_t i = 0; i < sums->len; i++)
		if (strcmp(sums->at[i].slug, slug) == 0)
			return &sums->at[i];
	struct competitor_counters *row = &sums->at[sums->len++];
	snprintf(row->slug, sizeof(row->slug), "%s", slug);
	return row;
}

static void
sum_competitor(struct competitor_counters *dst, const struct competitor_counters *src)
{
	for (unsigned i = 0; i < CODE_COUNT; i++)
		for (unsigned stream = 0; stream < 2; stream++)
			add(&dst->outcomes[i][stream], &src->outcomes[i][stream]);
	dst->streams_active += src->streams_active;
	add(&dst->prompt_tokens, &src->prompt_tokens);
	add(&dst->completion_tokens, &src->completion_tokens);
	add(&dst->cost_micro_usd, &src->cost_micro_usd);
	add(&dst->pings, &src->pings);
	add(&dst->failovers, &src->failovers);
	add(&dst->resumed, &src->resumed);
	add(&dst->attempts_ok, &src->attempts_ok);
	add(&dst->attempts_connect, &src->attempts_connect);
	add(&dst->attempts_response, &src->attempts_response);
	for (unsigned i = 0; i < FAIR_CLASS_COUNT; i++) {
		add(&dst->queue_rejected[i], &src->queue_rejected[i]);
		metric_merge(&dst->queue_wait[i], &src->queue_wait[i]);
	}
	metric_merge(&dst->ttft, &src->ttft);
	metric_merge(&dst->max_gap, &src->max_gap);
	metric_merge(&dst->duration, &src->duration);
}

static void
sum_competitors(struct sums *sums, const struct counters *const *all, unsigned len)
{
	sums->at = mem_zalloc((size_t)len * (COUNTED_COMPETITORS + 1) * sizeof(*sums->at) + 1);
	for (unsigned i = 0; i < len; i++)
		for (size_t k = 0; k <= COUNTED_COMPETITORS; k++) {
			const struct competitor_counters *row =
			    atomic_load_explicit(&all[i]->competitors[k], memory_order_acquire);

			if (row == NULL)
				break;
			sum_competitor(sum_of(sums, row->slug), row);
		}
}

size_t
counters_sum(const struct counters *const *all, unsigned len, struct competitor_counters **out)
{
	struct sums sums = { 0 };

	sum_competitors(&sums, all, len);
	*out = sums.at;
	return sums.len;
}

struct cell { /* of a table of routes, methods and statuses */
	unsigned route, method, column;
};
#define CELLS (GATEWAY_ROUTE_COUNT * COUNTED_METHODS * COUNTED_STATUSES)

static bool
is_posted(unsigned route)
{
	return route < GATEWAY_MODELS || route == GATEWAY_ARENA || route == GATEWAY_VOTE;
}

/* Its labels, and how many were counted there; the usual answer is there from the beginning. */
static bool
cell_begin(struct cell *c, unsigned at, const struct counters *const *all, unsigned len,
    struct buf *labels, uint64_t *n)
{
	c->route = at / COUNTED_STATUSES / COUNTED_METHODS;
	c->method = at / COUNTED_STATUSES % COUNTED_METHODS;
	c->column = at % COUNTED_STATUSES;
	*n = 0;
	for (unsigned i = 0; i < len; i++)
		*n += atomic_load_explicit(
		    &all[i]->http[c->route][c->method][c->column], memory_order_relaxed);
	const bool usual = c->column == 0 &&
	    strcmp(counters_method(c->method), is_posted(c->route) ? "POST" : "GET") == 0;
	buf_clear(labels);
	buf_printf(labels, "surface=\"gateway\",route=\"%s\",method=\"%s\",code=\"%d\"",
	    route_labels[c->route], counters_method(c->method), counters_status(c->column));
	return *n > 0 || usual;
}

static void
others_text(
    struct buf *out, enum gateway_metric which, const struct gateway_hooks *hooks, void *arg)
{
	if (hooks != NULL && hooks->http_metrics != NULL)
		hooks->http_metrics(out, which, arg);
}

static void
http_text(struct buf *out, const struct counters *const *all, unsigned len,
    const struct gateway_hooks *hooks, void *arg)
{
	_cleanup_buf_ struct buf labels = { 0 };
	struct cell c;
	uint64_t n;

	metrics_head(
	    out, "janus_http_requests_total", "counter", "HTTP requests that were answered.");
	for (unsigned at = 0; at < CELLS; at++)
		if (cell_begin(&c, at, all, len, &labels, &n))
			metrics_value(out, "janus_http_requests_total", labels.data, (double)n);
	others_text(out, GATEWAY_HTTP_REQUESTS, hooks, arg);
	metrics_head(out, "janus_http_request_duration_seconds", "histogram",
	    "From the end of a request's head to the end of its answer.");
	for (unsigned at = 0; at < CELLS; at++) {
		struct metric_histogram sum = { 0 };

		if (!cell_begin(&c, at, all, len, &labels, &n))
			continue;
		for (unsigned i = 0; i < len; i++)
			metric_merge(&sum, &all[i]->http_duration[c.route][c.method][c.column]);
		metrics_histogram(
		    out, "janus_http_request_duration_seconds", labels.data, &buckets_http, &sum);
	}
	others_text(out, GATEWAY_HTTP_DURATIONS, hooks, arg);
}

static void
loops_text(struct buf *out, const struct counters *const *all, unsigned len,
    const struct gateway_hooks *hooks, void *arg)
{
	struct metric_histogram overhead = { 0 }, delay = { 0 };
	int64_t requests = 0;

	for (unsigned i = 0; i < len; i++) {
		metric_merge(&overhead, &all[i]->overhead);
		metric_merge(&delay, &all[i]->event_delay);
		requests += all[i]->http_in_flight;
	}
	metrics_head(
	    out, "janus_http_requests_in_flight", "gauge", "Requests that are being answered.");
	metrics_value(
	    out, "janus_http_requests_in_flight", "surface=\"gateway\"", (double)requests);
	others_text(out, GATEWAY_HTTP_IN_FLIGHT, hooks, arg);
	metrics_head(out, "janus_gateway_overhead_seconds", "histogram",
	    "Our own time from a whole request to its bytes on the way to the competitor.");
	metrics_histogram(out, "janus_gateway_overhead_seconds", "surface=\"gateway\"",
	    &buckets_overhead, &overhead);
	metrics_head(out, "janus_stream_event_delay_seconds", "histogram",
	    "From bytes read of a competitor to their events on the client's socket.");
	metrics_histogram(out, "janus_stream_event_delay_seconds", "surface=\"gateway\"",
	    &buckets_overhead, &delay);
}

static void
outcomes_text(struct buf *out, const struct sums *sums)
{
	_cleanup_buf_ struct buf labels = { 0 };

	metrics_head(out, "janus_chat_requests_total", "counter", "Chats that ended, by how.");
	for (size_t k = 0; k < sums->len; k++)
		for (unsigned code = 0; code < CODE_COUNT; code++)
			for (unsigned stream = 0; stream < 2; stream++) {
				const uint64_t n = sums->at[k].outcomes[code][stream];

				if (n == 0 && code != CODE_NONE)
					continue;
				buf_clear(&labels);
				metrics_label(&labels, "competitor", sums->at[k].slug);
				buf_printf(&labels, ",outcome=\"%s\",stream=\"%s\"",
				    code == CODE_NONE ? "ok" : wire_code_info(code)->code,
				    stream != 0 ? "true" : "false");
				metrics_value(
				    out, "janus_chat_requests_total", labels.data, (double)n);
			}
}

/* One counter of every competitor: where it is in the row, and its further labels. */
struct series {
	const char *name, *help, *labels;
	size_t at;
};
#define AT(member) offsetof(struct competitor_counters, member)
static const struct series counter_series[] = {
	{ "janus_chat_tokens_total", "Tokens, as reported or estimated.", ",type=\"prompt\"",
	    AT(prompt_tokens) },
	{ "janus_chat_tokens_total", NULL, ",type=\"completion\"", AT(completion_tokens) },
	{ "janus_chat_pings_total", "Pings sent to clients in silence.", "", AT(pings) },
	{ "janus_upstream_attempts_total", "Attempts at a competitor, by how they ended.",
	    ",result=\"ok\",phase=\"response\"", AT(attempts_ok) },
	{ "janus_upstream_attempts_total", NULL, ",result=\"failed\",phase=\"connect\"",
	    AT(attempts_connect) },
	{ "janus_upstream_attempts_total", NULL, ",result=\"failed\",phase=\"response\"",
	    AT(attempts_response) },
	{ "janus_failovers_total", "Chats that went on to another candidate.", "", AT(failovers) },
	{ "janus_streams_resumed_total", "Times a client came for a stream.", "", AT(resumed) },
	{ "janus_queue_rejected_total",
	    "Chats that found the queue full, lost their place in it, or waited too long.",
	    ",class=\"interactive\"", AT(queue_rejected[FAIR_INTERACTIVE]) },
	{ "janus_queue_rejected_total", NULL, ",class=\"bench\"", AT(queue_rejected[FAIR_BENCH]) },
};
static const struct {
	struct series s;
	const struct metric_buckets *buckets;
} histogram_series[] = {
	{ { "janus_chat_ttft_seconds", "From acceptance to the first content.", "", AT(ttft) },
	    &buckets_ttft },
	{ { "janus_chat_max_gap_seconds", "Longest silence inside an answer.", "", AT(max_gap) },
	    &buckets_chat },
	{ { "janus_chat_duration_seconds", "From acceptance to the end.", "", AT(duration) },
	    &buckets_chat },
	{ { "janus_queue_wait_seconds", "Time in the queue, of the chats that were in it.",
	      ",class=\"interactive\"", AT(queue_wait[FAIR_INTERACTIVE]) },
	    &buckets_chat },
	{ { "janus_queue_wait_seconds", NULL, ",class=\"bench\"", AT(queue_wait[FAIR_BENCH]) },
	    &buckets_chat },
};

static void
series_text(struct buf *out, const struct series *s, const struct metric_buckets *buckets,
    const struct sums *sums)
{
	_cleanup_buf_ struct buf labels = { 0 };

	if (s->help != NULL)
		metrics_head(out, s->name, buckets != NULL ? "histogram" : "counter", s->help);
	for (size_t k = 0; k < sums->len; k++) {
		const char *at = (const char *)&sums->at[k] + s->at;

		buf_clear(&labels);
		metrics_label(&labels, "competitor", sums->at[k].slug);
		buf_add_str(&labels, s->labels);
		if (buckets != NULL)
			metrics_histogram(out, s->name, labels.data, buckets,
			    (const struct metric_histogram *)(const void *)at);
		else
			metrics_value(out, s->name, labels.data,
			    (double)*(const metric_counter *)(const void *)at);
	}
}

static void
streams_text(struct buf *out, const struct sums *sums)
{
	_cleanup_buf_ struct buf labels = { 0 };

	metrics_head(out, "janus_streams_active", "gauge", "Chat streams that are open.");
	for (size_t k = 0; k < sums->len; k++) {
		buf_clear(&labels);
		metrics_label(&labels, "competitor", sums->at[k].slug);
		metrics_value(
		    out, "janus_streams_active", labels.data, (double)sums->at[k].streams_active);
	}
}

static void
costs_text(struct buf *out, const struct sums *sums)
{
	_cleanup_buf_ struct buf labels = { 0 };

	metrics_head(out, "janus_chat_cost_usd_total", "counter", "What chats did cost.");
	for (size_t k = 0; k < sums->len; k++) {
		buf_clear(&labels);
		metrics_label(&labels, "competitor", sums->at[k].slug);
		buf_add_str(&labels, ",source=\"competitor\"");
		metrics_value(out, "janus_chat_cost_usd_total", labels.data,
		    (double)sums->at[k].cost_micro_usd / 1e6);
	}
}

static const char *const rejection_labels[] = {
#define X(name, label) "reason=\"" label "\"",
	KEY_REJECTIONS(X)
#undef X
};

static void
rejections_text(struct buf *out, const struct counters *const *all, unsigned len)
{
	metrics_head(out, "janus_key_rejections_total", "counter",
	    "Requests refused for their key or its limits.");
	for (unsigned k = 0; k < KEY_REJECTION_COUNT; k++) {
		uint64_t n = 0;

		for (unsigned i = 0; i < len; i++)
			n += atomic_load_explicit(&all[i]->rejections[k], memory_order_relaxed);
		metrics_value(out, "janus_key_rejections_total", rejection_labels[k], (double)n);
	}
}

void
counters_text(struct buf *out, const struct counters *const *all, unsigned len,
    const struct gateway_hooks *hooks, void *arg)
{
	struct sums sums = { 0 };

	http_text(out, all, len, hooks, arg);
	loops_text(out, all, len, hooks, arg);
	rejections_text(out, all, len);
	sum_competitors(&sums, all, len);
	outcomes_text(out, &sums);
	streams_text(out, &sums);
	costs_text(out, &sums);
	for (size_t i = 0; i < ARRAY_LEN(counter_series); i++)
		series_text(out, &counter_series[i], NULL, &sums);
	for (size_t i = 0; i < ARRAY_LEN(histogram_series); i++)
		series_text(out, &histogram_series[i].s, histogram_series[i].buckets, &sums);
	free(sums.at);
}

static void
gauge(struct buf *out, const char *name, const char *type, const char *help, double value)
{
	metrics_head(out, name, type, help);
	metrics_value(out, name, "", value);
}

static unsigned
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
}

/* When we started, in seconds since 1970: the 22nd field of stat counts ticks since boot. */
static double
started_at(void)
{
	_cleanup_free_ char *stat = NULL;
	struct timespec up = { 0 }, wall = { 0 };
	unsigned long long ticks = 0;
	const char *p = NULL;

	if (file_read("/proc/self/stat", 4096, &stat, NULL, NULL) == 0)
		p = strrchr(stat, ')');
	for (int field = 2; p != NULL && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		ticks = strtoull(p, NULL, 10);
	clock_gettime(CLOCK_BOOTTIME, &up);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (double)wall.tv_sec - (double)up.tv_sec +
	    (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void
process_metrics(struct buf *out)
{
	_cleanup_free_ char *statm = NULL;
	unsigned long pages = 0, resident = 0;
	struct rusage use = { 0 };
	struct rlimit files = { 0 }, space = { 0 };
	const double page = (double)sysconf(_SC_PAGESIZE);

	if (file_read("/proc/self/statm", 4096, &statm, NULL, NULL) == 0)
		sscanf(statm, "%lu %lu", &pages, &resident);
	getrusage(RUSAGE_SELF, &use);
	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_AS, &space);
	metrics_head(out, "janus_build_info", "gauge", "Always 1.");
	metrics_value(out, "janus_build_info",
	    "version=\"" JANUS_VERSION "\",revision=\"" JANUS_REVISION "\"", 1);
	gauge(out, "janus_log_dropped_total", "counter", "Log lines that could not be written.",
	    (double)log_dropped());
	gauge(out, "process_cpu_seconds_total", "counter", "User and system time.",
	    (double)use.ru_utime.tv_sec + (double)use.ru_utime.tv_usec / 1e6 +
		(double)use.ru_stime.tv_sec + (double)use.ru_stime.tv_usec / 1e6);
	gauge(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
	    (double)resident * page);
	gauge(out, "process_virtual_memory_bytes", "gauge", "Address space.", (double)pages * page);
	gauge(out, "process_virtual_memory_max_bytes", "gauge", "Most address space.",
	    (double)space.rlim_cur);
	gauge(out, "process_open_fds", "gauge", "Open descriptors.", open_descriptors());
	gauge(out, "process_max_fds", "gauge", "Most descriptors at once.", (double)files.rlim_cur);
	gauge(out, "process_start_time_seconds", "gauge", "Start, in seconds since 1970.",
	    started_at());
}

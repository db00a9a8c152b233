/*
 * metrics.h - counters and histograms that one thread writes and any may read, and their
 * Prometheus text.
 */
#ifndef JANUS_BASE_METRICS_H
#define JANUS_BASE_METRICS_H
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
struct buf;

#define METRIC_BUCKETS_MAX 20

typedef _Atomic uint64_t metric_counter;
struct metric_histogram {
	_Atomic uint64_t bucket[METRIC_BUCKETS_MAX + 1]; /* not cumulative; the last is +Inf */
	_Atomic uint64_t sum_us;
};

/* Bounds in seconds, ascending. */
struct metric_buckets {
	size_t len;
	double le[METRIC_BUCKETS_MAX];
};
extern const struct metric_buckets buckets_http, buckets_chat, buckets_ttft, buckets_overhead;

void metric_add(metric_counter *, uint64_t n);
void metric_observe_us(struct metric_histogram *, const struct metric_buckets *, uint64_t us);
/** metric_merge - add src's counts to dst, for summing over loops. */
void metric_merge(struct metric_histogram *dst, const struct metric_histogram *src);

/** metrics_head - "# HELP" and "# TYPE" lines. */
void metrics_head(struct buf *out, const char *name, const char *type, const char *help);
/** metrics_value - one sample; labels like `competitor="x"` without braces, or "". */
void metrics_value(struct buf *out, const char *name, const char *labels, double value);
void metrics_histogram(struct buf *out, const char *name, const char *labels,
    const struct metric_buckets *, const struct metric_histogram *);
/** metrics_open - Prometheus text as OpenMetrics: families of counters without _total, "# EOF". */
void metrics_open(struct buf *out, const char *text);
/** metrics_label - append `name="value"` with the value escaped. */
void metrics_label(struct buf *out, const char *name, const char *value);
#endif

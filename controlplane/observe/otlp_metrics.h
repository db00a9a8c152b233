/*
 * otlp_metrics.h - the four gen_ai.client histograms, sent to a collector at an interval.
 *
 * Off unless an endpoint is set.  A thread of its own sends; what cannot be sent is in the next
 * one: the histograms are cumulative.
 */
#ifndef JANUS_OBSERVE_OTLP_METRICS_H
#define JANUS_OBSERVE_OTLP_METRICS_H
#include <stdint.h>
struct buf;
struct error;
struct otlp_config;
struct otlp_metrics;
struct request_record;

/** otlp_metrics_new - config is borrowed; NULL with err. */
struct otlp_metrics *otlp_metrics_new(const struct otlp_config *, struct error *);
/** otlp_metrics_add - a chat is over. Any thread; waits for no network. */
void otlp_metrics_add(struct otlp_metrics *, const struct request_record *);
/** otlp_metrics_encode - an ExportMetricsServiceRequest of all that was added. */
void otlp_metrics_encode(struct otlp_metrics *, struct buf *out, int64_t now_wall_ms);
/** otlp_metrics_free - sends what there is, for two seconds at most. NULL is fine. */
void otlp_metrics_free(struct otlp_metrics *);
#endif

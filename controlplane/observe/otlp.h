/*
 * otlp.h - chats and our own work as OpenTelemetry spans, sent as OTLP/HTTP JSON.
 *
 * Off unless an endpoint is set.  Spans wait in a bounded queue for one thread
 * that sends them in batches; what does not fit or cannot be sent is counted and forgotten.
 * Never blocks the caller.
 */
#ifndef JANUS_OBSERVE_OTLP_H
#define JANUS_OBSERVE_OTLP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct error;
struct call_record;
struct request_record;
struct work_record;
struct otlp;

#define OTLP_PAIRS_MAX 16

struct otlp_pair {
	char key[64], value[512]; /* decoded */
};

enum otlp_sampler { OTLP_ALWAYS_ON, OTLP_ALWAYS_OFF, OTLP_RATIO };

struct otlp_config {
	bool on; /* spans */
	bool metrics_on;
	char url[512]; /* of the traces */
	char metrics_url[512];
	int64_t interval_ms; /* between two messages of metrics */
	char service[128];
	struct otlp_pair headers[OTLP_PAIRS_MAX], attributes[OTLP_PAIRS_MAX];
	size_t nheaders, nattributes;
	enum otlp_sampler sampler; /* of traces that begin here, or of all */
	bool parent_based; /* a client's traceparent decides for its own traces */
	double ratio;
	const char *host; /* server.address; borrowed; may be NULL */
	int port;
};

/* One of the three. */
struct otlp_item {
	struct request_record *chat;
	struct work_record *work;
	struct call_record *call;
};

/**
 * otlp_config_read - from the environment, by its getter. Pure.
 *
 * OTEL_EXPORTER_OTLP_ENDPOINT, _TRACES_ENDPOINT, _METRICS_ENDPOINT, _HEADERS, OTEL_SERVICE_NAME,
 * OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER (otlp, none),
 * OTEL_TRACES_SAMPLER, _ARG, OTEL_METRIC_EXPORT_INTERVAL, OTEL_SDK_DISABLED.  Returns 0, or -1 with err INVALID.
 */
int otlp_config_read(struct otlp_config *, char *(*get)(const char *name), struct error *);
/** otlp_sampled - is this chat's trace one to send? Pure. */
bool otlp_sampled(const struct otlp_config *, const struct request_record *);
/** otlp_work_sampled - is this work to be told? trace_low: the low half of its trace id. Pure. */
bool otlp_work_sampled(const struct otlp_config *, uint64_t trace_low);
/** otlp_span_count - how many spans it has: of a chat its own, one if it waited in a queue, and one
 *  an attempt. Pure. */
size_t otlp_span_count(const struct otlp_item *);
/** otlp_encode - an ExportTraceServiceRequest with the spans of these. */
void otlp_encode(struct buf *out, const struct otlp_config *, const struct otlp_item *, size_t len);

/** otlp_new - start the sender; NULL with err. config is borrowed. */
struct otlp *otlp_new(const struct otlp_config *, struct error *);
/** otlp_add - queue a chat's spans, if its trace is one to send; is it? The record stays the caller's. Any thread. */
bool otlp_add(struct otlp *, const struct request_record *);
/** otlp_add_work - the same for work. */
void otlp_add_work(struct otlp *, const struct work_record *);
/** otlp_add_call - the same for a call that a chat made, whose trace is to be sent. */
void otlp_add_call(struct otlp *, const struct call_record *);
/** otlp_drop - spans that will not come are counted. */
void otlp_drop(struct otlp *, uint64_t spans);
struct otlp_stats {
	uint64_t sent, dropped; /* spans */
};
/** otlp_stats - any thread; zeros for NULL. */
struct otlp_stats otlp_stats(struct otlp *);
/** otlp_free - sends what waits, for two seconds at most. NULL is fine. */
void otlp_free(struct otlp *);
#endif

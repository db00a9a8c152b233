/*
 * counters.h - what one gateway counts, and the text /metrics makes of all of them.
 *
 * Written by the gateway's loop only; read by any.
 */
#ifndef JANUS_GATEWAY_COUNTERS_H
#define JANUS_GATEWAY_COUNTERS_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/registry/fair_queue.h"
#include "runtime/base/map.h"
#include "runtime/base/metrics.h"
#include "runtime/openai/codes.h"
struct buf;
struct chat_result;
struct gateway_hooks;

/* NAME, label of the route: everything this surface answers, one row of dispatch each.  The first
 * are relayed, in the order of enum dialect_at. */
#define GATEWAY_ROUTES(X)                         \
	X(CHAT, "/v1/chat/completions")           \
	X(COMPLETIONS, "/v1/completions")         \
	X(RESPONSES, "/v1/responses")             \
	X(EMBEDDINGS, "/v1/embeddings")           \
	X(MODELS, "/v1/models")                   \
	X(MODEL, "/v1/models/{id}")               \
	X(STREAMS, "/v1/streams")                 \
	X(STREAM, "/v1/streams/{id}")             \
	X(ARTIFACT, "/v1/artifacts/{id}")         \
	X(FILES, "/v1/files")                     \
	X(FILE, "/v1/files/{id}")                 \
	X(FILE_CONTENT, "/v1/files/{id}/content") \
	X(BUNDLE, "/v1/bundles/{file}")           \
	X(ARENA, "/v1/arena")                     \
	X(VOTE, "/v1/arena/{ref}/vote")           \
	X(LIVEZ, "/livez")                        \
	X(READYZ, "/readyz")                      \
	X(HEALTH, "/health")                      \
	X(METRICS, "/metrics")                    \
	X(OPENAPI, "/openapi.json")               \
	X(STATIC, "ui")                           \
	X(NONE, "none")

enum gateway_route {
#define X(name, label) GATEWAY_##name,
	GATEWAY_ROUTES(X)
#undef X
	    GATEWAY_ROUTE_COUNT
};

/* NAME, reason: why a key, or its absence, was refused. */
#define KEY_REJECTIONS(X)             \
	X(MISSING, "missing")         \
	X(MALFORMED, "malformed")     \
	X(UNKNOWN, "unknown")         \
	X(EXPIRED, "expired")         \
	X(LIMITED, "guessing")        \
	X(SCOPE, "scope")             \
	X(REQUESTS, "requests")       \
	X(CONCURRENCY, "concurrency") \
	X(TOKENS, "tokens")           \
	X(BUDGET, "budget")

enum key_rejection {
#define X(name, label) KEY_REJECTED_##name,
	KEY_REJECTIONS(X)
#undef X
	    KEY_REJECTION_COUNT
};

#define COUNTED_METHODS 6 /* GET HEAD POST DELETE OPTIONS and others */
#define COUNTED_STATUSES 29 /* of counters.c, the last for others */
#define COUNTED_COMPETITORS 200 /* then "other" */
#define COUNTED_SLUG_MAX 48

struct competitor_counters {
	char slug[COUNTED_SLUG_MAX];
	metric_counter outcomes[CODE_COUNT][2]; /* [..][1]: streams */
	metric_counter prompt_tokens, completion_tokens, pings, failovers, resumed;
	metric_counter cost_micro_usd; /* as competitors report it */
	_Atomic int64_t streams_active;
	metric_counter attempts_ok, attempts_connect,
	    attempts_response; /* by the phase that failed */
	metric_counter queue_rejected[FAIR_CLASS_COUNT];
	struct metric_histogram ttft, max_gap, duration;
	struct metric_histogram queue_wait[FAIR_CLASS_COUNT]; /* of those that waited */
};

struct counters { /* zero-initialised */
	metric_counter http[GATEWAY_ROUTE_COUNT][COUNTED_METHODS][COUNTED_STATUSES];
	struct metric_histogram http_duration[GATEWAY_ROUTE_COUNT][COUNTED_METHODS]
					     [COUNTED_STATUSES];
	struct metric_histogram overhead;
	struct metric_histogram event_delay; /* from bytes that were read to the client's socket */
	_Atomic int64_t http_in_flight;
	metric_counter rejections[KEY_REJECTION_COUNT];
	_Atomic(struct competitor_counters *)
	    competitors[COUNTED_COMPETITORS + 1]; /* filled in order */
	struct map by_slug; /* the loop's own way in */
};

void counters_done(struct counters *);
/** counters_http - one answered request. method as sent. */
void counters_http(
    struct counters *, enum gateway_route, const char *method, int status, int64_t duration_us);
/** counters_competitor - the row of a slug, made on first use; "other" past the cap. */
struct competitor_counters *counters_competitor(struct counters *, const char *slug);
/** counters_chat - one finished chat. */
void counters_chat(
    struct competitor_counters *, const struct chat_result *, bool stream, int64_t duration_us);

/** counters_sum - all competitors of len counters summed by name; the caller frees *out. Any thread. */
size_t counters_sum(
    const struct counters *const *all, unsigned len, struct competitor_counters **out);
/** counters_text - add the sum over `len` counters in Prometheus text. Any thread.  hooks and arg:
 *  for what other surfaces have to add; hooks may be NULL. */
void counters_text(struct buf *out, const struct counters *const *all, unsigned len,
    const struct gateway_hooks *, void *arg);
/** counters_status - the status of a column; 0 for the one of all others. */
int counters_status(unsigned column);
/** counters_method - the word of a column. */
const char *counters_method(unsigned column);
/** process_metrics - the standard process_* set and janus_build_info. */
void process_metrics(struct buf *out);
#endif

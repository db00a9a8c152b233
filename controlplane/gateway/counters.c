/*
 * counters.c - where each count goes.
 */
#include "controlplane/gateway/counters.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/openai/chat_relay.h"

static const int statuses[COUNTED_STATUSES] = { 200, 204, 206, 304, 400, 401, 403, 404, 405, 408,
	409, 410, 411, 413, 415, 416, 417, 421, 422, 429, 431, 499, 500, 501, 502, 503, 504, 505,
	0 };
static const char *const methods[COUNTED_METHODS] = { "GET", "HEAD", "POST", "DELETE", "OPTIONS",
	"other" };

int
counters_status(unsigned column)
{
	return statuses[column];
}

const char *
counters_method(unsigned column)
{
	return methods[column];
}

void
counters_http(struct counters *c, enum gateway_route route, const char *method, int status,
    int64_t duration_us)
{
	unsigned m = 0, s = 0;

	while (m < COUNTED_METHODS - 1 && !str_eq(methods[m], method))
		m++;
	while (s < COUNTED_STATUSES - 1 && statuses[s] != status)
		s++;
	metric_add(&c->http[route][m][s], 1);
	metric_observe_us(&c->http_duration[route][m][s], &buckets_http, (uint64_t)duration_us);
}

struct competitor_counters *
counters_competitor(struct counters *c, const char *slug)
{
	struct competitor_counters *row = map_get(&c->by_slug, slug);

	if (row != NULL)
		return row;
	if (c->by_slug.len >= COUNTED_COMPETITORS && !str_eq(slug, "other"))
		return counters_competitor(c, "other");
	row = mem_zalloc(sizeof(*row));
	snprintf(row->slug, sizeof(row->slug), "%s", slug);
	atomic_store_explicit(&c->competitors[c->by_slug.len], row, memory_order_release);
	map_put(&c->by_slug, slug, row);
	return row;
}

static uint64_t
not_negative(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

void
counters_chat(struct competitor_counters *row, const struct chat_result *result, bool stream,
    int64_t duration_us)
{
	metric_add(&row->outcomes[result->code][stream], 1);
	metric_add(&row->prompt_tokens, not_negative(result->usage.prompt_tokens));
	metric_add(&row->completion_tokens, not_negative(result->usage.completion_tokens));
	metric_add(&row->cost_micro_usd, not_negative(result->usage.cost_micro_usd));
	metric_add(&row->pings, result->pings);
	metric_observe_us(&row->duration, &buckets_chat, not_negative(duration_us));
	if (result->ttft_us >= 0)
		metric_observe_us(&row->ttft, &buckets_ttft, (uint64_t)result->ttft_us);
	if (result->chunks > 1)
		metric_observe_us(
		    &row->max_gap, &buckets_chat, not_negative(result->max_gap_ms) * 1000);
}

void
counters_done(struct counters *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->competitors); i++)
		free(c->competitors[i]);
	map_done(&c->by_slug);
}

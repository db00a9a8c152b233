/*
 * top.c - what each competitor has done since the start, and does now.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/gateway/counters.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/observe/requests.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"

#define GAP_WINDOW_MS 60000

/* Bounds in milliseconds and how many fell below each; the last is above all bounds. */
static void
add_histogram(
    cJSON *json, const char *key, const struct metric_buckets *b, const struct metric_histogram *h)
{
	cJSON *item = json_add_obj(json, key), *le = json_add_arr(item, "le_ms"),
	      *counts = json_add_arr(item, "counts");

	for (size_t i = 0; i < b->len; i++) {
		cJSON_AddItemToArray(le, cJSON_CreateNumber(b->le[i] * 1000));
		cJSON_AddItemToArray(counts, cJSON_CreateNumber((double)h->bucket[i]));
	}
	cJSON_AddItemToArray(counts, cJSON_CreateNumber((double)h->bucket[METRIC_BUCKETS_MAX]));
}

static void
add_outcomes(cJSON *json, const struct competitor_counters *row)
{
	uint64_t all = 0, failed = 0;

	for (unsigned code = 0; code < CODE_COUNT; code++)
		for (unsigned stream = 0; stream < 2; stream++) {
			all += row->outcomes[code][stream];
			/* Whose client left has not failed. */
			if (code != CODE_NONE && code != CODE_CLIENT_CLOSED)
				failed += row->outcomes[code][stream];
		}
	json_add_int(json, "requests", (int64_t)all);
	json_add_int(json, "errors", (int64_t)failed);
}

static int64_t
in_flight(const struct api_deps *d, const struct competitor *c)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->registry->ninstances; i++)
		if (strcmp(d->registry->instances[i]->competitor_id, c->id) == 0)
			n += supervisor_in_flight(d->supervisor, d->registry->instances[i]);
	return n;
}

static cJSON *
render(const struct api_deps *d, const struct competitor *c, const struct competitor_counters *row)
{
	static const struct competitor_counters none;
	_cleanup_json_ cJSON *whole = render_competitor(d, c);
	const int64_t gap_ms =
	    requests_longest_gap(d->requests, c->slug, clock_wall_ms() - GAP_WINDOW_MS);
	cJSON *json = cJSON_CreateObject();

	row = row != NULL ? row : &none;
	json_add_str(json, "id", c->id);
	json_add_str(json, "name", c->slug);
	json_add_str(json, "state", json_str(whole, "state"));
	json_add_int(json, "in_flight", in_flight(d, c));
	add_outcomes(json, row);
	json_add_int(json, "prompt_tokens", (int64_t)row->prompt_tokens);
	json_add_int(json, "completion_tokens", (int64_t)row->completion_tokens);
	json_add_int(json, "failovers", (int64_t)row->failovers);
	if (gap_ms >= 0)
		json_add_int(json, "longest_gap_ms", gap_ms);
	else
		json_add_str(json, "longest_gap_ms", NULL);
	add_histogram(json, "ttft", &buckets_ttft, &row->ttft);
	return json;
}

void
top_get(struct api_call *c)
{
	const struct api_deps *d = DEPS(c);
	_cleanup_free_ struct competitor_counters *sums = NULL;
	const size_t n = gateway_sums(d->gateways[0], &sums);
	cJSON *json = cJSON_CreateObject(), *data;

	json_add_str(json, "object", "top");
	json_add_time(json, "at", clock_wall_ms());
	json_add_int(json, "at_ms", clock_now_ms()); /* monotonic: for rates */
	data = json_add_arr(json, "data");
	for (size_t i = 0; i < REGISTRY(c)->ncompetitors; i++) {
		const struct competitor *each = REGISTRY(c)->competitors[i];
		const struct competitor_counters *row = NULL;

		if (each->version_id[0] == '\0')
			continue;
		for (size_t k = 0; k < n; k++)
			if (strcmp(sums[k].slug, each->slug) == 0)
				row = &sums[k];
		cJSON_AddItemToArray(data, render(d, each, row));
	}
	reply_json(c, 200, json);
}

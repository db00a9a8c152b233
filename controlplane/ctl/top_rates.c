/*
 * top_rates.c - counters become rates and percentiles.
 */
#include "controlplane/ctl/top_rates.h"

#include <math.h>
#include <stdbool.h>

#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define BUCKETS_MAX 40

double
top_percentile(const double *le_ms, const double *counts, size_t n, double q)
{
	double all = 0, below = 0;

	for (size_t i = 0; i <= n; i++)
		all += counts[i];
	if (all <= 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const double from = i == 0 ? 0 : le_ms[i - 1];

		if (counts[i] > 0 && below + counts[i] >= q * all)
			return from + (le_ms[i] - from) * (q * all - below) / counts[i];
		below += counts[i];
	}
	return n > 0 ? le_ms[n - 1] : -1; /* beyond the last bound: at least that */
}

static const cJSON *
row_named(const cJSON *top, const char *name)
{
	const cJSON *row;

	json_for_each(row, json_get(top, "data")) {
		if (str_eq(json_str(row, "name"), name))
			return row;
	}
	return NULL;
}

/* A daemon that was started anew counts from zero again. */
static double
grown(const cJSON *before, const cJSON *now, const char *key)
{
	const double is = json_num(now, key, 0), was = json_num(before, key, 0);

	return is >= was ? is - was : is;
}

static size_t
read_counts(const cJSON *row, double le[BUCKETS_MAX], double counts[BUCKETS_MAX + 1])
{
	const cJSON *bound = json_path(row, "ttft.le_ms"), *count = json_path(row, "ttft.counts");
	size_t n = 0;

	if (!cJSON_IsArray(bound) || !cJSON_IsArray(count))
		return 0;
	bound = bound->child;
	count = count->child;
	for (; bound != NULL && count != NULL && n < BUCKETS_MAX;
	     bound = bound->next, count = count->next) {
		le[n] = bound->valuedouble;
		counts[n++] = count->valuedouble;
	}
	counts[n] = count != NULL ? count->valuedouble : 0;
	return n;
}

static void
add_percentiles(cJSON *out, const cJSON *before, const cJSON *now)
{
	double le[BUCKETS_MAX], is[BUCKETS_MAX + 1], was[BUCKETS_MAX + 1], diff[BUCKETS_MAX + 1],
	    any = 0;
	const size_t n = read_counts(now, le, is);
	const bool comparable = before != NULL && read_counts(before, le, was) == n;

	for (size_t i = 0; i <= n && n > 0; i++) {
		diff[i] = comparable && is[i] >= was[i] ? is[i] - was[i] : is[i];
		any += diff[i];
	}
	for (int k = 0; k < 2; k++) {
		const char *key = k == 0 ? "ttft_p50_ms" : "ttft_p95_ms";
		const double q = k == 0 ? 0.5 : 0.95;
		const double ms = n == 0 ? -1 : top_percentile(le, any > 0 ? diff : is, n, q);

		if (ms >= 0)
			cJSON_AddNumberToObject(out, key, round(ms * 10) / 10);
		else
			json_add_str(out, key, NULL);
	}
}

static void
add_rate(cJSON *out, const char *key, double grown_by, double seconds)
{
	if (seconds > 0)
		cJSON_AddNumberToObject(out, key, round(grown_by / seconds * 10) / 10);
	else
		json_add_str(out, key, NULL);
}

static cJSON *
rates_of(const cJSON *before, const cJSON *row, double seconds)
{
	cJSON *out = cJSON_CreateObject();
	const cJSON *gap = json_get(row, "longest_gap_ms");

	json_add_str(out, "id", json_str(row, "id"));
	json_add_str(out, "name", json_str(row, "name"));
	json_add_str(out, "state", json_str(row, "state"));
	json_add_int(out, "in_flight", json_int(row, "in_flight", 0));
	add_rate(out, "requests_per_second", grown(before, row, "requests"), seconds);
	add_rate(out, "tokens_per_second", grown(before, row, "completion_tokens"), seconds);
	add_percentiles(out, before, row);
	cJSON_AddItemToObject(
	    out, "longest_gap_ms", gap != NULL ? cJSON_Duplicate(gap, true) : cJSON_CreateNull());
	json_add_int(out, "requests", json_int(row, "requests", 0));
	json_add_int(out, "errors", json_int(row, "errors", 0));
	return out;
}

cJSON *
top_rates(const cJSON *before, const cJSON *now)
{
	const double seconds =
	    before != NULL ? (json_num(now, "at_ms", 0) - json_num(before, "at_ms", 0)) / 1000 : 0;
	cJSON *list = cJSON_CreateObject(), *data;
	const cJSON *row;

	json_add_str(list, "object", "list");
	data = json_add_arr(list, "data");
	json_for_each(row, json_get(now, "data")) {
		const cJSON *was = before != NULL ? row_named(before, json_str(row, "name")) : NULL;

		cJSON_AddItemToArray(data, rates_of(was, row, seconds));
	}
	return list;
}

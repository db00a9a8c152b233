/*
 * report.c - a manifest and its lines, and what they come to by time and by task.
 */
#include "bench/report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/item.h"
#include "bench/report/result_internal.h"
#include "bench/score/score.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

/* ---- numbers ---- */

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
percentile(double *values, size_t n, double p)
{
	if (n == 0)
		return NAN;
	qsort(values, n, sizeof(*values), by_value);
	const double at = p * (double)(n - 1);
	const size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
	return values[low] + (at - (double)low) * (values[high] - values[low]);
}

#define RATE_MIN_MS 20

/* Output tokens over the time they came in; what comes at once has no rate. */
static double
tokens_per_second(const cJSON *measured)
{
	const double ms = json_num(measured, "duration_ms", NAN) -
	    json_num(measured, "ttft_ms", NAN),
		     tokens = json_num(measured, "completion_tokens", NAN);

	return ms >= RATE_MIN_MS && tokens > 0 ? tokens / (ms / 1000) : NAN;
}

double
measured_number(const cJSON *line, const char *name)
{
	const cJSON *m = json_get(line, "measured");

	if (strcmp(name, "tokens_per_second") == 0)
		return tokens_per_second(m);
	return json_num(m, name, NAN);
}

const char *const latency_names[] = { "ttft_ms", "duration_ms", "max_gap_ms", "tokens_per_second",
	NULL };

/* ---- the lines that stand for their items ---- */

void
standing_of(const cJSON *lines, struct standing *s)
{
	_cleanup_(map_done) struct map last = { 0 };
	const cJSON *line;
	char name[PAIR_MAX];

	*s = (struct standing){ .lines = mem_zalloc(
				    ((size_t)cJSON_GetArraySize(lines) + 1) * sizeof(*s->lines)) };
	last_lines(lines, &last);
	json_for_each(line, lines) {
		const char *item = json_str(line, "item");

		if (item == NULL)
			continue;
		pair_name(item, (int)json_int(line, "epoch", 0), name);
		if (map_get(&last, name) == line)
			s->lines[s->n++] = line;
	}
}

void
standing_done(struct standing *s)
{
	free(s->lines);
	*s = (struct standing){ 0 };
}

static bool
is_of(const cJSON *line, const char *task)
{
	return task == NULL || str_eq(json_str(line, "task_type"), task);
}

size_t
standing_values(const struct standing *s, const char *task, const char *name, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const double v = measured_number(s->lines[i], name);

		if (is_of(s->lines[i], task) && result_counts(s->lines[i]) &&
		    json_bool(json_get(s->lines[i], "measured"), "complete", false) && isfinite(v))
			out[n++] = v;
	}
	return n;
}

void
add_percentiles(cJSON *to, const struct standing *s, const char *task, const char *name)
{
	_cleanup_free_ double *values = mem_zalloc((s->n + 1) * sizeof(*values));
	const size_t n = standing_values(s, task, name, values);
	cJSON *p = json_add_obj(to, name);

	add_number(p, "p50", percentile(values, n, 0.5));
	add_number(p, "p90", percentile(values, n, 0.9));
	add_number(p, "p95", percentile(values, n, 0.95));
	add_number(p, "p99", percentile(values, n, 0.99));
	add_number(p, "max", percentile(values, n, 1));
	json_add_int(p, "n", (int64_t)n);
}

/* The mean of a dimension over the items of a task, by their weights. */
static double
mean_score(const struct standing *s, const char *task, const char *dimension)
{
	double sum = 0, weights = 0;

	for (size_t i = 0; i < s->n; i++) {
		const cJSON *line = s->lines[i];
		const double v = json_num(json_get(line, "scores"), dimension, NAN),
			     w = json_num(line, "weight", 1);

		if (!is_of(line, task) || !isfinite(v))
			continue;
		sum += w * v;
		weights += w;
	}
	return weights > 0 ? sum / weights : NAN;
}

static void
add_task(cJSON *by_task, const struct standing *s, const char *task)
{
	int64_t n = 0, passed = 0, failed = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!is_of(s->lines[i], task))
			continue;
		n++;
		if (result_counts(s->lines[i]))
			*(json_bool(s->lines[i], "passed", false) ? &passed : &failed) += 1;
	}
	if (n == 0)
		return;
	cJSON *t = json_add_obj(by_task, task), *scores;
	json_add_int(t, "items", n);
	json_add_int(t, "passed", passed);
	json_add_int(t, "failed", failed);
	json_add_int(t, "excluded", n - passed - failed);
	scores = json_add_obj(t, "scores");
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		add_number(
		    scores, score_dimension_name(d), mean_score(s, task, score_dimension_name(d)));
	add_percentiles(t, s, task, "ttft_ms");
	add_percentiles(t, s, task, "duration_ms");
}

/* Null is nobody said, not nothing. */
static void
add_to(double *sum, double v)
{
	if (isfinite(v))
		*sum = isfinite(*sum) ? *sum + v : v;
}

/* What the target took and what it cost, over all attempts that ended with a score. */
static void
add_totals(cJSON *report, const struct standing *s)
{
	double tokens_in = 0, tokens_out = 0, metered = NAN, reported = NAN, ms = 0, pings = 0;
	cJSON *t = json_add_obj(report, "totals");

	for (size_t i = 0; i < s->n; i++) {
		const cJSON *line = s->lines[i], *m = json_get(line, "measured");

		if (!result_counts(line))
			continue;
		tokens_in += json_num(m, "prompt_tokens", 0);
		tokens_out += json_num(m, "completion_tokens", 0);
		pings += json_num(m, "pings", 0);
		ms += json_num(m, "duration_ms", 0);
		add_to(&metered, json_num(line, "metered_cost_usd", NAN));
		add_to(&reported, json_num(m, "reported_cost_usd", NAN));
	}
	add_number(t, "prompt_tokens", tokens_in);
	add_number(t, "completion_tokens", tokens_out);
	add_number(t, "pings", pings);
	add_number(t, "duration_ms", ms);
	add_number(t, "metered_cost_usd", metered);
	add_number(t, "reported_cost_usd", reported);
}

/* What a judge thought of answers beside the references: both orders agreed, or it was of two minds. */
static void
add_judge(cJSON *report, const cJSON *lines)
{
	enum { ANSWER, REFERENCE, TIE, SPLIT, FAILED, KINDS };
	static const char *const names[KINDS] = { "answer", "reference", "tie", "split", "failed" };
	int64_t counts[KINDS] = { 0 }, asked = 0;
	const cJSON *line;

	json_for_each(line, lines) {
		const char *one = cJSON_GetStringValue(json_path(line, "judge.0.verdict"));
		const char *other = cJSON_GetStringValue(json_path(line, "judge.1.verdict"));

		if (one == NULL || other == NULL)
			continue;
		const size_t kind = str_find(names, SPLIT, one);
		const bool failed = kind == SPLIT || str_find(names, SPLIT, other) == SPLIT;

		asked++;
		counts[failed ? FAILED : str_eq(one, other) ? kind : SPLIT]++;
	}
	if (asked == 0)
		return;
	cJSON *sum = json_add_obj(report, "judge");
	json_add_int(sum, "asked", asked);
	for (int i = 0; i < KINDS; i++)
		json_add_int(sum, names[i], counts[i]);
}

cJSON *
report_of(const cJSON *manifest, const cJSON *lines)
{
	cJSON *report = cJSON_Duplicate(manifest, true), *results, *latency, *by_task;
	const cJSON *line;
	struct standing s;

	if (report == NULL)
		report = cJSON_CreateObject();
	cJSON_DeleteItemFromObjectCaseSensitive(report, "object");
	cJSON_DeleteItemFromObjectCaseSensitive(report, "lines_sha256");
	json_add_str(report, "object", "report");
	standing_of(lines, &s);
	latency = json_add_obj(report, "latency");
	for (const char *const *name = latency_names; *name != NULL; name++)
		add_percentiles(latency, &s, NULL, *name);
	by_task = json_add_obj(report, "by_task");
	for (int t = 0; t < ITEM_TASK_COUNT; t++)
		add_task(by_task, &s, item_task_name(t));
	add_totals(report, &s);
	add_judge(report, lines);
	standing_done(&s);
	results = json_add_arr(report, "results");
	json_for_each(line, lines) {
		cJSON *copy = cJSON_Duplicate(line, true);

		cJSON_DeleteItemFromObjectCaseSensitive(copy, "frames");
		cJSON_AddItemToArray(results, copy);
	}
	return report;
}

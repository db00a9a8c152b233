/*
 * analyze.c - where a run lost time and points.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/report.h"
#include "bench/report/result_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define SLOW_FACTOR 2

static cJSON *
add_line(cJSON *to, const cJSON *line)
{
	cJSON *j = json_add_obj(to, NULL);

	json_add_str(j, "item", json_str(line, "item"));
	json_add_str(j, "task_type", json_str(line, "task_type"));
	json_add_int(j, "epoch", json_int(line, "epoch", 0));
	return j;
}

static void
add_failed(cJSON *to, const cJSON *line)
{
	cJSON *j = add_line(to, line);

	json_add_str(j, "why", json_str(line, "why"));
	json_add_str(j, "fault", json_str(line, "fault"));
	json_add_str(j, "code", json_str(line, "code"));
	json_add_str(j, "error", json_str(line, "error"));
	add_number(j, "duration_ms", measured_number(line, "duration_ms"));
}

/* Against the median of its own task: an agentic item is not slow because a chat is fast. */
static void
add_slow(cJSON *to, const struct standing *s)
{
	_cleanup_free_ double *values = mem_zalloc((s->n + 1) * sizeof(*values));

	for (size_t i = 0; i < s->n; i++) {
		const char *task = json_str(s->lines[i], "task_type");
		const size_t n = standing_values(s, task, "duration_ms", values);
		const double median = percentile(values, n, 0.5),
			     ms = measured_number(s->lines[i], "duration_ms");

		if (!result_counts(s->lines[i]) || !(ms > SLOW_FACTOR * median))
			continue;
		cJSON *j = add_line(to, s->lines[i]);
		add_number(j, "duration_ms", ms);
		add_number(j, "median_ms", median);
		add_number(j, "times", ms / median);
	}
}

static const char *const taken[] = { "id", "run", "suite", "suite_digest", "scoring", "target",
	"model", "competitor", "state", "is_whole", "items", "scores", "cost_from", "latency",
	"by_task", "totals", "excluded" };

cJSON *
analyze(const cJSON *report)
{
	const cJSON *lines = json_get(report, "results"), *line;
	cJSON *out = cJSON_CreateObject(), *failed, *retried;
	struct standing s;

	json_add_str(out, "object", "analysis");
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		add_copy(out, taken[i], json_get(report, taken[i]));
	standing_of(lines, &s);
	failed = json_add_arr(out, "failed");
	for (size_t i = 0; i < s.n; i++) {
		if (result_counts(s.lines[i]) && !json_bool(s.lines[i], "passed", false))
			add_failed(failed, s.lines[i]);
	}
	add_slow(json_add_arr(out, "slow"), &s);
	standing_done(&s);
	retried = json_add_arr(out, "retried");
	json_for_each(line, lines) {
		if (str_eq(json_str(line, "state"), "error"))
			add_failed(retried, line);
	}
	return out;
}

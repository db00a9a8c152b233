/*
 * counts.c - metrics of runs: written on the control loop, read by any thread.
 */
#include <string.h>

#include "controlplane/schedule/scheduler_core.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

static const struct metric_buckets seconds = { 10,
	{ 10, 30, 60, 120, 300, 600, 1200, 3600, 7200, 21600 } };
static const char *const results[] = { "passed", "failed", "error", "skipped" };

static struct suite_counts *
counts_of(struct scheduler *s, const char *suite)
{
	size_t i = 0;

	while (i < s->ncounts && strcmp(s->counts[i].suite, suite) != 0)
		i++;
	if (i < s->ncounts)
		return &s->counts[i];
	if (i == SUITE_ROWS) /* the last one is of all others */
		return &s->counts[SUITE_ROWS - 1];
	str_copy(s->counts[i].suite, SUITE_NAME_MAX, i == SUITE_ROWS - 1 ? "other" : suite);
	s->ncounts++;
	return &s->counts[i];
}

void
count_state(struct scheduler *s, const char *suite, int from, int to)
{
	struct suite_counts *c = counts_of(s, suite);

	if (from == to)
		return;
	if (from >= 0)
		c->states[from]--;
	if (to >= 0)
		c->states[to]++;
}

void
count_item(struct scheduler *s, const char *suite, const char *state)
{
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		if (strcmp(results[i], state) == 0)
			metric_add(&counts_of(s, suite)->items[i], 1);
}

void
count_seconds(struct scheduler *s, const struct run *r)
{
	const int64_t ms = r->finished_at_ms - r->started_at_ms;

	if (r->started_at_ms != 0 && ms >= 0)
		metric_observe_us(&counts_of(s, r->suite)->seconds, &seconds, (uint64_t)ms * 1000);
}

static void
add_sample(struct buf *out, const char *name, const struct suite_counts *c, const char *label,
    const char *value, double n)
{
	_cleanup_buf_ struct buf labels = { 0 };

	metrics_label(&labels, "suite", c->suite);
	buf_add_char(&labels, ',');
	metrics_label(&labels, label, value);
	metrics_value(out, name, buf_str(&labels), n);
}

void
scheduler_metrics(const struct scheduler *s, struct buf *out)
{
	const size_t n = s->ncounts;

	metrics_head(out, "janus_bench_runs", "gauge", "Benchmark runs by suite and state.");
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < RUN_STATE_COUNT; k++)
			add_sample(out, "janus_bench_runs", &s->counts[i], "state",
			    run_state_name((enum run_state)k), (double)s->counts[i].states[k]);
	metrics_head(
	    out, "janus_bench_items_total", "counter", "Items of runs by what came of them.");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(results); k++)
			add_sample(out, "janus_bench_items_total", &s->counts[i], "result",
			    results[k], (double)s->counts[i].items[k]);
	metrics_head(out, "janus_bench_run_seconds", "histogram",
	    "Finished runs, from their first worker to their end.");
	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct buf labels = { 0 };

		metrics_label(&labels, "suite", s->counts[i].suite);
		metrics_histogram(out, "janus_bench_run_seconds", buf_str(&labels), &seconds,
		    &s->counts[i].seconds);
	}
	metrics_head(out, "janus_lease_expirations_total", "counter",
	    "Leases of runs that ended because nothing was heard of their worker.");
	metrics_value(out, "janus_lease_expirations_total", "", (double)s->expirations);
}

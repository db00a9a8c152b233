/*
 * show.c - a run as tables on a terminal.
 */
#include <math.h>
#include <string.h>

#include "bench/report/report.h"
#include "bench/report/result_internal.h"
#include "bench/report/show_internal.h"
#include "bench/score/score.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

const char *
text_number(double v, const char *format, char out[40])
{
	out[0] = '\0';
	if (isfinite(v))
		snprintf(out, 40, format, v);
	return out;
}

const char *
text_ms(double ms, char out[40])
{
	if (ms < 9.95)
		return text_number(ms, "%.1f ms", out);
	if (ms < 999.5)
		return text_number(ms, "%.0f ms", out);
	return text_number(ms / 1000, ms < 9995 ? "%.2f s" : "%.1f s", out);
}

void
show_title(const char *title, FILE *to)
{
	fprintf(to, "\n%s\n", title);
}

static void
print_fact(const char *name, const char *value, FILE *to)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (value == NULL || *value == '\0')
		return;
	str_add_escaped(&b, value, strlen(value));
	fprintf(to, "%-12s%s\n", name, buf_str(&b));
}

void
show_head(const cJSON *r, FILE *to)
{
	char seed[64];

	print_fact("Run", json_str(r, "run") != NULL ? json_str(r, "run") : json_str(r, "id"), to);
	print_fact("Suite", json_str(r, "suite"), to);
	print_fact("Scoring", json_str(r, "scoring"), to);
	print_fact("Target", json_str(r, "target"), to);
	print_fact("Model", json_str(r, "model"), to);
	print_fact("Competitor", json_str(r, "competitor"), to);
	print_fact("Image", json_str(r, "image_digest"), to);
	print_fact("Started", json_str(r, "started_at"), to);
	snprintf(seed, sizeof(seed), "%lld, %lld %% of the suite, epochs %lld",
	    (long long)json_int(r, "seed", 0), (long long)json_int(r, "subset_percent", 100),
	    (long long)json_int(r, "epochs", 1));
	if (json_get(r, "seed") != NULL)
		print_fact("Seed", seed, to);
	if (!str_eq(json_str(r, "state"), "finished"))
		print_fact("State", json_str(r, "state"), to);
	if (json_get(r, "is_whole") != NULL && !json_bool(r, "is_whole", true))
		print_fact("", "not the whole suite: it does not count for the leaderboard", to);
}

static void
score_row(struct table *t, const char *name, const cJSON *interval, double weight)
{
	char n[40], range[80] = "";
	const double low = json_num(interval, "low", NAN), high = json_num(interval, "high", NAN);

	table_row(t);
	table_cell(t, 0, name);
	table_cell(t, 1, text_number(json_num(interval, "value", NAN), "%.1f", n));
	if (isfinite(low) && isfinite(high))
		snprintf(range, sizeof(range), "%.1f to %.1f", low, high);
	table_cell(t, 2, range);
	table_cell(t, 3, text_number(weight > 0 ? weight : NAN, "%.0f %%", n));
	table_cell(t, 4, text_number(json_num(interval, "n", NAN), "%.0f", n));
}

static void
show_scores(const cJSON *r, size_t width, FILE *to)
{
	const cJSON *scores = json_get(r, "scores"), *weights = json_get(r, "weights");
	struct table *t = table_new();

	table_column(t, "score (0-100)", 0);
	table_column(t, "value", TABLE_RIGHT);
	table_column(t, "95 % interval", TABLE_RIGHT);
	table_column(t, "weight", TABLE_RIGHT);
	table_column(t, "items", TABLE_RIGHT);
	score_row(t, "composite", json_get(scores, "composite"), NAN);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		const char *name = score_dimension_name(d);

		score_row(t, name, json_get(scores, name), json_num(weights, name, NAN));
	}
	fputc('\n', to);
	table_print(t, true, width, to);
	table_free(t);
}

static void
metric(struct table *t, const char *name, const char *value)
{
	table_row(t);
	table_cell(t, 0, name);
	table_cell(t, 1, value);
}

static void
latency_metric(struct table *t, const cJSON *latency, const char *name, const char *key)
{
	const cJSON *p = json_get(latency, key);
	char a[40], b[40], text[96];

	if (json_int(p, "n", 0) == 0)
		return;
	snprintf(text, sizeof(text), "%s / %s", text_ms(json_num(p, "p50", NAN), a),
	    text_ms(json_num(p, "p95", NAN), b));
	metric(t, name, text);
}

static void
show_metrics(const cJSON *r, size_t width, FILE *to)
{
	const cJSON *items = json_get(r, "items"), *latency = json_get(r, "latency"),
		    *totals = json_get(r, "totals");
	struct table *t = table_new();
	char text[120], n[40];

	table_column(t, "metric", 0);
	table_column(t, "value", TABLE_RIGHT);
	if (items != NULL) {
		snprintf(text, sizeof(text), "%lld of %lld",
		    (long long)json_int(items, "passed", 0),
		    (long long)json_int(items, "expected", 0));
		metric(t, "items passed", text);
		metric(t, "items failed", text_number(json_num(items, "failed", NAN), "%.0f", n));
		metric(
		    t, "items left out", text_number(json_num(items, "excluded", NAN), "%.0f", n));
	}
	latency_metric(t, latency, "first content, p50 / p95", "ttft_ms");
	latency_metric(t, latency, "duration, p50 / p95", "duration_ms");
	latency_metric(t, latency, "longest silence, p50 / p95", "max_gap_ms");
	metric(t, "tokens a second, p50",
	    text_number(json_num(json_get(latency, "tokens_per_second"), "p50", NAN), "%.1f", n));
	metric(t, "tokens in", text_number(json_num(totals, "prompt_tokens", NAN), "%.0f", n));
	metric(t, "tokens out", text_number(json_num(totals, "completion_tokens", NAN), "%.0f", n));
	metric(t, "cost, metered",
	    text_number(json_num(totals, "metered_cost_usd", NAN), "%.4f USD", n));
	metric(t, "cost, as reported",
	    text_number(json_num(totals, "reported_cost_usd", NAN), "%.4f USD", n));
	metric(t, "cost is scored by", json_str(r, "cost_from"));
	const cJSON *judge = json_get(r, "judge");
	if (judge != NULL) {
		snprintf(text, sizeof(text), "%lld, %lld, %lld",
		    (long long)json_int(judge, "answer", 0),
		    (long long)json_int(judge, "reference", 0),
		    (long long)json_int(judge, "tie", 0));
		metric(t, "judge: the answer, the reference, neither", text);
	}
	fputc('\n', to);
	table_print(t, true, width, to);
	table_free(t);
}

void
show_tasks(const cJSON *by_task, size_t width, FILE *to)
{
	struct table *t = table_new();
	const cJSON *task;
	char n[40];

	table_column(t, "task", 0);
	table_column(t, "passed", TABLE_RIGHT);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		table_column(t, score_dimension_name(d), TABLE_RIGHT);
	table_column(t, "first content", TABLE_RIGHT);
	table_column(t, "duration", TABLE_RIGHT);
	json_for_each(task, by_task) {
		size_t c = 2;

		table_row(t);
		table_cell(t, 0, task->string);
		snprintf(n, sizeof(n), "%lld/%lld", (long long)json_int(task, "passed", 0),
		    (long long)json_int(task, "items", 0));
		table_cell(t, 1, n);
		for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
			table_cell(t, c++,
			    text_number(
				json_num(json_get(task, "scores"), score_dimension_name(d), NAN),
				"%.1f", n));
		table_cell(t, c++, text_ms(json_num(json_get(task, "ttft_ms"), "p50", NAN), n));
		table_cell(t, c, text_ms(json_num(json_get(task, "duration_ms"), "p50", NAN), n));
	}
	fputc('\n', to);
	table_print(t, true, width, to);
	table_free(t);
}

/* What one line of words can say of why. */
const char *
why_of(const cJSON *line)
{
	static const char *const said[] = { "why", "error", "code", "fault" };

	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		const char *text = json_str(line, said[i]);

		if (text != NULL && *text != '\0')
			return text;
	}
	return NULL;
}

void
show_lines(const char *title, const cJSON *lines, const char *last, size_t width, FILE *to)
{
	struct table *t = table_new();
	const cJSON *line;

	if (cJSON_GetArraySize(lines) == 0) {
		table_free(t);
		return;
	}
	show_title(title, to);
	table_column(t, "item", 0);
	table_column(t, "task", 0);
	table_column(t, last, TABLE_CUT);
	json_for_each(line, lines) {
		table_row(t);
		table_cell(t, 0, json_str(line, "item"));
		table_cell(t, 1, json_str(line, "task_type"));
		table_cell(t, 2, why_of(line));
	}
	table_print(t, true, width, to);
	table_free(t);
}

/* Of those that the run did not come to it is enough to know how many. */
void
show_excluded(const cJSON *excluded, size_t width, FILE *to)
{
	_cleanup_json_ cJSON *asked = cJSON_CreateArray();
	const cJSON *line;
	int not_asked = 0;

	json_for_each(line, excluded) {
		if (str_eq(json_str(line, "code"), "not_asked"))
			not_asked++;
		else
			cJSON_AddItemToArray(asked, cJSON_Duplicate(line, true));
	}
	show_lines("Left out (not the target's fault)", asked, "why", width, to);
	if (not_asked > 0)
		fprintf(to, "\n%d more were not asked: the run ended before.\n", not_asked);
}

void
show_report(const cJSON *report, size_t width, FILE *to)
{
	_cleanup_json_ cJSON *a = analyze(report);

	show_head(report, to);
	if (json_get(report, "scores") != NULL)
		show_scores(report, width, to);
	show_metrics(report, width, to);
	show_tasks(json_get(report, "by_task"), width, to);
	show_lines("Failed", json_get(a, "failed"), "why", width, to);
	show_excluded(json_get(report, "excluded"), width, to);
}

/*
 * show_more.c - analyses, comparisons, verifications and replays as tables.
 */
#include <math.h>
#include <string.h>

#include "bench/report/report.h"
#include "bench/report/result_internal.h"
#include "bench/report/show_internal.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define VALUE_WIDTH 60

/* ---- analyze ---- */

static void
show_latency(const cJSON *latency, size_t width, FILE *to)
{
	static const char *const points[] = { "p50", "p90", "p95", "p99", "max" };
	static const char *const words[] = { "first content", "duration", "longest silence",
		"tokens a second" };
	struct table *t = table_new();
	char n[40];

	table_column(t, "latency", 0);
	for (size_t i = 0; i < ARRAY_LEN(points); i++)
		table_column(t, points[i], TABLE_RIGHT);
	table_column(t, "items", TABLE_RIGHT);
	for (size_t i = 0; latency_names[i] != NULL; i++) {
		const cJSON *p = json_get(latency, latency_names[i]);
		size_t c = 1;

		table_row(t);
		table_cell(t, 0, words[i]);
		for (size_t k = 0; k < ARRAY_LEN(points); k++) {
			const double v = json_num(p, points[k], NAN);

			table_cell(t, c++,
			    str_ends(latency_names[i], "_ms") ? text_ms(v, n)
							      : text_number(v, "%.1f", n));
		}
		table_cell(t, c, text_number(json_num(p, "n", NAN), "%.0f", n));
	}
	fputc('\n', to);
	table_print(t, true, width, to);
	table_free(t);
}

static void
show_slow(const cJSON *slow, size_t width, FILE *to)
{
	struct table *t = table_new();
	const cJSON *line;
	char n[40];

	if (cJSON_GetArraySize(slow) > 0) {
		show_title("Slow (more than twice the median of its task)", to);
		table_column(t, "item", 0);
		table_column(t, "task", 0);
		table_column(t, "duration", TABLE_RIGHT);
		table_column(t, "median", TABLE_RIGHT);
		table_column(t, "times", TABLE_RIGHT);
		json_for_each(line, slow) {
			table_row(t);
			table_cell(t, 0, json_str(line, "item"));
			table_cell(t, 1, json_str(line, "task_type"));
			table_cell(t, 2, text_ms(json_num(line, "duration_ms", NAN), n));
			table_cell(t, 3, text_ms(json_num(line, "median_ms", NAN), n));
			table_cell(t, 4, text_number(json_num(line, "times", NAN), "%.1f", n));
		}
		table_print(t, true, width, to);
	}
	table_free(t);
}

void
show_analysis(const cJSON *a, size_t width, FILE *to)
{
	show_head(a, to);
	show_latency(json_get(a, "latency"), width, to);
	show_tasks(json_get(a, "by_task"), width, to);
	show_lines("Failed", json_get(a, "failed"), "why", width, to);
	show_slow(json_get(a, "slow"), width, to);
	show_lines("Tried again", json_get(a, "retried"), "what came in between", width, to);
	show_excluded(json_get(a, "excluded"), width, to);
}

/* ---- compare ---- */

static const char *
winner_text(const cJSON *d)
{
	const char *w = json_str(d, "winner");

	if (w != NULL)
		return strcmp(w, "a") == 0 ? "A" : "B";
	return json_get(d, "delta") != NULL && !cJSON_IsNull(json_get(d, "delta"))
	    ? "no significant difference"
	    : NULL;
}

static void
delta_row(struct table *t, const char *name, const cJSON *d)
{
	char n[40], range[80] = "";
	const double low = json_num(d, "low", NAN), high = json_num(d, "high", NAN);

	table_row(t);
	table_cell(t, 0, name);
	table_cell(t, 1, text_number(json_num(d, "a", NAN), "%.1f", n));
	table_cell(t, 2, text_number(json_num(d, "b", NAN), "%.1f", n));
	table_cell(t, 3, text_number(json_num(d, "delta", NAN), "%+.1f", n));
	if (isfinite(low) && isfinite(high))
		snprintf(range, sizeof(range), "%+.1f to %+.1f", low, high);
	table_cell(t, 4, range);
	table_cell(t, 5, winner_text(d));
}

static struct table *
delta_table(const char *first)
{
	struct table *t = table_new();

	table_column(t, first, 0);
	table_column(t, "a", TABLE_RIGHT);
	table_column(t, "b", TABLE_RIGHT);
	table_column(t, "a - b", TABLE_RIGHT);
	table_column(t, "95 % interval", TABLE_RIGHT);
	table_column(t, "better", 0);
	return t;
}

static void
show_side(const char *letter, const cJSON *side, FILE *to)
{
	_cleanup_buf_ struct buf b = { 0 };
	const char *model = json_str(side, "model"), *target = json_str(side, "target"),
		   *id =
		       json_str(side, "run") != NULL ? json_str(side, "run") : json_str(side, "id");

	str_add_escaped(&b, model != NULL ? model : "?", strlen(model != NULL ? model : "?"));
	buf_add_str(&b, "  ");
	str_add_escaped(&b, target != NULL ? target : "", target != NULL ? strlen(target) : 0);
	buf_add_str(&b, "  ");
	str_add_escaped(&b, id != NULL ? id : "", id != NULL ? strlen(id) : 0);
	fprintf(to, "%s  %s\n", letter, buf_str(&b));
}

void
show_comparison(const cJSON *c, size_t width, FILE *to)
{
	const char *winner = json_str(c, "winner");
	struct table *t = delta_table("score (0-100)");
	const cJSON *d;

	show_side("A", json_get(c, "a"), to);
	show_side("B", json_get(c, "b"), to);
	fprintf(to, "%lld items in common\n\n", (long long)json_int(c, "items", 0));
	delta_row(t, "composite", json_get(c, "composite"));
	json_for_each(d, json_get(c, "dimensions"))
		delta_row(t, d->string, d);
	table_print(t, true, width, to);
	table_free(t);
	t = delta_table("task (composite)");
	json_for_each(d, json_get(c, "by_task"))
		delta_row(t, d->string, json_get(d, "composite"));
	fputc('\n', to);
	table_print(t, true, width, to);
	table_free(t);
	if (winner != NULL)
		fprintf(to, "\n%s is better: the interval of the difference does not hold 0.\n",
		    strcmp(winner, "a") == 0 ? "A" : "B");
	else
		fputs("\nNo significant difference: the interval of the difference holds 0.\n", to);
}

/* ---- verify, replay ---- */

void
show_verification(const cJSON *v, size_t width, FILE *to)
{
	const cJSON *problems = json_get(v, "problems"), *p;
	struct table *t = table_new();
	char n[40];

	if (json_bool(v, "ok", false)) {
		fprintf(to, "%s: %lld files and %lld attempts are as they were signed by %s%s.\n",
		    json_str(v, "id") != NULL ? json_str(v, "id") : "evidence",
		    (long long)json_int(v, "files", 0), (long long)json_int(v, "attempts", 0),
		    json_str(v, "signer") != NULL ? json_str(v, "signer") : "?",
		    json_bool(v, "recomputed", false)
			? "; its totals follow from them"
			: "; it is sealed: what is in it was not looked at");
		table_free(t);
		return;
	}
	table_column(t, "file", 0);
	table_column(t, "line", TABLE_RIGHT);
	table_column(t, "what", TABLE_CUT);
	json_for_each(p, problems) {
		table_row(t);
		table_cell(t, 0, json_str(p, "file"));
		table_cell(t, 1, text_number(json_num(p, "line", NAN), "%.0f", n));
		table_cell(t, 2, json_str(p, "what"));
	}
	table_print(t, true, width, to);
	table_free(t);
	fputs("\nThis is not what was signed, or it never was.\n", to);
}

static void
value_cell(struct table *t, size_t column, const cJSON *value)
{
	_cleanup_free_ char *text = value != NULL ? json_print(value) : NULL;
	_cleanup_buf_ struct buf cut = { 0 };

	if (text != NULL)
		table_cut(&cut, text, VALUE_WIDTH);
	table_cell(t, column, buf_str(&cut));
}

void
show_replay(const cJSON *r, size_t width, FILE *to)
{
	struct table *t = table_new();
	const cJSON *d;
	char n[40];

	if (json_bool(r, "ok", false)) {
		fprintf(to,
		    "%s: %lld attempts measured and scored again: the same to the last bit. "
		    "Composite %s.\n",
		    json_str(r, "id") != NULL ? json_str(r, "id") : "evidence",
		    (long long)json_int(r, "attempts", 0),
		    text_number(json_num(json_get(r, "composite"), "value", NAN), "%.1f", n));
		table_free(t);
		return;
	}
	table_column(t, "item", 0);
	table_column(t, "line", TABLE_RIGHT);
	table_column(t, "what", 0);
	table_column(t, "recorded", TABLE_CUT);
	table_column(t, "replayed", TABLE_CUT);
	json_for_each(d, json_get(r, "differences")) {
		table_row(t);
		table_cell(t, 0, json_str(d, "item") != NULL ? json_str(d, "item") : "(the run)");
		table_cell(t, 1,
		    text_number(
			json_int(d, "line", 0) > 0 ? json_num(d, "line", NAN) : NAN, "%.0f", n));
		table_cell(t, 2, json_str(d, "what"));
		value_cell(t, 3, json_get(d, "recorded"));
		value_cell(t, 4, json_get(d, "replayed"));
	}
	table_print(t, true, width, to);
	table_free(t);
	fputs("\nThe scores do not follow from the frames.\n", to);
	if (!json_bool(r, "same_program", true))
		fputs(
		    "Another build of janus-bench recorded them: its scorers may be others.\n", to);
}

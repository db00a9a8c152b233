/*
 * html_charts.c - bars, dots and timelines.
 */
#include "bench/report/html_charts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/item.h"
#include "bench/report/html_text.h"
#include "bench/report/result_internal.h"
#include "bench/report/show_internal.h"
#include "bench/score/score.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define WIDTH 760
#define LEFT 118 /* where labels end */
#define LABEL_MAX 60

static double
within(double v, double low, double high)
{
	return isfinite(v) ? fmin(fmax(v, low), high) : low;
}

static void
svg_begin(struct buf *out, double height, const char *what)
{
	buf_printf(out,
	    "<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"%s\" "
	    "xmlns=\"http://www.w3.org/2000/svg\">\n",
	    WIDTH, height, what);
}

static void
svg_end(struct buf *out)
{
	buf_add_str(out, "</svg>\n");
}

static void
rect(struct buf *out, const char *class, double x, double y, double w, double h)
{
	buf_printf(out,
	    "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/>",
	    class, x, y, fmax(w, 0), h);
}

static void
line(struct buf *out, const char *class, double x1, double y1, double x2, double y2)
{
	buf_printf(out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>", class, x1, y1, x2, y2);
}

static void
text(struct buf *out, const char *class, double x, double y, const char *s)
{
	buf_printf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
	html_text(out, s, LABEL_MAX);
	buf_add_str(out, "</text>");
}

/* ---- scores ---- */

#define BAR_RIGHT 560
#define ROW 34

static double
score_x(double score)
{
	return LEFT + within(score, 0, 100) / 100 * (BAR_RIGHT - LEFT);
}

static void
score_row(struct buf *out, const char *name, const cJSON *interval, double weight, int row)
{
	const double value = json_num(interval, "value", NAN), low = json_num(interval, "low", NAN),
		     high = json_num(interval, "high", NAN), y = 10 + row * ROW;
	char words[120];

	text(out, "end", LEFT - 12, y + 16, name);
	rect(out, "track", LEFT, y + 4, BAR_RIGHT - LEFT, 16);
	if (!isfinite(value)) {
		text(out, "soft", BAR_RIGHT + 14, y + 16, "no such items");
		return;
	}
	rect(out, row == 0 ? "bar main" : "bar", LEFT, y + 4, score_x(value) - LEFT, 16);
	if (isfinite(low) && isfinite(high)) {
		line(out, "whisker", score_x(low), y + 12, score_x(high), y + 12);
		line(out, "whisker", score_x(low), y + 7, score_x(low), y + 17);
		line(out, "whisker", score_x(high), y + 7, score_x(high), y + 17);
	}
	snprintf(words, sizeof(words), "%.1f", value);
	text(out, "strong", BAR_RIGHT + 14, y + 16, words);
	snprintf(words, sizeof(words), "%.1f \xe2\x80\x93 %.1f", low, high);
	if (isfinite(low) && isfinite(high))
		text(out, "soft", BAR_RIGHT + 56, y + 16, words);
	snprintf(words, sizeof(words), "%.0f %%", weight);
	if (isfinite(weight))
		text(out, "soft end", WIDTH - 4, y + 16, words);
}

void
chart_scores(struct buf *out, const cJSON *report)
{
	const cJSON *scores = json_get(report, "scores"), *weights = json_get(report, "weights");
	const double height = 10 + (SCORE_DIMENSION_COUNT + 1) * ROW + 18;
	char at[8];

	svg_begin(out, height, "Scores with 95 % intervals");
	for (int v = 0; v <= 100; v += 25) {
		line(out, "grid", score_x(v), 6, score_x(v), height - 18);
		snprintf(at, sizeof(at), "%d", v);
		text(out, "soft mid", score_x(v), height - 4, at);
	}
	score_row(out, "composite", json_get(scores, "composite"), NAN, 0);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		const char *name = score_dimension_name(d);

		score_row(out, name, json_get(scores, name), json_num(weights, name, NAN), d + 1);
	}
	svg_end(out);
}

/* ---- tasks ---- */

void
chart_tasks(struct buf *out, const cJSON *by_task)
{
	static const char *const parts[] = { "passed", "failed", "excluded" };
	const int n = cJSON_GetArraySize(by_task);
	const cJSON *t;
	int row = 0;

	svg_begin(out, 10 + n * ROW, "Items by task: passed, failed, left out");
	json_for_each(t, by_task) {
		const double items = fmax(json_num(t, "items", 0), 1), y = 4 + row++ * ROW,
			     quality = json_num(json_get(t, "scores"), "quality", NAN);
		double x = LEFT;
		char words[80];

		text(out, "end", LEFT - 12, y + 18, t->string);
		rect(out, "track", LEFT, y + 6, BAR_RIGHT - LEFT, 16);
		for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
			const double w =
			    within(json_num(t, parts[p], 0) / items, 0, 1) * (BAR_RIGHT - LEFT);

			if (w > 0)
				rect(out, parts[p], x, y + 6, w - 1, 16);
			x += w;
		}
		snprintf(words, sizeof(words), "%.0f of %.0f", json_num(t, "passed", 0),
		    json_num(t, "items", 0));
		text(out, "strong", BAR_RIGHT + 14, y + 18, words);
		snprintf(words, sizeof(words), "quality %.1f", quality);
		if (isfinite(quality))
			text(out, "soft end", WIDTH - 4, y + 18, words);
	}
	svg_end(out);
}

/* ---- latency ---- */

#define LATENCY_RIGHT (WIDTH - 20)
#define LATENCY_ROW 30

struct scale { /* powers of ten */
	double low, high;
};

static double
scale_x(const struct scale *s, double ms)
{
	return LEFT +
	    (log10(within(ms, s->low, s->high)) - log10(s->low)) /
	    (log10(s->high) - log10(s->low)) * (LATENCY_RIGHT - LEFT);
}

static struct scale
scale_of(const struct standing *s, double *values)
{
	struct scale scale = { 1e3, 1e3 };

	for (int k = 0; k < 2; k++) {
		const size_t n =
		    standing_values(s, NULL, k == 0 ? "ttft_ms" : "duration_ms", values);

		for (size_t i = 0; i < n; i++) {
			const double ms = within(values[i], 1, 1e7);

			scale.low = fmin(scale.low, pow(10, floor(log10(ms))));
			scale.high = fmax(scale.high, pow(10, ceil(log10(ms))));
		}
	}
	if (scale.high <= scale.low)
		scale.high = scale.low * 10;
	return scale;
}

static void
axis(struct buf *out, const struct scale *s, double bottom)
{
	char words[40];

	const int powers = (int)lround(log10(s->high / s->low));

	for (int i = 0; i <= powers; i++) {
		const double ms = s->low * pow(10, i);

		line(out, "grid", scale_x(s, ms), 4, scale_x(s, ms), bottom);
		snprintf(words, sizeof(words), ms >= 1000 ? "%.0f s" : "%.0f ms",
		    ms >= 1000 ? ms / 1000 : ms);
		text(out, "soft mid", scale_x(s, ms), bottom + 14, words);
	}
}

static void
dots(struct buf *out, const struct standing *s, const struct scale *scale, const char *task,
    const char *name, double y, double *values)
{
	const bool first = strcmp(name, "ttft_ms") == 0;
	const size_t n = standing_values(s, task, name, values);
	const double median = percentile(values, n, 0.5);

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>",
		    first ? "first" : "whole", scale_x(scale, values[i]), y);
	if (n > 0)
		line(out, "median", scale_x(scale, median), y - 6, scale_x(scale, median), y + 6);
}

void
chart_latency(struct buf *out, const cJSON *report)
{
	const cJSON *by_task = json_get(report, "by_task"), *t;
	const double bottom = 8 + cJSON_GetArraySize(by_task) * LATENCY_ROW;
	struct standing s;
	double y = 8 + LATENCY_ROW / 2.0;

	standing_of(json_get(report, "results"), &s);
	_cleanup_free_ double *values = mem_zalloc((s.n + 1) * sizeof(*values));
	const struct scale scale = scale_of(&s, values);
	svg_begin(out, bottom + 20, "First content and duration of every item, by task");
	axis(out, &scale, bottom);
	json_for_each(t, by_task) {
		text(out, "end", LEFT - 12, y + 4, t->string);
		dots(out, &s, &scale, t->string, "duration_ms", y + 5, values);
		dots(out, &s, &scale, t->string, "ttft_ms", y - 5, values);
		y += LATENCY_ROW;
	}
	svg_end(out);
	standing_done(&s);
}

/* ---- a timeline ---- */

#define TRACE_TOP 6
#define TRACE_BASE 46
#define TRACE_HEIGHT 68

struct gap {
	double from, to;
};

static double
event_number(const cJSON *event, int at)
{
	const cJSON *v = cJSON_GetArrayItem(event, at);

	return cJSON_IsNumber(v) && isfinite(v->valuedouble) ? v->valuedouble : 0;
}

static double
trace_end(const cJSON *trace)
{
	double end = json_num(trace, "duration_ms", 0);
	const cJSON *e;

	json_for_each(e, json_get(trace, "events"))
		end = fmax(end, event_number(e, 0));
	return within(end, 1, 1e9);
}

static struct gap
longest_gap(const cJSON *trace, double end)
{
	struct gap g = { 0, 0 };
	double before = 0;
	const cJSON *e;

	json_for_each(e, json_get(trace, "events")) {
		if (cJSON_IsTrue(cJSON_GetArrayItem(e, 2)))
			continue;
		if (event_number(e, 0) - before > g.to - g.from)
			g = (struct gap){ before, event_number(e, 0) };
		before = fmax(before, event_number(e, 0));
	}
	if (end - before > g.to - g.from)
		g = (struct gap){ before, end };
	return g;
}

static double
trace_x(double ms, double end)
{
	return 8 + within(ms, 0, end) / end * (WIDTH - 16);
}

void
chart_trace(struct buf *out, const cJSON *trace)
{
	const double end = trace_end(trace);
	const struct gap gap = longest_gap(trace, end);
	const double left = trace_x(gap.from, end), right = trace_x(gap.to, end);
	char words[40];
	const cJSON *e;

	svg_begin(out, TRACE_HEIGHT, "When the bytes of an item came");
	rect(out, "gap", left, TRACE_TOP, right - left, TRACE_BASE - TRACE_TOP);
	line(out, "axis", 8, TRACE_BASE, WIDTH - 8, TRACE_BASE);
	json_for_each(e, json_get(trace, "turns")) {
		if (cJSON_IsNumber(e))
			line(out, "turn", trace_x(e->valuedouble, end), TRACE_TOP,
			    trace_x(e->valuedouble, end), TRACE_BASE + 5);
	}
	json_for_each(e, json_get(trace, "events")) {
		const double x = trace_x(event_number(e, 0), end),
			     high = within(log10(event_number(e, 1) + 1) / 4, 0.1, 1) *
		    (TRACE_BASE - TRACE_TOP - 6);

		if (cJSON_IsTrue(cJSON_GetArrayItem(e, 2)))
			buf_printf(out,
			    "<circle class=\"ping\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", x,
			    TRACE_BASE - 6.0);
		else
			line(out, "event", x, TRACE_BASE, x, TRACE_BASE - high);
	}
	text(out, "strong mid", within((left + right) / 2, 30, WIDTH - 30), TRACE_TOP + 13,
	    text_ms(gap.to - gap.from, words));
	text(out, "soft", 8, TRACE_HEIGHT - 6, "0");
	text(out, "soft end", WIDTH - 8, TRACE_HEIGHT - 6, text_ms(end, words));
	svg_end(out);
}

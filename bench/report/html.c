/*
 * html.c - a run as one page: no script, nothing from elsewhere, light or dark as the reader has it.
 */
#include <math.h>
#include <string.h>

#include "bench/report/html_charts.h"
#include "bench/report/html_internal.h"
#include "bench/report/html_text.h"
#include "bench/report/report.h"
#include "bench/report/result_internal.h"
#include "bench/report/show_internal.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

EMBED(report_css, "bench/report/html.css");

#define NAME_MAX_SHOWN 160

static void
add_head(struct buf *out, const cJSON *r)
{
	buf_add_str(out,
	    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	html_text(out, json_str(r, "model"), NAME_MAX_SHOWN);
	buf_add_str(out, " on ");
	html_text(out, json_str(r, "suite"), NAME_MAX_SHOWN);
	buf_add_str(out, "</title>\n<style>\n");
	buf_add(out, report_css, EMBED_LEN(report_css));
	buf_add_str(out, "</style></head>\n<body><main>\n");
}

static void
add_title(struct buf *out, const cJSON *r)
{
	const cJSON *c = json_path(r, "scores.composite");
	const double value = json_num(c, "value", NAN);

	buf_add_str(out, "<header><div><h1><bdi>");
	html_text(out,
	    json_str(r, "competitor") != NULL ? json_str(r, "competitor") : json_str(r, "model"),
	    NAME_MAX_SHOWN);
	buf_add_str(out, "</bdi></h1><p>on ");
	html_text(out, json_str(r, "suite"), NAME_MAX_SHOWN);
	if (json_str(r, "started_at") != NULL) {
		_cleanup_free_ char *day = str_printf("%.10s", json_str(r, "started_at"));

		buf_add_str(out, ", ");
		html_text(out, day, NAME_MAX_SHOWN);
	}
	buf_add_str(out, "</p></div>");
	if (isfinite(value)) {
		buf_printf(out,
		    "<p class=\"total\"><b>%.1f</b><span>of 100, 95 %% between %.1f and %.1f"
		    "</span></p>",
		    value, json_num(c, "low", value), json_num(c, "high", value));
	}
	buf_add_str(out, "</header>\n");
}

static void
add_note(struct buf *out, const cJSON *r)
{
	const char *state = json_str(r, "state");

	if (state != NULL && strcmp(state, "finished") != 0) {
		buf_add_str(out, "<p class=\"note\">This run is ");
		html_text(out, state, 20);
		buf_add_str(out, ": the numbers are of what was asked until then.</p>\n");
	} else if (json_get(r, "is_whole") != NULL && !json_bool(r, "is_whole", true)) {
		buf_add_str(out,
		    "<p class=\"note\">Not the whole suite: this run does not count for "
		    "the leaderboard.</p>\n");
	}
}

static void
add_number_card(struct buf *out, const char *value, const char *name)
{
	if (*value != '\0')
		buf_printf(out, "<div><b>%s</b><span>%s</span></div>", value, name);
}

static void
add_numbers(struct buf *out, const cJSON *r)
{
	const cJSON *items = json_get(r, "items"), *latency = json_get(r, "latency"),
		    *totals = json_get(r, "totals");
	const double metered = json_num(totals, "metered_cost_usd", NAN),
		     reported = json_num(totals, "reported_cost_usd", NAN);
	char n[40], both[96];

	buf_add_str(out, "<section class=\"numbers\">");
	snprintf(both, sizeof(both), "%.0f of %.0f", json_num(items, "passed", 0),
	    json_num(items, "expected", 0));
	add_number_card(out, items != NULL ? both : "", "items passed");
	add_number_card(out, text_number(json_num(items, "excluded", NAN), "%.0f", n), "left out");
	add_number_card(out, text_ms(json_num(json_get(latency, "ttft_ms"), "p50", NAN), n),
	    "first content, median");
	add_number_card(out, text_ms(json_num(json_get(latency, "duration_ms"), "p50", NAN), n),
	    "duration, median");
	add_number_card(out,
	    text_number(json_num(json_get(latency, "tokens_per_second"), "p50", NAN), "%.0f", n),
	    "tokens a second, median");
	add_number_card(
	    out, text_number(json_num(totals, "completion_tokens", NAN), "%.0f", n), "tokens out");
	add_number_card(out, text_number(isfinite(metered) ? metered : reported, "$%.4f", n),
	    isfinite(metered) ? "cost, metered" : "cost, as it reports");
	buf_add_str(out, "</section>\n");
}

static void
begin_section(struct buf *out, const char *title, const char *about)
{
	buf_printf(out, "<section><h2>%s</h2><p class=\"about\">%s</p>\n", title, about);
}

static void
add_key(struct buf *out, const char *mark, const char *words)
{
	buf_printf(out,
	    "<span class=\"key\"><svg viewBox=\"0 0 14 14\" aria-hidden=\"true\">%s</svg>%s</span>",
	    mark, words);
}

static void
add_charts(struct buf *out, const cJSON *r)
{
	const cJSON *by_task = json_get(r, "by_task");

	if (json_get(r, "scores") != NULL) {
		begin_section(out, "Scores",
		    "0 to 100; the line is the 95 % interval, the number at the right the weight "
		    "in "
		    "the composite.");
		chart_scores(out, r);
		buf_add_str(out, "</section>\n");
	}
	if (cJSON_GetArraySize(by_task) == 0)
		return;
	buf_add_str(out, "<section><h2>By task</h2><p class=\"about\">");
	add_key(out, "<rect class=\"passed\" width=\"14\" height=\"14\" rx=\"2\"/>", "passed");
	add_key(out, "<rect class=\"failed\" width=\"14\" height=\"14\" rx=\"2\"/>", "failed");
	add_key(out, "<rect class=\"excluded\" width=\"14\" height=\"14\" rx=\"2\"/>",
	    "left out: not the target's fault");
	buf_add_str(out, "</p>\n");
	chart_tasks(out, by_task);
	buf_add_str(out, "</section>\n<section><h2>Latency</h2><p class=\"about\">");
	add_key(out, "<circle class=\"first\" cx=\"7\" cy=\"7\" r=\"4\"/>", "first content");
	add_key(out, "<circle class=\"whole\" cx=\"7\" cy=\"7\" r=\"4\"/>", "whole answer");
	add_key(out, "<path class=\"median\" d=\"M7 1L7 13\"/>", "median");
	buf_add_str(out, "</p>\n");
	chart_latency(out, r);
	buf_add_str(out, "</section>\n");
}

static void
add_traces(struct buf *out, const cJSON *traces)
{
	const cJSON *t;

	if (cJSON_GetArraySize(traces) == 0)
		return;
	buf_add_str(out, "<section><h2>Longest silences</h2><p class=\"about\">");
	add_key(out, "<path class=\"event\" d=\"M4 13V5M7 13V2M10 13V7\"/>", "bytes, as they came");
	add_key(out, "<circle class=\"ping\" cx=\"7\" cy=\"9\" r=\"3\"/>", "heartbeat only");
	add_key(
	    out, "<rect class=\"gap\" width=\"14\" height=\"14\" rx=\"2\"/>", "longest silence");
	add_key(out, "<path class=\"turn\" d=\"M7 1V13\"/>", "a request");
	buf_add_str(out, "</p>\n");
	json_for_each(t, traces) {
		buf_add_str(out, "<h3><bdi>");
		html_text(out, json_str(t, "item"), NAME_MAX_SHOWN);
		buf_add_str(out, "</bdi><small>");
		html_text(out, json_str(t, "task_type"), 20);
		buf_add_str(out, "</small></h3>\n");
		chart_trace(out, t);
	}
	buf_add_str(out, "</section>\n");
}

static void
add_items(struct buf *out, const cJSON *r)
{
	static const char *const order[] = { "failed", "error", "skipped", "passed" };
	struct standing s;

	standing_of(json_get(r, "results"), &s);
	begin_section(out, "Items", "What did not pass comes first; each opens.");
	buf_add_str(out,
	    "<div class=\"row\"><span>state</span><span>item</span><span>task</span>"
	    "<span>quality</span><span>first</span><span>whole</span></div>\n");
	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		for (size_t i = 0; i < s.n; i++) {
			if (str_eq(json_str(s.lines[i], "state"), order[k]))
				html_item(out, s.lines[i]);
		}
	}
	buf_add_str(out, "</section>\n");
	standing_done(&s);
}

static void
add_made_of(struct buf *out, const cJSON *r)
{
	static const struct {
		const char *name, *key;
	} facts[] = { { "Evidence", "id" }, { "Run", "run" }, { "Target", "target" },
		{ "Model", "model" }, { "Competitor", "competitor" }, { "Version", "version_id" },
		{ "Image", "image_digest" }, { "Suite", "suite_digest" }, { "Scoring", "scoring" },
		{ "Scoring's digest", "scoring_digest" }, { "Program", "binary_sha256" },
		{ "Janus", "version" }, { "Started", "started_at" }, { "Ended", "finished_at" },
		{ "Cost is scored by", "cost_from" } };
	static const char *const numbers[][2] = { { "Seed", "seed" },
		{ "Percent of the suite", "subset_percent" }, { "Epochs", "epochs" },
		{ "At once", "concurrency" } };
	char n[40];

	begin_section(out, "What this is made of",
	    "Who has the evidence can compute all of it again: janus-bench replay DIR.");
	buf_add_str(out, "<dl>");
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		html_fact(out, facts[i].name, json_str(r, facts[i].key));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		html_fact(
		    out, numbers[i][0], text_number(json_num(r, numbers[i][1], NAN), "%.0f", n));
	buf_add_str(out, "</dl></section>\n");
}

void
report_html(const cJSON *r, struct buf *out)
{
	add_head(out, r);
	add_title(out, r);
	add_note(out, r);
	add_numbers(out, r);
	add_charts(out, r);
	add_traces(out, json_get(r, "traces"));
	add_items(out, r);
	add_made_of(out, r);
	buf_add_str(out, "</main></body></html>\n");
}

/*
 * html_items.c - every item of a run, folded: what came of it, and why.
 */
#include <math.h>
#include <string.h>

#include "bench/report/html_internal.h"
#include "bench/report/html_text.h"
#include "bench/report/result_internal.h"
#include "bench/report/show_internal.h"
#include "bench/score/score.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define TEXT_MAX 4000
#define WORD_MAX 300
#define CHECKS_MAX 40

void
html_fact(struct buf *out, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_printf(out, "<dt>%s</dt><dd><bdi>", name);
	html_text(out, value, WORD_MAX);
	buf_add_str(out, "</bdi></dd>");
}

static void
cell(struct buf *out, const char *text)
{
	buf_add_str(out, "<span>");
	html_text(out, text != NULL && *text != '\0' ? text : "\xe2\x80\x93", WORD_MAX);
	buf_add_str(out, "</span>");
}

static void
add_summary(struct buf *out, const cJSON *line)
{
	const char *state = json_str(line, "state");
	const int64_t epoch = json_int(line, "epoch", 0);
	char n[40], name[24] = "";

	if (epoch > 0)
		snprintf(name, sizeof(name), " #%lld", (long long)epoch + 1);
	buf_printf(out, "<summary class=\"%s\"><b>",
	    str_eq(state, "passed")       ? "is-passed"
		: str_eq(state, "failed") ? "is-failed"
					  : "is-out");
	html_text(out, state, 20);
	buf_add_str(out, "</b><bdi>");
	html_text(out, json_str(line, "item"), WORD_MAX);
	buf_printf(out, "%s</bdi>", name);
	cell(out, json_str(line, "task_type"));
	cell(out, text_number(json_num(json_get(line, "scores"), "quality", NAN), "%.1f", n));
	cell(out, text_ms(measured_number(line, "ttft_ms"), n));
	cell(out, text_ms(measured_number(line, "duration_ms"), n));
	buf_add_str(out, "</summary>\n");
}

static void
add_scores(struct buf *out, const cJSON *line)
{
	_cleanup_buf_ struct buf text = { 0 };
	char n[40];

	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		const double v = json_num(json_get(line, "scores"), score_dimension_name(d), NAN);

		if (isfinite(v))
			buf_printf(&text, "%s%s %s", text.len > 0 ? ", " : "",
			    score_dimension_name(d), text_number(v, "%.1f", n));
	}
	html_fact(out, "Scores", buf_str(&text));
}

static void
add_measured(struct buf *out, const cJSON *m)
{
	static const struct {
		const char *name, *key, *format;
	} numbers[] = { { "Tokens in", "prompt_tokens", "%.0f" },
		{ "Tokens out", "completion_tokens", "%.0f" }, { "Turns", "turns", "%.0f" },
		{ "Events with content", "content_events", "%.0f" },
		{ "Heartbeats", "pings", "%.0f" }, { "Longest silence", "max_gap_ms", NULL },
		{ "Stalled", "stall_ms", NULL }, { "Status", "status", "%.0f" } };
	char n[40];

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		const double v = json_num(m, numbers[i].key, NAN);

		if (v != 0)
			html_fact(out, numbers[i].name,
			    numbers[i].format != NULL ? text_number(v, numbers[i].format, n)
						      : text_ms(v, n));
	}
	html_fact(out, "Finish reason", json_str(m, "finish_reason"));
	html_fact(out, "Model, as it says", json_str(m, "model"));
	html_fact(out, "Odd", json_str(m, "odd"));
}

static void
add_checks(struct buf *out, const cJSON *checks)
{
	const cJSON *c;
	int n = 0;

	json_for_each(c, checks) {
		_cleanup_buf_ struct buf text = { 0 };
		const cJSON *seen = json_get(c, "seen");
		_cleanup_free_ char *other =
		    seen != NULL && !cJSON_IsString(seen) && !cJSON_IsNull(seen) ? json_print(seen)
										 : NULL;
		const char *said = other != NULL ? other : cJSON_GetStringValue(seen);

		if (!cJSON_IsObject(c) || n++ == CHECKS_MAX)
			break;
		buf_printf(&text, "%s", json_str(c, "check") != NULL ? json_str(c, "check") : "");
		if (said != NULL)
			buf_printf(&text, ": %.200s", said);
		html_fact(out, json_bool(c, "ok", false) ? "Held" : "Did not hold", buf_str(&text));
	}
}

static void
add_block(struct buf *out, const char *name, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_printf(out, "<p>%s</p><pre>", name);
	html_text(out, text, TEXT_MAX);
	buf_add_str(out, "</pre>\n");
}

static void
add_executions(struct buf *out, const cJSON *executions)
{
	const cJSON *e;

	json_for_each(e, executions) {
		_cleanup_buf_ struct buf text = { 0 };

		if (!cJSON_IsObject(e) ||
		    (json_int(e, "exit", 0) == 0 && json_str(e, "stderr") == NULL))
			continue;
		buf_printf(&text, "exit %lld\n%.600s\n%.600s", (long long)json_int(e, "exit", 0),
		    json_str(e, "stdout") != NULL ? json_str(e, "stdout") : "",
		    json_str(e, "stderr") != NULL ? json_str(e, "stderr") : "");
		if (json_int(e, "exit", 0) != 0)
			add_block(out, "A run of its code that failed", buf_str(&text));
	}
}

void
html_item(struct buf *out, const cJSON *line)
{
	buf_add_str(out, "<details>");
	add_summary(out, line);
	buf_add_str(out, "<div class=\"inside\">");
	if (json_str(line, "why") != NULL && *json_str(line, "why") != '\0') {
		buf_add_str(out, "<p><bdi>");
		html_text(out, json_str(line, "why"), TEXT_MAX);
		buf_add_str(out, "</bdi></p>");
	}
	buf_add_str(out, "<dl>");
	html_fact(out, "Fault", json_str(line, "fault"));
	html_fact(out, "Code", json_str(line, "code"));
	html_fact(out, "Error", json_str(line, "error"));
	add_scores(out, line);
	add_checks(out, json_get(line, "checks"));
	add_measured(out, json_get(line, "measured"));
	html_fact(out, "Attempt", json_str(line, "id"));
	buf_add_str(out, "</dl>");
	add_executions(out, json_get(line, "executions"));
	add_block(out, "The answer", json_str(line, "answer"));
	buf_add_str(out, "</div></details>\n");
}

/*
 * csv.c - a line for each attempt (RFC 4180), safe to open in a spreadsheet.
 */
#include <math.h>
#include <string.h>

#include "bench/report/report.h"
#include "bench/report/result_internal.h"
#include "bench/score/score.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static const char *const texts[] = { "item", "task_type", "modality" };
static const char *const counts[] = { "epoch", "attempt" };
static const char *const more_texts[] = { "state", "fault", "code", "cost_from" };
static const char *const measured[] = { "ttft_ms", "duration_ms", "max_gap_ms", "stall_ms", "turns",
	"pings", "content_events", "content_bytes", "prompt_tokens", "completion_tokens",
	"reported_cost_usd", "status" };
static const char *const last_texts[] = { "started_at", "why", "error" };

/* A quote before what a spreadsheet takes for a formula. */
static void
add_text(struct buf *out, const char *text)
{
	const bool formula = text != NULL && *text != '\0' && strchr("=+-@\t\r", *text) != NULL;

	buf_add_char(out, '"');
	if (formula)
		buf_add_char(out, '\'');
	for (const char *c = text; c != NULL && *c != '\0'; c++) {
		if (*c == '"')
			buf_add_char(out, '"');
		buf_add_char(out, *c);
	}
	buf_add_str(out, "\",");
}

static void
add_value(struct buf *out, double v)
{
	if (isfinite(v))
		buf_printf(out, "%.10g", v);
	buf_add_char(out, ',');
}

static void
add_texts(struct buf *out, const cJSON *line, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_text(out, json_str(line, names[i]));
}

static void
add_head(struct buf *out)
{
	const struct {
		const char *const *names;
		size_t n;
	} heads[] = { { texts, ARRAY_LEN(texts) }, { counts, ARRAY_LEN(counts) },
		{ more_texts, ARRAY_LEN(more_texts) } };

	for (size_t h = 0; h < ARRAY_LEN(heads); h++) {
		for (size_t i = 0; i < heads[h].n; i++)
			buf_printf(out, "%s,", heads[h].names[i]);
	}
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		buf_printf(out, "%s,", score_dimension_name(d));
	for (size_t i = 0; i < ARRAY_LEN(measured); i++)
		buf_printf(out, "%s,", measured[i]);
	buf_add_str(out, "metered_cost_usd,");
	for (size_t i = 0; i < ARRAY_LEN(last_texts); i++)
		buf_printf(out, "%s,", last_texts[i]);
}

static void
end_line(struct buf *out)
{
	out->data[out->len - 1] = '\r'; /* the last comma */
	buf_add_char(out, '\n');
}

void
report_csv(const cJSON *report, struct buf *out)
{
	const cJSON *line;

	add_head(out);
	end_line(out);
	json_for_each(line, json_get(report, "results")) {
		const cJSON *scores = json_get(line, "scores"), *m = json_get(line, "measured");

		add_texts(out, line, texts, ARRAY_LEN(texts));
		for (size_t i = 0; i < ARRAY_LEN(counts); i++)
			add_value(out, json_num(line, counts[i], NAN));
		add_texts(out, line, more_texts, ARRAY_LEN(more_texts));
		for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
			add_value(out, json_num(scores, score_dimension_name(d), NAN));
		for (size_t i = 0; i < ARRAY_LEN(measured); i++)
			add_value(out, json_num(m, measured[i], NAN));
		add_value(out, json_num(line, "metered_cost_usd", NAN));
		add_texts(out, line, last_texts, ARRAY_LEN(last_texts));
		end_line(out);
	}
}

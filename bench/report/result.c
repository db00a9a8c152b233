/*
 * result.c - one attempt's scores as the members of its line, and back.
 */
#include "bench/report/result.h"

#include <math.h>
#include <string.h>

#include "bench/report/result_internal.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define ANSWER_SHOWN_MAX 2000

static const char *const cost_words[] = { "metered", "reported", "tokens" };

void
add_number(cJSON *object, const char *key, double value)
{
	if (!isfinite(value) || cJSON_AddNumberToObject(object, key, value) == NULL)
		json_add_str(object, key, NULL);
}

void
add_copy(cJSON *object, const char *key, const cJSON *value)
{
	cJSON *copy = value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull();

	if (copy == NULL || !cJSON_AddItemToObject(object, key, copy))
		mem_out();
}

/* Microseconds as milliseconds, micro dollars as dollars; null below 0. */
static void
add_scaled(cJSON *object, const char *key, int64_t value, double unit)
{
	add_number(object, key, value >= 0 ? (double)value / unit : NAN);
}

static cJSON *
measured_json(const struct measured *m)
{
	cJSON *j = cJSON_CreateObject();

	json_add_bool(j, "complete", m->complete);
	add_scaled(j, "ttft_ms", m->ttft_us, 1e3);
	add_scaled(j, "duration_ms", m->duration_us, 1e3);
	add_scaled(j, "max_gap_ms", m->max_gap_us, 1e3);
	add_scaled(j, "stall_ms", m->stall_us, 1e3);
	json_add_int(j, "pings", m->pings);
	json_add_int(j, "content_events", m->content_events);
	json_add_int(j, "content_bytes", m->content_bytes);
	json_add_int(j, "prompt_tokens", m->prompt_tokens);
	json_add_int(j, "completion_tokens", m->completion_tokens);
	json_add_bool(j, "tokens_estimated", m->tokens_estimated);
	add_scaled(j, "reported_cost_usd", m->reported_micro_usd, 1e6);
	json_add_int(j, "turns", m->turns);
	json_add_int(j, "status", m->status);
	json_add_text(j, "finish_reason", m->finish_reason);
	json_add_text(j, "model", m->model);
	json_add_text(j, "odd", m->odd);
	json_add_int(j, "tool_calls", cJSON_GetArraySize(m->calls));
	return j;
}

static void
add_scores(cJSON *line, const struct result *r)
{
	cJSON *scores = json_add_obj(line, "scores");

	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		add_number(scores, score_dimension_name(d),
		    r->counts && r->has[d] ? 100 * r->score[d] : NAN);
}

/* Enough of the answer to see what it was; all of it is in the frames. */
static void
add_answer(cJSON *line, const char *text)
{
	const size_t len = text != NULL ? strnlen(text, ANSWER_SHOWN_MAX) : 0;
	_cleanup_free_ char *shown = str_ndup(text != NULL ? text : "", len);

	if (text != NULL && text[len] != '\0') { /* not inside a character */
		size_t end = len;

		while (end > 0 && len - end < 4 && ((unsigned char)text[end] & 0xC0) == 0x80)
			end--;
		shown[end] = '\0';
	}
	json_add_text(line, "answer", shown);
}

cJSON *
result_line(const struct item *item, const struct attempt *a, const struct measured *m,
    const struct result *r)
{
	cJSON *line = cJSON_CreateObject();
	const enum attempt_state s = a->state == ATTEMPT_ERROR || a->state == ATTEMPT_SKIPPED
	    ? a->state
	    : (r->passed ? ATTEMPT_PASSED : ATTEMPT_FAILED);

	json_add_str(line, "task_type", item_task_name(item->task));
	json_add_str(line, "modality", item_modality_name(item->modality));
	add_number(line, "weight", item->weight);
	json_add_str(line, "state", attempt_state_name(s));
	json_add_bool(line, "passed", r->counts && r->passed);
	add_scores(line, r);
	json_add_str(line, "cost_from", r->counts ? cost_words[r->cost_from] : NULL);
	json_add_text(line, "why", r->why);
	add_copy(line, "checks", r->checks);
	cJSON_AddItemToObject(line, "measured", measured_json(m));
	add_answer(line, m->text);
	return line;
}

/* ---- back ---- */

bool
result_counts(const cJSON *line)
{
	const char *state = json_str(line, "state");

	return str_eq(state, "passed") || str_eq(state, "failed");
}

void
result_read(const cJSON *line, struct result *out)
{
	const cJSON *scores = json_get(line, "scores");
	const char *from = json_str(line, "cost_from");

	*out = (struct result){ .counts = result_counts(line),
		.passed = json_bool(line, "passed", false),
		.cost_from = COST_TOKENS };
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		const double v = json_num(scores, score_dimension_name(d), NAN);

		out->has[d] = isfinite(v);
		out->score[d] = out->has[d] ? v / 100 : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(cost_words); i++) {
		if (str_eq(from, cost_words[i]))
			out->cost_from = i;
	}
}

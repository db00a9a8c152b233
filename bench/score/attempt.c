/*
 * attempt.c - judge one attempt: its scorer for quality, curves for the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/score/scorers.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define REFERENCE_QUALITY 0.98 /* what a reference must reach */
#define CHEAT_QUALITY 0.02 /* and what nothing and an echo may */

static const struct scorer {
	const char *kind;
	scorer_fn *score;
	scorer_check_fn *check;
	bool provable; /* text and calls are all it looks at: its reference can be tried at once */
} scorers[] = {
	{ "answer", score_answer, check_answer, true },
	{ "brief", score_brief, check_brief, true },
	{ "cover", score_cover, check_cover, true },
	{ "citations", score_citations, check_citations, true },
	{ "code", score_code, check_code, false },
	{ "calls", score_calls, check_calls, true },
	{ "files", score_files, check_files, false },
	{ "image", score_image, check_image, false },
	{ "stream", score_stream, check_stream, true },
};

static const struct scorer *
scorer_of(const struct item *item)
{
	const char *kind = json_str(item->scorer, "kind");

	for (size_t i = 0; i < ARRAY_LEN(scorers); i++)
		if (str_eq(kind, scorers[i].kind))
			return &scorers[i];
	return NULL;
}

static double
clamped(double x)
{
	return x > 1 ? 1 : x > 0 ? x : 0; /* also what is not a number: 0 */
}

static double
quality_of(struct judging *j)
{
	const struct scorer *s = scorer_of(j->item);

	if (!j->measured->complete) {
		judge_note(j, "complete", false, 1,
		    j->measured->odd[0] != '\0' ? j->measured->odd : "no answer");
		return 0;
	}
	if (s == NULL)
		return judge_note(j, "scorer", false, 1, "unknown kind");
	return clamped(s->score(j, j->item->scorer));
}

/* ---- curves ---- */

static double
speed_of(const struct measured *m, const struct scoring_task *t)
{
	const double ttft = (double)(m->ttft_us >= 0 ? m->ttft_us : m->duration_us) / 1000,
		     duration = (double)m->duration_us / 1000;

	return curve_at(&t->ttft_ms, ttft) * 0.5 + curve_at(&t->duration_ms, duration) * 0.5;
}

static double
streaming_of(const struct measured *m, const struct scoring_task *t)
{
	const double ratio = m->duration_us > 0 ? (double)m->stall_us / (double)m->duration_us : 0;

	return curve_at(&t->stall_ratio, ratio) * 0.6 +
	    curve_at(&t->max_gap_ms, (double)m->max_gap_us / 1000) * 0.4;
}

static double
cost_of(const struct attempt *a, const struct measured *m, const struct scoring_task *t,
    struct result *out)
{
	const double tokens =
	    curve_at(&t->tokens, (double)m->prompt_tokens + (double)m->completion_tokens);

	if (a->metered_micro_usd >= 0) {
		out->cost_from = COST_METERED;
		return curve_at(&t->cost_usd, (double)a->metered_micro_usd / 1e6);
	}
	out->cost_from = m->reported_micro_usd >= 0 ? COST_REPORTED : COST_TOKENS;
	if (m->reported_micro_usd < 0)
		return tokens;
	const double said = curve_at(&t->cost_usd, (double)m->reported_micro_usd / 1e6);
	return said < tokens ? said : tokens;
}

void
score_attempt(const struct item *item, const struct attempt *a, const struct measured *m,
    const struct scoring *scoring, struct result *out)
{
	struct judging j = { .item = item, .attempt = a, .measured = m, .out = out };
	const struct scoring_task *t = &scoring->tasks[item->task];

	*out =
	    (struct result){ .counts = a->state != ATTEMPT_ERROR && a->state != ATTEMPT_SKIPPED };
	out->has[SCORE_QUALITY] = out->has[SCORE_SPEED] = out->has[SCORE_COST] = out->counts;
	out->has[SCORE_STREAMING] = out->counts && m->asked_stream;
	out->has[SCORE_MODALITY] = out->counts && item->modality != ITEM_TEXT;
	const double cost = cost_of(a, m, t, out);
	if (out->counts) {
		const double quality = quality_of(&j);

		out->passed = quality >= scoring->pass_mark;
		if (out->passed) {
			out->score[SCORE_QUALITY] = quality;
			out->score[SCORE_SPEED] = clamped(speed_of(m, t));
			out->score[SCORE_COST] = clamped(cost);
			out->score[SCORE_STREAMING] =
			    out->has[SCORE_STREAMING] ? clamped(streaming_of(m, t)) : 0;
			out->score[SCORE_MODALITY] = out->has[SCORE_MODALITY] ? quality : 0;
		}
	}
	if (out->checks == NULL)
		out->checks = cJSON_CreateArray();
}

void
result_done(struct result *r)
{
	cJSON_Delete(r->checks);
	*r = (struct result){ 0 };
}

/* ---- is it sound? ---- */

/* What the scorer says of a text and calls, as if they had come. */
static double
try_answer(const struct item *item, const struct scorer *s, const char *text, const cJSON *turns,
    struct result *out)
{
	const struct attempt a = { .metered_micro_usd = -1 };
	struct measured m = { .complete = true,
		.turns = 1,
		.text = str_dup(text),
		.calls = cJSON_CreateArray(),
		.completion_tokens = (int64_t)(strlen(text) + 3) / 4 };
	struct judging j = { .item = item, .attempt = &a, .measured = &m, .out = out };
	const cJSON *turn, *call;

	json_for_each(turn, turns) {
		json_for_each(call, turn) {
			cJSON *made = json_add_obj(m.calls, NULL);
			_cleanup_free_ char *arguments = json_print(json_get(call, "arguments"));

			json_add_str(made, "name", json_str(call, "name"));
			json_add_str(made, "arguments", arguments);
		}
	}
	*out = (struct result){ .counts = true };
	const double quality = s->score(&j, item->scorer);
	measured_done(&m);
	return quality;
}

/* All texts of the messages, one after another: what an echo would say. */
static char *
echo_of(const struct item *item)
{
	struct buf all = { 0 };
	const cJSON *m, *part;

	json_for_each(m, item->messages) {
		const cJSON *content = json_get(m, "content");

		if (cJSON_IsString(content))
			buf_printf(&all, "%s\n", content->valuestring);
		json_for_each(part, content) {
			const char *text = json_str(part, "text");

			if (text != NULL)
				buf_printf(&all, "%s\n", text);
		}
	}
	return buf_take(&all);
}

static int
check_cheat(const struct item *item, const struct scorer *s, const char *who, const char *text,
    struct error *err)
{
	struct result r;
	const double quality = try_answer(item, s, text, NULL, &r);

	result_done(&r);
	return quality > CHEAT_QUALITY ? error_set(err, ERROR_INVALID, "scorer: %s passes it", who)
				       : 0;
}

static int
check_reference(const struct item *item, const struct scorer *s, struct error *err)
{
	const char *text = json_str(item->reference, "text");
	struct result r;
	const double quality =
	    try_answer(item, s, text != NULL ? text : "", json_get(item->reference, "calls"), &r);

	if (quality < REFERENCE_QUALITY)
		error_set(
		    err, ERROR_INVALID, "reference: it does not solve the item: %.150s", r.why);
	result_done(&r);
	return quality < REFERENCE_QUALITY ? -1 : 0;
}

int
scorer_check(const struct item *item, struct error *err)
{
	const struct scorer *s = scorer_of(item);

	if (s == NULL)
		return error_set(err, ERROR_INVALID,
		    "scorer: kind: answer, brief, cover, citations, code, calls, files, image or "
		    "stream");
	if (s->check(item, item->scorer, err) < 0)
		return error_add(err, "scorer");
	if (!s->provable)
		return 0;
	_cleanup_free_ char *echo = echo_of(item);
	if (check_cheat(item, s, "an echo", echo, err) < 0 ||
	    check_cheat(item, s, "an empty answer", "", err) < 0)
		return -1;
	return check_reference(item, s, err);
}

/*
 * scoring.c - how it is scored: a version's text to weights and curves, and a curve at a point.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/score/score.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

EMBED(scoring_2026_11, "bench/scoring/2026-11.json");

static const char *const dimensions[] = {
#define X(name, word) word,
	SCORE_DIMENSIONS(X)
#undef X
};

static const struct {
	const char *version, *text;
} builtin[] = {
	/* the newest first */
	{ "2026-11", scoring_2026_11 },
};

static const struct { /* members of a task's curves */
	const char *name;
	size_t at;
} curves[] = {
	{ "ttft_ms", offsetof(struct scoring_task, ttft_ms) },
	{ "duration_ms", offsetof(struct scoring_task, duration_ms) },
	{ "cost_usd", offsetof(struct scoring_task, cost_usd) },
	{ "tokens", offsetof(struct scoring_task, tokens) },
	{ "stall_ratio", offsetof(struct scoring_task, stall_ratio) },
	{ "max_gap_ms", offsetof(struct scoring_task, max_gap_ms) },
};

const char *
score_dimension_name(enum score_dimension d)
{
	return dimensions[d];
}

const char *
scoring_builtin(const char *version)
{
	for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
		if (version == NULL || strcmp(version, builtin[i].version) == 0)
			return builtin[i].text;
	return NULL;
}

double
curve_at(const struct curve *c, double x)
{
	size_t i = 0;

	if (c->len == 0 || !(x > c->x[0]))
		return c->len == 0 ? 0 : c->y[0];
	while (i < c->len && x > c->x[i])
		i++;
	if (i == c->len)
		return c->y[c->len - 1];
	const double part = (x - c->x[i - 1]) / (c->x[i] - c->x[i - 1]);
	return c->y[i - 1] + part * (c->y[i] - c->y[i - 1]);
}

static int
read_curve(const cJSON *json, struct curve *out, struct error *err)
{
	struct curve c = { .len = 0 };
	const cJSON *p;

	if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) < 2 ||
	    cJSON_GetArraySize(json) > CURVE_POINTS_MAX)
		return error_set(err, ERROR_INVALID, "2 to %d points [x, y]", CURVE_POINTS_MAX);
	json_for_each(p, json) {
		const cJSON *x = cJSON_GetArrayItem(p, 0), *y = cJSON_GetArrayItem(p, 1);

		if (cJSON_GetArraySize(p) != 2 || !cJSON_IsNumber(x) || !cJSON_IsNumber(y) ||
		    !(x->valuedouble >= 0) || !(x->valuedouble <= 1e15))
			return error_set(err, ERROR_INVALID, "each point is [x, y]");
		if (!(y->valuedouble >= 0) || !(y->valuedouble <= 1) ||
		    (c.len > 0 &&
			(!(x->valuedouble > c.x[c.len - 1]) || y->valuedouble > c.y[c.len - 1])))
			return error_set(
			    err, ERROR_INVALID, "x rises, y falls or stays, from 1 to 0");
		c.x[c.len] = x->valuedouble;
		c.y[c.len++] = y->valuedouble;
	}
	*out = c;
	return 0;
}

/* The curves that are there; the others stay. */
static int
read_curves(const cJSON *json, const char *task, struct scoring_task *out, struct error *err)
{
	const cJSON *c;

	if (!cJSON_IsObject(json))
		return error_set(err, ERROR_INVALID, "curves.%.20s: an object", task);
	json_for_each(c, json) {
		size_t i = 0;

		while (i < ARRAY_LEN(curves) && strcmp(c->string, curves[i].name) != 0)
			i++;
		if (i == ARRAY_LEN(curves))
			return error_set(
			    err, ERROR_INVALID, "curves.%.20s: %.20s: no curve", task, c->string);
		struct curve *at = (struct curve *)(void *)((char *)out + curves[i].at);
		if (read_curve(c, at, err) < 0)
			return error_add(err, "curves.%.20s.%s", task, curves[i].name);
	}
	return 0;
}

static int
read_tasks(const cJSON *json, struct scoring *out, struct error *err)
{
	struct scoring_task usual = { 0 };
	const cJSON *task;

	if (read_curves(json_get(json, "default"), "default", &usual, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (json_get(json_get(json, "default"), curves[i].name) == NULL)
			return error_set(
			    err, ERROR_INVALID, "curves.default.%s: missing", curves[i].name);
	for (int t = 0; t < ITEM_TASK_COUNT; t++)
		out->tasks[t] = usual;
	json_for_each(task, json) {
		int t = 0;

		if (strcmp(task->string, "default") == 0)
			continue;
		while (t < ITEM_TASK_COUNT && strcmp(task->string, item_task_name(t)) != 0)
			t++;
		if (t == ITEM_TASK_COUNT)
			return error_set(
			    err, ERROR_INVALID, "curves.%.20s: no task type", task->string);
		if (read_curves(task, task->string, &out->tasks[t], err) < 0)
			return -1;
	}
	return 0;
}

static int
read_weights(const cJSON *json, struct scoring *out, struct error *err)
{
	static const char *const known[] = {
#define X(name, word) word,
		SCORE_DIMENSIONS(X)
#undef X
		    NULL
	};
	double sum = 0;

	if (json_unknown_key(json, known) != NULL)
		return error_set(err, ERROR_INVALID, "weights: a member that is no dimension");
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		const double w = json_num(json, dimensions[d], -1);

		if (!(w >= 0) || !(w <= 1000))
			return error_set(
			    err, ERROR_INVALID, "weights.%s: 0 to 1000", dimensions[d]);
		out->weights[d] = w;
		sum += w;
	}
	if (!(out->weights[SCORE_QUALITY] > 0))
		return error_set(err, ERROR_INVALID, "weights.quality: above 0");
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		out->weights[d] /= sum;
	return 0;
}

static int
read_scoring(const cJSON *json, struct scoring *out, struct error *err)
{
	static const char *const known[] = { "version", "weights", "pass_mark", "stall_from_ms",
		"samples", "curves", NULL };
	const char *version = json_str(json, "version"), *unknown = json_unknown_key(json, known);

	if (!cJSON_IsObject(json) || unknown != NULL)
		return error_set(err, ERROR_INVALID, "%.40s: not a member",
		    unknown != NULL ? unknown : "it is no object: a value");
	if (version == NULL || *version == '\0' || strlen(version) >= SCORING_VERSION_MAX)
		return error_set(err, ERROR_INVALID, "version: a short text");
	str_copy(out->version, sizeof(out->version), version);
	out->pass_mark = json_num(json, "pass_mark", -1);
	out->stall_from_ms = json_int(json, "stall_from_ms", -1);
	const int64_t samples = json_int(json, "samples", -1);
	if (!(out->pass_mark > 0) || !(out->pass_mark <= 1))
		return error_set(err, ERROR_INVALID, "pass_mark: above 0, up to 1");
	if (out->stall_from_ms < 0 || out->stall_from_ms > 3600000)
		return error_set(err, ERROR_INVALID, "stall_from_ms: 0 to 3600000");
	if (samples < 100 || samples > 100000)
		return error_set(err, ERROR_INVALID, "samples: 100 to 100000");
	out->samples = (int)samples;
	if (read_weights(json_get(json, "weights"), out, err) < 0)
		return -1;
	return read_tasks(json_get(json, "curves"), out, err);
}

int
scoring_parse(const char *text, size_t len, struct scoring *out, struct error *err)
{
	struct scoring s = { 0 };
	char hex[HASH_HEX_MAX];
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(text, len, &json, err) < 0 || read_scoring(json, &s, err) < 0)
		return error_add(err, "scoring");
	snprintf(s.digest, sizeof(s.digest), "sha256:%s", hash_sha256_hex(text, len, hex));
	*out = s;
	return 0;
}

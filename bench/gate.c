/*
 * gate.c - parse, compare.
 */
#include "bench/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/score/score.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static bool
is_score(const char *name)
{
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		if (str_eq(name, score_dimension_name((enum score_dimension)d)))
			return true;
	return str_eq(name, "composite");
}

int
gate_parse(const char *text, struct gate *out, struct error *err)
{
	const char *op = strchr(text, '>');
	struct gate g = { 0 };
	char *end;

	if (op == NULL || op == text || (size_t)(op - text) >= sizeof(g.name))
		return error_set(
		    err, ERROR_INVALID, "--gate '%.40s': NAME>=NUMBER is needed", text);
	str_copy(g.name, (size_t)(op - text) + 1, text);
	if (str_eq(g.name, "score"))
		str_copy(g.name, sizeof(g.name), "composite");
	if (!is_score(g.name))
		return error_set(err, ERROR_INVALID,
		    "--gate '%.40s': score, quality, speed, cost, streaming or modality", text);
	g.or_equal = op[1] == '=';
	op += g.or_equal ? 2 : 1;
	g.limit = strtod(op, &end);
	if (end == op || *end != '\0' || !isfinite(g.limit) || g.limit < 0 || g.limit > 100)
		return error_set(
		    err, ERROR_INVALID, "--gate '%.40s': a number from 0 to 100 is needed", text);
	*out = g;
	return 0;
}

bool
gate_holds(const struct gate *g, const cJSON *manifest, double *seen)
{
	const cJSON *score = json_get(json_get(manifest, "scores"), g->name);

	*seen = json_num(score, "value", -1);
	return g->or_equal ? *seen >= g->limit : *seen > g->limit;
}

/*
 * lead_report.c - what the leaderboard takes of a run's report.
 */
#include "controlplane/schedule/lead.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define ROUNDING 1e-6 /* sums of weights are not 1 to the last bit */

static bool
is_points(double x)
{
	return x >= -ROUNDING && x <= 100 + ROUNDING; /* what is no number at all is not, either */
}

static double
clamp(double x)
{
	return x < 0 ? 0 : x > 100 ? 100 : x;
}

static int
parse_score(const cJSON *scores, enum lead_dimension d, struct lead_score *out, struct error *err)
{
	const char *name = lead_dimension_name(d);
	const cJSON *score = json_get(scores, name);

	if (score == NULL || cJSON_IsNull(score) || cJSON_IsNull(json_get(score, "value")))
		return 0;
	const double value = json_num(score, "value", -1), low = json_num(score, "low", value),
		     high = json_num(score, "high", value);

	if (!is_points(value) || !is_points(low) || !is_points(high) || low > high + ROUNDING)
		return error_set(err, ERROR_INVALID,
		    "scores.%s is not a value from 0 to 100 with an interval", name);
	out->value = clamp(value);
	/* Where a bootstrap's interval leaves the value out, it is made to hold it. */
	out->low = clamp(low < value ? low : value);
	out->high = clamp(high > value ? high : value);
	out->has = json_int(score, "n", 1) != 0;
	return 0;
}

int
lead_run_parse(const char *report, size_t len, struct lead_run *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	struct lead_run r = { 0 };

	if (json_parse(report, len, &json, err) < 0)
		return error_add(err, "report");
	const cJSON *scores = json_get(json, "scores"), *items = json_get(json, "items");

	for (int d = 0; d < LEAD_DIMENSION_COUNT; d++)
		if (parse_score(scores, (enum lead_dimension)d, &r.score[d], err) < 0)
			return error_add(err, "report");
	if (!r.score[LEAD_COMPOSITE].has)
		return error_set(err, ERROR_INVALID, "report: scores.composite is missing");
	str_copy(r.cost_from, sizeof(r.cost_from), json_str(json, "cost_from"));
	r.is_whole = json_bool(json, "is_whole", false);
	r.expected = json_int(items, "expected", 0);
	r.counted = json_int(items, "counted", 0);
	r.passed = json_int(items, "passed", 0);
	r.failed = json_int(items, "failed", 0);
	r.excluded = json_int(items, "excluded", 0);
	*out = r;
	return 0;
}

/*
 * test_scoring.c - the versions that are compiled in, curves, and what is no scoring.
 */
#include "tests/bench/score/judged.h"

START_TEST(test_builtin)
{
	struct scoring s;
	const char *text = scoring_builtin("2026-11");
	double sum = 0;

	ck_assert_ptr_eq(text, scoring_builtin(NULL));
	ck_assert_ptr_null(scoring_builtin("1999-01"));
	ck_assert_int_eq(scoring_parse(text, strlen(text), &s, NULL), 0);
	ck_assert_str_eq(s.version, "2026-11");
	ck_assert(str_starts(s.digest, "sha256:"));
	ck_assert(s.weights[SCORE_QUALITY] == 0.45 && s.weights[SCORE_SPEED] == 0.2 &&
	    s.weights[SCORE_COST] == 0.15 && s.weights[SCORE_STREAMING] == 0.1 &&
	    s.weights[SCORE_MODALITY] == 0.1);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		sum += s.weights[d];
	ck_assert(sum > 0.999999 && sum < 1.000001);
	ck_assert_int_eq(s.samples, 2000);
	ck_assert_int_eq(s.stall_from_ms, 2000);
	/* a task's own curve, and the one for all */
	ck_assert(s.tasks[ITEM_AGENTIC].duration_ms.x[0] == 10000);
	ck_assert(s.tasks[ITEM_AGENTIC].stall_ratio.x[1] == s.tasks[ITEM_CHAT].stall_ratio.x[1]);
}
END_TEST

START_TEST(test_curves)
{
	const struct curve c = { { 10, 20, 40 }, { 1, 0.5, 0 }, 3 };
	double last = 1;

	ck_assert(curve_at(&c, -1e300) == 1 && curve_at(&c, 10) == 1);
	ck_assert(curve_at(&c, 15) == 0.75 && curve_at(&c, 20) == 0.5 && curve_at(&c, 30) == 0.25);
	ck_assert(curve_at(&c, 40) == 0 && curve_at(&c, 1e300) == 0);
	for (double x = 0; x < 50; x += 0.125) {
		const double y = curve_at(&c, x);

		ck_assert(y <= last && y >= 0);
		last = y;
	}
}
END_TEST

static const struct {
	const char *from, *to, *says; /* a change to the text that is compiled in */
} wrongs[] = {
	{ "\"pass_mark\": 0.6", "\"pass_mark\": 0", "pass_mark: " },
	{ "\"samples\": 2000", "\"samples\": 1", "samples: " },
	{ "\"samples\"", "\"sample\"", "sample: not a member" },
	{ "\"quality\": 45", "\"quality\": 0", "weights.quality: " },
	{ "\"speed\": 20", "\"speed\": -1", "weights.speed: " },
	{ "\"speed\": 20", "\"haste\": 20", "weights: a member" },
	{ "[[0, 1], [0.1, 0.9]", "[[0, 1], [0.1, 1.1]", "curves.default.stall_ratio: x rises" },
	{ "[[0, 1], [0.1, 0.9]", "[[0, 0.8], [0.1, 0.9]", "curves.default.stall_ratio: x rises" },
	{ "[[0, 1], [0.1, 0.9]", "[[0.1, 1], [0.1, 0.9]", "curves.default.stall_ratio: x rises" },
	{ "[[0, 1], [0.1, 0.9]", "[[0, 1, 2], [0.1, 0.9]", "each point is" },
	{ "\"max_gap_ms\": [[1000", "\"max_gaps_ms\": [[1000", "max_gaps_ms: no curve" },
	{ "\"agentic\"", "\"agent\"", "curves.agent: no task type" },
	{ "\"version\": \"2026-11\"", "\"version\": \"\"", "version: " },
};

START_TEST(test_wrong)
{
	const char *text = scoring_builtin(NULL), *at = strstr(text, wrongs[_i].from);
	_cleanup_buf_ struct buf changed = { 0 };
	struct scoring s;
	struct error err;

	ck_assert_ptr_nonnull(at);
	buf_add(&changed, text, (size_t)(at - text));
	buf_add_str(&changed, wrongs[_i].to);
	buf_add_str(&changed, at + strlen(wrongs[_i].from));
	ck_assert_int_lt(scoring_parse(buf_str(&changed), changed.len, &s, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.text, wrongs[_i].says) != NULL, "%d: %s", _i, err.text);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_test(t, test_builtin);
	tcase_add_test(t, test_curves);
	tcase_add_loop_test(t, test_wrong, 0, ARRAY_LEN(wrongs));
	return run_tests("scoring", t);
}

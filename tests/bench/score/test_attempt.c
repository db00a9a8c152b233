/*
 * test_attempt.c - from quality to the five dimensions: what fails is 0 everywhere, what lies earns
 * nothing by it. [G12]
 */
#include "tests/bench/score/judged.h"

#define SCORER "{\"kind\":\"answer\",\"accept\":[\"x\"]}"
#define RIGHT "ANSWER: x"

static void
zero(const struct judged *j)
{
	ck_assert(j->result.counts && !j->result.passed);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		ck_assert(j->result.score[d] == 0);
	ck_assert(j->result.has[SCORE_QUALITY] && j->result.has[SCORE_SPEED] &&
	    j->result.has[SCORE_COST] && j->result.has[SCORE_STREAMING]);
	ck_assert_str_ne(j->result.why, "");
}

START_TEST(test_failed_is_nothing)
{
	struct judged j;

	judged_init(&j, "p", SCORER, "");
	j.measured.ttft_us = j.measured.duration_us = 1000; /* very fast, very cheap */
	judge_text(&j, "ANSWER: y");
	zero(&j);
	judge_text(&j, RIGHT);
	ck_assert(
	    j.result.passed && j.result.score[SCORE_SPEED] == 1 && j.result.score[SCORE_COST] == 1);
	j.measured.complete = false; /* right, and then it broke off */
	str_copy(j.measured.odd, sizeof(j.measured.odd), "it broke off");
	judge(&j);
	zero(&j);
	ck_assert_str_eq(j.result.why, "complete: it broke off");
	judged_done(&j);
}
END_TEST

START_TEST(test_left_out)
{
	struct judged j;

	judged_init(&j, "p", SCORER, ",\"modality\":\"file_out\"");
	judge_text(&j, RIGHT);
	ck_assert(j.result.counts && j.result.has[SCORE_MODALITY]);
	j.attempt.state = ATTEMPT_ERROR;
	judge(&j);
	ck_assert(!j.result.counts && !j.result.passed && !j.result.has[SCORE_QUALITY] &&
	    !j.result.has[SCORE_MODALITY]);
	j.attempt.state = ATTEMPT_SKIPPED;
	judge(&j);
	ck_assert(!j.result.counts);
	j.attempt.state = ATTEMPT_FAILED; /* the state is not believed: it is judged again */
	judge(&j);
	ck_assert(j.result.passed);
	judged_done(&j);
}
END_TEST

START_TEST(test_cost)
{
	struct judged j;

	judged_init(&j, "p", SCORER, "");
	j.measured.prompt_tokens = 2000;
	j.measured.completion_tokens = 8000;
	judge_text(&j, RIGHT);
	ck_assert_int_eq(j.result.cost_from, COST_TOKENS);
	ck_assert(j.result.score[SCORE_COST] == 0.25);
	j.measured.reported_micro_usd = 0; /* it says that it was free */
	judge(&j);
	ck_assert_int_eq(j.result.cost_from, COST_REPORTED);
	ck_assert(j.result.score[SCORE_COST] == 0.25);
	j.measured.reported_micro_usd = 100000;
	judge(&j);
	ck_assert(j.result.score[SCORE_COST] == 0);
	j.attempt.metered_micro_usd = 200; /* and this is what it was */
	judge(&j);
	ck_assert_int_eq(j.result.cost_from, COST_METERED);
	ck_assert(j.result.score[SCORE_COST] == 1);
	judged_done(&j);
}
END_TEST

/* The example of docs/scoring.md. */
START_TEST(test_worked_example)
{
	struct judged j;
	char line[80];

	judged_init(&j, "p", SCORER, "");
	j.measured.ttft_us = j.measured.max_gap_us = 600000;
	j.measured.duration_us = 3000000;
	j.measured.prompt_tokens = 600;
	j.measured.completion_tokens = 50;
	judge_text(&j, RIGHT);
	snprintf(line, sizeof(line), "%.4f %.4f %.4f %.4f", j.result.score[SCORE_QUALITY],
	    j.result.score[SCORE_SPEED], j.result.score[SCORE_COST],
	    j.result.score[SCORE_STREAMING]);
	ck_assert_str_eq(line, "1.0000 0.9392 0.9500 1.0000");
	judged_done(&j);
}
END_TEST

START_TEST(test_streaming)
{
	struct judged j;

	judged_init(&j, "p", SCORER, "");
	j.measured.duration_us = 10000000;
	j.measured.max_gap_us = 500000;
	judge_text(&j, RIGHT);
	ck_assert(j.result.score[SCORE_STREAMING] == 1);
	j.measured.max_gap_us = 10000000; /* all of it in one piece at the end */
	j.measured.stall_us = 8000000;
	j.measured.ttft_us = 10000000;
	judge(&j);
	ck_assert(j.result.score[SCORE_STREAMING] < 0.2);
	j.measured.asked_stream = false;
	judge(&j);
	ck_assert(!j.result.has[SCORE_STREAMING] && j.result.score[SCORE_STREAMING] == 0);
	judged_done(&j);
}
END_TEST

/* Every number that frames could hold stays between 0 and 1. */
START_TEST(test_bounds)
{
	static const int64_t numbers[] = { -1, 0, 1, 1000, 1000000, 100000000, INT64_MAX / 4 };
	struct judged j;
	uint64_t seed = (uint64_t)_i;

	judged_init(&j, "p", SCORER, "");
	str_replace(&j.measured.text, RIGHT);
	j.measured.ttft_us = numbers[resample(&seed, ARRAY_LEN(numbers))];
	j.measured.duration_us = numbers[resample(&seed, ARRAY_LEN(numbers))];
	j.measured.stall_us = numbers[resample(&seed, ARRAY_LEN(numbers))];
	j.measured.max_gap_us = numbers[resample(&seed, ARRAY_LEN(numbers))];
	j.measured.prompt_tokens = numbers[resample(&seed, ARRAY_LEN(numbers))];
	j.measured.completion_tokens = numbers[resample(&seed, ARRAY_LEN(numbers))];
	j.measured.reported_micro_usd = numbers[resample(&seed, ARRAY_LEN(numbers))];
	j.attempt.metered_micro_usd = numbers[resample(&seed, ARRAY_LEN(numbers))];
	judge(&j);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		ck_assert(j.result.score[d] >= 0 && j.result.score[d] <= 1);
	judged_done(&j);
}
END_TEST

START_TEST(test_checks_are_listed)
{
	struct judged j;

	judged_init(&j, "p", SCORER, "");
	judge_text(&j, "ANSWER: nobody \xff knows");
	_cleanup_free_ char *checks = json_print(j.result.checks);
	ck_assert_str_eq(
	    checks, "[{\"check\":\"answer\",\"ok\":false,\"weight\":1,\"seen\":\"nobody ...\"}]");
	judged_done(&j);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_test(t, test_failed_is_nothing);
	tcase_add_test(t, test_left_out);
	tcase_add_test(t, test_cost);
	tcase_add_test(t, test_worked_example);
	tcase_add_test(t, test_streaming);
	tcase_add_loop_test(t, test_bounds, 0, 200);
	tcase_add_test(t, test_checks_are_listed);
	return run_tests("attempt", t);
}

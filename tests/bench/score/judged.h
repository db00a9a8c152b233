/*
 * judged.h - one answer judged by one scorer: for the tests of scorers.
 */
#ifndef JANUS_TESTS_JUDGED_H
#define JANUS_TESTS_JUDGED_H
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/suite.h"
#include "bench/score/score.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

struct judged { /* what a test may change before judge */
	struct item item;
	struct attempt attempt;
	struct measured measured;
	struct scoring scoring;
	struct result result;
};

/* An item with that scorer; more: further members, "" or beginning with a comma. */
static inline void
judged_init(struct judged *j, const char *prompt, const char *scorer, const char *more)
{
	_cleanup_buf_ struct buf line = { 0 };
	struct error err;

	*j = (struct judged){ 0 };
	buf_add_str(&line, "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":");
	json_add_quoted(&line, prompt, strlen(prompt));
	buf_printf(&line, ",\"reference\":{\"text\":\"\"},\"scorer\":%s%s}", scorer, more);
	const struct suite_files none = { 0 };
	ck_assert_msg(suite_item_parse(buf_str(&line), line.len, &none, &j->item, &err) == 0,
	    "%s: %s", buf_str(&line), err.text);
	const char *text = scoring_builtin(NULL);
	ck_assert_int_eq(scoring_parse(text, strlen(text), &j->scoring, &err), 0);
	j->attempt.metered_micro_usd = -1;
	j->measured = (struct measured){ .complete = true,
		.turns = 1,
		.status = 200,
		.asked_stream = true,
		.ttft_us = 100000,
		.duration_us = 500000,
		.reported_micro_usd = -1,
		.text = str_dup(""),
		.reasoning = str_dup(""),
		.calls = cJSON_CreateArray() };
}

static inline double
judge(struct judged *j)
{
	result_done(&j->result);
	score_attempt(&j->item, &j->attempt, &j->measured, &j->scoring, &j->result);
	return j->result.score[SCORE_QUALITY];
}

static inline double
judge_text(struct judged *j, const char *text)
{
	str_replace(&j->measured.text, text);
	return judge(j);
}

static inline void
judged_done(struct judged *j)
{
	result_done(&j->result);
	measured_done(&j->measured);
	free(j->attempt.frames);
	j->attempt.frames = NULL;
	j->attempt.nframes = 0;
	attempt_done(&j->attempt);
	item_done(&j->item);
}

/* What is wrong with an item, or "". */
static inline const char *
check_item(const char *line, struct error *err)
{
	const struct suite_files none = { 0 };
	struct item item = { 0 };

	*err = (struct error){ 0 };
	if (suite_item_parse(line, strlen(line), &none, &item, err) == 0)
		scorer_check(&item, err);
	item_done(&item);
	return err->text;
}

struct checked {
	const char *line, *says; /* "": nothing is wrong with it */
};

static inline void
assert_checked(const struct checked *c)
{
	struct error err;
	const char *says = check_item(c->line, &err);

	ck_assert_msg(c->says[0] == '\0' ? says[0] == '\0' : strstr(says, c->says) != NULL,
	    "%s: %s", c->line, says);
}

static inline int
run_tests(const char *name, TCase *t)
{
	Suite *s = suite_create(name);

	suite_add_tcase(s, t);
	return run_suite(s);
}
#endif

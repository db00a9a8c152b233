/*
 * test_code.c - which code is run, with what, and what its output is worth.
 */
#include "tests/bench/score/judged.h"

#define PROGRAM                                                                        \
	"{\"kind\":\"code\",\"language\":\"python\",\"entry\":\"program\",\"cases\":[" \
	"{\"stdin\":\"3 4\",\"expect_stdout\":\"7\\n\",\"must\":true},"                \
	"{\"args\":[\"it's\"],\"expect_stdout\":\"a\\nb\",\"timeout_ms\":700},"        \
	"{\"expect_stdout\":\"x\"}]}"
#define FUNCTION                                                                    \
	"{\"kind\":\"code\",\"language\":\"node\",\"entry\":\"median\",\"cases\":[" \
	"{\"args\":[[3,1,2]],\"expect\":2},{\"args\":[[]],\"expect\":{\"a\":[1,null]}}]}"

static const struct {
	const char *text, *code; /* what is found; NULL: none */
} blocks[] = {
	{ "```python\nprint(1)\n```", "print(1)\n" },
	{ "Like so:\n```py\none\n```\nor\n```Python\ntwo\n```\nDone.", "two\n" },
	{ "```python\none\n```\n```sh\ntwo\n```", "one\n" },
	{ "```\nonly\n```", "only\n" },
	{ "```\none\n```\n```\ntwo\n```", NULL },
	{ "```ruby\nputs 1\n```", NULL },
	{ "~~~python\na\n```\nb\n~~~\n", "a\n```\nb\n" },
	{ "````python\na\n```\nb\n````\n", "a\n```\nb\n" },
	{ "```python\ncut off", "cut off" },
	{ "```python\n\n```", NULL },
	{ "```python", NULL },
	{ "print(1)", NULL },
	{ "", NULL },
};

START_TEST(test_blocks)
{
	struct judged j;

	judged_init(&j, "p", PROGRAM, "");
	_cleanup_json_ cJSON *runs = score_needs_run(&j.item, blocks[_i].text);
	ck_assert_msg((runs != NULL) == (blocks[_i].code != NULL), "%d", _i);
	if (runs != NULL)
		ck_assert_str_eq(json_str(json_path(runs, "0.files"), "main.py"), blocks[_i].code);
	judged_done(&j);
}
END_TEST

START_TEST(test_runs)
{
	struct judged j;

	judged_init(&j, "p", PROGRAM, "");
	_cleanup_json_ cJSON *runs = score_needs_run(&j.item, "```python\nx\n```");
	_cleanup_free_ char *second = json_print(cJSON_GetArrayItem(runs, 1));
	ck_assert_int_eq(cJSON_GetArraySize(runs), 3);
	ck_assert_str_eq(second,
	    "{\"case\":1,\"language\":\"python\",\"files\":{\"main.py\":\"x\\n\"},\"command\":"
	    "\"python3 main.py 'it'\\\\''s'\",\"stdin\":\"\",\"timeout_ms\":700}");
	judged_done(&j);
	judged_init(&j, "p", FUNCTION, "");
	_cleanup_json_ cJSON *calls = score_needs_run(&j.item, "```js\nfunction median() {}\n```");
	ck_assert_str_eq(json_str(cJSON_GetArrayItem(calls, 0), "stdin"), "[[3,1,2]]");
	ck_assert_ptr_nonnull(
	    strstr(json_str(json_path(calls, "0.files"), "main.js"), "await median(...given)"));
	judged_done(&j);
	judged_init(&j, "p", "{\"kind\":\"answer\",\"accept\":[\"x\"]}", "");
	ck_assert_ptr_null(score_needs_run(&j.item, "```js\n1\n```"));
	judged_done(&j);
}
END_TEST

static const struct {
	const char *scorer, *executions;
	double quality;
} outcomes[] = {
	{ PROGRAM,
	    "[{\"case\":0,\"exit\":0,\"stdout\":\"7\"},{\"case\":1,\"exit\":0,\"stdout\":\"a  "
	    "\\r\\nb\\n\\n\"},"
	    "{\"case\":2,\"exit\":0,\"stdout\":\"x\\n\"}]",
	    1 },
	{ PROGRAM,
	    "[{\"case\":2,\"exit\":0,\"stdout\":\"x\"},{\"case\":0,\"exit\":0,\"stdout\":\"7\"}]",
	    2.0 / 3 },
	{ PROGRAM,
	    "[{\"case\":1,\"exit\":0,\"stdout\":\"a\\nb\"},{\"case\":2,\"exit\":0,\"stdout\":\"x\"}"
	    "]",
	    0 },
	{ PROGRAM,
	    "[{\"case\":0,\"exit\":1,\"stdout\":\"7\"},{\"case\":1,\"exit\":0,\"stdout\":\"a\\nb\"}"
	    ","
	    "{\"case\":2,\"exit\":0,\"stdout\":\"x\"}]",
	    0 },
	{ PROGRAM,
	    "[{\"case\":0,\"exit\":0,\"stdout\":\"7\",\"timed_out\":true},{\"case\":1,\"exit\":0,"
	    "\"stdout\":"
	    "\"a\\nb\"},{\"case\":2,\"exit\":0,\"stdout\":\"x\"}]",
	    0 },
	{ PROGRAM, "[{\"case\":0,\"exit\":0,\"stdout\":\"7 7\"}]", 0 },
	{ PROGRAM, "[{\"case\":0,\"exit\":0,\"stdout\":\"a\\n7\"}]", 0 },
	{ PROGRAM, "[]", 0 },
	{ PROGRAM, NULL, 0 },
	{ FUNCTION,
	    "[{\"case\":0,\"exit\":0,\"stdout\":\"noise\\n2.0\\n\"},{\"case\":1,\"exit\":0,"
	    "\"stdout\":"
	    "\"{\\\"a\\\": [1, null]}\"}]",
	    1 },
	{ FUNCTION,
	    "[{\"case\":0,\"exit\":0,\"stdout\":\"2 "
	    "\"},{\"case\":1,\"exit\":0,\"stdout\":\"NaN\"}]",
	    0 },
	{ FUNCTION,
	    "[{\"case\":0,\"exit\":0,\"stdout\":\"\\\"2\\\"\"},{\"case\":1,\"exit\":0,\"stdout\":"
	    "\"{\\\"a\\\":[1]}\"}]",
	    0 },
};

START_TEST(test_outcomes)
{
	struct judged j;

	judged_init(&j, "p", outcomes[_i].scorer, "");
	if (outcomes[_i].executions != NULL)
		ck_assert_int_eq(json_parse(outcomes[_i].executions,
				     strlen(outcomes[_i].executions), &j.attempt.executions, NULL),
		    0);
	const double got = judge_text(&j, "```python\nx\n```");
	ck_assert_msg(got == outcomes[_i].quality, "%d: %g %s", _i, got, j.result.why);
	judged_done(&j);
}
END_TEST

#define ITEM(scorer)                                                                    \
	"{\"id\":\"a\",\"task_type\":\"coding\",\"prompt\":\"p\",\"scorer\":{\"kind\":" \
	"\"code\"," scorer "},\"reference\":{\"text\":\"x\"}}"
#define TWO "\"cases\":[{\"expect_stdout\":\"a\"},{\"expect_stdout\":\"b\"}]"

static const struct checked checks[] = {
	{ ITEM("\"language\":\"sh\",\"entry\":\"program\"," TWO), "" },
	{ ITEM("\"language\":\"perl\",\"entry\":\"program\"," TWO), "language: python" },
	{ ITEM("\"language\":\"sh\"," TWO), "entry: " },
	{ ITEM("\"language\":\"sh\",\"entry\":\"half\"," TWO), "entry: a function only" },
	{ ITEM("\"language\":\"python\",\"entry\":\"a;b\"," TWO), "entry: " },
	{ ITEM("\"language\":\"sh\",\"entry\":\"program\",\"cases\":[{\"expect_stdout\":\"a\"}]"),
	    "cases: an array of 2" },
	{ ITEM("\"language\":\"sh\",\"entry\":\"program\",\"cases\":[{\"expect_stdout\":\"a\"},"
	       "{\"expect_stdout\":\"a\"}]"),
	    "a constant would pass" },
	{ ITEM("\"language\":\"sh\",\"entry\":\"program\",\"cases\":[{\"expect_stdout\":\"a\"},"
	       "{\"expect_stdout\":\" \\n\"}]"),
	    "expect_stdout: a text" },
	{ ITEM("\"language\":\"sh\",\"entry\":\"program\",\"cases\":[{\"expect_stdout\":\"a\"},"
	       "{\"expect\":1}]"),
	    "expect: not a member" },
	{ ITEM("\"language\":\"python\",\"entry\":\"f\",\"cases\":[{\"args\":[1],\"expect\":1},"
	       "{\"args\":2,\"expect\":2}]"),
	    "args: an array" },
};

START_TEST(test_checks)
{
	assert_checked(&checks[_i]);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_blocks, 0, ARRAY_LEN(blocks));
	tcase_add_test(t, test_runs);
	tcase_add_loop_test(t, test_outcomes, 0, ARRAY_LEN(outcomes));
	tcase_add_loop_test(t, test_checks, 0, ARRAY_LEN(checks));
	return run_tests("code", t);
}

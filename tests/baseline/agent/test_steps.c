/*
 * test_steps.c - what each agent prints, as steps.
 */
#include "baseline/agent/steps.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/engine/sandy/sandy.h"
#include "tests/run.h"

static void
note(const struct step *s, void *arg)
{
	static const char *const kinds[] = { "text", "thought", "start", "end", "status" };

	buf_printf(arg, "%s", kinds[s->kind]);
	if (s->kind == STEP_TOOL_START || s->kind == STEP_TOOL_END)
		buf_printf(arg, " %s %s%s", s->id, s->name, s->failed ? " failed" : "");
	buf_printf(arg, " %s|", s->text);
}

static int
hear(const struct sandy_event *e, void *arg)
{
	struct {
		struct steps *steps;
		struct buf *out;
	} *both = arg;

	steps_take(both->steps, e, note, both->out);
	return 0;
}

/* Lines as a service sends them, apart by newlines. */
static void
take(struct steps *s, const char *lines, struct buf *out)
{
	struct {
		struct steps *steps;
		struct buf *out;
	} both = { s, out };
	struct sandy_outcome outcome = { 0 };

	while (*lines != '\0') {
		const size_t len = strcspn(lines, "\n");

		sandy_event_take(lines, len, hear, &both, &outcome);
		lines += len + (lines[len] == '\n');
	}
}

#define OUT(data) "{\"type\":\"agent-output\",\"data\":" data "}\n"
#define PIECE(text) OUT("{\"type\":\"stream_event\",\"event\":{\"delta\":{\"text\":\"" text "\"}}}")
#define BLOCK(block) OUT("{\"type\":\"assistant\",\"message\":{\"content\":[" block "]}}")
#define GAVE(id, text, error)                                                                    \
	OUT("{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_" \
	    "id\":\"" id "\",\"content\":" text ",\"is_error\":" error "}]}}")

static const struct {
	const char *what, *lines, *steps;
	int64_t prompt_tokens, completion_tokens;
	bool failed;
} cases[] = {
	{ "plain text",
	    "{\"type\":\"output\",\"text\":\"a\\n\"}\n{\"type\":\"output\",\"text\":\"b\"}\n",
	    "text a\n|text b|", 0, 0, false },
	{ "text that is no event", "hello there\n[1]\n", "text hello there|text [1]|", 0, 0,
	    false },
	{ "status, and errors as thoughts",
	    "{\"type\":\"status\",\"message\":\"boot\"}\n{\"type\":\"stderr\",\"text\":\"warned\"}"
	    "\n",
	    "status boot|thought warned|", 0, 0, false },
	{ "pieces, and the message that repeats them",
	    PIECE("Hel") PIECE("lo") BLOCK("{\"type\":\"text\",\"text\":\"Hello\"}")
		OUT("{\"type\":\"result\",\"result\":\"Hello\",\"usage\":{\"input_tokens\":5,"
		    "\"output_tokens\":2}}"),
	    "text Hel|text lo|", 5, 2, false },
	{ "messages without pieces",
	    BLOCK("{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":"
		  "\"text\",\"text\":\"One\"}") BLOCK("{\"type\":\"text\",\"text\":\"Two\"}"),
	    "thought hm|text One|text \n\n|text Two|", 0, 0, false },
	{ "a tool",
	    BLOCK("{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\",\"input\":{\"command\":"
		  "\"ls\"}}") GAVE("t1", "\"a.txt\"", "false"),
	    "start t1 Bash {\"command\":\"ls\"}|end t1 Bash a.txt|", 0, 0, false },
	{ "a tool that fails, with blocks",
	    BLOCK("{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\"}")
		GAVE("t1", "[{\"type\":\"text\",\"text\":\"no\"}]", "true"),
	    "start t1 Bash |end t1 Bash failed no|", 0, 0, false },
	{ "a result of a tool that nobody began", GAVE("zz", "7", "false"), "end zz tool |", 0, 0,
	    false },
	{ "only a result", "{\"type\":\"result\",\"result\":\"All done\"}\n", "text All done|", 0,
	    0, false },
	{ "a result that is an error",
	    OUT("{\"type\":\"result\",\"is_error\":true,\"result\":\"no credit\"}"), "", 0, 0,
	    true },
	{ "Codex",
	    OUT("{\"type\":\"item.started\",\"item\":{\"id\":\"i1\",\"type\":\"command_execution\","
		"\"command\":\"ls\"}}") OUT("{\"type\":\"item.completed\",\"item\":{\"id\":\"i1\","
					    "\"type\":\"command_execution\","
					    "\"aggregated_output\":\"a\",\"exit_code\":1}}")
		OUT("{\"type\":\"item.completed\",\"item\":{\"type\":\"reasoning\",\"text\":\"hm\"}"
		    "}") OUT("{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\","
			     "\"text\":"
			     "\"done\"}}")
		    OUT("{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":7,\"output_"
			"tokens\":3}}"),
	    "start i1 shell ls|end i1 shell failed a|thought hm|text done|", 7, 3, false },
	{ "Codex fails", OUT("{\"type\":\"turn.failed\",\"error\":{\"message\":\"no\"}}"), "", 0, 0,
	    true },
	{ "OpenCode",
	    OUT("{\"type\":\"tool_use\",\"part\":{\"tool\":\"bash\",\"callID\":\"c1\",\"state\":{"
		"\"status\":\"completed\",\"input\":{\"command\":\"ls\"},\"output\":\"a\"}}}")
		OUT("{\"type\":\"text\",\"part\":{\"text\":\"done\"}}") OUT(
		    "{\"type\":\"step_finish\",\"part\":{\"tokens\":{\"input\":100,\"output\":10,"
		    "\"reasoning\":1,\"cache\":{\"read\":5}},\"cost\":0}}"),
	    "start c1 bash {\"command\":\"ls\"}|end c1 bash a|text done|", 105, 11, false },
	{ "OpenCode fails",
	    OUT("{\"type\":\"error\",\"error\":{\"name\":\"x\",\"data\":{\"message\":\"no\"}}}"),
	    "", 0, 0, true },
	{ "what is none of these",
	    OUT("{\"type\":\"odd\"}") OUT("{}") OUT("{\"type\":\"assistant\"}")
		OUT("{\"type\":\"user\",\"message\":7}")
		    OUT("{\"type\":\"tool_use\"}") "{\"type\":\"heartbeat\",\"elapsed\":1}\n",
	    "", 0, 0, false },
	{ "numbers beyond all",
	    OUT("{\"type\":\"result\",\"usage\":{\"input_tokens\":1e300,\"output_tokens\":-5}}"),
	    "", 0, 0, false },
};

START_TEST(test_cases)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct steps s = { 0 };

	take(&s, cases[_i].lines, &out);
	ck_assert_msg(
	    strcmp(buf_str(&out), cases[_i].steps) == 0, "%s: %s", cases[_i].what, buf_str(&out));
	ck_assert_msg(s.prompt_tokens == cases[_i].prompt_tokens &&
		s.completion_tokens == cases[_i].completion_tokens,
	    "%s", cases[_i].what);
	ck_assert_msg(s.failed == cases[_i].failed, "%s", cases[_i].what);
	ck_assert_msg(!s.failed || s.error[0] != '\0', "%s", cases[_i].what);
	steps_done(&s);
}
END_TEST

/* More tools at once than are remembered: the oldest keep their names. */
START_TEST(test_many_tools)
{
	_cleanup_buf_ struct buf out = { 0 }, lines = { 0 };
	struct steps s = { 0 };

	for (int i = 0; i < STEPS_TOOLS_MAX * 3; i++)
		buf_printf(&lines,
		    OUT("{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\","
			"\"id\":\"t%d\",\"name\":\"n%d\"}]}}"),
		    i, i);
	take(&s, buf_str(&lines), &out);
	buf_clear(&out);
	take(&s, GAVE("t0", "\"x\"", "false"), &out);
	ck_assert_str_eq(buf_str(&out), "end t0 n0 x|");
	steps_done(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("steps");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_cases, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(tc, test_many_tools);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

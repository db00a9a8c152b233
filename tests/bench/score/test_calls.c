/*
 * test_calls.c - the calls of a conversation against those that solve the item.
 */
#include "tests/bench/score/judged.h"

#define TOOL(n) "{\"type\":\"function\",\"function\":{\"name\":\"" n "\",\"parameters\":{}}}"
#define TOOLS ",\"tools\":[" TOOL("find") "," TOOL("rate") "," TOOL("pay") "],\"simulator\":{}"
#define CHAIN                                                                                     \
	"{\"kind\":\"calls\",\"sequence\":[[{\"name\":\"find\",\"arguments\":{\"id\":\"A-17\"}}," \
	"{\"name\":\"rate\",\"arguments\":{\"to\":\"EUR\"},\"loose\":[\"to\",\"date\"]}],"        \
	"{\"name\":\"pay\",\"arguments\":{\"amount\":12.5}}],\"extra\":1,\"final\":{\"accept\":[" \
	"\"ok\"]}}"
#define ANY                                                                                       \
	"{\"kind\":\"calls\",\"order\":false,\"sequence\":[{\"name\":\"find\",\"arguments\":{}}," \
	"{\"name\":\"pay\",\"arguments\":{\"a\":1}}]}"
#define NONE "{\"kind\":\"calls\",\"sequence\":[],\"final\":{\"accept\":[\"ok\"]}}"

#define FIND "find", "{\"id\":\"A-17\"}"
#define RATE "rate", "{\"to\":\"eur\",\"date\":\"today\"}"
#define PAY "pay", "{\"amount\":12.50}"

static const struct {
	const char *scorer, *calls[12], *text;
	double quality;
} cases[] = {
	{ CHAIN, { FIND, RATE, PAY }, "ANSWER: ok", 1 },
	{ CHAIN, { RATE, FIND, PAY }, "ANSWER: ok", 1 },
	{ CHAIN, { FIND, FIND, RATE, PAY }, "ANSWER: ok", 1 }, /* one more is allowed */
	{ CHAIN, { FIND, FIND, FIND, RATE, PAY }, "ANSWER: ok", 0 },
	{ CHAIN, { FIND, RATE, PAY }, "ANSWER: no", 0 },
	{ CHAIN, { NULL }, "ANSWER: ok", 0 }, /* guessed */
	{ CHAIN, { FIND, RATE }, "ANSWER: ok", 2.0 / 3 },
	{ CHAIN, { PAY, FIND, RATE }, "ANSWER: ok", 2.0 / 3 }, /* too early is not made */
	{ CHAIN, { "find", "{\"id\":\"a-17\"}", RATE, PAY }, "ANSWER: ok", 0 },
	{ CHAIN, { "find", "{\"id\":\"A-17\",\"all\":true}", RATE, PAY }, "ANSWER: ok", 0 },
	{ CHAIN, { FIND, "rate", "{\"date\":\"today\"}", PAY }, "ANSWER: ok", 0 },
	{ CHAIN, { FIND, RATE, "pay", "{\"amount\":\"12.5\"}" }, "ANSWER: ok", 2.0 / 3 },
	{ CHAIN, { FIND, RATE, "pay", "{\"amount\":12.5" }, "ANSWER: ok", 0 },
	{ CHAIN, { FIND, RATE, "pay", "[]" }, "ANSWER: ok", 0 },
	{ ANY, { "pay", "{\"a\":1}", "find", "" }, "", 1 },
	{ ANY, { "pay", "{\"a\":1}", "find", "{}" }, "", 1 },
	{ ANY, { "pay", "{\"a\":1}", "pay", "{\"a\":1}" }, "", 0 },
	{ ANY, { NULL }, "", 0 },
	{ NONE, { NULL }, "ANSWER: ok", 1 },
	{ NONE, { FIND }, "ANSWER: ok", 0 },
};

START_TEST(test_calls)
{
	struct judged j;

	judged_init(&j, "p", cases[_i].scorer, TOOLS);
	for (size_t i = 0; cases[_i].calls[i] != NULL; i += 2) {
		cJSON *call = json_add_obj(j.measured.calls, NULL);

		json_add_str(call, "name", cases[_i].calls[i]);
		json_add_str(call, "arguments", cases[_i].calls[i + 1]);
	}
	const double got = judge_text(&j, cases[_i].text);
	ck_assert_msg(got == cases[_i].quality, "%d: %g %s", _i, got, j.result.why);
	judged_done(&j);
}
END_TEST

#define ITEM(scorer, reference)                                                              \
	"{\"id\":\"a\",\"task_type\":\"tools\",\"prompt\":\"p\"" TOOLS ",\"scorer\":" scorer \
	",\"reference\":{" reference "}}"

static const struct checked checks[] = {
	{ ITEM(CHAIN,
	      "\"text\":\"ANSWER: "
	      "ok\",\"calls\":[[{\"name\":\"find\",\"arguments\":{\"id\":\"A-17\"}},"
	      "{\"name\":\"rate\",\"arguments\":{\"to\":\"EUR\"}}],[{\"name\":\"pay\","
	      "\"arguments\":{"
	      "\"amount\":12.5}}]]"),
	    "" },
	{ ITEM(CHAIN, "\"text\":\"ANSWER: ok\",\"calls\":[]"),
	    "reference: it does not solve the item: call: find" },
	{ ITEM(NONE, "\"text\":\"ANSWER: ok\""), "" },
	{ ITEM("{\"kind\":\"calls\",\"sequence\":[]}", "\"text\":\"x\""), "needs a final answer" },
	{ ITEM("{\"kind\":\"calls\"}", "\"text\":\"x\""), "sequence: an array" },
	{ ITEM("{\"kind\":\"calls\",\"sequence\":[{\"name\":\"fly\",\"arguments\":{}}]}",
	      "\"text\":\"x\""),
	    "name: none of" },
	{ ITEM("{\"kind\":\"calls\",\"sequence\":[{\"name\":\"find\"}]}", "\"text\":\"x\""),
	    "arguments: an object" },
	{ ITEM("{\"kind\":\"calls\",\"sequence\":[],\"order\":1,\"final\":{\"accept\":[\"x\"]}}",
	      "\"text\":\"x\""),
	    "order: true or" },
	{ ITEM("{\"kind\":\"calls\",\"sequence\":[],\"final\":{}}", "\"text\":\"x\""),
	    "final: accept" },
	{ "{\"id\":\"a\",\"task_type\":\"tools\",\"prompt\":\"p\",\"scorer\":" NONE
	  ",\"reference\":{\"text\":\"x\"}}",
	    "calls needs tools" },
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

	tcase_add_loop_test(t, test_calls, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, test_checks, 0, ARRAY_LEN(checks));
	return run_tests("calls", t);
}

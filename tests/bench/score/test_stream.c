/*
 * test_stream.c - long answers line by line; padding, repetition and order. [G12]
 */
#include "tests/bench/score/judged.h"

#define SQUARES "{\"kind\":\"stream\",\"lines\":{\"from\":1,\"to\":5,\"rule\":\"square\"}}"
#define SPELLED "{\"kind\":\"stream\",\"lines\":{\"from\":99,\"to\":102,\"rule\":\"spelled\"}}"
#define LONG \
	"{\"kind\":\"stream\",\"lines\":{\"from\":0,\"to\":1,\"rule\":\"next\"},\"min_bytes\":12}"
#define EXPECT                                                                        \
	"{\"kind\":\"stream\",\"expect\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"," \
	"\"h\",\"i\",\"j\"]}"
#define BOTH                                                                                  \
	"{\"kind\":\"stream\",\"lines\":{\"from\":1,\"to\":2,\"rule\":\"cube\"},\"answer\":{" \
	"\"accept\":["                                                                        \
	"\"ok\"]}}"

static const struct {
	const char *scorer, *text;
	double quality;
} cases[] = {
	{ SQUARES, "1: 1\n2: 4\n3: 9\n4: 16\n5: 25\n", 1 },
	{ SQUARES, "Here they are:\n\n1. 1\n2) 4\n**3** - 9\n 4 : 16 \n5: **25**\nThat is all.",
	    1 },
	{ SQUARES, "1: 1\n2: 4\n3: 9\n4: 16\n", 0.8 },
	{ SQUARES, "1: 1\n2: 4\n3: 8\n4: 16\n5: 25\n", 0 }, /* two of five */
	{ SQUARES, "1: 1\n1: 1\n2: 4\n3: 9\n4: 16\n5: 25\n", 0 },
	{ SQUARES, "1: 1\n2: 4\n3: 9\n4: 16\n5: 25\n6: 36\n", 0 }, /* one too many */
	{ SQUARES, "5: 25\n4: 16\n3: 9\n2: 4\n1: 1\n", 0 },
	{ SQUARES, "1: 1\nx\n2: 4\ny\n3: 9\nz\n4: 16\nw\n5: 25\n", 0 },
	{ SQUARES, "1 1\n2 4\n3 9\n4 16\n5 25\n", 0 },
	{ SQUARES, "1: 1 2: 4 3: 9 4: 16 5: 25", 0 },
	{ SQUARES, "", 0 },
	{ SPELLED,
	    "99: ninety-nine\n100: one hundred\n101: one hundred and one\n102: One Hundred Two.\n",
	    1 },
	{ SPELLED,
	    "99: ninety-nine\n100: hundred\n101: one hundred and one\n102: one hundred two\n", 0 },
	{ LONG, "0: 1\n1: 2", 0 },
	{ LONG, "0: 1\n1: 2\n\n\n\n\n", 1 },
	{ EXPECT, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj", 1 },
	{ EXPECT, "```\na\nb\n\nc\nd\ne\nf\ng\nh\ni\nj\n```\nDone.", 1 },
	{ EXPECT, "a\nb\nc\nd\ne\nf\ng\nx\nh\ni\nj", 0.7 },
	{ EXPECT, "a b c d e f g h i j", 0 },
	{ EXPECT, "a\na\nb\nc\nd\ne\nf\ng\nh\ni\nj", 0 },
	{ BOTH, "1: 1\n2: 8\nANSWER: ok", 1 },
	{ BOTH, "1: 1\n2: 8\nANSWER: no", 0 },
	{ BOTH, "ANSWER: ok", 0 },
};

START_TEST(test_texts)
{
	struct judged j;

	judged_init(&j, "p", cases[_i].scorer, "");
	const double got = judge_text(&j, cases[_i].text);
	ck_assert_msg(got == cases[_i].quality, "%d: %g %s", _i, got, j.result.why);
	judged_done(&j);
}
END_TEST

#define ITEM(scorer, answer)                                                               \
	"{\"id\":\"a\",\"task_type\":\"streaming\",\"prompt\":\"p\",\"scorer\":{\"kind\":" \
	"\"stream\"" scorer "},\"reference\":{\"text\":\"" answer "\"}}"

static const struct checked checks[] = {
	{ ITEM(",\"lines\":{\"from\":1,\"to\":2,\"rule\":\"double\"}", "1: 2\\n2: 4"), "" },
	{ ITEM(",\"lines\":{\"from\":1,\"to\":2,\"rule\":\"double\"}", "1: 2\\n2: 5"),
	    "reference: it does not solve" },
	{ ITEM("", ""), "lines: this, expect" },
	{ ITEM(",\"min_bytes\":5", ""), "lines: this, expect" },
	{ ITEM(",\"lines\":{\"from\":2,\"to\":2,\"rule\":\"double\"}", ""), "to: 2 to 5000" },
	{ ITEM(",\"lines\":{\"from\":1,\"to\":9000,\"rule\":\"double\"}", ""), "to: 2 to 5000" },
	{ ITEM(",\"lines\":{\"from\":1,\"to\":2}", ""), "rule: square" },
	{ ITEM(",\"answer\":{}", ""), "answer: accept" },
	{ ITEM(",\"cover\":{}", ""), "cover: points" },
	{ ITEM(",\"expect\":[\"a\"]", ""), "expect: 10 to 5000" },
	{ ITEM(",\"expect\":[\"a\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", ""),
	    "expect: each" },
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

	tcase_add_loop_test(t, test_texts, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, test_checks, 0, ARRAY_LEN(checks));
	return run_tests("stream", t);
}

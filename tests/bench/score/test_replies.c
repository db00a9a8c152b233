/*
 * test_replies.c - replies that are the answer as a whole: one text, or lines as the item has them; and
 * replies that are a dump of many. [G11]
 */
#include "runtime/base/hash.h"
#include "tests/bench/score/judged.h"

#define WHOLE \
	"{\"kind\":\"answer\",\"where\":\"whole\",\"accept\":[\"6 * 7 = 42\"],\"max_words\":8}"
#define NUMBER "{\"kind\":\"answer\",\"where\":\"whole\",\"number\":{\"value\":42}}"
#define LINES                                                                                   \
	"{\"kind\":\"stream\",\"expect\":[\"1 a\",\"2 b\",\"3 c\",\"4 d\",\"5 e\",\"6 f\",\"7 " \
	"g\","                                                                                  \
	"\"8 h\",\"9 i\",\"10 j\"]}"
#define TEN "1 a\n2 b\n3 c\n4 d\n5 e\n6 f\n7 g\n8 h\n9 i\n10 j\n"

static const struct {
	const char *scorer, *text;
	double quality;
} cases[] = {
	{ WHOLE, "6 * 7 = 42", 1 },
	{ WHOLE, "\n  `6 *  7 = 42`.\n", 1 },
	{ WHOLE, "```\n6 * 7 = 42\n```\n", 1 },
	{ WHOLE, "", 0 },
	{ WHOLE, "``", 0 },
	{ WHOLE, "It is 6 * 7 = 42", 0 },
	{ WHOLE, "6 * 7 = 42\n6 * 7 = 42", 0 },
	{ WHOLE, "ANSWER: 6 * 7 = 42", 0 },
	{ WHOLE, "6 * 7 = 41", 0 },
	{ NUMBER, "42", 1 },
	{ NUMBER, "42.0", 1 },
	{ NUMBER, "42 43", 0 },
	{ LINES, TEN, 1 },
	{ LINES, "Here they are:\n```\n" TEN "```\nThat is all.\n", 1 },
	{ LINES, "  1 a  \r\n\n2 b\n3 c\n4 d\n5 e\n6 f\n7 g\n8 h\n9 i\n10 j", 1 },
	{ LINES, "1 a\n2 b\n3 c\n4 d\n5 e\n6 f\n7 g\n", 0.7 },
	{ LINES, "1 a\n2 b\n3 c\n4 d\n5 e\n6 f\n8 h\n7 g\n9 i\n10 j\n", 0.6 },
	{ LINES, "1 a\n2 b\n2 b\n3 c\n", 0.2 },
	{ LINES, "w\nx\ny\nz\n" TEN, 0 },
	{ LINES, TEN "w\nx\ny\nz\n", 0 },
	{ LINES, TEN TEN, 0 },
	{ LINES, "1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h 9 i 10 j", 0 },
};

START_TEST(test_replies)
{
	struct judged j;

	judged_init(&j, "What is asked.", cases[_i].scorer, "");
	const double quality = judge_text(&j, cases[_i].text);
	const bool passed = cases[_i].quality >= j.scoring.pass_mark;
	ck_assert_msg(
	    quality == (passed ? cases[_i].quality : 0), "%s: %f", cases[_i].text, quality);
	ck_assert_int_eq(j.result.passed, passed);
	judged_done(&j);
}
END_TEST

static const struct {
	const char *scorer, *says;
} wrongs[] = {
	{ "{\"kind\":\"answer\",\"accept\":[\"x\"],\"where\":\"first\"}",
	    "where: whole or last_line" },
	{ "{\"kind\":\"stream\",\"expect\":[\"a\",\"b\"]}", "expect: 10 to 5000 lines" },
	{ "{\"kind\":\"stream\",\"expect\":[\"a\",\"a\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\","
	  "\"j\"]}",
	    "expect: each is one line" },
	{ "{\"kind\":\"stream\",\"expect\":[\"a "
	  "\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]}",
	    "expect: each is one line" },
	{ "{\"kind\":\"stream\",\"expect\":[\"a\",2,\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\","
	  "\"j\"]}",
	    "expect: each is one line" },
};

START_TEST(test_wrong_items)
{
	_cleanup_free_ char *line = str_printf(
	    "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"reference\":{\"text\":"
	    "\"x\"},\"scorer\":%s}",
	    wrongs[_i].scorer);
	struct error err;

	ck_assert_msg(strstr(check_item(line, &err), wrongs[_i].says) != NULL, "%s", err.text);
}
END_TEST

#define CODE                                                                           \
	"{\"kind\":\"code\",\"language\":\"python\",\"entry\":\"program\",\"cases\":[" \
	"{\"stdin\":\"1\",\"expect_stdout\":\"1\"},{\"stdin\":\"2\",\"expect_stdout\":\"2\"}]}"
#define BLOCK "```python\nprint(input())\n```\n"

/* Of a few blocks the last is run; of a dump none. */
START_TEST(test_blocks)
{
	struct judged j;

	judged_init(&j, "Write it.", CODE, "");
	cJSON *few = score_needs_run(&j.item, BLOCK BLOCK BLOCK);
	ck_assert_ptr_nonnull(few);
	ck_assert_ptr_null(score_needs_run(&j.item, BLOCK BLOCK BLOCK BLOCK));
	cJSON_Delete(few);
	judged_done(&j);
}
END_TEST

#define TEXT_FILE \
	"{\"kind\":\"files\",\"files\":[{\"mime\":\"text/plain\",\"contains\":[\"right\"]}]}"

static void
put(struct attempt_file *f, const char *text)
{
	*f = (struct attempt_file){ .mime_type = "text/plain",
		.name = "a.txt",
		.said_size = -1,
		.size = (int64_t)strlen(text) };
	hash_sha256_hex(text, strlen(text), f->sha256);
	buf_add_str(&f->bytes, text);
}

/* A file that is right among others that nobody asked for is not picked out. */
START_TEST(test_files_beyond)
{
	struct judged j;

	judged_init(&j, "Make a file.", TEXT_FILE, "");
	j.attempt.files = mem_zalloc(2 * sizeof(*j.attempt.files));
	put(&j.attempt.files[0], "all is right");
	j.attempt.nfiles = 1;
	ck_assert_double_eq(judge(&j), 1);
	put(&j.attempt.files[1], "leaked");
	j.attempt.nfiles = 2;
	ck_assert_double_eq(judge(&j), 0);
	judged_done(&j);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_replies, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, test_wrong_items, 0, ARRAY_LEN(wrongs));
	tcase_add_test(t, test_blocks);
	tcase_add_test(t, test_files_beyond);
	return run_tests("replies", t);
}

/*
 * test_text.c - words, sentences, numbers, and what nobody sees.
 */
#include "bench/score/text.h"

#include "tests/bench/score/judged.h"

static const struct {
	const char *text, *words;
	size_t n;
} words[] = {
	{ "", " ", 0 },
	{ "  ... !", " ", 0 },
	{ "The Delete-Marker's end", " the delete marker's end ", 4 },
	{ "C++ and C#, 1,250.5 kg", " c++ and c# 1250.5 kg ", 5 },
	{ "1,2,3 12,50", " 1,2,3 12,50 ", 2 },
	{ "a_b a/b a.b.", " a b a b a b ", 6 },
	{ "20% x", " 20 % x ", 3 },
	{ "na\xc3\xafve \xe2\x80\x94 \xe2\x80\x9cquoted\xe2\x80\x9d", " na\xc3\xafve quoted ", 2 },
	{ "a\xe2\x80\x8b"
	  "b\xc2\xa0"
	  "c",
	    " a b c ", 3 },
	{ "'quoted' don't", " quoted don't ", 2 },
};

START_TEST(test_words)
{
	_cleanup_buf_ struct buf b = { 0 };

	ck_assert_uint_eq(text_words(&b, words[_i].text, strlen(words[_i].text)), words[_i].n);
	ck_assert_str_eq(buf_str(&b), words[_i].words);
}
END_TEST

START_TEST(test_has)
{
	ck_assert(text_has(" the delete marker ends ", "Delete-marker"));
	ck_assert(!text_has(" the delete markers ends ", "delete marker"));
	ck_assert(!text_has(" the undelete marker ", "delete marker"));
	ck_assert(!text_has(" the ", "?"));
	ck_assert_uint_eq(text_function_words(" the log is a list of keys "), 4);
	ck_assert_uint_eq(text_function_words(" "), 0);
	ck_assert_uint_eq(text_function_words(" theory isle offer "), 0);
}
END_TEST

static const struct {
	const char *text, *sentences[6];
} sentences[] = {
	{ "One is. Two is! Three?", { "One is.", "Two is!", "Three?" } },
	{ "It is 2.5 of it. End", { "It is 2.5 of it.", "End" } },
	{ "So.[1] Then. [2, 3] Last", { "So.[1]", "Then. [2, 3]", "Last" } },
	{ "\"So.\" he said", { "\"So.\"", "he said" } },
	{ "a line that\ngoes on\nBut not here", { "a line that\ngoes on", "But not here" } },
	{ "a list:\none\ntwo", { "a list:", "one\ntwo" } },
	{ "- a\n- b\n\n\n", { "- a", "- b" } },
	{ "...\n!!", { NULL } },
	{ "a....b.. c", { "a....b..", "c" } },
};

START_TEST(test_sentences)
{
	_cleanup_free_ struct span *got = NULL;
	const size_t n = text_sentences(sentences[_i].text, &got);
	size_t i = 0;

	for (; sentences[_i].sentences[i] != NULL; i++) {
		ck_assert_uint_lt(i, n);
		ck_assert_msg(strlen(sentences[_i].sentences[i]) == got[i].len &&
			memcmp(sentences[_i].sentences[i], got[i].at, got[i].len) == 0,
		    "%d: %zu: %.*s", _i, i, (int)got[i].len, got[i].at);
	}
	ck_assert_uint_eq(n, i);
}
END_TEST

static const struct {
	const char *text;
	bool ok;
	double value;
} numbers[] = {
	{ "42", true, 42 },
	{ "-0.5", true, -0.5 },
	{ ".5", true, 0.5 },
	{ "5.", true, 5 },
	{ "\xe2\x88\x92"
	  "3",
	    true, -3 },
	{ "1,000,000", true, 1e6 },
	{ "1'000", true, 1000 },
	{ "1 000.25", true, 1000.25 },
	{ "1e3", true, 1000 },
	{ "1E-2", true, 0.01 },
	{ "123456789012345678901234567890", true, 123456789012345678e12 },
	{ "1,00", false, 0 },
	{ "1000,000", false, 0 },
	{ "1,000,00", false, 0 },
	{ "1..2", false, 0 },
	{ "", false, 0 },
	{ "-", false, 0 },
	{ "e5", false, 0 },
	{ "1e", false, 0 },
	{ "1e99", false, 0 },
	{ "0x10", false, 0 },
	{ "inf", false, 0 },
	{ "4 2", false, 0 },
};

START_TEST(test_numbers)
{
	double got = 0;

	ck_assert_msg(
	    text_decimal(numbers[_i].text, strlen(numbers[_i].text), &got) == numbers[_i].ok, "%s",
	    numbers[_i].text);
	if (numbers[_i].ok)
		ck_assert_msg(
		    text_close(got, numbers[_i].value, 0), "%s: %g", numbers[_i].text, got);
}
END_TEST

START_TEST(test_visible)
{
	static const char *const blank[] = { "", " \t\r\n", "\xc2\xa0", "\xe2\x80\x8b\xef\xbb\xbf",
		"\x1b", "\xe3\x80\x80", "\xf3\xa0\x81\x81", "\xe2\xa0\x80" };

	for (size_t i = 0; i < ARRAY_LEN(blank); i++)
		ck_assert_msg(!text_visible(blank[i], strlen(blank[i])), "%zu", i);
	ck_assert(text_visible(" x", 2) && text_visible("\xc3\xa9", 2) && text_visible("\xff", 1));
	ck_assert(text_visible(".", 1));
	ck_assert(!text_tells(" ...\xe2\x80\xa6 {\"", 9) && text_tells(". 4", 3) &&
	    text_tells("\xe4\xb8\xad", 3));
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_words, 0, ARRAY_LEN(words));
	tcase_add_test(t, test_has);
	tcase_add_loop_test(t, test_sentences, 0, ARRAY_LEN(sentences));
	tcase_add_loop_test(t, test_numbers, 0, ARRAY_LEN(numbers));
	tcase_add_test(t, test_visible);
	return run_tests("text", t);
}

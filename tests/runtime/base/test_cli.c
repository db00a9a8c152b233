/*
 * test_cli.c - options, tables and the progress line.
 */
#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/options.h"
#include "runtime/base/cli/progress.h"
#include "runtime/base/cli/table.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define ARGS_MAX 12

struct values {
	bool yes, no_color;
	int verbose;
	const char *name, *output;
	int64_t limit, tail, wait_ms;
	struct option_list filter;
};

#define AT(field) offsetof(struct values, field)
static const struct option some[] = {
	{ "yes", 'y', OPTION_FLAG, NULL, AT(yes), "" },
	{ "verbose", 'v', OPTION_COUNT, NULL, AT(verbose), "" },
	{ "name", 0, OPTION_STRING, "SLUG", AT(name), "" },
	{ "output", 'o', OPTION_CHOICE, "table|json", AT(output), "" },
	{ "limit", 'n', OPTION_NUMBER, "N", AT(limit), "" },
	{ "timeout", 0, OPTION_DURATION, "DURATION", AT(wait_ms), "" },
	{ "filter", 0, OPTION_LIST, "K=V", AT(filter), "" },
	{ "tail", 'n', OPTION_NUMBER, "N", AT(tail), "" },
};
static const struct option_table table_of_some = { some, ARRAY_LEN(some) };
#define WITHOUT_TAIL UINT64_C(0x7f)
#define WITHOUT_LIMIT UINT64_C(0xef)

static int
parse(char *const *argv, uint64_t allowed, struct values *v, struct option_words *w,
    struct error *err)
{
	int argc = 0, next = 0;

	while (argv[argc] != NULL)
		argc++;
	*v = (struct values){ 0 };
	*w = (struct option_words){ 0 };
	return options_parse(&table_of_some, allowed, false, argc, argv, &next, v, w, err);
}

static const struct {
	char *argv[ARGS_MAX];
	struct values want;
	const char *words; /* joined by blanks */
} good[] = {
	{ { "a", "b" }, { 0 }, "a b" },
	{ { "--yes", "a" }, { .yes = true }, "a" },
	{ { "a", "-y", "b" }, { .yes = true }, "a b" },
	{ { "-y", "--no-yes" }, { .yes = false }, "" },
	{ { "-vvy", "-v" }, { .yes = true, .verbose = 3 }, "" },
	{ { "--name", "x" }, { .name = "x" }, "" },
	{ { "--name=x=y" }, { .name = "x=y" }, "" },
	{ { "--name", "-score" }, { .name = "-score" }, "" },
	{ { "--name=" }, { .name = "" }, "" },
	{ { "-ojson" }, { .output = "json" }, "" },
	{ { "-yo", "table", "w" }, { .yes = true, .output = "table" }, "w" },
	{ { "-n", "5" }, { .limit = 5 }, "" },
	{ { "--timeout", "2m" }, { .wait_ms = 120000 }, "" },
	{ { "-", "--", "-y", "--name" }, { 0 }, "- -y --name" },
};

START_TEST(test_good)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct values v;
		struct option_words w;
		struct error err = { 0 };
		_cleanup_buf_ struct buf words = { 0 };

		ck_assert_msg(
		    parse(good[i].argv, WITHOUT_TAIL, &v, &w, &err) == 0, "%zu: %s", i, err.text);
		for (size_t k = 0; k < w.len; k++)
			buf_printf(&words, "%s%s", k > 0 ? " " : "", w.at[k]);
		ck_assert_msg(
		    str_eq(buf_str(&words), good[i].words), "%zu: %s", i, buf_str(&words));
		ck_assert_msg(v.yes == good[i].want.yes && v.verbose == good[i].want.verbose &&
			str_eq(v.name, good[i].want.name) &&
			str_eq(v.output, good[i].want.output) && v.limit == good[i].want.limit &&
			v.wait_ms == good[i].want.wait_ms,
		    "%zu: values", i);
	}
}
END_TEST

static const struct {
	char *argv[ARGS_MAX];
	const char *text;
} bad[] = {
	{ { "--nme", "x" }, "unknown option --nme; did you mean --name?" },
	{ { "--nam", "x" }, "unknown option --nam; did you mean --name?" },
	{ { "--zzzzzz" }, "unknown option --zzzzzz" },
	{ { "-z" }, "unknown option -z" },
	{ { "--no-name" }, "unknown option --no-name" },
	{ { "--name" }, "--name needs SLUG" },
	{ { "-o" }, "--output needs table|json" },
	{ { "-o", "jso" }, "--output takes table|json, not 'jso'" },
	{ { "-o", "" }, "--output takes table|json, not ''" },
	{ { "--yes=true" }, "--yes takes no value" },
	{ { "--tail", "1" }, "unknown option --tail" },
};

START_TEST(test_bad)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct values v;
		struct option_words w;
		struct error err = { 0 };

		ck_assert_int_eq(parse(bad[i].argv, WITHOUT_TAIL, &v, &w, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_msg(str_starts(err.text, bad[i].text), "%zu: %s", i, err.text);
	}
}
END_TEST

START_TEST(test_masks_and_lists)
{
	char *const letters[] = { "-n", "7", NULL };
	char *const lists[] = { "--filter", "a=1", "--filter=b=2", NULL };
	char *const numbers[] = { "-n", "-7", NULL };
	struct values v;
	struct option_words w;
	struct error err = { 0 };

	ck_assert_int_eq(parse(letters, WITHOUT_LIMIT, &v, &w, &err), 0);
	ck_assert_int_eq(v.tail, 7);
	ck_assert_int_eq(v.limit, 0);
	ck_assert_uint_eq(w.given, 1 << 7);
	ck_assert_int_eq(parse(lists, WITHOUT_TAIL, &v, &w, &err), 0);
	ck_assert_uint_eq(v.filter.len, 2);
	ck_assert_str_eq(v.filter.at[1], "b=2");
	ck_assert_int_eq(parse(numbers, WITHOUT_TAIL, &v, &w, &err), -1);
}
END_TEST

START_TEST(test_stops_at_word)
{
	char *const argv[] = { "-y", "word", "--name", "x", NULL };
	struct values v = { 0 };
	struct option_words w = { 0 };
	int next = 0;

	ck_assert_int_eq(
	    options_parse(&table_of_some, WITHOUT_TAIL, true, 4, argv, &next, &v, &w, NULL), 0);
	ck_assert_int_eq(next, 1);
	ck_assert(v.yes && v.name == NULL);
}
END_TEST

static char *
printed(struct table *t, bool headers, size_t width)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	table_print(t, headers, width, f);
	fclose(f);
	table_free(t);
	return text;
}

static struct table *
birds(void)
{
	struct table *t = table_new();

	table_column(t, "name", 0);
	table_column(t, "is_ok", TABLE_RIGHT);
	table_column(t, "detail", TABLE_CUT);
	table_row(t);
	table_cell(t, 0, "owl");
	table_cell(t, 1, "7");
	table_cell(t, 2, "bad \033[31m and long \xc3\xa9nough");
	table_row(t);
	table_cell(t, 0, "ant");
	table_cell(t, 2, "");
	return t;
}

START_TEST(test_table)
{
	_cleanup_free_ char *whole = printed(birds(), true, 0);
	_cleanup_free_ char *bare = printed(birds(), false, 0);

	ck_assert_str_eq(whole,
	    "NAME  IS OK  DETAIL\n"
	    "owl       7  bad \\x1b[31m and long \xc3\xa9nough\n"
	    "ant       -  -\n");
	ck_assert_str_eq(bare,
	    "owl  7  bad \\x1b[31m and long \xc3\xa9nough\n"
	    "ant  -  -\n");
}
END_TEST

START_TEST(test_table_cut)
{
	_cleanup_free_ char *narrow = printed(birds(), true, 24);
	_cleanup_free_ char *tiny = printed(birds(), true, 1);
	struct table *t = table_new();
	char *empty;

	ck_assert_str_eq(narrow,
	    "NAME  IS OK  DETAIL\n"
	    "owl       7  bad \\x1b[3…\n"
	    "ant       -  -\n");
	ck_assert_str_eq(tiny,
	    "NAME  IS OK  DETAIL\n"
	    "owl       7  bad \\x1…\n"
	    "ant       -  -\n");
	table_column(t, "id", 0);
	table_column(t, "state", 0);
	empty = printed(t, true, 0);
	ck_assert_str_eq(empty, "ID  STATE\n");
	free(empty);
}
END_TEST

START_TEST(test_progress)
{
	_cleanup_buf_ struct buf line = { 0 };

	progress_format(&line, 100, "owl\033 pulling", 0, 0);
	ck_assert_str_eq(buf_str(&line), "owl\\x1b pulling");
	buf_clear(&line);
	progress_format(&line, 100, "owl", 12 << 20, 48 << 20);
	ck_assert_str_eq(buf_str(&line), "owl  [######..................] 12 MiB of 48 MiB  25%");
	buf_clear(&line);
	progress_format(&line, 10, "owl", 99, 48);
	ck_assert_str_eq(buf_str(&line), "owl  [###…");
	buf_clear(&line);
	progress_format(&line, 100, "owl", -5, 48);
	ck_assert(strstr(buf_str(&line), " 0%") != NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cli");
	setlocale(LC_ALL, "C.UTF-8");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_bad);
	tcase_add_test(tc, test_masks_and_lists);
	tcase_add_test(tc, test_stops_at_word);
	tcase_add_test(tc, test_table);
	tcase_add_test(tc, test_table_cut);
	tcase_add_test(tc, test_progress);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

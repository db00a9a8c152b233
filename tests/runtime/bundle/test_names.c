/*
 * test_names.c - which names pass, and which two are one.
 */
#include <stdlib.h>
#include "runtime/bundle/name.h"
#include "tests/run.h"
#include "tests/runtime/bundle/make.h"

static const char *const good[] = { "a", "a/b/c.txt", ".hidden", "a..b", "...x",
	"r\xc3\xa9sum\xc3\xa9.pdf", "\xe6\x97\xa5\xe6\x9c\xac.txt",
	"\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80", "console.log",
	"com10", "a b/c d", "blobs/sha256/00", "\xf0\x9f\x98\x80.png" };

static const struct {
	const char *name, *why;
} bad[] = {
	/* [K01] names that leave the archive, hide something, or mean something else somewhere */
	{ "", "empty name" },
	{ "../a", "'..'" },
	{ "a/../../b", "'..'" },
	{ "a/..", "'..'" },
	{ "/etc/passwd", "absolute" },
	{ "//a", "absolute" },
	{ "a//b", "empty part" },
	{ "a/", "empty part" },
	{ "./a/./b", "'.'" },
	{ "a/.", "'.'" },
	{ "..\\a", "backslash" },
	{ "a\\b", "backslash" },
	{ "C:/a", "colon" },
	{ "a:stream", "colon" },
	{ "a\nb", "control" },
	{ "\033[31mred", "control" },
	{ "a\xc2\x85", "control" },
	{ "a\xe2\x80\xae"
	  "fdp.exe",
	    "direction" },
	{ "a\xe2\x80\x8b", "invisible" },
	{ "a\xef\xbb\xbf", "invisible" },
	{ "\xff", "not UTF-8" },
	{ "\xc0\xae\xc0\xae/a", "not UTF-8" },
	{ "\xed\xa0\x80", "not UTF-8" },
	{ "a.", "ends with a dot" },
	{ "a ", "blank" },
	{ " a", "blank" },
	{ "a ./b", "dot" },
	{ "con", "device" },
	{ "a/NUL.txt", "device" },
	{ "Aux .c", "device" },
	{ "com1", "device" },
	{ "lpt9.x", "device" },
	{ "COM\xc2\xb2", "device" },
	{ "conin$", "device" },
	/* [K06] a name that could also have been written otherwise */
	{ "re\xcc\x81sume", "composed" },
	{ "\xe2\x84\xab", "another spelling" },
	{ "\xe1\x84\x80\xe1\x85\xa1", "composed" },
};

START_TEST(test_good)
{
	struct error err = { 0 };

	ck_assert_msg(name_check(good[_i], 1024, 32, &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(test_bad) /* [K01] refused, and the refusal shows the name escaped */
{
	struct error err = { 0 };

	ck_assert_int_eq(name_check(bad[_i].name, 1024, 32, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.text, bad[_i].why) != NULL, "%s: %s", bad[_i].why, err.text);
	for (const char *c = err.text; *c != '\0'; c++)
		ck_assert(*c >= ' ' && *c < 0x7f);
}
END_TEST

START_TEST(test_long) /* [K01] parts, names and depths over what is taken */
{
	_cleanup_buf_ struct buf b = { 0 };
	struct error err = { 0 };

	for (int i = 0; i < 255; i++)
		buf_add_char(&b, 'x');
	ck_assert_int_eq(name_check(b.data, 1024, 32, &err), 0);
	buf_add_char(&b, 'x');
	ck_assert_int_eq(name_check(b.data, 1024, 32, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "255"));
	buf_clear(&b);
	for (int i = 0; i < 2500; i++)
		buf_add_str(&b, "x/");
	buf_add_char(&b, 'x');
	ck_assert_int_eq(name_check(b.data, 1024, 32, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "too long"));
	ck_assert_int_eq(name_check(b.data, 10000, 1000, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "directories"));
	b.data[64] = '\0';
	ck_assert_int_eq(name_check("a/a/a/a", 1024, 4, &err), 0);
	ck_assert_int_eq(name_check("a/a/a/a/a", 1024, 4, &err), -1);
}
END_TEST

static const struct {
	const char *first, *second;
	bool first_dir, second_dir;
	const char *why; /* NULL: both are fine */
} pairs[] = {
	/* [K06] one name, one entry */
	{ "a", "b", false, false, NULL },
	{ "a/b", "a/c", false, false, NULL },
	{ "a/b", "a", false, true, NULL }, /* the directory's own entry comes later */
	{ "a", "a/b", true, false, NULL },
	{ "a", "a", false, false, "twice" },
	{ "a", "a", true, true, "twice" },
	{ "a", "A", false, false, "case" },
	{ "a/x", "A/y", false, false, "case" },
	{ "\xc3\xa9", "\xc3\x89", false, false, "case" },
	{ "stra\xc3\x9f"
	  "e",
	    "STRASSE", false, false, "case" },
	{ "\xce\xa3", "\xcf\x82", false, false, "case" },
	{ "a", "a/b", false, false, "file and a directory" },
	{ "a/b", "a", false, false, "file and a directory" },
	{ "a", "a", true, false, "file and a directory" },
};

START_TEST(test_pairs) /* [K06] [N07] duplicates, also by case, and a file where a directory was */
{
	struct names n = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(names_add(&n, pairs[_i].first, pairs[_i].first_dir, &err), 0);
	const int rc = names_add(&n, pairs[_i].second, pairs[_i].second_dir, &err);
	if (pairs[_i].why == NULL)
		ck_assert_msg(rc == 0, "%s", err.text);
	else
		ck_assert_msg(rc < 0 && strstr(err.text, pairs[_i].why) != NULL, "%s", err.text);
	names_done(&n);
}
END_TEST

START_TEST(test_shown)
{
	char out[NAME_SHOWN_MAX], again[NAME_SHOWN_MAX];
	char longest[5000];

	ck_assert_str_eq(name_show("a\n\033\\\xff", out), "a\\x0a\\x1b\\x5c\\xff");
	memset(longest, '\n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	name_show(longest, out);
	ck_assert_uint_lt(strlen(out), NAME_SHOWN_MAX);
	ck_assert(str_ends(out, "..."));
	memset(longest, 'x', sizeof(longest) - 1);
	ck_assert(str_ends(name_show(longest, again), "xxx..."));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bundle names");
	TCase *t = tcase_create("names");

	tcase_add_loop_test(t, test_good, 0, (int)ARRAY_LEN(good));
	tcase_add_loop_test(t, test_bad, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(t, test_long);
	tcase_add_loop_test(t, test_pairs, 0, (int)ARRAY_LEN(pairs));
	tcase_add_test(t, test_shown);
	suite_add_tcase(s, t);
	return run_suite(s);
}

/*
 * test_tree.c - what is below a directory, within limits.
 */
#include "runtime/base/tree.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char dir[] = "/tmp/test-tree.XXXXXX";

static void
put(const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name), *parent = str_dup(path);
	struct error err = { 0 };

	*strrchr(parent, '/') = '\0';
	ck_assert_msg(file_mkdirs(parent, 0755, &err) == 0, "%s", err.text);
	ck_assert_msg(file_write(path, text, strlen(text), 0644, &err) == 0, "%s", err.text);
}

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("b", "bb");
	put("a/x/y", "");
	put("a-", "hello");
}

static void
tear_down(void)
{
	ck_assert_int_eq(file_remove_tree(dir, NULL), 0);
}

START_TEST(test_sums) /* as sha256sum writes them, in the order of bytes */
{
	static const char *const but[] = { "b", NULL };
	_cleanup_buf_ struct buf out = { 0 };

	ck_assert_int_eq(tree_sums(dir, NULL, but, &out, NULL), 0);
	ck_assert_str_eq(buf_str(&out),
	    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  a-\n"
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a/x/y\n");
}
END_TEST

static const struct {
	struct tree_limits limits;
	enum error_kind kind; /* NONE: it fits */
} rows[] = {
	{ { .depth = 2, .files = 3, .file_bytes = 5 }, ERROR_NONE },
	{ { .depth = 1, .files = 3, .file_bytes = 5 }, ERROR_INVALID },
	{ { .depth = 2, .files = 2, .file_bytes = 5 }, ERROR_INVALID },
	{ { .depth = 2, .files = 3, .file_bytes = 4 }, ERROR_TOO_BIG },
};

START_TEST(test_limits)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(
	    tree_list(dir, &rows[_i].limits, &t, &err), rows[_i].kind == ERROR_NONE ? 0 : -1);
	ck_assert_int_eq(err.kind, rows[_i].kind);
	ck_assert_uint_eq(t.n, rows[_i].kind == ERROR_NONE ? 3 : 0);
}
END_TEST

START_TEST(test_no_links)
{
	_cleanup_free_ char *path = str_printf("%s/a/link", dir);
	_cleanup_tree_ struct tree t = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(tree_list(dir, NULL, &t, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tree");
	TCase *tc = tcase_create("tree");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_sums);
	tcase_add_loop_test(tc, test_limits, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, test_no_links);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

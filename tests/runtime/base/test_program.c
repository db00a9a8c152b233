/*
 * test_program.c - programs beside ours and in PATH.
 */
#include <check.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/program.h"
#include "runtime/base/str.h"
#include "tests/run.h"

START_TEST(test_beside)
{
	_cleanup_free_ char *self = program_beside("test_program");
	_cleanup_free_ char *above = program_beside("../base");
	_cleanup_free_ char *path = program_path();

	ck_assert_str_eq(path, self);
	ck_assert_ptr_nonnull(self);
	ck_assert(str_ends(self, "/base/test_program"));
	ck_assert_ptr_nonnull(above);
	ck_assert_ptr_null(program_beside("nothing-of-that-name"));
}
END_TEST

START_TEST(test_path)
{
	char dir[] = "/tmp/janus-test-program-XXXXXX";
	struct error err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *mine = str_printf("%s/mine", dir), *dull = str_printf("%s/dull", dir);
	_cleanup_free_ char *twin = str_printf("%s/test_program", dir);
	_cleanup_free_ char *path = str_printf("::/nowhere:%s:", dir);
	ck_assert_int_eq(file_write(mine, "x", 1, 0700, &err), 0);
	ck_assert_int_eq(file_write(dull, "x", 1, 0600, &err), 0);
	ck_assert_int_eq(file_write(twin, "x", 1, 0700, &err), 0);
	setenv("PATH", path, 1);
	_cleanup_free_ char *found = program_find("mine");
	_cleanup_free_ char *ours = program_find("test_program");
	ck_assert_str_eq(found, mine);
	ck_assert_str_ne(ours, twin); /* beside us comes first */
	ck_assert_ptr_null(program_find("other"));
	if (geteuid() != 0)
		ck_assert_ptr_null(program_find("dull"));
	unsetenv("PATH");
	ck_assert_ptr_null(program_find("mine"));
	ck_assert_int_eq(file_remove_tree(dir, &err), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("program");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_beside);
	tcase_add_test(tc, test_path);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_file.c - whole files and trees, and the errors they end in.
 */
#include "runtime/base/file.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char dir[64], path[128];

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/janus_file_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
}

static void
tear_down(void)
{
	file_remove_tree(dir, NULL);
}

/* ---- errors ---- */

START_TEST(test_error)
{
	struct error err = { 0 };
	char huge[1000];

	ck_assert_int_eq(error_set(&err, ERROR_BUSY, "unpack: %s", "no room"), -1);
	ck_assert_int_eq(error_add(&err, "submission %d", 7), -1);
	ck_assert_str_eq(err.text, "submission 7: unpack: no room");
	ck_assert_int_eq(err.kind, ERROR_BUSY);
	error_set(&err, ERROR_IO, "again: %s", err.text); /* of itself */
	ck_assert_str_eq(err.text, "again: submission 7: unpack: no room");
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	error_set(&err, ERROR_IO, "%s", huge);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	error_add(&err, "%s", huge);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	ck_assert_int_eq(error_set(NULL, ERROR_IO, "nobody asks"), -1);
	ck_assert_int_eq(error_add(NULL, "nobody asks"), -1);
	errno = EIO;
	ck_assert_int_eq(error_errno(NULL, "nobody asks"), -1);
}
END_TEST

static const struct {
	int number;
	enum error_kind kind;
	const char *name;
} numbers[] = {
	{ ENOENT, ERROR_NOT_FOUND, "not_found" },
	{ ESRCH, ERROR_NOT_FOUND, "not_found" },
	{ EACCES, ERROR_DENIED, "denied" },
	{ EPERM, ERROR_DENIED, "denied" },
	{ EEXIST, ERROR_CONFLICT, "conflict" },
	{ ETIMEDOUT, ERROR_TIMEOUT, "timeout" },
	{ ECONNREFUSED, ERROR_UNAVAILABLE, "unavailable" },
	{ ECONNRESET, ERROR_UNAVAILABLE, "unavailable" },
	{ EPIPE, ERROR_UNAVAILABLE, "unavailable" },
	{ EMSGSIZE, ERROR_TOO_BIG, "too_big" },
	{ EFBIG, ERROR_TOO_BIG, "too_big" },
	{ ENOSPC, ERROR_IO, "io" },
	{ EIO, ERROR_IO, "io" },
	{ EMFILE, ERROR_IO, "io" },
	{ 12345, ERROR_IO, "io" },
};

START_TEST(test_error_numbers)
{
	struct error err = { 0 };
	_cleanup_free_ char *text = str_printf("open x: %s", strerror(numbers[_i].number));

	errno = numbers[_i].number;
	ck_assert_int_eq(error_errno(&err, "open %s", "x"), -1);
	ck_assert_int_eq(err.kind, numbers[_i].kind);
	ck_assert_str_eq(err.text, text);
	ck_assert_str_eq(error_kind_name(err.kind), numbers[_i].name);
}
END_TEST

/* ---- files ---- */

START_TEST(test_write_and_read)
{
	static const char bytes[] = "two\nlines\0and a NUL";
	_cleanup_free_ char *text = NULL, *empty = NULL, *exact = NULL;
	struct error err = { 0 };
	struct stat st;
	size_t len;

	ck_assert_msg(file_write(path, bytes, sizeof(bytes), 0600, &err) == 0, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(file_read(path, 100, &text, &len, &err), 0);
	ck_assert_uint_eq(len, sizeof(bytes));
	ck_assert_mem_eq(text, bytes, sizeof(bytes));
	ck_assert_int_eq(text[len], '\0');
	ck_assert_int_eq(file_read(path, sizeof(bytes), &exact, NULL, &err), 0);
	ck_assert_int_eq(file_write(path, NULL, 0, 0600, &err), 0);
	ck_assert_int_eq(file_read(path, 0, &empty, &len, &err), 0);
	ck_assert_str_eq(empty, "");
	ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(test_read_refused)
{
	struct error err = { 0 };
	char *text = (char *)1;
	size_t len = 7;

	ck_assert_int_eq(file_read(path, 10, &text, &len, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(file_write(path, "12345678901", 11, 0600, &err), 0);
	ck_assert_int_eq(file_read(path, 10, &text, &len, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);
	ck_assert_int_eq(file_read(dir, 10, &text, &len, &err), -1);
	ck_assert_int_eq(file_read("/dev/zero", 100000, &text, &len, &err), -1); /* it never ends */
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);
	ck_assert_ptr_eq(text, (char *)1); /* untouched on failure */
	ck_assert_uint_eq(len, 7);
}
END_TEST

/* What cannot be written leaves what was there, and nothing beside it. */
START_TEST(test_write_refused)
{
	_cleanup_free_ char *inside = str_printf("%s/no/file", dir);
	struct error err = { 0 };

	ck_assert_int_eq(file_write(inside, "x", 1, 0600, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(file_write(path, "x", 1, 0600, &err), -1); /* a directory is in the way */
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(dir), 0); /* empty: no temporary file stayed */
}
END_TEST

START_TEST(test_trees)
{
	_cleanup_free_ char *deep = str_printf("%s/a/b/c", dir);
	_cleanup_free_ char *top = str_printf("%s/a", dir);
	_cleanup_free_ char *file = str_printf("%s/a/b/file", dir);
	_cleanup_free_ char *below = str_printf("%s/a/b/file/d", dir);
	_cleanup_free_ char *link = str_printf("%s/a/link", dir);
	struct error err = { 0 };
	struct stat st;

	ck_assert_msg(file_mkdirs(deep, 0700, &err) == 0, "%s", err.text);
	ck_assert_int_eq(file_mkdirs(deep, 0700, &err), 0);
	ck_assert_int_eq(stat(deep, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(file_write(file, "x", 1, 0400, &err), 0);
	ck_assert_int_eq(file_mkdirs(file, 0700, &err), -1);
	ck_assert_int_eq(file_mkdirs(below, 0700, &err), -1);

	/* A link goes; what it points to stays. */
	ck_assert_int_eq(file_write(path, "kept", 4, 0600, &err), 0);
	ck_assert_int_eq(symlink(dir, link), 0);
	ck_assert_msg(file_remove_tree(top, &err) == 0, "%s", err.text);
	ck_assert_int_eq(access(top, F_OK), -1);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(file_remove_tree(top, &err), 0);
	ck_assert_int_eq(file_mkdirs("", 0700, &err), -1);
}
END_TEST

static pid_t holder;
static int naps;

int lock_usleep(useconds_t) __asm__("usleep");

/* Who waits for a lock sleeps here: by the second time its holder is gone. */
int
lock_usleep(useconds_t us)
{
	(void)us;
	if (holder > 0 && ++naps == 2) {
		kill(holder, SIGKILL);
		ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
	}
	return 0;
}

START_TEST(test_lock)
{
	struct error err = { 0 };
	int held[2];
	char c;

	const int first = file_lock(path, &err);
	ck_assert_msg(first >= 0, "%s", err.text);
	ck_assert_int_eq(file_lock(path, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	close(first);

	/* Who holds it is killed while another one waits. */
	ck_assert_int_eq(pipe(held), 0);
	const pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (file_lock(path, &err) < 0 || write(held[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(held[0], &c, 1), 1);
	holder = pid;
	const int next = file_lock(path, &err);
	ck_assert_msg(next >= 0, "%s", err.text);
	ck_assert_int_eq(naps, 2);
	close(next);
	close(held[0]);
	close(held[1]);

	ck_assert_int_eq(file_lock(dir, &err), -1);
	ck_assert_int_ne(err.kind, ERROR_CONFLICT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("file");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_error);
	tcase_add_loop_test(tc, test_error_numbers, 0, (int)ARRAY_LEN(numbers));
	tcase_add_test(tc, test_write_and_read);
	tcase_add_test(tc, test_read_refused);
	tcase_add_test(tc, test_write_refused);
	tcase_add_test(tc, test_trees);
	tcase_add_test(tc, test_lock);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

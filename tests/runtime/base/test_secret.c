/*
 * test_secret.c - where a secret is found, and who else may read it.
 */
#include "runtime/base/secret.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char dir[64];
static const char *const names[] = { "A_KEY", "B_KEY", NULL };

static const char *
env(const char *name)
{
	return getenv(name);
}

static void
setup(void)
{
	clearenv();
	strcpy(dir, "/tmp/test_secret.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	file_remove_tree(dir, NULL);
}

static char *
put(const char *name, const char *text)
{
	char *path = str_printf("%s/%s", dir, name);

	ck_assert_int_eq(file_write(path, text, strlen(text), 0600, NULL), 0);
	return path;
}

static void
found(const char *text)
{
	struct error err = { 0 };
	struct secret s;

	ck_assert_msg(secret_find(names, env, &s, &err) == 0, "%s", err.text);
	if (text == NULL)
		ck_assert_ptr_null(s.text);
	else
		ck_assert_str_eq(s.text, text);
	secret_forget(&s);
	ck_assert_ptr_null(s.text);
}

static void
refused(const char *words)
{
	struct error err = { 0 };
	struct secret s;

	ck_assert_int_eq(secret_find(names, env, &s, &err), -1);
	ck_assert_int_ne(err.kind, ERROR_NONE);
	ck_assert_msg(strstr(err.text, words) != NULL, "%s", err.text);
	ck_assert_ptr_null(s.text);
}

START_TEST(first_to_last) /* [L04] secrets from files and credentials */
{
	_cleanup_free_ char *file = put("file", "from the file\n");

	found(NULL);
	setenv("B_KEY", "b", 1);
	found("b");
	setenv("A_KEY", "", 1); /* empty is not set */
	found("b");
	setenv("A_KEY", "a", 1);
	found("a");
	unsetenv("A_KEY");
	setenv("A_KEY_FILE", file, 1);
	found("from the file");
	_cleanup_free_ char *credential = put("a_key", "from systemd\r\n");
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	found("from systemd");
	unsetenv("A_KEY_FILE");
	found("from systemd");
}
END_TEST

START_TEST(both_is_an_error)
{
	_cleanup_free_ char *file = put("file", "x");

	setenv("A_KEY", "a", 1);
	setenv("A_KEY_FILE", file, 1);
	refused("A_KEY and A_KEY_FILE are both set");
	_cleanup_free_ char *credential = put("a_key", "x"); /* hides it no more than it mends it */
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	refused("both set");
}
END_TEST

START_TEST(no_key)
{
	static const char *const bad[] = { "", "\n", "a\nb", "a\rb", " \t\n" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_free_ char *file = put("file", bad[i]);

		setenv("A_KEY_FILE", file, 1);
		refused("a key is one line");
	}
	setenv("A_KEY_FILE", "/nowhere/key", 1);
	refused("A_KEY: /nowhere/key: No such file");
	unsetenv("A_KEY_FILE");
	setenv("A_KEY", "a\nb", 1);
	refused("A_KEY: a key is one line");
}
END_TEST

START_TEST(who_may_read_it)
{
	_cleanup_free_ char *file = put("file", "x");

	ck_assert(!secret_is_loose(file));
	chmod(file, 0640);
	ck_assert(!secret_is_loose(file));
	chmod(file, 0644);
	ck_assert(secret_is_loose(file));
	ck_assert(!secret_is_loose("/nowhere/key"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret");
	TCase *c = tcase_create("all");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, first_to_last);
	tcase_add_test(c, both_is_an_error);
	tcase_add_test(c, no_key);
	tcase_add_test(c, who_may_read_it);
	suite_add_tcase(s, c);
	return run_suite(s);
}

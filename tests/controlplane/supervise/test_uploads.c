/*
 * test_uploads.c - what is sent has no name until it is kept, and goes when nobody wants it.
 */
#include "controlplane/supervise/uploads.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define ONE "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static char place[] = "/tmp/uploads.XXXXXX";

static int
files(void)
{
	_cleanup_free_ char *list = str_printf("ls -A %s/bundles | wc -l", place);
	FILE *p = popen(list, "r");
	int n = -1;

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(fscanf(p, "%d", &n), 1);
	pclose(p);
	return n;
}

static bool
is_one(const char *digest, void *arg)
{
	(void)arg;
	return strcmp(digest, ONE) == 0;
}

static void
keep(const char *digest)
{
	struct error err = { 0 };
	_cleanup_close_ int fd = uploads_begin(place, 10, &err);

	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(write(fd, "hello", 5), 5);
	ck_assert_msg(uploads_keep(place, fd, digest, &err) == 0, "%s", err.text);
}

START_TEST(test_life) /* [E13] one that breaks off leaves nothing; one that nobody submits goes */
{
	struct error err = { 0 };
	char text[8] = "";

	int fd = uploads_begin(place, 10, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(files(), 0);
	close(fd);
	ck_assert_int_eq(files(), 0);
	ck_assert_int_eq(uploads_open(place, ONE, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	keep(ONE);
	keep(ONE); /* again: it is there */
	keep(TWO);
	ck_assert_int_eq(files(), 2);
	fd = uploads_open(place, ONE, &err);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
	ck_assert_str_eq(text, "hello");
	close(fd);
	uploads_sweep(place, 60000, is_one, NULL);
	ck_assert_int_eq(files(), 2);
	uploads_sweep(place, 0, is_one, NULL);
	ck_assert_int_eq(files(), 1);
	uploads_remove(place, "sha256:../../x");
	uploads_remove(place, ONE);
	ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(test_many) /* only so many wait at once */
{
	struct error err = { 0 };
	char digest[80];

	for (int i = 0; i < UPLOADS_MAX; i++) {
		snprintf(digest, sizeof(digest), "sha256:%064x", (unsigned)i);
		keep(digest);
	}
	ck_assert_int_eq(uploads_begin(place, 10, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_BUSY);
	uploads_remove(place, digest);
	const int fd = uploads_begin(place, 10, &err);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

START_TEST(test_room) /* [D11] nothing is begun that the disk has no room for */
{
	struct error err = { 0 };

	ck_assert_int_eq(uploads_begin(place, INT64_MAX / 2, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(test_digests)
{
	ck_assert(upload_digest_valid(ONE));
	ck_assert(!upload_digest_valid("sha256:1"));
	ck_assert(!upload_digest_valid(
	    "sha512:1111111111111111111111111111111111111111111111111111111111111111"));
	ck_assert(!upload_digest_valid(
	    "sha256:A111111111111111111111111111111111111111111111111111111111111111"));
	ck_assert(!upload_digest_valid(
	    "sha256:../1111111111111111111111111111111111111111111111111111111111111"));
}
END_TEST

static void
begin(void)
{
	strcpy(place, "/tmp/uploads.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place));
}

static void
finish(void)
{
	_cleanup_free_ char *rm = str_printf("rm -rf %s", place);

	ck_assert_int_eq(system(rm), 0);
}

int
main(void)
{
	Suite *s = suite_create("uploads");
	TCase *t = tcase_create("uploads");

	tcase_add_checked_fixture(t, begin, finish);
	tcase_add_test(t, test_life);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_room);
	tcase_add_test(t, test_digests);
	suite_add_tcase(s, t);
	return run_suite(s);
}

/*
 * test_suites.c - suites are found by their names alone, and known by a digest of all their files.
 */
#include "controlplane/schedule/suites.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char dir[64];

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
	snprintf(dir, sizeof(dir), "/tmp/janus_suites_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("public/dev/suite.json",
	    "{\"name\":\"public/dev\",\"version\":\"7\",\"title\":\"T\",\"scoring\":\"2026-11\","
	    "\"counts\":{\"chat\":2,\"code\":1}}");
	put("public/dev/b.jsonl", "b");
	put("public/dev/files/a.txt", "a");
	put("public/none/readme", "no suite");
}

static void
tear_down(void)
{
	struct error err = { 0 };

	ck_assert_msg(file_remove_tree(dir, &err) == 0, "%s", err.text);
}

static struct suite_info
find(const char *private_dir, const char *name)
{
	struct suite_info s = { 0 };
	struct error err = { 0 };

	ck_assert_msg(suites_find(dir, private_dir, name, &s, &err) == 0, "%s", err.text);
	return s;
}

START_TEST(test_found)
{
	struct suite_info s = find(NULL, "public/dev");

	ck_assert_str_eq(s.version, "7");
	ck_assert_str_eq(s.title, "T");
	ck_assert_str_eq(s.scoring, "2026-11");
	ck_assert_int_eq(s.items, 3);
	ck_assert(!s.is_sealed);
	suite_info_done(&s);
}
END_TEST

START_TEST(test_digest) /* [J07] of the lines "<sha256>  <name>" of all files, in byte order */
{
	_cleanup_free_ char *path = str_printf("%s/public/dev/suite.json", dir), *text = NULL;
	char lines[1024], b[HASH_HEX_MAX], a[HASH_HEX_MAX], j[HASH_HEX_MAX], all[HASH_HEX_MAX];
	size_t len = 0;

	ck_assert_int_eq(file_read(path, 4096, &text, &len, NULL), 0);
	snprintf(lines, sizeof(lines), "%s  b.jsonl\n%s  files/a.txt\n%s  suite.json\n",
	    hash_sha256_hex("b", 1, b), hash_sha256_hex("a", 1, a), hash_sha256_hex(text, len, j));
	struct suite_info s = find(NULL, "public/dev");
	ck_assert_str_eq(s.digest + strlen("sha256:"), hash_sha256_hex(lines, strlen(lines), all));
	suite_info_done(&s);
	put("public/dev/files/a.txt", "A");
	struct suite_info changed = find(NULL, "public/dev");
	ck_assert_str_ne(s.digest, changed.digest);
	suite_info_done(&changed);
}
END_TEST

START_TEST(test_refused)
{
	static const char *const bad[] = { "", "dev", "public/none", "public/../public/dev", "/etc",
		"../x", "public/dev/files", "private/test", "PUBLIC/dev" };
	struct suite_info s = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_msg(suites_find(dir, NULL, bad[i], &s, &err) < 0, "%s", bad[i]);
		ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
		ck_assert_ptr_nonnull(strstr(err.text, "public/dev")); /* those there are */
	}
	put("public/dev/suite.json", "{");
	ck_assert_int_lt(suites_find(dir, NULL, "public/dev", &s, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	_cleanup_free_ char *link = str_printf("%s/public/dev/link", dir);
	put("public/dev/suite.json", "{}");
	ck_assert_int_eq(symlink("/etc/passwd", link), 0);
	ck_assert_int_lt(suites_find(dir, NULL, "public/dev", &s, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

struct seen {
	int n, sealed;
	char last[SUITE_NAME_MAX];
};

static void
count(const struct suite_info *s, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	seen->sealed += s->is_sealed;
	snprintf(seen->last, sizeof(seen->last), "%s", s->name);
}

START_TEST(test_sealed) /* what is told of one that is sealed is what was published of it */
{
	_cleanup_free_ char *private_dir = str_printf("%s/sealed", dir);
	struct seen seen = { 0 };

	put("sealed/suite.sealed", "?");
	put("sealed/commit.json", "{\"digest\":\"sha256:x\",\"items\":40}");
	struct suite_info s = find(private_dir, "private/test");
	ck_assert(s.is_sealed);
	ck_assert_int_eq(s.items, 40);
	suite_info_done(&s);
	suites_list(dir, private_dir, count, &seen);
	ck_assert_int_eq(seen.n, 2);
	ck_assert_int_eq(seen.sealed, 1);
	seen = (struct seen){ 0 };
	suites_list(dir, NULL, count, &seen);
	ck_assert_int_eq(seen.n, 1);
	ck_assert_str_eq(seen.last, "public/dev");
	suites_list("/nonexistent", NULL, count, &seen);
	ck_assert_int_eq(seen.n, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("suites");
	TCase *t = tcase_create("suites");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, test_found);
	tcase_add_test(t, test_digest);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_sealed);
	suite_add_tcase(s, t);
	return run_suite(s);
}

/*
 * test_image_ref.c - the grammar of image references.
 */
#include "runtime/engine/image_ref.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(test_good)
{
	static const struct {
		const char *text, *host, *path, *tag, *digest;
	} cases[] = {
		{ "model", "", "model", "latest", "" },
		{ "team/model", "", "team/model", "latest", "" },
		{ "team/model:v1.2-x_Y", "", "team/model", "v1.2-x_Y", "" },
		{ "registry.example.com/a/b/c:1", "registry.example.com", "a/b/c", "1", "" },
		{ "localhost/model", "localhost", "model", "latest", "" },
		{ "localhost:5000/model", "localhost:5000", "model", "latest", "" },
		{ "127.0.0.1:65535/m", "127.0.0.1:65535", "m", "latest", "" },
		{ "[::1]:5000/m:t", "[::1]:5000", "m", "t", "" },
		{ "m@sha256:" HEX64, "", "m", "", "sha256:" HEX64 },
		{ "h.io/m:t@sha256:" HEX64, "h.io", "m", "t", "sha256:" HEX64 },
		{ "a.b/c.d_e__f--g/h", "a.b", "c.d_e__f--g/h", "latest", "" },
		{ "Host.Example/m", "Host.Example", "m", "latest", "" },
		{ "model:8080", "", "model", "8080", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct image_ref ref;

		ck_assert_msg(image_ref_parse(cases[i].text, &ref, &err) == 0, "%s: %s",
		    cases[i].text, err.text);
		ck_assert_str_eq(ref.host, cases[i].host);
		ck_assert_str_eq(ref.path, cases[i].path);
		ck_assert_str_eq(ref.tag, cases[i].tag);
		ck_assert_str_eq(ref.digest, cases[i].digest);
	}
}
END_TEST

START_TEST(test_bad) /* [E01] no name of an image: refused, with what is wrong */
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "empty" },
		{ "Team/model", "lower case" },
		{ "https://h.io/m", "scheme" },
		{ "docker://m", "scheme" },
		{ "user:secret@h.io/m", "credentials" },
		{ "m model", "spaces" },
		{ "m\n", "spaces" },
		{ "m\xc3\xa9", "non-ASCII" },
		{ "/m", "empty part" },
		{ "a//b", "empty part" },
		{ "a/b/", "empty part" },
		{ "h.io/", "missing" },
		{ ":tag", "missing" },
		{ "../etc", "not a registry host" },
		{ "a/../b", "each part" },
		{ "a/-b", "each part" },
		{ "a/b-", "each part" },
		{ "a/b___c", "each part" },
		{ "a/b..c", "each part" },
		{ "m:", "tag" },
		{ "m:-t", "tag" },
		{ "m:a:b", "tag" },
		{ "m:t/x", "not a registry host" },
		{ "h.io:0/m", "port" },
		{ "h.io:65536/m", "port" },
		{ "h.io:99999999999/m", "port" },
		{ "h..io/m", "not a registry host" },
		{ "-h.io/m", "not a registry host" },
		{ "h_x.io/m", "not a registry host" },
		{ "m@", "digest" },
		{ "m@sha256:abc", "digest" },
		{ "m@sha512:" HEX64, "digest" },
		{ "m@sha256:" HEX64 "0", "digest" },
		{ "m?x=1", "each part" },
		{ "m&tag=x", "each part" },
		{ "m%2f", "each part" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct image_ref ref = { .tag = "untouched" };

		ck_assert_msg(
		    image_ref_parse(cases[i].text, &ref, &err) == -1, "%s", cases[i].text);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_msg(
		    strstr(err.text, cases[i].words) != NULL, "%s: %s", cases[i].text, err.text);
		ck_assert_msg(strstr(err.text, "secret") == NULL, "%s", err.text);
		ck_assert_str_eq(ref.tag, "untouched");
	}
}
END_TEST

START_TEST(test_long)
{
	_cleanup_free_ char *text = mem_zalloc(10241);
	char repository[520];
	struct image_ref ref;

	memset(text, 'a', 10240);
	ck_assert_int_eq(image_ref_parse(text, &ref, NULL), -1);
	text[255] = '\0';
	ck_assert_int_eq(image_ref_parse(text, &ref, NULL), 0);
	ck_assert_str_eq(image_ref_repository(&ref, repository), text);
	text[255] = 'a';
	text[256] = '\0';
	ck_assert_int_eq(image_ref_parse(text, &ref, NULL), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("image_ref");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_bad);
	tcase_add_test(tc, test_long);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_static_files.c - the table of the web UI: what is in it, in which coding, and nothing else.
 *
 * Whatever bundle was built, and also where none was: what holds of every file is asserted of all.
 */
#include "controlplane/gateway/static_files.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define ROUNDS 20000

START_TEST(test_table)
{
	size_t len;
	const struct static_file *all = static_files(&len);

	ck_assert_uint_ge(len, 1);
	for (size_t i = 0; i < len; i++) {
		const struct static_file *f = &all[i];
		char sum[HASH_HEX_MAX];
		_cleanup_buf_ struct buf buf = { 0 };
		struct error err = { 0 };
		size_t n;

		ck_assert_msg(i == 0 || strcmp(all[i - 1].path, f->path) < 0, "%s", f->path);
		ck_assert_ptr_eq(static_find(f->path), f);
		ck_assert(!f->immutable || str_starts(f->path, "/assets/"));
		const char *bytes = static_bytes(f, STATIC_IDENTITY, &buf, &n, &err);
		ck_assert_msg(bytes != NULL, "%s", err.text);
		ck_assert_uint_eq(n, f->len);
		hash_sha256_hex(bytes, n, sum);
		ck_assert_msg(str_starts(sum, f->etag) && strlen(f->etag) == 32, "%s", f->path);
	}
	ck_assert_ptr_nonnull(static_index());
	ck_assert(str_starts(static_index()->type, "text/html"));
}
END_TEST

START_TEST(test_pages)
{
	static const char *const none[] = { "", "chat", "//", "/chat/", "/chat/a/b", "/Chat",
		"/chat/%2e%2e", "/chat/..", "/chat\\x", "/nothing", "/v1", "/api", "/assets" };

	ck_assert(static_is_page("/"));
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(!static_is_page(none[i]), "%s", none[i]);
}
END_TEST

/* A path of the table with one thing of it changed, or any bytes. */
static char *
some_path(const struct static_file *all, size_t len)
{
	static const char bytes[] = "/.%25eEfF0\\AaZz-_~\x01\x7f\xff ?#";
	const char *path = all[(size_t)rand() % len].path;
	const size_t at = (size_t)rand() % strlen(path);
	const char c = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
	char *any = str_dup(path);

	switch (rand() % 5) {
	case 0: any[at] = c; return any;
	case 1: any[at] = '\0'; return any;
	case 2: free(any); return str_printf("%s%c", path, c);
	case 3: free(any); return str_printf("%.*s/../%s", (int)at, path, path + at);
	default:
		for (size_t i = 0; any[i] != '\0'; i++)
			any[i] = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
		return any;
	}
}

START_TEST(test_only_the_table) /* [L11] nothing but what is in the table, whatever the path */
{
	size_t len;
	const struct static_file *all = static_files(&len);

	srand(11);
	for (int round = 0; round < ROUNDS; round++) {
		_cleanup_free_ char *path = some_path(all, len);
		const struct static_file *found = static_find(path);
		bool in_table = false;

		for (size_t i = 0; i < len && !in_table; i++)
			in_table = strcmp(all[i].path, path) == 0;
		ck_assert_msg((found != NULL) == in_table, "%s", path);
		ck_assert_msg(found == NULL || strcmp(found->path, path) == 0, "%s", path);
	}
}
END_TEST

#define ALL                         \
	{                           \
		{ 0, 9 }, { 9, 8 }, \
		{                   \
			17, 7       \
		}                   \
	}
#define PACKED                      \
	{                           \
		{ 0, 0 }, { 9, 8 }, \
		{                   \
			17, 7       \
		}                   \
	}
#define GZIPPED                     \
	{                           \
		{ 0, 0 }, { 9, 8 }, \
		{                   \
			0, 0        \
		}                   \
	}
#define PLAIN                       \
	{                           \
		{ 0, 9 }, { 0, 0 }, \
		{                   \
			0, 0        \
		}                   \
	}

static const struct {
	const char *accept; /* NULL: not sent */
	struct static_file file;
	enum static_coding coding;
} choices[] = {
	{ NULL, { .as = ALL }, STATIC_IDENTITY },
	{ NULL, { .as = PACKED }, STATIC_IDENTITY },
	{ "", { .as = PACKED }, STATIC_IDENTITY },
	{ "gzip, deflate, br, zstd", { .as = PACKED }, STATIC_BR },
	{ "gzip, deflate, br, zstd", { .as = GZIPPED }, STATIC_GZIP },
	{ "gzip, deflate, br, zstd", { .as = PLAIN }, STATIC_IDENTITY },
	{ "gzip, deflate", { .as = PACKED }, STATIC_GZIP },
	{ "br;q=0.5, gzip", { .as = PACKED }, STATIC_GZIP },
	{ "br;q=0.5, gzip;q=0.5", { .as = PACKED }, STATIC_BR },
	{ "br;q=0, gzip", { .as = PACKED }, STATIC_GZIP },
	{ "br;q=0", { .as = PACKED }, STATIC_IDENTITY },
	{ "*", { .as = PACKED }, STATIC_BR },
	{ "*;q=0", { .as = PACKED }, STATIC_IDENTITY },
	{ "*;q=0.1, br;q=0", { .as = PACKED }, STATIC_GZIP },
	{ "gzip;q=0.2, identity", { .as = PACKED }, STATIC_IDENTITY },
	{ "gzip, identity", { .as = PACKED }, STATIC_GZIP },
	{ "identity;q=0, gzip;q=0.1", { .as = PACKED }, STATIC_GZIP },
	{ "identity", { .as = PACKED }, STATIC_IDENTITY },
	{ "deflate, zstd", { .as = PACKED }, STATIC_IDENTITY },
	{ "br;q=nonsense, gzip;q=0.001", { .as = PACKED }, STATIC_GZIP },
};

START_TEST(test_choose)
{
	ck_assert_msg(static_choose(&choices[_i].file, choices[_i].accept) == choices[_i].coding,
	    "%s", choices[_i].accept);
}
END_TEST

START_TEST(test_broken_gzip)
{
	size_t len, n;
	const struct static_file *all = static_files(&len);
	struct static_file wrong = all[0];
	_cleanup_buf_ struct buf buf = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < len; i++) /* one that is unpacked, where there is one */
		if (all[i].as[STATIC_IDENTITY].len == 0 && all[i].len > 0)
			wrong = all[i];
	if (wrong.as[STATIC_IDENTITY].len > 0) { /* what is no gzip at all */
		wrong.as[STATIC_GZIP].at = wrong.as[STATIC_IDENTITY].at;
		wrong.as[STATIC_GZIP].len = wrong.as[STATIC_IDENTITY].len;
		wrong.as[STATIC_IDENTITY].len = 0;
	}
	wrong.len += 1; /* longer than its bytes */
	ck_assert_ptr_null(static_bytes(&wrong, STATIC_IDENTITY, &buf, &n, &err));
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	wrong.len = 1; /* shorter */
	ck_assert_ptr_null(static_bytes(&wrong, STATIC_IDENTITY, &buf, &n, &err));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("static_files");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_table);
	tcase_add_test(tc, test_pages);
	tcase_add_test(tc, test_only_the_table);
	tcase_add_loop_test(tc, test_choose, 0, (int)ARRAY_LEN(choices));
	tcase_add_test(tc, test_broken_gzip);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_router.c - which paths match, and which never do.
 */
#include "runtime/net/router.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct {
	const char *name, *pattern, *path;
	bool match;
	const char *param, *value; /* NULL: not looked at */
} rows[] = {
	{ "root", "/", "/", true, NULL, NULL },
	{ "literal", "/livez", "/livez", true, NULL, NULL },
	{ "longer", "/livez", "/livez2", false, NULL, NULL },
	{ "shorter", "/livez", "/live", false, NULL, NULL },
	{ "deeper", "/livez", "/livez/x", false, NULL, NULL },
	{ "less deep", "/a/b", "/a", false, NULL, NULL },
	{ "trailing slash", "/a/b", "/a/b/", false, NULL, NULL },
	{ "trailing slash in both", "/a/", "/a/", true, NULL, NULL },
	{ "case matters", "/livez", "/Livez", false, NULL, NULL },
	{ "escaped literal is another path", "/livez", "/%6civez", false, NULL, NULL },
	{ "empty path", "/", "", false, NULL, NULL },
	{ "no slash", "/a", "a", false, NULL, NULL },
	{ "star", "/", "*", false, NULL, NULL },
	{ "absolute form", "/a", "http://host/a", false, NULL, NULL },
	{ "one parameter", "/c/:id", "/c/cpt_1", true, "id", "cpt_1" },
	{ "parameter and verb", "/c/:id/start", "/c/x/start", true, "id", "x" },
	{ "another verb", "/c/:id/start", "/c/x/stop", false, NULL, NULL },
	{ "two parameters", "/c/:id/f/:name", "/c/x/f/y.txt", true, "name", "y.txt" },
	{ "four parameters", "/:a/:b/:c/:d", "/1/2/3/4", true, "d", "4" },
	{ "five parameters are too many", "/:a/:b/:c/:d/:e", "/1/2/3/4/5", false, NULL, NULL },
	{ "unknown parameter", "/c/:id", "/c/x", true, "other", NULL },
	{ "empty parameter", "/c/:id", "/c/", false, NULL, NULL },
	{ "decoded once", "/c/:id", "/c/a%20b%c3%a4", true, "id", "a b\xc3\xa4" },
	{ "plus stays", "/c/:id", "/c/a+b", true, "id", "a+b" },
	{ "dots inside a name", "/c/:id", "/c/..a", true, "id", "..a" },
	{ "three dots", "/c/:id", "/c/...", true, "id", "..." },
	{ "double slash", "/c/:id", "//c/x", false, NULL, NULL },
	{ "double slash inside", "/c/:id", "/c//x", false, NULL, NULL },
	{ "dot", "/c/:id", "/c/.", false, NULL, NULL },
	{ "dot inside", "/c/:id", "/./c/x", false, NULL, NULL },
	{ "dot dot", "/c/:id", "/c/..", false, NULL, NULL },
	{ "dot dot inside", "/c/:id", "/c/../c/x", false, NULL, NULL },
	{ "escaped dots", "/c/:id", "/c/%2e%2E", false, NULL, NULL },
	{ "half escaped dots", "/c/:id", "/c/.%2e", false, NULL, NULL },
	{ "escaped slash", "/c/:id", "/c/%2e%2e%2fx", false, NULL, NULL },
	{ "escaped slash, upper case", "/c/:id", "/c/a%2Fb", false, NULL, NULL },
	{ "escaped NUL", "/c/:id", "/c/a%00", false, NULL, NULL },
	{ "escaped newline", "/c/:id", "/c/a%0a", false, NULL, NULL },
	{ "escaped DEL", "/c/:id", "/c/a%7f", false, NULL, NULL },
	{ "backslash", "/c/:id", "/c/a\\b", false, NULL, NULL },
	{ "escaped backslash", "/c/:id", "/c/a%5cb", false, NULL, NULL },
	{ "escaped twice", "/c/:id", "/c/%252e%252e", false, NULL, NULL },
	{ "overlong UTF-8", "/c/:id", "/c/%c0%af", false, NULL, NULL },
	{ "raw 8-bit", "/c/:id", "/c/\xc3\xa4", false, NULL, NULL },
	{ "fragment", "/c/:id", "/c/a#b", false, NULL, NULL },
	{ "space", "/c/:id", "/c/a b", false, NULL, NULL },
	{ "cut escape", "/c/:id", "/c/a%2", false, NULL, NULL },
	{ "bare percent", "/c/:id", "/c/%", false, NULL, NULL },
	{ "bad escape", "/c/:id", "/c/%g0", false, NULL, NULL },
	{ "escape over a slash", "/c/:id/d", "/c/a%2/d", false, NULL, NULL },
};

START_TEST(test_match)
{
	struct route_params params;

	memset(&params, 0x55, sizeof(params));
	const struct route_params before = params;
	ck_assert_msg(route_match(rows[_i].pattern, rows[_i].path, &params) == rows[_i].match, "%s",
	    rows[_i].name);
	ck_assert(route_match(rows[_i].pattern, rows[_i].path, NULL) == rows[_i].match);
	if (!rows[_i].match)
		ck_assert_mem_eq(&params, &before, sizeof(params));
	else if (rows[_i].param != NULL)
		ck_assert_pstr_eq(route_param(&params, rows[_i].param), rows[_i].value);
}
END_TEST

START_TEST(test_param_length)
{
	char path[ROUTE_PARAM_MAX + 8] = "/c/";
	struct route_params params;

	memset(path + 3, 'a', ROUTE_PARAM_MAX - 1);
	ck_assert(route_match("/c/:id", path, &params));
	ck_assert_uint_eq(strlen(route_param(&params, "id")), ROUTE_PARAM_MAX - 1);
	path[3 + ROUTE_PARAM_MAX - 1] = 'a';
	ck_assert(!route_match("/c/:id", path, &params));
}
END_TEST

START_TEST(test_clean)
{
	ck_assert(route_path_clean("/"));
	ck_assert(route_path_clean("/assets/app.1a2b.js"));
	ck_assert(route_path_clean("/a/"));
	ck_assert(!route_path_clean("/a//"));
	ck_assert(!route_path_clean("/a/../b"));
	ck_assert(!route_path_clean(""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("router");
	TCase *tcase = tcase_create("router");

	tcase_add_loop_test(tcase, test_match, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, test_param_length);
	tcase_add_test(tcase, test_clean);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

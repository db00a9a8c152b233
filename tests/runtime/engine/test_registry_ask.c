/*
 * test_registry_ask.c - what manifests and challenges say, and what is believed of it.
 */
#include "runtime/engine/registry_ask.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define D64 "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ENTRY(os, arch, digest)                                       \
	"{\"digest\":\"" digest "\",\"platform\":{\"os\":\"" os "\"," \
	"\"architecture\":\"" arch "\"}}"

static const struct manifest {
	const char *name, *text;
	int rc;
	int64_t bytes;
	size_t layers;
} manifests[] = {
	{ "[E08] one of two layers", "{\"layers\":[{\"size\":5},{\"size\":37}]}", 0, 42, 2 },
	{ "of none", "{\"layers\":[]}", 0, 0, 0 },
	{ "[E08] of 50 GB", "{\"layers\":[{\"size\":50000000000}]}", 0, INT64_C(50000000000), 1 },
	{ "a list with ours",
	    "{\"manifests\":[" ENTRY("windows", "amd64", "sha256:w") "," ENTRY(
		"linux", "arm64", "sha256:a") "," ENTRY("linux", "amd64", D64) "]}",
	    1, 0, 0 },
	{ "a list without", "{\"manifests\":[" ENTRY("linux", "arm64", D64) "]}", -1, 0, 0 },
	{ "a list of something else", "{\"manifests\":[7,null,{}]}", -1, 0, 0 },
	{ "a digest of another kind", "{\"manifests\":[" ENTRY("linux", "amd64", "md5:1") "]}", -1,
	    0, 0 },
	{ "a layer without a size", "{\"layers\":[{}]}", -1, 0, 0 },
	{ "a negative one", "{\"layers\":[{\"size\":-1}]}", -1, 0, 0 },
	{ "more than there is", "{\"layers\":[{\"size\":9000000000000000},{\"size\":\"9\"}]}", -1,
	    0, 0 },
	{ "an old one", "{\"schemaVersion\":1,\"fsLayers\":[]}", -1, 0, 0 },
	{ "a page", "<html>", -1, 0, 0 },
	{ "nothing", "", -1, 0, 0 },
};

START_TEST(test_manifest)
{
	const struct manifest *m = &manifests[_i];
	struct image_size size = { 0 };
	char child[72] = "";

	ck_assert_msg(
	    manifest_size(m->text, strlen(m->text), "amd64", &size, child) == m->rc, "%s", m->name);
	ck_assert_int_eq(size.bytes, m->bytes);
	ck_assert_uint_eq(size.layers, m->layers);
	ck_assert_str_eq(child, m->rc == 1 ? D64 : "");
}
END_TEST

static const struct challenge {
	const char *header, *url; /* NULL: none */
} challenges[] = {
	{ "Bearer realm=\"https://auth.example/token\",service=\"registry.example\","
	  "scope=\"repository:team/owl:pull\"",
	    "https://auth.example/token?service=registry.example&scope=repository:team/owl:pull" },
	{ "bearer service=\"s\", realm=\"http://127.0.0.1:5/t\"",
	    "http://127.0.0.1:5/t?service=s&scope=" },
	{ "Basic realm=\"x\"", NULL },
	{ "Bearer", NULL },
	{ "Bearer realm=https://x", NULL },
	{ "Bearer realm=\"https://x", NULL },
	{ "Bearer realm=\"https://x/\r\nHost: y\"", NULL },
	{ "Bearer realm=\"https://x/?a&b\"", NULL },
	{ "Bearer myrealm=\"https://x\"", NULL },
	{ "", NULL },
};

START_TEST(test_challenge)
{
	const struct challenge *c = &challenges[_i];
	char url[256] = "", small[20];

	ck_assert_msg(bearer_url(c->header, url, sizeof(url)) == (c->url != NULL), "%s", c->header);
	if (c->url != NULL)
		ck_assert_str_eq(url, c->url);
	ck_assert(!bearer_url(c->header, small, sizeof(small)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("registry_ask");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_manifest, 0, (int)ARRAY_LEN(manifests));
	tcase_add_loop_test(tc, test_challenge, 0, (int)ARRAY_LEN(challenges));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/*
 * test_forwarded.c - which proxies are believed, and what they say.
 */
#include "controlplane/gateway/forwarded.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

START_TEST(networks)
{
	static const struct {
		const char *list, *address;
		bool trusted;
	} cases[] = {
		{ "", "127.0.0.1", false },
		{ "127.0.0.1", "127.0.0.1", true },
		{ "127.0.0.1", "127.0.0.2", false },
		{ "10.0.0.0/8, 192.168.4.0/22", "10.255.1.2", true },
		{ "10.0.0.0/8, 192.168.4.0/22", "192.168.7.255", true },
		{ "10.0.0.0/8, 192.168.4.0/22", "192.168.8.0", false },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "8.8.8.8", true }, /* as ::ffff:8.8.8.8, which is within */
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "127.0.0.1", "::ffff:127.0.0.1", true },
		{ "127.0.0.1", "unix", false },
		{ "127.0.0.1", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proxies *p = proxies_new(cases[i].list, NULL);

		ck_assert_ptr_nonnull(p);
		ck_assert_msg(proxies_trust(p, cases[i].address) == cases[i].trusted, "%s in '%s'",
		    cases[i].address, cases[i].list);
		proxies_free(p);
	}
	ck_assert(!proxies_trust(NULL, "127.0.0.1"));
}
END_TEST

START_TEST(bad_networks)
{
	static const char *const bad[] = { "localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8",
		"::1/129", "10.0.0.0/", "127.0.0.1;10.0.0.1",
		"1111111111111111111111111111111111111111111111111111111111111111111111" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = { 0 };

		ck_assert_msg(proxies_new(bad[i], &err) == NULL, "%s", bad[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
}
END_TEST

START_TEST(chains) /* [L14] only a trusted proxy is believed */
{
	static const struct {
		const char *chain, *client; /* NULL: as it was */
	} cases[] = {
		{ "203.0.113.9", "203.0.113.9" },
		{ "1.1.1.1, 203.0.113.9", "203.0.113.9" },
		{ "1.1.1.1,203.0.113.9 , 10.1.1.1", "203.0.113.9" },
		{ "203.0.113.9:51000", "203.0.113.9" },
		{ "[2001:db8::9]:51000", "2001:db8::9" },
		{ "2001:db8::9", "2001:db8::9" },
		{ "10.0.0.1, 10.0.0.2", "10.0.0.1" }, /* all of them are ours */
		{ "nonsense, 10.0.0.2", "10.0.0.2" },
		{ "nonsense", NULL },
		{ "203.0.113.9, unknown", NULL },
		{ "", NULL },
		{ ",", NULL },
		{ "1.2.3.4,", NULL },
		{ "[::1", NULL },
		{ "203.0.113.9.1", NULL },
	};
	struct proxies *p = proxies_new("10.0.0.0/8", NULL);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[48] = "before";
		const bool found = forwarded_client(p, cases[i].chain, out, sizeof(out));
		const char *wanted = cases[i].client != NULL ? cases[i].client : "before";

		ck_assert_msg(found == (cases[i].client != NULL), "'%s'", cases[i].chain);
		ck_assert_msg(
		    strcmp(out, wanted) == 0, "'%s': %s, not %s", cases[i].chain, out, wanted);
	}
	proxies_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("forwarded");
	TCase *c = tcase_create("all");

	tcase_add_test(c, networks);
	tcase_add_test(c, bad_networks);
	tcase_add_test(c, chains);
	suite_add_tcase(s, c);
	return run_suite(s);
}

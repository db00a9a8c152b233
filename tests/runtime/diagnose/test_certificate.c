/*
 * test_certificate.c - certificates that are good, old, young, or not the key's.
 */
#include "runtime/diagnose/certificate.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/diagnose/finding.h"
#include "tests/run.h"

#define DAY 86400L

static char dir[] = "/tmp/test_cert.XXXXXX";
static char cert[64], key[64], other[64], garbage[64];

static EVP_PKEY *
write_key(const char *path)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	return k;
}

static void
name(X509_NAME *of, const char *text)
{
	X509_NAME_add_entry_by_txt(of, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0);
}

/* Good from and until so many seconds from now. */
static void
add_certificate(const char *mode, const char *whose, EVP_PKEY *k, long from, long until)
{
	X509 *x = X509_new();
	FILE *f = fopen(cert, mode);

	ck_assert_ptr_nonnull(f);
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), until);
	name(X509_get_subject_name(x), whose);
	name(X509_get_issuer_name(x), "authority.example");
	X509_set_pubkey(x, k);
	ck_assert_int_gt(X509_sign(x, k, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_X509(f, x), 1);
	fclose(f);
	X509_free(x);
}

static void
write_certificate(EVP_PKEY *k, long from, long until)
{
	add_certificate("w", "janus.example", k, from, until);
}

static void
expect(const char *c, const char *k, const char *level, const char *saw)
{
	struct findings found = { 0 };
	_cleanup_json_ cJSON *doctor = NULL;
	const cJSON *one;

	certificate_judge(c, k, clock_wall_ms(), &found);
	doctor = findings_take(&found);
	one = json_get(doctor, "checks")->child;
	ck_assert_str_eq(json_str(one, "level"), level);
	if (strstr(json_str(one, "saw"), saw) == NULL)
		ck_abort_msg("'%s' is not in '%s'", saw, json_str(one, "saw"));
}

START_TEST(test_certificates)
{
	static const struct {
		long from, until;
		const char *level, *saw;
	} each[] = {
		{ -DAY, 90 * DAY, "fine", "CN=janus.example is good for 89 more days" },
		{ -DAY, 20 * DAY, "warning", "19 more days" },
		{ -10 * DAY, -3 * DAY, "failed", "expired 3 days ago" },
		{ DAY, 90 * DAY, "failed", "not good yet" },
	};
	EVP_PKEY *k;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(cert, sizeof(cert), "%s/cert.pem", dir);
	snprintf(key, sizeof(key), "%s/key.pem", dir);
	snprintf(other, sizeof(other), "%s/other.pem", dir);
	snprintf(garbage, sizeof(garbage), "%s/garbage.pem", dir);
	EVP_PKEY_free(write_key(other));
	k = write_key(key);
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		write_certificate(k, each[i].from, each[i].until);
		expect(cert, key, each[i].level, each[i].saw);
	}
	/* who signed it is sent along, and must be as good */
	write_certificate(k, -DAY, 90 * DAY);
	add_certificate("a", "authority.example", k, -10 * DAY, -3 * DAY);
	expect(cert, key, "failed", "expired 3 days ago");
	write_certificate(k, -DAY, 90 * DAY);
	add_certificate("a", "authority.example", k, -10 * DAY, 20 * DAY);
	expect(cert, key, "warning", "19 more days");
	expect(cert, other, "failed", "not the key of");
	ck_assert_int_eq(file_write(garbage, "x", 1, 0600, NULL), 0);
	expect(garbage, key, "failed", "no certificate");
	expect(cert, garbage, "failed", "no private key");
	expect("/nowhere.pem", key, "failed", "/nowhere.pem");
	EVP_PKEY_free(k);
	ck_assert_int_eq(file_remove_tree(dir, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("certificate");
	TCase *all = tcase_create("all");

	tcase_add_test(all, test_certificates);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}

/*
 * tls_certificate.c - certificates and keys from files, the newest for who asks.
 */
#include "runtime/net/tls_certificate.h"

#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "runtime/net/tls_internal.h"

#define CHAIN_MAX 16
#define FILE_MAX_BYTES ((size_t)256 << 10)
#define KEY_ID_BYTES 64
#define NAME_MAX_BYTES 128

/* What was in the files at one time. */
struct pair {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned len;
	gnutls_privkey_t key;
	int64_t begins_ms, ends_ms;
	char name[NAME_MAX_BYTES];
	unsigned char digest[HASH_SHA256_LEN]; /* of both files */
	struct pair *before;
};

struct tls_certificate {
	char *chain_path, *key_path; /* owned */
	/* Those before it are kept: handshakes of other threads may still be using one, and they are
	 * as few as renewals. */
	struct pair *_Atomic current;
};

static void
pair_free(struct pair *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < p->len; i++)
		gnutls_pcert_deinit(&p->chain[i]);
	if (p->key != NULL)
		gnutls_privkey_deinit(p->key);
	free(p);
}

static void
pair_freep(struct pair **p)
{
	pair_free(*p);
}

static void
key_text_done(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

/* Its distinguished name; "" where that is longer than anybody reads. */
static void
read_name(struct pair *p, gnutls_x509_crt_t crt)
{
	size_t cap = sizeof(p->name);

	if (gnutls_x509_crt_get_dn(crt, p->name, &cap) < 0)
		p->name[0] = '\0';
}

static int
read_facts(struct pair *p, const gnutls_datum_t *pem, const char *path, struct error *err)
{
	gnutls_x509_crt_t crts[CHAIN_MAX];
	unsigned n = CHAIN_MAX;
	const int rc = gnutls_x509_crt_list_import(
	    crts, &n, pem, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);

	if (rc < 0)
		return error_set(err, ERROR_INVALID, "%s holds no certificate in PEM form: %s",
		    path, gnutls_strerror(rc));
	read_name(p, crts[0]);
	p->ends_ms = INT64_MAX;
	for (unsigned i = 0; i < (unsigned)rc; i++) {
		const int64_t begins_ms = gnutls_x509_crt_get_activation_time(crts[i]) * 1000;
		const int64_t ends_ms = gnutls_x509_crt_get_expiration_time(crts[i]) * 1000;

		if (begins_ms > p->begins_ms)
			p->begins_ms = begins_ms;
		if (ends_ms < p->ends_ms)
			p->ends_ms = ends_ms;
		gnutls_x509_crt_deinit(crts[i]);
	}
	return 0;
}

static int
read_chain(struct pair *p, const char *path, const char *text, size_t len, struct error *err)
{
	const gnutls_datum_t pem = { (unsigned char *)(uintptr_t)text, (unsigned)len };
	unsigned n = CHAIN_MAX;

	if (read_facts(p, &pem, path, err) < 0)
		return -1;
	const int rc =
	    gnutls_pcert_list_import_x509_raw(p->chain, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
	if (rc < 0)
		return error_set(err, ERROR_INVALID,
		    "the certificates in %s are no chain (the server's own first, then who signed "
		    "it): %s",
		    path, gnutls_strerror(rc));
	p->len = n;
	return 0;
}

static int
read_key(struct pair *p, const char *path, const char *text, size_t len, struct error *err)
{
	const gnutls_datum_t pem = { (unsigned char *)(uintptr_t)text, (unsigned)len };

	if (gnutls_privkey_init(&p->key) < 0)
		mem_out();
	if (strstr(text, "ENCRYPTED") != NULL)
		return error_set(err, ERROR_INVALID,
		    "the key in %s has a passphrase, for which there is nobody to ask", path);
	const int rc = gnutls_privkey_import_x509_raw(p->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	return rc >= 0 ? 0
		       : error_set(err, ERROR_INVALID, "%s holds no private key in PEM form: %s",
			     path, gnutls_strerror(rc));
}

static bool
belong_together(const struct pair *p)
{
	unsigned char of_chain[KEY_ID_BYTES], of_key[KEY_ID_BYTES];
	size_t chain_len = sizeof(of_chain), key_len = sizeof(of_key);
	gnutls_pubkey_t public_key;

	if (gnutls_pubkey_init(&public_key) < 0)
		mem_out();
	const bool same = gnutls_pubkey_import_privkey(public_key, p->key, 0, 0) >= 0 &&
	    gnutls_pubkey_get_key_id(public_key, GNUTLS_KEYID_USE_SHA256, of_key, &key_len) >= 0 &&
	    gnutls_pubkey_get_key_id(
		p->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_chain, &chain_len) >= 0 &&
	    chain_len == key_len && memcmp(of_chain, of_key, key_len) == 0;
	gnutls_pubkey_deinit(public_key);
	return same;
}

static void
digest_of(const char *chain, size_t chain_len, const char *key, size_t key_len,
    unsigned char out[HASH_SHA256_LEN])
{
	unsigned char parts[2][HASH_SHA256_LEN];

	hash_sha256(chain, chain_len, parts[0]);
	hash_sha256(key, key_len, parts[1]);
	hash_sha256(parts, sizeof(parts), out);
}

/* *out stays NULL where the files are those of `now`. */
static int
pair_read(
    const struct tls_certificate *t, const struct pair *now, struct pair **out, struct error *err)
{
	_cleanup_(pair_freep) struct pair *p = mem_zalloc(sizeof(*p));
	_cleanup_free_ char *chain = NULL;
	_cleanup_(key_text_done) char *key = NULL;
	size_t chain_len = 0, key_len = 0;

	if (file_read(t->chain_path, FILE_MAX_BYTES, &chain, &chain_len, err) < 0)
		return error_add(err, "tls.certificate");
	if (file_read(t->key_path, FILE_MAX_BYTES, &key, &key_len, err) < 0)
		return error_add(err, "tls.key_file");
	digest_of(chain, chain_len, key, key_len, p->digest);
	if (now != NULL && memcmp(p->digest, now->digest, sizeof(p->digest)) == 0)
		return 0;
	if (read_chain(p, t->chain_path, chain, chain_len, err) < 0)
		return error_add(err, "tls.certificate");
	if (read_key(p, t->key_path, key, key_len, err) < 0)
		return error_add(err, "tls.key_file");
	if (!belong_together(p))
		return error_set(err, ERROR_INVALID,
		    "tls.key_file: %s is not the key of the certificate in %s", t->key_path,
		    t->chain_path);
	*out = TAKE(p);
	return 0;
}

struct tls_certificate *
tls_certificate_open(const char *chain_path, const char *key_path, struct error *err)
{
	struct tls_certificate *t = mem_zalloc(sizeof(*t));
	struct pair *p = NULL;

	t->chain_path = str_dup(chain_path);
	t->key_path = str_dup(key_path);
	if (pair_read(t, NULL, &p, err) < 0) {
		tls_certificate_free(t);
		return NULL;
	}
	atomic_store(&t->current, p);
	return t;
}

int
tls_certificate_reload(struct tls_certificate *t, bool *changed, struct error *err)
{
	struct pair *const now = atomic_load(&t->current);
	struct pair *p = NULL;

	if (pair_read(t, now, &p, err) < 0)
		return -1;
	*changed = p != NULL;
	if (p != NULL) {
		p->before = now;
		atomic_store(&t->current, p);
	}
	return 0;
}

int64_t
tls_certificate_ends_ms(const struct tls_certificate *t)
{
	return atomic_load(&t->current)->ends_ms;
}

int64_t
tls_certificate_begins_ms(const struct tls_certificate *t)
{
	return atomic_load(&t->current)->begins_ms;
}

const char *
tls_certificate_name(const struct tls_certificate *t)
{
	return atomic_load(&t->current)->name;
}

const char *
tls_certificate_key_path(const struct tls_certificate *t)
{
	return t->key_path;
}

void
tls_certificate_current(
    const struct tls_certificate *t, gnutls_pcert_st **chain, unsigned *len, gnutls_privkey_t *key)
{
	struct pair *const p = atomic_load(&t->current);

	*chain = p->chain;
	*len = p->len;
	*key = p->key;
}

void
tls_certificate_free(struct tls_certificate *t)
{
	if (t == NULL)
		return;
	for (struct pair *p = atomic_load(&t->current), *before; p != NULL; p = before) {
		before = p->before;
		pair_free(p);
	}
	free(t->chain_path);
	free(t->key_path);
	free(t);
}

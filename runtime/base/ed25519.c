/*
 * ed25519.c - signatures, by libcrypto.
 */
#include "runtime/base/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"

#define KEY_LEN 32
#define SIGNATURE_LEN 64
#define PREFIX "ed25519:"
#define FILE_MAX_BYTES 4096

static void
to_hex(const unsigned char *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool
from_hex(const char *hex, unsigned char *out, size_t len)
{
	if (strlen(hex) != 2 * len || strspn(hex, "0123456789abcdef") != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return true;
}

static EVP_PKEY *
pkey_of(const struct ed25519_key *k)
{
	return (EVP_PKEY *)(uintptr_t)k;
}

static int
make_file(const char *path, struct error *err)
{
	unsigned char secret[KEY_LEN];
	char hex[2 * KEY_LEN + 2];

	hash_random(secret, sizeof(secret));
	to_hex(secret, sizeof(secret), hex);
	strcat(hex, "\n");
	const int rc = file_write(path, hex, strlen(hex), 0600, err);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(hex, sizeof(hex));
	return rc;
}

struct ed25519_key *
ed25519_open(const char *path, struct error *err)
{
	unsigned char secret[KEY_LEN];
	_cleanup_free_ char *text = NULL;
	struct error why = { 0 };
	EVP_PKEY *key;
	size_t len = 0;

	if (file_read(path, FILE_MAX_BYTES, &text, &len, &why) < 0 && why.kind == ERROR_NOT_FOUND) {
		why.kind = ERROR_NONE;
		if (make_file(path, &why) == 0)
			file_read(path, FILE_MAX_BYTES, &text, &len, &why);
	}
	if (text == NULL) {
		error_set(err, why.kind, "%s", why.text);
		return NULL;
	}
	text[strcspn(text, "\r\n")] = '\0';
	const bool ok = from_hex(text, secret, sizeof(secret));
	explicit_bzero(text, len);
	if (!ok) {
		error_set(err, ERROR_INVALID, "%s does not hold a key: 64 hex digits", path);
		return NULL;
	}
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	if (key == NULL)
		mem_out();
	return (struct ed25519_key *)(void *)key;
}

void
ed25519_free(struct ed25519_key *k)
{
	EVP_PKEY_free(pkey_of(k));
}

const char *
ed25519_public(const struct ed25519_key *k, char out[ED25519_PUBLIC_MAX])
{
	unsigned char raw[KEY_LEN];
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_raw_public_key(pkey_of(k), raw, &len) != 1)
		mem_out();
	strcpy(out, PREFIX);
	to_hex(raw, sizeof(raw), out + strlen(PREFIX));
	return out;
}

const char *
ed25519_sign(
    const struct ed25519_key *k, const void *bytes, size_t len, char out[ED25519_SIGNATURE_MAX])
{
	unsigned char raw[SIGNATURE_LEN];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t n = sizeof(raw);

	if (md == NULL || EVP_DigestSignInit(md, NULL, NULL, NULL, pkey_of(k)) != 1 ||
	    EVP_DigestSign(md, raw, &n, bytes, len) != 1)
		mem_out();
	EVP_MD_CTX_free(md);
	to_hex(raw, sizeof(raw), out);
	return out;
}

bool
ed25519_public_valid(const char *public_key)
{
	unsigned char raw[KEY_LEN];

	return public_key != NULL && str_starts(public_key, PREFIX) &&
	    from_hex(public_key + strlen(PREFIX), raw, sizeof(raw));
}

bool
ed25519_verify(const char *public_key, const char *signature, const void *bytes, size_t len)
{
	unsigned char raw[KEY_LEN], sig[SIGNATURE_LEN];
	EVP_MD_CTX *md;
	EVP_PKEY *key;

	if (!ed25519_public_valid(public_key) || signature == NULL ||
	    !from_hex(signature, sig, sizeof(sig)))
		return false;
	from_hex(public_key + strlen(PREFIX), raw, sizeof(raw));
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, sizeof(raw));
	md = EVP_MD_CTX_new();
	if (md == NULL)
		mem_out();
	const bool ok = key != NULL && EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(md, sig, sizeof(sig), bytes, len) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return ok;
}

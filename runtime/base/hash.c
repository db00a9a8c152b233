/*
 * hash.c - digests and randomness.  What libcrypto cannot do with sound arguments is out of memory.
 */
#include "runtime/base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/base/str.h"

#define RANDOM_AT_ONCE 256

void
hash_sha256(const void *bytes, size_t len, unsigned char out[HASH_SHA256_LEN])
{
	if (EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) != 1)
		mem_out();
}

static const char *
to_hex(const unsigned char md[32], char out[HASH_HEX_MAX])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", md[i]);
	return out;
}

const char *
hash_sha256_hex(const void *bytes, size_t len, char out[HASH_HEX_MAX])
{
	unsigned char md[32];

	hash_sha256(bytes, len, md);
	return to_hex(md, out);
}

void
hash_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
    unsigned char out[HASH_SHA256_LEN])
{
	if (HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL) == NULL)
		mem_out();
}

/* The struct is libcrypto's own under our name. */
struct hasher *
hasher_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		mem_out();
	return (struct hasher *)ctx;
}

void
hasher_add(struct hasher *h, const void *bytes, size_t len)
{
	if (EVP_DigestUpdate((EVP_MD_CTX *)h, bytes, len) != 1)
		mem_out();
}

const char *
hasher_hex(struct hasher *h, char out[HASH_HEX_MAX])
{
	unsigned char md[32];

	if (EVP_DigestFinal_ex((EVP_MD_CTX *)h, md, NULL) != 1)
		mem_out();
	return to_hex(md, out);
}

void
hasher_free(struct hasher *h)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)h);
}

bool
hash_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

/* Every request needs some for its names: the kernel is asked once for many.  What was handed out
 * is wiped, and a fork does not take any along. */
static _Thread_local unsigned char store[RANDOM_AT_ONCE];
static _Thread_local size_t left;

static void
forget(void)
{
	left = 0;
}

static void
forget_when_forked(void)
{
	if (pthread_atfork(NULL, NULL, forget) != 0)
		mem_out();
}

void
hash_random(void *out, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	unsigned char *p = out;

	while (len > 0) {
		if (left == 0) {
			pthread_once(&once, forget_when_forked);
			if (getrandom(store, sizeof(store), 0) != sizeof(store))
				abort(); /* up to 256 bytes always come whole */
			left = sizeof(store);
		}
		const size_t n = len < left ? len : left;
		unsigned char *const from = store + sizeof(store) - left;

		memcpy(p, from, n);
		explicit_bzero(from, n);
		left -= n;
		p += n;
		len -= n;
	}
}

/*
 * hash.c - digests and randomness.
 */
#include "runtime/base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define RANDOM_AT_ONCE 256

void
hash_sha256(const void *bytes, size_t len, unsigned char out[HASH_SHA256_LEN])
{
	if (EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

const char *
hash_sha256_hex(const void *bytes, size_t len, char out[HASH_HEX_MAX])
{
	unsigned char md[32];

	hash_sha256(bytes, len, md);
	for (size_t i = 0; i < sizeof(md); i++)
		snprintf(out + 2 * i, 3, "%02x", md[i]);
	return out;
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
		abort();
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

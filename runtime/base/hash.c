/*
 * hash.c - digests and randomness.
 */
#include "runtime/base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

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

void
hash_random(void *out, size_t len)
{
	char *p = out;

	while (len > 0) {
		const ssize_t n = getrandom(p, len, 0);

		if (n < 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
}

/*
 * hash.h - SHA-256 and random bytes, from libcrypto and the kernel.
 */
#ifndef JANUS_BASE_HASH_H
#define JANUS_BASE_HASH_H
#include <stdbool.h>
#include <stddef.h>

#define HASH_HEX_MAX 65
#define HASH_SHA256_LEN 32

/** hash_sha256 - the digest itself. */
void hash_sha256(const void *bytes, size_t len, unsigned char out[HASH_SHA256_LEN]);

/** hash_sha256_hex - 64 lower-case hex digits and NUL into out; returns out. */
const char *hash_sha256_hex(const void *bytes, size_t len, char out[HASH_HEX_MAX]);
/** hash_hmac_sha256 - the keyed digest. */
void hash_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
    unsigned char out[HASH_SHA256_LEN]);

struct hasher; /* SHA-256 of bytes that come one after another */
struct hasher *hasher_new(void);
void hasher_add(struct hasher *, const void *bytes, size_t len);
/** hasher_hex - of all that was added, as hash_sha256_hex; nothing may be added after it. */
const char *hasher_hex(struct hasher *, char out[HASH_HEX_MAX]);
void hasher_free(struct hasher *); /* NULL is fine */

/** hash_equal - compare without telling how much is equal. */
bool hash_equal(const void *a, const void *b, size_t len);
/** hash_random - fill with random bytes; aborts if the kernel has none. */
void hash_random(void *out, size_t len);
#endif

/*
 * ed25519.h - signatures: who holds the key made it, and nobody changed what it is over.
 */
#ifndef JANUS_BASE_ED25519_H
#define JANUS_BASE_ED25519_H
#include <stdbool.h>
#include <stddef.h>
struct error;

#define ED25519_PUBLIC_MAX 73 /* "ed25519:" and 64 hex digits, NUL */
#define ED25519_SIGNATURE_MAX 129 /* 128 hex digits, NUL */

struct ed25519_key;
/** ed25519_open - the key that the file at path holds; made there, 0600, if there is none. Blocks. */
struct ed25519_key *ed25519_open(const char *path, struct error *);
void ed25519_free(struct ed25519_key *);
/** ed25519_public - "ed25519:..." into out; returns it. */
const char *ed25519_public(const struct ed25519_key *, char out[ED25519_PUBLIC_MAX]);
/** ed25519_sign - hex digits into out; returns it. Any thread. */
const char *ed25519_sign(
    const struct ed25519_key *, const void *bytes, size_t len, char out[ED25519_SIGNATURE_MAX]);
/** ed25519_verify - did the holder of that key sign that? Texts that are none are false. */
bool ed25519_verify(const char *public_key, const char *signature, const void *bytes, size_t len);
/** ed25519_public_valid - is the text a public key's? */
bool ed25519_public_valid(const char *public_key);
#endif

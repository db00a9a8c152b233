/*
 * seal.h - text that only who knows a password can read again: AES-256-GCM.
 *
 * The password is hashed, not stretched: it must be long and random to protect what it seals.
 */
#ifndef JANUS_BASE_SEAL_H
#define JANUS_BASE_SEAL_H
#include <stddef.h>
struct buf;

/** seal_text - the sealed form as hex digits; the caller's. */
char *seal_text(const char *password, const void *bytes, size_t len);
/** seal_open - append what was sealed; -1 if it was not sealed so, or changed since. */
int seal_open(const char *password, const char *sealed, struct buf *out);
#endif

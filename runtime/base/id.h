/*
 * id.h - identifiers: a prefix and a UUIDv7 in 26 Crockford base32 characters.
 */
#ifndef JANUS_BASE_ID_H
#define JANUS_BASE_ID_H
#include <stdbool.h>
#include <stddef.h>

#define ID_MAX 40 /* prefix, underscore, 26 characters, NUL */

/** id_new - "ins_01h..." into out; ids of one process sort by the order they were made. */
const char *id_new(const char *prefix, char out[ID_MAX]);
/** id_valid - does text look like an id of that prefix? */
bool id_valid(const char *prefix, const char *text);
/** id_random_base62 - n random letters and digits and a NUL into out (n + 1 bytes). */
const char *id_random_base62(char *out, size_t n);
/** id_request_valid - may a client's x-request-id be kept? [A-Za-z0-9_-]{8,128} */
bool id_request_valid(const char *text);
#endif

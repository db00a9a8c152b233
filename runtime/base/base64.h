/*
 * base64.h - bytes in JSON.
 */
#ifndef JANUS_BASE_BASE64_H
#define JANUS_BASE_BASE64_H
#include <stddef.h>
struct buf;

/** base64_add - append bytes as base64, with padding, without line breaks. */
void base64_add(struct buf *out, const void *bytes, size_t len);
/** base64_decode - append what text says; line breaks and spaces may stand in it. -1: it is none. */
int base64_decode(struct buf *out, const char *text, size_t len);
/** base64_digit - the six bits of a digit; -1: it is none. */
int base64_digit(char);
#endif

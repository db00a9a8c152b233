/*
 * inline.h - the bytes in a data: URL.
 *
 * Pure.
 */
#ifndef JANUS_ARTIFACTS_INLINE_H
#define JANUS_ARTIFACTS_INLINE_H
#include <stdbool.h>
#include <stddef.h>
struct buf;

/** inline_is - does it begin as one? */
bool inline_is(const char *url);
/** inline_decode - append its bytes, at most max; 0, or -1 if it is none, is badly encoded or has more. */
int inline_decode(const char *url, size_t max, struct buf *out);
#endif

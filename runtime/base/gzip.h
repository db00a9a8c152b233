/*
 * gzip.h - bytes as one gzip member (RFC 1952), and back.  Pure.
 */
#ifndef JANUS_BASE_GZIP_H
#define JANUS_BASE_GZIP_H
#include <stddef.h>
struct buf;
struct error;

/** gzip_pack - append the member. */
void gzip_pack(const char *bytes, size_t len, struct buf *out);
/** gzip_unpack - append what it holds, with a NUL behind; INVALID: cut, damaged, more than max, or more
 *  than one member. Of bytes that are refused a part may have been appended. */
int gzip_unpack(const char *bytes, size_t len, size_t max, struct buf *out, struct error *);
#endif

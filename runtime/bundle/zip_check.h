/*
 * zip_check.h - is a zip file in one piece, and the same to everyone who reads it?
 */
#ifndef JANUS_BUNDLE_ZIP_CHECK_H
#define JANUS_BUNDLE_ZIP_CHECK_H
#include <stdint.h>
struct error;

/**
 * zip_check - INVALID or TOO_BIG with the entry and what is odd about it; IO.
 *
 * A zip says everything twice, before each entry and in a directory at its end, and readers differ
 * in whom they believe.  Here both must agree, entries must lie one behind the other from the first
 * byte to the directory, which must end the file.  No encryption, ZIP64, parts, other methods than
 * stored and deflated, or names given in an extra field.
 */
int zip_check(int fd, int64_t max_entries, struct error *);
#endif

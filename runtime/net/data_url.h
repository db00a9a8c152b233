/*
 * data_url.h - is what a data: URL holds (RFC 2397) sound, and not too much?
 *
 * Pure, and decodes nothing.
 */
#ifndef JANUS_NET_DATA_URL_H
#define JANUS_NET_DATA_URL_H
#include <stdbool.h>
#include <stddef.h>

/** data_url_is - does it begin as one? */
bool data_url_is(const char *text, size_t len);
/**
 * data_url_wrong - NULL, or what is wrong with one that data_url_is, in words that follow "it".
 *
 * A type may be missing.  Percent-encoding must be of two hex digits; base64, once that is decoded, of
 * the standard alphabet, and may have white space in it and no padding at its end.  What it holds is
 * not looked at: another data: URL is bytes like any other.
 */
const char *data_url_wrong(const char *url, size_t len, size_t max_bytes);
#endif

/*
 * etag.h - entity tags as If-Match and If-None-Match list them.
 */
#ifndef JANUS_NET_ETAG_H
#define JANUS_NET_ETAG_H
#include <stdbool.h>

/** etag_listed - is the tag (without quotes) in the header's value, or is that "*"? Pure. */
bool etag_listed(const char *header, const char *etag);
#endif

/*
 * retry_after.h - what a retry-after header asks for.
 */
#ifndef JANUS_NET_RETRY_AFTER_H
#define JANUS_NET_RETRY_AFTER_H
#include <stdint.h>

/** retry_after_seconds - a number or a date, as 1 to 3600 seconds; 1 if it makes no sense.  Reads
 *  the wall clock. */
int64_t retry_after_seconds(const char *sent);
#endif

/*
 * range.h - which bytes of something a Range header asks for.
 *
 * Pure.
 */
#ifndef JANUS_ARTIFACTS_RANGE_H
#define JANUS_ARTIFACTS_RANGE_H
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 8

struct range {
	int64_t at, len; /* len is at least 1 */
};
struct ranges {
	struct range at[RANGES_MAX];
	size_t len;
};
enum range_verdict {
	RANGE_WHOLE, /* none is asked for, or in a way that is to be ignored: all of it */
	RANGE_SOME,
	RANGE_REFUSED /* beyond the end, or more than RANGES_MAX: 416 */
};

/** ranges_parse - header: as sent, NULL if it was not.  Those beyond the end are left out. */
enum range_verdict ranges_parse(const char *header, int64_t size, struct ranges *out);
#endif

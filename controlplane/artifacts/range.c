/*
 * range.c - "bytes=0-99,200-,-5".
 */
#include "controlplane/artifacts/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A number, if one stands there; beyond all sizes it is the largest. */
static bool
number(const char **at, int64_t *out)
{
	const char *p = *at;

	*out = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		*out = *out > (INT64_MAX - 9) / 10 ? INT64_MAX : *out * 10 + (*p - '0');
	const bool any = p > *at;
	*at = p;
	return any;
}

/* One of the list: false if it is none. */
static bool
one(const char **at, int64_t size, struct range *out)
{
	int64_t first, last;
	const bool has_first = number(at, &first);

	if (**at != '-')
		return false;
	++*at;
	const bool has_last = number(at, &last);
	if (!has_first && !has_last)
		return false;
	if (!has_first) { /* the last so many */
		first = last >= size ? 0 : size - last;
		last = last == 0 ? -1 : size - 1;
	} else if (!has_last) {
		last = size - 1;
	} else if (last < first) {
		return false;
	}
	if (last >= size)
		last = size - 1;
	*out = (struct range){ first, last - first + 1 };
	return true;
}

static const char *
skip(const char *p)
{
	return p + strspn(p, " \t");
}

enum range_verdict
ranges_parse(const char *header, int64_t size, struct ranges *out)
{
	struct range r;
	size_t asked = 0;

	*out = (struct ranges){ 0 };
	if (header == NULL || strncasecmp(header, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	for (const char *p = skip(header + 6);;) {
		if (*p != ',') { /* an empty element means nothing */
			if (!one(&p, size, &r))
				return RANGE_WHOLE;
			asked++;
			if (r.len > 0 && out->len < RANGES_MAX)
				out->at[out->len++] = r;
		}
		p = skip(p);
		if (*p == '\0')
			break;
		if (*p != ',')
			return RANGE_WHOLE;
		p = skip(p + 1);
		if (*p == '\0')
			break;
	}
	if (asked == 0)
		return RANGE_WHOLE;
	return asked > RANGES_MAX || out->len == 0 ? RANGE_REFUSED : RANGE_SOME;
}

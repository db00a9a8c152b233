/*
 * retry_after.c - seconds, or a date of HTTP.
 */
#include "runtime/net/retry_after.h"

#include <string.h>
#include <time.h>

#include "runtime/base/clock.h"
#include "runtime/base/str.h"

#define RETRY_AFTER_MAX_SECONDS 3600

int64_t
retry_after_seconds(const char *sent)
{
	struct tm tm = { 0 };
	int64_t seconds = 1;

	if (str_parse_int(sent, 0, INT64_MAX, &seconds, NULL) < 0) {
		const char *end = strptime(sent, "%a, %d %b %Y %H:%M:%S GMT", &tm);

		if (end != NULL && *end == '\0')
			seconds = (int64_t)timegm(&tm) - clock_wall_ms() / 1000;
		else if (sent[0] != '\0' && strspn(sent, "0123456789") == strlen(sent))
			seconds = RETRY_AFTER_MAX_SECONDS; /* a number beyond all */
	}
	if (seconds > RETRY_AFTER_MAX_SECONDS)
		seconds = RETRY_AFTER_MAX_SECONDS;
	return seconds > 0 ? seconds : 1;
}

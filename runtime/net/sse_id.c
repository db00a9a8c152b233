/*
 * sse_id.c - lines end with LF, CRLF or CR, and a blank one ends the event.
 */
#include "runtime/net/sse_id.h"

#include <stdbool.h>
#include <string.h>

static size_t
line_end(const char *raw, size_t len, size_t at)
{
	while (at < len && raw[at] != '\n' && raw[at] != '\r')
		at++;
	return at;
}

static bool
is_id(const char *line, size_t len)
{
	return len >= 2 && memcmp(line, "id", 2) == 0 && (len == 2 || line[2] == ':');
}

static bool
has_id(const char *raw, size_t len, size_t at)
{
	for (size_t end; at < len; at = end + 1) {
		end = line_end(raw, len, at);
		if (is_id(raw + at, end - at))
			return true;
	}
	return false;
}

size_t
sse_id_place(const char *raw, size_t len)
{
	size_t at = 0;

	if (len > 1 && raw[0] == '\n')
		at = 1; /* an event that began with a blank line would have ended there */
	if (!has_id(raw, len, at))
		return at;
	return len - (len >= 2 && raw[len - 1] == '\n' && raw[len - 2] == '\r' ? 2 : 1);
}

/*
 * etag.c - one tag in a list of them; weak ones, and those without quotes, are taken too.
 */
#include "runtime/net/etag.h"

#include <stddef.h>
#include <string.h>

bool
etag_listed(const char *header, const char *etag)
{
	const size_t len = strlen(etag);

	while (*header != '\0') {
		header += strspn(header, " \t,");
		if (strncmp(header, "W/", 2) == 0)
			header += 2;
		const bool quoted = *header == '"';
		header += quoted;
		const size_t n = strcspn(header, quoted ? "\"" : ", \t");
		if (n == len && memcmp(header, etag, len) == 0)
			return true;
		if (!quoted && n == 1 && *header == '*')
			return true;
		header += n;
		header += quoted && *header == '"';
	}
	return false;
}

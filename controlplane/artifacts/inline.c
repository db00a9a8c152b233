/*
 * inline.c - what was found sound is decoded.
 */
#include "controlplane/artifacts/inline.h"

#include <string.h>
#include <strings.h>

#include "runtime/base/base64.h"
#include "runtime/base/buf.h"
#include "runtime/base/str.h"
#include "runtime/net/data_url.h"

bool
inline_is(const char *url)
{
	return data_url_is(url, strlen(url));
}

static void
unescape(const char *text, struct buf *out)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '%') {
			buf_add_char(out, *p);
			continue;
		}
		buf_add_char(out, (char)(str_hex_digit(p[1]) * 16 + str_hex_digit(p[2])));
		p += 2;
	}
}

int
inline_decode(const char *url, size_t max, struct buf *out)
{
	static const char marker[] = ";base64";
	_cleanup_buf_ struct buf text = { 0 };

	if (!inline_is(url) || data_url_wrong(url, strlen(url), max) != NULL)
		return -1;
	const char *comma = strchr(url, ',');
	unescape(comma + 1, &text);
	if ((size_t)(comma - url) < strlen("data:") + strlen(marker) ||
	    strncasecmp(comma - strlen(marker), marker, strlen(marker)) != 0) {
		buf_add(out, buf_str(&text), text.len);
		return 0;
	}
	return base64_decode(out, buf_str(&text), text.len);
}

/*
 * data_url.c - one pass over the data, which may be megabytes.
 */
#include "runtime/net/data_url.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/str.h"

#define SCHEME "data:"
#define BASE64 ";base64"

static const bool digits[256] = {
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['0' ... '9'] = true,
	['+'] = true,
	['/'] = true,
};

bool
data_url_is(const char *text, size_t len)
{
	return len >= strlen(SCHEME) && strncasecmp(text, SCHEME, strlen(SCHEME)) == 0;
}

/* The byte at *at, escaped or not, and *at past it; -1: a bad escape. */
static int
next_byte(const char **at, const char *end)
{
	const char *p = (*at)++;

	if (*p != '%')
		return (unsigned char)*p;
	if (end - p < 3 || str_hex_digit(p[1]) < 0 || str_hex_digit(p[2]) < 0)
		return -1;
	*at += 2;
	return str_hex_digit(p[1]) * 16 + str_hex_digit(p[2]);
}

static const char *
plain_size(const char *at, const char *end, size_t *size)
{
	while (at < end) {
		const char *escape = memchr(at, '%', (size_t)(end - at));

		*size += (size_t)((escape != NULL ? escape : end) - at);
		if (escape == NULL)
			break;
		at = escape;
		if (next_byte(&at, end) < 0)
			return "has a '%' without two hex digits";
		++*size;
	}
	return NULL;
}

/* Are all eight bytes digits of base64?  A lane's top bit says of each range: it is in it. */
static bool
digits8(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	if ((v & tops) != 0)
		return false;
	const uint64_t folded = v | ones * 0x20;
	const uint64_t letter = (folded + ones * (0x80 - 'a')) & ~(folded + ones * (0x7f - 'z'));
	const uint64_t slash_or_number = (v + ones * (0x80 - '/')) & ~(v + ones * (0x7f - '9'));
	const uint64_t plus = ~((v ^ ones * '+') + ones * 0x7f);
	return ((letter | slash_or_number | plus) & tops) == tops;
}

static const char *
base64_size(const char *at, const char *end, size_t *size)
{
	static const char bad[] = "is not valid base64";
	size_t n = 0, padding = 0;

	while (at < end) {
		for (; padding == 0 && end - at >= 8 && digits8(at); at += 8) /* nearly all */
			n += 8;
		const int c = at < end ? next_byte(&at, end) : ' ';

		if (c < 0)
			return "has a '%' without two hex digits";
		if (c == '=')
			padding++;
		else if (digits[c] && padding == 0)
			n++;
		else if (c != ' ' && c != '\t' && c != '\n' && c != '\f' && c != '\r')
			return bad;
	}
	if (n % 4 == 1 || padding > 2 || (padding > 0 && (n + padding) % 4 != 0))
		return bad;
	*size = n / 4 * 3 + (n % 4 > 0 ? n % 4 - 1 : 0);
	return NULL;
}

const char *
data_url_wrong(const char *url, size_t len, size_t max_bytes)
{
	const char *const comma = memchr(url, ',', len), *const end = url + len;
	size_t size = 0;

	if (comma == NULL)
		return "has no comma before its data";
	const size_t head = (size_t)(comma - url), marker = strlen(BASE64);
	const bool is_base64 =
	    head >= strlen(SCHEME) + marker && strncasecmp(comma - marker, BASE64, marker) == 0;
	const char *wrong =
	    is_base64 ? base64_size(comma + 1, end, &size) : plain_size(comma + 1, end, &size);
	if (wrong == NULL && size > max_bytes)
		wrong = "holds too much";
	return wrong;
}

/*
 * base64.c - four characters for three bytes.
 */
#include "runtime/base/base64.h"

#include "runtime/base/buf.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_add(struct buf *out, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	char *to = buf_reserve(out, (len + 2) / 3 * 4);
	char *const from = to;

	for (; len >= 3; len -= 3, b += 3) {
		*to++ = digits[b[0] >> 2];
		*to++ = digits[(b[0] & 3) << 4 | b[1] >> 4];
		*to++ = digits[(b[1] & 15) << 2 | b[2] >> 6];
		*to++ = digits[b[2] & 63];
	}
	if (len > 0) {
		const unsigned second = len == 2 ? b[1] : 0;

		*to++ = digits[b[0] >> 2];
		*to++ = digits[(b[0] & 3U) << 4 | second >> 4];
		*to++ = len == 2 ? digits[(second & 15) << 2] : '=';
		*to++ = '=';
	}
	*to = '\0';
	out->len += (size_t)(to - from);
}

int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int
base64_decode(struct buf *out, const char *text, size_t len)
{
	unsigned bits = 0, n = 0, padding = 0;

	buf_reserve(out, len / 4 * 3 + 3);
	for (size_t i = 0; i < len; i++) {
		const int v = base64_digit(text[i]);

		if (text[i] == '\n' || text[i] == '\r' || text[i] == ' ')
			continue;
		if (text[i] == '=' && n >= 2 && n + padding < 4) {
			padding++;
			continue;
		}
		if (v < 0 || padding > 0)
			return -1;
		bits = bits << 6 | (unsigned)v;
		if (++n < 4)
			continue;
		buf_add_char(out, (char)(bits >> 16));
		buf_add_char(out, (char)(bits >> 8));
		buf_add_char(out, (char)bits);
		bits = n = 0;
	}
	if (n == 0)
		return padding == 0 ? 0 : -1;
	if (n == 1 || (padding > 0 && n + padding != 4))
		return -1;
	bits <<= 6 * (4 - n);
	buf_add_char(out, (char)(bits >> 16));
	if (n == 3)
		buf_add_char(out, (char)(bits >> 8));
	return 0;
}

/*
 * utf8.c - characters of valid UTF-8.
 */
#include "runtime/bundle/utf8.h"

#include <pthread.h>

#include "runtime/base/buf.h"

uint32_t
utf8_next(const char **at)
{
	const unsigned char *p = (const unsigned char *)*at;
	const int more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? p[0] : p[0] & (0x3fu >> more);

	for (int i = 1; i <= more; i++)
		c = c << 6 | (p[i] & 0x3f);
	*at += more + 1;
	return c;
}

void
utf8_add(struct buf *out, uint32_t c)
{
	const int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	buf_add_char(out, (char)(lead[more] | c >> (6 * more)));
	for (int i = more - 1; i >= 0; i--)
		buf_add_char(out, (char)(0x80 | (c >> (6 * i) & 0x3f)));
}

static locale_t made;

static void
make(void)
{
	made = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

locale_t
utf8_locale(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make);
	return made;
}

locale_t
utf8_enter(void)
{
	const locale_t utf8 = utf8_locale();

	return utf8 != (locale_t)0 ? uselocale(utf8) : uselocale((locale_t)0);
}

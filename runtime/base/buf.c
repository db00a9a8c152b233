/*
 * buf.c - growing bytes.
 */
#include "runtime/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"

#define PRINTF_FIRST_BYTES 96

void
buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

char *
buf_reserve(struct buf *b, size_t more)
{
	const size_t need = b->len + more + 1;

	if (need <= more)
		mem_out();
	if (need > b->cap) {
		size_t cap = b->cap != 0 ? b->cap : 64;

		while (cap < need)
			cap *= 2;
		b->data = mem_realloc(b->data, cap);
		b->cap = cap;
	}
	b->data[b->len] = '\0';
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	memcpy(b->cap - b->len > len ? b->data + b->len : buf_reserve(b, len), bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_add_int(struct buf *b, int64_t v)
{
	char text[STR_INT_MAX];

	buf_add_str(b, str_int(v, text));
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	/* Most texts fit what is there; only for others is it done twice. */
	va_copy(again, ap);
	char *to = buf_reserve(b, PRINTF_FIRST_BYTES);
	const size_t room = b->cap - b->len;
	const int n = vsnprintf(to, room, fmt, ap);
	if (n < 0)
		abort();
	if ((size_t)n >= room)
		vsnprintf(buf_reserve(b, (size_t)n), (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	if (n > b->len)
		n = b->len;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

char *
buf_take(struct buf *b)
{
	buf_reserve(b, 0);
	char *data = b->data;
	*b = (struct buf){ 0 };
	return data;
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

/*
 * buf.h - a growing run of bytes that is always NUL-terminated.
 *
 * Embedded; `struct buf b = {0}` is empty and ready.  Out of memory aborts.
 */
#ifndef JANUS_BASE_BUF_H
#define JANUS_BASE_BUF_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data; /* owned; NULL while nothing was ever added */
	size_t len; /* bytes in use, the NUL not counted */
	size_t cap;
};

void buf_done(struct buf *);
/** buf_reserve - make room for `more` bytes beyond len and return where they go. */
char *buf_reserve(struct buf *, size_t more);
void buf_add(struct buf *, const void *bytes, size_t len);
void buf_add_char(struct buf *, char c);
void buf_add_int(struct buf *, int64_t v); /* decimal */
/** buf_add_str - here, for the length of a literal is known where it is called. */
static inline void
buf_add_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}
void buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *fmt, va_list ap);
/** buf_drop - remove n bytes from the front. */
void buf_drop(struct buf *, size_t n);
/** buf_clear - forget the content, keep the memory. */
void buf_clear(struct buf *);
/** buf_take - hand the NUL-terminated bytes to the caller, who frees them; never NULL. */
char *buf_take(struct buf *);
/** buf_str - the content as a string, "" when empty; borrowed. */
const char *buf_str(const struct buf *);

#define _cleanup_buf_ __attribute__((cleanup(buf_done)))
#endif

/*
 * lines.c - cut a stream into bounded lines.
 */
#include <string.h>

#include "runtime/engine/docker/docker.h"

static int
give(struct lines *l, line_fn *fn, void *arg)
{
	int status = 0;

	if (l->skipping)
		l->dropped++;
	else if (l->line.len > 0 && l->line.data[l->line.len - 1] == '\r')
		l->line.data[--l->line.len] = '\0';
	if (!l->skipping && l->line.len > 0)
		status = fn(l->line.data, l->line.len, arg);
	l->skipping = false;
	buf_clear(&l->line);
	return status;
}

int
lines_feed(struct lines *l, const char *bytes, size_t len, line_fn *fn, void *arg)
{
	const char *at = bytes, *end = bytes + len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const size_t n = (size_t)((newline != NULL ? newline : end) - at);

		if (l->skipping || l->line.len + n > l->max_bytes) {
			l->skipping = true;
			buf_clear(&l->line);
		} else {
			buf_add(&l->line, at, n);
		}
		if (newline == NULL)
			return 0;
		if (give(l, fn, arg) < 0)
			return -1;
		at = newline + 1;
	}
	return 0;
}

int
lines_end(struct lines *l, line_fn *fn, void *arg)
{
	return l->line.len > 0 || l->skipping ? give(l, fn, arg) : 0;
}

void
lines_done(struct lines *l)
{
	buf_done(&l->line);
}

/*
 * fuzz_http_body.c - the first byte says how the chunks are split: the content and the verdict
 * must not depend on it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/net/http_head.h"

static void
collect(const char *bytes, size_t len, void *arg)
{
	buf_add(arg, bytes, len);
}

/* Bytes consumed, or -1. */
static long
run(const char *bytes, size_t len, size_t step, struct buf *content, struct http_body *b)
{
	size_t at = 0;

	*b = (struct http_body){ .kind = HTTP_BODY_CHUNKED };
	while (at < len && !b->ended) {
		const size_t piece = step < len - at ? step : len - at;
		const long n = http_body_feed(b, bytes + at, piece, collect, content, NULL);

		if (n < 0)
			return -1;
		if ((size_t)n > piece || ((size_t)n < piece && !b->ended))
			abort();
		at += (size_t)n;
	}
	return (long)at;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct buf split = { 0 }, whole = { 0 };
	struct http_body a, b;

	if (size < 2)
		return 0;
	const char *const bytes = (const char *)input + 1;
	const long n = run(bytes, size - 1, (size_t)input[0] % 64 + 1, &split, &a);
	const long m = run(bytes, size - 1, size - 1, &whole, &b);
	if (n != m || split.len != whole.len || a.ended != b.ended ||
	    (split.len > 0 && memcmp(split.data, whole.data, split.len) != 0))
		abort();
	buf_done(&split);
	buf_done(&whole);
	return 0;
}

/*
 * gzip.c - bytes as one gzip member, and back.
 */
#include "runtime/base/gzip.h"

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define GZIP_BITS (15 + 16)

void
gzip_pack(const char *bytes, size_t len, struct buf *out)
{
	z_stream z = { 0 };

	if (deflateInit2(&z, 6, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		mem_out();
	z.next_in = (Bytef *)(uintptr_t)bytes;
	do { /* zlib counts in unsigned int */
		const size_t piece = len < (1U << 30) ? len : 1U << 30;
		int rc = Z_OK;

		z.avail_in = (uInt)piece;
		len -= piece;
		do {
			z.next_out = (Bytef *)buf_reserve(out, 65536);
			z.avail_out = 65536;
			rc = deflate(&z, len == 0 ? Z_FINISH : Z_NO_FLUSH);
			out->len += 65536 - z.avail_out;
		} while (z.avail_out == 0);
		if (rc == Z_STREAM_ERROR)
			mem_out();
	} while (len > 0);
	deflateEnd(&z);
	buf_reserve(out, 1);
	out->data[out->len] = '\0';
}

static int
inflate_all(z_stream *z, size_t len, size_t max, struct buf *out, struct error *err)
{
	int rc;

	if (len > UINT_MAX)
		return error_set(err, ERROR_INVALID, "larger than a member can be");
	z->avail_in = (uInt)len;
	do {
		z->next_out = (Bytef *)buf_reserve(out, 65536);
		z->avail_out = 65536;
		rc = inflate(z, Z_NO_FLUSH);
		out->len += 65536 - z->avail_out;
		if (out->len > max)
			return error_set(err, ERROR_INVALID, "more than %zu bytes come out", max);
	} while (rc == Z_OK && (z->avail_in > 0 || z->avail_out == 0));
	if (rc != Z_STREAM_END)
		return error_set(err, ERROR_INVALID, "%s",
		    rc == Z_OK || rc == Z_BUF_ERROR ? "it is cut" : "it is damaged");
	if (z->avail_in > 0)
		return error_set(err, ERROR_INVALID, "%u bytes too many", z->avail_in);
	return 0;
}

int
gzip_unpack(const char *bytes, size_t len, size_t max, struct buf *out, struct error *err)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes };

	if (inflateInit2(&z, GZIP_BITS) != Z_OK)
		mem_out();
	const int rc = inflate_all(&z, len, max, out, err);
	inflateEnd(&z);
	if (rc == 0) {
		buf_reserve(out, 1);
		out->data[out->len] = '\0';
	}
	return rc;
}

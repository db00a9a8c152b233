/*
 * png.c - chunks, zlib, five filters, and six ways to write a pixel.
 */
#include "bench/score/png.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

enum { GRAY = 0, RGB = 2, PALETTE = 3, GRAY_ALPHA = 4, RGB_ALPHA = 6 };

struct reading {
	int width, height, bits, colour, channels;
	size_t row; /* bytes of a row, its filter's apart */
	unsigned char palette[256][4];
	size_t colours;
	bool has_key; /* one colour (gray or RGB) that is transparent */
	unsigned char key[3];
	struct buf packed; /* owned: all IDAT together */
	bool began, ended, data_over;
	struct error *err;
};

static int
bad(struct reading *r, const char *what)
{
	return error_set(r->err, ERROR_INVALID, "PNG: %s", what);
}

static uint32_t
number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int
read_header(struct reading *r, const unsigned char *p, size_t len)
{
	static const int channels[] = { 1, 0, 3, 1, 2, 0, 4 };

	if (len != 13 || r->began)
		return bad(r, "a header that is none");
	const uint32_t width = number(p), height = number(p + 4);
	if (width < 1 || height < 1 || width > PNG_SIDE_MAX || height > PNG_SIDE_MAX)
		return bad(r, "more than 2048 pixels a side, or none");
	r->width = (int)width;
	r->height = (int)height;
	r->bits = p[8];
	r->colour = p[9];
	r->channels = r->colour <= RGB_ALPHA ? channels[r->colour] : 0;
	const bool small = r->bits == 1 || r->bits == 2 || r->bits == 4;
	if (r->channels == 0 ||
	    (r->bits != 8 && !(small && (r->colour == GRAY || r->colour == PALETTE))))
		return bad(r, "a depth that is not read");
	if (p[10] != 0 || p[11] != 0 || p[12] != 0)
		return bad(r, "interlaced, or packed in a way that is not read");
	r->row = ((size_t)width * (size_t)r->channels * (size_t)r->bits + 7) / 8;
	r->began = true;
	return 0;
}

static int
read_palette(struct reading *r, const unsigned char *p, size_t len)
{
	if (len == 0 || len % 3 != 0 || len > sizeof(r->palette) / 4 * 3 || r->colours > 0)
		return bad(r, "a palette that is none");
	r->colours = len / 3;
	for (size_t i = 0; i < r->colours; i++) {
		memcpy(r->palette[i], p + i * 3, 3);
		r->palette[i][3] = 255;
	}
	return 0;
}

static int
read_transparency(struct reading *r, const unsigned char *p, size_t len)
{
	if (r->colour == PALETTE) {
		if (len > r->colours)
			return bad(r, "more transparency than palette");
		for (size_t i = 0; i < len; i++)
			r->palette[i][3] = p[i];
		return 0;
	}
	if (len != (r->colour == GRAY ? 2U : r->colour == RGB ? 6U : 0U))
		return bad(r, "transparency that is none");
	for (size_t i = 0; i < len / 2; i++)
		r->key[i] = p[i * 2 + 1];
	r->has_key = len > 0;
	return 0;
}

static int
read_chunk(struct reading *r, const char *type, const unsigned char *p, size_t len)
{
	if (memcmp(type, "IHDR", 4) == 0)
		return read_header(r, p, len);
	if (!r->began)
		return bad(r, "no header");
	if (memcmp(type, "PLTE", 4) == 0)
		return read_palette(r, p, len);
	if (memcmp(type, "tRNS", 4) == 0)
		return read_transparency(r, p, len);
	if (memcmp(type, "IDAT", 4) == 0) {
		if (r->data_over)
			return bad(r, "data in two places");
		buf_add(&r->packed, p, len);
		return 0;
	}
	r->data_over |= r->packed.len > 0;
	r->ended |= memcmp(type, "IEND", 4) == 0;
	if ((type[0] & 0x20) == 0 && !r->ended)
		return bad(r, "a chunk that must be known and is not");
	return 0;
}

static int
read_chunks(struct reading *r, const unsigned char *p, size_t len)
{
	static const unsigned char magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

	if (len < sizeof(magic) || memcmp(p, magic, sizeof(magic)) != 0)
		return bad(r, "it does not begin as one");
	for (size_t at = sizeof(magic); !r->ended;) {
		if (len - at < 12)
			return bad(r, "it ends inside a chunk");
		const size_t size = number(p + at);
		if (size > len - at - 12)
			return bad(r, "it ends inside a chunk");
		if (number(p + at + 8 + size) != crc32(0, p + at + 4, (uInt)(size + 4)))
			return bad(r, "a checksum is wrong");
		if (read_chunk(r, (const char *)p + at + 4, p + at + 8, size) < 0)
			return -1;
		at += size + 12;
	}
	if (r->colour == PALETTE && r->colours == 0)
		return bad(r, "no palette");
	return 0;
}

/* Exactly one filter byte and a row for each line come out, no more and no less. */
static int
inflate_all(struct reading *r, unsigned char *out, size_t len)
{
	z_stream z = { .next_in = (Bytef *)r->packed.data,
		.avail_in = (uInt)r->packed.len,
		.next_out = out,
		.avail_out = (uInt)len };

	if (inflateInit(&z) != Z_OK)
		mem_out();
	const int rc = inflate(&z, Z_FINISH);
	const bool whole = rc == Z_STREAM_END && z.avail_out == 0;
	inflateEnd(&z);
	return whole ? 0 : bad(r, "its data are not those of its size");
}

static unsigned char
paeth(int a, int b, int c)
{
	const int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);

	return (unsigned char)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

static int
unfilter(struct reading *r, unsigned char *data)
{
	const size_t step = (size_t)(r->channels * r->bits + 7) / 8;

	for (int y = 0; y < r->height; y++) {
		unsigned char *line = data + (size_t)y * (r->row + 1);
		const unsigned char filter = *line++;
		const unsigned char *above = y > 0 ? line - r->row - 1 : NULL;

		if (filter > 4)
			return bad(r, "a filter that is none");
		for (size_t x = 0; x < r->row; x++) {
			const int a = x >= step ? line[x - step] : 0,
				  b = above != NULL ? above[x] : 0,
				  c = above != NULL && x >= step ? above[x - step] : 0;
			const int add[] = { 0, a, b, (a + b) / 2, paeth(a, b, c) };

			line[x] = (unsigned char)(line[x] + add[filter]);
		}
	}
	return 0;
}

static void
blend(unsigned char *out, const unsigned char *rgb, int alpha)
{
	for (int i = 0; i < 3; i++)
		out[i] = (unsigned char)((rgb[i] * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* A sample of a row, whatever its bits. */
static int
sample(const struct reading *r, const unsigned char *line, size_t i)
{
	if (r->bits == 8)
		return line[i];
	const size_t bit = i * (size_t)r->bits;
	return line[bit / 8] >> (8 - (size_t)r->bits - bit % 8) & ((1 << r->bits) - 1);
}

static int
pixel(struct reading *r, const unsigned char *line, size_t x, unsigned char *out)
{
	unsigned char rgb[3];
	int alpha = 255;
	const int first = sample(r, line, x * (size_t)r->channels);

	if (r->colour == PALETTE) {
		if ((size_t)first >= r->colours)
			return bad(r, "a colour beyond its palette");
		blend(out, r->palette[first], r->palette[first][3]);
		return 0;
	}
	if (r->colour == GRAY || r->colour == GRAY_ALPHA) {
		memset(rgb, first * 255 / ((1 << r->bits) - 1), 3);
		alpha = r->colour == GRAY_ALPHA ? line[x * 2 + 1] : alpha;
		if (r->has_key && first == r->key[0])
			alpha = 0;
	} else {
		memcpy(rgb, line + x * (size_t)r->channels, 3);
		alpha = r->colour == RGB_ALPHA ? line[x * 4 + 3] : alpha;
		if (r->has_key && memcmp(rgb, r->key, 3) == 0)
			alpha = 0;
	}
	blend(out, rgb, alpha);
	return 0;
}

static int
read_pixels(struct reading *r, struct png *out)
{
	const size_t len = (r->row + 1) * (size_t)r->height;
	_cleanup_free_ unsigned char *data = mem_zalloc(len);
	_cleanup_free_ unsigned char *rgb = mem_zalloc((size_t)r->width * (size_t)r->height * 3);

	if (inflate_all(r, data, len) < 0 || unfilter(r, data) < 0)
		return -1;
	for (int y = 0; y < r->height; y++)
		for (int x = 0; x < r->width; x++)
			if (pixel(r, data + (size_t)y * (r->row + 1) + 1, (size_t)x,
				rgb + ((size_t)y * (size_t)r->width + (size_t)x) * 3) < 0)
				return -1;
	*out = (struct png){ r->width, r->height, TAKE(rgb) };
	return 0;
}

int
png_read(const void *bytes, size_t len, struct png *out, struct error *err)
{
	struct reading r = { .err = err };
	int rc = read_chunks(&r, bytes, len);

	if (rc == 0)
		rc = read_pixels(&r, out);
	buf_done(&r.packed);
	return rc;
}

void
png_done(struct png *p)
{
	free(p->rgb);
	*p = (struct png){ 0 };
}

/*
 * png.h - a picture out of the bytes of a PNG: for checks of what is on it.
 *
 * Pure.  Up to 8 bits a channel; gray, RGB, palette, with or without alpha; not interlaced; up to
 * 2048 by 2048.  All lengths, checksums and filters are checked; anything else is INVALID.
 */
#ifndef JANUS_BENCH_PNG_H
#define JANUS_BENCH_PNG_H
#include <stddef.h>
#include <stdint.h>
struct error;

#define PNG_SIDE_MAX 2048

struct png {
	int width, height;
	unsigned char *rgb; /* owned; 3 bytes a pixel, on white where it is transparent */
};
/** png_read - *out is the caller's, png_done. INVALID says what is wrong with it. */
int png_read(const void *bytes, size_t len, struct png *out, struct error *);
void png_done(struct png *);
#endif

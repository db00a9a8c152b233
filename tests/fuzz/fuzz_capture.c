/*
 * fuzz_capture.c - a capture's file of any bytes, and a redactor fed with any.
 *
 * The first byte chooses: a whole file, a zlib stream behind a good head, frames that are not
 * compressed, or text for the redactor, which must not depend on how it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/capture/capture.h"
#include "runtime/capture/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	uint64_t t_us;
	size_t bytes;
};

static void
on_frame(const struct capture_frame *f, void *arg)
{
	struct seen *s = arg;

	if (f->t_us < s->t_us && s->t_us - f->t_us < UINT64_C(1) << 63)
		abort(); /* time goes back, and did not wrap around */
	for (size_t i = 0; i < f->len; i++)
		s->bytes += (unsigned char)f->bytes[i];
	s->t_us = f->t_us;
}

static void
read_file(const char *bytes, size_t len)
{
	struct capture_head head;
	struct seen seen = { 0 };
	char cut[120];

	capture_read(bytes, len, &head, on_frame, &seen, cut, NULL);
}

static void
behind_head(const uint8_t *bytes, size_t len, int squeezed)
{
	static const struct capture_head head = { .id = "cap_1" };
	struct buf file = { 0 };
	uLongf room = compressBound((uLong)len);

	capture_head_add(&file, &head);
	if (squeezed) {
		char *to = buf_reserve(&file, room);

		compress((Bytef *)to, &room, bytes, (uLong)len);
		file.len += room;
	} else {
		buf_add(&file, bytes, len);
	}
	read_file(file.data, file.len);
	buf_done(&file);
}

static void
redact_both(const uint8_t *bytes, size_t len, int content)
{
	struct redact whole = { .content = content }, pieces = { .content = content };
	char *a = malloc(len + 1), *b = malloc(len + 1);

	if (a == NULL || b == NULL)
		abort();
	memcpy(a, bytes, len);
	memcpy(b, bytes, len);
	redact(&whole, a, len);
	for (size_t i = 0; i < len; i++)
		redact(&pieces, b + i, 1);
	if (memcmp(a, b, len) != 0)
		abort();
	for (size_t i = 0; i < len; i++)
		if (a[i] != (char)bytes[i] && a[i] != REDACT_MASK && a[i] != '0')
			abort();
	free(a);
	free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	if (size == 0)
		return 0;
	switch (input[0] % 5) {
	case 0: read_file((const char *)input + 1, size - 1); break;
	case 1: behind_head(input + 1, size - 1, 0); break;
	case 2: behind_head(input + 1, size - 1, 1); break;
	default: redact_both(input + 1, size - 1, input[0] % 5 == 4); break;
	}
	return 0;
}

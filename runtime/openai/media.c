/*
 * media.c - the first bytes tell the type.
 */
#include "runtime/openai/media.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/base64.h"
#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define FIRST_BYTES 32

/* How many bytes base64 text holds, the first of them in first; -1 if it is not base64. */
static long
base64_look(const char *text, unsigned char first[FIRST_BYTES])
{
	size_t digits = 0, n = 0;
	unsigned bits = 0;

	for (; *text != '\0' && *text != '='; text++) {
		const int value = base64_digit(*text);

		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
		digits++;
		if (digits % 4 != 1 && n < FIRST_BYTES)
			first[n++] = (unsigned char)(bits >> (4 - digits % 4) % 4 * 2);
	}
	if (digits % 4 == 1 || strspn(text, "=") != strlen(text))
		return -1;
	return (long)(digits * 3 / 4);
}

static unsigned
big16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void
add_true_type(struct buf *out, const unsigned char *p, long len)
{
	if (len >= 24 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0)
		buf_printf(out, "a PNG of %u x %u pixels", big16(p + 16) << 16 | big16(p + 18),
		    big16(p + 20) << 16 | big16(p + 22));
	else if (len >= 10 && memcmp(p, "GIF8", 4) == 0)
		buf_printf(out, "a GIF of %u x %u pixels", p[6] | p[7] << 8, p[8] | p[9] << 8);
	else if (len >= 3 && memcmp(p, "\xff\xd8\xff", 3) == 0)
		buf_add_str(out, "a JPEG");
	else if (len >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WEBP", 4) == 0)
		buf_add_str(out, "a WebP");
	else if (len >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WAVE", 4) == 0)
		buf_add_str(out, "a WAV");
	else if (len >= 5 && memcmp(p, "%PDF-", 5) == 0)
		buf_add_str(out, "a PDF");
	else
		buf_add_str(out, "of no type I know");
}

static void
describe_bytes(struct buf *out, const char *base64)
{
	unsigned char first[FIRST_BYTES] = { 0 };
	const long len = base64_look(base64, first);

	if (len < 0) {
		buf_add_str(out, "but its data is not valid base64.");
		return;
	}
	buf_printf(out, "%ld bytes, by its first bytes ", len);
	add_true_type(out, first, len);
	buf_add_str(out, ". What it shows or says I cannot tell.");
}

static void
describe_image(struct buf *out, const char *url)
{
	static const char marker[] = ";base64,";
	const char *base64 = url != NULL ? strstr(url, marker) : NULL;

	if (url == NULL || !str_starts(url, "data:")) {
		buf_add_str(out,
		    "There is an image given by its address; I fetch nothing, so I know no more.");
		return;
	}
	buf_add_str(out, "There is an image declared as ");
	const size_t len = strcspn(url + 5, ";,");
	buf_add(out, len > 0 ? url + 5 : "text/plain", len > 0 ? len : 10);
	buf_add_str(out, ": ");
	if (base64 != NULL)
		describe_bytes(out, base64 + sizeof(marker) - 1);
	else
		buf_add_str(out, "not in base64, so I did not look.");
}

static void
describe_part(struct buf *out, const cJSON *part)
{
	const char *type = json_str(part, "type");

	if (str_eq(type, "image_url")) {
		describe_image(out, json_str(json_get(part, "image_url"), "url"));
	} else if (str_eq(type, "input_audio")) {
		const cJSON *audio = json_get(part, "input_audio");
		const char *data = json_str(audio, "data"), *format = json_str(audio, "format");

		buf_printf(
		    out, "There is a sound declared as %s: ", format != NULL ? format : "nothing");
		describe_bytes(out, data != NULL ? data : "");
	} else if (str_eq(type, "file")) {
		const cJSON *file = json_get(part, "file");
		const char *name = json_str(file, "name");

		if (name == NULL)
			name = json_str(file, "filename");
		buf_printf(out, "There is a file named %s.", name != NULL ? name : "(nothing)");
	}
}

void
media_describe(const cJSON *message, struct buf *out)
{
	const cJSON *content = json_get(message, "content"), *part;

	json_for_each(part, content) {
		const size_t before = out->len;

		if (before > 0 && out->data[before - 1] != '\n')
			buf_add_char(out, '\n');
		describe_part(out, part);
		if (out->len == before + 1) /* the newline alone: it was no medium */
			out->data[out->len = before] = '\0';
	}
}

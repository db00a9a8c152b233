/*
 * html_text.c - see html_text.h.
 */
#include "bench/report/html_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

/* What changes how other text is shown, or is not seen itself. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00, 0x08 }, { 0x0B, 0x1F }, { 0x7F, 0x9F }, { 0xAD, 0xAD }, /* soft hyphen */
	{ 0x34F, 0x34F }, /* grapheme joiner */
	{ 0x61C, 0x61C }, /* Arabic letter mark */
	{ 0x180E, 0x180E }, { 0x200B, 0x200C }, /* a joiner (200D) holds emoji together */
	{ 0x200E, 0x200F }, { 0x2028, 0x202E }, /* separators, embeddings, overrides */
	{ 0x2060, 0x206F }, /* isolates and the invisible operators */
	{ 0xFE00, 0xFE0E }, /* variants; FE0F is of emoji */
	{ 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0x10FFFF }, /* tags, private planes */
};

static bool
is_hidden(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	}
	return false;
}

static uint32_t
code_point(const char *s, size_t n)
{
	const unsigned char *b = (const unsigned char *)s;
	uint32_t c = n == 1 ? b[0] : n == 2 ? b[0] & 0x1F : n == 3 ? b[0] & 0x0F : b[0] & 0x07;

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (b[i] & 0x3F);
	return c;
}

/* How many bytes the character at s has; 0: it is none. */
static size_t
character(const char *s)
{
	const size_t left = strnlen(s, 4);

	for (size_t n = 1; n <= left; n++) {
		if (str_utf8_valid(s, n))
			return n;
	}
	return 0;
}

static void
add_character(struct buf *out, const char *s, size_t n)
{
	switch (*s) {
	case '&': buf_add_str(out, "&amp;"); return;
	case '<': buf_add_str(out, "&lt;"); return;
	case '>': buf_add_str(out, "&gt;"); return;
	case '"': buf_add_str(out, "&quot;"); return;
	case '\'': buf_add_str(out, "&#39;"); return;
	case '`': buf_add_str(out, "&#96;"); return;
	default: break;
	}
	const uint32_t c = code_point(s, n);
	if (is_hidden(c))
		buf_printf(out, "[U+%04X]", c);
	else
		buf_add(out, s, n);
}

void
html_text(struct buf *out, const char *text, size_t max)
{
	const char *s = text != NULL ? text : "";

	while (*s != '\0' && (size_t)(s - text) < max) {
		const size_t n = character(s);

		if (n == 0)
			buf_add_str(out, "\xef\xbf\xbd");
		else
			add_character(out, s, n);
		s += n > 0 ? n : 1;
	}
	if (*s != '\0')
		buf_printf(out, " \xe2\x80\xa6 (%zu more bytes)", strlen(s));
}

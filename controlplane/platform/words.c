/*
 * words.c - queries to expressions, snippets to plain text.
 */
#include "controlplane/platform/words.h"

#include <ctype.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

static int
is_word(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

size_t
words_match(struct buf *out, const char *query, size_t len, const char *between)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < WORDS_MAX;) {
		size_t from = i, end;

		while (i < len && is_word((unsigned char)query[i]))
			i++;
		if (i == from) {
			i++;
			continue;
		}
		end = i - from > WORD_MAX_BYTES ? from + WORD_MAX_BYTES : i;
		while (end > from && end < i && ((unsigned char)query[end] & 0xc0) == 0x80)
			end--; /* whole characters */
		if (n++ > 0)
			buf_add_str(out, between);
		buf_add_char(out, '"');
		buf_add(out, query + from, end - from);
		buf_add_char(out, '"');
	}
	return n;
}

/* "&amp;" at text: how long it is, 0 if it is none of those; *out is what it stands for. */
static size_t
entity(const char *text, char *out)
{
	static const struct {
		const char *name;
		char is;
	} known[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
		{ "&#39;", '\'' }, { "&apos;", '\'' }, { "&nbsp;", ' ' } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strncmp(text, known[i].name, strlen(known[i].name)) == 0) {
			*out = known[i].is;
			return strlen(known[i].name);
		}
	return 0;
}

void
words_plain(struct buf *out, const char *text, size_t max)
{
	const size_t begin = out->len;

	while (*text != '\0' && out->len - begin < max) {
		const char *end = *text == '<' ? strchr(text, '>') : NULL;
		char c = *text;
		const size_t len = *text == '&' ? entity(text, &c) : 0;

		if (end != NULL && (isalpha((unsigned char)text[1]) || text[1] == '/')) {
			text = end + 1;
			continue;
		}
		buf_add_char(out, c);
		text += len > 0 ? len : 1;
	}
	if (*text == '\0')
		return;
	while (out->len > begin && ((unsigned char)out->data[out->len - 1] & 0xc0) == 0x80)
		out->len--;
	if (out->len > begin && (unsigned char)out->data[out->len - 1] >= 0xc0)
		out->len--;
	out->data[out->len] = '\0';
}

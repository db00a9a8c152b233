/*
 * text.c - letters to words, words to sentences, digits to numbers.
 */
#include "bench/score/text.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One character of UTF-8 and how long it is; a byte that begins none is itself. */
static size_t
character(const char *text, size_t len, uint32_t *out)
{
	const unsigned char *p = (const unsigned char *)text;
	const size_t n = p[0] < 0xc0 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	*out = p[0];
	if (n == 1 || n > len || !str_utf8_valid(text, n))
		return 1;
	*out = p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++)
		*out = *out << 6 | (p[i] & 0x3fU);
	return n;
}

size_t
text_blank_len(const char *text, size_t len)
{
	static const struct {
		uint32_t from, to;
	} blank[] = { { 0, 0x20 }, { 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x34f, 0x34f },
		{ 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f }, { 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },
		{ 0x2800, 0x2800 }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffc }, { 0xe0000, 0xe0fff } };
	uint32_t c;

	if (len == 0)
		return 0;
	const size_t n = character(text, len, &c);
	for (size_t i = 0; i < ARRAY_LEN(blank); i++)
		if (c >= blank[i].from && c <= blank[i].to)
			return n;
	return 0;
}

bool
text_visible(const char *text, size_t len)
{
	while (len > 0) {
		const size_t n = text_blank_len(text, len);

		if (n == 0)
			return true;
		text += n;
		len -= n;
	}
	return false;
}

/* Punctuation beyond ASCII that parts words: dashes, quotes, dots, bullets, full-width commas. */
static bool
parts_words(const char *text, size_t len)
{
	uint32_t c;

	if ((unsigned char)*text < 0x80)
		return true;
	character(text, len, &c);
	return (c >= 0x2010 && c <= 0x2027) || (c >= 0x2030 && c <= 0x205e) ||
	    (c >= 0x3001 && c <= 0x3003) || c == 0xb7 || c == 0xab || c == 0xbb || c == 0xff0c;
}

bool
text_tells(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c;
		const size_t bytes = character(text + i, len - i, &c);

		if (c >= 0x80
			? text_blank_len(text + i, len - i) == 0 && !parts_words(text + i, len - i)
			: (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit((char)c))
			return true;
		i += bytes;
	}
	return false;
}

/* Does the byte at i belong to the word around it? */
static bool
in_word(const char *t, size_t len, size_t i, bool begun)
{
	const char c = t[i];
	const bool more = i + 1 < len;

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c))
		return true;
	if ((unsigned char)c >= 0x80)
		return text_blank_len(t + i, len - i) == 0 && !parts_words(t + i, len - i);
	if (c == '+' || c == '#')
		return begun;
	if (c == '.' || c == ',')
		return begun && more && is_digit(t[i - 1]) && is_digit(t[i + 1]);
	return c == '\'' && begun && more &&
	    ((t[i + 1] >= 'a' && t[i + 1] <= 'z') || (t[i + 1] >= 'A' && t[i + 1] <= 'Z'));
}

/* A comma in a number that parts groups of three. */
static bool
is_group_comma(const char *t, size_t len, size_t i)
{
	return t[i] == ',' && i + 3 < len && is_digit(t[i + 1]) && is_digit(t[i + 2]) &&
	    is_digit(t[i + 3]) && (i + 4 == len || !is_digit(t[i + 4]));
}

size_t
text_words(struct buf *out, const char *text, size_t len)
{
	bool begun = false;
	size_t n = 0;

	if (out->len == 0)
		buf_add_char(out, ' ');
	for (size_t i = 0; i < len;) {
		uint32_t c;
		const size_t bytes = character(text + i, len - i, &c);

		if (!in_word(text, len, i, begun)) {
			if (begun)
				buf_add_char(out, ' ');
			begun = false;
			if (text[i] == '%') {
				buf_add_str(out, "% ");
				n++;
			}
		} else if (!is_group_comma(text, len, i)) {
			n += !begun;
			begun = true;
			if (c >= 'A' && c <= 'Z')
				buf_add_char(out, (char)(c | 0x20));
			else
				buf_add(out, text + i, bytes);
		}
		i += bytes;
	}
	if (begun)
		buf_add_char(out, ' ');
	return n;
}

bool
text_has(const char *words, const char *term)
{
	_cleanup_buf_ struct buf looked_for = { 0 };

	return text_words(&looked_for, term, strlen(term)) > 0 &&
	    strstr(words, buf_str(&looked_for)) != NULL;
}

size_t
text_function_words(const char *words)
{
	static const char known[] =
	    " a about above across after against all along also among an and another any are "
	    "around as at away back be because been before being below between beyond both but "
	    "by can could despite did do does down during each either else even every few for "
	    "from get gets given goes going got had has have he hence her here his how however "
	    "i if in instead into is it its itself just let lets like made make makes many may "
	    "me might more most much must my need needs neither never next no nor not now of "
	    "off often on once one only onto or other others our out over own per rather same "
	    "say says several shall she should simply since so some soon still such than that "
	    "the their them themselves then there therefore these they this those though "
	    "through thus to together too toward towards under unless unlike until up upon us "
	    "use used uses using usually via want was we well were what whatever when whenever "
	    "where whereas wherever whether which whichever while who whole whom whose why "
	    "will with within without would yet you your ";
	size_t n = 0;

	for (const char *p = words; *p != '\0' && p[1] != '\0';) {
		const size_t len = strcspn(p + 1, " ");
		char word[16];

		if (len > 0 && len + 3 <= sizeof(word)) {
			memcpy(word, p, len + 2);
			word[len + 2] = '\0';
			n += strstr(known, word) != NULL;
		}
		p += len + 1;
	}
	return n;
}

/* After an end mark: closing quotes, brackets, emphasis and marks of citation belong to it. */
static const char *
past_end(const char *p)
{
	for (;;) {
		const char *q = p;

		while (*q == ' ' && q[1] == '[')
			q++;
		if (*q == '[') {
			const size_t digits = strspn(q + 1, "0123456789, ");

			if (digits == 0 || q[1 + digits] != ']')
				return p;
			p = q + digits + 2;
		} else if (*p != '\0' && strchr("\"')*_!?.", *p) != NULL) {
			p++;
		} else {
			return p;
		}
	}
}

static bool
goes_on(const char *line_end)
{
	const char *next = line_end + 1 + strspn(line_end + 1, " \t");

	return *next >= 'a' && *next <= 'z' && !(next[1] == ')' || next[1] == '.');
}

/* Where the sentence that begins at p ends. */
static const char *
sentence_end(const char *from)
{
	for (const char *p = from; *p != '\0'; p++) {
		if (*p == '\n' && (p == from || !goes_on(p) || strchr(":;", p[-1]) != NULL))
			return p;
		if (*p == '.' || *p == '!' || *p == '?') {
			const char *end = past_end(p + 1);

			if (*end == '\0' || *end == ' ' || *end == '\n' || *end == '\t' ||
			    *end == '\r')
				return end;
			p = end - 1;
		}
	}
	return from + strlen(from);
}

size_t
text_sentences(const char *text, struct span **out)
{
	struct span *all = NULL;
	size_t n = 0, cap = 0;

	for (const char *p = text; *p != '\0';) {
		_cleanup_buf_ struct buf words = { 0 };
		const char *end = sentence_end(p);

		if (text_words(&words, p, (size_t)(end - p)) > 0) {
			if (n == cap) {
				cap = cap * 2 + 16;
				all = mem_realloc(all, cap * sizeof(*all));
			}
			all[n++] = (struct span){ p, (size_t)(end - p) };
		}
		p = end + (*end != '\0');
	}
	*out = all;
	return n;
}

struct digits {
	double value, scale;
	size_t n, in_group; /* digits; since the last group mark */
	bool grouped, bad;
};

static void
take_digit(struct digits *d, char c, bool fraction)
{
	d->n++;
	d->in_group++;
	if (d->n > 18) { /* beyond what is compared */
		d->value = fraction ? d->value : d->value * 10;
		return;
	}
	d->value = d->value * 10 + (c - '0');
	d->scale = fraction ? d->scale * 10 : d->scale;
}

static size_t
take_whole(struct digits *d, const char *t, size_t len)
{
	size_t i = 0;

	for (; i < len; i++) {
		if (is_digit(t[i])) {
			take_digit(d, t[i], false);
		} else if (strchr(",'_ ", t[i]) != NULL && d->n > 0 && i + 1 < len &&
		    is_digit(t[i + 1])) {
			d->bad |= d->grouped ? d->in_group != 3 : d->in_group > 3;
			d->grouped = true;
			d->in_group = 0;
		} else {
			break;
		}
	}
	d->bad |= d->grouped && d->in_group != 3;
	return i;
}

bool
text_decimal(const char *text, size_t len, double *out)
{
	struct digits d = { .scale = 1 };
	bool negative = false;
	size_t i = 0;

	if (memchr(text, '\0', len) != NULL)
		return false;
	if (len > 3 && memcmp(text, "\xe2\x88\x92", 3) == 0) { /* a minus sign */
		negative = true;
		i = 3;
	} else if (len > 1 && (*text == '-' || *text == '+')) {
		negative = *text == '-';
		i = 1;
	}
	i += take_whole(&d, text + i, len - i);
	if (i < len && text[i] == '.')
		for (i++; i < len && is_digit(text[i]); i++)
			take_digit(&d, text[i], true);
	if (d.n == 0 || d.bad)
		return false;
	double value = d.value / d.scale;
	if (i + 1 < len && (text[i] == 'e' || text[i] == 'E')) {
		int64_t power;
		_cleanup_free_ char *rest = str_ndup(text + i + 1, len - i - 1);

		if (str_parse_int(rest + (*rest == '+'), -30, 30, &power, NULL) < 0)
			return false;
		for (; power > 0; power--)
			value *= 10;
		for (; power < 0; power++)
			value /= 10;
		i = len;
	}
	*out = negative ? -value : value;
	return i == len;
}

bool
text_close(double a, double b, double tolerance)
{
	const double apart = a > b ? a - b : b - a, size = (a < 0 ? -a : a) + (b < 0 ? -b : b);

	return apart <= tolerance || apart <= tolerance + size * 5e-10;
}

/*
 * html.c - cut a page into tags and text.
 */
#include "controlplane/platform/html.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

#define TAG_MAX 16 /* no name that means something is longer */
#define ENTITY_MAX 12

struct reader {
	const char *at, *end;
	struct html *out;
	bool in_title, in_pre;
	bool space; /* white space was there, and is written before the next word */
	int breaks; /* line ends that are due */
	char href[HTML_HREF_MAX];
	bool in_link;
	struct buf label; /* of the link that is open */
};

struct tag {
	char name[TAG_MAX];
	bool closes;
	const char *attributes, *end; /* up to '>' */
};

/* ---- characters ---- */

static void
add_code_point(struct buf *out, uint32_t c)
{
	char bytes[4];
	size_t n;

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		bytes[0] = (char)c;
		n = 1;
	} else if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		n = 2;
	} else if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		n = 3;
	} else {
		bytes[0] = (char)(0xf0 | c >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		bytes[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
	buf_add(out, bytes, n);
}

void
html_utf8(struct buf *out, const char *charset, const char *bytes, size_t len)
{
	static const uint16_t high[32] = { 0x20ac, 0xfffd, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0xfffd, 0x17d, 0xfffd, 0xfffd, 0x2018,
		0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153,
		0xfffd, 0x17e, 0x178 };

	/* The web reads the one as the other. */
	if (strcasecmp(charset, "iso-8859-1") != 0 && strcasecmp(charset, "windows-1252") != 0 &&
	    strcasecmp(charset, "latin1") != 0) {
		buf_add(out, bytes, len);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)bytes[i];

		add_code_point(out, c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c);
	}
}

static bool
named_entity(const char *name, size_t len, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t is;
	} known[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
		{ "apos", '\'' }, { "nbsp", ' ' }, { "copy", 0xa9 }, { "reg", 0xae },
		{ "trade", 0x2122 }, { "hellip", 0x2026 }, { "mdash", 0x2014 }, { "ndash", 0x2013 },
		{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201c }, { "rdquo", 0x201d },
		{ "laquo", 0xab }, { "raquo", 0xbb }, { "bull", 0x2022 }, { "middot", 0xb7 },
		{ "times", 0xd7 }, { "deg", 0xb0 }, { "euro", 0x20ac }, { "pound", 0xa3 },
		{ "sect", 0xa7 }, { "para", 0xb6 }, { "auml", 0xe4 }, { "ouml", 0xf6 },
		{ "uuml", 0xfc }, { "Auml", 0xc4 }, { "Ouml", 0xd6 }, { "Uuml", 0xdc },
		{ "szlig", 0xdf }, { "eacute", 0xe9 }, { "egrave", 0xe8 }, { "agrave", 0xe0 },
		{ "ccedil", 0xe7 }, { "ntilde", 0xf1 }, { "shy", 0xad }, { "zwnj", 0x200c } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0) {
			*out = known[i].is;
			return true;
		}
	return false;
}

/* "&amp;" at text: its length, 0 if it is none. */
static size_t
entity(const char *text, const char *end, uint32_t *out)
{
	const size_t room = (size_t)(end - text) < ENTITY_MAX ? (size_t)(end - text) : ENTITY_MAX;
	const char *stop = memchr(text, ';', room);
	char digits[ENTITY_MAX + 1];
	char *last;

	if (stop == NULL)
		return 0;
	const size_t len = (size_t)(stop - text) - 1; /* between & and ; */
	if (len < 2 || text[1] != '#')
		return named_entity(text + 1, len, out) ? len + 2 : 0;
	const bool hex = text[2] == 'x' || text[2] == 'X';
	memcpy(digits, text + 2 + hex, len - 1 - hex);
	digits[len - 1 - hex] = '\0';
	if (!isxdigit((unsigned char)digits[0]))
		return 0;
	*out = (uint32_t)strtoul(digits, &last, hex ? 16 : 10);
	*out = *out == 0 ? 0xfffd : *out;
	return *last == '\0' ? len + 2 : 0;
}

/* One character of text at r->at, which moves on. */
static uint32_t
next_character(struct reader *r, bool *raw)
{
	uint32_t c = (unsigned char)*r->at;
	const size_t len = *r->at == '&' ? entity(r->at, r->end, &c) : 0;

	*raw = len == 0;
	r->at += len > 0 ? len : 1;
	return c;
}

/* ---- what comes out ---- */

static bool
is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
put(struct buf *out, uint32_t c, bool raw, size_t max, bool *cut)
{
	if (out->len + 4 > max) {
		*cut = true;
		return;
	}
	if (raw)
		buf_add_char(out, (char)c); /* a byte of whatever the page is written in */
	else
		add_code_point(out, c);
}

/* Words with one blank between them, blocks with a line's end. */
static void
add_character(struct reader *r, uint32_t c, bool raw)
{
	struct html *h = r->out;
	struct buf *out = r->in_title ? &h->title : &h->text;
	bool no_matter = false;

	if (c < ' ' && !is_space(c))
		return;
	if (is_space(c) && !(r->in_pre && !r->in_title)) {
		r->space = true;
		return;
	}
	if (out->len > 0 && !r->in_title && r->breaks > 0) {
		for (int i = 0; i < r->breaks; i++)
			put(out, '\n', true, HTML_TEXT_MAX, &h->cut);
	} else if (r->space && out->len > 0) {
		put(out, ' ', true, r->in_title ? HTML_TITLE_MAX : HTML_TEXT_MAX, &h->cut);
		if (r->in_link && r->label.len > 0)
			put(&r->label, ' ', true, HTML_LABEL_MAX, &no_matter);
	}
	r->space = false;
	if (!r->in_title)
		r->breaks = 0;
	put(out, c, raw, r->in_title ? HTML_TITLE_MAX : HTML_TEXT_MAX, &h->cut);
	if (r->in_link && !r->in_title)
		put(&r->label, c, raw, HTML_LABEL_MAX, &no_matter);
}

/* ---- tags ---- */

static bool
one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* Behind '<': the tag, r->at behind its '>'; false if it is none but text. */
static bool
read_tag(struct reader *r, struct tag *tag)
{
	const char *at = r->at + 1;
	char quote = '\0';
	size_t n = 0;

	tag->closes = at < r->end && *at == '/';
	at += tag->closes;
	if (at >= r->end || !isalpha((unsigned char)*at))
		return false;
	for (; at < r->end && (isalnum((unsigned char)*at) || *at == '-'); at++)
		if (n < TAG_MAX - 1)
			tag->name[n++] = (char)tolower((unsigned char)*at);
	tag->name[n] = '\0';
	tag->attributes = at;
	for (; at < r->end && (quote != '\0' || *at != '>'); at++) {
		if (quote != '\0' && *at == quote)
			quote = '\0';
		else if (quote == '\0' && (*at == '"' || *at == '\'') && at[-1] == '=')
			quote = *at;
	}
	tag->end = at;
	r->at = at < r->end ? at + 1 : at;
	return true;
}

/* The value of an attribute into out; false if it is not there or too long. */
static bool
attribute(const struct tag *tag, const char *name, char *out, size_t cap)
{
	const size_t len = strlen(name);
	const char *at = tag->attributes;

	while (at < tag->end) {
		const char *key, *value = NULL, *stop;
		size_t key_len;

		while (at < tag->end && (is_space((unsigned char)*at) || *at == '/'))
			at++;
		key = at;
		while (at < tag->end && !is_space((unsigned char)*at) && *at != '=' && *at != '/')
			at++;
		key_len = (size_t)(at - key);
		if (at < tag->end && *at == '=') {
			const char quote = at + 1 < tag->end ? at[1] : '\0';

			value = at + 1;
			if (quote == '"' || quote == '\'') {
				value++;
				stop = memchr(value, quote, (size_t)(tag->end - value));
				stop = stop != NULL ? stop : tag->end;
				at = stop < tag->end ? stop + 1 : stop;
			} else {
				while (at < tag->end && !is_space((unsigned char)*at))
					at++;
				stop = at;
			}
		} else if (key_len == 0) {
			at++; /* whatever it is */
			continue;
		}
		if (value == NULL || key_len != len || strncasecmp(key, name, len) != 0)
			continue;
		_cleanup_buf_ struct buf text = { 0 };
		for (struct reader v = { .at = value, .end = stop }; v.at < v.end;) {
			bool raw;
			const uint32_t c = next_character(&v, &raw);

			if (c < ' ')
				continue; /* as browsers do */
			if (raw)
				buf_add_char(&text, (char)c);
			else
				add_code_point(&text, c);
		}
		str_copy(out, cap, text.len < cap ? buf_str(&text) : "");
		return text.len > 0 && text.len < cap;
	}
	return false;
}

static void
end_link(struct reader *r)
{
	struct html *h = r->out;

	if (!r->in_link)
		return;
	r->in_link = false;
	if (h->nlinks == HTML_LINKS_MAX) {
		h->cut = true;
		return;
	}
	h->links[h->nlinks].href = str_dup(r->href);
	h->links[h->nlinks++].text = str_dup(buf_str(&r->label));
}

/* What is inside is not for readers: go behind the end of it. */
static void
skip_content(struct reader *r, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = r->at; (at = memchr(at, '<', (size_t)(r->end - at))) != NULL; at++) {
		if ((size_t)(r->end - at) < len + 2 || at[1] != '/' ||
		    strncasecmp(at + 2, name, len) != 0)
			continue;
		const char *stop = memchr(at, '>', (size_t)(r->end - at));
		r->at = stop != NULL ? stop + 1 : r->end;
		return;
	}
	r->at = r->end;
}

static void
on_tag(struct reader *r, const struct tag *tag)
{
	static const char *const unseen[] = { "script", "style", "template", "noscript", "iframe",
		"object", "svg", "math", "select", "textarea", "canvas", "audio", "video", NULL };
	static const char *const paragraphs[] = { "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul",
		"ol", "table", "blockquote", "pre", "article", "section", "header", "footer", "nav",
		"main", "aside", "form", "figure", "dl", "hr", NULL };
	static const char *const lines[] = { "br", "div", "li", "tr", "dt", "dd", "option",
		"address", "figcaption", "caption", "summary", "details", "body", NULL };

	if (!tag->closes && one_of(tag->name, unseen)) {
		skip_content(r, tag->name);
		return;
	}
	if (one_of(tag->name, paragraphs))
		r->breaks = 2;
	else if (one_of(tag->name, lines) && r->breaks < 1)
		r->breaks = 1;
	if (strcmp(tag->name, "pre") == 0) {
		r->in_pre = !tag->closes;
	} else if (strcmp(tag->name, "title") == 0) {
		/* Only the first: pictures have titles too. */
		r->in_title = !tag->closes && r->out->title.len == 0;
		r->space = false;
	} else if (strcmp(tag->name, "td") == 0 || strcmp(tag->name, "th") == 0) {
		r->space = true;
	} else if (strcmp(tag->name, "a") == 0) {
		end_link(r);
		buf_clear(&r->label);
		r->in_link = !tag->closes && attribute(tag, "href", r->href, sizeof(r->href));
	} else if (strcmp(tag->name, "base") == 0 && r->out->base[0] == '\0') {
		attribute(tag, "href", r->out->base, sizeof(r->out->base));
	}
}

/* "<!--", "<!doctype", "<?xml": go behind it. */
static void
skip_declaration(struct reader *r)
{
	const bool comment = r->end - r->at >= 4 && memcmp(r->at, "<!--", 4) == 0;
	const char *at = comment ? memmem(r->at + 4, (size_t)(r->end - r->at - 4), "-->", 3)
				 : memchr(r->at, '>', (size_t)(r->end - r->at));

	r->at = at == NULL ? r->end : at + (comment ? 3 : 1);
}

void
html_read(struct html *out, const char *bytes, size_t len)
{
	struct reader r = { .at = bytes, .end = bytes + len, .out = out };
	struct tag tag;

	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		r.at += 3;
	while (r.at < r.end) {
		bool raw;

		if (*r.at == '<' && r.end - r.at > 1 && (r.at[1] == '!' || r.at[1] == '?')) {
			skip_declaration(&r);
		} else if (*r.at == '<' && read_tag(&r, &tag)) {
			on_tag(&r, &tag);
		} else {
			const uint32_t c = next_character(&r, &raw);

			add_character(&r, c, raw);
		}
	}
	end_link(&r);
	buf_done(&r.label);
}

void
html_done(struct html *h)
{
	buf_done(&h->title);
	buf_done(&h->text);
	for (size_t i = 0; i < h->nlinks; i++) {
		free(h->links[i].href);
		free(h->links[i].text);
	}
	h->nlinks = 0;
}

/*
 * splice.c - from left to right.
 */
#include "controlplane/artifacts/splice.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

void
splices_add(struct splices *s, struct spot spot, char *text)
{
	if (s->len == s->cap) {
		s->cap = s->cap * 2 + 8;
		s->at = mem_realloc(s->at, s->cap * sizeof(*s->at));
	}
	s->at[s->len++] = (struct splice){ spot, text };
}

/* Does a link end there? After "plot" neither "plot-2" nor "plot.png" does. */
static bool
link_ends(const char *p, const char *end)
{
	if (p == end || (unsigned char)*p >= 0x80)
		return true;
	if (*p == '.')
		return p + 1 == end || !isalnum((unsigned char)p[1]);
	if (*p == '\\' && p + 1 < end && p[1] == '/')
		return false;
	return !isalnum((unsigned char)*p) && strchr(LINK_GOES_ON, *p) == NULL;
}

static bool
is_taken(const struct splices *s, struct spot spot)
{
	for (size_t i = 0; i < s->len; i++)
		if (spot.at < s->at[i].spot.at + s->at[i].spot.len &&
		    s->at[i].spot.at < spot.at + spot.len)
			return true;
	return false;
}

static void
find_link(struct splices *s, const char *json, struct spot text, const char *from, const char *to)
{
	const char *at = json + text.at, *end = at + text.len;
	const size_t len = strlen(from);

	while (len > 0 && (at = memmem(at, (size_t)(end - at), from, len)) != NULL) {
		const struct spot spot = { (size_t)(at - json), len };

		if (link_ends(at + len, end - 1) && !is_taken(s, spot))
			splices_add(s, spot, str_dup(to));
		at += len;
	}
}

void
splices_links(struct splices *s, const char *json, const struct spot *texts, size_t ntexts,
    const char *from, const char *to)
{
	_cleanup_buf_ struct buf escaped = { 0 };

	/* As it may stand in a literal: plainly, or with its slashes escaped. */
	for (const char *p = from; *p != '\0'; p++) {
		if (*p == '/')
			buf_add_char(&escaped, '\\');
		buf_add_char(&escaped, *p);
	}
	for (size_t i = 0; i < ntexts; i++) {
		/* This one first: the other may be the end of it. */
		find_link(s, json, texts[i], buf_str(&escaped), to);
		find_link(s, json, texts[i], from, to);
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct splice *x = a, *y = b;

	return x->spot.at < y->spot.at ? -1 : x->spot.at > y->spot.at;
}

void
splices_write(struct splices *s, const char *text, size_t len, struct buf *out)
{
	size_t at = 0;

	if (s->len > 0)
		qsort(s->at, s->len, sizeof(*s->at), by_place);
	for (size_t i = 0; i < s->len; i++) {
		buf_add(out, text + at, s->at[i].spot.at - at);
		buf_add_str(out, s->at[i].text);
		at = s->at[i].spot.at + s->at[i].spot.len;
	}
	buf_add(out, text + at, len - at);
}

/* Where in the event the byte `wanted` of its data stands. */
static size_t
place_in_event(const char *raw, size_t raw_len, size_t wanted)
{
	size_t at = 0, data = 0;

	if (raw_len >= 3 && memcmp(raw, "\xEF\xBB\xBF", 3) == 0)
		at = 3;
	while (at < raw_len) {
		size_t end = at;

		while (end < raw_len && raw[end] != '\n' && raw[end] != '\r')
			end++;
		if (end - at >= 5 && memcmp(raw + at, "data:", 5) == 0) {
			const size_t from = at + 5 + (at + 5 < end && raw[at + 5] == ' ');

			if (wanted < data + (end - from))
				return from + (wanted - data);
			data += end - from + 1; /* joined by a line end */
		} else if (end - at == 4 && memcmp(raw + at, "data", 4) == 0) {
			data++; /* an empty one */
		}
		at = end + 1;
		if (end + 1 < raw_len && raw[end] == '\r' && raw[end + 1] == '\n')
			at++;
	}
	return raw_len;
}

void
splices_write_event(struct splices *s, const char *raw, size_t raw_len, struct buf *out)
{
	for (size_t i = 0; i < s->len; i++) {
		struct spot *spot = &s->at[i].spot;
		const size_t from = place_in_event(raw, raw_len, spot->at);
		/* Its last byte and one more: the end may be the end of a line. */
		const size_t to = place_in_event(raw, raw_len, spot->at + spot->len - 1) + 1;

		*spot = (struct spot){ from, to - from };
	}
	splices_write(s, raw, raw_len, out);
}

void
splices_done(struct splices *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->at[i].text);
	free(s->at);
	*s = (struct splices){ 0 };
}

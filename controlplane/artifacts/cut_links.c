/*
 * cut_links.c - the contents of the events that are held, read as one text.
 */
#include "controlplane/artifacts/cut_links.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/artifacts/splice.h"
#include "runtime/base/buf.h"
#include "runtime/base/str.h"

struct cut_link {
	char *from, *to; /* owned */
	size_t len;
};
struct cut_event {
	struct buf raw, data; /* owned */
	struct spot text;
	struct splices changes;
};

/* A character of the text: slashes may be escaped in the literal. */
struct letter {
	uint32_t event, at;
	unsigned char len;
	char c;
};
struct text {
	struct letter *at; /* owned */
	size_t len;
};

void
cut_links_know(struct cut_links *l, const char *from, const char *to)
{
	l->known = mem_realloc(l->known, (l->nknown + 1) * sizeof(*l->known));
	l->known[l->nknown++] = (struct cut_link){ str_dup(from), str_dup(to), strlen(from) };
}

/* ---- one text ---- */

static void
read_event(struct text *t, const struct cut_event *e, uint32_t event, size_t from)
{
	const char *data = e->data.data;
	const size_t end = e->text.at + e->text.len - 1;
	size_t at = e->text.at + 1;

	for (at = from > at ? from : at; at < end; at += t->at[t->len++].len) {
		const bool escaped = data[at] == '\\' && data[at + 1] == '/';

		t->at[t->len] = (struct letter){ event, (uint32_t)at, escaped ? 2 : 1,
			escaped ? '/' : data[at] };
	}
}

static void
read_text(const struct cut_links *l, struct text *t)
{
	size_t most = 1;

	for (size_t i = 0; i < l->nheld; i++)
		most += l->held[i].text.len;
	t->at = mem_zalloc(most * sizeof(*t->at));
	t->len = 0;
	for (size_t i = 0; i < l->nheld; i++)
		read_event(t, &l->held[i], (uint32_t)i, i == 0 ? l->from : 0);
}

enum fit { FITS_NOT, FITS, MAY_FIT };

/* What follows a link would go on with it: as link_ends of splice.c, where more may come. */
static enum fit
ends_at(const struct text *t, size_t at, bool all)
{
	if (at == t->len)
		return all ? FITS : MAY_FIT;
	const unsigned char c = (unsigned char)t->at[at].c;
	if (c == '.' && at + 1 == t->len)
		return all ? FITS : MAY_FIT;
	if (c == '.')
		return isalnum((unsigned char)t->at[at + 1].c) ? FITS_NOT : FITS;
	return c < 0x80 && (isalnum(c) || strchr(LINK_GOES_ON, c) != NULL) ? FITS_NOT : FITS;
}

static enum fit
fits_at(const struct text *t, size_t at, const struct cut_link *link, bool all)
{
	size_t n = 0;

	while (n < link->len && at + n < t->len && t->at[at + n].c == link->from[n])
		n++;
	if (n == link->len)
		return ends_at(t, at + n, all);
	return all || at + n < t->len ? FITS_NOT : MAY_FIT;
}

/* ---- what becomes of it ---- */

static void
replace(struct cut_links *l, const struct text *t, size_t at, const struct cut_link *link)
{
	const char *text = link->to;

	for (size_t i = at, end = at + link->len; i < end;) {
		const uint32_t event = t->at[i].event;
		const size_t begin = t->at[i].at;
		size_t to = begin;

		for (; i < end && t->at[i].event == event; i++)
			to = t->at[i].at + t->at[i].len;
		splices_add(
		    &l->held[event].changes, (struct spot){ begin, to - begin }, str_dup(text));
		text = "";
	}
}

/* The letter from which on it is not certain yet, all of them if that is none. */
static size_t
settle(struct cut_links *l, const struct text *t, bool all)
{
	size_t at = 0;

	while (at < t->len) {
		const struct cut_link *found = NULL;

		for (size_t i = 0; i < l->nknown; i++) {
			const enum fit fit = fits_at(t, at, &l->known[i], all);

			if (fit == MAY_FIT)
				return at;
			if (fit == FITS && (found == NULL || l->known[i].len > found->len))
				found = &l->known[i];
		}
		if (found != NULL)
			replace(l, t, at, found);
		at += found != NULL ? found->len : 1;
	}
	return at;
}

static void
event_done(struct cut_event *e)
{
	buf_done(&e->raw);
	buf_done(&e->data);
	splices_done(&e->changes);
}

static void
let_go(struct cut_links *l, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		splices_write_event(
		    &l->held[i].changes, buf_str(&l->held[i].raw), l->held[i].raw.len, out);
		event_done(&l->held[i]);
	}
	l->nheld -= n;
	if (n > 0)
		memmove(l->held, l->held + n, l->nheld * sizeof(*l->held));
}

static void
work(struct cut_links *l, bool all, struct buf *out)
{
	struct text t;

	read_text(l, &t);
	const size_t open = settle(l, &t, all);
	const bool waits = open < t.len;
	const size_t n = waits ? t.at[open].event : l->nheld;
	l->from = waits ? t.at[open].at : 0;
	free(t.at);
	let_go(l, n, out);
}

void
cut_links_event(struct cut_links *l, const char *raw, size_t raw_len, const char *data,
    size_t data_len, struct spot text, struct buf *out)
{
	if (l->nheld == CUT_EVENTS_MAX)
		cut_links_end(l, out);
	if (l->nheld == l->cap) {
		l->cap = l->cap * 2 + 4;
		l->held = mem_realloc(l->held, l->cap * sizeof(*l->held));
	}
	struct cut_event *e = &l->held[l->nheld++];
	*e = (struct cut_event){ .text = text };
	buf_add(&e->raw, raw, raw_len);
	buf_add(&e->data, data, data_len);
	work(l, false, out);
}

void
cut_links_end(struct cut_links *l, struct buf *out)
{
	if (l->nheld > 0)
		work(l, true, out);
}

void
cut_links_done(struct cut_links *l)
{
	for (size_t i = 0; i < l->nheld; i++)
		event_done(&l->held[i]);
	for (size_t i = 0; i < l->nknown; i++) {
		free(l->known[i].from);
		free(l->known[i].to);
	}
	free(l->held);
	free(l->known);
	*l = (struct cut_links){ 0 };
}

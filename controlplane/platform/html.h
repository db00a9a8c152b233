/*
 * html.h - the readable text of a page, its title and its links.
 *
 * Pure, one pass, no tree: tags are left out, blocks become lines, what no reader sees (scripts,
 * styles, templates) is dropped.  It lays nothing out and runs nothing.  All that comes out is
 * bounded; more than that is not kept, and said to be missing.
 */
#ifndef JANUS_PLATFORM_HTML_H
#define JANUS_PLATFORM_HTML_H
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/buf.h"

#define HTML_TITLE_MAX 512
#define HTML_LINKS_MAX 200
#define HTML_HREF_MAX 2048
#define HTML_LABEL_MAX 160
#define HTML_TEXT_MAX (512 << 10)

struct html_link {
	char *href; /* owned; as written, entities decoded */
	char *text; /* owned */
};
struct html {
	struct buf title, text; /* UTF-8 as far as the page was */
	char base[HTML_HREF_MAX]; /* of <base href>; "" */
	struct html_link links[HTML_LINKS_MAX];
	size_t nlinks;
	bool cut; /* there was more text, or more links, than is kept */
};

/** html_read - into a zero-initialised struct; the caller's (html_done). */
void html_read(struct html *, const char *bytes, size_t len);
void html_done(struct html *);
/** html_utf8 - append bytes as UTF-8: charset is windows-1252 or iso-8859-1, or anything else, which
 *  is taken for UTF-8. */
void html_utf8(struct buf *out, const char *charset, const char *bytes, size_t len);
#endif

/*
 * html_text.h - foreign text in HTML: it is shown, whatever it is, and is never more than text.
 *
 * Pure.
 */
#ifndef JANUS_BENCH_HTML_TEXT_H
#define JANUS_BENCH_HTML_TEXT_H
#include <stddef.h>
struct buf;

/**
 * html_text - append text for the inside of an element or of a quoted attribute; NULL is "".
 *
 * & < > " ' and backquotes become references.  Control characters, directions, invisible ones and
 * whatever is not UTF-8 become visible ([U+202E]), line breaks and tabs stay.  After max bytes it ends with
 * how many more there were.
 */
void html_text(struct buf *out, const char *text, size_t max);
#endif

/*
 * html_internal.h - the pieces of the page.
 */
#ifndef JANUS_BENCH_HTML_INTERNAL_H
#define JANUS_BENCH_HTML_INTERNAL_H
#include <cjson/cJSON.h>
struct buf;

/** html_fact - a name of ours and a value of anybody's, in a dl; nothing if it is empty. */
void html_fact(struct buf *out, const char *name, const char *value);
void html_item(struct buf *out, const cJSON *line);
#endif

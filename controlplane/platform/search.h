/*
 * search.h - POST /search: a SearXNG, a Brave-style API, or the library of the machine itself.
 */
#ifndef JANUS_PLATFORM_SEARCH_H
#define JANUS_PLATFORM_SEARCH_H
#include "controlplane/platform/call.h"
#include "runtime/base/buf.h"
struct error;
struct loop;
struct platform_config;
struct search;

extern const struct call_kind search_web;

/** search_new - as configured; the library is indexed by a worker of its own. */
struct search *search_new(struct loop *, const struct platform_config *);
/** search_free - waits for what its worker does. */
void search_free(struct search *);

/** search_source - what answers: searxng, brave or local; NULL where there is no folder either. */
const char *search_source(const struct search *);
/** search_results - {"results":[{title,url,snippet}],"source":..} of an answer of a SearXNG (else
 *  Brave-style) API, at most `most`; -1 if it is none. Pure. */
int search_results(struct buf *out, bool is_searxng, const char *text, size_t len, int most);
#endif

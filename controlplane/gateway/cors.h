/*
 * cors.h - which other origins' pages may call us from a browser, and what browsers are told.
 *
 * An origin that is not configured gets no word of this: its pages may neither read an answer nor
 * change anything (origin.h).
 */
#ifndef JANUS_GATEWAY_CORS_H
#define JANUS_GATEWAY_CORS_H
#include <stdbool.h>
struct cors;
struct error;
struct http_request;

/**
 * cors_new - read a list of origins, apart by spaces or commas.
 *
 * Each is scheme://host[:port] of http or https and nothing more, or "*" for any.  credentials:
 * may pages send cookies and the like?  The list may be empty.  NULL with err INVALID for what is
 * no origin, and for "*" together with credentials.
 */
struct cors *cors_new(const char *origins, bool credentials, struct error *);
void cors_free(struct cors *); /* NULL is fine */
/** cors_allows - is that origin, as a browser writes it, configured? cors may be NULL. */
bool cors_allows(const struct cors *, const char *origin);
/** cors_accepts - does a request come from one page of a configured origin? */
bool cors_accepts(const struct cors *, const struct http_request *);
/** cors_answer - give the request's answer the headers it needs, those of a preflight too. */
void cors_answer(const struct cors *, struct http_request *);
#endif

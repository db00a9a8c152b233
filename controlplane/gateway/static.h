/*
 * static.h - GET of the web UI's pages and files.  They are public: no key is asked for.
 */
#ifndef JANUS_GATEWAY_STATIC_H
#define JANUS_GATEWAY_STATIC_H
#include <stdbool.h>
struct gateway;
struct http_request;

/** static_serves - is it the path of a page, of a file, or of something that a browser looks for as
 *  a page and is to be told in one that there is none? Never below /v1 and /api. */
bool static_serves(const struct http_request *);
void static_get(struct gateway *, struct http_request *);
#endif

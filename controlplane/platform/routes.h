/*
 * routes.h - what a pod may ask for: the table, and the answers that need no service.
 */
#ifndef JANUS_PLATFORM_ROUTES_H
#define JANUS_PLATFORM_ROUTES_H
#include "runtime/net/http_server.h"
#include "runtime/openai/codes.h"

/* For http_server_new; their argument is the struct caller. */
extern const struct http_server_handlers platform_handlers;

extern const struct http_header platform_json[]; /* content-type, NULL-ended */
#endif

/*
 * openapi.h - the description of all interfaces: GET /openapi.json.
 */
#ifndef JANUS_GATEWAY_OPENAPI_H
#define JANUS_GATEWAY_OPENAPI_H
struct gateway;
struct http_request;

void openapi_get(struct gateway *, struct http_request *);
#endif

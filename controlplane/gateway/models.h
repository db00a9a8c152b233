/*
 * models.h - GET /v1/models and /v1/models/{id}.
 */
#ifndef JANUS_GATEWAY_MODELS_H
#define JANUS_GATEWAY_MODELS_H
struct gateway;
struct http_request;

#define MODELS_PATH "/v1/models"
void models_list(struct gateway *, struct http_request *);
/** models_get - the id is the rest of the path: it may hold a slash, plain or as %2F. */
void models_get(struct gateway *, struct http_request *);
#endif

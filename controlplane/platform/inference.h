/*
 * inference.h - the model service: the provider's models and chats, with the provider's key.
 */
#ifndef JANUS_PLATFORM_INFERENCE_H
#define JANUS_PLATFORM_INFERENCE_H
struct caller;
struct http_request;

/** inference_models - answer with the provider's list, or 503 no_provider. */
void inference_models(struct caller *, struct http_request *);
/** inference_chat - check, relay, meter. */
void inference_chat(struct caller *, struct http_request *);
/** inference_abandon - cut every call of a pod that is going away. */
void inference_abandon(struct caller *);
#endif

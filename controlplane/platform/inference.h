/*
 * inference.h - the model service: the provider's models, chats and embeddings, with the provider's
 * key; without a provider the offline responder, which says what it is.
 */
#ifndef JANUS_PLATFORM_INFERENCE_H
#define JANUS_PLATFORM_INFERENCE_H
#include "controlplane/platform/call.h"

/* chat.c, embed.c, models.c */
extern const struct call_kind inference_chat, inference_embeddings, inference_models;

/** inference_allow - may the call's competitor ask that model?  If not the call was refused.  Sets the
 *  target. */
bool inference_allow(struct call *, const char *model);
/** inference_want - hold that many tokens of the model and their price.  False after a refusal: a
 *  price that is not known cannot be held against a budget in money. */
bool inference_want(struct call *, int64_t prompt_tokens, int64_t completion_tokens);
/** inference_used - what it was in the end: tokens, and their price. */
void inference_used(struct call *, int64_t prompt_tokens, int64_t completion_tokens);
/** inference_cost - micro-USD of so many tokens of the call's model; -1: its price is not known. */
int64_t inference_cost(const struct call *, int64_t prompt_tokens, int64_t completion_tokens);
/** inference_failed - the provider said no with a status, or nothing (0, err): refuse in its name. */
struct error;
void inference_failed(struct call *, int status, const char *body, const struct error *err);
#endif

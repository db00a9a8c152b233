/*
 * provider.h - an OpenAI-compatible upstream on a loop: ask for its models, relay a chat to it.
 *
 * For whoever stands before one provider with one key: the broker, and a baseline.  One attempt a
 * chat: whoever may choose among several upstreams uses chat_relay itself.
 */
#ifndef JANUS_OPENAI_PROVIDER_H
#define JANUS_OPENAI_PROVIDER_H
#include <stddef.h>

#include "runtime/net/url.h"
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/chat_request.h"
struct dialer;
struct error;
struct loop;

struct provider { /* embedded */
	struct loop *loop; /* borrowed */
	struct dialer *dialer; /* owned */
	struct url url; /* of the API, without /chat/completions */
	char *key; /* owned; "" sends no authorization */
};
/** provider_init - for the API at base_url; 0, or -1 with err. */
int provider_init(
    struct provider *, struct loop *, const char *base_url, const char *key, struct error *);
/** provider_done - after every call is over. */
void provider_done(struct provider *);

/* GET <base>/models, or any other path below the base. */
struct provider_get;
/** status 0: no answer, err says why; body borrowed. The call is over and freed afterwards. */
typedef void provider_get_fn(
    int status, const char *body, size_t len, const struct error *err, void *arg);
struct provider_get *provider_get(
    struct provider *, const char *path, int64_t timeout_ms, provider_get_fn *, void *arg);
/** provider_post - POST a JSON body (borrowed until the call is over) below the base. A larger answer
 *  than max_bytes is none. */
struct provider_get *provider_post(struct provider *, const char *path, const char *request_id,
    const char *body, size_t len, size_t max_bytes, int64_t timeout_ms, provider_get_fn *,
    void *arg);
/** provider_get_cancel - no callback comes any more; NULL is fine. */
void provider_get_cancel(struct provider_get *);

/* One chat. */
struct provider_chat;
/** The chat is over, as chat_relay says; the provider_chat is freed afterwards. */
typedef void provider_chat_fn(const struct chat_result *, void *arg);
/**
 * provider_chat - answer an accepted client from the provider.
 *
 * The request is what chat_request_scan found in client->body (edits included; it is copied).
 * extra: header lines ("name: value\r\n"...) for the provider, or NULL.
 */
struct provider_chat *provider_chat(struct provider *, struct http_request *client,
    const struct chat_request *, const struct chat_relay_limits *, const char *extra,
    provider_chat_fn *, void *arg);
/* What is added to an answer that passes. */
struct provider_additions {
	const char *preface; /* words before its reasoning; NULL */
	const char *usage_key; /* of a member of its usage; NULL */
	/** its value as JSON text; false: it is not known */
	bool (*usage_value)(const struct chat_usage *, char value[32], void *arg);
	void *arg;
};
/** provider_chat_add - right after provider_chat; borrowed until the chat is over. */
void provider_chat_add(struct provider_chat *, const struct provider_additions *);
/** provider_chat_abandon - shutdown: cut it, no callback. */
void provider_chat_abandon(struct provider_chat *);
#endif

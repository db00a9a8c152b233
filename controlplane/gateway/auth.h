/*
 * auth.h - who calls, what that key may do, and what the call takes of its limits.
 *
 * Made when a request's head is there and kept in its `user` until somebody answers; a chat holds
 * a reference until it is settled.  Belongs to the gateway's loop.
 */
#ifndef JANUS_GATEWAY_AUTH_H
#define JANUS_GATEWAY_AUTH_H
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/gateway/counters.h"
#include "controlplane/gateway/limit.h"
#include "controlplane/store/keys.h"
struct chat_result;
struct gateway;
struct http_header;
struct http_request;
struct key_meter;

#define AUTH_HEADERS_MAX 9

struct auth {
	int refs;
	unsigned scopes; /* what the caller may do; SCOPE_ALL on the control socket */
	char key_id[NOUN_ID_MAX]; /* "" without a key */
	struct key_limits limits;
	struct key_meter *meter; /* a reference; NULL without a key */
	struct limit_hold hold;
	char texts[AUTH_HEADERS_MAX][112]; /* values of auth_headers */
};

/** auth_begin - find out who calls and put it into the request's user.  False after a 401 or 429. */
bool auth_begin(struct gateway *, struct http_request *, enum gateway_route);
/** auth_may - has the caller that scope? False after a 401 or 403. */
bool auth_may(struct gateway *, struct http_request *, enum gateway_route, enum scope_at);
/** auth_take - one chat off the caller's limits. False after a 429. */
bool auth_take(struct gateway *, struct http_request *, enum gateway_route);
/** auth_take_another - one more off them, for a second chat of the same call: a new reference with a
 *  hold of its own. NULL after a 429. */
struct auth *auth_take_another(struct gateway *, struct http_request *, enum gateway_route);
/** auth_headers - the rate limit headers; values live in the auth until the next call. */
size_t auth_headers(struct auth *, struct http_header *out, size_t max);
/** auth_settle - the chat is over. */
void auth_settle(struct auth *, const struct chat_result *);
/** auth_revoked - was its key taken back since? */
bool auth_revoked(const struct auth *);
struct auth *auth_ref(struct auth *); /* NULL is fine */
void auth_unref(struct auth *); /* NULL is fine; gives back what was never settled */
#endif

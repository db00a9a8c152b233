/*
 * chat.h - one chat: checked, sent to a competitor, perhaps to another, settled.
 */
#ifndef JANUS_GATEWAY_CHAT_H
#define JANUS_GATEWAY_CHAT_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/gateway/counters.h"
struct auth;
struct buf;
struct chat_relay;
struct chat_request;
struct chat_sink;
struct gateway;
struct http_request;

/** chat_head_accepted - may the body be read? Answers and returns false if not. */
bool chat_head_accepted(struct gateway *, struct http_request *, enum gateway_route);
/** chat_begin - the body is there: answer, now or later. */
void chat_begin(struct gateway *, struct http_request *);

struct chat_over { /* what became of a chat apart; borrowed */
	enum wire_code code;
	const char *fault; /* whose it is; static */
	int64_t ttft_us, duration_us; /* since the request was accepted; ttft -1: nothing came */
	const char *version, *digest; /* that answered, or was asked last; "" */
};
/* A chat of our own making, for somebody who answers the client himself. */
struct chat_apart {
	const char *id; /* its x-request-id */
	const char *competitor; /* who is to answer: a slug */
	const char *traceparent; /* of its trace */
	const struct chat_request *request; /* of the body; a stream */
	const struct buf *body; /* copied */
	struct auth *auth; /* a reference of its own, taken over: what it uses is settled there */
	struct chat_sink *sink; /* where its events go; borrowed until it is over */
	struct chat_relay **relay; /* set before anything happens; good until it is over */
	/** Once, perhaps before chat_begin_apart returns; not when the gateway goes away. */
	void (*on_over)(const struct chat_over *, void *arg);
	void *arg;
};
/** chat_begin_apart - in all else a chat like any other, with the headers of that request. */
void chat_begin_apart(struct gateway *, struct http_request *, const struct chat_apart *);
/** chat_end_revoked - end the chats whose key was taken back. */
void chat_end_revoked(struct gateway *);
/** chat_end_all - the time to drain is over: what still runs ends with a typed error. */
void chat_end_all(struct gateway *);
/** chat_routes_changed - give free slots of the new snapshot to those who wait, and let those look
 *  again whose competitor is gone from it. */
void chat_routes_changed(struct gateway *);
/** chat_end_queued - Janus stops: answer those who wait. */
void chat_end_queued(struct gateway *);
/** chat_abandon_all - the gateway goes away: cut what runs. */
void chat_abandon_all(struct gateway *);
/** chat_runs - is a chat with that id being answered by that instance? */
bool chat_runs(const struct gateway *, const char *instance, const char *id);
#endif

/*
 * chat.h - one chat: checked, sent to a competitor, perhaps to another, settled.
 */
#ifndef JANUS_GATEWAY_CHAT_H
#define JANUS_GATEWAY_CHAT_H
#include <stdbool.h>
struct gateway;
struct http_request;

/** chat_head_accepted - may the body be read? Answers and returns false if not. */
bool chat_head_accepted(struct gateway *, struct http_request *);
/** chat_begin - the body is there: answer, now or later. */
void chat_begin(struct gateway *, struct http_request *);
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

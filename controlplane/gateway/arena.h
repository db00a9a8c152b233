/*
 * arena.h - POST /v1/arena: one prompt to two competitors at once, and nobody is told who they are.
 *
 * Two chats of our own (chat_begin_apart), each a request like any other with a limit, a usage row, a
 * log line and a span of its own, write into one answer: as events "arena.chunk" and "arena.end" of
 * side a and b between heartbeats, or as one object when both have ended.  A side that fails ends by
 * itself; a caller who leaves ends both.  What becomes of a battle goes to hooks->on_battle, votes to
 * the control API.  All on the request's loop.
 */
#ifndef JANUS_GATEWAY_ARENA_H
#define JANUS_GATEWAY_ARENA_H
struct gateway;
struct http_request;

#define ARENA_PATH "/v1/arena"

/** arena_begin - the body is there: answer. */
void arena_begin(struct gateway *, struct http_request *);
/** arena_abandon_all - the gateway goes away, and its chats are gone: cut what runs. */
void arena_abandon_all(struct gateway *);
#endif

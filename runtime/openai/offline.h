/*
 * offline.h - play the offline responder to a client: its waits are timers, its silence has pings.
 */
#ifndef JANUS_OPENAI_OFFLINE_H
#define JANUS_OPENAI_OFFLINE_H
#include <stdbool.h>
struct chat_usage;
struct http_request;
struct offline;

/** The answer is over, or the client is gone; status as sent (499 when it left); usage of what was
 *  answered. Freed after. */
typedef void offline_fn(int status, const struct chat_usage *, void *arg);
/** What becomes of a request to crash; does not return. */
typedef void offline_crash_fn(void);
/** offline_answer - answer a checked chat request; crash NULL: such a request only cuts the answer.
 *  preface: words of the owner's before its reasoning, or NULL. */
struct offline *offline_answer(struct http_request *, bool stream, const char *preface,
    offline_crash_fn *crash, offline_fn *, void *arg);
/** offline_abandon - shutdown: cut it, no callback. */
void offline_abandon(struct offline *);
#endif

/*
 * offline.h - play the offline responder to a client: its waits are timers, its silence has pings.
 */
#ifndef BASELINE_AGENT_OFFLINE_H
#define BASELINE_AGENT_OFFLINE_H
#include <stdbool.h>
struct http_request;
struct offline;

/** The answer is over, or the client is gone; status as sent (499 when it left). Freed after. */
typedef void offline_fn(int status, void *arg);
/** offline_answer - answer a checked chat request; may_exit: obey a request to crash. */
struct offline *offline_answer(
    struct http_request *, bool stream, bool may_exit, offline_fn *, void *arg);
/** offline_abandon - shutdown: cut it, no callback. */
void offline_abandon(struct offline *);
#endif

/*
 * chat_artifacts.h - the artifacts of one chat: what its answer announces is fetched, kept, and its
 * links are ours before the client sees them.
 *
 * An event that announces some waits for them, and what comes behind it too; others' streams go on,
 * and so do the heartbeats of this one.  One that cannot be had has an error in its place.
 */
#ifndef JANUS_GATEWAY_CHAT_ARTIFACTS_H
#define JANUS_GATEWAY_CHAT_ARTIFACTS_H
#include <stdbool.h>
#include <stddef.h>
struct buf;
struct chat;
struct chat_artifacts;
struct chat_relay;

/** chat_artifacts_passing - of chat_relay_events. */
bool chat_artifacts_passing(struct chat_relay *, const char *raw, size_t raw_len, const char *data,
    size_t data_len, void *chat);
/** chat_artifacts_rest - of chat_relay_events: what ended inside of a link that is ours. */
void chat_artifacts_rest(struct chat_relay *, struct buf *out, void *arg);
/** chat_artifacts_free - with the chat; what is under way ends. NULL is fine. */
void chat_artifacts_free(struct chat_artifacts *);
#endif

/*
 * broker.h - tell janus-platform which pods there are and hand it their listening sockets.
 *
 * The broker may come and go: after every reconnect all pods are announced again.  Control loop.
 */
#ifndef JANUS_SUPERVISE_BROKER_H
#define JANUS_SUPERVISE_BROKER_H
#include <stdbool.h>
struct broker;
struct loop;
struct workers;

/** broker_new - connects to socket (and again whenever it is lost), at most once a second. */
struct broker *broker_new(struct loop *, struct workers *, const char *socket);
/** broker_close - ask nobody anything more: the workers end. */
void broker_close(struct broker *);
void broker_free(struct broker *);
/** broker_add_pod - announce a pod; its listener is asked of the link at link_path. */
void broker_add_pod(struct broker *, const char *instance, const char *competitor,
    const char *token_sha256, const char *link_path);
void broker_remove_pod(struct broker *, const char *instance);
bool broker_connected(const struct broker *);
#endif

/*
 * announce.h - tell janus-platform which pods there are and hand it their listening sockets.
 *
 * The platform may come and go: after every reconnect all pods are announced again.  For whoever
 * starts pods; one loop.
 */
#ifndef JANUS_ENGINE_ANNOUNCE_H
#define JANUS_ENGINE_ANNOUNCE_H
#include <stdbool.h>
#include <stddef.h>
struct announcer;
struct loop;
struct workers;

struct announced_pod {
	const char *op; /* static: what it is called when it comes: "pod" or "sandbox" */
	const char *gone; /* static: and when it goes */
	const char *instance;
	const char *competitor; /* NULL: the platform knows */
	const char *token_sha256;
	const char *link_path; /* its link's socket, which is asked for the listener */
};
/** A packet of the platform's, borrowed, NUL-terminated. */
typedef void announcer_fn(const char *packet, size_t len, void *arg);

/** announcer_new - connects to socket (and again whenever it is lost), at most once a second. */
struct announcer *announcer_new(
    struct loop *, struct workers *, const char *socket, announcer_fn *, void *arg);
/** announcer_greet - what is said first whenever it has connected; static. Before the loop runs. */
void announcer_greet(struct announcer *, const char *packet);
/** announcer_send - a packet; false while nobody is there. */
bool announcer_send(struct announcer *, const char *packet, size_t len);
/** announcer_close - ask nobody anything more: the workers end. */
void announcer_close(struct announcer *);
/** announcer_free - after the workers have ended. */
void announcer_free(struct announcer *);
/** announcer_add - announce a pod; strings are copied but for op and gone. */
void announcer_add(struct announcer *, const struct announced_pod *);
void announcer_remove(struct announcer *, const char *instance);
bool announcer_connected(const struct announcer *);
#endif

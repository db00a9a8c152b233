/*
 * takeover.h - a janusd that starts while another one runs, and takes its place.
 *
 * Packets are JSON objects over <runtime dir>/handover.sock (SEQPACKET; root and our own user), from the
 * new one (N) and the old one (O), see handover.h for what O does:
 *
 *	N take_over {version, state_dir}	O listeners {version, pid, count, fixed}, then as many
 *						  listener {name} with a descriptor; or refused {error}
 *	N ready					O yours: the lock and the database are N's
 *	N serving				O closes its listeners; its streams run on
 *	N failed {error}			O goes on, or starts its own program anew
 *
 * and from janusd --upgrade (U), which waits for what comes of it:
 *
 *	U upgrade				O upgraded {version, pid}: N serves; or refused {error}
 *
 * Of N and O, until O ends:
 *
 *	O busy {instances}			where its chats are, and how many
 *	O stored {artifact | battle}		a row of the database that N has not seen
 *	N chat {instance, request_id}		O the same, with runs: is that chat one of its?
 *	N call with a descriptor		O answers an HTTP request on it: a stream that it keeps
 */
#ifndef JANUS_TAKEOVER_H
#define JANUS_TAKEOVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct cJSON;
struct error;
struct janus;
struct takeover;

#define HANDOVER_PACKET_MAX 16384

/** takeover_address - of the socket below a runtime directory; the caller's. */
char *takeover_address(const char *runtime_dir);
/** takeover_say - one packet, with fd if it is not negative; the object is freed. -1: it was not taken. */
int takeover_say(int sock, struct cJSON *, int fd);
/** takeover_word - an object with that op, for takeover_say. */
struct cJSON *takeover_word(const char *op);

/**
 * takeover_begin - ask the janusd that runs for its place, and get ready; blocks.
 *
 * Afterwards janus->before is it, all listeners are in janus->listeners, and the lock and the database
 * are to be had; or it is NULL: nobody is there to ask.  -1 with err: it goes on, and we must not.
 */
int takeover_begin(struct janus *, struct error *);
/** takeover_watch - once all but the listeners serves: wait until we can answer as well as it does, then
 *  accept, and say so. */
void takeover_watch(struct janus *);
/** takeover_failed - tell it why we end, if it waits for us; NULL: no reason. */
void takeover_failed(struct takeover *, const struct error *);
/** takeover_connected - is it still there? */
bool takeover_connected(const struct takeover *);
/** takeover_ask_chat - does that chat run there?  False: there is nobody to ask. */
bool takeover_ask_chat(struct takeover *, const char *instance, const char *request_id);
/** takeover_call - a descriptor on which it answers one HTTP request, the caller's; -1: nobody to ask. Any thread. */
int takeover_call(struct takeover *);
void takeover_free(struct takeover *);

/** takeover_upgrade - what janusd --upgrade does: have the one that runs start its program anew and hand
 *  over to it.  0: done; 1: not, and it goes on; 6: nobody runs. Prints why to stderr. */
int takeover_upgrade(const char *runtime_dir);
#endif

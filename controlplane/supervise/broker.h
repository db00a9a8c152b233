/*
 * broker.h - announce the competitors' pods to janus-platform, and hear what it says and asks.
 *
 * Control loop.
 */
#ifndef JANUS_SUPERVISE_BROKER_H
#define JANUS_SUPERVISE_BROKER_H
#include <stdbool.h>
#include <stddef.h>
struct broker;
struct egress_row;
struct loop;
struct workers;

struct broker_events {
	/** Competitors called something; borrowed. */
	void (*on_call)(const struct egress_row *, void *arg);
	/** Does that chat run at that instance now?  Answered by broker_answer, now or later. */
	void (*on_question)(const char *instance, const char *request_id, void *arg);
};
/** broker_new - connects to socket (and again whenever it is lost), at most once a second. */
struct broker *broker_new(
    struct loop *, struct workers *, const char *socket, const struct broker_events *, void *arg);
/** broker_answer - to on_question. */
void broker_answer(struct broker *, const char *instance, const char *request_id, bool runs);
/** broker_heard - obey a packet that came from janus-platform (tests call it); 0, or -1 with err. */
struct error;
int broker_heard(struct broker *, const char *packet, size_t len, struct error *);
/** broker_close - ask nobody anything more: the workers end. */
void broker_close(struct broker *);
void broker_free(struct broker *);
/** broker_add_pod - announce a pod; its listener is asked of the link at link_path. */
void broker_add_pod(struct broker *, const char *instance, const char *competitor,
    const char *token_sha256, const char *link_path);
void broker_remove_pod(struct broker *, const char *instance);
bool broker_connected(const struct broker *);
/** broker_offer - what is behind a service ("search": "local"), as it said last; NULL where nothing is,
 *  or nobody is there.  Borrowed until the loop goes on. */
const char *broker_offer(const struct broker *, const char *service);
/** broker_ask_offers - whatever was changed there is known a moment later. */
void broker_ask_offers(struct broker *);
#endif

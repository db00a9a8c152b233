/*
 * observer.h - where finished chats are told: the last ones kept, their spans sent.
 */
#ifndef JANUS_OBSERVE_OBSERVER_H
#define JANUS_OBSERVE_OBSERVER_H
#include <stdbool.h>
struct buf;
struct egress_row;
struct error;
struct gateway_usage;
struct loop;
struct observer;
struct request_record;
struct requests;
struct work_record;

/** observer_new - spans as the OTEL_ environment says; host and port are ours, borrowed. NULL with
 *  err if that environment is wrong. */
struct observer *observer_new(struct loop *control, const char *host, int port, struct error *);
/** observer_traces - are spans wanted, so that chats need span ids? */
bool observer_traces(const struct observer *);
/** observer_usage - a chat is over: told to the control loop. Any thread; does not block. */
void observer_usage(struct observer *, const struct gateway_usage *);
/** observer_names - who knows the container and the image of a chat: fills its details, which are
 *  there. Called on the control loop. */
void observer_names(struct observer *, void (*fill)(struct request_record *, void *arg), void *arg);
/** observer_call - a competitor called the platform: a span in the trace of its chat, if it has one. Control loop. */
void observer_call(struct observer *, const struct egress_row *);
/** observer_work - something was pulled, started or measured. Control loop. */
void observer_work(struct observer *, const struct work_record *);
/** observer_requests - what is kept. Control loop. */
const struct requests *observer_requests(const struct observer *);
/** observer_metrics - counters of the spans. Any thread. */
void observer_metrics(struct observer *, struct buf *out);
/** observer_free - after the control loop's last messages were run. */
void observer_free(struct observer *);
#endif

/*
 * otlp_post.h - one OTLP/HTTP request, and the thread that makes them (internal to observe/).
 */
#ifndef JANUS_OBSERVE_OTLP_POST_H
#define JANUS_OBSERVE_OTLP_POST_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
struct buf;
struct error;
struct otlp_config;

/** otlp_post - send a JSON body with the configured headers; blocks for five seconds at most.
 *  *status becomes that of the answer, 0 without one.  0, or -1 with err. */
int otlp_post(const struct otlp_config *, const char *url, const struct buf *body,
    atomic_bool *cancel, int *status, struct error *);
/** otlp_thread - start one with all signals blocked. */
int otlp_thread(pthread_t *, void *(*run)(void *), void *arg, struct error *);
/** otlp_join - wait for a thread's end; after so long cancel is set. */
void otlp_join(pthread_t, int64_t ms, atomic_bool *cancel);
#endif

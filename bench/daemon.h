/*
 * daemon.h - what a worker says to janusd about its run: in order, and again while nobody answers.
 *
 * Lives on a loop; the calls are made on threads of its own.
 */
#ifndef JANUS_BENCH_DAEMON_H
#define JANUS_BENCH_DAEMON_H
#include <cjson/cJSON.h>
#include <stdint.h>
struct error;
struct loop;

#define DAEMON_PATIENCE_MS 60000 /* for one that is away, perhaps to come back */

struct daemon;
/** daemon_new - of the run with that id, by the control socket. NULL with err. */
struct daemon *daemon_new(
    struct loop *, const char *socket, const char *run, int64_t patience_ms, struct error *);
/** daemon_free - calls under way end; those waiting are not made, and nobody hears of them. */
void daemon_free(struct daemon *);
/** daemon_ask - POST /api/v1/runs/{id}/{what} and wait; the status, with *reply the caller's (NULL: no
 *  JSON), or 0 with err: away for longer than its patience. BLOCKS. */
int daemon_ask(struct daemon *, const char *what, const cJSON *body, cJSON **reply, struct error *);

/** status 0: away for too long; reply borrowed, NULL if it was no JSON. */
typedef void daemon_fn(int status, const cJSON *reply, void *arg);
/** daemon_send - the same on a thread, after all that was sent before; body is taken over. */
void daemon_send(struct daemon *, const char *what, cJSON *body, daemon_fn *, void *arg);
/** daemon_beat - a heartbeat: beside what is sent, and tried once. */
void daemon_beat(struct daemon *, cJSON *body, daemon_fn *, void *arg);
#endif

/*
 * yield.h - the running janusd's side of a hand-over: who asks for its place gets it, step by step.
 *
 * handover.h decides; takeover.h has the packets.
 */
#ifndef JANUS_YIELD_H
#define JANUS_YIELD_H
struct cJSON;
struct janus;
struct yield;

/** yield_begin - from now on janus->yield listens for who asks; where there is no socket, for nobody. */
void yield_begin(struct janus *);
/** yield_pass_on - what the janusd before us says, to the one after us. */
void yield_pass_on(struct yield *, const struct cJSON *);
/** yield_close - nobody can ask from now on; before the listeners are closed.  NULL is fine. */
void yield_close(struct yield *);
/** yield_free - NULL is fine. */
void yield_free(struct yield *);
#endif

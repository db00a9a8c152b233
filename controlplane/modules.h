/*
 * modules.h - the modules of janusd as its settings want them, made and opened (internal to controlplane's
 * own files).
 *
 * Each is in struct janus afterwards; which comes after which, and how all of it ends, is daemon.c's.
 * -1 with err: it is not to be had, and janusd does not start.
 */
#ifndef JANUS_MODULES_H
#define JANUS_MODULES_H
struct error;
struct janus;

/** janus_load_keys - from the store, with what they used before we started. */
int janus_load_keys(struct janus *, struct error *);
/** janus_set_policy - the rules for pods and for traffic, and what is kept of streams. */
void janus_set_policy(struct janus *);
int janus_open_recorder(struct janus *, struct error *);
/** janus_open_artifacts - from then on they are part of the gateways' configuration. */
int janus_open_artifacts(struct janus *, struct error *);
int janus_open_arena(struct janus *, struct error *);
/** janus_open_engine - the container engine, and a Sandy beside it where the settings name one. */
int janus_open_engine(struct janus *, struct error *);
int janus_make_supervisor(struct janus *, struct error *);
int janus_make_champion(struct janus *, struct error *);
/** janus_open_signing_key - made at the first start. */
int janus_open_signing_key(struct janus *, struct error *);
int janus_make_scheduler(struct janus *, struct error *);
/** janus_make_api - when all that it tells of is there but the gateways. */
void janus_make_api(struct janus *);
#endif

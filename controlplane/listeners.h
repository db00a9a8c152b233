/*
 * listeners.h - the sockets janusd listens on: passed to it, or its own; and which lane serves which.
 *
 * Each stays open here beside the lane that accepts from it, so that it can be handed on.
 */
#ifndef JANUS_LISTENERS_H
#define JANUS_LISTENERS_H
#include <stdbool.h>
struct error;
struct janus;

/**
 * listeners_open - all there must be in janus->listeners.
 *
 * Those that are there already (from the janusd before us) stay as long as they are where the settings
 * want them; those of the service manager stay wherever they are.  Afterwards janus->at is where that is,
 * and the settings know if it is beyond loopback.
 */
int listeners_open(struct janus *, struct error *);
/** listeners_serve - hand a copy of each to its lane, whose loop does not run yet. */
int listeners_serve(struct janus *, struct error *);
/** listeners_serve_now - the same while the loops run; done comes on the control loop, false where one of
 *  them could not be served. */
void listeners_serve_now(struct janus *, void (*done)(bool ok, struct janus *));
/** listeners_close - ours; those of the lanes are theirs. */
void listeners_close(struct janus *);
#endif

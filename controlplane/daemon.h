/*
 * daemon.h - janusd as a whole: what starts, in which order, and how it stops.
 */
#ifndef JANUS_DAEMON_H
#define JANUS_DAEMON_H
#include <stdbool.h>
struct config;
struct error;
struct janus;

/**
 * daemon_start - everything up to listening; NULL with err.
 *
 * config is borrowed, and changed by SIGHUP; argv too, for a program that is to succeed this one.
 * take_over: from the janusd that runs, if one does.
 */
struct janus *daemon_start(struct config *, char *const *argv, bool take_over, struct error *);
/** daemon_run - until a signal says stop; drains before it returns. -1, and logged, if it ends because
 *  it cannot serve. */
int daemon_run(struct janus *);
/** daemon_stop - undo daemon_start; pods stay. */
void daemon_stop(struct janus *);
/** daemon_restore - put a backup, given by its id or as a file, in the place of the state, and say
 *  what was done. CONFLICT while a janusd runs with it. */
int daemon_restore(const struct config *, const char *what, struct error *);
#endif

/*
 * daemon.h - janusd as a whole: what starts, in which order, and how it stops.
 */
#ifndef JANUS_DAEMON_H
#define JANUS_DAEMON_H
struct config;
struct error;
struct janus;

/** daemon_start - everything up to listening; NULL with err. config is borrowed, and changed
 *  by SIGHUP. */
struct janus *daemon_start(struct config *, struct error *);
/** daemon_run - until a signal says stop; drains before it returns. */
void daemon_run(struct janus *);
/** daemon_stop - undo daemon_start; pods stay. */
void daemon_stop(struct janus *);
#endif

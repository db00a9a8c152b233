/*
 * heartbeat.h - a loop that turns says so to the service manager, at half the time it may be silent.
 */
#ifndef JANUS_LOOP_HEARTBEAT_H
#define JANUS_LOOP_HEARTBEAT_H
#include "runtime/base/notify.h"
#include "runtime/loop/loop.h"

struct heartbeat { /* embedded, zero-initialised */
	struct notify notify;
	struct loop *loop;
	struct timer timer;
};

/** heartbeat_start - who listens is told from now on, if anybody does. */
void heartbeat_start(struct heartbeat *, struct loop *);
/** heartbeat_stop - fine when it was not started; what is said by .notify still arrives. */
void heartbeat_stop(struct heartbeat *);
#endif

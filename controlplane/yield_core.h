/*
 * yield_core.h - the inside of a hand-over's old side, for yield.c and yield_talk.c.
 */
#ifndef JANUS_YIELD_CORE_H
#define JANUS_YIELD_CORE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "controlplane/handover.h"
#include "controlplane/successor.h"
#include "runtime/loop/loop.h"
struct error;
struct janus;
struct yield;

#define PEERS_MAX 8
#define START_MS 60000 /* for a program that was started to ask */

struct yield_peer {
	struct yield *yield;
	struct watch watch;
	int sock; /* -1: free */
	pid_t pid;
	char version[64]; /* of a successor */
	bool waits; /* for the end of an upgrade */
};

struct yield {
	struct janus *janus;
	enum handover_state state;
	struct watch watch; /* of one of the listeners */
	struct yield_peer peers[PEERS_MAX];
	struct yield_peer *successor; /* NULL */
	struct timer timer; /* the next step, or the latest time for it */
	struct timer busy;
	int64_t until_ms;
	bool stopped; /* we decide nothing more */
	struct successor started; /* pid 0: none */
	struct watch started_watch;
	char why[240]; /* the last one failed */
};

/* yield.c */
/** yield_tell - what happened; does what handover.h says. */
void yield_tell(struct yield *, enum handover_event);
/** yield_start_program - own: ours; else the one at its path. */
int yield_start_program(struct yield *, bool own, struct error *);
/** yield_answer - those who wait for an upgrade. */
void yield_answer(struct yield *, bool done);
/** yield_tell_busy - the successor hears where our chats are, now and from then on. */
void yield_tell_busy(struct yield *);

/* yield_talk.c */
/** yield_on_connect - the watch of the listening socket; its arg is the yield. */
void yield_on_connect(struct watch *, uint32_t events, void *arg);
void yield_peer_close(struct yield_peer *);
#endif

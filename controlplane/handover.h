/*
 * handover.h - how far a running janusd has handed over to the next one.
 *
 * Pure: what happens goes in, what is to be done comes out.  There is one owner of the database at any
 * time, and whoever answers chats goes on doing so until another says that it does:
 *
 *	SERVING    all is ours
 *	ASKED      a successor has our listeners and prepares; all is still ours
 *	RELEASING  it is ready: our decisions end, and what they were is written
 *	RELEASED   the database is its; we still accept chats
 *	LEAVING    it serves: we accept no more, our streams run to their end
 *
 * A successor that ends before RELEASING has changed nothing.  One that ends later leaves the database
 * to nobody: then our own program is started anew, to take over from us in the same way.
 *
 *	FORSAKEN   it ended while we were releasing
 *	ORPHANED   nobody has the database
 *	ADOPTING   another successor has our listeners, and nobody has the database
 */
#ifndef JANUS_HANDOVER_H
#define JANUS_HANDOVER_H

#define HANDOVER_STATES(X)        \
	X(SERVING, "serving")     \
	X(ASKED, "asked")         \
	X(RELEASING, "releasing") \
	X(RELEASED, "released")   \
	X(LEAVING, "leaving")     \
	X(FORSAKEN, "forsaken")   \
	X(ORPHANED, "orphaned")   \
	X(ADOPTING, "adopting")
enum handover_state {
#define X(name, text) HANDOVER_##name,
	HANDOVER_STATES(X)
#undef X
	    HANDOVER_STATE_COUNT
};

enum handover_event {
	HANDOVER_ASK, /* somebody wants to take over, and may */
	HANDOVER_READY, /* the successor can */
	HANDOVER_WRITTEN, /* what we decided is stored, and nothing more will be */
	HANDOVER_SERVES, /* the successor serves */
	HANDOVER_LOST, /* the successor is gone, or took too long */
	HANDOVER_EVENT_COUNT
};

enum handover_action {
	HANDOVER_NOTHING,
	HANDOVER_REFUSE, /* whoever asked: another is at it, or has taken over */
	HANDOVER_LEND, /* send copies of the listeners */
	HANDOVER_RELEASE, /* decide nothing more, write what was; then WRITTEN */
	HANDOVER_GIVE, /* the database is the successor's */
	HANDOVER_LEAVE, /* accept no more, end with the last stream */
	HANDOVER_FORGET, /* who asked is gone; nothing has changed */
	HANDOVER_RESTART, /* start our own program as our successor */
};

struct handover_step {
	enum handover_state state;
	enum handover_action action;
};

const char *handover_state_name(enum handover_state);
/** handover_step - what an event leads to.  One that does not fit the state changes nothing. */
struct handover_step handover_step(enum handover_state, enum handover_event);
#endif

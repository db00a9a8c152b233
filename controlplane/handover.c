/*
 * handover.c - one small function a state.
 */
#include "controlplane/handover.h"

static const char *const names[HANDOVER_STATE_COUNT] = {
#define X(name, text) text,
	HANDOVER_STATES(X)
#undef X
};

const char *
handover_state_name(enum handover_state state)
{
	return names[state];
}

static struct handover_step
go(enum handover_state state, enum handover_action action)
{
	return (struct handover_step){ state, action };
}

/* Two at once would be two owners. */
static struct handover_step
stay(enum handover_state state, enum handover_event event)
{
	return go(state, event == HANDOVER_ASK ? HANDOVER_REFUSE : HANDOVER_NOTHING);
}

static struct handover_step
in_serving(enum handover_event event)
{
	return event == HANDOVER_ASK ? go(HANDOVER_ASKED, HANDOVER_LEND)
				     : stay(HANDOVER_SERVING, event);
}

static struct handover_step
in_asked(enum handover_event event)
{
	switch (event) {
	case HANDOVER_READY: return go(HANDOVER_RELEASING, HANDOVER_RELEASE);
	case HANDOVER_LOST: return go(HANDOVER_SERVING, HANDOVER_FORGET);
	default: return stay(HANDOVER_ASKED, event);
	}
}

static struct handover_step
in_releasing(enum handover_event event)
{
	switch (event) {
	case HANDOVER_WRITTEN: return go(HANDOVER_RELEASED, HANDOVER_GIVE);
	case HANDOVER_LOST: return go(HANDOVER_FORSAKEN, HANDOVER_NOTHING);
	default: return stay(HANDOVER_RELEASING, event);
	}
}

static struct handover_step
in_released(enum handover_event event)
{
	switch (event) {
	case HANDOVER_SERVES: return go(HANDOVER_LEAVING, HANDOVER_LEAVE);
	case HANDOVER_LOST: return go(HANDOVER_ORPHANED, HANDOVER_RESTART);
	default: return stay(HANDOVER_RELEASED, event);
	}
}

static struct handover_step
in_forsaken(enum handover_event event)
{
	return event == HANDOVER_WRITTEN ? go(HANDOVER_ORPHANED, HANDOVER_RESTART)
					 : stay(HANDOVER_FORSAKEN, event);
}

static struct handover_step
in_orphaned(enum handover_event event)
{
	switch (event) {
	case HANDOVER_ASK: return go(HANDOVER_ADOPTING, HANDOVER_LEND);
	case HANDOVER_LOST: return go(HANDOVER_ORPHANED, HANDOVER_RESTART);
	default: return stay(HANDOVER_ORPHANED, event);
	}
}

static struct handover_step
in_adopting(enum handover_event event)
{
	switch (event) {
	case HANDOVER_READY: return go(HANDOVER_RELEASED, HANDOVER_GIVE);
	case HANDOVER_LOST: return go(HANDOVER_ORPHANED, HANDOVER_RESTART);
	default: return stay(HANDOVER_ADOPTING, event);
	}
}

struct handover_step
handover_step(enum handover_state state, enum handover_event event)
{
	switch (state) {
	case HANDOVER_SERVING: return in_serving(event);
	case HANDOVER_ASKED: return in_asked(event);
	case HANDOVER_RELEASING: return in_releasing(event);
	case HANDOVER_RELEASED: return in_released(event);
	case HANDOVER_FORSAKEN: return in_forsaken(event);
	case HANDOVER_ORPHANED: return in_orphaned(event);
	case HANDOVER_ADOPTING: return in_adopting(event);
	default: return stay(HANDOVER_LEAVING, event);
	}
}

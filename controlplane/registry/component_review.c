/*
 * component_review.c - the states of a version, as a table.
 */
#include "controlplane/registry/component_review.h"

#include <stddef.h>

#include "runtime/base/error.h"

static const char *const act_names[] = {
#define X(name, text) text,
	COMPONENT_ACTS(X)
#undef X
};

#define IN(name) (1U << COMPONENT_##name)

static const struct rule {
	unsigned from; /* IN(...) */
	enum component_state to;
	bool owner_may, needs_reason;
} rules[COMPONENT_ACT_COUNT] = {
	[COMPONENT_APPROVE] = { IN(SUBMITTED) | IN(DEPRECATED), COMPONENT_PUBLISHED, false, false },
	[COMPONENT_REJECT] = { IN(SUBMITTED), COMPONENT_REJECTED, false, true },
	[COMPONENT_DEPRECATE] = { IN(PUBLISHED), COMPONENT_DEPRECATED, true, false },
	[COMPONENT_RETIRE] = { IN(SUBMITTED) | IN(PUBLISHED) | IN(REJECTED) | IN(DEPRECATED),
	    COMPONENT_RETIRED, true, false },
};

const char *
component_act_name(enum component_act act)
{
	return act_names[act];
}

bool
component_act_fits(enum component_state state, enum component_act act)
{
	return (rules[act].from >> state & 1) != 0;
}

bool
component_is_open(enum component_state state)
{
	return state == COMPONENT_PUBLISHED || state == COMPONENT_DEPRECATED;
}

int
component_review(enum component_state state, enum component_act act, struct component_who who,
    const char *reason, enum component_state *next, struct error *err)
{
	const struct rule *r = &rules[act];

	if (!who.is_admin && !(r->owner_may && who.is_owner))
		return error_set(err, ERROR_DENIED,
		    r->owner_may ? "It belongs to another key."
				 : "Only an administrator may %s it.",
		    act_names[act]);
	if (!component_act_fits(state, act))
		return error_set(err, ERROR_CONFLICT, "It is %s: there is nothing to %s.",
		    component_state_name(state), act_names[act]);
	if (r->needs_reason && (reason == NULL || reason[0] == '\0'))
		return error_set(err, ERROR_INVALID, "'reason' is required: what is to be mended?");
	*next = r->to;
	return 0;
}

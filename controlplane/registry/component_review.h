/*
 * component_review.h - what may become of a version of a component, and who may say so.
 *
 * Pure.
 */
#ifndef JANUS_REGISTRY_COMPONENT_REVIEW_H
#define JANUS_REGISTRY_COMPONENT_REVIEW_H
#include <stdbool.h>

#include "controlplane/store/components.h"
struct error;

#define COMPONENT_ACTS(X)                                                  \
	X(APPROVE, "approve") /* also what was deprecated: use it again */ \
	X(REJECT, "reject")                                                \
	X(DEPRECATE, "deprecate")                                          \
	X(RETIRE, "retire")
enum component_act {
#define X(name, text) COMPONENT_##name,
	COMPONENT_ACTS(X)
#undef X
	    COMPONENT_ACT_COUNT
};
const char *component_act_name(enum component_act);

struct component_who {
	bool is_owner, is_admin;
};
/** component_review - what it is then: 0, or -1 with DENIED (not theirs to say), INVALID (a reason is
 *  needed) or CONFLICT (not in this state). */
int component_review(enum component_state, enum component_act, struct component_who,
    const char *reason, enum component_state *next, struct error *);
/** component_act_fits - does the act mean versions of that state? */
bool component_act_fits(enum component_state, enum component_act);
/** component_is_open - may everybody see it? */
bool component_is_open(enum component_state);
#endif

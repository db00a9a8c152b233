/*
 * steps.h - what a CLI agent says of its work, in whichever of their languages, as steps.  Pure.
 *
 * Agents print lines of JSON in a form of their own, or plain text.  What comes out is the same for
 * all: text of the answer, thoughts, tools that begin and end, and what was used.
 */
#ifndef BASELINE_AGENT_STEPS_H
#define BASELINE_AGENT_STEPS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
struct sandy_event;

enum step_kind {
	STEP_TEXT, /* of the answer */
	STEP_THOUGHT,
	STEP_TOOL_START, /* id, name, text: its input */
	STEP_TOOL_END, /* id, name, text: what it gave; failed */
	STEP_STATUS, /* of the machinery around the agent */
};
struct step {
	enum step_kind kind;
	const char *text; /* never NULL; borrowed for the call, as the rest */
	const char *id, *name; /* of tools; never NULL */
	bool failed;
};
typedef void step_fn(const struct step *, void *arg);

#define STEPS_TOOLS_MAX 32
#define STEPS_NAME_MAX 64

struct steps { /* embedded; zero-initialised */
	struct {
		char id[STEPS_NAME_MAX], name[STEPS_NAME_MAX];
	} tools[STEPS_TOOLS_MAX]; /* that have begun and not ended; "" free */
	bool streamed; /* the message under way has come in pieces already */
	struct buf message; /* the text said last, to know a result that repeats it; bounded */
	bool spoke; /* there was text of an answer */
	bool has_result; /* it said itself that it is done */
	bool failed; /* and that it has not gone well: error says why */
	char error[240];
	int64_t prompt_tokens, completion_tokens; /* summed */
	bool has_cost; /* it said what that cost: */
	double cost_usd;
};
/** steps_take - one event of the agent's run. */
void steps_take(struct steps *, const struct sandy_event *, step_fn *, void *arg);
void steps_done(struct steps *);
#endif

/*
 * responder_plan.h - what the offline responder will say to a chat, decided before it speaks.
 *
 * Pure: from a parsed request to a list of acts.  responder.c plays it.
 */
#ifndef JANUS_OPENAI_RESPONDER_PLAN_H
#define JANUS_OPENAI_RESPONDER_PLAN_H
#include <cjson/cJSON.h>
#include <stdint.h>

#include "runtime/base/buf.h"

enum act_kind {
	ACT_REASON, /* text, as reasoning */
	ACT_SAY, /* text, as content, in chunks of a few words */
	ACT_CALL, /* a tool call: name and arguments */
	ACT_JANUS, /* a janus event: name and payload */
	ACT_WAIT, /* ms */
	ACT_STATUS, /* answer with this HTTP status */
	ACT_FRAME, /* an error frame in the stream */
	ACT_GARBAGE, /* what is no chat completion */
	ACT_CUT,
	ACT_HANG,
	ACT_EXIT,
};
struct act {
	enum act_kind kind;
	char *name; /* owned */
	char *text; /* owned: text, arguments or payload */
	int64_t ms; /* of ACT_WAIT; of ACT_SAY, between chunks */
	int status;
};
struct plan {
	struct act *acts; /* owned */
	size_t nacts, cap;
	const char *finish; /* "stop", "length" or "tool_calls" */
	int64_t prompt_tokens;
};

void plan_make(struct plan *, const cJSON *request);
void plan_done(struct plan *);
struct making;
/** plan_add - one more act at the end; valid until the next. */
struct act *plan_add(struct plan *, enum act_kind);
/** plan_say - content, at the pace of the prompt; text is taken over. */
void plan_say(struct making *, char *text);
/** plan_tokens - the estimate used for everything the responder reports: one token for every four
 *  bytes of text, rounded up. */
int64_t plan_tokens(size_t bytes);
/** plan_commands - see responder_commands. */
const char *plan_commands(void);
#endif

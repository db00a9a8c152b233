/*
 * verdict.h - how an answer ends, from how the agent's run did.  Pure.
 */
#ifndef BASELINE_AGENT_VERDICT_H
#define BASELINE_AGENT_VERDICT_H
#include <stdbool.h>
#include <stdint.h>

#include "runtime/openai/codes.h"
struct run_result;

struct verdict {
	enum wire_code code; /* CODE_NONE: it ends as an answer */
	const char *fault; /* of a code; NULL: as its table says */
	const char *finish_reason; /* of an answer */
	char text[400]; /* of an error; of an answer, words to put behind it: "" none */
};
/** verdict_of - words, files: has the agent said something of an answer, made some?  What there is of
 *  an answer is given, with a note of what is missing; nothing at all is an error. */
void verdict_of(
    const struct run_result *, bool words, bool files, int64_t limit_ms, struct verdict *out);
#endif

/*
 * loop.h - the agent's work: ask, do, ask again; or, without a model, do what the prompt holds.
 */
#ifndef BASELINE_CLI_LOOP_H
#define BASELINE_CLI_LOOP_H
#include <cjson/cJSON.h>
#include <stdbool.h>

#include "baseline/cli/model.h"
#include "baseline/cli/tools.h"

struct agent {
	struct model model;
	struct tools tools;
	const char *system; /* the system prompt; NULL: its own */
	int turns_max;
};
/** agent_work - with a model: a conversation (a JSON array of messages, borrowed) to its answer.
 *  False: it failed.  What it does and says is reported as it happens. */
bool agent_work(const struct agent *, const cJSON *messages);
/** agent_obey - without a model: run the fenced code of the prompt, block by block, and answer with
 *  what that wrote. */
bool agent_obey(const struct agent *, const char *prompt);
#endif

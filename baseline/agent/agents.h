/*
 * agents.h - the CLI agents that a sandbox may have, and what each must be told.  Pure.
 *
 * How a program is started is the sandbox service's to know (agent/run); which model it is to use,
 * where that is and how it learns of it is ours.
 */
#ifndef BASELINE_AGENT_AGENTS_H
#define BASELINE_AGENT_AGENTS_H
#include <stdbool.h>
#include <stddef.h>

#define AGENTS_ENV_MAX 16

struct agent_kind {
	const char *name; /* as agent/run knows it */
	bool offline; /* works without a model too */
	bool conversation; /* reads the messages themselves, and sees what is in them */
	const char *model_prefix; /* before the model's name */
	bool bare_url; /* takes the models' address without /v1 */
	const char
	    *env[6]; /* "NAME=value"; %u the address, %m the model, %k the key, %p the pack */
};
struct agent_place { /* what stands for the letters; NULL: a variable that needs it is left out */
	const char *base_url, *model, *key, *pack;
};
/** agent_kind_find - by name; NULL. */
const struct agent_kind *agent_kind_find(const char *name);
/** agent_kind_names - all, separated by ", ". */
const char *agent_kind_names(void);
/** agent_kind_env - its variables, each the caller's; returns how many. */
size_t agent_kind_env(
    const struct agent_kind *, const struct agent_place *, char *env[AGENTS_ENV_MAX]);
/** agent_kind_url - the models' address as it takes it, the caller's; NULL of NULL. */
char *agent_kind_url(const struct agent_kind *, const char *base_url);
/** agent_kind_model - the model's name as it takes it, the caller's. */
char *agent_kind_model(const struct agent_kind *, const char *model);
#endif

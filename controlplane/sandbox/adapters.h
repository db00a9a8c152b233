/*
 * adapters.h - how each CLI agent is started. Pure.
 */
#ifndef JANUS_SANDBOX_ADAPTERS_H
#define JANUS_SANDBOX_ADAPTERS_H
#include <stdbool.h>
#include <stddef.h>
struct error;

#define AGENT_WORDS_MAX 24
#define AGENT_ENV_MAX 8

struct agent_request { /* strings borrowed; NULL where not given */
	const char *agent, *model, *prompt, *system_prompt, *system_prompt_path, *api_base_url;
};
struct agent_start {
	const char *program; /* must be in the sandbox */
	char *words[AGENT_WORDS_MAX + 1]; /* NULL-ended, owned */
	size_t nwords;
	char *env[AGENT_ENV_MAX + 1]; /* owned */
	size_t nenv;
	char *input; /* its standard input, owned; NULL: none */
};
/**
 * agent_start_build - the command line, environment and input that run this agent unattended.
 *
 * "shell" runs the prompt as a shell line.  INVALID: no agent of that name, or one that cannot be
 * run this way; the message lists those that can.
 */
int agent_start_build(const struct agent_request *, struct agent_start *out, struct error *);
void agent_start_done(struct agent_start *);
#endif

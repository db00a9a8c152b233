/*
 * responder_commands.h - the lines of a prompt that tell the offline responder what to do.
 *
 * Pure.  One table holds the commands and their help.
 */
#ifndef JANUS_OPENAI_RESPONDER_COMMANDS_H
#define JANUS_OPENAI_RESPONDER_COMMANDS_H
#include <stdbool.h>
#include <stdint.h>
struct buf;
struct plan;

/* What the commands of one prompt work with. */
struct making {
	struct plan *plan;
	const char *rest; /* the prompt without its command lines */
	int64_t pace_ms;
	bool spoke; /* a command has produced the answer: no echo */
};

/** commands_strip - append the lines of prompt that are no commands. */
void commands_strip(const char *prompt, struct buf *rest);
/** commands_obey - do what the others say, in order: acts are added to the plan. */
void commands_obey(struct making *, const char *prompt);
#endif

/*
 * chat_params.h - what a chat request asks for beside its messages: for spans, not for routing.
 *
 * Pure.  Filled by the one scan of a request, and only if somebody wants it.
 */
#ifndef JANUS_OPENAI_CHAT_PARAMS_H
#define JANUS_OPENAI_CHAT_PARAMS_H
#include <stddef.h>
#include <stdint.h>
struct json_value;

#define CHAT_STOPS_MAX 4

enum chat_param { /* each a number */
	CHAT_PARAM_MAX_TOKENS, /* or max_completion_tokens, which wins */
	CHAT_PARAM_TEMPERATURE,
	CHAT_PARAM_TOP_P,
	CHAT_PARAM_SEED,
	CHAT_PARAM_CHOICES, /* n */
	CHAT_PARAM_FREQUENCY_PENALTY,
	CHAT_PARAM_PRESENCE_PENALTY,
	CHAT_PARAM_COUNT
};

struct chat_params { /* zero-initialised */
	unsigned given; /* 1 << each that is there */
	double number[CHAT_PARAM_COUNT];
	char stop[CHAT_STOPS_MAX][64]; /* decoded, cut */
	size_t nstops;
};

/** chat_params_see - look at the next value of the scan (a member of the request, or below). */
void chat_params_see(struct chat_params *, const char *text, const struct json_value *);
#endif

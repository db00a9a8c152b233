/*
 * life.h - when the things of a chat's life happened, as its owner notes them.
 *
 * Times are microseconds since the chat was accepted; 0: it never happened.
 */
#ifndef JANUS_GATEWAY_LIFE_H
#define JANUS_GATEWAY_LIFE_H
#include <stdint.h>

#include "runtime/openai/codes.h"

#define LIFE_ATTEMPTS 3

struct life_attempt {
	char competitor[48], instance[40];
	enum wire_code code; /* why it failed; NONE: it did not, or ended with the chat */
	int upstream_status; /* 0: none came */
	uint64_t span; /* its span id; 0 while spans are off */
	int64_t picked_us, connected_us, head_us, ended_us;
};
#endif

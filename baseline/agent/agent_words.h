/*
 * agent_words.h - what an agent's run tells, as words and events of the answer.
 */
#ifndef BASELINE_AGENT_AGENT_WORDS_H
#define BASELINE_AGENT_AGENT_WORDS_H
#include <cjson/cJSON.h>
#include <stdint.h>

#include "baseline/agent/answer.h"
#include "runtime/engine/sandy/sandy.h"
struct agent_run;
struct chat;
struct run_note;

struct agent_chat {
	struct chat *chat;
	struct answer answer;
	struct agent_run *run;
	struct timer hold, progress, late;
	int64_t said_ms; /* when something was said last */
	unsigned artifacts;
	char sandbox_id[SANDY_ID_MAX];
};
/** agent_words_begin - the head of a stream goes out now. */
void agent_words_begin(struct agent_chat *);
/** agent_words_reason - reasoning. */
void agent_words_reason(struct agent_chat *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/** agent_words_event - delta.janus. */
void agent_words_event(struct agent_chat *, const char *name, const cJSON *payload);
/** agent_words_tell - one note of its run. */
void agent_words_tell(struct agent_chat *, const struct run_note *);
#endif

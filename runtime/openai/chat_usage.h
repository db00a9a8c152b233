/*
 * chat_usage.h - what an answer says it used, read while its values are scanned.
 *
 * Pure.
 */
#ifndef JANUS_OPENAI_CHAT_USAGE_H
#define JANUS_OPENAI_CHAT_USAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_value;

struct chat_usage {
	bool reported; /* a sane usage object was seen; else the numbers are estimates */
	int64_t prompt_tokens, completion_tokens, total_tokens;
	int64_t reasoning_tokens, cached_tokens; /* of them, as reported */
	int64_t cost_micro_usd; /* as the competitor claims; -1 if it does not */
	double sandbox_seconds; /* -1: not reported */
};

enum usage_member {
	USAGE_PROMPT,
	USAGE_COMPLETION,
	USAGE_INPUT, /* /v1/responses has other names for the same */
	USAGE_OUTPUT,
	USAGE_TOTAL,
	USAGE_REASONING,
	USAGE_CACHED,
	USAGE_COST,
	USAGE_SECONDS,
	USAGE_MEMBERS
};

struct usage_seen { /* zero-initialised */
	struct usage_number {
		enum { USAGE_ABSENT, USAGE_NULL, USAGE_NUMBER, USAGE_OTHER } is;
		double n;
	} of[USAGE_MEMBERS];
};

/** chat_usage_see - a value of a whole answer (or chunk) that json_scan reports: usage is noted. */
void chat_usage_see(struct usage_seen *, const char *text, const struct json_value *);
/** chat_usage_take - what was noted; false, and out as it was: no usage, or not a sane one. */
bool chat_usage_take(const struct usage_seen *, struct chat_usage *out);
/** chat_usage_parse - read the usage member of a whole JSON answer (or chunk) of len bytes. */
bool chat_usage_parse(const char *json, size_t len, struct chat_usage *out);

/* Where nothing was reported. */
/** chat_usage_tokens - about how many tokens so many bytes of text are: one for every four. */
int64_t chat_usage_tokens(size_t bytes);
/** chat_usage_text - how many bytes of text a value of a request or an answer is that json_scan
 *  reports, of any dialect: what is said and thought, and the arguments of calls.  Media and the tools
 *  there are do not count. */
size_t chat_usage_text(const char *json, const struct json_value *);
#endif

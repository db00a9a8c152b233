/*
 * prices.h - what a model costs: a versioned table, read from JSON.
 */
#ifndef JANUS_PLATFORM_PRICES_H
#define JANUS_PLATFORM_PRICES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;

struct price {
	char *model; /* owned */
	int64_t input, output; /* micro-USD a million tokens */
};
struct prices {
	char *version; /* owned */
	struct price *at; /* owned; in the order of their names */
	size_t len;
};

/**
 * prices_parse - {"version":"..","models":{"NAME":{"input":USD,"output":USD}}}, USD a million tokens.
 *
 * 0, or -1 with err naming what is wrong; "about" is for people.
 */
int prices_parse(struct prices *, const char *text, size_t len, struct error *);
/** prices_load - from the file at path, or the table that is built in where path is NULL. */
int prices_load(struct prices *, const char *path, struct error *);
void prices_done(struct prices *);
/** prices_cost - micro-USD, rounded up; -1 if the model has no known price. */
int64_t prices_cost(
    const struct prices *, const char *model, int64_t prompt_tokens, int64_t completion_tokens);
#endif

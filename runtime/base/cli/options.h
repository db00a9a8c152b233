/*
 * options.h - options of a command line, said in a table.
 *
 * Pure.  Options and words come in any order, "--" ends options, "-" is a word, "--no-x" negates
 * the flag "--x", and nothing is abbreviated.
 */
#ifndef JANUS_BASE_CLI_OPTIONS_H
#define JANUS_BASE_CLI_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;

#define OPTIONS_MAX_WORDS 16
#define OPTIONS_MAX_LIST 16

enum option_type {
	OPTION_FLAG, /* bool */
	OPTION_COUNT, /* int, one more each time */
	OPTION_STRING, /* const char *, borrowed from argv */
	OPTION_CHOICE, /* const char *, one of the words of `arg` ("a|b|c") */
	OPTION_NUMBER, /* int64_t, from 0 */
	OPTION_DURATION, /* int64_t milliseconds */
	OPTION_LIST, /* struct option_list, repeatable */
};

struct option_list {
	const char *at[OPTIONS_MAX_LIST]; /* borrowed from argv */
	size_t len;
};

struct option {
	const char *name; /* without the dashes */
	char letter; /* 0: long form only */
	enum option_type type;
	const char *arg; /* what help calls the value; NULL for flags */
	size_t at; /* offset of the value in the caller's struct */
	const char *help;
};

struct option_table { /* at most 64: option i is bit i of the masks */
	const struct option *at;
	size_t len;
};

struct option_words {
	const char *at[OPTIONS_MAX_WORDS]; /* borrowed from argv */
	size_t len;
	uint64_t given; /* which options were there */
};

/**
 * options_parse - read argv[*next] and on into `values` and `words`.
 *
 * allowed        the options known here, as a mask
 * stop_at_word   true: stop before the first word, false: read everything
 *
 * *next becomes the first argument not read.  Returns 0, or -1 with err INVALID, which says what
 * was meant perhaps.
 */
int options_parse(const struct option_table *, uint64_t allowed, bool stop_at_word, int argc,
    char *const *argv, int *next, void *values, struct option_words *words, struct error *);

/** options_nearest - the candidate that looks like word, or NULL; candidates end with NULL. */
const char *options_nearest(const char *word, const char *const *candidates);
#endif

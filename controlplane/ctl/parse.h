/*
 * parse.h - a command line becomes an invocation.  Pure.
 */
#ifndef JANUS_CTL_PARSE_H
#define JANUS_CTL_PARSE_H
#include "controlplane/ctl/ctl.h"
struct error;

struct ctl_invocation {
	struct ctl_options opt;
	uint64_t given; /* which options were there */
	const char *verb; /* NULL if there was none */
	const struct ctl_command *command; /* may be NULL when help was asked for */
	const char *words[OPTIONS_MAX_WORDS];
	size_t words_len;
};

/**
 * ctl_parse - read the command line by the table.
 *
 * The noun may be left out where only one is possible: the verb has one, or the name is an id.
 * Returns 0, or -1 with err INVALID; what was read until then is in out all the same.
 */
int ctl_parse(int argc, char *const *argv, struct ctl_invocation *out, struct error *);
#endif

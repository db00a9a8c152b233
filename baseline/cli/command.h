/*
 * command.h - run a command, bounded in time and output; with it everything it has begun ends.
 */
#ifndef BASELINE_CLI_COMMAND_H
#define BASELINE_CLI_COMMAND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
struct error;

struct command {
	/* in */
	const char *const *argv; /* NULL-ended */
	int64_t timeout_ms;
	size_t output_max; /* what is kept: its beginning and its end */
	/** a piece of its output, as it comes; may be NULL */
	void (*on_output)(const char *bytes, size_t len, void *arg);
	void *arg;
	/* out */
	struct buf output; /* standard output and error, as they came */
	uint64_t written; /* all of it, kept or not */
	int exit_code; /* as a shell tells it: 128 and the signal */
	bool timed_out;
};
/** command_run - 0 when it was started, whatever became of it. */
int command_run(struct command *, struct error *);
#endif

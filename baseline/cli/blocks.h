/*
 * blocks.h - the fenced code of a text that can be run.  Pure.
 */
#ifndef BASELINE_CLI_BLOCKS_H
#define BASELINE_CLI_BLOCKS_H
#include <stdbool.h>
#include <stddef.h>

enum block_language { BLOCK_SHELL, BLOCK_PYTHON, BLOCK_NODE };
struct block {
	enum block_language language;
	const char *code; /* borrowed from the text, not terminated */
	size_t len;
};
/** block_next - the next runnable block at or after *at, which moves behind it; false: none.
 *  A fence is three or more of ` or ~ at the start of a line, up to three spaces in, with the
 *  language as its first word; one that is never closed ends with the text. */
bool block_next(const char **at, struct block *out);
/** block_program - what runs it ("sh"), and what it is called in words. */
const char *block_program(enum block_language);
const char *block_suffix(enum block_language); /* ".py" */
#endif

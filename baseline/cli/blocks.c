/*
 * blocks.c - find fences, line by line.
 */
#include "baseline/cli/blocks.h"

#include <string.h>
#include <strings.h>

#include "runtime/base/cleanup.h"

#define INDENT_MAX 3
#define FENCE_MIN 3

static const struct {
	const char *word;
	enum block_language language;
} words[] = {
	{ "sh", BLOCK_SHELL },
	{ "bash", BLOCK_SHELL },
	{ "shell", BLOCK_SHELL },
	{ "python", BLOCK_PYTHON },
	{ "python3", BLOCK_PYTHON },
	{ "py", BLOCK_PYTHON },
	{ "node", BLOCK_NODE },
	{ "javascript", BLOCK_NODE },
	{ "js", BLOCK_NODE },
};
static const struct {
	const char *program, *suffix;
} programs[] = {
	[BLOCK_SHELL] = { "sh", ".sh" },
	[BLOCK_PYTHON] = { "python3", ".py" },
	[BLOCK_NODE] = { "node", ".js" },
};

const char *
block_program(enum block_language language)
{
	return programs[language].program;
}

const char *
block_suffix(enum block_language language)
{
	return programs[language].suffix;
}

struct fence {
	char mark;
	size_t len;
	const char *info;
	size_t info_len; /* the first word behind it */
};

/* Is this line, which ends at `end`, a fence? */
static bool
fence_of(const char *line, const char *end, struct fence *out)
{
	const char *at = line;

	while (at < end && *at == ' ' && at - line < INDENT_MAX)
		at++;
	if (at == end || (*at != '`' && *at != '~'))
		return false;
	out->mark = *at;
	for (out->len = 0; at < end && *at == out->mark; at++)
		out->len++;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	out->info = at;
	while (at < end && !strchr(" \t\r{", *at))
		at++;
	out->info_len = (size_t)(at - out->info);
	return out->len >= FENCE_MIN;
}

static const char *
line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

/* Where the block that begins here ends: the line that closes it, or the end of the text. */
static const char *
close_of(const char *line, const struct fence *open)
{
	struct fence f;

	for (; *line != '\0'; line = line_end(line) + (*line_end(line) == '\n'))
		if (fence_of(line, line_end(line), &f) && f.mark == open->mark &&
		    f.len >= open->len && f.info_len == 0)
			break;
	return line;
}

static bool
language_of(const struct fence *f, enum block_language *out)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == f->info_len &&
		    strncasecmp(words[i].word, f->info, f->info_len) == 0) {
			*out = words[i].language;
			return true;
		}
	return false;
}

bool
block_next(const char **at, struct block *out)
{
	struct fence open;

	while (**at != '\0') {
		const char *line = *at, *end = line_end(line);
		const char *next = end + (*end == '\n');

		*at = next;
		if (!fence_of(line, end, &open))
			continue;
		const char *close = close_of(next, &open);
		*at = line_end(close) + (*line_end(close) == '\n');
		if (!language_of(&open, &out->language))
			continue;
		out->code = next;
		out->len = (size_t)(close - next);
		return true;
	}
	return false;
}

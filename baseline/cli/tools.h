/*
 * tools.h - what the agent can do: shell, read, write, list, search, fetch.
 */
#ifndef BASELINE_CLI_TOOLS_H
#define BASELINE_CLI_TOOLS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/buf.h"

struct tools { /* strings borrowed */
	const char *platform_url; /* for search and fetch; NULL: there are none */
	const char *key, *request_id; /* "" and NULL: none */
	int64_t command_ms; /* the longest a command may take */
};
/** tools_schema - as the OpenAI API takes them; the caller's. */
cJSON *tools_schema(const struct tools *);
/** tools_run - name with its arguments; what it gave, in words, is added to out.  False: it failed,
 *  and out says how. */
bool tools_run(const struct tools *, const char *name, const cJSON *arguments, struct buf *out);
/** tools_command - run argv for at most timeout_ms (0: command_ms); what it wrote is added to out.
 *  False: it did not end well. */
bool tools_command(
    const struct tools *, const char *const *argv, int64_t timeout_ms, struct buf *out);
#endif

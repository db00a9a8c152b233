/*
 * paths.h - paths that callers name, made absolute and plain. Pure.
 */
#ifndef JANUS_SANDBOX_PATHS_H
#define JANUS_SANDBOX_PATHS_H
#include <stdbool.h>
#include <stddef.h>
struct error;

#define PATH_TEXT_MAX 4000

/** path_plain - absolute (relative ones are below /workspace), without empty, "." and ".." parts
 *  and a slash at the end; out holds PATH_TEXT_MAX.  INVALID: too long, or a way up. */
int path_plain(const char *path, char *out, struct error *);
/** path_open_to_callers - is a plain path /workspace, /tmp or below one of them? */
bool path_open_to_callers(const char *plain);
#endif

/*
 * paths.c - plain paths.
 */
#include "controlplane/sandbox/paths.h"

#include <string.h>

#include "controlplane/sandbox/inside/protocol.h"
#include "runtime/base/error.h"

int
path_plain(const char *path, char *out, struct error *err)
{
	size_t len = 0;

	if (path[0] == '\0')
		return error_set(err, ERROR_INVALID, "the path is empty");
	if (strlen(path) + sizeof(INSIDE_ROOT) >= PATH_TEXT_MAX)
		return error_set(
		    err, ERROR_INVALID, "the path is longer than %d bytes", PATH_TEXT_MAX);
	if (path[0] != '/') {
		memcpy(out, INSIDE_ROOT, sizeof(INSIDE_ROOT));
		len = sizeof(INSIDE_ROOT) - 1;
	}
	while (*path != '\0') {
		const size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return error_set(err, ERROR_INVALID, "the path has a '..' in it");
		if (n > 0 && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return 0;
}

static bool
is_within(const char *path, const char *dir)
{
	const size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool
path_open_to_callers(const char *plain)
{
	return is_within(plain, INSIDE_ROOT) || is_within(plain, INSIDE_TMP);
}

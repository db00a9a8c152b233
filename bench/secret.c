/*
 * secret.c - a file's first line, or a variable.
 */
#include "bench/secret.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define SECRET_MAX 4096

static const char *
set(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && v[0] != '\0' ? v : NULL;
}

static int
take(const char *from, char *text, char **out, struct error *err)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	if (len == 0 || strpbrk(text, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "%s: a key is one line", from);
	*out = str_dup(text);
	return 0;
}

static int
read_file(const char *path, char **out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (file_read(path, SECRET_MAX, &text, &len, err) < 0)
		return -1;
	const int rc = take(path, text, out, err);
	explicit_bzero(text, len);
	return rc;
}

int
secret_read(const char *file, const char *const *names, char **out, struct error *err)
{
	*out = NULL;
	if (file != NULL)
		return read_file(file, out, err);
	for (; *names != NULL; names++) {
		_cleanup_free_ char *name_file = str_printf("%s_FILE", *names);
		_cleanup_free_ char *value = str_dup(set(*names));
		const char *path = set(name_file);

		if (value != NULL && path != NULL)
			return error_set(
			    err, ERROR_INVALID, "both %s and %s are set", *names, name_file);
		if (path != NULL)
			return read_file(path, out, err);
		if (value != NULL)
			return take(*names, value, out, err);
	}
	return 0;
}

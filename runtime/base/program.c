/*
 * program.c - by /proc/self/exe, and by PATH.
 */
#include "runtime/base/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

char *
program_path(void)
{
	char self[4096];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self));

	return n > 0 ? str_ndup(self, (size_t)n) : NULL;
}

char *
program_beside(const char *relative)
{
	_cleanup_free_ char *self = program_path();
	const char *slash = self != NULL ? strrchr(self, '/') : NULL;

	if (slash == NULL)
		return NULL;
	_cleanup_free_ char *path = str_printf("%.*s/%s", (int)(slash - self), self, relative);
	return access(path, X_OK) == 0 ? TAKE(path) : NULL;
}

char *
program_find(const char *name)
{
	const char *path = getenv("PATH");
	char *beside = program_beside(name);

	if (beside != NULL)
		return beside;
	for (const char *p = path != NULL ? path : ""; *p != '\0'; p += *p == ':') {
		const size_t len = strcspn(p, ":");
		_cleanup_free_ char *file = str_printf("%.*s/%s", (int)len, p, name);

		if (len > 0 && access(file, X_OK) == 0)
			return TAKE(file);
		p += len;
	}
	return NULL;
}

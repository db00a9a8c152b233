/*
 * error.c - fill and prefix errors.
 */
#include "runtime/base/error.h"

#undef error_set /* the analyser's view of them */
#undef error_errno
#undef error_add

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	/* The arguments may point into err->text itself. */
	char text[sizeof(err->text)];
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err->kind = kind;
	err->retry_after_s = 0;
	memcpy(err->text, text, sizeof(text));
	return -1;
}

static enum error_kind
kind_of_errno(int e)
{
	switch (e) {
	case ENOENT:
	case ESRCH: return ERROR_NOT_FOUND;
	case EACCES:
	case EPERM: return ERROR_DENIED;
	case EEXIST: return ERROR_CONFLICT;
	case ETIMEDOUT: return ERROR_TIMEOUT;
	case ECONNREFUSED:
	case ECONNRESET:
	case EPIPE:
	case ENETUNREACH:
	case EHOSTUNREACH: return ERROR_UNAVAILABLE;
	case EMSGSIZE:
	case EFBIG: return ERROR_TOO_BIG;
	default: return ERROR_IO;
	}
}

int
error_errno(struct error *err, const char *fmt, ...)
{
	const int e = errno;
	char text[sizeof(err->text)], why[80] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_set(err, kind_of_errno(e), "%s: %s", text, strerror_r(e, why, sizeof(why)));
}

bool
errno_is_shortage(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOMEM || e == ENOBUFS || e == EADDRNOTAVAIL;
}

int
error_add(struct error *err, const char *fmt, ...)
{
	char prefix[sizeof(err->text)];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	const int wait_s = err->retry_after_s;
	error_set(err, err->kind, "%s: %s", prefix, err->text);
	err->retry_after_s = wait_s;
	return -1;
}

const char *
error_kind_name(enum error_kind kind)
{
	static const char *const names[] = {
#define X(name, text) text,
		ERROR_KINDS(X)
#undef X
	};

	return names[kind];
}

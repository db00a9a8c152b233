/*
 * setting.c - text to value, with the bounds of each kind.
 */
#include "runtime/base/cli/setting.h"

#include <stdint.h>
#include <stdlib.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

int
setting_string(const char *text, void *out, struct error *err)
{
	(void)err;
	str_replace(out, text);
	return 0;
}

int
setting_bool(const char *text, void *out, struct error *err)
{
	return str_parse_bool(text, out, err);
}

int
setting_duration(const char *text, void *out, struct error *err)
{
	return str_parse_duration(text, out, err);
}

int
setting_count(const char *text, void *out, struct error *err)
{
	return str_parse_int(text, 0, INT32_MAX, out, err);
}

int
setting_limit(const char *text, void *out, struct error *err)
{
	return str_parse_int(text, 1, INT32_MAX, out, err);
}

int
setting_port(const char *text, void *out, struct error *err)
{
	return str_parse_int(text, 1, 65535, out, err);
}

int
setting_size(const char *text, void *out, struct error *err)
{
	int64_t size;

	if (str_parse_size(text, &size, err) < 0)
		return -1;
	if (size <= 0)
		return error_set(err, ERROR_INVALID, "'%.40s' is no limit", text);
	*(int64_t *)out = size;
	return 0;
}

int
setting_cpus(const char *text, void *out, struct error *err)
{
	char *end;
	const double n = strtod(text, &end);

	if (end == text || *end != '\0' || !(n >= 0.01 && n <= 1024))
		return error_set(err, ERROR_INVALID, "'%.40s' is not a number of processors", text);
	*(int64_t *)out = (int64_t)(n * 1000 + 0.5);
	return 0;
}

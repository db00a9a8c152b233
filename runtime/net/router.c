/*
 * router.c - match raw paths against patterns.
 */
#include "runtime/net/router.h"

#include <string.h>

#include "runtime/base/str.h"

/* Value of the escape at s ("%41"), or -1: the two digits may be missing. */
static int
escape_value(const char *s)
{
	const int high = str_hex_digit(s[1]);
	const int low = high < 0 ? -1 : str_hex_digit(s[2]);

	return low < 0 ? -1 : high * 16 + low;
}

/* Does a segment read, once decoded, as "." or ".."? */
static bool
is_dots(const char *segment, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; dots++) {
		if (segment[i] == '.')
			i++;
		else if (segment[i] == '%' && escape_value(segment + i) == '.')
			i += 3;
		else
			return false;
	}
	return dots == 1 || dots == 2;
}

bool
route_path_clean(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *s = path; *s != '\0'; s++) {
		const unsigned char c = (unsigned char)*s;

		if (c <= ' ' || c >= 0x7f || c == '\\' || c == '#' || c == '?')
			return false;
		if (c == '%') {
			const int value = escape_value(s);

			/* Nothing a second decoder would take for a separator, an escape or a control. */
			if (value < ' ' || value == 0x7f || value == '/' || value == '\\' ||
			    value == '%')
				return false;
		}
		if (c == '/') {
			const size_t len = strcspn(s + 1, "/");

			if (len == 0 ? s[1] != '\0' : is_dots(s + 1, len))
				return false;
		}
	}
	return true;
}

/* One clean segment, decoded, into out; false if it does not fit. */
static bool
decode_segment(const char *segment, size_t len, char out[ROUTE_PARAM_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n == ROUTE_PARAM_MAX - 1)
			return false;
		if (segment[i] == '%') {
			out[n++] = (char)escape_value(segment + i);
			i += 2;
		} else {
			out[n++] = segment[i];
		}
	}
	out[n] = '\0';
	return true;
}

static bool
take_param(
    const char *name, size_t name_len, const char *segment, size_t len, struct route_params *params)
{
	if (len == 0 || params->len == ROUTE_MAX_PARAMS || name_len >= sizeof(params->at[0].name) ||
	    !decode_segment(segment, len, params->at[params->len].value) ||
	    !str_utf8_valid(params->at[params->len].value, strlen(params->at[params->len].value)))
		return false;
	memcpy(params->at[params->len].name, name, name_len);
	params->at[params->len++].name[name_len] = '\0';
	return true;
}

bool
route_match(const char *pattern, const char *path, struct route_params *params)
{
	struct route_params found;

	found.len = 0;
	if (!route_path_clean(path))
		return false;
	while (*pattern == '/' && *path == '/') {
		const size_t pattern_len = strcspn(++pattern, "/"), len = strcspn(++path, "/");

		if (pattern[0] == ':') {
			if (!take_param(pattern + 1, pattern_len - 1, path, len, &found))
				return false;
		} else if (pattern_len != len || memcmp(pattern, path, len) != 0) {
			return false;
		}
		pattern += pattern_len;
		path += len;
	}
	if (*pattern != '\0' || *path != '\0')
		return false;
	if (params != NULL) {
		params->len = found.len;
		memcpy(params->at, found.at, found.len * sizeof(found.at[0]));
	}
	return true;
}

const char *
route_param(const struct route_params *params, const char *name)
{
	for (size_t i = 0; i < params->len; i++)
		if (strcmp(params->at[i].name, name) == 0)
			return params->at[i].value;
	return NULL;
}

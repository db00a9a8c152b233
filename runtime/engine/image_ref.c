/*
 * image_ref.c - the grammar of image references.
 */
#include "runtime/engine/image_ref.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define REF_MAX_BYTES 512

static bool
is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

static int
copy(char *out, size_t cap, const char *from, size_t len, const char *what, struct error *err)
{
	if (len >= cap)
		return error_set(err, ERROR_INVALID,
		    "image reference: the %s is longer than %zu bytes", what, cap - 1);
	memcpy(out, from, len);
	out[len] = '\0';
	return 0;
}

/* Labels of letters, digits and inner dashes, joined by dots. */
static bool
host_name_ok(const char *s, size_t len)
{
	char before = '.';

	for (size_t i = 0; i < len; i++) {
		const char c = s[i];

		if (c == '.' || c == '-') {
			if (before == '.' || (c == '.' && before == '-'))
				return false;
		} else if (!is_word(c) || c == '_') {
			return false;
		}
		before = c;
	}
	return len > 0 && before != '.' && before != '-';
}

static bool
ipv6_ok(const char *s, size_t len)
{
	if (len < 4 || s[0] != '[' || s[len - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < len; i++)
		if (strchr("0123456789abcdefABCDEF:", s[i]) == NULL)
			return false;
	return true;
}

static int
parse_host(const char *s, size_t len, struct image_ref *out, struct error *err)
{
	size_t name_len = len, digits = 0;
	int port = 0;

	while (digits < len && is_digit(s[len - 1 - digits]))
		digits++;
	if (digits < len && s[len - 1 - digits] == ':') {
		name_len = len - digits - 1;
		for (size_t i = len - digits; i < len && port <= 65535; i++)
			port = port * 10 + (s[i] - '0');
		if (port < 1 || port > 65535)
			return error_set(err, ERROR_INVALID,
			    "image reference: the port of the registry is not 1 to 65535");
	}
	if (!host_name_ok(s, name_len) && !ipv6_ok(s, name_len))
		return error_set(err, ERROR_INVALID,
		    "image reference: '%.*s' is not a registry host", (int)(len > 80 ? 80 : len),
		    s);
	return copy(out->host, sizeof(out->host), s, len, "registry host", err);
}

/* One component: lower-case words joined by '.', '_', '__' or dashes. */
static bool
component_ok(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		const size_t from = i;

		while (i < len && is_lower_alnum(s[i]))
			i++;
		if (i == from)
			return false;
		if (i == len)
			return true;
		if (s[i] == '.') {
			i++;
		} else if (s[i] == '_') {
			i += i + 1 < len && s[i + 1] == '_' ? 2 : 1;
		} else if (s[i] == '-') {
			while (i < len && s[i] == '-')
				i++;
		} else {
			return false;
		}
	}
	return false;
}

static int
parse_path(const char *s, size_t len, struct image_ref *out, struct error *err)
{
	for (size_t at = 0; at <= len;) {
		const char *slash = memchr(s + at, '/', len - at);
		const size_t end = slash != NULL ? (size_t)(slash - s) : len;

		if (end == at)
			return error_set(
			    err, ERROR_INVALID, "image reference: the name has an empty part");
		for (size_t i = at; i < end; i++)
			if (s[i] >= 'A' && s[i] <= 'Z')
				return error_set(err, ERROR_INVALID,
				    "image reference: the name must be lower case");
		if (!component_ok(s + at, end - at))
			return error_set(err, ERROR_INVALID,
			    "image reference: each part of the name is a-z and 0-9, joined by "
			    "'.', '_', '__' or '-'");
		at = end + 1;
	}
	return copy(out->path, sizeof(out->path), s, len, "name", err);
}

static int
parse_tag(const char *s, size_t len, struct image_ref *out, struct error *err)
{
	bool ok = len > 0 && is_word(s[0]);

	for (size_t i = 0; i < len; i++)
		ok = ok && (is_word(s[i]) || s[i] == '.' || s[i] == '-');
	if (!ok)
		return error_set(err, ERROR_INVALID,
		    "image reference: a tag is letters, digits, '_', '.' and '-', and does not "
		    "start with '.' or '-'");
	return copy(out->tag, sizeof(out->tag), s, len, "tag", err);
}

static int
parse_digest(const char *s, struct image_ref *out, struct error *err)
{
	bool ok = str_starts(s, "sha256:") && strlen(s) == 7 + 64;

	for (size_t i = 7; ok && s[i] != '\0'; i++)
		ok = is_digit(s[i]) || (s[i] >= 'a' && s[i] <= 'f');
	if (!ok)
		return error_set(err, ERROR_INVALID,
		    "image reference: a digest is sha256: and 64 lower-case hex digits");
	return copy(out->digest, sizeof(out->digest), s, strlen(s), "digest", err);
}

/* As the engines decide it: the first part is a host if it could not be a name. */
static bool
first_is_host(const char *s, size_t len)
{
	if (len == strlen("localhost") && memcmp(s, "localhost", len) == 0)
		return true;
	return memchr(s, '.', len) != NULL || memchr(s, ':', len) != NULL;
}

static int
parse(const char *text, struct image_ref *out, struct error *err)
{
	const char *at = strchr(text, '@'), *name = text;
	size_t len = at != NULL ? (size_t)(at - text) : strlen(text);
	const char *slash = memchr(text, '/', len);

	if (at != NULL && parse_digest(at + 1, out, err) < 0)
		return -1;
	if (slash != NULL && first_is_host(text, (size_t)(slash - text))) {
		if (parse_host(text, (size_t)(slash - text), out, err) < 0)
			return -1;
		name = slash + 1;
		len -= (size_t)(name - text);
	}
	const char *colon = memchr(name, ':', len);
	if (colon != NULL) {
		const size_t name_len = (size_t)(colon - name);

		if (parse_tag(colon + 1, len - name_len - 1, out, err) < 0)
			return -1;
		len = name_len;
	}
	if (len == 0)
		return error_set(err, ERROR_INVALID, "image reference: the name is missing");
	if (parse_path(name, len, out, err) < 0)
		return -1;
	if (out->tag[0] == '\0' && out->digest[0] == '\0')
		memcpy(out->tag, "latest", sizeof("latest"));
	return 0;
}

int
image_ref_parse(const char *text, struct image_ref *out, struct error *err)
{
	struct image_ref ref = { 0 };

	if (text == NULL || text[0] == '\0')
		return error_set(err, ERROR_INVALID, "image reference: it is empty");
	if (strlen(text) > REF_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "image reference: it is longer than %d bytes",
		    REF_MAX_BYTES);
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return error_set(err, ERROR_INVALID,
			    "image reference: spaces, control and non-ASCII characters are not "
			    "allowed");
	if (strstr(text, "://") != NULL)
		return error_set(err, ERROR_INVALID,
		    "image reference: leave out the scheme (no http://, docker:// and the like)");
	/* What may be a password is not repeated in the message. */
	const char *at = strchr(text, '@');
	if (at != NULL && strchr(at, '/') != NULL)
		return error_set(
		    err, ERROR_INVALID, "image reference: credentials do not belong in it");
	if (parse(text, &ref, err) < 0)
		return -1;
	*out = ref;
	return 0;
}

const char *
image_ref_repository(const struct image_ref *ref, char *out)
{
	snprintf(out, 520, "%s%s%s", ref->host, ref->host[0] != '\0' ? "/" : "", ref->path);
	return out;
}

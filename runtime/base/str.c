/*
 * str.c - strings and the units people write.
 */
#include "runtime/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"

#define SMALL_BYTES 1032 /* of such blocks malloc keeps some for each thread */

char *
str_dup(const char *s)
{
	return s != NULL ? str_ndup(s, strlen(s)) : NULL;
}

char *
str_ndup(const char *s, size_t n)
{
	char *copy = mem_zalloc(n + 1);

	memcpy(copy, s, n);
	return copy;
}

char *
str_printf(const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	return buf_take(&b);
}

void
mem_out(void)
{
	static const char text[] = "out of memory: the process ends\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

void *
mem_zalloc(size_t size)
{
	/* Small ones from what the thread keeps at hand: calloc does not look there. */
	void *p = size <= SMALL_BYTES ? malloc(size != 0 ? size : 1) : calloc(1, size);

	if (p == NULL)
		mem_out();
	if (size <= SMALL_BYTES)
		memset(p, 0, size);
	return p;
}

void *
mem_realloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (p == NULL)
		mem_out();
	return p;
}

void
str_copy(char *out, size_t cap, const char *text)
{
	const size_t len = text != NULL ? strnlen(text, cap - 1) : 0;

	memcpy(out, text != NULL ? text : "", len);
	out[len] = '\0';
}

char *
str_int(int64_t v, char out[STR_INT_MAX])
{
	char *at = &out[STR_INT_MAX - 1];
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	*at = '\0';
	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (v < 0)
		*--at = '-';
	return at;
}

size_t
str_find(const char *const *words, size_t n, const char *word)
{
	size_t i = 0;

	while (i < n && strcmp(words[i], word) != 0)
		i++;
	return i;
}

bool
str_eq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	const size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

void
str_replace(char **at, const char *value)
{
	char *copy = str_dup(value); /* value may point into *at */

	free(*at);
	*at = copy;
}

bool
str_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool
slug_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
str_slug_valid(const char *s)
{
	const size_t len = strlen(s);

	if (len < 1 || len > 40 || !slug_char(s[0]) || !slug_char(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!slug_char(s[i]) && s[i] != '-')
			return false;
	return true;
}

/* Length of the well-formed character at s, 0 if there is none. */
static size_t
utf8_char(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char first, last, min2, max2;
		size_t len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (len < forms[i].len || s[1] < forms[i].min2 || s[1] > forms[i].max2)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

size_t
str_utf8_len(const char *bytes, size_t len)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t at = 0, n;

	while (at < len && (n = utf8_char(s + at, len - at)) > 0)
		at += n;
	return at;
}

bool
str_utf8_valid(const char *bytes, size_t len)
{
	return str_utf8_len(bytes, len) == len;
}

void
str_add_escaped(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	while (len > 0) {
		const size_t n = utf8_char(s, len);
		/* C1 controls are two bytes in UTF-8 and drive terminals as well. */
		const bool control =
		    s[0] < 0x20 || s[0] == 0x7f || (n == 2 && s[0] == 0xc2 && s[1] < 0xa0);

		if (n == 0 || control) {
			buf_printf(out, "\\x%02x", s[0]);
			s++;
			len--;
		} else {
			buf_add(out, s, n);
			s += n;
			len -= n;
		}
	}
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	const size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

size_t
str_distance(const char *a, const char *b)
{
	enum { LONGEST = 63 };
	const size_t n = strlen(a), m = strlen(b);
	size_t rows[3][LONGEST + 1]; /* of the letter before the last, the last, and this one */

	if (n > LONGEST || m > LONGEST)
		return LONGEST + 1;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3];
		const size_t *last = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			row[j] =
			    min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min3(row[j], older[j - 2] + 1, row[j]);
		}
	}
	return rows[n % 3][m];
}

int
str_parse_int(const char *text, int64_t min, int64_t max, int64_t *out, struct error *err)
{
	char *end;

	errno = 0;
	const long long n = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || isspace((unsigned char)text[0]) ||
	    text[0] == '+')
		return error_set(err, ERROR_INVALID, "'%.40s' is not a whole number", text);
	if (n < min || n > max)
		return error_set(err, ERROR_INVALID, "%lld is not between %lld and %lld", n,
		    (long long)min, (long long)max);
	*out = n;
	return 0;
}

struct unit {
	const char *name;
	int64_t factor;
};

static int
parse_unit(const char *text, const struct unit *units, size_t n, const char *what, int64_t *out,
    struct error *err)
{
	int64_t value = 0;
	const char *p = text;

	if (!isdigit((unsigned char)*p))
		return error_set(err, ERROR_INVALID, "'%.40s' is not %s", text, what);
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return error_set(err, ERROR_INVALID, "'%.40s' is too large", text);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(p, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(value, units[i].factor, &value))
			return error_set(err, ERROR_INVALID, "'%.40s' is too large", text);
		*out = value;
		return 0;
	}
	return error_set(err, ERROR_INVALID, "'%.40s' is not %s", text, what);
}

int
str_parse_duration(const char *text, int64_t *ms, struct error *err)
{
	static const struct unit units[] = {
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60000 },
		{ "h", 3600000 },
		{ "d", 86400000 },
	};

	return parse_unit(
	    text, units, ARRAY_LEN(units), "a duration like 250ms, 30s, 5m, 2h or 7d", ms, err);
}

int
str_parse_size(const char *text, int64_t *bytes, struct error *err)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "KiB", 1 << 10 },
		{ "MiB", 1 << 20 },
		{ "GiB", 1 << 30 },
		{ "TiB", INT64_C(1) << 40 },
		{ "kB", 1000 },
		{ "MB", 1000000 },
		{ "GB", 1000000000 },
	};

	return parse_unit(
	    text, units, ARRAY_LEN(units), "a size like 64KiB, 2GiB or 5MB", bytes, err);
}

int
str_parse_bool(const char *text, bool *out, struct error *err)
{
	if (strcmp(text, "true") == 0)
		*out = true;
	else if (strcmp(text, "false") == 0)
		*out = false;
	else
		return error_set(err, ERROR_INVALID, "'%.40s' is not true or false", text);
	return 0;
}

const char *
str_format_size(int64_t bytes, char *buf, size_t cap)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t i = 0;

	for (; value >= 1024 && i + 1 < ARRAY_LEN(units); i++)
		value /= 1024;
	/* Whole values without a fraction: a limit should read as it was written. */
	snprintf(
	    buf, cap, value == (double)(int64_t)value ? "%.0f %s" : "%.1f %s", value, units[i]);
	return buf;
}

const char *
str_format_duration(int64_t ms, char *buf, size_t cap)
{
	const long long s = (long long)ms / 1000;

	if (ms < 1000)
		snprintf(buf, cap, "%lldms", (long long)ms);
	else if (s < 60)
		snprintf(buf, cap, ms % 1000 ? "%.1fs" : "%.0fs", (double)ms / 1000);
	else if (s < 3600)
		snprintf(buf, cap, s % 60 ? "%lldm%llds" : "%lldm", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, cap, s % 3600 / 60 ? "%lldh%lldm" : "%lldh", s / 3600, s % 3600 / 60);
	else
		snprintf(buf, cap, s % 86400 / 3600 ? "%lldd%lldh" : "%lldd", s / 86400,
		    s % 86400 / 3600);
	return buf;
}

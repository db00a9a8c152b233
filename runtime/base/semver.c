/*
 * semver.c - numbers between dots, then words.
 */
#include "runtime/base/semver.h"

#include <stddef.h>
#include <string.h>

#define DIGITS_MAX 9
#define WORD_CHARS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"

static size_t
digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* A number of its own: no zero before it. */
static bool
is_number(const char *s, size_t len)
{
	return len > 0 && len <= DIGITS_MAX && digits(s) >= len && (s[0] != '0' || len == 1);
}

bool
semver_valid(const char *s)
{
	if (strlen(s) >= SEMVER_MAX)
		return false;
	for (int i = 0; i < 3; i++) {
		const size_t len = digits(s);

		if (!is_number(s, len) || (i < 2 && s[len] != '.'))
			return false;
		s += len + (i < 2);
	}
	if (*s != '-')
		return *s == '\0';
	do { /* s is at the '-' or a '.' */
		const char *word = ++s;
		const size_t len = strspn(word, WORD_CHARS);

		if (len == 0 || (digits(word) >= len && !is_number(word, len)))
			return false;
		s += len;
	} while (*s == '.');
	return *s == '\0';
}

static int
compare_words(const char *a, size_t alen, const char *b, size_t blen)
{
	const bool anum = digits(a) >= alen, bnum = digits(b) >= blen;
	const size_t shorter = alen < blen ? alen : blen;

	if (anum != bnum) /* numbers come before words */
		return anum ? -1 : 1;
	if (anum && alen != blen)
		return alen < blen ? -1 : 1;
	const int rc = memcmp(a, b, shorter);
	return rc != 0 ? rc : (alen > blen) - (alen < blen);
}

/* The words from here on: what has more of them is the newer. */
static int
compare_rest(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		const size_t alen = strcspn(a, "."), blen = strcspn(b, ".");
		const int rc = compare_words(a, alen, b, blen);

		if (rc != 0)
			return rc;
		a += alen + (a[alen] == '.');
		b += blen + (b[blen] == '.');
	}
	return (*a != '\0') - (*b != '\0');
}

int
semver_compare(const char *a, const char *b)
{
	for (int i = 0; i < 3; i++) {
		const size_t alen = digits(a), blen = digits(b);
		const int rc = compare_words(a, alen, b, blen);

		if (rc != 0)
			return rc;
		a += alen + (i < 2);
		b += blen + (i < 2);
	}
	if (*a == '\0' || *b == '\0') /* what is before the release is older */
		return (*a == '\0') - (*b == '\0');
	return compare_rest(a + 1, b + 1);
}

/*
 * accept.c - one name in a list of them with weights.
 */
#include "runtime/net/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANK " \t"

/* "0.25" of that many bytes, in thousandths; -1 for what is no weight. */
static int
parse_weight(const char *s, size_t len)
{
	static const int place[] = { 100, 10, 1 };
	int q;

	if (len == 0 || len > 5 || (*s != '0' && *s != '1') || (len > 1 && s[1] != '.'))
		return -1;
	q = (*s - '0') * 1000;
	for (size_t i = 2; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		q += (s[i] - '0') * place[i - 2];
	}
	return q <= 1000 ? q : -1;
}

/* Of the parameters in [s, end), each after a semicolon; 1000 where no q is among them. */
static int
weight_of(const char *s, const char *end)
{
	while (s < end) {
		s += 1 + strspn(s + 1, BLANK);
		const char *next = s + strcspn(s, ";,");
		const char *last = next;

		while (last > s && strchr(BLANK, last[-1]) != NULL)
			last--;
		if (last - s >= 2 && (*s == 'q' || *s == 'Q') && s[1] == '=')
			return parse_weight(s + 2, (size_t)(last - s) - 2);
		s = next;
	}
	return 1000;
}

int
accept_quality(const char *header, const char *name)
{
	const size_t len = strlen(name);

	while (*header != '\0') {
		header += strspn(header, BLANK ",");
		const size_t n = strcspn(header, BLANK ";,");
		const char *end = header + strcspn(header, ",");
		const char *more = header + n + strspn(header + n, BLANK);

		if (n == len && n > 0 && strncasecmp(header, name, n) == 0)
			return more < end && *more != ';' ? -1 : weight_of(more, end);
		header = end;
	}
	return -1;
}

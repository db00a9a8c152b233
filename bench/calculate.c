/*
 * calculate.c - recursive descent, as deep as parentheses are.
 */
#include "bench/calculate.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct reader {
	const char *at;
	int depth;
	bool bad;
};

static double sum(struct reader *);

static char
next(struct reader *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
	return *r->at;
}

static double
wrong(struct reader *r)
{
	r->bad = true;
	return 0;
}

/* Digits with at most one point, nothing that strtod knows beyond it: no hex, no exponent. */
static double
number(struct reader *r)
{
	char text[64];
	size_t n = 0, points = 0, digits = 0;

	for (; n < sizeof(text) - 1 && (isdigit((unsigned char)*r->at) || *r->at == '.'); n++) {
		points += *r->at == '.';
		digits += *r->at != '.';
		text[n] = *r->at++;
	}
	text[n] = '\0';
	if (digits == 0 || points > 1 || n == sizeof(text) - 1)
		return wrong(r);
	return strtod(text, NULL);
}

static double
factor(struct reader *r)
{
	const char c = next(r);
	double v;

	if (r->bad || ++r->depth > DEPTH_MAX)
		return wrong(r);
	if (c == '-' || c == '+') {
		r->at++;
		v = factor(r);
		v = c == '-' ? -v : v;
	} else if (c == '(') {
		r->at++;
		v = sum(r);
		if (next(r) != ')')
			return wrong(r);
		r->at++;
	} else {
		v = number(r);
	}
	r->depth--;
	return v;
}

static double
product(struct reader *r)
{
	double v = factor(r);

	for (char c = next(r); !r->bad && (c == '*' || c == '/'); c = next(r)) {
		r->at++;
		const double w = factor(r);

		if (c == '/' && w == 0)
			return wrong(r);
		v = c == '*' ? v * w : v / w;
	}
	return v;
}

static double
sum(struct reader *r)
{
	double v = product(r);

	for (char c = next(r); !r->bad && (c == '+' || c == '-'); c = next(r)) {
		r->at++;
		const double w = product(r);

		v = c == '+' ? v + w : v - w;
	}
	return v;
}

int
calculate(const char *expression, double *out)
{
	struct reader r = { .at = expression };
	const double v = sum(&r);

	if (r.bad || next(&r) != '\0' || !isfinite(v))
		return -1;
	*out = v;
	return 0;
}

/*
 * arithmetic.c - recursive descent over + - * / ^ and parentheses, in exact fractions.
 */
#include "runtime/openai/arithmetic.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/buf.h"

#define PARENS_MAX 50
#define LOOK_MAX 4096 /* bytes of a text that are looked at: trying every start is quadratic */
#define DECIMALS 12 /* of the approximation beside a fraction that has no finite decimal */

typedef __int128 wide;

struct fraction {
	wide num, den; /* lowest terms, den > 0 */
};
enum trouble { FINE, NOT_AN_EXPRESSION, TOO_BIG, DIVIDED_BY_ZERO };
struct parse {
	const char *at;
	int parens, operators;
	enum trouble trouble;
};

static struct fraction sum(struct parse *);

static wide
gcd(wide a, wide b)
{
	while (b != 0) {
		const wide rest = a % b;

		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

/* The first trouble is the one that is told, unless there is nothing to tell it of. */
static struct fraction
trouble(struct parse *p, enum trouble what)
{
	if (p->trouble == FINE || what == NOT_AN_EXPRESSION)
		p->trouble = what;
	return (struct fraction){ 0, 1 };
}

static struct fraction
reduced(struct parse *p, wide num, wide den)
{
	const wide lowest = (wide)1 << 126; /* keeps negation and gcd away from the edge */

	if (num >= lowest || num <= -lowest || den >= lowest || den <= -lowest)
		return trouble(p, TOO_BIG);
	const wide g = gcd(num, den);
	if (g > 1) {
		num /= g;
		den /= g;
	}
	if (den < 0) {
		num = -num;
		den = -den;
	}
	return (struct fraction){ num, den };
}

static struct fraction
multiply(struct parse *p, struct fraction a, struct fraction b)
{
	/* Crosswise first: what cancels must not overflow. */
	const wide g = gcd(a.num, b.den), h = gcd(b.num, a.den);
	wide num, den;

	if (g > 1) {
		a.num /= g;
		b.den /= g;
	}
	if (h > 1) {
		b.num /= h;
		a.den /= h;
	}
	if (__builtin_mul_overflow(a.num, b.num, &num) ||
	    __builtin_mul_overflow(a.den, b.den, &den))
		return trouble(p, TOO_BIG);
	return reduced(p, num, den);
}

static struct fraction
divide(struct parse *p, struct fraction a, struct fraction b)
{
	if (b.num == 0)
		return trouble(p, DIVIDED_BY_ZERO);
	if (b.num < 0)
		return multiply(p, a, (struct fraction){ -b.den, -b.num });
	return multiply(p, a, (struct fraction){ b.den, b.num });
}

static struct fraction
add(struct parse *p, struct fraction a, struct fraction b)
{
	wide left, right, num, den;

	if (__builtin_mul_overflow(a.num, b.den, &left) ||
	    __builtin_mul_overflow(b.num, a.den, &right) ||
	    __builtin_add_overflow(left, right, &num) || __builtin_mul_overflow(a.den, b.den, &den))
		return trouble(p, TOO_BIG);
	return reduced(p, num, den);
}

static struct fraction
power(struct parse *p, struct fraction base, struct fraction exponent)
{
	struct fraction result = { 1, 1 };
	wide n = exponent.num < 0 ? -exponent.num : exponent.num;

	if (exponent.den != 1)
		return trouble(p, NOT_AN_EXPRESSION);
	if (n > 4096 && base.num != 0 && !(base.den == 1 && (base.num == 1 || base.num == -1)))
		return trouble(p, TOO_BIG);
	if (n > 4096)
		n = 2 + n % 2; /* of 0, 1 and -1 only oddness matters */
	for (; n > 0 && p->trouble == FINE; n--)
		result = multiply(p, result, base);
	if (exponent.num < 0)
		return divide(p, (struct fraction){ 1, 1 }, result);
	return result;
}

static void
skip_blanks(struct parse *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

static bool
take(struct parse *p, const char *sign)
{
	struct parse ahead = *p;

	skip_blanks(&ahead);
	if (strncmp(ahead.at, sign, strlen(sign)) != 0)
		return false;
	p->at = ahead.at + strlen(sign);
	return true;
}

static struct fraction
number(struct parse *p)
{
	wide num = 0, den = 1;
	bool point = false;

	if (!isdigit((unsigned char)*p->at))
		return trouble(p, NOT_AN_EXPRESSION);
	for (;; p->at++) {
		if (*p->at == '.' && !point && isdigit((unsigned char)p->at[1])) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)*p->at))
			break;
		if (__builtin_mul_overflow(num, (wide)10, &num) ||
		    __builtin_add_overflow(num, (wide)(*p->at - '0'), &num) ||
		    (point && __builtin_mul_overflow(den, (wide)10, &den))) {
			num = 0;
			den = 1;
			trouble(p, TOO_BIG);
		}
	}
	return reduced(p, num, den);
}

static struct fraction
atom(struct parse *p)
{
	skip_blanks(p);
	if (*p->at != '(')
		return number(p);
	if (p->parens == PARENS_MAX)
		return trouble(p, NOT_AN_EXPRESSION);
	p->at++;
	p->parens++;
	const struct fraction inside = sum(p);
	p->parens--;
	if (!take(p, ")"))
		return trouble(p, NOT_AN_EXPRESSION);
	return inside;
}

static struct fraction
factor(struct parse *p)
{
	bool negative = false;

	while (take(p, "-"))
		negative = !negative;
	struct fraction value = atom(p);
	if (p->trouble != NOT_AN_EXPRESSION && (take(p, "^") || take(p, "**"))) {
		p->operators++;
		const bool inverse = take(p, "-");
		struct fraction exponent = atom(p);

		if (inverse)
			exponent.num = -exponent.num;
		value = power(p, value, exponent);
	}
	if (negative)
		value.num = -value.num;
	return value;
}

/* The next operator, consumed only if an operand may follow it. */
static char
take_operator(struct parse *p, const char *const *signs, const char *meanings)
{
	for (size_t i = 0; signs[i] != NULL; i++) {
		struct parse ahead = *p;

		if (!take(&ahead, signs[i]))
			continue;
		skip_blanks(&ahead);
		if (!isdigit((unsigned char)*ahead.at) && *ahead.at != '(' && *ahead.at != '-')
			continue;
		p->at = ahead.at;
		p->operators++;
		return meanings[i];
	}
	return '\0';
}

/* "6 * 7 - (see below)" is 6 * 7: what turns out to be no operand is given back, with its sign. */
static struct fraction
product(struct parse *p)
{
	static const char *const signs[] = { "*", "/", "\xc3\x97", "\xc3\xb7", NULL };
	struct fraction value = factor(p);

	while (p->trouble != NOT_AN_EXPRESSION) {
		const struct parse before = *p;
		const char sign = take_operator(p, signs, "*/*/");

		if (sign == '\0')
			break;
		const struct fraction right = factor(p);
		if (p->trouble == NOT_AN_EXPRESSION) {
			*p = before;
			break;
		}
		value = sign == '*' ? multiply(p, value, right) : divide(p, value, right);
	}
	return value;
}

static struct fraction
sum(struct parse *p)
{
	static const char *const signs[] = { "+", "-", NULL };
	struct fraction value = product(p);

	while (p->trouble != NOT_AN_EXPRESSION) {
		const struct parse before = *p;
		const char sign = take_operator(p, signs, "+-");

		if (sign == '\0')
			break;
		struct fraction right = product(p);
		if (p->trouble == NOT_AN_EXPRESSION) {
			*p = before;
			break;
		}
		if (sign == '-')
			right.num = -right.num;
		value = add(p, value, right);
	}
	return value;
}

static void
write_whole(struct buf *out, wide n)
{
	char digits[48];
	size_t at = sizeof(digits);

	if (n < 0) {
		buf_add_char(out, '-');
		n = -n;
	}
	do {
		digits[--at] = (char)('0' + (int)(n % 10));
		n /= 10;
	} while (n > 0);
	buf_add(out, digits + at, sizeof(digits) - at);
}

/* Long division; true if it came out even. */
static bool
write_decimal(struct buf *out, struct fraction f, int digits)
{
	const wide top = (wide)1 << 123;
	wide rest;

	if (f.num < 0) {
		buf_add_char(out, '-');
		f.num = -f.num;
	}
	write_whole(out, f.num / f.den);
	rest = f.num % f.den;
	if (rest != 0)
		buf_add_char(out, '.');
	for (; digits > 0 && rest != 0 && rest < top; digits--) {
		rest *= 10;
		buf_add_char(out, (char)('0' + (int)(rest / f.den)));
		rest %= f.den;
	}
	return rest == 0;
}

static void
write_value(struct buf *out, struct fraction f)
{
	wide rest = f.den;

	while (rest % 2 == 0)
		rest /= 2;
	while (rest % 5 == 0)
		rest /= 5;
	const size_t mark = out->len;
	if (rest == 1 && write_decimal(out, f, 40))
		return;
	out->len = mark;
	write_whole(out, f.num);
	buf_add_char(out, '/');
	write_whole(out, f.den);
	buf_add_str(out, " (about ");
	write_decimal(out, f, DECIMALS);
	buf_add_char(out, ')');
}

/* 2031-05-01 is a day. */
static bool
is_date(const char *s)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
			return false;
	return true;
}

static bool
may_begin(const char *text, const char *s)
{
	if (!isdigit((unsigned char)*s) && *s != '(' && *s != '-')
		return false;
	if (s == text)
		return true;
	const unsigned char before = (unsigned char)s[-1];
	return !isalnum(before) && before != '.' && before != '_' && before != '-' &&
	    before != '/' && before < 0x80;
}

bool
arithmetic_answer(const char *whole, struct buf *out)
{
	char text[LOOK_MAX];

	snprintf(text, sizeof(text), "%s", whole);
	for (const char *s = text; *s != '\0'; s++) {
		struct parse p = { .at = s };

		if (!may_begin(text, s) || is_date(s))
			continue;
		const struct fraction value = sum(&p);
		if (p.trouble == NOT_AN_EXPRESSION || p.operators == 0 ||
		    isalnum((unsigned char)*p.at))
			continue;
		buf_add(out, s, (size_t)(p.at - s));
		while (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '\t')
			out->len--;
		if (p.trouble == TOO_BIG) {
			buf_add_str(out, " is too big to be said exactly (beyond 37 digits).");
		} else if (p.trouble == DIVIDED_BY_ZERO) {
			buf_add_str(out, " has no value: it divides by zero.");
		} else {
			buf_add_str(out, " = ");
			write_value(out, value);
		}
		return true;
	}
	return false;
}
